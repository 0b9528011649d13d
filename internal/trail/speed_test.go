package trail

import (
	"fmt"
	"os"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

// A clinic's years of log must be checked while one waits for it. Runs with
// PORTICO_ATTACK=long only: filling takes longer than checking.
func TestAMillionLinesAreCheckedFast(t *testing.T) {
	if os.Getenv("PORTICO_ATTACK") != "long" {
		t.Skip("PORTICO_ATTACK=long makes the log of a million lines")
	}
	const total, each = 1_000_000, 100
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		values := ""
		for i := range each {
			if i > 0 {
				values += ", "
			}
			values += "(" + store.In(1+i*5, 2) + ", 'chart.opened', 'done', 'staff', 'stf_5k2j5k2j5k2j5k2j5k2j5k2j5k', " + store.In(3+i*5, 3) + ", 'ses_5k2j5k2j5k2j5k2j5k2j5k2j5k', 'home.see')"
		}
		began := c.Now()
		for n := 0; n < total; n += each {
			args := make([]any, 0, 5*each)
			pend := make([]any, 0, 2*each)
			for i := range each {
				id, at := ids.NewEntry(), store.Time(began.Add(time.Duration(n+i)*time.Second))
				args = append(args, id, at, fmt.Sprint("pat_", (n+i)%5000), "GET /home", "192.0.2.7")
				pend = append(pend, id, at)
			}
			if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO audit_entry (id, at, action, outcome, actor, actor_id, patient_id, object, source, session, detail) VALUES `+values, args...); err != nil {
					return err
				}
				return inChunks(pend, func(part []any, _ string) error {
					for i := 0; i < len(part); i += 2 {
						if _, err := tx.Exec(ctx, `INSERT INTO audit_pending (entry_id, at) VALUES ($1, $2)`, part[i], part[i+1]); err != nil {
							return err
						}
					}
					return nil
				}, 2)
			}); err != nil {
				t.Fatal(err)
			}
		}
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
