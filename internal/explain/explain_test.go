package explain

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"portico/internal/testkit/reading"
)

var langs = []string{"en", "es"}

func parts(e Entry) map[string]string {
	return map[string]string{"looks": e.Looks, "why": e.Why, "high": e.High, "low": e.Low, "found": e.Found, "absent": e.Absent, "ask": e.Ask}
}

// checkDigit is the digit a LOINC number ends with: modulus 10, the scheme of
// Luhn (LOINC Users' Guide, appendix C).
func checkDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return byte('0' + (10-sum%10)%10)
}

func TestCheckDigit(t *testing.T) {
	for _, c := range []string{"2345-7", "718-7", "94500-6", "85354-9"} {
		n, d, _ := strings.Cut(c, "-")
		if checkDigit(n) != d[0] {
			t.Errorf("%s is said to be wrong", c)
		}
	}
	if checkDigit("2354") == '7' {
		t.Error("2354-7, with two digits changed about, is said to be right")
	}
}

var loinc = regexp.MustCompile(`^[1-9]\d{2,4}-\d$`)

func TestEachCodeOnceAndValid(t *testing.T) {
	var codes tests
	decode("codes.toml", &codes)
	seen := map[string]string{}
	check := func(key string, list []string) {
		if len(list) == 0 {
			t.Errorf("%s has no code", key)
		}
		for _, c := range list {
			n, d, _ := strings.Cut(c, "-")
			if !loinc.MatchString(c) || checkDigit(n) != d[0] {
				t.Errorf("%s: %s is no LOINC code", key, c)
			}
			if other, twice := seen[c]; twice {
				t.Errorf("%s stands in %s and in %s", c, other, key)
			}
			seen[c] = key
		}
	}
	for key, test := range codes.Test {
		check(key, test.Codes)
		if test.Source == "" {
			t.Errorf("%s has no source", key)
		}
	}
	if len(codes.Test) < 100 {
		t.Errorf("only %d tests", len(codes.Test))
	}
	t.Logf("%d tests, %d codes, %d panels", len(codes.Test), len(seen), len(codes.Panel))
	clear(seen) // a panel may have the code of a test that is a panel itself, as blood pressure
	for key, p := range codes.Panel {
		check(key, p.Codes)
		for _, m := range p.Members {
			if _, ok := codes.Test[m]; !ok {
				t.Errorf("panel %s has a member %s that is no test", key, m)
			}
		}
	}
}

func TestBothLanguagesAreComplete(t *testing.T) {
	var codes tests
	decode("codes.toml", &codes)
	var all [2]texts
	for i, l := range langs {
		decode(l+".toml", &all[i])
		x := all[i]
		same(t, l, "tests", keys(codes.Test), keys(x.Test))
		same(t, l, "panels", keys(codes.Panel), keys(x.Panel))
		for c, e := range bookOf(l).entries {
			if e.Name == "" || e.Looks == "" || e.Why == "" || e.Ask == "" || e.Source == "" {
				t.Errorf("%s %s lacks a text", l, c)
			}
		}
		for c := range x.Names {
			if _, ok := Lookup(c, l); !ok {
				t.Errorf("%s: a name for %s, which is no test", l, c)
			}
		}
	}
	en, es := all[0], all[1]
	same(t, "es", "names", keys(en.Names), keys(es.Names))
	same(t, "es", "flags", keys(en.Flag), keys(es.Flag))
	same(t, "es", "status words", keys(en.Status), keys(es.Status))
	for c, e := range bookOf("en").entries {
		s, _ := Lookup(c, "es")
		for part, text := range parts(e) {
			if (text == "") != (parts(s)[part] == "") {
				t.Errorf("%s: %s stands in one language only", c, part)
			}
			if text != "" && text == parts(s)[part] {
				t.Errorf("%s: %s is not translated", c, part)
			}
		}
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func same(t *testing.T, lang, what string, want, got []string) {
	t.Helper()
	for _, k := range want {
		if !slices.Contains(got, k) {
			t.Errorf("%s: %s lack %s", lang, what, k)
		}
	}
	for _, k := range got {
		if !slices.Contains(want, k) {
			t.Errorf("%s: %s have %s too many", lang, what, k)
		}
	}
}

// Sixth grade: the same bounds as for the pages (internal/lang), for the whole of
// an entry, since one medical word in a short sentence spoils its score alone.
const (
	mostGrade    = 8.0
	meanGrade    = 6.0
	leastInflesz = 55.0
	meanInflesz  = 65.0
	mostWords    = 18
)

func TestEntriesAreEasyToRead(t *testing.T) {
	for _, l := range langs {
		sum, n := 0.0, 0
		for key, e := range byKey(l) {
			text := strings.Join([]string{e.Looks, e.Why, e.High, e.Low, e.Found, e.Absent, e.Ask}, " ")
			for _, s := range reading.Sentences(text) {
				if len(s) > mostWords {
					t.Errorf("%s %s: a sentence of %d words: %s", l, key, len(s), strings.Join(s, " "))
				}
			}
			v, bad := reading.English(text).Grade(), false
			if bad = v > mostGrade; l == "es" {
				v = reading.Spanish(text).Inflesz()
				bad = v < leastInflesz
			}
			if bad {
				t.Errorf("%s %s scores %.1f: %s", l, key, v, text)
			}
			sum, n = sum+v, n+1
		}
		mean := sum / float64(n)
		t.Logf("%s: %d entries, mean %.1f", l, n, mean)
		if l == "en" && mean > meanGrade || l == "es" && mean < meanInflesz {
			t.Errorf("%s: the mean is %.1f", l, mean)
		}
	}
}

func byKey(lang string) map[string]Entry {
	out := map[string]Entry{}
	for _, e := range bookOf(lang).entries {
		out[e.Key] = e
	}
	return out
}

// Words that reassure, diagnose, frighten or shout have no place here.
var forbidden = regexp.MustCompile(`(?i)\b(normal|normales|healthy|sano|sana|saludable|fine|good news|nothing to worry|don't worry|no se preocupe|tranquilo|safe to|you have|usted tiene|dangerous|peligroso|deadly|mortal)\b|[!¡]`)

func TestNothingReassuresOrDiagnoses(t *testing.T) {
	for _, l := range langs {
		var x texts
		decode(l+".toml", &x)
		for c, f := range x.Flag {
			if forbidden.MatchString(f) {
				t.Errorf("%s flag %s: %s", l, c, f)
			}
		}
		for key, e := range byKey(l) {
			for part, text := range parts(e) {
				if m := forbidden.FindString(text); m != "" && part != "why" {
					t.Errorf("%s %s.%s says %q: %s", l, key, part, m, text)
				}
			}
		}
	}
}

func TestTextsAreFinishedSentences(t *testing.T) {
	for _, l := range langs {
		for key, e := range byKey(l) {
			for part, text := range parts(e) {
				if text != "" && (!strings.HasSuffix(text, ".") || !unicode.IsUpper([]rune(text)[0]) || strings.Contains(text, "  ")) {
					t.Errorf("%s %s.%s: %q", l, key, part, text)
				}
			}
			if !unicode.IsUpper([]rune(e.Name)[0]) || strings.HasSuffix(e.Name, ".") {
				t.Errorf("%s %s is called %q", l, key, e.Name)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	for _, c := range []struct{ code, lang, name string }{
		{"2345-7", "en", "Blood sugar (glucose)"}, {"2339-0", "es", "Azúcar en la sangre (glucosa)"}, {"6206-7", "en", "Allergy test: peanut"},
		{"718-7", "xx", "Hemoglobin"}, {"8480-6", "es", "Presión de la sangre, número de arriba"}, {"69453-9", "en", ""}, {"", "en", ""}, {"glucose", "en", ""},
	} {
		e, ok := Lookup(c.code, c.lang)
		if e.Name != c.name || ok != (c.name != "") {
			t.Errorf("%s in %s is %q, %v", c.code, c.lang, e.Name, ok)
		}
	}
	p, ok := PanelOf("57698-3", "en")
	if !ok || p.Name != "Cholesterol tests" || !slices.Contains(p.Members, "2093-3") || p.Members[0] != "2093-3" {
		t.Errorf("the lipid panel is %+v", p)
	}
	p.Members[0] = "x"
	if again, _ := PanelOf("57698-3", "en"); again.Members[0] == "x" {
		t.Error("a caller changed the book")
	}
	if _, ok := PanelOf("2093-3", "en"); ok {
		t.Error("a test is a panel")
	}
}

func TestFlagsAndStates(t *testing.T) {
	for _, c := range []struct {
		code, lang, text string
		level            Level
	}{
		{"H", "en", "High", Out}, {"L", "es", "Bajo", Out}, {"HH", "en", "Very high", Far}, {"N", "en", "In range", In}, {"POS", "en", "Found (positive)", Unmarked},
		{"NEG", "es", "No se encontró (negativo)", Unmarked}, {"R", "en", "The medicine does not work on this germ (resistant)", Unmarked}, {"VS", "en", "The medicine works on this germ (susceptible)", Unmarked}, {"?", "en", "", Unmarked},
	} {
		f, ok := Interpretation(c.code, c.lang)
		if f != (Flag{c.text, c.level}) || ok != (c.text != "") {
			t.Errorf("%s in %s is %+v, %v", c.code, c.lang, f, ok)
		}
	}
	for code := range levels {
		if _, ok := Interpretation(code, "en"); !ok {
			t.Errorf("%s has a level and no words", code)
		}
	}
	// Every state that FHIR R4 knows for an Observation or a DiagnosticReport.
	for _, code := range []string{"registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled", "entered-in-error", "unknown"} {
		for _, l := range langs {
			if word, meaning, ok := Status(code, l); !ok || word == "" || meaning == "" {
				t.Errorf("%s has no words in %s", code, l)
			}
		}
	}
	if _, _, ok := Status("made-up", "en"); ok {
		t.Error("a state that does not exist has words")
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		read("es")
	}
}
