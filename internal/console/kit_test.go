package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// clinic is the joined portal, and browsers of its staff.
type clinic struct {
	app *app.App
	t   testing.TB
	c   *clock.Fake
	b   *testkit.Browser
}

func open(t testing.TB) *clinic {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = testkit.MigratedSQLite(t), t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	k := &clinic{t: t, c: clock.At(testkit.Noon)}
	k.b = testkit.Serve(t, func(base *url.URL) http.Handler {
		var err error
		if k.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: k.c, Demo: true, Base: base}); err != nil {
			t.Fatal(err)
		}
		return k.app.Router.Handler()
	})
	t.Cleanup(func() { k.app.Close() })
	return k
}

// change writes as the test itself.
func (k *clinic) change(f func(tx *store.Tx) error) {
	k.t.Helper()
	if err := k.app.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		k.t.Fatal(err)
	}
}

// hire gives the browser of a new, signed-in staff user.
func (k *clinic) hire(name, roles string) (*testkit.Browser, ids.Staff) {
	k.t.Helper()
	id := ids.NewStaff()
	var token string
	k.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)`,
			id, name, string(id)+"@clinic.example", roles, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = k.app.Gate.StartStaffSession(ctx, tx, id, access.NewVisitor("127.0.0.1", "test"))
		return err
	})
	b := k.b.Other()
	b.SetCookie(web.StaffCookie, token)
	return b, id
}

// patient is one person of the test clinic.
type patient struct{ Number, Given, Family, Birth, Email, Mobile string }

var (
	maria = patient{"MR-1001", "Maria", "Alvarez", "1962-04-09", "maria@example.com", "+15551862275"}
	ruth  = patient{"MR-1002", "Ruth", "Kowalski", "1941-07-19", "", "+15551862276"}
)

// add takes a person into the index.
func (k *clinic) add(x patient) ids.Patient {
	k.t.Helper()
	in := registry.Incoming{Numbers: []registry.Number{{System: "http://hospital.example", Value: x.Number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: x.Given, Family: x.Family}}, Birth: x.Birth, Sex: "female", Active: true,
		Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}
	for kind, v := range map[registry.Kind]string{registry.Email: x.Email, registry.Mobile: x.Mobile} {
		if v != "" {
			in.Contacts = append(in.Contacts, registry.Contact{Kind: kind, Value: v, Since: k.c.Now().Add(-90 * 24 * time.Hour)})
		}
	}
	rep, err := k.app.Registry.Import(ctx, duty, []registry.Incoming{in}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		k.t.Fatalf("import: %v %+v", err, rep)
	}
	id, err := k.app.Registry.Numbered(ctx, duty, x.Number)
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

// ask leaves an identity request from somebody who says they are x, with another
// e-mail address, and gives its identifier.
func (k *clinic) ask(x patient) string {
	k.t.Helper()
	c := enroll.Claim{Given: x.Given, Family: x.Family, Birth: x.Birth, Email: "other." + strings.ToLower(x.Given) + "@example.com", Reach: "email"}
	if _, err := k.app.Enroll.Ask(ctx, access.NewVisitor("203.0.113.9", "test"), c, lang.En); err != nil {
		k.t.Fatal(err)
	}
	k.work()
	k.c.Move(time.Minute)
	return k.one(`SELECT id FROM identity_request ORDER BY came_at DESC LIMIT 1`)
}

// work runs the background work that is ready.
func (k *clinic) work() {
	k.t.Helper()
	if err := k.app.Jobs.Drain(ctx); err != nil {
		k.t.Fatal(err)
	}
}

// one reads a single text.
func (k *clinic) one(query string, args ...any) (s string) {
	k.t.Helper()
	if err := k.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	return s
}

// leads gives where a form leads, without going there.
func leads(b *testkit.Browser, p *testkit.Page, form string, pairs ...string) string {
	action, v := p.Fields(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	client := *b.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	stay := *b
	stay.Client = &client
	return stay.Post(action, v).Header.Get("Location")
}

// done demands that a page says that something was done.
func done(t testing.TB, p *testkit.Page, words string) *testkit.Page {
	t.Helper()
	if got := p.Text(".note-ok"); p.Status != 200 || !strings.Contains(got, words) {
		t.Fatalf("%s (%d) says %q, not %q; problems: %q", p.Path, p.Status, got, words, p.Text(".errsum"))
	}
	return p
}

// refused demands a form shown again with a problem.
func refused(t testing.TB, p *testkit.Page, words string) *testkit.Page {
	t.Helper()
	if got := p.Text(".errsum"); p.Status != 422 || !strings.Contains(got, words) {
		t.Fatalf("%s (%d) says %q, not %q", p.Path, p.Status, got, words)
	}
	return p
}

// card is the card whose title has an identifier.
func card(id string) string { return "section:has(#" + id + ")" }

// waiting is the number beside a place of the rail, "" for none.
func waiting(p *testkit.Page, path string) string {
	return p.Text(`nav a[href="` + path + `"] [class*=count]`)
}
