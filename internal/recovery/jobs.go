package recovery

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/jobs"
	"portico/internal/store"
)

// sweepJob ends ways whose time is over and erases what nobody needs.
var sweepJob = jobs.Kind[struct{}]{Name: "recovery.sweep", Every: time.Hour}

// Work registers the room's workers.
func (s *Recovery) Work(r *jobs.Runner) {
	jobs.Handle(r, answerJob, s.answer)
	jobs.Handle(r, endJob, s.finishWait)
	jobs.Handle(r, sweepJob, s.sweep)
}

// sweep also gives a new job to a wait that is long over: its own may be parked.
func (s *Recovery) sweep(ctx context.Context, d access.Duty, _ struct{}) error {
	var grants []way
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		grants, err = store.List(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE kind = 'all' AND state IN ('first', 'granted', 'open') AND created_at <= $1 ORDER BY id LIMIT 500`, store.Time(tx.Now.Add(-GrantLife)))
		return err
	}); err != nil {
		return err
	}
	for _, w := range grants {
		err := s.DB.Change(ctx, d.Did(audit.RecoveryStopped, string(w.id)).On(string(w.patient)).With("expired"), func(tx *store.Tx) error { return end(ctx, tx, w, Void, "expired") })
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	return s.DB.Housekeep(ctx, "recovery", func(tx *store.Tx) error {
		day := store.Time(tx.Now.Add(-24 * time.Hour))
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_ask WHERE asked_at < $1`, day); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_link WHERE expires_at < $1`, day); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE recovery SET state = 'void', ended_at = $1, ended_why = 'expired', draft = '' WHERE kind <> 'all' AND state IN ('sent', 'open') AND expires_at <= $1`, store.Time(tx.Now)); err != nil {
			return err
		}
		left, err := store.List(ctx, tx, store.One[ID], `SELECT id FROM recovery WHERE state = 'waiting' AND until_at < $1 LIMIT 500`, store.Time(tx.Now.Add(-time.Hour)))
		if err != nil {
			return err
		}
		for _, id := range left {
			if err := endJob.Enqueue(ctx, tx, endArgs{id}, jobs.Options{Unique: string(id)}); err != nil {
				return err
			}
		}
		return nil
	})
}
