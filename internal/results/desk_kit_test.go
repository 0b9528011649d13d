package results

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// deskRig is the room with its own rules, a clinician and a list of who was told.
type deskRig struct {
	*rig
	runner *jobs.Runner
	told   *tellings
	reyes  ids.Staff // a clinician
}

// tellings counts in the database's transaction order whom a notice went to.
type tellings struct {
	mu        sync.Mutex
	nobody    bool // nobody has an account
	sent      []ids.Patient
	withdrawn int
}

func (s *tellings) NewResult(_ context.Context, _ *store.Tx, p ids.Patient, _ string) (bool, error) {
	if s.nobody {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, p)
	return true, nil
}

func (s *tellings) Opened(context.Context, *store.Tx, ids.Patient) error {
	s.withdrawn++
	return nil
}

// eachDesk runs f on both databases with the two patients in the index.
func eachDesk(t *testing.T, f func(t *testing.T, r *deskRig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		r := &deskRig{rig: newRig(t, db, c), told: &tellings{}}
		r.records.Rules, r.records.Watcher = NewRules(), Arrivals{}
		r.Gate, r.Comments, r.Teller, r.CriticalDays, r.NoticeHours = r.gate, Written{r.Keys}, r.told, 3, 12
		r.runner = jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		r.Work(r.runner)
		r.person(ana, "Ana", "Lopez")
		r.person(ben, "Ben", "Ito")
		r.reyes = r.hire("Dr. Amelia Reyes", "clinician")
		f(t, r)
	})
}

func (r *deskRig) person(p ids.Patient, given, family string) {
	r.t.Helper()
	r.exec(`INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
		VALUES ($1, $2, $3, $3, '1970-05-01', 'female', 'en', FALSE, TRUE, FALSE, '', '', $4, $4)`, string(p), given, family, store.Time(r.clock.Now()))
}

func (r *deskRig) exec(q string, args ...any) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
}

// hire makes a staff user.
func (r *deskRig) hire(name, roles string) ids.Staff {
	r.t.Helper()
	id := ids.NewStaff()
	r.exec(`INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)`,
		string(id), name, strings.ReplaceAll(strings.ToLower(name), " ", ".")+"@clinic.example", roles, store.Time(r.clock.Now()))
	return id
}

// signIn opens a session of a staff user.
func (r *deskRig) signIn(id ids.Staff) (token string) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, err = r.gate.StartStaffSession(ctx, tx, id, access.NewVisitor("192.0.2.9", "test"))
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return token
}

// desk is a staff user's proof for a task, in a session of its own: clocks here
// jump by weeks.
func (r *deskRig) desk(id ids.Staff, t access.Task) access.Desk {
	r.t.Helper()
	d, _, err := r.gate.Desk(ctx, r.signIn(id), t, "test", access.NewVisitor("192.0.2.9", "test"))
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *deskRig) doctor() access.Desk { return r.desk(r.reyes, access.ReleaseResults) }

// rule sets a rule as the clinician.
func (r *deskRig) rule(v Rule) {
	r.t.Helper()
	if err := r.SetRule(ctx, r.desk(r.reyes, access.SetReleaseRules), v); err != nil {
		r.t.Fatal(err)
	}
}

// row is a result as its patient's record has it.
func (r *deskRig) row(name string, who access.Reading) (row record.Row) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		row, err = record.One(ctx, tx, who, r.id(name))
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return row
}

func (r *deskRig) whole(name string) record.Row { return r.row(name, duty.Whole(ana)) }

// held tells whether ana may not see a result of hers.
func (r *deskRig) held(name string) bool { return r.row(name, duty.For(ana)).Held }

func (r *deskRig) caseOf(name string) Case {
	r.t.Helper()
	c, err := r.Case(ctx, r.doctor(), r.id(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *deskRig) today() string { return r.clock.Now().Format("2006-01-02") }

// glucose is a value of ana's of today; more are further members.
func (r *deskRig) glucose(id string, more ...string) string {
	return obs(id, "a", "2345-7", "Glucose", r.today(), quantity("131", "mg/dL"), more...)
}

// staffBrowser is a browser signed in as a staff user.
func (r *deskRig) staffBrowser(id ids.Staff) *testkit.Browser {
	b := testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinicForTests}, r.db, r.gate, r.Keys, slog.New(slog.DiscardHandler))
		r.Mount(router)
		r.MountDesk(router)
		return router.Handler()
	})
	b.SetCookie(web.StaffCookie, r.signIn(id))
	return b
}

func (r *deskRig) drain() {
	r.t.Helper()
	if err := r.runner.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// until moves the clock to a moment.
func (r *deskRig) until(t time.Time) { r.clock.Move(t.Sub(r.clock.Now())) }

func (r *deskRig) about(who access.Reading, of ...ids.Resource) (out []Comment, err error) {
	err = r.db.View(ctx, func(tx *store.Tx) error {
		out, err = r.Comments.About(ctx, tx, who, of...)
		return err
	})
	return out, err
}
