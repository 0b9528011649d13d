package jobs_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/store"
	"portico/internal/testkit"
)

// T59: after the clock was set back a day, work goes on; what was put off on
// purpose still waits for its moment.
func TestAClockSetBackStopsNoWork(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		var ran []string
		work := func(name string, every time.Duration) jobs.Kind[struct{}] {
			k := jobs.Kind[struct{}]{Name: name, Every: every}
			jobs.Handle(r, k, func(context.Context, access.Duty, struct{}) error { ran = append(ran, name); return nil })
			return k
		}
		once, later := work("once", 0), work("later", 0)
		work("hourly", time.Hour)
		if err := r.Schedule(context.Background()); err != nil {
			t.Fatal(err)
		}
		drain := func() []string {
			ran = nil
			if err := r.Drain(context.Background()); err != nil {
				t.Fatal(err)
			}
			slices.Sort(ran)
			return ran
		}
		drain() // the hourly one waits for its next hour
		if err := db.Housekeep(context.Background(), "test", func(tx *store.Tx) error {
			if err := once.Enqueue(context.Background(), tx, struct{}{}); err != nil {
				return err
			}
			return later.Enqueue(context.Background(), tx, struct{}{}, jobs.Options{At: tx.Now.Add(time.Hour)})
		}); err != nil {
			t.Fatal(err)
		}
		c.Move(-24 * time.Hour)
		if got := drain(); !slices.Equal(got, []string{"hourly", "once"}) {
			t.Errorf("after the clock was set back ran %v", got)
		}
		c.Move(25 * time.Hour)
		if got := drain(); !slices.Equal(got, []string{"hourly", "later"}) {
			t.Errorf("a day later ran %v", got)
		}
	})
}
