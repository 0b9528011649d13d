package sharing

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

// sweepLinks ends links whose time is over.
var sweepLinks = jobs.Kind[struct{}]{Name: "sharing.links", Every: 5 * time.Minute}

// recalled is how long a link that has ended stays on its owner's list.
const recalled = 180 * 24 * time.Hour

// Work registers the jobs of links.
func (l *Links) Work(r *jobs.Runner) { jobs.Handle(r, sweepLinks, l.sweep) }

// sweep erases what links that ran out lead to, writes that they ended, and
// forgets links that ended long ago.
func (l *Links) sweep(ctx context.Context, d access.Duty, _ struct{}) error {
	type over struct {
		id      ids.Share
		patient ids.Patient
	}
	var list []over
	err := l.Copies.DB.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.List(ctx, tx, func(r store.Row) (o over, err error) {
			err = r.Scan(&o.id, &o.patient)
			return o, err
		}, `SELECT id, patient_id FROM share_link WHERE ended_at IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT 500`, store.Time(tx.Now))
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range list {
		err := l.Copies.DB.Change(ctx, d.For(o.patient).Did(audit.ShareEnded, string(o.id)).With("expired"), func(tx *store.Tx) error {
			return endLink(ctx, tx, o.id, "expired")
		})
		if err != nil {
			return err
		}
	}
	return l.Copies.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) error {
		before := store.Time(tx.Now.Add(-recalled))
		for _, q := range []string{
			`DELETE FROM share_opening WHERE share_id IN (SELECT id FROM share_link WHERE ended_at <= $1)`,
			`DELETE FROM share_link WHERE ended_at <= $1`,
		} {
			if _, err := tx.Exec(ctx, q, before); err != nil {
				return err
			}
		}
		return nil
	})
}
