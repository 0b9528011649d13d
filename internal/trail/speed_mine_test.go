package trail

import (
	"os"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

// A hundred thousand lines about one patient must not make their page slow,
// whatever is asked. Runs with PORTICO_ATTACK=long only: filling takes long.
func TestAHundredThousandLinesAreReadFast(t *testing.T) {
	if os.Getenv("PORTICO_ATTACK") != "long" {
		t.Skip("PORTICO_ATTACK=long makes the log of a hundred thousand lines")
	}
	const total, each = 100_000, 100
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		mine := chart(t, db, ana, access.SeeAccess)
		began := c.Now().Add(-total * time.Minute)
		for n := 0; n < total; n += each {
			values, args := "", []any(nil)
			for i := range each {
				e := view(ana)
				if (n+i)%5000 == 0 {
					e = by(audit.ByStaff, "stf_1", audit.PatientSeen, ana, "")
				}
				if i > 0 {
					values += ", "
				}
				values += "(" + store.In(1+i*5, 5) + ", 'done', '" + string(ana) + "', '', '192.0.2.7', '', '')"
				args = append(args, ids.NewEntry(), store.Time(began.Add(time.Duration(n+i)*time.Minute)), string(e.Action), string(e.Actor), e.ActorID)
			}
			if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO audit_entry (id, at, action, actor, actor_id, outcome, patient_id, object, source, session, detail) VALUES `+values, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		// A database that has run for a while knows its tables.
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `ANALYZE`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for name, w := range map[string]Wish{"all": {}, "me": {People: Me}, "clinic": {People: Clinic}, "changed": {Topic: TopicChanged}, "looked": {Topic: TopicLooked}, "shares": {People: Links},
			"old": {To: began.Add(24 * time.Hour)}, "next": {After: began.Add(total/2*time.Minute).UTC().Format(stamp) + "_ent"}} {
			reads(t, tr, mine, w)
			start := time.Now()
			const times = 20
			for range times {
				reads(t, tr, mine, w)
			}
			if took := time.Since(start) / times; took > 10*time.Millisecond {
				t.Errorf("%s took %v", name, took)
			} else {
				t.Logf("%s: %v", name, took)
			}
		}
	})
}
