package staff

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/secret"
	"portico/internal/store"
)

// Confirm makes sure that the desk's person is still the one at the keyboard: a
// fresh code of their authenticator, counted like those of signing in. A wrong one
// is Invalid at "code".
func (s *Staff) Confirm(ctx context.Context, d access.Desk, code string) error {
	if err := s.Limits.Begin(ctx, codeWaits, "staff.step.wait", string(d.Staff())); err != nil {
		return err
	}
	var c credential
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		c, err = byID(ctx, tx, d.Staff())
		return err
	}); err != nil {
		return err
	}
	if !c.steps() {
		return errCode()
	}
	key, err := s.Keys.Open(sealedPlace, string(c.id), c.sealed)
	if err != nil {
		return err
	}
	step, right := secret.CheckTOTP(key, digits(code), s.DB.Now(), c.step)
	e := d.Did(audit.StaffTried, string(c.id)).With("confirm")
	if !right {
		if err := s.DB.Change(ctx, e.As(audit.Refused), func(*store.Tx) error { return nil }); err != nil {
			return err
		}
		return errCode()
	}
	return s.DB.Change(ctx, e, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE staff_credential SET last_step = $2 WHERE staff_id = $1 AND last_step < $2`, c.id, step)
		if err == nil && n == 0 {
			err = errCode()
		}
		if err != nil {
			return err
		}
		return s.Limits.Clear(ctx, tx, codeWaits, string(c.id))
	})
}
