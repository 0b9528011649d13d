package lang

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"testing"
	"unicode"
)

// Plain words are a promise: a sixth-grade reader follows every page. Formulas
// misjudge labels, so texts under minWords words are not measured, and under
// longText words one long word that nobody can avoid ("verificación") weighs too
// much, so those get some room.
const (
	minWords     = 8
	longText     = 15
	mostGrade    = 8.0  // Flesch-Kincaid grade of one English text (Kincaid et al., 1975)
	meanGrade    = 6.0  // mean over all English texts
	leastInflesz = 55.0 // INFLESZ of one Spanish text: "normal" (Barrio-Cantalejo et al., 2008)
	meanInflesz  = 65.0 // mean over all Spanish texts: "fairly easy"
	roomGrade    = 1.5  // room for a text of one short sentence
	roomInflesz  = 15.0
	mostWords    = 18 // words in one sentence
)

// notProse are texts that are read as a table, not as a sentence.
var notProse = map[string]bool{
	"notify.spell": true, // the spelling alphabet, one word for each letter
}

var (
	blank       = regexp.MustCompile(`\{\d\}`)
	sentenceEnd = regexp.MustCompile(`[.:;?!]+(\s|$)`)
	// abbreviations end in a point that ends no sentence.
	abbreviations = strings.NewReplacer("a.m.", "am", "p.m.", "pm", "a. m.", "am", "p. m.", "pm", "Dr.", "Dr", "Dra.", "Dra", "St.", "St", "U.S.", "US")
)

type passage struct{ key, text string }

// passages are all texts of a language, plural forms apart, blanks filled with
// a short word, in a fixed order.
func passages(l Lang) []passage {
	var out []passage
	for k, v := range catalogue[l] {
		if notProse[k] {
			continue
		}
		for _, form := range strings.Split(v, "|") {
			out = append(out, passage{k, abbreviations.Replace(blank.ReplaceAllString(form, "10"))})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key+out[i].text < out[j].key+out[j].text })
	return out
}

func sentences(text string) [][]string {
	var out [][]string
	for _, s := range sentenceEnd.Split(text, -1) {
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

type measure struct{ words, sentences, syllables int }

func measured(text string, syllables func(string) int) (m measure) {
	for _, s := range sentences(text) {
		m.sentences++
		for _, w := range s {
			m.words++
			m.syllables += syllables(w)
		}
	}
	return m
}

func (m measure) perSentence() float64 { return float64(m.words) / float64(m.sentences) }
func (m measure) perWord() float64     { return float64(m.syllables) / float64(m.words) }

func (m measure) fleschKincaid() float64 { return 0.39*m.perSentence() + 11.8*m.perWord() - 15.59 }
func (m measure) inflesz() float64       { return 206.835 - 62.3*m.perWord() - m.perSentence() }

func TestTextsAreEasyToRead(t *testing.T) {
	for _, c := range []struct {
		l         Lang
		syllables func(string) int
		score     func(measure) float64
		bad       func(v, room float64) bool
		room      float64
		meanBad   func(float64) bool
		name      string
	}{
		{En, englishSyllables, measure.fleschKincaid, func(v, room float64) bool { return v > mostGrade+room }, roomGrade, func(v float64) bool { return v > meanGrade }, "grade"},
		{Es, spanishSyllables, measure.inflesz, func(v, room float64) bool { return v < leastInflesz-room }, roomInflesz, func(v float64) bool { return v < meanInflesz }, "INFLESZ"},
	} {
		sum, n := 0.0, 0
		for _, p := range passages(c.l) {
			m := measured(p.text, c.syllables)
			if m.words < minWords {
				continue
			}
			v := c.score(m)
			sum, n = sum+v, n+1
			room := c.room
			if m.words >= longText {
				room = 0
			}
			if c.bad(v, room) {
				t.Errorf("%s %s: %s %.1f: %s", c.l, p.key, c.name, v, p.text)
			}
		}
		if n == 0 {
			t.Fatalf("no texts in %s", c.l)
		}
		mean := sum / float64(n)
		t.Logf("%s: %d texts, mean %s %.1f", c.l, n, c.name, mean)
		if c.meanBad(mean) {
			t.Errorf("%s: the mean %s is %.1f", c.l, c.name, mean)
		}
	}
}

func TestSentencesAreShort(t *testing.T) {
	for _, l := range All {
		for _, p := range passages(l) {
			for _, s := range sentences(p.text) {
				if len(s) > mostWords {
					t.Errorf("%s %s: a sentence of %d words: %s", l, p.key, len(s), strings.Join(s, " "))
				}
			}
		}
	}
}

func TestNoExclamationMarks(t *testing.T) {
	for _, l := range All {
		for _, p := range passages(l) {
			if strings.ContainsAny(p.text, "!¡") {
				t.Errorf("%s %s shouts: %s", l, p.key, p.text)
			}
		}
	}
}

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

func TestSyllables(t *testing.T) {
	for w, want := range map[string]int{"code": 1, "table": 2, "password": 2, "account": 2, "recovery": 4, "used": 1, "needed": 2, "email": 2, "sign-in": 2, "555-010-0123": 1} {
		if got := englishSyllables(w); got != want {
			t.Errorf("%s: %d syllables, want %d", w, got, want)
		}
	}
	for w, want := range map[string]int{"código": 3, "contraseña": 4, "que": 1, "guía": 2, "cuenta": 2, "correo": 3, "día": 2, "y": 1, "muy": 1, "ciudad": 2, "teléfono": 4} {
		if got := spanishSyllables(w); got != want {
			t.Errorf("%s: %d sílabas, want %d", w, got, want)
		}
	}
	if fmt.Sprintf("%.1f", measured("The cat sat on the mat.", englishSyllables).fleschKincaid()) != "-1.4" {
		t.Error("the formula is wrong")
	}
}
