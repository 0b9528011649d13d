// Package issuer is a small OpenID Connect provider of our own, for tests: as strict
// as a good one, and able to misbehave in every way that the portal must survive.
package issuer

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The portal at the provider.
const (
	Client = "portico"
	Secret = "the provider's secret of the portal"
)

// Person is somebody who can sign in at the provider.
type Person struct {
	Subject string
	Name    string
	Email   string
	Groups  []string
	Second  bool // a second step is asked for
}

// Token is an identity token before it is signed. A test may change all of it.
type Token struct {
	Claims map[string]any
	Alg    jose.SignatureAlgorithm // "" for RS256; "none" for no signature
	Key    any                     // nil for the provider's own
	KeyID  string
}

type grant struct {
	client, redirect, challenge, nonce string
	who                                Person
	proved                             time.Time
	session                            string
}

type key struct {
	id      string
	private func() *rsa.PrivateKey
}

// Provider is one provider. Set its fields before the portal calls it, or with With.
type Provider struct {
	Address string
	Now     func() time.Time

	mu       sync.Mutex
	t        testing.TB
	redirect string
	current  key
	codes    map[string]grant
	proved   map[string]time.Time // when each person last proved who they are
	sessions map[string]string    // what each person's session here is called
	keys     int                  // how often the keys were asked for
	tokens   int                  // how often a code came
	Behavior
}

// Behavior is how the provider answers. The zero one is good.
type Behavior struct {
	Who      Person                                            // who sits at the browser
	Page     bool                                              // ask on a page who it is, instead of taking Who
	People   []Person                                          // those who are asked for
	Lie      func(*Token)                                      // changes each identity token
	Word     func(map[string]any)                              // changes what the provider says of itself
	Careless bool                                              // takes any code for any client and verifier, any number of times
	Down     bool                                              // answers 503
	Slow     time.Duration                                     // waits before each answer to the portal
	Huge     bool                                              // answers without end
	Before   func(w http.ResponseWriter, q *http.Request) bool // answers instead, if it says so
}

// New starts a provider for a portal that people come back to at redirect.
func New(t testing.TB, now func() time.Time, redirect string) *Provider {
	t.Helper()
	p := &Provider{Now: now, t: t, redirect: redirect, codes: map[string]grant{}, proved: map[string]time.Time{}, sessions: map[string]string{}}
	p.Rotate()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.word)
	mux.HandleFunc("GET /keys", p.publish)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /out", p.out)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	srv := httptest.NewServer(p.behave(mux))
	t.Cleanup(srv.Close)
	p.Address = srv.URL
	return p
}

// With changes how the provider behaves.
func (p *Provider) With(f func(*Behavior)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.Behavior)
}

// Good lets the provider behave again.
func (p *Provider) Good() {
	p.With(func(b *Behavior) { *b = Behavior{Who: b.Who, Page: b.Page, People: b.People} })
}

func (p *Provider) behavior() Behavior {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Behavior
}

// Rotate changes the provider's key; the old one is published no more. A key is made
// when it is first used: many tests never do.
func (p *Provider) Rotate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, _ := strconv.Atoi(strings.TrimPrefix(p.current.id, "key-"))
	p.current = key{"key-" + strconv.Itoa(n+1), sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			p.t.Error(err)
		}
		return k
	})}
}

// Public is the provider's present public key.
func (p *Provider) Public() *rsa.PublicKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &p.current.private().PublicKey
}

// KeysAsked tells how often the keys were asked for, Tokens how often a code came.
func (p *Provider) KeysAsked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys
}

// Tokens tells how often a code came.
func (p *Provider) Tokens() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokens
}

// behave does what goes wrong before an answer.
func (p *Provider) behave(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b := p.behavior()
		if b.Before != nil && b.Before(w, q) {
			return
		}
		if q.URL.Path != "/authorize" {
			select {
			case <-time.After(b.Slow):
			case <-q.Context().Done():
				return
			}
			switch {
			case b.Down:
				http.Error(w, "down", http.StatusServiceUnavailable)
				return
			case b.Huge:
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"issuer":"`)
				for range 64 {
					if _, err := w.Write([]byte(strings.Repeat("x", 64<<10))); err != nil {
						return
					}
				}
				return
			}
		}
		next.ServeHTTP(w, q)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func (p *Provider) word(w http.ResponseWriter, _ *http.Request) {
	all := map[string]any{
		"issuer": p.Address, "authorization_endpoint": p.Address + "/authorize", "token_endpoint": p.Address + "/token",
		"jwks_uri": p.Address + "/keys", "end_session_endpoint": p.Address + "/out", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
	}
	if f := p.behavior().Word; f != nil {
		f(all)
	}
	answer(w, http.StatusOK, all)
}

func (p *Provider) publish(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	p.keys++
	k := jose.JSONWebKey{Key: &p.current.private().PublicKey, KeyID: p.current.id, Algorithm: "RS256", Use: "sig"}
	p.mu.Unlock()
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k}})
}

// authorize is where the browser comes to.
func (p *Provider) authorize(w http.ResponseWriter, q *http.Request) {
	v, b := q.URL.Query(), p.behavior()
	redirect := v.Get("redirect_uri")
	if !b.Careless && redirect != p.redirect || v.Get("response_type") != "code" || v.Get("code_challenge_method") != "S256" || len(v.Get("code_challenge")) != 43 ||
		v.Get("state") == "" || v.Get("nonce") == "" || !slices.Contains(strings.Fields(v.Get("scope")), "openid") {
		http.Error(w, "this is no proper request", http.StatusBadRequest)
		return
	}
	who := b.Who
	if b.Page {
		as := slices.IndexFunc(b.People, func(o Person) bool { return o.Subject == v.Get("as") })
		if as < 0 {
			p.ask(w, q, b.People)
			return
		}
		who = b.People[as]
	}
	code := rand.Text()
	p.mu.Lock()
	if v.Get("prompt") == "login" || v.Get("max_age") == "0" || p.proved[who.Subject].IsZero() {
		p.proved[who.Subject] = p.Now()
	}
	if p.sessions[who.Subject] == "" {
		p.sessions[who.Subject] = rand.Text()
	}
	p.codes[code] = grant{v.Get("client_id"), redirect, v.Get("code_challenge"), v.Get("nonce"), who, p.proved[who.Subject], p.sessions[who.Subject]}
	p.mu.Unlock()
	back, _ := url.Parse(redirect)
	back.RawQuery = url.Values{"code": {code}, "state": {v.Get("state")}}.Encode()
	http.Redirect(w, q, back.String(), http.StatusFound)
}

func (p *Provider) ask(w http.ResponseWriter, q *http.Request, people []Person) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>Provider</title><h1>Who are you?</h1>`)
	for _, o := range people {
		v := q.URL.Query()
		v.Set("as", o.Subject)
		fmt.Fprintf(w, `<p><a href="/authorize?%s">%s</a></p>`, html.EscapeString(v.Encode()), html.EscapeString(o.Name))
	}
}

func (p *Provider) out(w http.ResponseWriter, q *http.Request) {
	http.Redirect(w, q, q.URL.Query().Get("post_logout_redirect_uri"), http.StatusFound)
}

// redeem uses a code up, if it is good.
func (p *Provider) redeem(q *http.Request) (g grant, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens++
	g, ok = p.codes[q.PostFormValue("code")]
	if p.Careless {
		return g, ok
	}
	delete(p.codes, q.PostFormValue("code"))
	user, pass, _ := q.BasicAuth()
	user, _ = url.QueryUnescape(user)
	pass, _ = url.QueryUnescape(pass)
	sum := sha256.Sum256([]byte(q.PostFormValue("code_verifier")))
	return g, ok && user == Client && pass == Secret && g.client == user && q.PostFormValue("redirect_uri") == g.redirect &&
		q.PostFormValue("grant_type") == "authorization_code" && base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge
}

func (p *Provider) token(w http.ResponseWriter, q *http.Request) {
	g, ok := p.redeem(q)
	if !ok {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	half := sha256.Sum256([]byte(access))
	claims := map[string]any{
		"iss": p.Address, "aud": Client, "sub": g.who.Subject, "nonce": g.nonce, "sid": g.session, "auth_time": g.proved.Unix(), "iat": p.Now().Unix(), "exp": p.Now().Add(5 * time.Minute).Unix(),
		"at_hash": base64.RawURLEncoding.EncodeToString(half[:16]), "name": g.who.Name, "email": g.who.Email, "email_verified": true, "groups": g.who.Groups,
	}
	if g.who.Second {
		claims["amr"] = []string{"pwd", "mfa"}
	}
	raw, err := p.sign(claims)
	if err != nil {
		p.t.Error(err)
	}
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": raw})
}

func (p *Provider) sign(claims map[string]any) (string, error) {
	p.mu.Lock()
	t := Token{Claims: maps.Clone(claims), Alg: jose.RS256, Key: p.current.private(), KeyID: p.current.id}
	lie := p.Lie
	p.mu.Unlock()
	if lie != nil {
		lie(&t)
	}
	body, err := json.Marshal(t.Claims)
	if err != nil {
		return "", err
	}
	if t.Alg == "none" {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"none"}`)) + "." + part(body) + ".", nil
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: t.Alg, Key: t.Key}, (&jose.SignerOptions{}).WithHeader("kid", t.KeyID))
	if err != nil {
		return "", err
	}
	o, err := s.Sign(body)
	if err != nil {
		return "", err
	}
	return o.CompactSerialize()
}
