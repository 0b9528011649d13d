package diary

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("192.0.2.7", "Firefox")
)

const ana ids.Patient = "pat_ana"

// rig is a clinic of one clinician, seen any day from 9 to 12, and Ana's chart.
type rig struct {
	*Diary
	t     testing.TB
	db    *store.DB
	clock *clock.Fake
	jobs  *jobs.Runner
	ana   access.Chart // to book
	see   access.Chart // to look
}

// quiet stands for the rooms that the calendar asks and tells.
type quiet struct{}

func (quiet) Bookable(context.Context, *store.Tx, ids.Patient) (bool, error) { return true, nil }
func (quiet) Called(context.Context, *store.Tx, ids.Patient) (string, error) { return "Ana Ruiz", nil }
func (quiet) Names(context.Context, *store.Tx, []ids.Patient) (map[ids.Patient]string, error) {
	return nil, nil
}
func (quiet) VisitNews(context.Context, *store.Tx, ids.Patient, ids.Appointment, scheduling.News) error {
	return nil
}
func (quiet) VisitReminder(context.Context, *store.Tx, ids.Patient, ids.Appointment, scheduling.Reminder) error {
	return nil
}

func newRig(t testing.TB, db *store.DB, c *clock.Fake) *rig {
	c.Move(time.Date(2026, 6, 7, 12, 0, 0, 0, time.UTC).Sub(c.Now()))
	gate, profile := &access.Gate{DB: db}, &page.Clinic{Zone: time.UTC}
	visits := scheduling.New(scheduling.Parts{DB: db, Gate: gate, Keys: testkit.Keys(t), Clinic: profile, People: quiet{}, Teller: quiet{}})
	r := &rig{t: t, db: db, clock: c, jobs: jobs.NewRunner(db, slog.New(slog.DiscardHandler)),
		Diary: &Diary{DB: db, Record: &record.Records{DB: db}, Visits: visits, Clinic: profile, Base: &url.URL{Scheme: "https", Host: "portal.example"}}}
	r.Record.Watcher = r.Diary
	r.Work(r.jobs)
	r.sql(`INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
		VALUES ($1, 'Ana', 'Ruiz', 'ruiz ana', '1970-05-04', 'female', 'en', FALSE, TRUE, FALSE, '', '', $2, $2)`, ana, store.Time(c.Now()))
	r.sql(`INSERT INTO place (id, name, address, directions_en, directions_es, phone, active) VALUES ('plc_main', 'Main Street', '', '', '', '', TRUE)`)
	r.sql(`INSERT INTO clinician (id, name, title_en, title_es, active) VALUES ('cln_lee', 'Dr. Mia Lee', '', '', TRUE)`)
	for day := range 7 {
		r.sql(`INSERT INTO schedule_block (id, clinician_id, place_id, room_id, in_person, video, weekday, from_minute, until_minute, every_weeks, first_day, last_day, only_type)
			VALUES ($1, 'cln_lee', 'plc_main', '', TRUE, TRUE, $2, 540, 720, 1, '2026-01-01', '', '')`, ids.NewBlock(), day)
	}
	r.sql(`INSERT INTO visit_type (id, name_en, name_es, about_en, about_es, prepare_en, prepare_es, minutes, before_minutes, after_minutes, step_minutes, in_person, video, direct,
			notice_minutes, horizon_days, cutoff_minutes, day_most, open_most, active, changed_at)
		VALUES ('vty_exam', 'Check-up', 'Revisión', '', '', '', '', 30, 0, 10, 15, TRUE, TRUE, TRUE, 60, 90, 60, 0, 0, TRUE, $1)`, store.Time(c.Now()))
	r.sql(`INSERT INTO visit_type_clinician (type_id, clinician_id) VALUES ('vty_exam', 'cln_lee')`)
	r.ana, r.see = r.chart(gate, access.BookVisits), r.chart(gate, access.SeeVisits)
	return r
}

func (r *rig) chart(gate *access.Gate, may access.Permission) access.Chart {
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, _, err = gate.StartSession(ctx, tx, access.SignedIn{Account: "acc_ana", Patient: ana, Source: "192.0.2.7"})
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	c, _, err := gate.Chart(ctx, token, may, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func each(t *testing.T, f func(t *testing.T, r *rig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newRig(t, db, c)) })
}

func (r *rig) sql(q string, args ...any) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.ScheduleChanged, "test"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) work() {
	r.t.Helper()
	if err := r.jobs.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
	if n := r.count(`job WHERE state <> 'done'`); n > 0 {
		r.t.Errorf("%d jobs are not done", n)
	}
}

func (r *rig) count(what string, args ...any) (n int) {
	r.t.Helper()
	r.view(func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM `+what, args...)
		return err
	})
	return n
}

func (r *rig) view(f func(*store.Tx) error) {
	r.t.Helper()
	if err := r.db.View(ctx, f); err != nil {
		r.t.Fatal(err)
	}
}

// at is a moment of June 10.
func at(hour, minute int) time.Time { return time.Date(2026, 6, 10, hour, minute, 0, 0, time.UTC) }

func pick(start time.Time) scheduling.Pick {
	return scheduling.Pick{Type: "vty_exam", Clinician: "cln_lee", Place: "plc_main", Start: start}
}

func (r *rig) book(start time.Time) ids.Appointment {
	r.t.Helper()
	id, err := r.Visits.Hold(ctx, r.ana, pick(start))
	if err == nil {
		err = r.Visits.Confirm(ctx, r.ana, id, "headache")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// docs are the record's documents of a type, oldest first.
func (r *rig) docs(kind string) (out []fhir.Node) {
	r.t.Helper()
	r.view(func(tx *store.Tx) error {
		all, err := store.List(ctx, tx, store.One[string], `SELECT body FROM resource WHERE type = $1 ORDER BY received_at, id`, kind)
		for _, raw := range all {
			out = append(out, fhir.Parse([]byte(raw)))
		}
		return err
	})
	return out
}

// only is the one visit there is.
func (r *rig) only() (id ids.Appointment) {
	r.t.Helper()
	r.view(func(tx *store.Tx) (err error) {
		id, err = store.Get(ctx, tx, store.One[ids.Appointment], `SELECT id FROM appointment`)
		return err
	})
	return id
}
