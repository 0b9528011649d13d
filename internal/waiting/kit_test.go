package waiting_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/registry"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/waiting"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("127.0.0.1", "test")
)

// clinic is the joined portal: who waits, the calendar, what is told. Dr. Lee and
// Dr. Ortiz are at Main Street each day from 9 to 12; a check-up can be booked, the
// clinic books surgery itself.
type clinic struct {
	*waiting.Waiting
	t       testing.TB
	app     *app.App
	c       *clock.Fake
	b       *testkit.Browser
	main    ids.Place
	lee     ids.Clinician
	ortiz   ids.Clinician
	exam    ids.VisitType
	surgery ids.VisitType
	tokens  map[string]string
}

// each runs f on both databases.
func each(t *testing.T, f func(t *testing.T, k *clinic)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "portico.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.Postgres(t))) })
}

func open(t testing.TB, address string) *clinic {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address, cfg.Clinic.Zone = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701", "America/Chicago"
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	k := &clinic{t: t, c: clock.At(testkit.Noon), tokens: map[string]string{}}
	k.b = testkit.Serve(t, func(base *url.URL) http.Handler {
		var err error
		if k.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: k.c, Demo: true, Base: base}); err != nil {
			t.Fatal(err)
		}
		return k.app.Router.Handler()
	})
	t.Cleanup(func() { k.app.Close() })
	k.Waiting = k.app.Waiting
	k.setUp()
	return k
}

func must[T any](k *clinic, f func() (T, error)) T {
	k.t.Helper()
	v, err := f()
	if err != nil {
		k.t.Fatal(err)
	}
	return v
}

func (k *clinic) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *clinic) setUp() {
	k.t.Helper()
	d, s := k.desk("administrator", access.SetSchedule), k.app.Visits
	k.main = must(k, func() (ids.Place, error) {
		return s.SavePlace(ctx, d, scheduling.Place{Name: "Main Street", Active: true})
	})
	for _, into := range []*ids.Clinician{&k.lee, &k.ortiz} {
		name := map[bool]string{true: "Dr. Lee", false: "Dr. Ortiz"}[into == &k.lee]
		*into = must(k, func() (ids.Clinician, error) {
			return s.SaveClinician(ctx, d, scheduling.Clinician{Name: name, Active: true})
		})
		for day := time.Sunday; day <= time.Saturday; day++ {
			k.ok(s.AddBlock(ctx, d, scheduling.Block{Clinician: *into, Place: k.main, InPerson: true, Weekday: day, From: 9 * 60, Until: 12 * 60, EveryWeeks: 1, First: "2020-01-01"}))
		}
	}
	kind := func(v scheduling.VisitType) ids.VisitType {
		v.Minutes, v.Step, v.InPerson, v.Active, v.Horizon, v.CutOff, v.Notice = 30, 30, true, true, 90, 24*60, 60
		v.Who = []ids.Clinician{k.lee, k.ortiz}
		return must(k, func() (ids.VisitType, error) { return s.SaveType(ctx, d, v) })
	}
	k.exam = kind(scheduling.VisitType{Name: scheduling.Both{En: "Check-up", Es: "Revisión"}, Direct: true})
	k.surgery = kind(scheduling.VisitType{Name: scheduling.Both{En: "Surgery", Es: "Cirugía"}, AskMost: 1})
}

// patient takes somebody in, with an account, and opens their visits.
func (k *clinic) patient(name string) access.Chart {
	k.t.Helper()
	if k.tokens[name] == "" {
		k.admit(name)
	}
	c, _, err := k.app.Gate.Chart(ctx, k.tokens[name], access.BookVisits, "test", visitor)
	k.ok(err)
	return c
}

func mail(name string) string { return name + "@example.com" }

func (k *clinic) admit(name string) {
	k.t.Helper()
	rep, err := k.app.Registry.Import(ctx, duty, []registry.Incoming{{Numbers: []registry.Number{{System: "http://hospital.example", Value: "MR-" + name, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: name, Family: "Alvarez"}}, Birth: "1962-04-09", Sex: "female", Active: true,
		Contacts: []registry.Contact{{Kind: registry.Email, Value: mail(name), Since: k.c.Now().Add(-90 * 24 * time.Hour)}}}}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		k.t.Fatalf("import: %v %+v", err, rep)
	}
	of := must(k, func() (ids.Patient, error) { return k.app.Registry.Numbered(ctx, duty, "MR-"+name) })
	k.change(func(tx *store.Tx) error {
		id, err := k.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: of, UserName: "user." + name + ".home", Hash: "none", Recovery: account.NewRecoveryCodes(), Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.Mail, Contact: mail(name)}}})
		if err != nil {
			return err
		}
		docs, err := k.app.Terms.Current(ctx, tx, lang.En)
		var read []ids.Document
		for _, d := range docs {
			read = append(read, d.ID)
		}
		if err := errors.Join(err, k.app.Terms.Accept(ctx, tx, terms.Acceptance{Account: id, Agent: "test"}, read)); err != nil {
			return err
		}
		k.tokens[name], _, err = k.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: id, Patient: of, Source: "127.0.0.1"})
		return err
	})
}

func (k *clinic) change(f func(tx *store.Tx) error) {
	k.t.Helper()
	k.ok(k.app.DB.Change(ctx, duty.Did("demo.made", ""), f))
}

func (k *clinic) staff(role string) string {
	k.t.Helper()
	id, token := ids.NewStaff(), ""
	k.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jo Clerk', $1, $2, 'active', $3)`, id, role, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = k.app.Gate.StartStaffSession(ctx, tx, id, visitor)
		return err
	})
	return token
}

func (k *clinic) desk(role string, t access.Task) access.Desk {
	k.t.Helper()
	d, _, err := k.app.Gate.Desk(ctx, k.staff(role), access.SeeDesk, "test", visitor)
	k.ok(err)
	return d.For(t)
}

func (k *clinic) clerk() access.Desk { return k.desk("front_desk", access.BookVisitsFor) }

// at is a time of the clinic's, some days after today.
func (k *clinic) at(days, hour, minute int) time.Time {
	zone := k.app.Clinic.Now().Zone
	d := k.c.Now().In(zone)
	return time.Date(d.Year(), d.Month(), d.Day()+days, hour, minute, 0, 0, zone).UTC()
}

// code is a time as staff send it.
func (k *clinic) code(who ids.Clinician, start time.Time) string {
	return strings.Join([]string{string(who), string(k.main), "person", strconv.FormatInt(start.Unix(), 10)}, " ")
}

// book books a check-up.
func (k *clinic) book(c access.Chart, who ids.Clinician, start time.Time) ids.Appointment {
	k.t.Helper()
	id := must(k, func() (ids.Appointment, error) {
		return k.app.Visits.Hold(ctx, c, scheduling.Pick{Type: k.exam, Clinician: who, Place: k.main, Start: start})
	})
	k.ok(k.app.Visits.Confirm(ctx, c, id, ""))
	return id
}

func (k *clinic) request(c access.Chart) ids.Wish {
	k.t.Helper()
	return must(k, func() (ids.Wish, error) {
		return k.Ask(ctx, c, waiting.Asking{Kind: k.surgery, Reason: "My knee hurts"})
	})
}

func (k *clinic) offers(c access.Chart, id ids.Wish) []waiting.Offer {
	k.t.Helper()
	return must(k, func() (waiting.Mine, error) { return k.Open(ctx, c, id) }).Offers
}

func (k *clinic) wantWhy(err error, w waiting.Why) {
	k.t.Helper()
	if waiting.Refused(err) != w {
		k.t.Errorf("got %v, want %q", err, w)
	}
}

func (k *clinic) count(what string, args ...any) (n int) {
	k.t.Helper()
	k.ok(k.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM `+what, args...)
		return err
	}))
	return n
}

func (k *clinic) lines(a audit.Action, c access.Chart) int {
	return k.count(`audit_entry WHERE action = $1 AND patient_id = $2 AND outcome = 'done'`, string(a), c.Patient())
}

// work runs the jobs that wait.
func (k *clinic) work() {
	k.t.Helper()
	k.ok(k.app.Jobs.Drain(ctx))
}

// told counts the messages to somebody with words in them.
func (k *clinic) told(name, words string) (n int) {
	k.t.Helper()
	k.work()
	all, err := k.app.Sink.List(ctx)
	k.ok(err)
	for _, m := range all {
		if m.To == mail(name) && strings.Contains(m.Subject+m.Text, words) {
			n++
		}
	}
	return n
}

func stamp(t time.Time) store.Time { return store.Time(t) }

// offer offers a time to a wish, as the job does.
func (k *clinic) offer(w ids.Wish, who ids.Clinician, start time.Time) ids.Offer {
	k.t.Helper()
	id := ids.NewOffer()
	k.change(func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE wish_offer SET state = 'dropped' WHERE wish_id = $1 AND state = 'open'`, w); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO wish_offer (id, wish_id, appointment_id, clinician_id, place_id, video, day, starts_at, ends_at, expires_at, state, made_at, changed_at)
			VALUES ($1, $2, '', $3, $4, FALSE, $5, $6, $7, $8, 'open', $9, $9)`,
			id, w, who, k.main, start.In(k.app.Clinic.Now().Zone).Format(time.DateOnly), store.Time(start), store.Time(start.Add(30*time.Minute)), store.Time(k.c.Now().Add(4*time.Hour)), store.Time(tx.Now))
		return err
	})
	return id
}

// visitIn is the visit that a patient has.
func visitIn(k *clinic, c access.Chart) (id ids.Appointment) {
	k.t.Helper()
	k.ok(k.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		id, err = store.Get(ctx, tx, store.One[ids.Appointment], `SELECT id FROM appointment WHERE patient_id = $1 AND state = 'booked'`, c.Patient())
		return err
	}))
	return id
}

func cancelled(k *clinic, c access.Chart, id ids.Appointment) ids.Appointment {
	k.t.Helper()
	k.ok(k.app.Visits.CancelFor(ctx, k.clerk(), id, "The doctor is ill."))
	return id
}
