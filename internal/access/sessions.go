package access

import (
	"context"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// OpenSession is a live session as the owner of its account sees it.
type OpenSession struct {
	ID     ids.Session
	Device ids.Device
	Agent  string // browser in words
	Source Source
	Began  time.Time
	Seen   time.Time // last request
	Here   bool      // the one that asks
}

// Sessions lists the live sessions of the chart's account, the one that asks
// first, then the one seen last.
func (g *Gate) Sessions(ctx context.Context, tx *store.Tx, c Chart) ([]OpenSession, error) {
	return store.List(ctx, tx, func(r store.Row) (s OpenSession, err error) {
		var began, seen store.Time
		err = r.Scan(&s.ID, &s.Device, &s.Agent, &s.Source, &began, &seen)
		s.Began, s.Seen, s.Here = began.Std(), seen.Std(), s.ID == c.session
		return s, err
	}, `
		SELECT id, device_id, agent, source, created_at, seen_at FROM session
		WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 AND `+used+`
		ORDER BY CASE WHEN id = $5 THEN 0 ELSE 1 END, seen_at DESC, id`,
		c.account, store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)), store.Time(tx.Now.Add(-IdleShared)), c.session)
}

// EndOne ends a session of the chart's account: its next request opens nothing.
// Another account's session is fault.NotFound, as is one that is over.
func (g *Gate) EndOne(ctx context.Context, tx *store.Tx, c Chart, id ids.Session, why string) error {
	n, err := tx.Exec(ctx, `UPDATE session SET ended_at = $3, ended_why = $4 WHERE id = $1 AND account_id = $2 AND ended_at IS NULL`,
		id, c.account, store.Time(tx.Now), why)
	if err == nil && n != 1 {
		err = fault.Missing()
	}
	return err
}

// EndOthers ends every session of the chart's account but its own.
func (g *Gate) EndOthers(ctx context.Context, tx *store.Tx, c Chart, why string) (int64, error) {
	return tx.Exec(ctx, `UPDATE session SET ended_at = $3, ended_why = $4 WHERE account_id = $1 AND id <> $2 AND ended_at IS NULL`,
		c.account, c.session, store.Time(tx.Now), why)
}

// EndBrowser ends the sessions of the chart's account in one browser, its own
// left out.
func (g *Gate) EndBrowser(ctx context.Context, tx *store.Tx, c Chart, d ids.Device, why string) error {
	_, err := tx.Exec(ctx, `UPDATE session SET ended_at = $4, ended_why = $5 WHERE account_id = $1 AND device_id = $2 AND id <> $3 AND ended_at IS NULL`,
		c.account, d, c.session, store.Time(tx.Now), why)
	return err
}
