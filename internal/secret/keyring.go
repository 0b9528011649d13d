package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// MinSecret is the least length of a clinic's secret in bytes: 256 bits, the
// strength of the keys derived from it.
const MinSecret = 32

// Keyring holds the current secret and older ones. Safe for concurrent use.
type Keyring struct {
	roots []*root // current first
}

// root is one secret: its identifier and the keys derived from it so far.
type root struct {
	id   string // 8 hex digits, derived; tells nothing about the secret
	prk  []byte
	keys sync.Map // purpose → []byte
}

// NewKeyring makes a keyring from the current secret and, newest first, the
// ones it replaced. Each is at least 32 bytes as hex, as base64 (either
// alphabet, padded or not) or as it stands. Errors name the secret by its place
// and say what is wrong with it, never what it is.
func NewKeyring(current string, older ...string) (*Keyring, error) {
	k := &Keyring{}
	seen := map[string]bool{}
	for i, s := range append([]string{current}, older...) {
		name := "the current secret"
		if i > 0 {
			name = fmt.Sprintf("older secret %d", i)
		}
		r, err := newRoot(s)
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		if seen[r.id] {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		seen[r.id] = true
		k.roots = append(k.roots, r)
	}
	return k, nil
}

func newRoot(text string) (*root, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errors.New("is missing")
	}
	if placeholder(text) {
		return nil, errors.New("is a placeholder; make one with: openssl rand -base64 32")
	}
	raw := decode(text)
	if len(raw) < MinSecret {
		return nil, fmt.Errorf("is too short; it needs at least %d random bytes", MinSecret)
	}
	if variety(raw) < 12 {
		return nil, errors.New("is not random; make one with: openssl rand -base64 32")
	}
	prk, err := hkdf.Extract(sha256.New, raw, []byte("portico/1"))
	if err != nil {
		return nil, fmt.Errorf("cannot be used: %w", err)
	}
	r := &root{prk: prk}
	r.id = hex.EncodeToString(r.key("key-id")[:4])
	return r, nil
}

// decode reads a secret written as hex or base64, or takes it as it stands. Hex
// digits are always hex, so that half the bits do not pass for all of them;
// what gives too few bytes as base64 is not meant as base64.
func decode(s string) []byte {
	if strings.Trim(s, "0123456789abcdefABCDEF") == "" {
		b, _ := hex.DecodeString(s[:len(s)&^1])
		return b
	}
	bare := strings.TrimRight(s, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(bare); err == nil && len(b) >= MinSecret {
			return b
		}
	}
	return []byte(s)
}

// fillers are what people leave in sample files. Each is long enough that a
// random secret holds one with a chance below one in a hundred million.
var fillers = []string{
	"changeme", "change-me", "change_me", "change this", "change-this", "changethis",
	"placeholder", "example", "replaceme", "replace-", "replace_", "replace this",
	"your-secret", "your_secret", "yoursecret", "secretkey", "secret-key", "secret_key",
	"password", "default", "insecure", "not-secret", "notsecret", "0123456789", "1234567890",
	"abcdefgh", "deadbeef", "portico",
}

func placeholder(s string) bool {
	s = strings.ToLower(s)
	for _, f := range fillers {
		if strings.Contains(s, f) {
			return true
		}
	}
	return false
}

// variety counts distinct bytes. 32 random bytes hold about 30; fewer than 12
// has a chance below 10^-20, and catches "aaaa…" and "abcabc…".
func variety(b []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// key derives the 256-bit key for a purpose. Purposes are constants of the
// program, so what is remembered here stays small.
func (r *root) key(purpose string) []byte {
	if k, ok := r.keys.Load(purpose); ok {
		return k.([]byte)
	}
	k, err := hkdf.Expand(sha256.New, r.prk, purpose, 32)
	if err != nil {
		panic("secret: " + err.Error()) // only for lengths above 8,160 bytes
	}
	r.keys.Store(purpose, k)
	return k
}

func (k *Keyring) current() *root { return k.roots[0] }

// byID finds the root with the given identifier, nil if there is none.
func (k *Keyring) byID(id string) *root {
	for _, r := range k.roots {
		if r.id == id {
			return r
		}
	}
	return nil
}

// MAC authenticates parts for a purpose under the current key (HMAC-SHA256, 32
// bytes). Each part carries its length, so ("ab","c") differs from ("a","bc").
func (k *Keyring) MAC(purpose string, parts ...string) []byte {
	return sum(k.current().key("mac:"+purpose), parts)
}

// CheckMAC tells in constant time whether mac was made by MAC with the same
// purpose and parts, under the current key or an older one.
func (k *Keyring) CheckMAC(mac []byte, purpose string, parts ...string) bool {
	ok := false
	for _, r := range k.roots {
		if hmac.Equal(mac, sum(r.key("mac:"+purpose), parts)) {
			ok = true
		}
	}
	return ok
}

// Index is the blind index of value: 64 hex digits that let a row be found by a
// value the database does not hold. Written under the current key.
func (k *Keyring) Index(purpose, value string) string {
	return hex.EncodeToString(sum(k.current().key("index:"+purpose), []string{value}))
}

// Indexes gives the blind index of value under every key, current first, to
// find rows written before the secret was changed.
func (k *Keyring) Indexes(purpose, value string) []string {
	out := make([]string, len(k.roots))
	for i, r := range k.roots {
		out[i] = hex.EncodeToString(sum(r.key("index:"+purpose), []string{value}))
	}
	return out
}

// Seed derives 32 bytes for a signing key, e.g. ed25519.NewKeyFromSeed for the
// checkpoints of the audit log. It follows the current secret; whoever signs
// keeps the public key beside each signature.
func (k *Keyring) Seed(purpose string) [32]byte {
	return [32]byte(k.current().key("seed:" + purpose))
}

func sum(key []byte, parts []string) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(framed(p))
	}
	return m.Sum(nil)
}

// framed puts the length of p, eight bytes big-endian, before it.
func framed(p string) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(p)), uint64(len(p))), p...)
}
