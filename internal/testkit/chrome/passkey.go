package chrome

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Passkeys is a device of the person that keeps passkeys: Chromium's own virtual
// authenticator, with their finger on it.
type Passkeys struct {
	b  *Tab
	id webauthn.AuthenticatorID
}

// Passkeys gives the person such a device. Its passkeys go with them to all their
// devices if synced. The portal must have a name for an address: localhost will do.
func (b *Tab) Passkeys(synced bool) *Passkeys {
	b.T.Helper()
	b.must(call(b, webauthn.Enable, webauthn.EnableParams{}))
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		DefaultBackupEligibility: synced, DefaultBackupState: synced}})
	b.must(err)
	return &Passkeys{b, r.AuthenticatorID}
}

func (b *Tab) must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatalf("%s: %v", b.Person, err)
	}
}

func send[P any](p *Passkeys, c cdp.Command[P, cdp.Empty], params P) {
	p.b.T.Helper()
	p.b.must(call(p.b, c, params))
}

// Touch says whether the person answers when the device asks. Until they do, the
// browser waits.
func (p *Passkeys) Touch(yes bool) {
	p.b.T.Helper()
	send(p, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: p.id, Enabled: yes})
}

// Knows says whether the device recognizes the person.
func (p *Passkeys) Knows(yes bool) {
	p.b.T.Helper()
	send(p, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: p.id, IsUserVerified: yes})
}

// Lies is what a device says that is not so.
type Lies struct{ Signature, Verified, Present bool }

// Lie makes the device say what is not so: a signature that is none, nobody verified,
// nobody present.
func (p *Passkeys) Lie(l Lies) {
	p.b.T.Helper()
	send(p, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: p.id,
		IsBogusSignature: ptr(l.Signature), IsBadUV: ptr(l.Verified), IsBadUP: ptr(l.Present)})
}

// Count is how many passkeys the device has.
func (p *Passkeys) Count() int {
	p.b.T.Helper()
	ctx, cancel := context.WithTimeout(p.b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: p.id})
	p.b.must(err)
	return len(r.Credentials)
}
