package account

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"portico/internal/fault"
)

// Length of a user name in code points.
const (
	MinUserName = 6
	MaxUserName = 64
)

// FoldUserName brings a typed user name into the form it is stored and looked
// up in: NFKC, case-folded, without space around it (after the PRECIS profile
// UsernameCaseMapped, RFC 8265 section 3.3).
func FoldUserName(s string) string { return strings.TrimSpace(fold(s)) }

// reserved are names that could pass for the clinic or a part of the portal.
// Compared by skeleton, so "Adm1n1strator" is caught too.
var reserved = []string{
	"administrator", "administrador", "admin", "root", "superuser", "sysadmin", "system", "sistema",
	"webmaster", "hostmaster", "postmaster", "mailerdaemon", "noreply", "support", "soporte", "helpdesk",
	"security", "seguridad", "privacy", "privacidad", "billing", "facturacion", "records", "frontdesk",
	"recepcion", "reception", "nurse", "doctor", "physician", "provider", "pharmacy", "farmacia",
	"careteam", "clinic", "clinica", "hospital", "portal", "portico", "patient", "paciente", "guest",
	"invitado", "anonymous", "anonimo", "nobody", "unknown", "undefined", "username", "usuario",
	"signin", "signout", "logout", "account", "password", "contrasena", "official", "oficial", "staff",
}

// CheckUserName says whether name may be used by p; otherwise the fault says
// why, at field "username". Whether somebody has it already is for the database.
func CheckUserName(name string, p Person) error {
	name = FoldUserName(name)
	n := utf8.RuneCountInString(name)
	switch {
	case n < MinUserName:
		return fault.Bad("username", "account.username.short", MinUserName)
	case n > MaxUserName:
		return fault.Bad("username", "account.username.long", MaxUserName)
	case !spelled(name):
		return fault.Bad("username", "account.username.signs")
	case mixed(name):
		return fault.Bad("username", "account.username.mixed")
	case isReserved(name):
		return fault.Bad("username", "account.username.reserved")
	}
	return notIdentity(name, p)
}

// notIdentity refuses what would tell a stranger who the person is, or let a
// stranger who knows the person guess the user name: number and birth date.
// A name alone is no secret, but the person's whole name is refused too.
func notIdentity(name string, p Person) error {
	bare := letters(name)
	number := letters(p.Number)
	if number != "" && (bare == number || strings.TrimLeft(digits(name), "0") == strings.TrimLeft(digits(p.Number), "0") && digits(name) == bare) {
		return fault.Bad("username", "account.username.number")
	}
	if slices.ContainsFunc(datesOf(p.Birth), func(d string) bool { return letters(d) == bare }) {
		return fault.Bad("username", "account.username.birth")
	}
	var names []token
	for _, t := range p.tokens() {
		if t.why == "account.password.name" {
			names = append(names, t)
		}
	}
	if left, why := uncovered(bare, names); why != "" && left == 0 {
		return fault.Bad("username", "account.username.name")
	}
	return nil
}

// spelled allows letters with their accents, digits and . _ - @, beginning and
// ending with a letter or digit, without two signs in a row.
func spelled(name string) bool {
	after := true // as if a sign stood before the name
	for _, r := range name {
		sign := strings.ContainsRune("._-@", r)
		accent := unicode.In(r, unicode.Mn, unicode.Mc)
		if !sign && !accent && !unicode.IsLetter(r) && !(r >= '0' && r <= '9') {
			return false
		}
		if (sign || accent) && after {
			return false
		}
		after = sign
	}
	return !after
}

// scripts a user name may be written in. One at a time: letters of two scripts
// in one name are how look-alikes are made (UTS #39 section 5).
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Hebrew, unicode.Arabic, unicode.Devanagari,
	unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam,
	unicode.Sinhala, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Georgian, unicode.Ethiopic, unicode.Hangul,
}

// japanese and chinese writing mixes these; they count as one script.
var eastAsian = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}

func mixed(name string) bool {
	found := -1
	for _, r := range name {
		if !unicode.IsLetter(r) {
			continue
		}
		s := slices.IndexFunc(scripts, func(t *unicode.RangeTable) bool { return unicode.Is(t, r) })
		if s < 0 && unicode.In(r, eastAsian...) {
			s = len(scripts)
		}
		if s < 0 || (found >= 0 && s != found) {
			return true
		}
		found = s
	}
	return false
}

func isReserved(name string) bool {
	whole, cut := Skeleton(name), Skeleton(strings.TrimRight(name, "0123456789._-@")) // "admin123" too
	return slices.Contains(reservedSkeletons, whole) || slices.Contains(reservedSkeletons, cut)
}

var reservedSkeletons = func() []string {
	out := make([]string, len(reserved))
	for i, w := range reserved {
		out[i] = Skeleton(w)
	}
	return out
}()

// Skeleton is a user name as the eye sees it in passing: without accents and
// signs, each letter replaced by one of its look-alikes. Two names with the same
// skeleton cannot both be taken. A smaller cut of UTS #39's confusables: the
// letters of the scripts allowed above that look Latin, and what is confused in
// common typefaces (0 o, 1 l i, 5 s, rn m, vv w, cl d).
func Skeleton(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(FoldUserName(name)) {
		if to, ok := lookalike[r]; ok {
			b.WriteString(to)
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d").Replace(b.String())
}

var lookalike = func() map[rune]string {
	m := map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ł': "l", 'þ': "p", 'ŧ': "t", 'ı': "l"}
	for _, pair := range []string{
		// Only the digits that typefaces draw like letters: people tell "rose2016"
		// from "rose2018", and often nothing else is different.
		"0o", "1l", "il", "5s",
		// Cyrillic that looks Latin.
		"аa", "вb", "сc", "еe", "нh", "іl", "јl", "кk", "мm", "оo", "рp", "ԛq", "ѕs", "тt", "уy", "ԝw", "хx", "ѵv", "һh", "ԁd", "ӏl", "гr", "пn",
		// Greek that looks Latin.
		"αa", "βb", "εe", "ηn", "ιl", "κk", "νv", "οo", "ρp", "τt", "υu", "χx", "γy", "ωw", "ζz", "μu",
		// Armenian and others that look Latin.
		"օo", "սu", "հh", "ոn", "ցg", "զq", "ɑa", "ɡg", "єe", "ѡw",
	} {
		rs := []rune(pair)
		m[rs[0]] = string(rs[1])
	}
	return m
}()
