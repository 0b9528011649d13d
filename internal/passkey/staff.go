package passkey

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// SignInStaff checks a passkey and lets its staff user in. Whatever was wrong, it is
// Invalid with one sentence.
func (s *Passkeys) SignInStaff(ctx context.Context, v access.Visitor, in Answer) (token string, err error) {
	if err := s.bound(ctx, v); err != nil {
		return "", err
	}
	p, err := s.prove(ctx, in, Staff, func(o Owner) []ask {
		return []ask{{toSignIn, Owner{Kind: Staff}, in.Browser}, {toSignIn, o, in.Browser}}
	})
	if err == nil {
		e := v.Did(audit.StaffSignedIn, p.key.owner.ID).With("passkey")
		e.Actor, e.ActorID = audit.ByStaff, p.key.owner.ID
		err = s.DB.Change(ctx, e, func(tx *store.Tx) error {
			if err := advance(ctx, tx, p); err != nil {
				return err
			}
			token, err = s.Desk.Enter(ctx, tx, v, ids.Staff(p.key.owner.ID))
			return err
		})
	}
	return token, s.settle(ctx, err, refuse{v.Did, audit.StaffTried, v.Agent(), p})
}

// Own lists the desk's own passkeys.
func (s *Passkeys) Own(ctx context.Context, d access.Desk) (out []Passkey, err error) {
	if err := d.Need(access.SeeDesk); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = list(ctx, tx, ofDesk(d))
		return err
	})
	return out, err
}

// AskAddOwn makes a challenge for a new passkey of the desk's own, against a code of
// the authenticator app: a console left open must not be enough. A wrong code is
// Invalid at "code".
func (s *Passkeys) AskAddOwn(ctx context.Context, d access.Desk, code, host string) (Options, error) {
	if err := d.Need(access.SeeDesk); err != nil {
		return Options{}, err
	}
	if err := s.Desk.Prove(ctx, d, code); err != nil {
		return Options{}, err
	}
	return s.askAdd(ctx, d.Did, making{ofDesk(d), string(d.Session()), host}, func(ctx context.Context, tx *store.Tx) (string, error) {
		_, email, err := s.Desk.Called(ctx, tx, d.Staff())
		return email, err
	})
}

// AddOwn keeps a new passkey of the desk's own under a name, and tells its owner.
func (s *Passkeys) AddOwn(ctx context.Context, d access.Desk, in Answer, name string) error {
	if err := d.Need(access.SeeDesk); err != nil {
		return err
	}
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	o := ofDesk(d)
	in.Browser = string(d.Session())
	m, err := s.proveNew(ctx, in, o)
	if err == nil {
		m.name = name
		err = s.DB.Change(ctx, d.Did(audit.PasskeyAdded, o.ID), func(tx *store.Tx) error {
			if _, err := insert(ctx, tx, o, m); err != nil {
				return err
			}
			return s.Desk.Tell(ctx, tx, d.Staff(), staffNotice(tx.Now, "added"))
		})
	}
	return s.notAdded(ctx, err, d.Did)
}

// RemoveOwn ends a passkey of the desk's own.
func (s *Passkeys) RemoveOwn(ctx context.Context, d access.Desk, id ids.Passkey) error {
	if err := d.Need(access.SeeDesk); err != nil {
		return err
	}
	return s.removeStaff(ctx, d, d.Staff(), id)
}

func (s *Passkeys) removeStaff(ctx context.Context, d access.Desk, of ids.Staff, id ids.Passkey) error {
	return s.DB.Change(ctx, d.Did(audit.PasskeyRemoved, string(id)), func(tx *store.Tx) error {
		ended, err := endOne(ctx, tx, Owner{Staff, string(of)}, id, "removed")
		if err == nil && !ended {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		return s.Desk.Tell(ctx, tx, of, staffNotice(tx.Now, "removed"))
	})
}

// Colleague is a staff user as an administrator sees them here.
type Colleague struct {
	ID       ids.Staff
	Name     string
	Passkeys []Passkey
}

// Colleague lists the passkeys of a staff user, for an administrator.
func (s *Passkeys) Colleague(ctx context.Context, d access.Desk, id ids.Staff) (Colleague, error) {
	out := Colleague{ID: id}
	if err := d.Need(access.ManageStaff); err != nil {
		return out, err
	}
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if out.Name, _, err = s.Desk.Called(ctx, tx, id); err != nil {
			return err
		}
		out.Passkeys, err = list(ctx, tx, Owner{Staff, string(id)})
		return err
	})
	return out, err
}

// RemoveOf ends a colleague's passkey, which was lost or stolen; what that person
// has open ends with the session's own limits, or by disabling them.
func (s *Passkeys) RemoveOf(ctx context.Context, d access.Desk, of ids.Staff, id ids.Passkey) error {
	if err := d.Need(access.ManageStaff); err != nil {
		return err
	}
	return s.removeStaff(ctx, d, of, id)
}

// EndStaff ends all passkeys of a staff user whose sign-in is made anew.
func (s *Passkeys) EndStaff(ctx context.Context, tx *store.Tx, id ids.Staff) error {
	_, err := tx.Exec(ctx, `UPDATE passkey SET ended_at = $2, ended_why = 'anew' WHERE kind = 'staff' AND owner_id = $1 AND ended_at IS NULL`, id, store.Time(tx.Now))
	return err
}

func staffNotice(at time.Time, what string) notify.StaffPasskey {
	return notify.StaffPasskey{At: at, What: what}
}
