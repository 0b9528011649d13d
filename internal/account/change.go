package account

import (
	"cmp"
	"context"
	"slices"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// own locks the account's row and reads it. Every change of what lets somebody
// in begins with it: two changes at once then follow one another, and so do a
// change and a sign-in. A frozen or closed account is fault.NotFound.
func (s *Accounts) own(ctx context.Context, tx *store.Tx, c access.Chart) (record, error) {
	n, err := tx.Exec(ctx, `UPDATE account SET state = 'active' WHERE id = $1 AND state = 'active'`, c.Account())
	if err == nil && n != 1 {
		err = fault.Missing()
	}
	if err != nil {
		return record{}, err
	}
	return byID(ctx, tx, c.Account())
}

// changed writes a change into the account's history and tells every contact, as
// well as those in also that are no contacts any more.
func (s *Accounts) changed(ctx context.Context, tx *store.Tx, c access.Chart, a record, what notify.Change, also ...Contact) error {
	if err := note(ctx, tx, a.id, eventOf(what), c.Agent()); err != nil {
		return err
	}
	contacts, err := s.Contacts(ctx, tx, a.id)
	if err != nil {
		return err
	}
	for _, extra := range also {
		if !slices.Contains(contacts, extra) {
			contacts = append(contacts, extra)
		}
	}
	n := notify.AccountChanged{What: what, At: tx.Now}
	if what != notify.AccountEnded { // nothing of a closed account is left to lock
		if n.NotMe, err = s.NotMe(ctx, tx, a.id, "changed"); err != nil {
			return err
		}
	}
	return s.tellAt(ctx, tx, a, contacts, told{n, string(what) + ":" + cmp.Or(string(n.NotMe), string(a.id))})
}

// cutOff ends what else is open of an account whose password or second steps
// have changed: other sessions, and what may lead to one.
func (s *Accounts) cutOff(ctx context.Context, tx *store.Tx, c access.Chart, why string) error {
	if _, err := s.Gate.EndOthers(ctx, tx, c, why); err != nil {
		return err
	}
	return endHalfWay(ctx, tx, c.Account(), "changed")
}

// endHalfWay ends what may still lead into an account: half-way sign-ins and
// confirmations, what was begun to be added, marks that skip the second step.
func endHalfWay(ctx context.Context, tx *store.Tx, a ids.Account, why string) error {
	if err := endMarks(ctx, tx, a, "", why); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_draft WHERE account_id = $1`, a); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE signin_attempt SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL`,
		`UPDATE confirmation SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL`,
	} {
		if _, err := tx.Exec(ctx, q, a, store.Time(tx.Now)); err != nil {
			return err
		}
	}
	return nil
}
