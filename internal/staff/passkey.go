package staff

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// Passkeys are the passkeys of staff.
type Passkeys interface {
	// EndStaff ends all of a person's.
	EndStaff(ctx context.Context, tx *store.Tx, id ids.Staff) error
}

// Named finds the person with a typed e-mail address, "" if there is nobody, and gives
// the address as it is compared.
func (s *Staff) Named(ctx context.Context, tx *store.Tx, typed string) (folded string, id ids.Staff, err error) {
	folded = foldEmail(typed)
	c, err := byEmail(ctx, tx, folded)
	return folded, c.id, err
}

// EnterBy opens a session, in the transaction that uses the passkey up, for a person
// who proved one. Whoever is disabled or has not set up a sign-in is Invalid.
func (s *Staff) EnterBy(ctx context.Context, tx *store.Tx, v access.Visitor, id ids.Staff) (token string, err error) {
	c, err := byID(ctx, tx, id)
	if err != nil {
		return "", err
	}
	if !s.ready(c) { // disabled, not set up, or told to sign in elsewhere
		return "", errSignIn()
	}
	if _, err := tx.Exec(ctx, `UPDATE staff_credential SET signed_in_at = $2 WHERE staff_id = $1`, id, store.Time(tx.Now)); err != nil {
		return "", err
	}
	if err := s.remember(ctx, tx, v, id); err != nil {
		return "", err
	}
	return s.Gate.StartStaffSession(ctx, tx, id, v)
}

// ProveApp uses up a code of the desk's own authenticator app. A wrong one is Invalid
// at "code"; it counts with those of signing in, so that an open console is no way
// round their limits. Who signs in through the clinic's sign-on has no way in here,
// and so no use for a passkey: that is Invalid at "code" too.
func (s *Staff) ProveApp(ctx context.Context, d access.Desk, code string) error {
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
	if !s.ready(c) {
		return fault.Bad("code", "staff.passkey.elsewhere")
	}
	key, err := s.Keys.Open(sealedPlace, string(c.id), c.sealed)
	if err != nil {
		return err
	}
	step, right := secret.CheckTOTP(key, digits(code), s.DB.Now(), c.step)
	if !right {
		return errCode()
	}
	return s.DB.Housekeep(ctx, "staff", func(tx *store.Tx) error {
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

// Called gives a person's name and e-mail address; NotFound if there is nobody.
func (s *Staff) Called(ctx context.Context, tx *store.Tx, id ids.Staff) (name, email string, err error) {
	_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) { return struct{}{}, r.Scan(&name, &email) }, `SELECT name, email FROM staff WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return name, email, err
}

// Tell queues a message about a person's passkeys to their own address, in the
// language they read the console in.
func (s *Staff) Tell(ctx context.Context, tx *store.Tx, id ids.Staff, n notify.StaffPasskey) error {
	_, email, err := s.Called(ctx, tx, id)
	if err != nil {
		return err
	}
	l, err := access.StaffLang(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = s.Outbox.Send(ctx, tx, notify.Message{To: email, Channel: notify.Mail, Lang: l, Notice: n})
	return err
}
