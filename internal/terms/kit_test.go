package terms_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/web"
)

// desk is the room with two administrators and a clerk.
type desk struct {
	*terms.Terms
	t     *testing.T
	clock *clock.Fake
	gate  *access.Gate
	told  *owners
	staff map[string]ids.Staff
}

// owners stands for logins and patient index: account acc_N has number MR-N.
type owners struct {
	mu   sync.Mutex
	all  []ids.Account
	sent map[ids.Account][]notify.TermsChanged
}

func (o *owners) Numbers(_ context.Context, _ *store.Tx, accounts []ids.Account) (map[ids.Account]string, error) {
	out := map[ids.Account]string{}
	for _, a := range accounts {
		out[a] = "MR-" + string(a[4:])
	}
	return out, nil
}

func (o *owners) Numbered(_ context.Context, _ *store.Tx, number string) (ids.Account, error) {
	for _, a := range o.all {
		if "MR-"+string(a[4:]) == number {
			return a, nil
		}
	}
	return "", store.ErrNone
}

// TellSome tells one account at a time, so that the job has to come back.
func (o *owners) TellSome(_ context.Context, _ *store.Tx, after ids.Account, n notify.Notice, _ string) (ids.Account, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.all {
		if a > after {
			o.sent[a] = append(o.sent[a], n.(notify.TermsChanged))
			return a, nil
		}
	}
	return "", nil
}

func newDesk(t *testing.T, db *store.DB, c *clock.Fake) *desk {
	t.Helper()
	d := &desk{Terms: seeded(t, db), t: t, clock: c, staff: map[string]ids.Staff{}}
	d.gate = d.Gate
	d.told = &owners{sent: map[ids.Account][]notify.TermsChanged{}}
	for i := range 3 {
		d.told.all = append(d.told.all, ids.Account(fmt.Sprintf("acc_%d", i+1)))
	}
	d.People = d.told
	for name, role := range map[string]string{"Ada": "administrator", "Ben": "administrator", "Cleo": "front_desk"} {
		id := ids.NewStaff()
		d.staff[name] = id
		d.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)`,
				id, name, string(id)+"@clinic.example", role, store.Time(tx.Now))
			return err
		})
	}
	return d
}

func (d *desk) change(f func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		d.t.Fatal(err)
	}
}

func eachDesk(t *testing.T, f func(t *testing.T, d *desk)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newDesk(t, db, c)) })
}

// token signs a member of the staff in.
func (d *desk) token(name string) (token string) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		token, err = d.gate.StartStaffSession(ctx, tx, d.staff[name], access.NewVisitor("192.0.2.9", "test"))
		return err
	})
	return token
}

// as is the proof of a member of the staff for managing terms.
func (d *desk) as(name string) access.Desk {
	d.t.Helper()
	token := d.token(name)
	testkit.RaiseStaff(d.t, d.DB, token)
	p, _, err := d.gate.Desk(ctx, token, access.ManageTerms, "test", access.NewVisitor("192.0.2.9", "test"))
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// patient is the proof of a signed-in patient.
func (d *desk) patient(a ids.Account) (c access.Chart, token string) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		token, _, err = d.gate.StartSession(ctx, tx, access.SignedIn{Account: a, Patient: ids.Patient("pat_" + string(a[4:])), Source: "192.0.2.1"})
		return err
	})
	return d.chart(token), token
}

func (d *desk) chart(token string) access.Chart {
	d.t.Helper()
	c, _, err := d.gate.Chart(ctx, token, terms.AcceptTerms, "test", access.NewVisitor("192.0.2.1", "Firefox · Linux"))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// written begins a draft of the terms of use and fills both languages.
func (d *desk) written(by access.Desk, mark string) (ids.Draft, terms.Order) {
	d.t.Helper()
	id, err := d.Begin(ctx, by, terms.Use)
	if err != nil {
		d.t.Fatal(err)
	}
	o := terms.Order{Draft: id, Material: true, Seen: map[lang.Lang]int64{}}
	for _, l := range lang.All {
		w := terms.Writing{Draft: id, Lang: l, Text: terms.Text{Title: "Terms " + string(l), Body: "Be kind at {clinic}. " + mark, Change: "Kindness, " + mark}}
		if err := d.Save(ctx, by, w); err != nil {
			d.t.Fatal(err)
		}
		o.Seen[l] = 1
	}
	return id, o
}

// issued publishes a written draft.
func (d *desk) issued(by access.Desk, mark string, material bool) {
	d.t.Helper()
	_, o := d.written(by, mark)
	o.Material = material
	if err := d.Issue(ctx, by, o); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// work runs the background work that is ready.
func (d *desk) work() {
	d.t.Helper()
	r := jobs.NewRunner(d.DB, slog.New(slog.DiscardHandler))
	d.Work(r)
	if err := r.Drain(ctx); err != nil {
		d.t.Fatal(err)
	}
}

// agreesAll accepts everything in force for an account.
func (d *desk) agreesAll(a ids.Account) {
	d.t.Helper()
	_, docs := current(d.t, d.Terms, lang.En)
	if err := acceptAll(d.Terms, a, docs); err != nil {
		d.t.Fatal(err)
	}
}

// serve serves the room with a form of another room.
func (d *desk) serve() *testkit.Browser {
	return testkit.Serve(d.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinic}, d.DB, d.gate, testkit.Keys(d.t), slog.New(slog.DiscardHandler))
		d.Mount(router, "/signout")
		d.MountDesk(router)
		mountForm(router)
		return router.Handler()
	})
}
