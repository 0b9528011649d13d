package passkey

import (
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// site is one address of the portal with the checks for it.
type site struct {
	host  string // with its port, as requests name it
	id    string // relying party: the host's name
	check *webauthn.WebAuthn
}

// newSite makes the checks for an address; ok is false where its host is a number.
func newSite(u *url.URL) (s site, ok bool, err error) {
	s = site{host: u.Host, id: u.Hostname()}
	if net.ParseIP(s.id) != nil {
		return s, false, nil
	}
	s.check, err = webauthn.New(&webauthn.Config{
		RPID: s.id, RPDisplayName: s.id, RPOrigins: []string{u.Scheme + "://" + u.Host},
		// Password managers add outputs nobody asked for; nothing here reads them.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	return s, err == nil, err
}

// at finds the site of a request's host.
func (s *Passkeys) at(host string) (site, bool) {
	for _, x := range s.sites {
		if strings.EqualFold(x.host, host) {
			return x, true
		}
	}
	return site{}, false
}

// user is an owner as package webauthn wants one.
type user struct {
	handle []byte
	name   string
	has    []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.handle }
func (u user) WebAuthnName() string                       { return u.name }
func (u user) WebAuthnDisplayName() string                { return u.name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.has }

// session is what package webauthn is to compare an answer with. It expires by
// our own clock, see ticket.
func (x site) session(challenge string, u user) webauthn.SessionData {
	return webauthn.SessionData{Challenge: challenge, RelyingPartyID: x.id, UserID: u.handle,
		UserVerification: protocol.VerificationRequired, CredParams: algorithms}
}
