package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// MinSecret is the least length of a clinic's secret in bytes: 256 bits, the
// strength of the keys derived from it.
const MinSecret = 32

// Keyring holds the clinic's secrets: one that everything new is made under and
// others that are still read. Which they are may change while it is in use. Safe
// for concurrent use.
type Keyring struct {
	ring atomic.Pointer[ring]
}

// ring is what a keyring holds at one moment.
type ring struct {
	roots  []*root // the one that writes first
	oldest *root   // the one given last
}

// keyIDLen is the length of a key's identifier in bytes.
const keyIDLen = 4

// root is one secret: its identifier and the keys derived from it so far.
type root struct {
	id   string // 8 hex digits, derived; tells nothing about the secret
	prk  []byte
	keys sync.Map // purpose → []byte
}

// NewKeyring makes a keyring from the current secret and, newest first, the
// ones it replaced. Each is at least 32 bytes as hex, as base64 (either
// alphabet, padded or not) or as it stands. The current one may also be a whole
// key file: FileHead, then a secret on each line, newest first.
// Errors name the secret by its place and say what is wrong with it, never what
// it is.
func NewKeyring(current string, older ...string) (*Keyring, error) {
	r := &ring{}
	seen := map[string]bool{}
	for i, s := range append(Lines(current), older...) {
		name := "the current secret"
		if i > 0 {
			name = fmt.Sprintf("older secret %d", i)
		}
		one, err := newRoot(s)
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		if seen[one.id] {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		seen[one.id] = true
		r.roots = append(r.roots, one)
	}
	r.oldest = r.roots[len(r.roots)-1]
	k := &Keyring{}
	k.ring.Store(r)
	return k, nil
}

// FileHead begins a key file; a text without it is one secret.
const FileHead = "# Portico keys."

// Lines gives the secrets of a key file, newest first; of any other text, the
// text itself.
func Lines(file string) []string {
	if !strings.HasPrefix(file, FileHead) {
		return []string{file}
	}
	out := []string{}
	for l := range strings.Lines(file) {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// NewSecret makes a secret for a key file: 384 random bits in base64.
func NewSecret() string {
	var b [48]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b[:])
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
	r.id = hex.EncodeToString(r.key("key-id")[:keyIDLen])
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

func (k *Keyring) roots() []*root { return k.ring.Load().roots }

func (k *Keyring) current() *root { return k.roots()[0] }

// byID finds the root with the given identifier, nil if there is none.
func (k *Keyring) byID(id string) *root {
	for _, r := range k.roots() {
		if r.id == id {
			return r
		}
	}
	return nil
}

// MAC authenticates parts for a purpose under the current key: 28 bytes of
// HMAC-SHA256, then the key's identifier, so that a stored MAC tells which key it
// needs. Each part carries its length, so ("ab","c") differs from ("a","bc").
func (k *Keyring) MAC(purpose string, parts ...string) []byte {
	return k.current().mac("mac:"+purpose, parts)
}

// MACs gives the MAC under every key, the current one first, for those who
// compare with a part of one.
func (k *Keyring) MACs(purpose string, parts ...string) [][]byte {
	all := k.roots()
	out := make([][]byte, len(all))
	for i, r := range all {
		out[i] = r.mac("mac:"+purpose, parts)
	}
	return out
}

// CheckMAC tells in constant time whether mac was made by MAC with the same
// purpose and parts, under the current key or another one that is held.
func (k *Keyring) CheckMAC(mac []byte, purpose string, parts ...string) bool {
	ok := false
	for _, m := range k.MACs(purpose, parts...) {
		if hmac.Equal(mac, m) {
			ok = true
		}
	}
	return ok
}

// Index is the blind index of value: 64 hex digits, the last eight the key's
// identifier, that let a row be found by a value the database does not hold.
// Written under the current key.
func (k *Keyring) Index(purpose, value string) string { return k.current().index(purpose, value) }

// Indexes gives the blind index of value under every key, current first, to
// find rows written under another one.
func (k *Keyring) Indexes(purpose, value string) []string {
	all := k.roots()
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = r.index(purpose, value)
	}
	return out
}

// Lasting is a blind index that stays the same while keys are added and changed:
// made under the oldest key that is held. For what must be counted on across a
// change and is short-lived: limits.
func (k *Keyring) Lasting(purpose, value string) string {
	return k.ring.Load().oldest.index(purpose, value)
}

// Seed derives 32 bytes for a signing key, e.g. ed25519.NewKeyFromSeed for the
// checkpoints of the audit log. It follows the current secret; whoever signs
// keeps the public key beside each signature.
func (k *Keyring) Seed(purpose string) [32]byte {
	return [32]byte(k.current().key("seed:" + purpose))
}

func (r *root) index(purpose, value string) string {
	return hex.EncodeToString(r.mac("index:"+purpose, []string{value}))
}

// mac ends with the key's identifier. 224 bits of HMAC are left, twice what NIST
// SP 800-107 asks of a tag that must not be guessed.
func (r *root) mac(use string, parts []string) []byte {
	id, _ := hex.DecodeString(r.id)
	return append(sum(r.key(use), parts)[:sha256.Size-keyIDLen], id...)
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
