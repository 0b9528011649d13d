package registry

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters that Unicode does not take apart into a base letter and a mark.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ħ", "h")

// words gives the comparable words of a name: lower case, without marks, digits
// and punctuation. An apostrophe joins (O'Brien), a hyphen parts.
func words(s string) []string {
	s = letters.Replace(strings.ToLower(norm.NFKD.String(s)))
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`', unicode.IsDigit(r):
		default:
			b.WriteByte(' ')
		}
	}
	return joinHeads(strings.Fields(b.String()))
}

// heads are first parts of a family name that some write as a word of their own:
// Mc Donald, O Brien. "mac" is left out: it is also a given name.
var heads = map[string]bool{"mc": true, "o": true}

func joinHeads(in []string) []string {
	var out []string
	for i := 0; i < len(in); i++ {
		if heads[in[i]] && i+1 < len(in) && len(in[i+1]) > 2 {
			out = append(out, in[i]+in[i+1])
			i++
			continue
		}
		if in[i] == "st" || in[i] == "sta" || in[i] == "ste" {
			in[i] = "saint"
		}
		out = append(out, in[i])
	}
	return out
}

// particles say nothing by themselves and are often left out.
var particles = set("de del della la las los le les el al y e da das do dos du di van von vander der den ter ten zu bin ibn ben bint af av")

// titles stand before a name, or after it where they say what someone learned.
var titles = set("mr mrs ms miss mx dr dra prof rev hon sir don dona sra srta sr phd md dds rn esq dvm jd pharmd do")

// suffixes tell generations apart: a father and a son with one name.
var suffixes = map[string]string{"jr": "jr", "jnr": "jr", "junior": "jr", "sr": "sr", "snr": "sr", "senior": "sr",
	"ii": "ii", "iii": "iii", "iv": "iv", "2nd": "ii", "3rd": "iii", "hijo": "jr"}

func set(s string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

// normal is a name ready to be compared.
type normal struct {
	given, family []string // without particles and titles
	whole         string   // the family name in one word, particles included
	suffix        string   // jr, sr, ii, iii, iv or ""
}

// normalise takes a name apart. A suffix may stand in either part.
func normalise(n Name) normal {
	var out normal
	given, family, suffix := words(n.Given), words(n.Family), suffixWords(n.Suffix)
	given = dropTitles(given)
	for _, part := range []*[]string{&given, &family} {
		if last := len(*part) - 1; last > 0 && suffixes[(*part)[last]] != "" {
			out.suffix, *part = suffixes[(*part)[last]], (*part)[:last]
		}
	}
	for _, w := range suffix {
		if s := suffixes[w]; s != "" {
			out.suffix = s
		}
	}
	out.given, out.family = plainWords(given), plainWords(family)
	out.whole = strings.Join(family, "")
	return out
}

// suffixWords keeps digits, for "2nd".
func suffixWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func dropTitles(w []string) []string {
	for len(w) > 1 && titles[w[0]] {
		w = w[1:]
	}
	return w
}

// plainWords leaves the particles out, unless there is nothing else: some people
// are called Le or Do.
func plainWords(w []string) []string {
	out := slices.DeleteFunc(slices.Clone(w), func(s string) bool { return particles[s] })
	if len(out) == 0 {
		return w
	}
	return out
}

var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")

// same tells whether two words are one, Müller and Mueller included.
func same(a, b string) bool {
	return a == b || umlauts.Replace(a) == umlauts.Replace(b)
}

// sound gives a short key that different spellings of a word share: vowels and
// silent letters go, letters that sound alike in English or Spanish fall
// together. It only serves to look up whom to compare.
func sound(word string) string {
	w := []rune(soundPairs.Replace(umlauts.Replace(word)))
	var b strings.Builder
	var last rune
	for _, r := range w {
		r = soundLetter(r, b.Len() == 0)
		if r == 0 {
			continue
		}
		if r != last {
			b.WriteRune(r)
		}
		last = r
		if b.Len() >= 8 {
			break
		}
	}
	return b.String()
}

var soundPairs = strings.NewReplacer("ph", "f", "sch", "s", "sh", "s", "th", "t", "ck", "k", "gu", "g", "qu", "k", "ll", "l",
	"ce", "se", "ci", "si", "ge", "je", "gi", "ji", "cz", "s", "tz", "s", "dz", "s", "x", "j", "mc", "mk")

// soundLetter gives the letter that stands for r, 0 for none.
func soundLetter(r rune, first bool) rune {
	switch r {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		if first {
			return 'a'
		}
		return 0
	case 'h':
		return 0
	case 'w':
		if first {
			return 'b'
		}
		return 0
	case 'v':
		return 'b'
	case 'z', 'ç':
		return 's'
	case 'c', 'q':
		return 'k'
	}
	return r
}
