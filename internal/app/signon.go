package app

import (
	"fmt"

	"portico/internal/signon"
	"portico/internal/staff"
)

// signOn is what the clinic's sign-on means for staff, nothing where it has none.
func (a *App) signOn() staff.Policy {
	set := a.cfg.SignOn
	if set.Issuer == "" {
		return staff.Policy{}
	}
	return staff.Policy{Name: set.Name, Only: set.Only, Newcomers: set.Newcomers}
}

// joinSignOn makes the door for the clinic's sign-on; without one its pages are
// like absent ones.
func (a *App) joinSignOn() error {
	a.SignOn = &signon.Door{DB: a.DB, Keys: a.Keys, Staff: a.Staff, Name: a.cfg.SignOn.Name, Log: a.Log}
	if a.cfg.SignOn.Issuer == "" {
		return nil
	}
	var err error
	if a.SignOn.Provider, err = signon.NewProvider(a.cfg.SignOn, a.base, a.DB.Now); err != nil {
		return fmt.Errorf("%w: %w", ErrUse, err)
	}
	return nil
}
