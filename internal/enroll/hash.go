package enroll

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"golang.org/x/crypto/argon2"

	"portico/internal/secret"
)

// The secret half of a code has 50 bits (a spoken one 40), below the 112 from
// which NIST SP 800-63B takes a plain hash for enough. So it is hashed slowly
// with a salt, and the result keyed: a stolen database has nothing to try
// guesses against, and with the key beside it each guess still costs this.
// Small: it runs on every try, also for codes that do not exist.
const (
	slowMemory = 1024 // KiB
	slowTime   = 1
	slowLanes  = 1
	slowSalt   = 16 // bytes
	slowOut    = 32 // bytes
)

func slow(symbols string, salt []byte) string {
	return string(argon2.IDKey([]byte(symbols), salt, slowTime, slowMemory, slowLanes, slowOut))
}

// hashSecret makes what is stored of a code's secret half; id binds it to its row.
func hashSecret(k *secret.Keyring, id, symbols string) string {
	salt := make([]byte, slowSalt)
	rand.Read(salt) // never fails since Go 1.24
	mac := k.MAC("enroll.code", id, slow(symbols, salt))
	return base64.RawStdEncoding.EncodeToString(salt) + "." + base64.RawStdEncoding.EncodeToString(mac)
}

// nobody is compared with where there is no such code: the work is the same and
// nothing matches.
var nobody = base64.RawStdEncoding.EncodeToString(make([]byte, slowSalt)) + "." + base64.RawStdEncoding.EncodeToString(make([]byte, 32))

// checkSecret tells whether symbols made stored. It takes as long for "".
func checkSecret(k *secret.Keyring, id, stored, symbols string) bool {
	if stored == "" {
		stored = nobody
	}
	a, b, _ := strings.Cut(stored, ".")
	salt, err1 := base64.RawStdEncoding.DecodeString(a)
	mac, err2 := base64.RawStdEncoding.DecodeString(b)
	ok := k.CheckMAC(mac, "enroll.code", id, slow(symbols, salt))
	return ok && err1 == nil && err2 == nil
}
