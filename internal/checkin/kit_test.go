package checkin_test

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/checkin"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/ids"
	"portico/internal/registry"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("192.0.2.7", "Firefox")
)

// rig is the joined portal with a doctor who is there at any hour and two people.
type rig struct {
	*checkin.CheckIns
	t        *testing.T
	app      *app.App
	clock    *clock.Fake
	place    ids.Place
	doctor   ids.Clinician
	kind     ids.VisitType
	ana, ben ids.Patient
}

func each(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "portico.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.Postgres(t))) })
}

func open(t *testing.T, address string) *rig {
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	r := &rig{t: t, clock: clock.At(testkit.Noon)}
	r.ok(app.Migrate(ctx, cfg))
	var err error
	r.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: r.clock, Demo: true, Base: &url.URL{Scheme: "https", Host: "portal.example"}})
	r.ok(err)
	t.Cleanup(func() { r.app.Close() })
	r.CheckIns = r.app.CheckIns
	d, s := r.desk("administrator", access.SetSchedule), r.app.Visits
	r.place, err = s.SavePlace(ctx, d, scheduling.Place{Name: "River Road", Active: true})
	r.ok(err)
	r.doctor, err = s.SaveClinician(ctx, d, scheduling.Clinician{Name: "Dr. Lee", Active: true})
	r.ok(err)
	for day := time.Sunday; day <= time.Saturday; day++ {
		r.ok(s.AddBlock(ctx, d, scheduling.Block{Clinician: r.doctor, Place: r.place, InPerson: true, Weekday: day, Until: 24 * 60, EveryWeeks: 1, First: "2020-01-01"}))
	}
	r.kind, err = s.SaveType(ctx, d, scheduling.VisitType{Name: scheduling.Both{En: "Check-up", Es: "Revisión"}, Minutes: 10, Step: 5, InPerson: true, Direct: true, Horizon: 700, Active: true, Who: []ids.Clinician{r.doctor}})
	r.ok(err)
	r.ana, r.ben = r.person("MR-1", "Ana"), r.person("MR-2", "Ben")
	return r
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// person takes somebody into the index, with an e-mail address and an address.
func (r *rig) person(number, given string) ids.Patient {
	r.t.Helper()
	_, err := r.app.Registry.Import(ctx, duty, []registry.Incoming{{Numbers: []registry.Number{{Value: number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: given, Family: "Ruiz"}}, Birth: "1970-01-01", Active: true,
		Contacts:  []registry.Contact{{Kind: registry.Email, Value: given + "@example.com"}},
		Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}}, registry.Options{})
	r.ok(err)
	id, err := r.app.Registry.Numbered(ctx, duty, number)
	r.ok(err)
	return id
}

func (r *rig) change(f func(tx *store.Tx) error) {
	r.t.Helper()
	r.ok(r.app.DB.Change(ctx, duty.Did(audit.AccountOpened, "test"), f))
}

func (r *rig) chart(p ids.Patient) access.Chart {
	r.t.Helper()
	var token string
	r.change(func(tx *store.Tx) (err error) {
		token, _, err = r.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: "acc_" + ids.Account(p), Patient: p, Source: "192.0.2.7"})
		return err
	})
	c, _, err := r.app.Gate.Chart(ctx, token, access.CheckIn, "test", visitor)
	r.ok(err)
	return c
}

func (r *rig) desk(role string, task access.Task) access.Desk {
	r.t.Helper()
	id, token := ids.NewStaff(), ""
	r.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan', $2, $3, 'active', $4)`, id, string(id)+"@clinic.example", role, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = r.app.Gate.StartStaffSession(ctx, tx, id, visitor)
		return err
	})
	d, _, err := r.app.Gate.Desk(ctx, token, task, "test", visitor)
	r.ok(err)
	return d
}

// visit books one that begins after some time.
func (r *rig) visit(p ids.Patient, after time.Duration) ids.Appointment {
	r.t.Helper()
	id, err := r.app.Visits.BookFor(ctx, r.desk("front_desk", access.BookVisitsFor), p,
		scheduling.Pick{Type: r.kind, Clinician: r.doctor, Place: r.place, Start: r.clock.Now().Truncate(time.Hour).Add(after)}, "")
	r.ok(err)
	return id
}

// steps are the answers of somebody for whom nothing has changed.
var steps = map[string]checkin.Typed{
	checkin.Contacts: {"email_right": {"yes"}, "address_right": {"yes"}}, checkin.Emergency: {}, checkin.Insurance: {}, checkin.Card: {}, checkin.Health: {},
}

// fill does every step, with other answers for some.
func (r *rig) fill(c access.Chart, id ids.Appointment, other map[string]checkin.Typed) {
	r.t.Helper()
	for part, t := range steps {
		if o, ok := other[part]; ok {
			t = o
		}
		r.ok(r.Save(ctx, c, id, part, t))
	}
}

func (r *rig) count(query string, args ...any) (n int) {
	r.t.Helper()
	r.ok(r.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}))
	return n
}

// wantSaid checks that err is something the person can mend, with this sentence.
func (r *rig) wantSaid(err error, field, text string) {
	r.t.Helper()
	for _, p := range problems(err) {
		if p == field+" "+text {
			return
		}
	}
	r.t.Errorf("got %v, want %s at %q", err, text, field)
}
