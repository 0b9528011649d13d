package account

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Browser is one that has signed in before.
type Browser struct {
	ID    ids.Device
	Agent string
	First time.Time // sign-in
	Last  time.Time // sign-in
	Here  bool      // the one that asks
	Until time.Time // it skips the second step; zero if it does not
}

// Devices are the open sessions of an account and the browsers it knows.
type Devices struct {
	Sessions []access.OpenSession
	Browsers []Browser
}

// Devices lists the sessions and browsers of the chart's account.
func (s *Accounts) Devices(ctx context.Context, c access.Chart) (d Devices, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return d, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if d.Sessions, err = s.Gate.Sessions(ctx, tx, c); err != nil {
			return err
		}
		var here ids.Device
		for _, x := range d.Sessions {
			if x.Here {
				here = x.Device
			}
		}
		d.Browsers, err = store.List(ctx, tx, func(r store.Row) (b Browser, err error) {
			var first, last, until store.Time
			err = r.Scan(&b.ID, &b.Agent, &first, &last, &until)
			b.First, b.Last, b.Until, b.Here = first.Std(), last.Std(), until.Std(), b.ID == here
			return b, err
		}, `
			SELECT d.id, d.agent, d.first_at, d.last_at, m.expires_at
			FROM device d LEFT JOIN remembered_browser m ON m.account_id = d.account_id AND m.device_id = d.id AND m.ended_at IS NULL AND m.expires_at > $3
			WHERE d.account_id = $1 AND d.ended_at IS NULL AND d.last_at > $2 ORDER BY d.last_at DESC, d.id LIMIT 100`,
			c.Account(), store.Time(tx.Now.Add(-DeviceLife)), store.Time(tx.Now))
		return err
	})
	return d, err
}

// EndSession signs one browser of the chart's account out: its next request opens
// nothing. Another account's session is fault.NotFound, as is one that is over.
func (s *Accounts) EndSession(ctx context.Context, c access.Chart, id ids.Session) error {
	if err := c.Need(access.EndSessions); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.SessionsEnded, string(id)).With("one"), func(tx *store.Tx) error {
		if err := s.Gate.EndOne(ctx, tx, c, id, "ended"); err != nil {
			return err
		}
		return note(ctx, tx, c.Account(), sessionEnded, c.Agent())
	})
}

// EndOthers signs every browser of the chart's account out but the one that asks,
// and ends half-way sign-ins.
func (s *Accounts) EndOthers(ctx context.Context, c access.Chart) error {
	if err := c.Need(access.EndSessions); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.SessionsEnded, string(c.Account())).With("others"), func(tx *store.Tx) error {
		if _, err := s.own(ctx, tx, c); err != nil {
			return err
		}
		if err := s.cutOff(ctx, tx, c, "ended"); err != nil {
			return err
		}
		return note(ctx, tx, c.Account(), othersEnded, c.Agent())
	})
}

// Forget makes a browser of the chart's account unknown: its next sign-in is told
// to the owner as a new one's. Its sessions end, the one that asks left out.
func (s *Accounts) Forget(ctx context.Context, c access.Chart, d ids.Device) error {
	if err := c.Need(access.EndSessions); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.BrowserForgotten, string(d)), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE device SET ended_at = $3 WHERE account_id = $1 AND id = $2 AND ended_at IS NULL`, c.Account(), d, store.Time(tx.Now))
		if err == nil && n != 1 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		if err := endMarks(ctx, tx, c.Account(), d, "forgotten"); err != nil {
			return err
		}
		if err := s.Gate.EndBrowser(ctx, tx, c, d, "forgotten"); err != nil {
			return err
		}
		return note(ctx, tx, c.Account(), forgotten, c.Agent())
	})
}
