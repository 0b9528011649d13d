package registry

import (
	"net/mail"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// maxNumber is the longest patient number in bytes; a UUID has 36.
const maxNumber = 64

// NormalNumber gives the form in which patient numbers are compared: lower
// case, without spaces, hyphens and the like, leading zeros kept. ok is false
// if nothing is left or it is too long.
func NormalNumber(s string) (n string, ok bool) {
	n = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(s))
	return n, n != "" && len(n) <= maxNumber
}

// NormalEmail gives an address with its domain in lower case. ok is false for
// anything but one bare address that can be written to.
func NormalEmail(s string) (address string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > 254 || strings.ContainsFunc(s, unicode.IsControl) { // RFC 5321 section 4.5.3.1.3
		return "", false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], strings.ToLower(norm.NFC.String(s[at+1:]))
	if len(local) > 64 || !strings.Contains(strings.Trim(domain, "."), ".") || strings.HasSuffix(domain, ".") || strings.HasPrefix(domain, "[") {
		return "", false
	}
	return local + "@" + domain, true
}

// NormalPhone gives a phone number in the form +15551862275, read as dialled in
// region (ISO 3166, "US"). Numbers only need to be possible, not assigned: those
// of films and sample data (555) are kept. What cannot be a number of any country
// gives its bare digits and ok false: it can be compared but not called.
func NormalPhone(s, region string) (number string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return "", false
	}
	p, err := phonenumbers.Parse(s, region)
	if err == nil && phonenumbers.IsPossibleNumber(p) {
		number = phonenumbers.Format(p, phonenumbers.E164)
		if ext := p.GetExtension(); ext != "" {
			number += "x" + ext
		}
		return number, true
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
	if len(digits) < 5 {
		return "", false
	}
	return digits, false
}

// contactForm is the form in which a contact of some kind is compared.
func contactForm(kind Kind, value, region string) string {
	if kind == Email {
		if a, ok := NormalEmail(value); ok {
			return strings.ToLower(a)
		}
		return ""
	}
	n, _ := NormalPhone(value, region)
	return n
}
