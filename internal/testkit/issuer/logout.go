package issuer

import (
	"crypto/rand"
	"time"
)

// Parting makes the token by which the provider tells that a person's session is over
// (OpenID Connect Back-Channel Logout 1.0), changed by lie if that is not nil. The
// session is forgotten here.
func (p *Provider) Parting(subject string, lie func(*Token)) (raw string) {
	p.t.Helper()
	p.mu.Lock()
	sid := p.sessions[subject]
	delete(p.sessions, subject)
	p.mu.Unlock()
	p.With(func(b *Behavior) { b.Lie = lie })
	defer p.With(func(b *Behavior) { b.Lie = nil })
	raw, err := p.sign(map[string]any{"iss": p.Address, "aud": Client, "iat": p.Now().Unix(), "exp": p.Now().Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, "sub": subject, "sid": sid})
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}
