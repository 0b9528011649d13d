package trail

import (
	"os"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

// A clinic's years of log must be checked while one waits for it. Runs with
// PORTICO_ATTACK=long only: filling takes longer than checking.
func TestAMillionLinesAreCheckedFast(t *testing.T) {
	if os.Getenv("PORTICO_ATTACK") != "long" {
		t.Skip("PORTICO_ATTACK=long makes the log of a million lines")
	}
	const total = 1_000_000
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		fillDeeds(t, db, c.Now(), total)
		start := time.Now()
		if n, err := tr.Seal(ctx, duty); err != nil || n != total {
			t.Fatal(n, err)
		}
		sealing := time.Since(start)
		start = time.Now()
		r := verify(t, tr)
		took := time.Since(start)
		t.Logf("sealed in %v, checked in %v (%.0f lines a second)", sealing, took, total/took.Seconds())
		if r.First != nil || r.Size != total || took > time.Minute {
			t.Errorf("%+v %v in %v", r, r.First, took)
		}
	})
}
