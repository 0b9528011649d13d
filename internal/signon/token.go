package signon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"portico/internal/access"
	"portico/internal/staff"
)

const (
	// oldest is how old an identity token may be: it was made a moment ago.
	oldest = 10 * time.Minute
	// skew is by how much the provider's clock may differ from ours.
	skew = time.Minute
	// longSubject is the most that OpenID Connect Core 2 allows for a subject.
	longSubject = 255
	// manyGroups is how many groups of a person are read.
	manyGroups = 1000
)

// errToken is what is wrong with what came back, for the log.
type errToken string

func (e errToken) Error() string { return "the identity token is refused: " + string(e) }

// claims are what is read of an identity token beside what the library reads.
type claims struct {
	Azp      string   `json:"azp"`
	Session  string   `json:"sid"`
	Proved   float64  `json:"auth_time"` // when the person last proved who they are
	Acr      string   `json:"acr"`
	Amr      []string `json:"amr"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
}

// verify checks an identity token and reads who it is about. The library checks
// issuer, audience and end; the signature is checked by keys.
func (p *Provider) verify(ctx context.Context, f flow, raw, accessToken, keysAt string) (o staff.Arrival, err error) {
	sig := &signature{p: p, at: keysAt}
	checks := &oidc.Config{ClientID: p.set.ClientID, SupportedSigningAlgs: signedWith, Now: func() time.Time { return p.now().Add(-skew) }}
	id, err := oidc.NewVerifier(p.set.Issuer, sig, checks).Verify(ctx, raw)
	if sig.err != nil { // the library keeps only its text
		return o, sig.err
	}
	if err != nil {
		return o, errToken(err.Error())
	}
	all, err := strict(id)
	if err != nil {
		return o, err
	}
	return p.person(f, id, all, accessToken)
}

// strict reads all claims of a token. Two that differ in case alone are refused: decoders take
// them for one, and which one wins depends on their order.
func strict(id interface{ Claims(any) error }) (all map[string]json.RawMessage, err error) {
	if err := id.Claims(&all); err != nil {
		return nil, errToken("its claims cannot be read")
	}
	seen := map[string]bool{}
	for name := range all {
		fold := strings.ToLower(name)
		if seen[fold] {
			return nil, errToken("it has a claim twice")
		}
		seen[fold] = true
	}
	return all, nil
}

// person checks what the library leaves to us and reads who it is.
func (p *Provider) person(f flow, id *oidc.IDToken, all map[string]json.RawMessage, accessToken string) (o staff.Arrival, err error) {
	var c claims
	if err := id.Claims(&c); err != nil {
		return o, errToken("its claims cannot be read")
	}
	switch {
	case id.Nonce == "" || !same(id.Nonce, f.nonce()):
		return o, errToken("its nonce is another")
	case len(id.Audience) > 1 && c.Azp == "", c.Azp != "" && c.Azp != p.set.ClientID:
		return o, errToken("it was given to another client")
	case id.Subject == "" || len(id.Subject) > longSubject || len(c.Session) > longSubject:
		return o, errToken("it names nobody")
	case p.now().Sub(id.IssuedAt) > oldest, id.IssuedAt.Sub(p.now()) > skew:
		return o, errToken("it was not made just now")
	}
	if f.Again && !p.anew(f, c.Proved) {
		return o, errNotAnew
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(accessToken); err != nil {
			return o, errToken("its hash of the access token is another")
		}
	}
	o = staff.Arrival{Issuer: p.set.Issuer, Subject: id.Subject, Session: c.Session, Name: c.Name, Next: f.Next, Strong: p.strong(c)}
	if c.Verified {
		o.Email = c.Email
	}
	if o.Roles, err = p.mapped(all[p.set.Claim]); err != nil {
		return staff.Arrival{}, err
	}
	return o, nil
}

// errNotAnew means that the provider let the person through without asking them, or
// does not say when it asked.
var errNotAnew = errors.New("the person did not prove anew who they are")

// anew tells whether a moment that the provider gives lies within the sign-on.
func (p *Provider) anew(f flow, proved float64) bool {
	if !(proved > 0 && proved < 1<<40) { // more is no time of this age
		return false
	}
	at := time.Unix(int64(proved), 0)
	return !at.Before(f.begun().Add(-skew)) && !at.After(p.now().Add(skew))
}

// strong tells whether the provider says that it asked for a second step.
func (p *Provider) strong(c claims) bool {
	return c.Acr != "" && slices.Contains(p.set.ACR, c.Acr) || slices.ContainsFunc(c.Amr, func(a string) bool { return slices.Contains(p.set.AMR, a) })
}

// mapped reads the roles from the configured claim, a list or one word. What is not
// in the configured list gives nothing.
func (p *Provider) mapped(claim json.RawMessage) (roles []access.Role, err error) {
	var groups []string
	var one string
	switch {
	case claim == nil:
	case json.Unmarshal(claim, &groups) == nil:
	case json.Unmarshal(claim, &one) == nil:
		groups = []string{one}
	default:
		return nil, errToken("its claim of groups is of another kind")
	}
	if len(groups) > manyGroups {
		return nil, errToken(fmt.Sprintf("it lists more than %d groups", manyGroups))
	}
	for _, g := range groups {
		if r, ok := p.roles[g]; ok && !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles, nil
}
