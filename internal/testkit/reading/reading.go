// Package reading measures how easy a text is to read, for tests that hold
// texts to plain words.
package reading

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	sentenceEnd = regexp.MustCompile(`[.:;?!]+(\s|$)`)
	// abbreviations end in a point that ends no sentence.
	abbreviations = strings.NewReplacer("a.m.", "am", "p.m.", "pm", "a. m.", "am", "p. m.", "pm", "a.\u00a0m.", "am", "p.\u00a0m.", "pm", "Dr.", "Dr", "Dra.", "Dra", "St.", "St", "U.S.", "US")
)

// Sentences are the words of each sentence of a text.
func Sentences(text string) [][]string {
	var out [][]string
	for _, s := range sentenceEnd.Split(abbreviations.Replace(text), -1) {
		if w := splitWords(s); len(w) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// splitWords keeps what has a letter or a digit; addresses and codes count as a
// word.
func splitWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"“”()/,–—…¿¡", r)
	})
}

// Measure is what the formulas need of a text.
type Measure struct{ Words, Sentences, syllables int }

// English measures an English text.
func English(text string) Measure { return measured(text, englishSyllables) }

// Spanish measures a Spanish text.
func Spanish(text string) Measure { return measured(text, spanishSyllables) }

func measured(text string, syllables func(string) int) (m Measure) {
	for _, s := range Sentences(text) {
		m.Sentences++
		for _, w := range s {
			m.Words++
			m.syllables += syllables(w)
		}
	}
	return m
}

func (m Measure) perSentence() float64 { return float64(m.Words) / float64(m.Sentences) }
func (m Measure) perWord() float64     { return float64(m.syllables) / float64(m.Words) }

// Grade is the Flesch-Kincaid grade (Kincaid et al., 1975) of an English text.
func (m Measure) Grade() float64 { return 0.39*m.perSentence() + 11.8*m.perWord() - 15.59 }

// Inflesz is the INFLESZ score of a Spanish text: 55 to 65 is "normal", above that
// "fairly easy" (Barrio-Cantalejo et al., 2008).
func (m Measure) Inflesz() float64 { return 206.835 - 62.3*m.perWord() - m.perSentence() }

// englishSyllables counts groups of vowels, without a silent e at the end. It is
// right for most common words and one off for some.
func englishSyllables(word string) int {
	w := strings.ToLower(strings.Trim(word, ".'’-&%$#@"))
	if w == "" || strings.ContainsAny(w, "0123456789@") {
		return 1
	}
	if i := strings.IndexByte(w, '-'); i > 0 {
		return englishSyllables(w[:i]) + englishSyllables(w[i+1:])
	}
	n, before := 0, false
	for _, r := range w {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !before {
			n++
		}
		before = vowel
	}
	switch {
	case strings.HasSuffix(w, "le") && len(w) > 2 && !strings.ContainsRune("aeiouy", rune(w[len(w)-3])):
	case strings.HasSuffix(w, "e"), strings.HasSuffix(w, "ed") && !strings.HasSuffix(w, "ted") && !strings.HasSuffix(w, "ded"),
		strings.HasSuffix(w, "es") && !strings.HasSuffix(w, "ses") && !strings.HasSuffix(w, "ces") && !strings.HasSuffix(w, "ges") && !strings.HasSuffix(w, "xes") && !strings.HasSuffix(w, "ches") && !strings.HasSuffix(w, "shes"):
		n--
	}
	return max(n, 1)
}

// spanishSyllables counts vowel groups; two strong vowels, or a weak one with an
// accent beside a strong one, make two.
func spanishSyllables(word string) int {
	w := []rune(strings.ToLower(word))
	n, before := 0, rune(0)
	for i, r := range w {
		if r == 'u' && i > 0 && i+1 < len(w) && (w[i-1] == 'q' || w[i-1] == 'g') && strings.ContainsRune("eiéí", w[i+1]) {
			continue // the silent u of que, guía
		}
		if !strings.ContainsRune("aeiouáéíóúü", r) && (r != 'y' || i+1 < len(w)) {
			before = 0
			continue
		}
		strong := strings.ContainsRune("aeoáéóíú", r)
		if before == 0 || strong && strings.ContainsRune("aeoáéóíú", before) {
			n++
		}
		before = r
	}
	return max(n, 1)
}
