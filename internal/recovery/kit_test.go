package recovery_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/recovery"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const (
	host    = "portal.example"
	oldWord = "copper lantern river 7"
	newWord = "brass windmill valley 9"
)

// world is the joined portal: getting back in is about how rooms work together.
type world struct {
	*recovery.Recovery
	t    testing.TB
	app  *app.App
	c    *clock.Fake
	h    http.Handler
	hash string
	cfg  config.Config
}

// each runs f on both databases.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, testkit.MigratedSQLite(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.MigratedPostgres(t))) })
}

func open(t testing.TB, address string) *world {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	cfg.TrustedProxies, cfg.Phone.DailyCap = []string{"127.0.0.0/8"}, 100000
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, c: clock.At(testkit.Noon), cfg: cfg}
	w.start()
	t.Cleanup(func() { w.app.Close() })
	var err error
	if w.hash, err = w.app.Hasher.Hash(ctx, oldWord); err != nil {
		t.Fatal(err)
	}
	return w
}

// start opens the portal on the world's database.
func (w *world) start() {
	w.t.Helper()
	var err error
	w.app, err = app.New(ctx, w.cfg, app.Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Clock: w.c, Demo: true, Base: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.h, w.Recovery = w.app.Router.Handler(), w.app.Recovery
}

// restart is the end of the process and another one on the same database: what was
// not committed is gone.
func (w *world) restart() {
	w.t.Helper()
	w.app.Close()
	w.start()
}

var serial atomic.Int64

func next() int { return int(serial.Add(1)) }

// from is a visitor nobody has seen before.
func from() access.Visitor {
	n := next()
	return access.NewVisitor(access.SourceOf(fmt.Sprintf("2%03x:%x:%x::7", n>>16&0xfff, n&0xffff, 1)), "Firefox · Linux")
}

// member is a patient with an account.
type member struct {
	id          ids.Patient
	account     ids.Account
	name        string
	birth       string
	mail, phone string // on file for 90 days
	key         []byte // of the authenticator
	recovery    []string
}

func (w *world) change(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.app.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) patient() member {
	w.t.Helper()
	n := next()
	m := member{birth: "1962-04-09", mail: fmt.Sprintf("ana%d@example.org", n), phone: fmt.Sprintf("+1555186%04d", n%10000)}
	number := fmt.Sprint("MR-", 1000+n)
	since := w.c.Now().Add(-90 * 24 * time.Hour)
	rep, err := w.app.Registry.Import(ctx, duty, []registry.Incoming{{Numbers: []registry.Number{{System: "http://hospital.example", Value: number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: "Ana", Family: "Fuentes"}}, Birth: m.birth, Sex: "female", Active: true,
		Contacts:  []registry.Contact{{Kind: registry.Email, Value: m.mail, Since: since}, {Kind: registry.Mobile, Value: m.phone, Since: since}},
		Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		w.t.Fatalf("import: %v %+v", err, rep)
	}
	if m.id, err = w.app.Registry.Numbered(ctx, duty, number); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// join opens an account, long ago, with an authenticator and further second steps.
func (w *world) join(kinds ...account.Kind) member {
	w.t.Helper()
	m := w.patient()
	m.name, m.key, m.recovery = fmt.Sprint("sunny.harbor.", next()), []byte("12345678901234567890"), account.NewRecoveryCodes()
	n := account.NewAccount{Patient: m.id, UserName: m.name, Hash: w.hash, Recovery: m.recovery, Lang: lang.En, Agent: "Firefox · Linux"}
	for _, k := range kinds {
		f := account.NewFactor{Kind: k, Contact: m.phone}
		switch k {
		case account.Mail:
			f.Contact = m.mail
		case account.TOTP:
			f = account.NewFactor{Kind: k, Secret: m.key}
		}
		n.Factors = append(n.Factors, f)
	}
	w.change(func(tx *store.Tx) (err error) {
		if m.account, err = w.app.Accounts.Open(ctx, tx, n); err != nil {
			return err
		}
		docs, err := w.app.Terms.Current(ctx, tx, lang.En)
		if err != nil {
			return err
		}
		var read []ids.Document
		for _, d := range docs {
			read = append(read, d.ID)
		}
		return w.app.Terms.Accept(ctx, tx, terms.Acceptance{Account: m.account, Agent: "test"}, read)
	})
	w.age(m, 30*24*time.Hour)
	return m
}

// age makes an account and what it has older.
func (w *world) age(m member, d time.Duration) {
	at := store.Time(w.c.Now().Add(-d))
	w.change(func(tx *store.Tx) error {
		for _, q := range []string{`UPDATE account SET created_at = $2 WHERE id = $1`, `UPDATE account_factor SET confirmed_at = $2 WHERE account_id = $1`, `UPDATE recovery_code SET created_at = $2 WHERE account_id = $1`} {
			if _, err := tx.Exec(ctx, q, m.account, at); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) work() {
	w.t.Helper()
	if err := w.app.Jobs.Drain(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// mail lists what went to a contact, newest first.
func (w *world) mail(to string) []notify.Seen {
	w.t.Helper()
	w.work()
	all, err := w.app.Sink.List(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(m notify.Seen) bool { return m.To != to })
}

var (
	sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)
	fifteen   = regexp.MustCompile(`\b[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}\b`)
)

// digits gives the newest code that went to a contact.
func (w *world) digits(to string) string {
	w.t.Helper()
	for _, m := range w.mail(to) {
		if d := sixDigits.FindString(m.Text); d != "" {
			return d
		}
	}
	w.t.Fatalf("no code went to %s", to)
	return ""
}

// link gives the newest link that went to a contact and leads to a place.
func (w *world) link(to, place string) string {
	w.t.Helper()
	for _, m := range w.mail(to) {
		for _, l := range m.Links {
			if _, token, ok := strings.Cut(l, place); ok {
				return token
			}
		}
	}
	return ""
}

func (w *world) mustLink(to, place string) string {
	w.t.Helper()
	token := w.link(to, place)
	if token == "" {
		w.t.Fatalf("no link to %s went to %s", place, to)
	}
	return token
}

// told counts the messages to a contact with a subject or words in them.
func (w *world) told(to, words string) (n int) {
	for _, m := range w.mail(to) {
		if strings.Contains(m.Subject+m.Text, words) {
			n++
		}
	}
	return n
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) one(query string, args ...any) (s string) {
	w.t.Helper()
	if err := w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) audited(a audit.Action, p ids.Patient) int {
	return w.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND patient_id = $2 AND outcome = 'done'`, string(a), p)
}

func (w *world) factor(m member, k account.Kind) ids.Factor {
	w.t.Helper()
	return ids.Factor(w.one(`SELECT id FROM account_factor WHERE account_id = $1 AND kind = $2 AND ended_at IS NULL`, m.account, string(k)))
}

// forgot asks for a link to a new password.
func (w *world) forgot(m member) {
	w.t.Helper()
	if err := w.Ask(ctx, from(), recovery.Ask{Name: m.name, Lang: lang.En}); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

// opens uses the link that went to a contact and gives the browser's token.
func (w *world) opens(to string) string {
	w.t.Helper()
	browser, err := w.OpenLink(ctx, from(), w.mustLink(to, "/recover/link/"))
	if err != nil {
		w.t.Fatalf("the link: %v", err)
	}
	return browser
}

func (w *world) totp(m member) string { return secret.TOTP(m.key, w.c.Now()) }

// half gives the token of a half-way sign-in.
func (w *world) half(m member, password string) string {
	w.t.Helper()
	token, err := w.app.Accounts.Enter(ctx, from(), account.Entry{UserName: m.name, Password: password})
	if err != nil {
		w.t.Fatalf("the password: %v", err)
	}
	return token
}

// signsIn tells whether user name, password and authenticator let somebody in.
func (w *world) signsIn(m member, password string) bool {
	w.t.Helper()
	_, err := w.session(m, password)
	return err == nil
}

// session signs in with the authenticator.
func (w *world) session(m member, password string) (account.SignedIn, error) {
	w.c.Move(30 * time.Second) // an authenticator's code works once
	token, err := w.app.Accounts.Enter(ctx, from(), account.Entry{UserName: m.name, Password: password})
	if err != nil {
		return account.SignedIn{}, err
	}
	return w.app.Accounts.Finish(ctx, from(), account.Step{Token: token, Method: string(w.factor(m, account.TOTP)), Code: w.totp(m)})
}

// alive tells whether a session opens anything.
func (w *world) alive(token string) bool {
	_, _, err := w.app.Gate.Chart(ctx, token, access.SeeHome, "GET /home", from())
	return err == nil
}

// clerk is a staff user's proof for a task.
func (w *world) clerk(roles string, task access.Task) access.Desk {
	w.t.Helper()
	id := ids.NewStaff()
	var token string
	w.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, $3, 'active', $4)`,
			id, string(id)+"@clinic.example", roles, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = w.app.Gate.StartStaffSession(ctx, tx, id, from())
		return err
	})
	d, _, err := w.app.Gate.Desk(ctx, token, task, "test", from())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// calls logs a call that reached the patient.
func (w *world) calls(d access.Desk, m member) {
	w.t.Helper()
	h, err := w.Help(ctx, d, m.id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range h.Person.OnFile {
		if c.Kind != "email" {
			if err := w.LogCall(ctx, d, m.id, recovery.Call{Contact: c.ID, Outcome: "reached", Evidence: "visit"}); err != nil {
				w.t.Fatal(err)
			}
			return
		}
	}
	w.t.Fatal("no phone on file")
}

// code issues an activation code and gives it in clear.
func (w *world) code(m member) (string, error) {
	r, err := w.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: m.id, By: enroll.ByHand})
	return r.Text, err
}

// redeems types an activation code and gives the applicant.
func (w *world) redeems(m member, code string) access.Applicant {
	w.t.Helper()
	o, err := w.app.Enroll.OpenCode(ctx, from(), enroll.CodeTry{Code: code, Birth: m.birth, Lang: lang.En})
	if err != nil {
		w.t.Fatalf("the activation code: %v", err)
	}
	a, err := w.app.Gate.Applicant(ctx, o.Token, from())
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// do sends one request to the pages and follows nothing.
func (w *world) do(method, path string, fields url.Values, cookies map[string]string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "https://"+host+path, strings.NewReader(fields.Encode()))
	req.RemoteAddr = "127.0.0.1:1"
	n := next()
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("2%03x:%x:2::7", n>>16&0xfff, n&0xffff))
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range cookies {
		req.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, req)
	return rec
}

// kind sums an error up in the key of its sentence.
func kind(err error) string {
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return "ok"
	case !ok:
		return err.Error()
	case len(f.Problems) > 0:
		return f.Problems[0].Text
	}
	return f.Text
}

const gone = "no such way back in"
