package record

import (
	"math/big"
	"regexp"
	"strings"

	"portico/internal/ucum"
)

// Shown is the value for people: as received, but for decimals that no
// measurement has. Some programs send what their arithmetic gave,
// "27.075187166402603", which cannot be read and hides the number in it.
func (m Measure) Shown() string { return Legible(m.Value, m.Low, m.High) }

// UnitIn is the unit for people, in a language: as received, but where that is only
// its code ("10*3/uL"), in common signs ("10³/µL"). UCUM writes a unit of its own
// words in braces and "1" for none.
func (m Measure) UnitIn(lang string) string {
	u := m.Unit
	if u == "" || u == m.UnitCode {
		short, _ := ucum.Words(m.UnitCode, lang)
		return short
	}
	if u == "1" {
		return ""
	}
	if inner, ok := strings.CutPrefix(u, "{"); ok && strings.IndexByte(u, '}') == len(u)-1 {
		return strings.TrimSuffix(inner, "}")
	}
	return u
}

// significant digits are kept of a number with more decimals than the four that
// laboratories report at most; of its whole part always all.
const significant = 4

// computed are numbers with more decimals, standing by themselves: no parts of an
// object identifier, a version or a date.
var computed = regexp.MustCompile(`(^|[\s/:(<>=–])(-?\d+\.\d{5,})($|[\s/:)%])`)

// Legible rounds the numbers in a text that have more than four decimals to four
// significant digits, or to as many as it takes to stay on the same side of every
// limit. Everything else stays as it is.
func Legible(text string, limits ...string) string {
	if !computing(text) {
		return text
	}
	// A match takes the sign before it, so neighbors are found by the second go.
	for range 2 {
		text = computed.ReplaceAllStringFunc(text, func(s string) string {
			p := computed.FindStringSubmatch(s)
			return p[1] + rounded(p[2], limits) + p[3]
		})
	}
	return text
}

// computing tells whether a point stands before five digits: what most texts are
// spared the expression above by.
func computing(text string) bool {
	run := -1 // digits since a point, -1 before one
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			run = 0
		case c < '0' || c > '9':
			run = -1
		case run >= 0:
			if run++; run == 5 {
				return true
			}
		}
	}
	return false
}

func rounded(number string, limits []string) string {
	v, ok := new(big.Rat).SetString(number)
	if !ok {
		return number
	}
	for d := decimals(number); d < len(number); d++ {
		text := v.FloatString(d)
		if r, ok := new(big.Rat).SetString(text); ok && sameSide(v, r, limits) {
			return text
		}
	}
	return number
}

// decimals is how many are needed for the significant digits.
func decimals(number string) int {
	whole, rest, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	if whole = strings.TrimLeft(whole, "0"); whole != "" {
		return max(significant-len(whole), 0)
	}
	zeros := len(rest) - len(strings.TrimLeft(rest, "0"))
	return zeros + significant
}

func sameSide(v, r *big.Rat, limits []string) bool {
	for _, l := range limits {
		if edge, ok := new(big.Rat).SetString(l); ok && v.Cmp(edge) != r.Cmp(edge) {
			return false
		}
	}
	return true
}
