package signon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"portico/internal/fault"
	"portico/internal/staff"
	"portico/internal/web"
)

// departure names the event of a logout token (OpenID Connect Back-Channel Logout 1.0,
// 2.4).
const departure = "http://schemas.openid.net/event/backchannel-logout"

// departed reads a logout token: what the library checks is issuer, audience, end, the
// event, and that there is no nonce, so that no identity token passes for one.
func (p *Provider) departed(ctx context.Context, raw string) (o staff.Departure, err error) {
	_, more, err := p.discovered(ctx)
	if err != nil {
		return o, err
	}
	sig := &signature{p: p, at: more.Keys}
	checks := &oidc.Config{ClientID: p.set.ClientID, SupportedSigningAlgs: signedWith, Now: func() time.Time { return p.now().Add(-skew) }}
	t, err := oidc.NewVerifier(p.set.Issuer, sig, checks).VerifyLogout(ctx, raw)
	if sig.err != nil { // the library keeps only its text
		return o, sig.err
	}
	if err != nil {
		return o, errToken(err.Error())
	}
	all, err := strict(t)
	if err != nil {
		return o, err
	}
	var events map[string]map[string]json.RawMessage
	switch {
	case json.Unmarshal(all["events"], &events) != nil || events[departure] == nil:
		return o, errToken("its event is of another kind")
	case p.now().Sub(t.IssuedAt) > oldest, t.IssuedAt.Sub(p.now()) > skew:
		return o, errToken("it was not made just now")
	case len(t.Subject) > longSubject || len(t.SessionID) > longSubject || len(t.TokenID) > longSubject:
		return o, errToken("it names nobody")
	}
	return staff.Departure{Issuer: p.set.Issuer, Subject: t.Subject, Session: t.SessionID, Once: t.TokenID}, nil
}

// told is where the provider itself tells that a session is over. No person asks, and
// no cookie counts; what is believed is the token's signature.
func (d *Door) told(q *web.Request) (web.Reply, error) {
	if d.Provider == nil {
		return web.Reply{}, fault.Missing()
	}
	if err := d.Staff.MayTell(q.Context(), q.Visitor()); err != nil {
		return web.Reply{}, err
	}
	o, err := d.Provider.departed(q.Context(), strings.TrimSpace(q.Raw("logout_token")))
	if err == nil {
		err = d.Staff.Depart(q.Context(), q.Visitor(), o)
	}
	_, token := errors.AsType[errToken](err)
	switch {
	case token || errors.Is(err, staff.ErrTold):
		d.Log.Warn("sign-on", "err", err)
		if err := d.Staff.RefuseSignOn(q.Context(), q.Visitor(), "parting"); err != nil {
			return web.Reply{}, err
		}
		return web.Empty(http.StatusBadRequest), nil
	case errors.Is(err, ErrDown):
		return web.Empty(http.StatusServiceUnavailable), nil // its keys cannot be had; it tells again
	}
	return web.Empty(http.StatusOK), err
}
