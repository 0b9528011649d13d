package signon_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/url"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
	"portico/internal/web"
)

// in tells whether a browser's session still opens the desk.
func in(b *testkit.Browser) bool { return b.Get("/staff").Path == "/staff" }

// tell sends a token as the provider does: without a browser.
func (k *clinic) tell(raw string) (status int) {
	k.t.Helper()
	return k.b.Other().Post("/staff/signon/told", url.Values{"logout_token": {raw}}).Status
}

// What ends at the provider ends here on the next request: by the session's name, by
// the person, or both; a session of somebody else, and another of one's own, go on.
func TestASessionThatIsOverThereEndsHere(t *testing.T) {
	without := func(name string) func(*issuer.Token) { return func(t *issuer.Token) { delete(t.Claims, name) } }
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		leo := issuer.Person{Subject: "9-leo", Name: "Leo Clerk", Email: "leo@riverside.example", Groups: ana.Groups, Second: true}
		k.p.With(func(b *issuer.Behavior) { b.Who = leo })
		k.b.Get(k.invite(leo.Email, access.FrontDesk) + "/signon")
		other := k.b
		k.leave()
		k.p.With(func(b *issuer.Behavior) { b.Who = ana })
		k.linked()
		come := func() *testkit.Browser { k.come(); return k.b }
		for name, lie := range map[string]func(*issuer.Token){"both": nil, "the session alone": without("sub"), "the person alone": without("sid")} {
			one, two := come(), come()
			k.p.Parting(ana.Subject, nil) // forgotten there: the third browser has a session of its own
			three := come()
			if s := k.tell(k.p.Parting(ana.Subject, lie)); s != 200 {
				t.Errorf("%s: %d", name, s)
			}
			if in(three) || in(one) != (name != "the person alone") || in(two) != (name != "the person alone") || !in(other) {
				t.Errorf("%s: %v %v %v, somebody else's %v", name, in(one), in(two), in(three), in(other))
			}
			c.Move(time.Minute) // the limit of an address
		}
		if s := k.tell(k.p.Parting("nobody here", nil)); s != 200 {
			t.Errorf("nobody's: %d", s)
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.signed_out' AND actor = 'visitor' AND detail = 'signon'`); n != 4 {
			t.Errorf("%d lines about it", n)
		}
	})
}

// A half-way sign-in ends too.
func TestWhatIsHalfWayEndsToo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.setUp(k.invite(ana.Email, access.FrontDesk))
		k.p.With(func(b *issuer.Behavior) { b.Who.Second = false })
		l, err := k.Relink(ctx, duty, ana.Email)
		k.must(err)
		k.b.Get(l.Path + "/signon")
		if k.b.Get("/staff/signin/step").Path != "/staff/signin/step" {
			t.Fatal("nothing is half-way")
		}
		if s := k.tell(k.p.Parting(ana.Subject, nil)); s != 200 || k.b.Get("/staff/signin/step").Path != "/staff/signin" {
			t.Errorf("%d: it goes on", s)
		}
	})
}

// Whoever sends such a token without being the provider, or an old or another one,
// ends nobody's session.
func TestPartingsThatAreRefused(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const event = "http://schemas.openid.net/event/backchannel-logout"
	claim := func(name string, value any) func(*issuer.Token) {
		return func(t *issuer.Token) {
			if t.Claims[name] = value; value == nil {
				delete(t.Claims, name)
			}
		}
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		k.come()
		at := func(name string, off time.Duration) func(*issuer.Token) { return claim(name, c.Now().Add(off).Unix()) }
		lies := map[string]func(*issuer.Token){
			"another issuer": claim("iss", "https://login.elsewhere.example"), "no issuer": claim("iss", nil), "another audience": claim("aud", "another-client"), "no audience": claim("aud", nil),
			"a nonce": claim("nonce", "n"), "an empty nonce": claim("nonce", ""), "no nonce, in name": func(t *issuer.Token) { t.Claims["nonce"] = nil }, "expired": at("exp", -2*time.Minute), "no end": claim("exp", nil),
			"made long ago": at("iat", -11*time.Minute), "made later": at("iat", 2*time.Minute), "no time": claim("iat", nil), "no identifier": claim("jti", nil), "nobody": func(t *issuer.Token) { delete(t.Claims, "sub"); delete(t.Claims, "sid") },
			"no event": claim("events", nil), "another event": claim("events", map[string]any{"https://other.example": map[string]any{}}), "an event that is none": claim("events", map[string]any{event: nil}), "a word for an event": claim("events", map[string]any{event: "yes"}),
			"a claim twice": claim("SUB", "x"), "no signature": func(t *issuer.Token) { t.Alg = "none" }, "the client's secret": secretly([]byte(issuer.Secret)), "a stranger's key": func(t *issuer.Token) { t.Key = stranger },
		}
		for name, lie := range lies {
			if s := k.tell(k.p.Parting(ana.Subject, lie)); s != 400 || !in(k.b) {
				t.Errorf("%s: %d, still in: %v", name, s, in(k.b))
			}
		}
		if n := k.refused("parting"); n != len(lies) {
			t.Errorf("%d lines about %d refusals", n, len(lies))
		}
		for _, junk := range []string{"", "x", "a.b.c"} {
			if s := k.tell(junk); s != 400 {
				t.Errorf("%q: %d", junk, s)
			}
		}
		once := k.p.Parting(ana.Subject, nil)
		if s := k.tell(once); s != 200 || in(k.b) {
			t.Errorf("the truth: %d", s)
		}
		k.come()
		if s := k.tell(once); s != 400 || !in(k.b) {
			t.Errorf("told again: %d, still in: %v", s, in(k.b))
		}
		evil := k.b.Other()
		evil.SetCookie(web.StaffCookie, k.b.Cookie(web.StaffCookie))
		evil.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := evil.Post("/staff/signon/told", url.Values{"logout_token": {k.p.Parting(ana.Subject, nil)}}); p.Status == 200 || !in(k.b) {
			t.Errorf("by another site in a browser: %d", p.Status)
		}
	})
}
