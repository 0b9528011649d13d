package staff

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/jobs"
	"portico/internal/store"
)

// Sweep erases half-way sign-ins, old links and addresses long not used.
var Sweep = jobs.Kind[struct{}]{Name: "staff.sweep", Every: 24 * time.Hour}

// Jobs registers the sweep.
func (s *Staff) Jobs(r *jobs.Runner) {
	jobs.Handle(r, Sweep, func(ctx context.Context, _ access.Duty, _ struct{}) error {
		return s.DB.Housekeep(ctx, "staff", func(tx *store.Tx) error {
			for q, age := range map[string]time.Duration{
				`DELETE FROM staff_attempt WHERE expires_at <= $1`: 24 * time.Hour,
				`DELETE FROM staff_setup WHERE expires_at <= $1`:   30 * 24 * time.Hour,
				`DELETE FROM staff_place WHERE seen_at <= $1`:      placeLife,
				`DELETE FROM staff_signon_back WHERE at <= $1`:     time.Hour,
				`DELETE FROM staff_signon_out WHERE at <= $1`:      24 * time.Hour,
			} {
				if _, err := tx.Exec(ctx, q, store.Time(tx.Now.Add(-age))); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
