package signon_test

import (
	"context"
	"encoding/base32"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/signon"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const (
	password = "copper lantern river 7"
	home     = "192.0.2.1"
)

type anyPassword struct{}

func (anyPassword) CheckPassword(string, string, ...string) error { return nil }

// clinic is a clinic with a sign-on, the provider, and a browser.
type clinic struct {
	t    testing.TB
	db   *store.DB
	c    *clock.Fake
	p    *issuer.Provider
	door *signon.Door
	*staff.Staff
	b *testkit.Browser
}

var ana = issuer.Person{Subject: "7d3c-ana", Name: "Ana Clerk", Email: "ana@riverside.example", Groups: []string{"portal-desk", "everybody"}, Second: true}

func open(t testing.TB, db *store.DB, c *clock.Fake, change ...func(*config.SignOn)) *clinic {
	t.Helper()
	keys := testkit.Keys(t)
	k := &clinic{t: t, db: db, c: c}
	set := config.Default().SignOn
	set.ClientID, set.ClientSecret, set.Name = issuer.Client, issuer.Secret, "Riverside sign-on"
	set.Roles = []string{"portal-desk=front_desk", "portal-admins=administrator", "portal-audit=auditor"}
	for _, f := range change {
		f(&set)
	}
	look := &page.Clinic{Name: "Riverside Family Clinic", Zone: time.UTC}
	limits := &limit.Limiter{DB: db, Keys: keys}
	out, err := notify.New(notify.Parts{DB: db, Keys: keys, Limits: limits, Base: &url.URL{Scheme: "https", Host: "portal.example"}, Clinic: look, Mail: &notify.Sink{DB: db}})
	k.must(err)
	out.Work(jobs.NewRunner(db, slog.New(slog.DiscardHandler)))
	gate := &access.Gate{DB: db}
	k.Staff = staff.New(staff.Parts{DB: db, Gate: gate, Keys: keys, Limits: limits, Hasher: secret.NewHasher(keys, 2, 64), Outbox: out, Rules: anyPassword{}, Clinic: look,
		SignOn: staff.Policy{Name: set.Name, Only: set.Only, Newcomers: set.Newcomers}})
	k.b = testkit.Serve(t, func(base *url.URL) http.Handler {
		k.p = issuer.New(t, c.Now, base.JoinPath("/staff/signon/back").String())
		k.p.Who = ana
		set.Issuer = k.p.Address
		k.door = &signon.Door{DB: db, Keys: keys, Staff: k.Staff, Name: set.Name, Log: slog.New(slog.DiscardHandler)}
		k.door.Provider, err = signon.NewProvider(set, base, c.Now)
		k.must(err)
		r := web.New(web.Settings{Base: base, Clinic: look}, db, gate, keys, slog.New(slog.DiscardHandler))
		k.Mount(r)
		k.door.Mount(r)
		r.Staff("GET /staff", access.SeeDesk, func(q *web.Request, d access.Desk) (web.Reply, error) {
			return web.Show(func(s page.Shell) templ.Component {
				return page.ErrorPage(s, page.ErrorSpec{Status: 200, Text: d.Name()})
			}), nil
		})
		return r.Handler()
	})
	k.b.Header.Set("Sec-Fetch-Site", "same-origin")
	return k
}

// invite adds a person and gives their set-up link.
func (k *clinic) invite(email string, roles ...access.Role) string {
	k.t.Helper()
	_, l, err := k.Add(ctx, duty, staff.Newcomer{Name: "Ana Clerk", Email: email, Roles: roles})
	k.must(err)
	return l.Path
}

// linked invites Ana and lets her link her account at the provider.
func (k *clinic) linked() {
	k.t.Helper()
	if p := k.b.Get(k.invite(ana.Email, access.FrontDesk) + "/signon"); p.Path != "/staff" {
		k.t.Fatalf("linking led to %s: %d %s", p.Path, p.Status, p.Text("h1"))
	}
	k.b.Post("/staff/signout", nil)
	k.leave()
}

// leave forgets the browser's session.
func (k *clinic) leave() {
	old := k.b
	k.b = k.b.Other()
	k.b.Header = old.Header
}

// come signs on in a new browser.
func (k *clinic) come() *testkit.Page {
	k.leave()
	return k.b.Get("/staff/signon")
}

// setUp sets a password and an authenticator up behind a link.
func (k *clinic) setUp(link string) (key []byte) {
	k.t.Helper()
	v, token := access.NewVisitor(access.SourceOf(home), "test"), strings.TrimPrefix(link, "/staff/setup/")
	u, err := k.Opened(ctx, v, token)
	k.must(err)
	k.must(k.ChoosePassword(ctx, v, token, password))
	_, typed := k.AppSecret(u, token)
	key, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(typed)
	k.must(err)
	k.must(k.ConfirmApp(ctx, v, token, secret.TOTP(key, k.c.Now()), lang.En))
	k.c.Move(30 * time.Second)
	return key
}

// refused counts the lines of the audit log about a refused sign-on.
func (k *clinic) refused(why string) (n int) {
	k.t.Helper()
	return k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.tried' AND outcome = 'refused' AND detail = $1`, "signon "+why)
}

func (k *clinic) number(sql string, args ...any) (n int) {
	k.t.Helper()
	k.must(k.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], sql, args...)
		return err
	}))
	return n
}

func (k *clinic) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func code(k *clinic, key []byte) string {
	c := secret.TOTP(key, k.c.Now())
	k.c.Move(30 * time.Second)
	return c
}

// enter signs in with password and authenticator.
func (k *clinic) enter(email string, key []byte) (session string, err error) {
	v := access.NewVisitor(access.SourceOf(home), "test")
	half, err := k.Enter(ctx, v, staff.Entry{Email: email, Password: password})
	if err != nil {
		return "", err
	}
	in, err := k.Finish(ctx, v, half, secret.TOTP(key, k.c.Now()))
	k.c.Move(30 * time.Second)
	return in.Session, err
}
