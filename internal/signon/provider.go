package signon

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"portico/internal/access"
	"portico/internal/config"
	"portico/internal/staff"
)

// crowd is how many conversations with the provider go on at once; a slow provider
// must not hold every request of the portal.
const crowd = 16

// ErrDown means that the provider does not answer, or not as it must.
var ErrDown = errors.New("the sign-on provider does not answer")

// Provider talks to the clinic's provider.
type Provider struct {
	set    config.SignOn
	issuer *url.URL
	back   string // our own address that people come back to
	roles  map[string]access.Role
	client *outside
	now    func() time.Time
	talks  chan struct{}
	itself word[*oidc.Provider]
	keys   keys
}

// NewProvider makes a Provider from settings; base is the portal's own address.
// It calls nobody yet.
func NewProvider(set config.SignOn, base *url.URL, now func() time.Time) (*Provider, error) {
	p := &Provider{set: set, back: base.JoinPath("/staff/signon/back").String(), roles: map[string]access.Role{}, now: now, talks: make(chan struct{}, crowd)}
	var err error
	if p.issuer, err = url.Parse(set.Issuer); err != nil || p.issuer.Host == "" {
		return nil, errors.New("sign_on.issuer is not an address")
	}
	for _, r := range set.Roles {
		group, role, _ := strings.Cut(r, "=")
		if !slices.Contains(staff.AllRoles(), access.Role(role)) {
			return nil, fmt.Errorf("sign_on.roles: there is no role %q", role)
		}
		if was, twice := p.roles[group]; twice && was != access.Role(role) {
			return nil, fmt.Errorf("sign_on.roles: the group %q has two roles", group)
		}
		p.roles[group] = access.Role(role)
	}
	roots, err := authorities(set.CA)
	if err != nil {
		return nil, err
	}
	p.client = newOutside(p.issuer, set.Hosts, roots)
	return p, nil
}

// authorities are the machine's and those of a file.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("sign_on.ca cannot be read: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("sign_on.ca holds no certificate")
	}
	return pool, nil
}

// document is what is read of the provider's word beside what the library reads.
type document struct {
	Keys string   `json:"jwks_uri"`
	Out  string   `json:"end_session_endpoint"`
	PKCE []string `json:"code_challenge_methods_supported"`
	Algs []string `json:"id_token_signing_alg_values_supported"`
	Auth []string `json:"token_endpoint_auth_methods_supported"`
}

// discovered gives what the provider says of itself.
func (p *Provider) discovered(ctx context.Context) (found *oidc.Provider, more document, err error) {
	found, err = p.itself.get(ctx, p.now(), false, func(ctx context.Context) (*oidc.Provider, error) {
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, &p.client.Client), p.set.Issuer)
		if err != nil {
			return nil, err
		}
		return found, p.atHome(found)
	})
	if err != nil {
		return nil, more, fmt.Errorf("%w: %w", ErrDown, err)
	}
	return found, more, found.Claims(&more)
}

// atHome refuses a provider whose addresses lead elsewhere.
func (p *Provider) atHome(found *oidc.Provider) error {
	var more document
	if err := found.Claims(&more); err != nil {
		return err
	}
	addresses := []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, more.Keys}
	if more.Out != "" {
		addresses = append(addresses, more.Out)
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil {
			return errElsewhere
		}
		if err := p.client.reach.allowed(u); err != nil {
			return err
		}
	}
	return nil
}

// oauth names how the client's secret is sent, so that no code is sent twice to
// find out.
func (p *Provider) oauth(found *oidc.Provider, more document) *oauth2.Config {
	end := found.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.Auth) > 0 && !slices.Contains(more.Auth, "client_secret_basic") {
		end.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: p.set.ClientID, ClientSecret: p.set.ClientSecret, Endpoint: end, RedirectURL: p.back,
		Scopes: append([]string{oidc.ScopeOpenID}, p.set.Scopes...)}
}

// leave gives the provider's address for one sign-on.
func (p *Provider) leave(ctx context.Context, f flow) (*url.URL, error) {
	found, more, err := p.discovered(ctx)
	if err != nil {
		return nil, err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(f.nonce()), oauth2.S256ChallengeOption(f.verifier())}
	if len(p.set.ACR) > 0 {
		opts = append(opts, oauth2.SetAuthURLParam("acr_values", strings.Join(p.set.ACR, " ")))
	}
	if f.Again { // OpenID Connect Core 3.1.2.1: a fresh proof, and the moment of it
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return url.Parse(p.oauth(found, more).AuthCodeURL(f.state(), opts...))
}

// out gives the address at which a browser is signed out of the provider, nil where
// it has none.
func (p *Provider) out(ctx context.Context, after string) (*url.URL, error) {
	_, more, err := p.discovered(ctx)
	if err != nil || more.Out == "" {
		return nil, err
	}
	u, err := url.Parse(more.Out)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("client_id", p.set.ClientID)
	q.Set("post_logout_redirect_uri", after)
	u.RawQuery = q.Encode()
	return u, nil
}

// arrive changes a code into who the person is.
func (p *Provider) arrive(ctx context.Context, f flow, code string) (o staff.Arrival, err error) {
	select {
	case p.talks <- struct{}{}:
		defer func() { <-p.talks }()
	default:
		return o, fmt.Errorf("%w: too many wait for it", ErrDown)
	}
	found, more, err := p.discovered(ctx)
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, &p.client.Client), patience)
	defer cancel()
	token, err := p.oauth(found, more).Exchange(ctx, code, oauth2.VerifierOption(f.verifier()))
	if err != nil {
		if r, answered := errors.AsType[*oauth2.RetrieveError](err); answered && r.Response.StatusCode < 500 {
			return o, errToken("the provider did not take the code")
		}
		return o, fmt.Errorf("%w: %w", ErrDown, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return o, errToken("there is none")
	}
	return p.verify(ctx, f, raw, token.AccessToken, more.Keys)
}
