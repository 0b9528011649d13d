package scheduling

import (
	"context"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("192.0.2.7", "Firefox")
)

// rig is the room with a small clinic: Dr. Lee and Dr. Ortiz at Main Street, both
// Mondays to Fridays from 9 to 12.
type rig struct {
	*Scheduling
	t     testing.TB
	db    *store.DB
	clock *clock.Fake
	gate  *access.Gate
	out   *outside
	main  ids.Place
	lee   ids.Clinician
	ortiz ids.Clinician
	exam  ids.VisitType // 30 minutes, 10 after it
}

// outside stands for the rooms this one asks.
type outside struct {
	shut     map[ids.Patient]bool
	told     []News
	reminded []Reminder

	down error // what telling ends with
}

func (o *outside) Bookable(_ context.Context, _ *store.Tx, p ids.Patient) (bool, error) {
	return !o.shut[p], nil
}

func (o *outside) Called(_ context.Context, _ *store.Tx, p ids.Patient) (string, error) {
	return "Person " + strings.TrimPrefix(string(p), "pat_"), nil
}

func (o *outside) Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error) {
	out := map[ids.Patient]string{}
	for _, p := range of {
		out[p], _ = o.Called(ctx, tx, p)
	}
	return out, nil
}

func (o *outside) VisitNews(_ context.Context, _ *store.Tx, _ ids.Patient, _ ids.Appointment, n News) error {
	if o.down == nil {
		o.told = append(o.told, n)
	}
	return o.down
}

func (o *outside) VisitReminder(_ context.Context, _ *store.Tx, _ ids.Patient, _ ids.Appointment, n Reminder) error {
	o.reminded = append(o.reminded, n)
	return nil
}

// zone is one whose clock changes.
var zone = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

// monday is the first day of the tests, a week without a change of the clock.
const monday Day = "2026-06-08"

func newRig(t testing.TB, db *store.DB, c *clock.Fake) *rig {
	c.Move(Day("2026-06-07").at(8*60, zone).Sub(c.Now()))
	g := &access.Gate{DB: db}
	out := &outside{shut: map[ids.Patient]bool{}}
	r := &rig{t: t, db: db, clock: c, gate: g, out: out, main: "plc_main", lee: "cln_lee", ortiz: "cln_ortiz", exam: "vty_exam",
		Scheduling: New(Parts{DB: db, Gate: g, Keys: testkit.Keys(t), Limits: &limit.Limiter{DB: db, Keys: testkit.Keys(t)}, Clinic: &page.Clinic{Zone: zone}, People: out, Teller: out})}
	r.sql(`INSERT INTO place (id, name, address, directions_en, directions_es, phone, active) VALUES ('plc_main', 'Main Street', '1 Main St', '', '', '', TRUE)`)
	for _, c := range []ids.Clinician{r.lee, r.ortiz} {
		r.sql(`INSERT INTO clinician (id, name, title_en, title_es, active) VALUES ($1, $1, '', '', TRUE)`, c)
		for day := 1; day <= 5; day++ {
			r.block(Block{Clinician: c, Place: r.main, InPerson: true, Weekday: time.Weekday(day), From: 9 * 60, Until: 12 * 60, EveryWeeks: 1, First: "2026-01-01"})
		}
	}
	r.kind(VisitType{ID: r.exam, Name: Both{"Check-up", "Revisión"}, Minutes: 30, After: 10, Step: 15, InPerson: true, Direct: true, Notice: 60, Horizon: 90, CutOff: 24 * 60, Active: true}, r.lee, r.ortiz)
	return r
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

func (r *rig) count(what string, args ...any) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM `+what, args...)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) block(b Block) {
	r.t.Helper()
	r.sql(`INSERT INTO schedule_block (id, clinician_id, place_id, room_id, in_person, video, weekday, from_minute, until_minute, every_weeks, first_day, last_day, only_type)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		ids.NewBlock(), b.Clinician, b.Place, b.Room, b.InPerson, b.Video, int64(b.Weekday), b.From, b.Until, b.EveryWeeks, string(b.First), string(b.Last), b.OnlyType)
}

func (r *rig) kind(v VisitType, who ...ids.Clinician) {
	r.t.Helper()
	r.sql(`INSERT INTO visit_type (id, name_en, name_es, about_en, about_es, prepare_en, prepare_es, minutes, before_minutes, after_minutes, step_minutes, in_person, video, direct,
			notice_minutes, horizon_days, cutoff_minutes, day_most, open_most, active, changed_at)
		VALUES ($1, $2, $3, '', '', '', '', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		v.ID, v.Name.En, v.Name.Es, v.Minutes, v.Before, v.After, v.Step, v.InPerson, v.Video, v.Direct, v.Notice, v.Horizon, v.CutOff, v.DayMost, v.OpenMost, v.Active, store.Time(r.clock.Now()))
	for _, c := range who {
		r.sql(`INSERT INTO visit_type_clinician (type_id, clinician_id) VALUES ($1, $2)`, v.ID, c)
	}
}

// patient adds somebody and opens their calendar.
func (r *rig) patient(name string) access.Chart {
	r.t.Helper()
	p := ids.Patient("pat_" + name)
	if r.count(`patient WHERE id = $1`, p) == 0 {
		r.addPatient(p)
	}
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc_" + name), Patient: p, Source: "192.0.2.7"})
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	c, _, err := r.gate.Chart(ctx, token, access.BookVisits, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// pick is a check-up on a day at a time of the clinic's clock.
func (r *rig) pick(who ids.Clinician, d Day, hour, minute int) Pick {
	return Pick{Type: r.exam, Clinician: who, Place: r.main, Start: d.at(hour*60+minute, zone).UTC()}
}

func (r *rig) hold(c access.Chart, p Pick) ids.Appointment {
	r.t.Helper()
	id, err := r.Hold(ctx, c, p)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) book(c access.Chart, p Pick) ids.Appointment {
	r.t.Helper()
	id := r.hold(c, p)
	if err := r.Confirm(ctx, c, id, ""); err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) wantWhy(err error, w Why) {
	r.t.Helper()
	if Refused(err) != w {
		r.t.Errorf("got %v, want %q", err, w)
	}
}

func (r *rig) starts(q Query, c access.Chart) (out []string) {
	r.t.Helper()
	f, err := r.Find(ctx, c, q)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range f.Days {
		for _, t := range d.Times {
			out = append(out, strings.TrimPrefix(string(t.Clinician), "cln_")+" "+t.Start.In(zone).Format("Mon 15:04"))
		}
	}
	return out
}

func (r *rig) addPatient(p ids.Patient) {
	r.sql(`INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
		VALUES ($1, 'Ana', 'Ruiz', 'ruiz ana', '1970-05-04', 'female', 'en', FALSE, TRUE, FALSE, '', '', $2, $2)`, p, store.Time(r.clock.Now()))
}
