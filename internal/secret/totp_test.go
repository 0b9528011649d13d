package secret

import (
	"net/url"
	"testing"
	"time"
)

// The vectors of RFC 6238 appendix B for SHA-1, eight digits.
func TestTOTPVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(key, at/totpStep, 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
		if got := TOTP(key, time.Unix(at, 0)); got != want[2:] {
			t.Errorf("six digits at %d: %s, want %s", at, got, want[2:])
		}
	}
}

// The vectors of RFC 4226 appendix D.
func TestHOTPVectors(t *testing.T) {
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp([]byte("12345678901234567890"), int64(i), 6); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

func TestAuthenticatorCodeIsGoodOnceAndNearNow(t *testing.T) {
	key := []byte("12345678901234567890")
	now := time.Unix(1_800_000_015, 0)
	step := now.Unix() / totpStep
	for off, want := range map[int64]bool{-3: false, -2: false, -1: true, 0: true, 1: true, 2: false, 3: false} {
		code := hotp(key, step+off, 6)
		got, ok := CheckTOTP(key, code, now, 0)
		if ok != want || (ok && got != step+off) {
			t.Errorf("%+d steps: %v %d", off, ok, got)
		}
		if _, again := CheckTOTP(key, code, now, step+off); again {
			t.Errorf("%+d steps: taken a second time", off)
		}
	}
	if _, ok := CheckTOTP(key, hotp(key, step-1, 6), now, step); ok {
		t.Error("an older code is taken after a newer one")
	}
	for _, bad := range []string{"", "0", "00000", "0000000", "abcdef"} {
		if _, ok := CheckTOTP(key, bad, now, 0); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestOTPAuthURL(t *testing.T) {
	u, err := url.Parse(OTPAuthURL("Smith & Sons", "ana.río", []byte("12345678901234567890")))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Smith & Sons:ana.río" ||
		q.Get("issuer") != "Smith & Sons" || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("digits") != "6" {
		t.Errorf("%s", u)
	}
}
