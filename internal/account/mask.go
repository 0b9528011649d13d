package account

import (
	"strings"
	"unicode/utf8"
)

// dots stand for what is hidden, always as many, so that they tell no length.
const dots = "•••"

// Mask shows the first letter and the domain of an e-mail address, and the last
// two digits of a phone number (login.gov shows two as well).
func Mask(k Kind, contact string) string {
	if k == Mail {
		user, domain, found := strings.Cut(contact, "@")
		if !found || user == "" {
			return dots
		}
		_, n := utf8.DecodeRuneInString(user)
		return user[:n] + dots + "@" + domain
	}
	d := digits(contact)
	if len(d) < 4 {
		return dots
	}
	return dots + " " + d[len(d)-2:]
}
