package staff

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/secret"
	"portico/internal/store"
)

// Ways tells how the desk's person can show that it is they who are at the keyboard:
// by a code of their authenticator here, or, where they have none, by proving anew at
// the clinic's sign-on, whose name it gives. Neither is possible for somebody linked
// to a sign-on that the clinic has no more.
func (s *Staff) Ways(ctx context.Context, d access.Desk) (app bool, signOn string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err := byID(ctx, tx, d.Staff())
		if app = c.steps(); !app && c.linked {
			signOn = s.SignOn.Name
		}
		return err
	})
	return app, signOn, err
}

// ErrOther means that somebody else proved who they are at the clinic's sign-on than
// the person at the desk, or that the desk's session is over.
var ErrOther = errors.New("another person than the one at the desk")

// ConfirmSignedOn raises the staff session of a token, whose person has just proved
// anew at the clinic's sign-on who they are, and gives its new token. What the
// provider says of them counts as it does for signing in.
func (s *Staff) ConfirmSignedOn(ctx context.Context, v access.Visitor, session string, o Arrival) (token string, err error) {
	var refused error
	err = s.DB.Record(ctx, func(tx *store.Tx) (e audit.Entry, err error) {
		c, err := bySubject(ctx, tx, o)
		switch {
		case err != nil:
			return e, err
		case c.id == "" || c.state != Active:
			refused = ErrOther
		case !o.Strong:
			refused = ErrWeak
		default:
			if refused, err = s.raise(ctx, tx, v, session, c, o, &token); err != nil {
				return e, err
			}
		}
		if refused != nil {
			return v.Did(audit.StaffTried, string(c.id)).As(audit.Refused).With(refusals[refused]), nil
		}
		e = v.Did(audit.StaffTried, string(c.id)).With("confirm signon")
		e.Actor, e.ActorID = audit.ByStaff, string(c.id)
		return e, nil
	})
	if err == nil {
		err = refused
	}
	return token, err
}

func (s *Staff) raise(ctx context.Context, tx *store.Tx, v access.Visitor, session string, c credential, o Arrival, token *string) (why, err error) {
	if err := s.takeRoles(ctx, tx, v, c, o.Roles); err != nil {
		return nil, err
	}
	if len(o.Roles) == 0 {
		return ErrNoRole, nil
	}
	*token, err = s.Gate.RaiseStaff(ctx, tx, session, c.id, o.Session)
	if errors.Is(err, access.ErrNoSession) {
		return ErrOther, nil
	}
	return nil, err
}

// Confirm makes sure that the desk's person is still the one at the keyboard: a
// fresh code of their authenticator, counted like those of signing in. A wrong one
// is Invalid at "code".
func (s *Staff) Confirm(ctx context.Context, d access.Desk, code string) error {
	return s.prove(ctx, d, code, d.Did(audit.StaffTried, string(d.Staff())).With("confirm"), func(*store.Tx) error { return nil })
}

// Raise raises the desk's session, whose token is given, by a fresh code of the
// person's authenticator, and gives its new token. A wrong code is Invalid at "code".
func (s *Staff) Raise(ctx context.Context, d access.Desk, token, code string) (fresh string, err error) {
	err = s.prove(ctx, d, code, d.Did(audit.SessionRaised, string(d.Session())).With("staff"), func(tx *store.Tx) error {
		fresh, err = s.Gate.RaiseDesk(ctx, tx, d, token)
		return err
	})
	return fresh, err
}

// prove checks a code and, if it is right, does then in the transaction that uses it
// up, written down as e.
func (s *Staff) prove(ctx context.Context, d access.Desk, code string, e audit.Entry, then func(*store.Tx) error) error {
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
	if !right {
		if err := s.DB.Change(ctx, d.Did(audit.StaffTried, string(c.id)).With("confirm").As(audit.Refused), func(*store.Tx) error { return nil }); err != nil {
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
		if err := s.Limits.Clear(ctx, tx, codeWaits, string(c.id)); err != nil {
			return err
		}
		return then(tx)
	})
}
