// Package attack holds the attacks that must fail whatever room a page is in:
// they are made from the router's own list of routes, so that a new route is
// attacked from the day it is registered.
//
// Whoever adds a route adds one line to a table in tables_test.go: how to make
// the thing its address names, what a person sends with its form. A test that
// misses a line says which.
package attack

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const (
	host     = "portal.example"
	password = "copper lantern river 7"
)

// long tells whether the attacks run at full size.
var long = os.Getenv("PORTICO_ATTACK") == "long"

// size is n in a long run and few otherwise.
func size(few, n int) int {
	if long {
		return n
	}
	return few
}

// world is the joined portal with two patients who have accounts.
type world struct {
	t          testing.TB
	app        *app.App
	c          *clock.Fake
	picksFrom  time.Time // when the visits of these tests begin
	h          http.Handler
	log        *journal
	own, other person
	hash       string // of password: hashing it for each account would take the longest
	desks      map[string]desk
	held       map[string]cookies // by role, see sending
	made       map[string]string  // by path, see sample
	spent      []string           // dump after the newest attack, see effects
}

// person is somebody of the clinic; account is "" for those without.
type person struct {
	id            ids.Patient
	account       ids.Account
	number, birth string
	userName      string
	mail          string // on file
	key           []byte // of the authenticator app
}

// desk is a staff user with an open session.
type desk struct {
	id    ids.Staff
	token string
}

// journal keeps what is logged.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// each runs f on the joined portal on both databases.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, lite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.MigratedPostgres(t))) })
}

// lite is a world on SQLite, where the engine does not matter.
func lite(t testing.TB) *world {
	return open(t, testkit.MigratedSQLite(t))
}

func settings(t testing.TB, address string) config.Config {
	cfg := config.Default()
	signOn := issuer.New(t, func() time.Time { return testkit.Noon }, "https://"+host+"/staff/signon/back")
	cfg.SignOn.Issuer, cfg.SignOn.ClientID, cfg.SignOn.ClientSecret, cfg.SignOn.Roles = signOn.Address, issuer.Client, issuer.Secret, []string{"portal-desk=front_desk"}
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	cfg.Mail.From, cfg.Mail.Bounces = "portal@riverside.example", "bounces@riverside.example"
	cfg.TrustedProxies = []string{"127.0.0.0/8"}
	return cfg
}

func open(t testing.TB, address string) *world { return openAs(t, settings(t, address), true) }

// openAs opens the demo's portal, or a clinic's own.
func openAs(t testing.TB, cfg config.Config, demo bool) *world {
	t.Helper()
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, c: clock.At(testkit.Noon), log: &journal{}, desks: map[string]desk{}, held: map[string]cookies{}, made: map[string]string{}}
	var err error
	w.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil)), Clock: w.c, Demo: demo, Base: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.app.Close() })
	w.h = w.app.Router.Handler()
	if w.hash, err = w.app.Hasher.Hash(ctx, password); err != nil {
		t.Fatal(err)
	}
	w.own, w.other = w.member(), w.member()
	return w
}

// clear forgets what was logged until now.
func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.b.Reset()
}

// serial numbers what tests make up, so that nothing is made twice.
var serial atomic.Int64

func next() int { return int(serial.Add(1)) }

// address is a client address in a neighbourhood nobody has used before.
func address() string {
	n := next()
	return fmt.Sprintf("2%03x:%x:%x::7", n>>32&0xfff, n>>16&0xffff, n&0xffff)
}

func visitor() access.Visitor { return access.NewVisitor(access.SourceOf(address()), "test") }

// change writes as the test itself.
func (w *world) change(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.app.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		w.t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// member is somebody with an account.
func (w *world) member() person {
	w.t.Helper()
	p := w.stranger()
	var read []ids.Document
	for _, d := range w.inForce() {
		read = append(read, d.ID)
	}
	w.change(func(tx *store.Tx) error {
		return w.app.Terms.Accept(ctx, tx, terms.Acceptance{Account: p.account, Agent: "test"}, read)
	})
	return p
}

// inForce are the terms in force.
func (w *world) inForce() (docs []terms.Document) {
	w.t.Helper()
	if err := w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		docs, err = w.app.Terms.Current(ctx, tx, lang.En)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return docs
}

// stranger opens an account for somebody new who has accepted nothing.
func (w *world) stranger() person {
	w.t.Helper()
	p := w.newcomer()
	p.userName, p.key = fmt.Sprint("wanda.walks.", next()), []byte("12345678901234567890")
	w.change(func(tx *store.Tx) (err error) {
		p.account, err = w.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: p.id, UserName: p.userName, Hash: w.hash, Recovery: account.NewRecoveryCodes(), Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: p.key}, {Kind: account.Mail, Contact: p.userName + "@example.org"}}})
		return err
	})
	return p
}

// signedIn gives the token of a new session of a person.
func (w *world) signedIn(p person) (token string) {
	w.change(func(tx *store.Tx) (err error) {
		token, _, err = w.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: p.account, Patient: p.id, Source: "192.0.2.7"})
		return err
	})
	return token
}

// hire adds a staff user with roles and opens a session.
func (w *world) hire(roles string) (d desk) {
	d.id = ids.NewStaff()
	w.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, $3, 'active', $4)`,
			d.id, string(d.id)+"@clinic.example", roles, store.Time(tx.Now)); err != nil {
			return err
		}
		d.token, err = w.app.Gate.StartStaffSession(ctx, tx, d.id, visitor().Reading(lang.En))
		return err
	})
	return d
}

// at gives the one staff user of a role, made when first asked for.
func (w *world) at(role string) desk {
	if _, ok := w.desks[role]; !ok {
		w.desks[role] = w.hire(role)
	}
	return w.desks[role]
}

// proof is a staff user's proof for a task.
func (w *world) proof(role string, task access.Task) access.Desk {
	w.t.Helper()
	d, _, err := w.app.Gate.Desk(ctx, w.at(role).token, task, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// one reads a single value.
func (w *world) one(query string, args ...any) (s string) {
	w.t.Helper()
	if err := w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	}); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return s
}

// cookies are what a browser holds.
type cookies map[string]string

// ask is one request as a browser sends it, or does not.
type ask struct {
	method, path string
	cookies      cookies
	form         url.Values
	header       map[string]string
}

// uploaded is the field of a form's file.
const uploaded = "file"

// body is the form as a browser sends it: in parts if it has a file.
func (a ask) body() (body io.Reader, kind string) {
	if !a.form.Has(uploaded) {
		return strings.NewReader(a.form.Encode()), "application/x-www-form-urlencoded"
	}
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for name, values := range a.form {
		for _, v := range values {
			part := must(parts.CreatePart(partOf(name)))
			must(io.WriteString(part, v))
		}
	}
	parts.Close()
	return &b, parts.FormDataContentType()
}

func partOf(name string) textproto.MIMEHeader {
	said := map[string]string{"name": name}
	if name == uploaded {
		said["filename"] = "record.json"
	}
	return textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", said)}}
}

// do sends it and does not follow redirects.
func (w *world) do(a ask) *httptest.ResponseRecorder {
	body, kind := a.body()
	req := httptest.NewRequest(a.method, "https://"+host+a.path, body)
	req.RemoteAddr = "127.0.0.1:1"
	req.Header.Set("X-Forwarded-For", address())
	if a.method == "POST" {
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range a.cookies {
		req.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	for k, v := range a.header {
		if k == "Host" {
			req.Host = v
			continue
		}
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, req)
	return rec
}

// key makes a form key the way package web does. Were it made otherwise, the
// genuine requests of these tests would fail.
func (w *world) key(cookie, token string) string {
	n := next()
	body := make([]byte, 24)
	binary.BigEndian.PutUint64(body, uint64(n))
	binary.BigEndian.PutUint64(body[16:], uint64(w.app.DB.Now().Unix()))
	mac := w.app.Keys.MAC("web.form", cookie+"="+secret.TokenHash(token), string(body))
	return base64.RawURLEncoding.EncodeToString(append(body, mac[:16]...))
}

// keyFor makes the key of a form for those who hold these cookies.
func (w *world) keyFor(t web.Route, c cookies) string {
	name := map[string]string{"visitor": web.VisitorCookie, "enrolling": web.EnrolCookie, "patient": web.SessionCookie, "staff": web.StaffCookie}[t.Audience]
	token := c[name]
	if table := map[string]string{web.SessionCookie: "session", web.StaffCookie: "staff_session"}[name]; table != "" && token != "" { // bound to the session: raising it changes the token
		token = w.sessionOf(table, token)
	}
	return w.key(name, token)
}

// sessionOf finds the session of a token; something else if it is none.
func (w *world) sessionOf(table, token string) string {
	found := w.list(`SELECT id FROM ` + table + ` WHERE token_hash = '` + secret.TokenHash(token) + `'`)
	if len(found) == 0 {
		return token
	}
	return found[0]
}

// with adds the form key to fields.
func with(fields url.Values, key string) url.Values {
	out := url.Values{"_form": {key}}
	for k, v := range fields {
		out[k] = v
	}
	return out
}
