package enroll

import (
	"crypto/sha256"
	"math/bits"
	"strings"
)

// The proof of work while the breaker is on: SHA-256 over the first 32 symbols
// of the form's one-time key (they hold its 128 random bits), a dot and a
// counter, in decimal, must begin with a number of zero bits. The browser's
// script finds the counter (assets/js/work.js); the form key makes the work
// good for one submission in one browser, and is itself made and used up by
// package web, so that nothing has to be kept here.
const workKey = 32

// worked tells whether counter does the work asked for by key.
func worked(key, counter string, want int) bool {
	if len(key) < workKey || counter == "" || len(counter) > 12 || strings.Trim(counter, "0123456789") != "" {
		return false
	}
	sum := sha256.Sum256([]byte(key[:workKey] + "." + counter))
	n := 0
	for _, b := range sum {
		n += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return n >= want
}
