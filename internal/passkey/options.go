package passkey

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Options is what a page's script hands to the browser: the values of the
// protocol (WebAuthn sections 5.4 and 5.5) and the ticket that comes back with the
// answer. Bytes are base64url.
type Options struct {
	PublicKey publicKey `json:"publicKey"`
	Ticket    string    `json:"ticket"`
}

type publicKey struct {
	Challenge string       `json:"challenge"`
	Timeout   int64        `json:"timeout"`
	Verify    string       `json:"userVerification,omitempty"`
	RPID      string       `json:"rpId,omitempty"`
	Allow     []descriptor `json:"allowCredentials,omitzero"`

	RP        *party       `json:"rp,omitempty"`
	User      *entity      `json:"user,omitempty"`
	Params    []parameter  `json:"pubKeyCredParams,omitempty"`
	Exclude   []descriptor `json:"excludeCredentials,omitzero"`
	Selection *selection   `json:"authenticatorSelection,omitempty"`
	Attest    string       `json:"attestation,omitempty"`
}

type (
	descriptor struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	party struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	entity struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Display string `json:"displayName"`
	}
	parameter struct {
		Type string `json:"type"`
		Alg  int64  `json:"alg"`
	}
	selection struct {
		Resident string `json:"residentKey"`
		Required bool   `json:"requireResidentKey"` // the same for older browsers
		Verify   string `json:"userVerification"`
	}
)

const keyType = "public-key"

// algorithms are those that every authenticator has one of: ES256, Ed25519, RS256
// (Windows Hello).
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// toGet asks for one of the credentials listed, for any if there is no list.
func (s *Passkeys) toGet(x site, a ask, allow []string) Options {
	challenge, ticket := s.issue(a)
	return Options{Ticket: ticket, PublicKey: publicKey{Challenge: challenge, Timeout: challengeLife.Milliseconds(),
		Verify: string(protocol.VerificationRequired), RPID: x.id, Allow: descriptors(allow)}}
}

// toMake asks for a new credential for an owner who has those listed.
func (s *Passkeys) toMake(x site, a ask, u user, has []string) Options {
	challenge, ticket := s.issue(a)
	params := make([]parameter, len(algorithms))
	for i, p := range algorithms {
		params[i] = parameter{keyType, int64(p.Algorithm)}
	}
	return Options{Ticket: ticket, PublicKey: publicKey{Challenge: challenge, Timeout: challengeLife.Milliseconds(),
		RP:     &party{x.id, cmp.Or(s.Clinic.Now().Name, x.id)},
		User:   &entity{base64.RawURLEncoding.EncodeToString(u.handle), u.name, u.name},
		Params: params, Exclude: descriptors(has), Attest: string(protocol.PreferNoAttestation),
		// Kept by the device with its owner's name: only such a one can be used
		// without typing a user name.
		Selection: &selection{string(protocol.ResidentKeyRequirementRequired), true, string(protocol.VerificationRequired)}}}
}

func descriptors(ids []string) []descriptor {
	out := make([]descriptor, len(ids))
	for i, id := range ids {
		out[i] = descriptor{keyType, id}
	}
	return out
}

// listed is how many credentials are named to whoever typed a user name.
const listed = 4

// likely are lengths of credential names as authenticators make them, in bytes:
// Google and Windows, Apple, most others, security keys.
var likely = []int{16, 20, 32, 32, 32, 48, 64}

// veiled fills a list up with made-up credentials: by name, so that it is the same
// each time, and in an order that does not tell which are real.
func (s *Passkeys) veiled(k Kind, name string, real []string) []string {
	out := slices.Clone(real[:min(len(real), listed)])
	for i := range listed {
		made := s.decoy(k, name, i)
		if len(out) < listed {
			out = append(out, made)
		}
	}
	order := func(id string) string { return s.Keys.Lasting("passkey.order", name+"\x1f"+id) }
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	return out
}

// decoy is a credential that nobody has. It stays the same while the clinic's key is
// being changed, as real ones do.
func (s *Passkeys) decoy(k Kind, name string, i int) string {
	part := func(n string) []byte {
		b, err := hex.DecodeString(s.Keys.Lasting("passkey.decoy", strings.Join([]string{string(k), name, strconv.Itoa(i), n}, "\x1f")))
		if err != nil {
			panic(err) // an index is hexadecimal
		}
		return b
	}
	size := likely[int(part("length")[0])%len(likely)]
	return base64.RawURLEncoding.EncodeToString(append(part("a"), part("b")...)[:size])
}
