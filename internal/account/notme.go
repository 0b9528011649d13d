package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// NotMe makes a "this was not me" link for an account, in the caller's
// transaction. cause says what the message it goes into is about: "opened",
// "new_browser", "second_step", "copy_made", "link_made", "link_opened" or
// "code_reused".
func (s *Accounts) NotMe(ctx context.Context, tx *store.Tx, a ids.Account, cause string) (notify.Path, error) {
	token := secret.Token()
	_, err := tx.Exec(ctx, `INSERT INTO disown_link (token_hash, account_id, cause, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		secret.TokenHash(token), a, cause, store.Time(tx.Now), store.Time(tx.Now.Add(notMeLife)))
	return notify.Path("/not-me/" + token), err
}

// link tells whether a "not me" link can still be used, or has been and the
// account still waits for the desk.
func (s *Accounts) link(ctx context.Context, token string) (good, done bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			var used, settled, ends store.Time
			err := r.Scan(&used, &settled, &ends)
			good = used.Std().IsZero() && tx.Now.Before(ends.Std())
			done = !used.Std().IsZero() && settled.Std().IsZero()
			return struct{}{}, err
		}, `SELECT used_at, settled_at, expires_at FROM disown_link WHERE token_hash = $1`, secret.TokenHash(token))
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		return err
	})
	return good, done, err
}

// Disown takes the owner's word that something was not them: from this commit
// on no session of the account opens anything, nobody signs in, every contact
// is told, and the account waits in the desk's queue.
func (s *Accounts) Disown(ctx context.Context, v access.Visitor, token string) error {
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		type row struct {
			account ids.Account
			cause   string
			made    store.Time
		}
		l, err := store.Get(ctx, tx, func(r store.Row) (l row, err error) {
			err = r.Scan(&l.account, &l.cause, &l.made)
			return l, err
		}, `UPDATE disown_link SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING account_id, cause, created_at`,
			secret.TokenHash(token), store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Missing()
		}
		if err != nil {
			return audit.Entry{}, err
		}
		a, err := byID(ctx, tx, l.account)
		if err != nil {
			return audit.Entry{}, err
		}
		e := v.Did(audit.AccountDisowned, string(a.id)).On(string(a.person)).With(l.cause)
		// What was added since the message was written, or lately, may be the stranger's.
		since := tx.Now.Add(-fresh)
		if made := l.made.Std(); made.Before(since) {
			since = made
		}
		if err := s.endPasskeys(ctx, tx, a.id, since, "disowned"); err != nil {
			return e, err
		}
		return e, s.freeze(ctx, tx, a, v.Agent())
	})
}

// fresh is how old what was added to an account must be to survive "this was not
// me": a younger contact, second step or recovery code may be the stranger's. The
// same 72 hours as for getting back in (security rule A11).
const fresh = 72 * time.Hour

// freeze locks an account: nobody is or gets in, nothing of it can be changed, and
// what runs to get back into it ends. Once the desk gives it back, its password is
// worth nothing (see Settle).
func (s *Accounts) freeze(ctx context.Context, tx *store.Tx, a record, agent string) error {
	contacts, err := s.Contacts(ctx, tx, a.id) // before what is fresh ends: one of them may be the owner's
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE account SET state = 'frozen', frozen_at = $2 WHERE id = $1 AND state = 'active'`, a.id, store.Time(tx.Now))
	if err != nil {
		return err
	}
	if _, err := s.Gate.EndSessions(ctx, tx, a.id, "disowned"); err != nil {
		return err
	}
	if err := endHalfWay(ctx, tx, a.id, "disowned"); err != nil {
		return err
	}
	// Whoever began to change a contact may be the stranger.
	if err := endAsked(ctx, tx, a.id, ""); err != nil {
		return err
	}
	// A browser that somebody else used is not a known one any more.
	if _, err := tx.Exec(ctx, `UPDATE device SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL`, a.id, store.Time(tx.Now)); err != nil {
		return err
	}
	if err := dropFresh(ctx, tx, a.id); err != nil {
		return err
	}
	if s.Back != nil {
		if err := s.Back.Stop(ctx, tx, a.id, "disowned"); err != nil {
			return err
		}
	}
	if n == 0 {
		return nil // frozen already: told already
	}
	if err := note(ctx, tx, a.id, disowned, agent); err != nil {
		return err
	}
	return s.tellAt(ctx, tx, a, contacts, told{notify.AccountLocked{}, "frozen:" + string(a.id) + ":" + tx.Now.Format(time.RFC3339)})
}

// dropFresh ends what was added lately to an account that is older than that. It
// may leave the account without a second step; a recovery code, or the desk, then
// helps the owner.
func dropFresh(ctx context.Context, tx *store.Tx, a ids.Account) error {
	const old = ` AND EXISTS (SELECT 1 FROM account a WHERE a.id = $1 AND a.created_at <= $3)`
	for _, q := range []string{
		`UPDATE account_contact SET ended_at = $2 WHERE account_id = $1 AND proven_at > $3 AND ended_at IS NULL`,
		`UPDATE account_factor SET ended_at = $2 WHERE account_id = $1 AND confirmed_at > $3 AND ended_at IS NULL`,
		`UPDATE recovery_code SET used_at = $2 WHERE account_id = $1 AND created_at > $3 AND used_at IS NULL`,
	} {
		if _, err := tx.Exec(ctx, q+old, a, store.Time(tx.Now), store.Time(tx.Now.Add(-fresh))); err != nil {
			return err
		}
	}
	return nil
}

// Disowned is an account that waits for the desk.
type Disowned struct {
	Account ids.Account
	Patient ids.Patient
	Cause   string // as NotMe was told
	At      time.Time
	Opened  time.Time // when the account was opened
}

// FrozenWaiting is the query of how many frozen accounts wait.
const FrozenWaiting = `SELECT COUNT(*) FROM disown_link WHERE used_at IS NOT NULL AND settled_at IS NULL`

// Waiting lists frozen accounts, the one that has waited longest first.
func (s *Accounts) Waiting(ctx context.Context, d access.Desk) ([]Disowned, error) {
	if err := d.Need(access.ReviewRequests); err != nil {
		return nil, err
	}
	var out []Disowned
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, func(r store.Row) (w Disowned, err error) {
			var at, opened store.Time
			err = r.Scan(&w.Account, &w.Patient, &w.Cause, &at, &opened)
			w.At, w.Opened = at.Std(), opened.Std()
			return w, err
		}, `
			SELECT a.id, a.person_id, l.cause, l.used_at, a.created_at
			FROM disown_link l JOIN account a ON a.id = l.account_id
			WHERE l.used_at IS NOT NULL AND l.settled_at IS NULL ORDER BY l.used_at, a.id LIMIT 200`)
		return err
	})
	return out, err
}

// Settle is how the desk ends a frozen account's wait once it has spoken with
// the patient: Active gives the account back without its password, which somebody
// else may know, and sends its owner the way to a new one; Closed ends it for good,
// so that the right person can open one anew.
func (s *Accounts) Settle(ctx context.Context, d access.Desk, id ids.Account, to State) error {
	if err := d.Need(access.ReviewRequests); err != nil {
		return err
	}
	if to != Active && to != Closed {
		return errors.New("a frozen account is given back or closed")
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		a, err := byID(ctx, tx, id)
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Missing()
		}
		if err != nil {
			return audit.Entry{}, err
		}
		if to == Closed {
			return d.Did(audit.AccountClosed, string(id)).On(string(a.person)), closeFrozen(ctx, tx, id)
		}
		return d.Did(audit.AccountRestored, string(id)).On(string(a.person)), s.restore(ctx, tx, id)
	})
}

// thaw takes an account out of its lock, for one of two who decide at once.
func thaw(ctx context.Context, tx *store.Tx, id ids.Account, to State) error {
	n, err := tx.Exec(ctx, `
		UPDATE account SET state = $2, frozen_at = NULL, closed_at = CASE WHEN $2 = 'closed' THEN $3 ELSE closed_at END
		WHERE id = $1 AND state = 'frozen'`, id, string(to), store.Time(tx.Now))
	if err == nil && n != 1 {
		err = fault.Lost("account.settled")
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE disown_link SET settled_at = $2 WHERE account_id = $1 AND settled_at IS NULL`, id, store.Time(tx.Now))
	return err
}

func closeFrozen(ctx context.Context, tx *store.Tx, id ids.Account) error {
	if err := thaw(ctx, tx, id, Closed); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE account_twin SET settled_at = $2, how = 'closed' WHERE account_id = $1 AND settled_at IS NULL`, id, store.Time(tx.Now))
	return err
}

// restore gives an account back to its owner, who then needs a new password.
func (s *Accounts) restore(ctx context.Context, tx *store.Tx, id ids.Account) error {
	held, err := isHeld(ctx, tx, id)
	if err == nil && held {
		err = fault.Lost("account.twin.first")
	}
	if err != nil {
		return err
	}
	if err := thaw(ctx, tx, id, Active); err != nil {
		return err
	}
	if err := note(ctx, tx, id, restored, ""); err != nil {
		return err
	}
	return s.renew(ctx, tx, id)
}

// renew takes an account's password away and sends its owner the way to a new one.
func (s *Accounts) renew(ctx context.Context, tx *store.Tx, id ids.Account) error {
	if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = $2 WHERE id = $1`, id, noPassword); err != nil || s.Back == nil {
		return err
	}
	return s.Back.Renew(ctx, tx, id)
}
