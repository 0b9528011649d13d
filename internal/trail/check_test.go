package trail

import (
	"log/slog"
	"net/url"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/testkit"
)

func TestTheCheckIsMadeAtNight(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone) }
	for _, c := range []struct {
		now, last time.Time
		want      bool
	}{
		{at(10, 12, 0), time.Time{}, true}, // never yet
		{at(10, 1, 0), at(9, 2, 0), true}, {at(10, 0, 59), at(9, 2, 0), false}, {at(10, 4, 59), at(9, 2, 0), true}, {at(10, 5, 0), at(9, 2, 0), false},
		{at(10, 3, 0), at(10, 1, 30), false},                                    // tonight's was made
		{at(10, 2, 0), at(9, 14, 0), true}, {at(10, 2, 0), at(9, 14, 1), false}, // by hand in the afternoon
		{at(10, 8, 0), at(9, 2, 0), true}, {at(10, 7, 59), at(9, 2, 0), false}, // the machine slept
	} {
		if got := checkDue(c.now, c.last, zone); got != c.want {
			t.Errorf("at %s after %s: %v", c.now, c.last, got)
		}
	}
}

// An altered log raises an alarm in the night after, on both databases.
func TestAnAlteredLogRaisesAnAlarm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 3)
		tr.Outbox = mails(t, db)
		runner := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		tr.Jobs(runner)
		if err := runner.Schedule(ctx); err != nil {
			t.Fatal(err)
		}
		hire := func(id, email, roles, state string) {
			if err := db.Change(ctx, duty.Did(audit.StaffAdded, id), func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $1, $2, $3, $4, $5)`, id, email, roles, state, store.Time(tx.Now))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		hire("stf_a", "admin@clinic.example", "front_desk,administrator", "active")
		hire("stf_b", "audit@clinic.example", "auditor", "active")
		hire("stf_c", "desk@clinic.example", "front_desk", "active")
		hire("stf_d", "left@clinic.example", "administrator", "disabled")
		night := func() {
			now := c.Now()
			c.Move(time.Date(now.Year(), now.Month(), now.Day()+1, 2, 0, 0, 0, time.UTC).Sub(now))
			if err := runner.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		in := breakIn(t, tr, 1)
		checks := func(how string) int64 {
			return in.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'audit.checked' AND outcome = '` + how + `' AND actor_id = '` + CheckJob.Name + `'`)
		}
		told := func() int64 { return in.number(`SELECT COUNT(*) FROM outbox WHERE kind = 'log_broken'`) }
		night()
		if checks("done") != 1 || told() != 0 {
			t.Fatalf("a whole log: %d checks, %d alarms", checks("done"), told())
		}
		in.do(`UPDATE audit_entry SET detail = 'x' WHERE id = $1`, in.entry(1))
		night()
		if checks("failed") != 1 || told() != 2 {
			t.Errorf("an altered log: %d failed checks, %d alarms", checks("failed"), told())
		}
		var at time.Time
		var whole bool
		if err := db.View(ctx, func(tx *store.Tx) (err error) {
			at, whole, err = lastCheck(ctx, tx)
			return err
		}); err != nil || whole || at.IsZero() {
			t.Errorf("it says %s, whole %v, %v", at, whole, err)
		}
		night()
		if checks("failed") != 2 || told() != 4 {
			t.Errorf("the next night: %d failed checks, %d alarms", checks("failed"), told())
		}
	})
}

// mails is an outbox that keeps what it is given: nothing is sent.
func mails(t *testing.T, db *store.DB) *notify.Outbox {
	t.Helper()
	keys := testkit.Keys(t)
	out, err := notify.New(notify.Parts{DB: db, Keys: keys, Limits: &limit.Limiter{DB: db, Keys: keys}, Base: &url.URL{Scheme: "https", Host: "portal.example"},
		Clinic: &page.Clinic{Name: "Riverside Family Clinic"}, Mail: &notify.Sink{DB: db}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
