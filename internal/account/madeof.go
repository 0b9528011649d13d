package account

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"portico/internal/lang"
)

// spare is how many letters and digits a password may have beside what is known
// of its owner and still count as made of it: "garcia1962" and "ana.garcia.7x"
// are, "ana paints fences" is not.
const spare = 3

// token is a piece of what others can know about a person, folded and without
// accents and separators, with the key of the reason it is refused for.
type token struct{ text, why string }

// madeOf gives the reason why pw counts as made of what is known about p, "" if
// it does not.
func madeOf(pw string, p Person) string {
	bare := letters(pw)
	if differentSigns(pw) > 6 {
		return "" // what is known is the smaller part of it
	}
	left, why := uncovered(bare, p.tokens())
	if why == "" || left > spare {
		return ""
	}
	return why
}

// differentSigns counts the different signs in s that are neither letters nor digits.
func differentSigns(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			seen[r] = true
		}
	}
	return len(seen)
}

// uncovered tells how many letters and digits of s remain when as much of it as
// possible is laid out with tokens, and the reason of the longest token used.
func uncovered(s string, tokens []token) (left int, why string) {
	type best struct {
		left, longest int
		why           string
	}
	rs := []rune(s)
	at := make([]best, len(rs)+1) // at[i]: best for rs[:i]
	for i := 1; i <= len(rs); i++ {
		at[i] = at[i-1]
		at[i].left++
		head := string(rs[:i])
		for _, t := range tokens {
			if !strings.HasSuffix(head, t.text) {
				continue
			}
			n := utf8.RuneCountInString(t.text)
			b := at[i-n]
			if n > b.longest {
				b.longest, b.why = n, t.why
			}
			if b.left < at[i].left || (b.left == at[i].left && b.longest > at[i].longest) {
				at[i] = b
			}
		}
	}
	return at[len(rs)].left, at[len(rs)].why
}

// tokens lists what is known about p in every common writing.
func (p Person) tokens() []token {
	var out []token
	add := func(why string, texts ...string) {
		for _, t := range texts {
			if t = letters(t); utf8.RuneCountInString(t) >= 2 {
				out = append(out, token{t, why})
			}
		}
	}
	for _, n := range p.Names {
		add("account.password.name", n)
		add("account.password.name", words(n)...)
	}
	add("account.password.birth", datesOf(p.Birth)...)
	add("account.password.user", p.UserName)
	add("account.password.clinic", p.Clinic)
	for _, w := range words(p.Clinic) {
		if utf8.RuneCountInString(w) > 3 { // not "the", "of", "de la"
			add("account.password.clinic", w)
		}
	}
	if utf8.RuneCountInString(letters(p.Number)) >= 4 {
		add("account.password.number", p.Number, digits(p.Number), strings.TrimLeft(digits(p.Number), "0"))
	}
	return out
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// datesOf writes a birth date in every common order, with and without leading
// zeros and century, with months as numbers and as English and Spanish words.
func datesOf(birth string) []string {
	t, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return nil
	}
	years := []string{t.Format("2006"), t.Format("06")}
	days := []string{t.Format("02"), t.Format("2")}
	months := []string{t.Format("01"), t.Format("1")}
	for _, l := range lang.All {
		m := l.Month(t.Month())
		months = append(months, m, m[:3])
	}
	out := []string{years[0]}
	for _, m := range months {
		for _, d := range days {
			if len(m+d) > 3 {
				out = append(out, m+d, d+m)
			}
			for _, y := range years {
				out = append(out, y+m+d, y+d+m, m+d+y, d+m+y, m+y, y+m, fmt.Sprint(d, "de", m, "de", y))
			}
		}
	}
	return out
}
