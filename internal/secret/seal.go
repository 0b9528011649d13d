package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
)

// ErrSealed is what Open returns for anything it cannot open. It does not tell
// a wrong key from a changed text or another row's field.
var ErrSealed = errors.New("secret: sealed field does not open")

// Seal encrypts plain with AES-256-GCM for one field of one row: place is the
// table and column ("account_factor.contact"), id the row's identifier. Both
// are authenticated, so a ciphertext moved to another row or column does not
// open. The result is text: "1.<key id>.<base64url of nonce and ciphertext>".
func (k *Keyring) Seal(place, id string, plain []byte) string {
	r := k.current()
	nonce := make([]byte, 12)
	rand.Read(nonce) // never fails since Go 1.24
	ct := r.aead(place).Seal(nonce, nonce, plain, aad(place, id))
	return "1." + r.id + "." + base64.RawURLEncoding.EncodeToString(ct)
}

// Open decrypts what Seal made for the same place and id, under the current key
// or an older one.
func (k *Keyring) Open(place, id, sealed string) ([]byte, error) {
	version, rest, _ := strings.Cut(sealed, ".")
	keyID, body, found := strings.Cut(rest, ".")
	r := k.byID(keyID)
	if version != "1" || !found || r == nil {
		return nil, ErrSealed
	}
	ct, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || len(ct) < 12 {
		return nil, ErrSealed
	}
	plain, err := r.aead(place).Open(nil, ct[:12], ct[12:], aad(place, id))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Stale tells whether sealed was made under an older secret and should be
// sealed anew.
func (k *Keyring) Stale(sealed string) bool {
	return !strings.HasPrefix(sealed, "1."+k.current().id+".")
}

// aead gives each place a key of its own, so that random nonces stay far from
// the 2^32 messages per key that NIST SP 800-38D allows.
func (r *root) aead(place string) cipher.AEAD {
	block, err := aes.NewCipher(r.key("seal:" + place))
	if err != nil {
		panic("secret: " + err.Error()) // only for keys that are not 16, 24 or 32 bytes
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic("secret: " + err.Error())
	}
	return a
}

func aad(place, id string) []byte { return append(framed(place), framed(id)...) }
