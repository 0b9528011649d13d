package passkey

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/store"
)

// AskConfirm makes a challenge for the chart's own account, to confirm who it is.
func (s *Passkeys) AskConfirm(ctx context.Context, c access.Chart, host string) (Options, error) {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return Options{}, err
	}
	x, ok := s.at(host)
	if !ok {
		return Options{}, fault.Missing()
	}
	a := ask{toConfirm, ofChart(c), string(c.Session())}
	var has []string
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		has, err = credentials(ctx, tx, a.owner)
		return err
	})
	return s.toGet(x, a, has), err
}

// Raise checks a passkey of the chart's own account and raises its session. It gives
// the session's new token; the old one is dead.
func (s *Passkeys) Raise(ctx context.Context, c access.Chart, in Answer) (token string, err error) {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return "", err
	}
	in.Browser = string(c.Session())
	p, err := s.prove(ctx, in, Account, func(Owner) []ask { return []ask{{toConfirm, ofChart(c), in.Browser}} })
	if err == nil && p.key.owner != ofChart(c) {
		err = &refusal{unknown, ofChart(c), p.key}
	}
	if err == nil {
		err = s.DB.Change(ctx, c.Did(audit.SessionRaised, string(c.Session())).With("passkey"), func(tx *store.Tx) error {
			if err := advance(ctx, tx, p); err != nil {
				return err
			}
			token, err = s.Door.Raise(ctx, tx, c)
			if errors.Is(err, access.ErrNoSession) {
				err = errPasskey()
			}
			return err
		})
	}
	return token, s.settle(ctx, err, refuse{c.Did, audit.ConfirmStep, c.Agent(), p})
}

func ofChart(c access.Chart) Owner { return Owner{Account, string(c.Account())} }

func ofDesk(d access.Desk) Owner { return Owner{Staff, string(d.Staff())} }
