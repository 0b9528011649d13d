package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// standsFor gives whom record $1 stands for: the record that took its place, or
// itself. The patient index shares the table.
const standsFor = `COALESCE((SELECT merged_into FROM patient WHERE id = $1), $1)`

// Follow is called in the transaction that joins a record to another or parts it
// again: the accounts opened for it lead to person from this commit on, and so do
// their open sessions. If person has an account already, that one stays and the
// other is held back, until staff say which is the right one: see Twins.
func (s *Accounts) Follow(ctx context.Context, tx *store.Tx, d access.Duty, record, person ids.Patient) error {
	all, err := store.List(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM account WHERE record_id = $1 AND state <> 'closed' ORDER BY created_at, id`, record)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := s.follow(ctx, tx, d, a, person); err != nil {
			return err
		}
	}
	return nil
}

func (s *Accounts) follow(ctx context.Context, tx *store.Tx, d access.Duty, a record, to ids.Patient) error {
	held, err := isHeld(ctx, tx, a.id)
	if err != nil || (a.person == to && !held) {
		return err
	}
	other, err := s.otherOf(ctx, tx, to, a.id)
	switch {
	case err != nil:
		return err
	case other != "" && held:
		return nil // it still waits, now beside another
	case other != "":
		return s.hold(ctx, tx, d, a, other)
	}
	tx.Log(d.Did(audit.AccountMoved, string(a.id)).On(string(to)))
	if held {
		return s.release(ctx, tx, a, to, "parted")
	}
	if err := s.move(ctx, tx, a, to); err != nil {
		return err
	}
	if to == a.origin {
		return s.tellTwin(ctx, tx, a.id, notify.Parted)
	}
	return s.tellTwin(ctx, tx, a.id, notify.Moved)
}

// isHeld tells whether an account is held back because of another.
func isHeld(ctx context.Context, tx *store.Tx, a ids.Account) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account_twin WHERE account_id = $1 AND settled_at IS NULL`, a)
	return n > 0, err
}

// otherOf is a person's account beside a, of those not held back; "" if there is
// none. It goes by the records, not by person_id: of several records that moved
// together another's account may not have been moved yet.
func (s *Accounts) otherOf(ctx context.Context, tx *store.Tx, p ids.Patient, a ids.Account) (ids.Account, error) {
	id, err := store.Get(ctx, tx, store.One[ids.Account], `
		SELECT id FROM account
		WHERE (record_id = $1 OR record_id IN (SELECT id FROM patient WHERE merged_into = $1)) AND id <> $2 AND state <> 'closed'
			AND NOT EXISTS (SELECT 1 FROM account_twin t WHERE t.account_id = account.id AND t.settled_at IS NULL)
		ORDER BY created_at, id LIMIT 1`, p, a)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return id, err
}

// move makes an account and its sessions lead to another person's chart.
func (s *Accounts) move(ctx context.Context, tx *store.Tx, a record, to ids.Patient) error {
	if _, err := tx.Exec(ctx, `UPDATE account SET person_id = $2 WHERE id = $1`, a.id, to); err != nil {
		return err
	}
	return s.Gate.MoveSessions(ctx, tx, a.id, a.person, to)
}

// hold locks an account whose person has another one. It keeps everything that
// belongs to it.
func (s *Accounts) hold(ctx context.Context, tx *store.Tx, d access.Duty, a record, kept ids.Account) error {
	tx.Log(d.Did(audit.AccountHeld, string(a.id)).On(string(a.person)))
	if _, err := tx.Exec(ctx, `INSERT INTO account_twin (id, account_id, held_at, how) VALUES ($1, $2, $3, '')`, ids.New[string]("twn"), a.id, store.Time(tx.Now)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE account SET state = 'frozen', frozen_at = COALESCE(frozen_at, $2) WHERE id = $1`, a.id, store.Time(tx.Now)); err != nil {
		return err
	}
	if err := s.shut(ctx, tx, a.id, "held"); err != nil {
		return err
	}
	if err := note(ctx, tx, a.id, heldBack, ""); err != nil {
		return err
	}
	if err := s.tellTwin(ctx, tx, a.id, notify.Held); err != nil {
		return err
	}
	return s.tellTwin(ctx, tx, kept, notify.Kept)
}

// shut ends what is open of an account: sessions and half-way sign-ins.
func (s *Accounts) shut(ctx context.Context, tx *store.Tx, a ids.Account, why string) error {
	if _, err := s.Gate.EndSessions(ctx, tx, a, why); err != nil {
		return err
	}
	return endHalfWay(ctx, tx, a, why)
}

// release gives a held account back for the person to. One that its owner has
// disowned as well stays locked for that.
func (s *Accounts) release(ctx context.Context, tx *store.Tx, a record, to ids.Patient, how string) error {
	if err := settleTwin(ctx, tx, a.id, how); err != nil {
		return err
	}
	if err := s.move(ctx, tx, a, to); err != nil {
		return err
	}
	const disownedToo = `EXISTS (SELECT 1 FROM disown_link l WHERE l.account_id = account.id AND l.used_at IS NOT NULL AND l.settled_at IS NULL)`
	if _, err := tx.Exec(ctx, `
		UPDATE account SET state = CASE WHEN `+disownedToo+` THEN 'frozen' ELSE 'active' END,
			frozen_at = CASE WHEN `+disownedToo+` THEN frozen_at ELSE NULL END
		WHERE id = $1 AND state = 'frozen'`, a.id); err != nil {
		return err
	}
	if err := note(ctx, tx, a.id, restored, ""); err != nil {
		return err
	}
	return s.tellTwin(ctx, tx, a.id, notify.GivenBack)
}

// tellTwin tells an account's owner what became of it.
func (s *Accounts) tellTwin(ctx context.Context, tx *store.Tx, id ids.Account, what notify.Joining) error {
	a, err := byID(ctx, tx, id) // as it is by now
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.RecordsJoined{What: what}, "joined:"+string(id)+":"+string(what)+":"+tx.Now.Format(time.RFC3339))
}

// followAll looks for accounts that do not lead where their record does: opened
// at the very moment when records were joined, or joined before accounts
// followed.
func (s *Accounts) followAll(ctx context.Context, d access.Duty, _ struct{}) error {
	type row struct {
		account        ids.Account
		record, person ids.Patient
	}
	var behind []row
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		behind, err = store.List(ctx, tx, func(r store.Row) (v row, err error) {
			err = r.Scan(&v.account, &v.record, &v.person)
			return v, err
		}, `
			SELECT a.id, a.record_id, COALESCE(p.merged_into, p.id) FROM account a JOIN patient p ON p.id = a.record_id
			WHERE a.state <> 'closed' AND a.person_id <> COALESCE(p.merged_into, p.id)
				AND NOT EXISTS (SELECT 1 FROM account_twin t WHERE t.account_id = a.id AND t.settled_at IS NULL)
			ORDER BY a.created_at, a.id LIMIT 1000`)
		return err
	}); err != nil {
		return err
	}
	for _, b := range behind {
		if err := s.DB.Change(ctx, d.Did(audit.AccountMoved, string(b.account)).On(string(b.person)).With("found"), func(tx *store.Tx) error {
			return s.Follow(ctx, tx, d, b.record, b.person)
		}); err != nil {
			return err
		}
	}
	return nil
}
