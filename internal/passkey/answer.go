package passkey

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"portico/internal/fault"
	"portico/internal/store"
)

// Answer is what came back from a browser.
type Answer struct {
	Ticket     string
	Credential string // the credential as JSON
	Browser    string // a cookie's hash, or a session
	Host       string // that the request was for
}

// longest bounds an answer, in bytes. Attestations with chains of certificates are
// larger; nobody asks for those.
const longest = 16 << 10

// reason is why an answer was refused: for the audit log, never for the person.
type reason string

const (
	badForm      reason = "form"
	badHost      reason = "host"
	unknown      reason = "unknown"
	badTicket    reason = "ticket"
	replayed     reason = "replayed"
	badChallenge reason = "challenge"
	badType      reason = "type"
	badOrigin    reason = "origin"
	badParty     reason = "party"
	absent       reason = "absent"
	unverified   reason = "unverified"
	badSignature reason = "signature"
	copied       reason = "copied"
	shut         reason = "shut" // its owner may not sign in
	taken        reason = "taken"
)

// refusal is an answer that was refused, with whose passkey it was if that is known.
type refusal struct {
	why   reason
	owner Owner
	key   key
}

func (r *refusal) Error() string { return "passkey refused: " + string(r.why) }

// errPasskey is every way in which a passkey can fail, for people.
func errPasskey() error { return fault.Bad("", "passkey.wrong") }

// proof is a passkey that was proven.
type proof struct {
	key     key
	counter int64
	synced  bool
}

// prove checks an answer to a challenge. asks gives what its ticket may have been
// issued for, once it is known whose passkey it is. What was wrong is a refusal; other
// errors are the server's.
func (s *Passkeys) prove(ctx context.Context, in Answer, k Kind, asks func(Owner) []ask) (proof, error) {
	x, ok := s.at(in.Host)
	if !ok {
		return proof{}, &refusal{why: badHost}
	}
	if len(in.Credential) > longest {
		return proof{}, &refusal{why: badForm}
	}
	got, err := protocol.ParseCredentialRequestResponseBytes([]byte(in.Credential))
	if err != nil {
		return proof{}, &refusal{why: badForm}
	}
	var found key
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		found, err = byCredential(ctx, tx, k, text(got.RawID))
		return err
	}); err != nil {
		return proof{}, fault.Down("error.busy", 5*time.Second, err)
	}
	if found.id == "" {
		return proof{}, &refusal{why: unknown}
	}
	t, why, err := s.redeem(ctx, in.Ticket, asks(found.owner)...)
	if err != nil {
		return proof{}, err
	}
	if why != "" {
		return proof{}, &refusal{why, found.owner, found}
	}
	return s.verify(x, t, found, got)
}

// verify checks type, challenge, origin, relying party, flags, signature, counter.
func (s *Passkeys) verify(x site, t ticket, k key, got *protocol.ParsedCredentialAssertionData) (proof, error) {
	handle, err := bytes(k.handle)
	if err != nil {
		return proof{}, err
	}
	cred, err := k.held()
	if err != nil {
		return proof{}, err
	}
	u := user{handle: handle, has: []webauthn.Credential{cred}}
	after, err := x.check.ValidateLogin(u, x.session(t.challenge, u), got)
	if err != nil {
		why := x.why(t, got.Response.CollectedClientData, got.Response.AuthenticatorData, protocol.AssertCeremony)
		return proof{}, &refusal{why, k.owner, k}
	}
	if after.Authenticator.CloneWarning {
		return proof{}, &refusal{copied, k.owner, k}
	}
	return proof{key: k, counter: int64(after.Authenticator.SignCount), synced: after.Flags.BackupState}, nil
}

// why names what made package webauthn refuse, in the order of its checks.
func (x site) why(t ticket, c protocol.CollectedClientData, a protocol.AuthenticatorData, want protocol.CeremonyType) reason {
	party := sha256.Sum256([]byte(x.id))
	switch {
	case c.Type != want:
		return badType
	case c.Challenge != t.challenge:
		return badChallenge
	case !protocol.IsOriginInHaystack(c.Origin, x.check.Config.RPOrigins):
		return badOrigin
	case string(a.RPIDHash) != string(party[:]):
		return badParty
	case !a.Flags.HasUserPresent():
		return absent
	case !a.Flags.HasUserVerified():
		return unverified
	}
	return badSignature
}

// advance writes a proven use down. Of two uses with one counter at once, one wins;
// authenticators without a counter always say 0.
func advance(ctx context.Context, tx *store.Tx, p proof) error {
	n, err := tx.Exec(ctx, `
		UPDATE passkey SET counter = $2, synced = $3, used_at = $4
		WHERE id = $1 AND ended_at IS NULL AND (counter < $2 OR counter = 0 AND $2 = 0)`, p.key.id, p.counter, p.synced, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = &refusal{replayed, p.key.owner, p.key}
	}
	return err
}

// refused gives a refusal, nil for other errors.
func refused(err error) *refusal {
	r, _ := errors.AsType[*refusal](err)
	return r
}
