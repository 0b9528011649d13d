package passkey

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/jobs"
	"portico/internal/store"
)

// Sweep forgets challenges that are too old to be answered again.
var Sweep = jobs.Kind[struct{}]{Name: "passkey.sweep", Every: time.Hour}

// Jobs registers the sweep.
func (s *Passkeys) Jobs(r *jobs.Runner) {
	jobs.Handle(r, Sweep, func(ctx context.Context, _ access.Duty, _ struct{}) error {
		return s.DB.Housekeep(ctx, "passkey", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM passkey_answered WHERE until_at <= $1`, store.Time(tx.Now))
			return err
		})
	})
}
