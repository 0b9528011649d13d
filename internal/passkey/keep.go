package passkey

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

// laterFor is how long an offer that was put off stays away.
const laterFor = 90 * 24 * time.Hour

// enough tells whether passkeys may be an account's only second step: one device
// that is lost must not lock its owner out (issue 4: "never the only way in until a
// recovery code or a second passkey exists").
func enough(passkeys, codes int) bool { return passkeys >= 2 || passkeys == 1 && codes > 0 }

// List gives the passkeys of the chart's account.
func (s *Passkeys) List(ctx context.Context, c access.Chart) (out []Passkey, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = list(ctx, tx, ofChart(c))
		return err
	})
	return out, err
}

// One gives a passkey of the chart's account.
func (s *Passkeys) One(ctx context.Context, c access.Chart, id ids.Passkey) (p Passkey, err error) {
	if !c.Can(access.SecureAccount) && !c.Can(access.NamePasskeys) {
		if err := c.Need(access.SeeAccount); err != nil {
			return p, err
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = store.Get(ctx, tx, scanPasskey, `
			SELECT id, name, model, synced, created_at, used_at FROM passkey
			WHERE id = $3 AND kind = $1 AND owner_id = $2 AND ended_at IS NULL`, string(Account), c.Account(), id)
		if errors.Is(err, store.ErrNone) {
			err = fault.Missing()
		}
		return err
	})
	return p, err
}

// Name gives a passkey of the chart's account another name.
func (s *Passkeys) Name(ctx context.Context, c access.Chart, id ids.Passkey, name string) error {
	if err := c.Need(access.NamePasskeys); err != nil {
		return err
	}
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.PasskeyNamed, string(id)), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE passkey SET name = $4 WHERE id = $3 AND kind = $1 AND owner_id = $2 AND ended_at IS NULL`,
			string(Account), c.Account(), id, name)
		if err == nil && n != 1 {
			err = fault.Missing()
		}
		return err
	})
}

// Remove ends a passkey of the chart's account. Other sessions end and every contact
// is told. One without which the account had no second step left, or none that
// survives a lost device, stays: that is Invalid.
func (s *Passkeys) Remove(ctx context.Context, c access.Chart, id ids.Passkey) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	o := ofChart(c)
	return s.DB.Change(ctx, c.Did(audit.PasskeyRemoved, string(id)), func(tx *store.Tx) error {
		if _, err := s.Keeper.Own(ctx, tx, c); err != nil {
			return err
		}
		ended, err := endOne(ctx, tx, o, id, "removed")
		if err == nil && !ended {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		n, err := live(ctx, tx, o)
		if err != nil {
			return err
		}
		steps, codes, err := s.Keeper.Left(ctx, tx, c.Account())
		if err == nil && steps == 0 && !enough(n, codes) {
			err = fault.Bad("", "passkey.remove.last")
		}
		if err != nil {
			return err
		}
		return s.Keeper.Changed(ctx, tx, c, notify.PasskeyRemoved)
	})
}

// PutOff takes the offer off the chart's home page for a while.
func (s *Passkeys) PutOff(ctx context.Context, c access.Chart) error {
	if err := c.Need(access.SeeHome); err != nil {
		return err
	}
	o := ofChart(c)
	return s.DB.Change(ctx, c.Did(audit.PasskeyPutOff, o.ID), func(tx *store.Tx) error {
		if _, err := ownerRow(ctx, tx, o); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE passkey_owner SET later_until = $3 WHERE kind = $1 AND owner_id = $2`, string(o.Kind), o.ID, store.Time(tx.Now.Add(laterFor)))
		return err
	})
}

// Standing is how an account stands with passkeys.
type Standing struct {
	Has    int
	Offer  bool // its home page may offer one
	Enough bool // they may be its only second step
}

// Standing tells how an account with that many recovery codes stands.
func (s *Passkeys) Standing(ctx context.Context, tx *store.Tx, a ids.Account, codes int) (Standing, error) {
	if !s.On() {
		return Standing{}, nil
	}
	return store.Get(ctx, tx, func(r store.Row) (st Standing, err error) {
		var off int
		err = r.Scan(&st.Has, &off)
		st.Offer, st.Enough = st.Has == 0 && off == 0, enough(st.Has, codes)
		return st, err
	}, `
		SELECT (SELECT COUNT(*) FROM passkey WHERE kind = 'account' AND owner_id = $1 AND ended_at IS NULL),
			(SELECT COUNT(*) FROM passkey_owner WHERE kind = 'account' AND owner_id = $1 AND later_until > $2)`, a, store.Time(tx.Now))
}

// EndSince ends an account's passkeys that were added at a moment or after it: when
// its owner says "this was not me", and for all of them when the account ends.
func (s *Passkeys) EndSince(ctx context.Context, tx *store.Tx, a ids.Account, since time.Time, why string) error {
	_, err := tx.Exec(ctx, `UPDATE passkey SET ended_at = $3, ended_why = $4 WHERE kind = 'account' AND owner_id = $1 AND created_at >= $2 AND ended_at IS NULL`,
		a, store.Time(since), store.Time(tx.Now), why)
	return err
}
