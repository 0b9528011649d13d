package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// Token makes 256 random bits as 43 symbols of base64url, for sessions and links.
func Token() string {
	var b [32]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// TokenHash is what the database keeps of a token: its SHA-256 as 64 hex digits.
// A plain hash is enough, for 256 random bits cannot be guessed from it.
func TokenHash(t string) string {
	h := sha256.Sum256([]byte(t))
	return hex.EncodeToString(h[:])
}

// Digits makes n uniformly random decimal digits.
func Digits(n int) string {
	out := make([]byte, 0, n)
	for len(out) < n {
		var b [16]byte
		rand.Read(b[:])
		for _, c := range b {
			// 250 is the largest multiple of ten in a byte: beyond it some
			// digits would come up more often.
			if c < 250 && len(out) < n {
				out = append(out, '0'+c%10)
			}
		}
	}
	return string(out)
}

// Crockford is Douglas Crockford's base 32: no I, L, O or U.
const Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Symbols makes n uniformly random symbols of Crockford's base 32, five bits each.
func Symbols(n int) string {
	out := make([]byte, n)
	rand.Read(out)
	for i, c := range out {
		out[i] = Crockford[c&31]
	}
	return string(out)
}
