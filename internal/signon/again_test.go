package signon_test

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
	"portico/internal/web"
)

// raised tells whether the browser's session counts as proven anew.
func (k *clinic) raised() bool {
	k.t.Helper()
	d, _, err := k.Gate.Desk(ctx, k.b.Cookie(web.StaffCookie), access.SeeDesk, "GET /x", access.NewVisitor(access.SourceOf(home), "test"))
	k.must(err)
	return d.Raised()
}

// Whoever has no authenticator here proves anew at the provider who they are, for
// ten minutes, and their session gets a new token.
func TestProvingAnew(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		k.b.Get("/staff/signon")
		before := k.b.Cookie(web.StaffCookie)
		if before == "" || k.raised() {
			t.Fatal("signing on counts as proving anew")
		}
		c.Move(5 * time.Minute)
		if p := k.b.Get("/staff/signon/again?next=/staff"); p.Path != "/staff" || p.Status != 200 {
			t.Fatalf("%s, %d %q", p.Path, p.Status, p.Text("h1"))
		}
		if !k.raised() || k.b.Cookie(web.StaffCookie) == before {
			t.Error("the session is not raised, or keeps its token")
		}
		if _, err := k.Gate.PeekStaff(ctx, before); err == nil {
			t.Error("the old token still opens something")
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.tried' AND outcome = 'done' AND actor = 'staff' AND detail = 'confirm signon'`); n != 1 {
			t.Errorf("%d lines about it", n)
		}
		c.Move(access.RaisedFor - time.Second)
		if !k.raised() {
			t.Error("it ended before ten minutes")
		}
		if c.Move(time.Second); k.raised() {
			t.Error("it lasts longer than ten minutes")
		}
		if p := k.b.Other().Get("/staff/signon/again"); p.Path != "/staff/signin" {
			t.Errorf("without a session it leads to %s", p.Path)
		}
	})
}

// T26 for staff, and what must not count: a provider that lets its own session
// through, one that does not say when it asked, somebody else, a password alone.
func TestWhatDoesNotProveAnew(t *testing.T) {
	leo := issuer.Person{Subject: "9-leo", Name: "Leo Clerk", Email: "leo@riverside.example", Groups: ana.Groups, Second: true}
	said := func(value any) func(*clinic) {
		return func(k *clinic) {
			k.p.With(func(b *issuer.Behavior) {
				b.Lie = func(t *issuer.Token) {
					if t.Claims["auth_time"] = value; value == nil {
						delete(t.Claims, "auth_time")
					}
				}
			})
		}
	}
	then := func(off time.Duration) func(*clinic) {
		return func(k *clinic) { said(k.c.Now().Add(off).Unix())(k) }
	}
	who := func(o issuer.Person) func(*clinic) {
		return func(k *clinic) { k.p.With(func(b *issuer.Behavior) { b.Who = o }) }
	}
	weak, gone := ana, ana
	weak.Second, gone.Groups = false, nil
	cases := []struct {
		name, why string
		lie       func(*clinic)
		status    int
	}{
		{"does not say when", "not anew", said(nil), 403}, {"says never", "not anew", said(0), 403}, {"says before", "not anew", said(-5), 403},
		{"no time of this age", "not anew", said(1e300), 403}, {"two minutes ago", "not anew", then(-2 * time.Minute), 403}, {"in two minutes", "not anew", then(2 * time.Minute), 403},
		{"another kind", "token", said("now"), 400}, {"somebody unknown", "other", who(issuer.Person{Subject: "?", Second: true}), 403}, {"a colleague", "other", who(leo), 403},
		{"a password alone", "weak", who(weak), 403}, {"no role any more", "no role", who(gone), 403},
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.p.With(func(b *issuer.Behavior) { b.Who = leo })
		k.b.Get(k.invite(leo.Email, access.FrontDesk) + "/signon")
		k.leave()
		k.p.With(func(b *issuer.Behavior) { b.Who = ana })
		k.linked()
		for _, x := range cases {
			k.p.Good()
			k.p.With(func(b *issuer.Behavior) { b.Who = ana })
			if p := k.come(); p.Path != "/staff" {
				t.Fatalf("%s: signing on led to %s", x.name, p.Path)
			}
			session := k.b.Cookie(web.StaffCookie)
			n := k.refused(x.why)
			x.lie(k)
			p := k.b.Get("/staff/signon/again?next=/staff")
			if p.Status != x.status || k.b.Cookie(web.StaffCookie) != session || k.refused(x.why) != n+1 {
				t.Errorf("%s: %d %q, %d lines", x.name, p.Status, p.Text("h1"), k.refused(x.why)-n)
			}
			if x.why != "no role" && k.raised() {
				t.Errorf("%s: the session is raised", x.name)
			}
			c.Move(time.Minute) // the limit of an address
		}
		if n := k.number(`SELECT COUNT(*) FROM staff_session WHERE raised_at IS NOT NULL`); n != 0 {
			t.Errorf("%d sessions are raised", n)
		}
	})
}
