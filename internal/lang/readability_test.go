package lang

import (
	"regexp"
	"sort"
	"strings"
	"testing"

	"portico/internal/testkit/reading"
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

var blank = regexp.MustCompile(`\{\d\}`)

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
			out = append(out, passage{k, blank.ReplaceAllString(form, "10")})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key+out[i].text < out[j].key+out[j].text })
	return out
}

func TestTextsAreEasyToRead(t *testing.T) {
	for _, c := range []struct {
		l        Lang
		measured func(string) reading.Measure
		score    func(reading.Measure) float64
		bad      func(v, room float64) bool
		room     float64
		meanBad  func(float64) bool
		name     string
	}{
		{En, reading.English, reading.Measure.Grade, func(v, room float64) bool { return v > mostGrade+room }, roomGrade, func(v float64) bool { return v > meanGrade }, "grade"},
		{Es, reading.Spanish, reading.Measure.Inflesz, func(v, room float64) bool { return v < leastInflesz-room }, roomInflesz, func(v float64) bool { return v < meanInflesz }, "INFLESZ"},
	} {
		sum, n := 0.0, 0
		for _, p := range passages(c.l) {
			m := c.measured(p.text)
			if m.Words < minWords {
				continue
			}
			v := c.score(m)
			sum, n = sum+v, n+1
			room := c.room
			if m.Words >= longText {
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
			for _, s := range reading.Sentences(p.text) {
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
