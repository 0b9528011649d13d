package account

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// ChangePassword gives the chart's account another password, by the rules of
// opening one. Every other session ends with it, as does every half-way sign-in,
// and every contact is told. What is wrong with it stands at "password" or "again".
func (s *Accounts) ChangePassword(ctx context.Context, c access.Chart, password, again string) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	a, p, err := s.maker(ctx, c)
	if err != nil {
		return err
	}
	if err := CheckPassword(password, p); err != nil {
		return err
	}
	if password != again {
		return fault.Bad("again", "account.password.differ")
	}
	same, _, err := s.Known.Verify(ctx, password, a.hash)
	if err != nil {
		return busy(err)
	}
	if same {
		return fault.Bad("password", "account.password.same")
	}
	hash, err := Hash(ctx, s.Known, password)
	if err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.PasswordChanged, string(a.id)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = $2, password_at = $3 WHERE id = $1`, a.id, hash, store.Time(tx.Now)); err != nil {
			return err
		}
		if err := s.cutOff(ctx, tx, c, "password"); err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.PasswordChanged)
	})
}

// maker reads the chart's account and what its password must not be made of.
func (s *Accounts) maker(ctx context.Context, c access.Chart) (a record, p Person, err error) {
	return s.makerOf(ctx, c.Account())
}

func (s *Accounts) makerOf(ctx context.Context, id ids.Account) (a record, p Person, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = byID(ctx, tx, id); err != nil {
			return err
		}
		p, err = s.People.About(ctx, tx, a.person)
		return err
	})
	p.UserName = a.name
	if s.Clinic != nil {
		p.Clinic = s.Clinic.Now().Name
	}
	return a, p, err
}

// strength says how hard a password is to guess for someone who knows the
// chart's person: 0 to 4.
func (s *Accounts) strength(ctx context.Context, c access.Chart, password string) (int, error) {
	_, p, err := s.maker(ctx, c)
	return Strength(password, p), err
}
