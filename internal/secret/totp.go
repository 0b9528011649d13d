package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// totpStep is the time step of RFC 6238 section 5.2. Every authenticator app
// assumes it, and six digits of SHA-1, whatever the link says.
const totpStep = 30

// NewTOTPSecret makes the shared secret of an authenticator: 160 bits, as RFC
// 4226 section 4 recommends.
func NewTOTPSecret() []byte {
	b := make([]byte, 20)
	rand.Read(b) // never fails since Go 1.24
	return b
}

// TOTP gives the six digits an authenticator shows at t (RFC 6238, HMAC-SHA-1).
func TOTP(secret []byte, t time.Time) string { return hotp(secret, t.Unix()/totpStep, 6) }

// CheckTOTP tells whether code is right at t or one step beside it, for clocks
// that are a little off. The step must lie after lastStep, the one last
// accepted: a code is good once. Keep the returned step as the next lastStep.
func CheckTOTP(secret []byte, code string, t time.Time, lastStep int64) (step int64, ok bool) {
	now := t.Unix() / totpStep
	for s := now - 1; s <= now+1; s++ {
		right := hmac.Equal([]byte(hotp(secret, s, 6)), []byte(code))
		if right && s > lastStep && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// hotp is RFC 4226 section 5.3.
func hotp(secret []byte, counter int64, digits int) string {
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], uint64(counter))
	m := hmac.New(sha1.New, secret)
	m.Write(c[:])
	h := m.Sum(nil)
	at := h[len(h)-1] & 15
	n := uint64(binary.BigEndian.Uint32(h[at:at+4]) & 0x7fffffff)
	mod := uint64(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// TOTPText writes a secret the way it is typed by hand: base 32 without padding.
func TOTPText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// OTPAuthURL is the link behind an authenticator's QR code. Issuer is the
// clinic's name, account the user name; neither is secret, the link is.
func OTPAuthURL(issuer, account string, secret []byte) string {
	q := "secret=" + TOTPText(secret) + "&issuer=" + escaped(issuer) + "&algorithm=SHA1&digits=6&period=30"
	return "otpauth://totp/" + escaped(issuer) + ":" + escaped(account) + "?" + q
}

// escaped writes a space as %20: several apps show a plus sign as it stands.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
