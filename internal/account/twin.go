package account

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Twin is a person with two accounts, of which one has to go.
type Twin struct {
	Patient ids.Patient // the person, as the records stand now
	Held    TwinAccount // held back: it came with a record that was joined to this person's
	Kept    TwinAccount // the one in use; without an ID if it was closed meanwhile
	Since   time.Time
}

// TwinAccount is what staff see of an account, to tell two apart.
type TwinAccount struct {
	ID     ids.Account
	Name   string // user name, masked
	Opened time.Time
	Last   time.Time // newest sign-in
}

// maskName shows the first and the last letter of a user name: enough for its
// owner to recognise on the phone, too little to sign in with.
func maskName(name string) string {
	if name == "" {
		return ""
	}
	_, first := utf8.DecodeRuneInString(name)
	_, last := utf8.DecodeLastRuneInString(name)
	return name[:first] + dots + name[len(name)-last:]
}

const twinSelect = `
	SELECT COALESCE(p.merged_into, h.record_id), t.held_at,
		h.id, h.user_name, h.created_at, (SELECT MAX(e.at) FROM account_event e WHERE e.account_id = h.id AND e.kind IN ('signed_in', 'opened')),
		k.id, k.user_name, k.created_at, (SELECT MAX(e.at) FROM account_event e WHERE e.account_id = k.id AND e.kind IN ('signed_in', 'opened'))
	FROM account_twin t JOIN account h ON h.id = t.account_id
		LEFT JOIN patient p ON p.id = h.record_id
		LEFT JOIN account k ON k.person_id = COALESCE(p.merged_into, h.record_id) AND k.state <> 'closed' AND k.id <> h.id
	WHERE t.settled_at IS NULL AND h.state <> 'closed'`

func scanTwin(r store.Row) (t Twin, err error) {
	var since, heldOpened, heldLast, keptOpened, keptLast store.Time
	var kept, keptName *string
	err = r.Scan(&t.Patient, &since, &t.Held.ID, &t.Held.Name, &heldOpened, &heldLast, &kept, &keptName, &keptOpened, &keptLast)
	if kept != nil && keptName != nil {
		t.Kept = TwinAccount{ID: ids.Account(*kept), Name: maskName(*keptName), Opened: keptOpened.Std(), Last: keptLast.Std()}
	}
	t.Held.Name, t.Held.Opened, t.Held.Last, t.Since = maskName(t.Held.Name), heldOpened.Std(), heldLast.Std(), since.Std()
	return t, err
}

// Twins lists people with two accounts, who has waited longest first.
func (s *Accounts) Twins(ctx context.Context, d access.Desk) ([]Twin, error) {
	if err := d.Need(access.ReviewRequests); err != nil {
		return nil, err
	}
	var out []Twin
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, scanTwin, twinSelect+` ORDER BY t.held_at, h.id LIMIT 200`)
		return err
	})
	return out, err
}

// SettleTwin is how the desk ends the wait once it has spoken with the person:
// of the two accounts stays is kept and the other closed. The owner of each is
// told. If the records were joined by mistake, nothing is to be settled here:
// once they are parted, each account goes its own way again.
func (s *Accounts) SettleTwin(ctx context.Context, d access.Desk, held, stays ids.Account) error {
	if err := d.Need(access.ReviewRequests); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		t, err := store.Get(ctx, tx, scanTwin, twinSelect+` AND h.id = $1`, held)
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, s.settledTwin(ctx, tx, held)
		}
		if err != nil {
			return audit.Entry{}, err
		}
		e := d.Did(audit.AccountRestored, string(stays)).On(string(t.Patient)).With("twin")
		switch {
		case stays == held:
			if t.Kept.ID != "" {
				if err := s.closeTwin(ctx, tx, d, t.Kept.ID); err != nil {
					return e, err
				}
			}
			a, err := byID(ctx, tx, held)
			if err != nil {
				return e, err
			}
			return e, s.release(ctx, tx, a, t.Patient, "stays")
		case stays != "" && stays == t.Kept.ID:
			if err := settleTwin(ctx, tx, held, "closed"); err != nil {
				return e, err
			}
			return e, s.closeTwin(ctx, tx, d, held)
		}
		return e, fault.Missing()
	})
}

// settledTwin tells an account that waits no more from one that never did.
func (s *Accounts) settledTwin(ctx context.Context, tx *store.Tx, held ids.Account) error {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account_twin WHERE account_id = $1`, held)
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.Missing()
	}
	return fault.Lost("account.settled")
}

// settleTwin ends a wait; of two who settle it at once, one does.
func settleTwin(ctx context.Context, tx *store.Tx, held ids.Account, how string) error {
	n, err := tx.Exec(ctx, `UPDATE account_twin SET settled_at = $2, how = $3 WHERE account_id = $1 AND settled_at IS NULL`, held, store.Time(tx.Now), how)
	if err == nil && n != 1 {
		err = fault.Lost("account.settled")
	}
	return err
}

// closeTwin closes the account that goes, and tells its owner.
func (s *Accounts) closeTwin(ctx context.Context, tx *store.Tx, d access.Desk, id ids.Account) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	tx.Log(d.Did(audit.AccountClosed, string(id)).On(string(a.person)).With("twin"))
	if _, err := tx.Exec(ctx, `UPDATE account SET state = 'closed', closed_at = $2 WHERE id = $1 AND state <> 'closed'`, id, store.Time(tx.Now)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE disown_link SET settled_at = $2 WHERE account_id = $1 AND settled_at IS NULL`, id, store.Time(tx.Now)); err != nil {
		return err
	}
	if err := s.shut(ctx, tx, id, "closed"); err != nil {
		return err
	}
	return s.tellTwin(ctx, tx, id, notify.Gone)
}
