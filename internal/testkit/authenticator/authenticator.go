// Package authenticator is a device that keeps passkeys, together with the browser
// before it, for tests without a browser: it reads the options a page asks with and
// gives the answer that a page's script would send. It can also misbehave.
package authenticator

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
)

// Fault is what a device or browser does wrong.
type Fault struct {
	Origin     string // another origin than its own
	Party      string // another relying party than the one asked for
	Type       string // another ceremony
	Challenge  string // another challenge
	Absent     bool   // nobody touched it
	Unverified bool   // nobody was verified
	Signature  bool   // the signature is another's
	Counter    *uint32
	NoHandle   bool   // it does not say whose the passkey is
	Credential string // it says that the new passkey has this name
}

// Device keeps passkeys.
type Device struct {
	T      testing.TB
	Origin string
	Model  []byte // AAGUID, 16 bytes
	Synced bool
	Count  bool // it counts signatures
	keys   []*passkey
}

type passkey struct {
	id, handle []byte
	party      string
	key        *ecdsa.PrivateKey
	counter    uint32
}

// New is an empty device before a browser at origin.
func New(t testing.TB, origin string) *Device {
	return &Device{T: t, Origin: origin, Model: make([]byte, 16), Count: true}
}

// Clone is a copy of the device with all its passkeys.
func (d *Device) Clone() *Device {
	c := *d
	c.keys = nil
	for _, k := range d.keys {
		copied := *k
		c.keys = append(c.keys, &copied)
	}
	return &c
}

// Options are what a page asks with.
type Options struct {
	Ticket    string `json:"ticket"`
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		Verify    string `json:"userVerification"`
		Allow     []struct {
			ID string `json:"id"`
		} `json:"allowCredentials"`
		Exclude []struct {
			ID string `json:"id"`
		} `json:"excludeCredentials"`
		RP struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

// Read reads options from what an address answered, or from any value of that shape.
func (d *Device) Read(from any) (o Options) {
	d.T.Helper()
	b, ok := from.([]byte)
	if !ok {
		var err error
		if b, err = json.Marshal(from); err != nil {
			d.T.Fatal(err)
		}
	}
	if err := json.Unmarshal(b, &o); err != nil || o.PublicKey.Challenge == "" {
		d.T.Fatalf("no options: %v: %s", err, b)
	}
	return o
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *Device) bytes(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		d.T.Fatal(err)
	}
	return b
}

// Make makes a passkey and gives the credential as JSON.
func (d *Device) Make(o Options, f Fault) string {
	d.T.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		d.T.Fatal(err)
	}
	k := &passkey{id: make([]byte, 32), handle: d.bytes(o.PublicKey.User.ID), party: o.PublicKey.RP.ID, key: key}
	rand.Read(k.id)
	if f.Credential != "" {
		k.id = d.bytes(f.Credential)
	}
	d.keys = append(d.keys, k)
	data := d.data(k, f, 0x40)
	data = append(append(data, d.Model...), binary.BigEndian.AppendUint16(nil, uint16(len(k.id)))...)
	data = append(append(data, k.id...), public(key)...)
	// {"fmt": "none", "attStmt": {}, "authData": …} in CBOR (RFC 8949).
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), binary.BigEndian.AppendUint16(nil, uint16(len(data)))...)
	return d.write(k, map[string]string{"clientDataJSON": text(d.client("webauthn.create", o, f)), "attestationObject": text(append(object, data...))})
}

// Use answers with a passkey that the options allow, "" if there is none.
func (d *Device) Use(o Options, f Fault) string {
	d.T.Helper()
	i := slices.IndexFunc(d.keys, func(k *passkey) bool {
		if len(o.PublicKey.Allow) == 0 {
			return k.party == o.PublicKey.RPID
		}
		for _, a := range o.PublicKey.Allow {
			if a.ID == text(k.id) {
				return true
			}
		}
		return false
	})
	if i < 0 {
		return ""
	}
	k := d.keys[i]
	if d.Count {
		k.counter++
	}
	client, data := d.client("webauthn.get", o, f), d.data(k, f, 0)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	by := k.key
	if f.Signature {
		by, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	sig, err := ecdsa.SignASN1(rand.Reader, by, signed[:])
	if err != nil {
		d.T.Fatal(err)
	}
	response := map[string]string{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(sig), "userHandle": text(k.handle)}
	if f.NoHandle {
		delete(response, "userHandle")
	}
	return d.write(k, response)
}

// Credential is the name of the newest passkey.
func (d *Device) Credential() string { return text(d.keys[len(d.keys)-1].id) }

func (d *Device) write(k *passkey, response map[string]string) string {
	b, err := json.Marshal(map[string]any{"id": text(k.id), "rawId": text(k.id), "type": "public-key", "response": response})
	if err != nil {
		d.T.Fatal(err)
	}
	return string(b)
}

func (d *Device) client(kind string, o Options, f Fault) []byte {
	b, err := json.Marshal(map[string]any{"type": cmp.Or(f.Type, kind), "challenge": cmp.Or(f.Challenge, o.PublicKey.Challenge), "origin": cmp.Or(f.Origin, d.Origin), "crossOrigin": false})
	if err != nil {
		d.T.Fatal(err)
	}
	return b
}

// data is the authenticator data (WebAuthn section 6.1) without what a new
// credential adds.
func (d *Device) data(k *passkey, f Fault, flags byte) []byte {
	party := sha256.Sum256([]byte(cmp.Or(f.Party, k.party)))
	if !f.Absent {
		flags |= 0x01
	}
	if !f.Unverified {
		flags |= 0x04
	}
	if d.Synced {
		flags |= 0x18 // may be copied, and is
	}
	counter := k.counter
	if f.Counter != nil {
		counter = *f.Counter
	}
	return binary.BigEndian.AppendUint32(append(party[:], flags), counter)
}

// public is a P-256 key in COSE (RFC 9053 section 7.1.1).
func public(k *ecdsa.PrivateKey) []byte {
	var x, y [32]byte
	k.X.FillBytes(x[:])
	k.Y.FillBytes(y[:])
	out := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, x[:]...)
	return append(append(out, 0x22, 0x58, 0x20), y[:]...)
}
