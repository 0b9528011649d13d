package signon_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/lang"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
)

func TestSigningOn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		link := k.invite(ana.Email, access.FrontDesk, access.Auditor)
		if p := k.come(); p.Status != 403 || p.Text("h1") != "You have no access here" {
			t.Errorf("before she was linked: %d %q", p.Status, p.Text("h1"))
		}
		if n := k.refused("stranger"); n != 1 {
			t.Errorf("%d lines about it", n)
		}
		if p := k.b.Get(link + "/signon"); p.Path != "/staff" || p.Status != 200 {
			t.Fatalf("the link led to %s, %d %q", p.Path, p.Status, p.Text("h1"))
		}
		if p := k.b.Other().Get(link); p.Status != 404 {
			t.Errorf("the link works again: %d", p.Status)
		}
		if n := k.number(`SELECT COUNT(*) FROM staff WHERE roles = 'front_desk' AND state = 'active'`); n != 1 {
			t.Error("her roles are not the provider's")
		}
		if p := k.come(); p.Path != "/staff" {
			t.Errorf("signing on led to %s, %d", p.Path, p.Status)
		}
		k.leave()
		if p := k.b.Get("/staff/signon?next=/staff%3Fa=1"); p.Path != "/staff" || p.Status != 200 {
			t.Errorf("signing on with a way to go led to %s, %d", p.Path, p.Status)
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.signed_in' AND actor = 'staff' AND detail = 'signon'`); n != 3 {
			t.Errorf("%d sign-ins on record", n)
		}
	})
}

// A provider that lies, or somebody between us and it.
func TestTokensThatAreRefused(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*clinic) func(*issuer.Token) {
		return func(*clinic) func(*issuer.Token) {
			return func(t *issuer.Token) {
				if t.Claims[name] = value; value == nil {
					delete(t.Claims, name)
				}
			}
		}
	}
	at := func(name string, off time.Duration) func(*clinic) func(*issuer.Token) {
		return func(k *clinic) func(*issuer.Token) { return claim(name, k.c.Now().Add(off).Unix())(k) }
	}
	lies := map[string]func(*clinic) func(*issuer.Token){
		"another issuer":        claim("iss", "https://login.elsewhere.example"),
		"no issuer":             claim("iss", nil),
		"another audience":      claim("aud", "another-client"),
		"several, not given us": claim("aud", []string{issuer.Client, "another-client"}),
		"given to another":      claim("azp", "another-client"),
		"another nonce":         claim("nonce", "of-another-browser"),
		"no nonce":              claim("nonce", nil),
		"expired":               at("exp", -2*time.Minute),
		"made long ago":         at("iat", -11*time.Minute),
		"made later":            at("iat", 2*time.Minute),
		"no time":               claim("iat", nil),
		"nobody":                claim("sub", ""),
		"a long name":           claim("sub", strings.Repeat("x", 256)),
		"a claim twice":         claim("SUB", "7d3c-ana"),
		"another access token":  claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"groups of a kind":      claim("groups", map[string]bool{"portal-desk": true}),
		"no signature":          func(*clinic) func(*issuer.Token) { return func(t *issuer.Token) { t.Alg = "none" } },
		"the public key as a secret": func(k *clinic) func(*issuer.Token) {
			return secretly(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix(k)}))
		},
		"the client's secret": func(*clinic) func(*issuer.Token) { return secretly([]byte(issuer.Secret)) },
		"a stranger's key":    func(*clinic) func(*issuer.Token) { return func(t *issuer.Token) { t.Key = stranger } },
		"an unknown key": func(*clinic) func(*issuer.Token) {
			return func(t *issuer.Token) { t.Key, t.KeyID = stranger, "key-99" }
		},
		"a stranger's, unnamed": func(*clinic) func(*issuer.Token) { return func(t *issuer.Token) { t.Key, t.KeyID = stranger, "" } },
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		n := k.number(`SELECT COUNT(*) FROM staff_session`)
		for name, lie := range lies {
			told := lie(k)
			k.p.With(func(b *issuer.Behavior) { b.Lie = told })
			if p := k.come(); p.Status != 400 || p.Text("h1") != "That did not work" || k.b.Cookie("__Host-staff") != "" {
				t.Errorf("%s: %d %q", name, p.Status, p.Text("h1"))
			}
			c.Move(time.Minute) // the limit of an address
		}
		if got := k.refused("token"); got != len(lies) {
			t.Errorf("%d lines about %d refusals", got, len(lies))
		}
		if now := k.number(`SELECT COUNT(*) FROM staff_session`); now != n {
			t.Errorf("%d sessions came of it", now-n)
		}
		k.p.Good()
		if p := k.come(); p.Path != "/staff" {
			t.Errorf("the truth led to %s, %d", p.Path, p.Status)
		}
	})
}

// secretly signs with a key that both sides know, and gives no other check a chance.
func secretly(key []byte) func(*issuer.Token) {
	return func(t *issuer.Token) {
		t.Alg, t.Key = jose.HS256, key
		delete(t.Claims, "at_hash")
	}
}

func pkix(k *clinic) []byte {
	b, err := x509.MarshalPKIXPublicKey(k.p.Public())
	k.must(err)
	return b
}

// A new key is asked for at once, but an unknown one does not make us ask for ever.
func TestKeysChange(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	k.linked()
	for range 3 {
		k.p.Rotate()
		c.Move(time.Minute)
		if p := k.come(); p.Path != "/staff" {
			t.Fatalf("after a change of key: %s, %d", p.Path, p.Status)
		}
	}
	asked := k.p.KeysAsked()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	k.must(err)
	k.p.With(func(b *issuer.Behavior) { b.Lie = func(t *issuer.Token) { t.Key, t.KeyID = other, "key-99" } })
	c.Move(time.Minute)
	for range 10 {
		k.come()
	}
	if n := k.p.KeysAsked() - asked; n != 1 {
		t.Errorf("ten unknown keys made us ask %d times", n)
	}
}

// T32 for staff: what comes back belongs to the browser that left, and comes once.
func TestWhatComesBackIsItsBrowsersOwn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		k.p.With(func(b *issuer.Behavior) { b.Careless = true }) // all rests on us
		stop := func(b *testkit.Browser) (back string) {
			b.Client.CheckRedirect = func(q *http.Request, _ []*http.Request) error {
				if q.URL.Path == "/staff/signon/back" {
					back = q.URL.RequestURI()
					return http.ErrUseLastResponse
				}
				return nil
			}
			b.Get("/staff/signon")
			b.Client.CheckRedirect = nil
			return back
		}
		theirs := stop(k.b.Other()) // the attacker's own sign-on, stopped before it ends
		mine := stop(k.b)
		code := func(of string) string { u, _ := url.Parse(of); return u.Query().Get("code") }
		stale := func(what string, p *testkit.Page) {
			t.Helper()
			if p.Status != 400 || k.b.Cookie("__Host-staff") != "" {
				t.Errorf("%s: %d %q", what, p.Status, p.Text("h1"))
			}
		}
		sent := k.p.Tokens()
		stale("the attacker's answer", k.b.Get(theirs))
		if k.p.Tokens() != sent || k.refused("state") != 1 {
			t.Error("the attacker's answer went as far as the provider")
		}
		mine = stop(k.b)
		stale("the attacker's code in mine", k.b.Get(strings.Replace(mine, code(mine), code(theirs), 1)))
		stale("after that, mine", k.b.Get(mine))
		mine = stop(k.b)
		other := k.b.Other()
		if p := other.Get(mine); p.Status != 400 {
			t.Errorf("in another browser: %d", p.Status)
		}
		held := k.b.Cookie("__Host-staff-signon")
		if p := k.b.Get(mine); p.Path != "/staff" {
			t.Fatalf("mine: %s, %d", p.Path, p.Status)
		}
		k.leave()
		k.b.SetCookie("__Host-staff-signon", held)
		stale("mine again, with its cookie", k.b.Get(mine))
		mine = stop(k.b)
		c.Move(11 * time.Minute)
		stale("after ten minutes", k.b.Get(mine))
		stale("without anything", k.b.Get("/staff/signon/back"))
		mine = stop(k.b)
		stale("of another provider", k.b.Get(mine+"&iss=https%3A%2F%2Flogin.elsewhere.example"))
		mine = stop(k.b)
		stale("an error", k.b.Get(strings.Replace(mine, "code=", "error=access_denied&x=", 1)))
		if n := k.refused("declined"); n != 1 {
			t.Errorf("%d lines about turning back", n)
		}
		if k.refused("state") < 5 {
			t.Errorf("%d lines about states", k.refused("state"))
		}
	})
}

// A strict provider refuses a code of another client, verifier or moment; we say so.
func TestCodesThatTheProviderRefuses(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	k.linked()
	k.p.With(func(b *issuer.Behavior) {
		b.Before = func(w http.ResponseWriter, q *http.Request) bool {
			if q.URL.Path == "/token" {
				q.ParseForm()
				q.PostForm.Set("code_verifier", strings.Repeat("a", 43))
			}
			return false
		}
	})
	if p := k.come(); p.Status != 400 {
		t.Errorf("another verifier: %d", p.Status)
	}
	k.p.Good()
	if n := k.p.Tokens(); k.come().Path != "/staff" || k.p.Tokens() != n+1 {
		t.Errorf("a code was sent %d times", k.p.Tokens()-n)
	}
}

func TestProvidersThatDoNotAnswer(t *testing.T) {
	var trapped atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { trapped.Add(1) }))
	defer trap.Close()
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	k.linked()
	down := func(what string, set func(*issuer.Behavior)) {
		t.Helper()
		k.p.Good()
		k.p.With(set)
		c.Move(25 * time.Hour) // nothing said before counts any more
		began := time.Now()
		if p := k.come(); p.Status != 503 || !strings.Contains(p.Body, `href="/staff/signin"`) {
			t.Errorf("%s: %d %q", what, p.Status, p.Text("h1"))
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("%s took %s", what, took)
		}
	}
	down("down", func(b *issuer.Behavior) { b.Down = true })
	down("without end", func(b *issuer.Behavior) { b.Huge = true })
	down("elsewhere", func(b *issuer.Behavior) {
		b.Word = func(w map[string]any) { w["token_endpoint"] = "http://169.254.169.254/token" }
	})
	down("another's name", func(b *issuer.Behavior) {
		b.Word = func(w map[string]any) { w["issuer"] = "https://login.elsewhere.example" }
	})
	down("a redirect", func(b *issuer.Behavior) {
		b.Before = func(w http.ResponseWriter, q *http.Request) bool {
			if q.URL.Path != "/keys" {
				return false
			}
			http.Redirect(w, q, trap.URL, http.StatusFound)
			return true
		}
	})
	if n := trapped.Load(); n != 0 {
		t.Errorf("a redirect led %d times to another machine", n)
	}
	if n := k.refused("down"); n != 5 {
		t.Errorf("%d lines about 5 failures", n)
	}
	k.p.Good()
	if k.come().Status != 503 {
		t.Error("asked again at once")
	}
	c.Move(time.Minute)
	if p := k.come(); p.Path != "/staff" {
		t.Errorf("up again: %s, %d", p.Path, p.Status)
	}
}

// What the provider said lasts a day while it is down; who signs on then must wait.
func TestTheProvidersWordOutlastsIt(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	k.linked()
	c.Move(2 * time.Hour)
	k.p.With(func(b *issuer.Behavior) {
		b.Before = func(w http.ResponseWriter, q *http.Request) bool {
			if q.URL.Path == "/authorize" || q.URL.Path == "/token" {
				return false
			}
			http.Error(w, "down", http.StatusServiceUnavailable)
			return true
		}
	})
	if p := k.come(); p.Path != "/staff" {
		t.Errorf("%s, %d", p.Path, p.Status)
	}
}

func TestSigningOutThereToo(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	if p := k.b.Get("/staff/signin?out=1"); !p.Has(`a[href="/staff/signon/out"]`) {
		t.Error("signed out, and not told of the provider")
	}
	if p := k.b.Get("/staff/signon/out"); p.Path != "/staff/signin" {
		t.Errorf("led to %s", p.Path)
	}
	k.p.With(func(b *issuer.Behavior) { b.Word = func(w map[string]any) { delete(w, "end_session_endpoint") } })
	c.Move(2 * time.Hour)
	k.b.Get("/staff/signon/out").Want(200, "Sign out of Riverside sign-on yourself")
}

// A clinic without a sign-on has no such pages.
func TestWithoutASignOn(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	link := k.invite(ana.Email, access.FrontDesk)
	k.door.Provider = nil
	for _, path := range []string{"/staff/signon", "/staff/signon/back", "/staff/signon/out", link + "/signon"} {
		if p := k.b.Get(path); p.Status != 404 {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
}

// Strangers cannot make us ask the provider without end.
func TestAnAddressComesBackTwentyTimesAMinute(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	k.linked()
	c.Move(2 * time.Minute)
	n := k.p.Tokens()
	for range 30 {
		k.come()
	}
	if got := k.p.Tokens() - n; got > 20 {
		t.Errorf("%d codes in a minute", got)
	}
}

// A newcomer in several tabs at once is one person, and one invitation links one.
func TestManyAtOnceAreOne(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c, func(s *config.SignOn) { s.Newcomers = true })
		v := access.NewVisitor(access.SourceOf(home), "test")
		who := staff.Arrival{Issuer: k.p.Address, Subject: "new", Name: "New Person", Email: "new@riverside.example", Roles: []access.Role{access.FrontDesk}, Strong: true}
		link := strings.TrimPrefix(k.invite(ana.Email, access.FrontDesk), "/staff/setup/")
		var linked atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if in, _, err := k.EnterSignedOn(ctx, v, who); err != nil || in.Session == "" {
					t.Errorf("a newcomer in another tab: %v", err)
				}
				other := who
				other.Subject = fmt.Sprint("ana-", i)
				if k.LinkSignOn(ctx, v, link, other, lang.En) == nil {
					linked.Add(1)
				}
			})
		}
		wg.Wait()
		if n := k.number(`SELECT COUNT(*) FROM staff_signon`); n != 2 || linked.Load() != 1 {
			t.Errorf("%d links, %d by the invitation", n, linked.Load())
		}
	})
}
