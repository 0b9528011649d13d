package enroll_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
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
	"portico/internal/notify"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const password = "copper lantern river 7"

// long tells whether the attack tests run at full size.
var long = os.Getenv("PORTICO_ATTACK") == "long"

// size is n in a long run and few otherwise.
func size(few, n int) int {
	if long {
		return n
	}
	return few
}

// portal is the whole joined portal with its real rooms, and a browser on it.
type portal struct {
	app *app.App
	*enroll.Room
	t testing.TB
	c *clock.Fake
	b *testkit.Browser
}

// each runs f on the joined portal on both databases.
func each(t *testing.T, f func(t *testing.T, p *portal)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, testkit.MigratedSQLite(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.MigratedPostgres(t))) })
}

// lite gives the joined portal on SQLite, where the engine does not matter.
func lite(t testing.TB) *portal {
	return open(t, testkit.MigratedSQLite(t))
}

func open(t testing.TB, address string) *portal {
	t.Helper()
	return openAt(t, address, clock.At(testkit.Noon))
}

func openAt(t testing.TB, address string, c *clock.Fake) *portal {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	cfg.TrustedProxies = []string{"127.0.0.0/8"}
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	p := &portal{t: t, c: c}
	p.b = testkit.Serve(t, func(base *url.URL) http.Handler {
		var err error
		if p.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: c, Demo: true, Base: base}); err != nil {
			t.Fatal(err)
		}
		p.Room = p.app.Enroll
		return p.app.Router.Handler()
	})
	t.Cleanup(func() { p.app.Close() })
	if err := p.app.Jobs.Schedule(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// from gives another browser that comes from address.
func (p *portal) from(address string) *testkit.Browser {
	b := p.b.Other()
	b.Header = http.Header{"X-Forwarded-For": {address}}
	return b
}

// work runs the background work that is ready.
func (p *portal) work() {
	p.t.Helper()
	if err := p.app.Jobs.Drain(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// patient is one person of the test clinic.
type patient struct {
	Number, Given, Family, Birth, Email, Mobile, Phone string
	Dead, Restricted                                   bool
	New                                                bool // contacts are on file since yesterday
	NoAddress                                          bool
	Lang                                               string
}

var maria = patient{Number: "MR-1001", Given: "Maria", Family: "Alvarez", Birth: "1962-04-09", Email: "maria@example.com", Mobile: "+15551862275"}

// add takes a person into the index and gives their identifier.
func (p *portal) add(x patient) ids.Patient {
	p.t.Helper()
	in := registry.Incoming{Numbers: []registry.Number{{System: "http://hospital.example", Value: x.Number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: x.Given, Family: x.Family}}, Birth: x.Birth, Sex: "female", Active: true, Restricted: x.Restricted, Language: x.Lang}
	since := p.c.Now().Add(-90 * 24 * time.Hour)
	if x.New {
		since = p.c.Now().Add(-24 * time.Hour)
	}
	for kind, v := range map[registry.Kind]string{registry.Email: x.Email, registry.Mobile: x.Mobile, registry.Phone: x.Phone} {
		if v != "" {
			in.Contacts = append(in.Contacts, registry.Contact{Kind: kind, Value: v, Since: since})
		}
	}
	if !x.NoAddress {
		in.Addresses = []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}
	}
	if x.Dead {
		in.Deceased = p.c.Now().Add(-48 * time.Hour)
	}
	rep, err := p.app.Registry.Import(ctx, duty, []registry.Incoming{in}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		p.t.Fatalf("import: %v %+v", err, rep)
	}
	return p.find(x)
}

func (p *portal) find(x patient) (id ids.Patient) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		id, err = p.app.Registry.ByNumber(ctx, tx, x.Number, x.Birth)
		return err
	})
	return id
}

func (p *portal) view(f func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.DB.View(ctx, f); err != nil {
		p.t.Fatal(err)
	}
}

// count counts rows: "account WHERE …".
func (p *portal) count(what string, args ...any) (n int) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], "SELECT COUNT(*) FROM "+what, args...)
		return err
	})
	return n
}

// one reads a single text.
func (p *portal) one(query string, args ...any) (s string) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	})
	return s
}

// desk makes a staff user with roles and gives the proof for a task.
func (p *portal) desk(name string, t access.Task) access.Desk {
	p.t.Helper()
	return p.atDesk(p.staff(name), t)
}

// staff makes a staff user of the front desk with an open session.
func (p *portal) staff(name string) (token string) {
	p.t.Helper()
	id := ids.NewStaff()
	v := access.NewVisitor("127.0.0.1", "test")
	err := p.DB.Change(ctx, duty.Did("staff.added", string(id)), func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, 'front_desk,administrator', 'active', $4)`,
			id, name, strings.ToLower(name)+"@clinic.example", store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = p.Gate.StartStaffSession(ctx, tx, id, v)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func (p *portal) atDesk(token string, t access.Task) access.Desk {
	p.t.Helper()
	d, _, err := p.Gate.Desk(ctx, token, t, "test", access.NewVisitor("127.0.0.1", "test"))
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// give makes a code and gives it in clear.
func (p *portal) give(who ids.Patient, by enroll.Channel) enroll.Revealed {
	p.t.Helper()
	r, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: who, By: by})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// visitor is somebody at an address.
func visitor(address string) access.Visitor {
	return access.NewVisitor(access.SourceOf(address), "test")
}

// inbox lists what was sent to a contact, newest first.
func (p *portal) inbox(to string) (out []notify.Seen) {
	p.t.Helper()
	all, err := p.app.Sink.List(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range all {
		if m.To == to {
			out = append(out, m)
		}
	}
	return out
}

var sixDigits = regexp.MustCompile(`\b(\d{6}|\d{3} \d{3}|\d(?: \d){5})\b`)

// digits gives the newest one-time code sent to a contact.
func (p *portal) digits(to string) string {
	p.t.Helper()
	p.work()
	for _, m := range p.inbox(to) {
		if d := sixDigits.FindString(m.Text); d != "" {
			return strings.ReplaceAll(d, " ", "")
		}
	}
	p.t.Fatalf("no code was sent to %s", to)
	return ""
}

// born are the fields of a birth date.
func born(date string) []string {
	y, m, d := date[:4], strings.TrimPrefix(date[5:7], "0"), strings.TrimPrefix(date[8:], "0")
	return []string{"birth_year", y, "birth_month", m, "birth_day", d}
}

// enter submits code and birth date.
func enter(b *testkit.Browser, code, birth string) *testkit.Page {
	return b.Get("/enroll/code").Submit("#code-form", append(born(birth), "code", code)...)
}

// tryNumber submits number and birth date.
func tryNumber(b *testkit.Browser, number, birth string) *testkit.Page {
	return b.Get("/enroll/number").Submit("#number-form", append(born(birth), "number", number)...)
}

// choose goes from user name to the terms with an authenticator app.
func (p *portal) choose(at *testkit.Page, name string) *testkit.Page {
	p.t.Helper()
	at = at.Want(200, "Choose a user name").Submit("#user-form", "username", name, "password", password, "again", password)
	at = at.Want(200, "Add a second step").Submit("#second-form", "how", "totp")
	at = at.Want(200, "Set up your authenticator").Submit("#app-form", "code", secret.TOTP(keyOn(at), p.c.Now()))
	at = at.Want(200, "Keep your recovery codes").Submit("#recovery-form", "saved", "yes")
	return at.Want(200, "Terms and privacy")
}

// accept ticks both boxes and sends the last form.
func accept(at *testkit.Page) *testkit.Page {
	return at.Submit("#terms-form", "terms", "yes", "privacy", "yes")
}

// keyOn reads the authenticator's secret off the page.
func keyOn(at *testkit.Page) []byte {
	return decodeKey(strings.ReplaceAll(at.Text("#app-key"), " ", ""))
}

func decodeKey(s string) []byte {
	var out []byte
	var bits, n uint
	for _, c := range s {
		v := strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", c)
		if v < 0 {
			continue
		}
		bits, n = bits<<5|uint(v), n+5
		if n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return out
}

// request is a filled-in request form for a person.
func claimOf(x patient) enroll.Claim {
	return enroll.Claim{Given: x.Given, Family: x.Family, Birth: x.Birth, Email: x.Email, Reach: "email"}
}

// finishAll does every step with an authenticator app, without pages, and gives
// what the last one answers.
func (p *portal) finishAll(a access.Applicant, name string) (enroll.Finished, error) {
	p.t.Helper()
	c := p.ready(a, name)
	return p.Finish(ctx, a, c)
}

// ready does every step but the last.
func (p *portal) ready(a access.Applicant, name string) enroll.Consent {
	p.t.Helper()
	if err := p.ChooseUser(ctx, a, name, password, password, lang.En); err != nil {
		p.t.Fatal(err)
	}
	p.afterUser(a)
	return p.consent()
}

func (p *portal) afterUser(a access.Applicant) {
	p.t.Helper()
	if err := p.ChooseSecond(ctx, a, enroll.BySecondApp); err != nil {
		p.t.Fatal(err)
	}
	if err := p.ProveApp(ctx, a, secret.TOTP(p.AppKey(a), p.c.Now())); err != nil {
		p.t.Fatal(err)
	}
	if err := p.SaveRecovery(ctx, a, true); err != nil {
		p.t.Fatal(err)
	}
}

func (p *portal) consent() enroll.Consent {
	p.t.Helper()
	c := enroll.Consent{Terms: true, Privacy: true, Lang: lang.En}
	p.view(func(tx *store.Tx) error {
		docs, err := p.Terms.Current(ctx, tx, lang.En)
		for _, d := range docs {
			c.Documents = append(c.Documents, d.ID)
		}
		return err
	})
	return c
}

// applicant opens a code and gives the proof.
func (p *portal) applicant(code, birth, address string) access.Applicant {
	p.t.Helper()
	o, err := p.OpenCode(ctx, visitor(address), enroll.CodeTry{Code: code, Birth: birth, Lang: lang.En})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.proof(o.Token, address)
}

func (p *portal) proof(token, address string) access.Applicant {
	p.t.Helper()
	a, err := p.Gate.Applicant(ctx, token, visitor(address))
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}
