package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Again is what a signed-in person sent to confirm who they are.
type Again struct {
	Password string
	Device   string // device cookie
	Next     string // local path to go on to, "" for home
}

// Confirm checks the password of a signed-in person once more and begins the
// second step, sending its code if it is one that is sent. Every wrong password
// is Invalid at "password" with one sentence. Tries count together with those of
// signing in: an open session is no way round its limits.
func (s *Accounts) Confirm(ctx context.Context, c access.Chart, in Again) error {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return err
	}
	device := s.deviceOf(in.Device)
	var a record
	var known bool
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = byID(ctx, tx, c.Account()); err != nil {
			return err
		}
		known, err = knownDevice(ctx, tx, a.id, device, tx.Now.Add(-DeviceLife))
		return err
	}); err != nil {
		return fault.Down("error.busy", 5*time.Second, err)
	}
	g := guard{accounts: s, subject: "acc:" + string(a.id), source: c.Source(), device: device, known: known}
	open, err := g.begin(ctx)
	if err != nil {
		return err
	}
	right, _, err := s.verify(ctx, a, open, known, in.Password)
	if err != nil {
		return err
	}
	if !right {
		if err := s.count(ctx, c.Did(audit.ConfirmPassword, string(a.id)).As(audit.Refused), a, g); err != nil {
			return err
		}
		return fault.Bad("password", "account.confirm.wrong")
	}
	return s.beginConfirm(ctx, c, a, g, in.Next)
}

// beginConfirm opens the half-way state of the chart's session, in place of one
// that it may still have.
func (s *Accounts) beginConfirm(ctx context.Context, c access.Chart, a record, g guard, next string) error {
	p := pending{id: ids.New[attempt]("cfm"), account: a, purpose: notify.ForCheck}
	return s.DB.Change(ctx, c.Did(audit.ConfirmPassword, string(a.id)), func(tx *store.Tx) error {
		if err := samePassword(ctx, tx, a); err != nil {
			return fault.Bad("password", "account.confirm.wrong")
		}
		if err := g.clear(ctx, tx); err != nil {
			return err
		}
		factors, err := factorsOf(ctx, tx, a.id)
		if err != nil {
			return err
		}
		factors = s.sendable(factors)
		first := pending{factors: factors}.first()
		if _, err := tx.Exec(ctx, `
			INSERT INTO confirmation (session_id, id, account_id, factor_id, next_path, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (session_id) DO UPDATE SET id = $2, factor_id = $4, next_path = $5, created_at = $6, expires_at = $7, ended_at = NULL`,
			c.Session(), p.id, a.id, first, next, store.Time(tx.Now), store.Time(tx.Now.Add(attemptLife))); err != nil {
			return err
		}
		if len(factors) == 0 {
			return nil
		}
		return s.sendFactor(ctx, tx, c.Did, p, factors[0])
	})
}

// confirming reads the live half-way state of the chart's session. One that ran
// out is errGone, beside the page that it was to lead to.
func confirming(ctx context.Context, tx *store.Tx, c access.Chart) (pending, error) {
	var ended, ends store.Time
	p, err := store.Get(ctx, tx, func(r store.Row) (p pending, err error) {
		err = r.Scan(&p.id, &p.account.id, &p.factor, &p.next, &p.unsent, &ended, &ends)
		return p, err
	}, `
		SELECT id, account_id, factor_id, next_path,
			EXISTS (SELECT 1 FROM one_time_code o WHERE o.flow = confirmation.id AND o.used_at IS NULL AND o.ended_at IS NULL AND NOT o.sent),
			ended_at, expires_at
		FROM confirmation WHERE session_id = $1 AND account_id = $2`, c.Session(), c.Account())
	if err == nil && (!ended.Std().IsZero() || !tx.Now.Before(ends.Std())) {
		return pending{next: p.next}, errGone
	}
	p.purpose = notify.ForCheck
	return whole(ctx, tx, p, err)
}

func (s *Accounts) confirming(ctx context.Context, c access.Chart) (p pending, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = confirming(ctx, tx, c)
		return err
	})
	return p, err
}

// ConfirmBy makes f the second step of the confirmation and sends its code if it
// is one that is sent: also how one asks for another code. Too soon after the
// last one it is TooMany, and the choice stands.
func (s *Accounts) ConfirmBy(ctx context.Context, c access.Chart, f ids.Factor) error {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return err
	}
	var soon error
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		soon = nil
		e := c.Did(audit.ConfirmStep, string(f)).With("chosen")
		p, err := confirming(ctx, tx, c)
		if err != nil {
			return e, err
		}
		want, ok := p.find(f)
		if !ok && f != byRecovery && f != byPasskey {
			return e, fault.Missing()
		}
		if _, err := tx.Exec(ctx, `UPDATE confirmation SET factor_id = $2 WHERE id = $1 AND ended_at IS NULL`, p.id, f); err != nil || !ok {
			return e, err
		}
		err = s.sendFactor(ctx, tx, c.Did, p, want)
		if fault.Is(err, fault.TooMany) {
			soon = err
			return e, nil
		}
		return e, err
	})
	if err != nil {
		return err
	}
	return soon
}

// Raise checks the second step and raises the chart's session for ten minutes.
// It gives the session's new token and the path to go on to; the old token is
// dead. Every wrong code is Invalid at "code"; too many are TooMany.
func (s *Accounts) Raise(ctx context.Context, c access.Chart, st Step) (token, next string, err error) {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return "", "", err
	}
	p, err := s.confirming(ctx, c)
	if err != nil {
		return "", p.next, err
	}
	if err := s.Limits.Begin(ctx, codeWaits, "account.code.wait", string(p.account.id)); err != nil {
		return "", "", err
	}
	use, err := s.check(ctx, p, st)
	if err != nil {
		return "", "", err
	}
	err = errCode()
	if use != nil {
		token, err = s.raise(ctx, c, p, use)
	}
	if fault.Is(err, fault.Invalid) {
		e := c.Did(audit.ConfirmStep, st.Method).As(audit.Refused)
		if lerr := s.DB.Change(ctx, e, func(*store.Tx) error { return nil }); lerr != nil {
			return "", "", fault.Down("error.busy", 5*time.Second, lerr)
		}
	}
	return token, p.next, err
}

// raise uses up the proof and raises the session, all in one transaction.
func (s *Accounts) raise(ctx context.Context, c access.Chart, p pending, use use) (token string, err error) {
	err = s.DB.Change(ctx, c.Did(audit.SessionRaised, string(c.Session())), func(tx *store.Tx) error {
		won, err := use(ctx, tx)
		if err != nil {
			return err
		}
		if !won {
			return errCode()
		}
		// Of two second steps at once, and of one against a confirmation begun
		// anew, one goes on.
		n, err := tx.Exec(ctx, `UPDATE confirmation SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2`, p.id, store.Time(tx.Now))
		if err == nil && n != 1 {
			err = errGone
		}
		if err != nil {
			return err
		}
		if err := s.stillActive(ctx, tx, p.account.id); err != nil {
			return err
		}
		if err := s.Limits.Clear(ctx, tx, codeWaits, string(p.account.id)); err != nil {
			return err
		}
		token, err = s.Gate.Raise(ctx, tx, c)
		if errors.Is(err, access.ErrNoSession) {
			return errGone
		}
		return err
	})
	return token, err
}
