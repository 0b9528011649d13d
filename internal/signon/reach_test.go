package signon

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/config"
	"portico/internal/testkit/issuer"
)

// T52: nothing but the provider's own host is called, whatever its documents say.
func TestOnlyTheProviderIsCalled(t *testing.T) {
	home, err := url.Parse("https://login.riverside.example/realms/clinic")
	if err != nil {
		t.Fatal(err)
	}
	o := newOutside(home, []string{"keys.riverside.example"}, nil)
	for address, want := range map[string]bool{
		"https://login.riverside.example/token":         true,
		"https://keys.riverside.example/keys":           true,
		"http://login.riverside.example/token":          false,
		"https://login.riverside.example:8443/token":    false,
		"https://login.riverside.example.evil.example/": false,
		"https://login.riverside.example@evil.example/": false,
		"https://someone@login.riverside.example/token": false,
		"https://169.254.169.254/latest/meta-data":      false,
		"file:///etc/passwd":                            false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.reach.allowed(u) == nil; got != want {
			t.Errorf("%s may be called: %v", address, got)
		}
	}
	for address, want := range map[string]bool{
		"203.0.113.7:443": true, "10.1.2.3:443": true, "127.0.0.1:443": false, "[::1]:443": false, "169.254.169.254:80": false,
		"[fe80::1]:443": false, "[::ffff:169.254.169.254]:80": false, "[::ffff:127.0.0.1]:443": false, "0.0.0.0:443": false, "224.0.0.1:443": false, "login": false,
	} {
		if got := callable(address, false) == nil; got != want {
			t.Errorf("%s may be dialled: %v", address, got)
		}
	}
}

// A provider that takes its time is like one that is down, and holds nobody longer.
func TestSlowProviders(t *testing.T) {
	p, at := provider(t)
	p.client.Timeout = 100 * time.Millisecond
	at.With(func(b *issuer.Behavior) { b.Slow = time.Minute })
	began := time.Now()
	if _, err := p.leave(context.Background(), flow{Seed: "x"}); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
	for range 20 { // they wait for no slow provider that was asked a moment ago
		if _, err := p.leave(context.Background(), flow{Seed: "x"}); !errors.Is(err, ErrDown) {
			t.Error(err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func provider(t *testing.T) (*Provider, *issuer.Provider) {
	t.Helper()
	base := &url.URL{Scheme: "https", Host: "portal.example"}
	at := issuer.New(t, time.Now, base.JoinPath("/staff/signon/back").String())
	set := config.Default().SignOn
	set.Issuer, set.ClientID, set.ClientSecret, set.Roles = at.Address, issuer.Client, issuer.Secret, []string{"portal-desk=front_desk"}
	p, err := NewProvider(set, base, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p, at
}

// What `portico doctor` says of a provider.
func TestCheckSaysWhatToPutRight(t *testing.T) {
	for want, set := range map[string]func(*issuer.Behavior){
		"":      func(*issuer.Behavior) {},
		"PKCE":  func(b *issuer.Behavior) { b.Word = say("code_challenge_methods_supported", []string{"plain"}) },
		"RS256": func(b *issuer.Behavior) { b.Word = say("id_token_signing_alg_values_supported", []string{"HS256"}) },
		"basic": func(b *issuer.Behavior) {
			b.Word = say("token_endpoint_auth_methods_supported", []string{"private_key_jwt"})
		},
		"its keys": func(b *issuer.Behavior) { b.Before = only("/keys", http.StatusNotFound, "") },
		"no key": func(b *issuer.Behavior) {
			b.Before = only("/keys", http.StatusOK, `{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"XX"}]}`)
		},
		"its clock":   func(b *issuer.Behavior) { b.Before = late },
		"not on a co": func(b *issuer.Behavior) { b.Word = say("jwks_uri", "https://elsewhere.example/keys") },
		"does not an": func(b *issuer.Behavior) { b.Down = true },
	} {
		p, at := provider(t)
		at.With(set)
		err := p.Check(context.Background())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("wanted %q: %v", want, err)
		}
	}
}

func say(name string, value any) func(map[string]any) {
	return func(w map[string]any) { w[name] = value }
}

func only(path string, status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, q *http.Request) bool {
		if q.URL.Path != path {
			return false
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
		return true
	}
}

func late(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Date", time.Now().Add(-5*time.Minute).UTC().Format(http.TimeFormat))
	return false
}

func TestRolesAreNamedRight(t *testing.T) {
	set := config.Default().SignOn
	set.Issuer = "https://login.riverside.example"
	for _, roles := range [][]string{{"portal-desk=boss"}, {"portal-desk="}, {"a=front_desk", "a=auditor"}} {
		set.Roles = roles
		if _, err := NewProvider(set, &url.URL{Scheme: "https", Host: "portal.example"}, time.Now); err == nil {
			t.Errorf("%v is taken", roles)
		}
	}
}
