package notify

import (
	"strconv"
	"strings"

	"portico/internal/lang"
	"portico/internal/secret"
)

// Spell writes a code the way it is read out, one text for each group between
// hyphens: "A as in apple, seven, D as in dog". Digits are words, letters come
// with a word that begins with them. Symbols outside the code's alphabet are
// left out.
func Spell(l lang.Lang, code string) []string {
	words := strings.Split(l.T("notify.spell"), ", ")
	var out []string
	for group := range strings.SplitSeq(strings.ToUpper(code), "-") {
		var said []string
		for _, r := range group {
			if i := strings.IndexRune(secret.Crockford, r); i >= 0 && i < len(words) {
				said = append(said, words[i])
			}
		}
		if len(said) > 0 {
			out = append(out, strings.Join(said, ", "))
		}
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }
