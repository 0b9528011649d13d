package registry

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"José María": "jose maria", "O'Brien": "obrien", "O’Brien": "obrien", "O Brien": "obrien", "Mc Donald": "mcdonald",
		"García-López": "garcia lopez", "Müller": "muller", "Straße": "strasse", "Łukasz Ørsted": "lukasz orsted", "St. John": "saint john",
		"Bosco882": "bosco", "d'Angelo": "dangelo", "ＡＮＡ": "ana", "王 小明": "王 小明", "J.R.": "j r", "": "",
	} {
		if got := strings.Join(words(in), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNormalise(t *testing.T) {
	tests := []struct {
		in   Name
		want normal
	}{
		{Name{Given: "Dr. Juan Carlos", Family: "de la Cruz y Gómez"}, normal{[]string{"juan", "carlos"}, []string{"cruz", "gomez"}, "delacruzygomez", ""}},
		{Name{Given: "John", Family: "Smith Jr."}, normal{[]string{"john"}, []string{"smith"}, "smith", "jr"}},
		{Name{Given: "John III", Family: "Smith"}, normal{[]string{"john"}, []string{"smith"}, "smith", "iii"}},
		{Name{Given: "John", Family: "Smith", Suffix: "Jr., PhD"}, normal{[]string{"john"}, []string{"smith"}, "smith", "jr"}},
		{Name{Given: "Minh", Family: "Le"}, normal{[]string{"minh"}, []string{"le"}, "le", ""}},
		{Name{Given: "Sr.", Family: "Junior"}, normal{[]string{"sr"}, []string{"junior"}, "junior", ""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, normalise(tt.in), cmp.AllowUnexported(normal{})); diff != "" {
			t.Error(tt.in, diff)
		}
	}
}

func TestFitName(t *testing.T) {
	tests := []struct {
		given, family           string
		knownGiven, knownFamily string
		wantGiven, wantFamily   closeness
		swapped                 bool
	}{
		{"Ana", "López", "ANA", "Lopez", equal, equal, false},
		{"Bob", "Smith", "Robert", "Smith", short, equal, false},
		{"Rob", "Smith", "Bobby", "Smith", short, equal, false},
		{"Pepe", "García", "José", "García López", short, partly, false},
		{"María", "López", "María", "García López", equal, partly, false},
		{"María", "López García", "María", "García-López", equal, equal, false},
		{"María", "de la Cruz", "María", "Delacruz", equal, equal, false},
		{"María", "Cruz", "María", "de la Cruz", equal, equal, false},
		{"Jon", "Smyth", "John", "Smith", short, near, false},
		{"Catherin", "Gonzales", "Catherine", "González", near, near, false},
		{"Smith", "John", "John", "Smith", equal, equal, true},
		{"Ana María", "de la Cruz", "Ana", "María de la Cruz", equal, equal, true},
		{"Smith", "Bob", "Robert", "Smith", short, equal, true},
		{"J", "Smith", "John", "Smith", partly, equal, false},
		{"Michael", "Smith", "John Michael", "Smith", partly, equal, false},
		{"Mario", "Rossi", "Maria", "Rossi", weak, equal, false},
		{"Daniel", "Rossi", "Daniela", "Rossi", weak, equal, false},
		{"Emma", "Smith", "Olivia", "Smith", apart, equal, false},
		{"Emma", "Smith", "Emma", "Jones", equal, apart, false},
		{"Emma", "García Pérez", "Emma", "García Ruiz", equal, weak, false},
		{"Uwe", "Mueller", "Uwe", "Müller", equal, equal, false},
		{"", "Smith", "John", "Smith", unknown, equal, false},
	}
	for _, tt := range tests {
		got := fitName(normalise(Name{Given: tt.given, Family: tt.family}), normalise(Name{Given: tt.knownGiven, Family: tt.knownFamily}))
		if got.given != tt.wantGiven || got.family != tt.wantFamily || got.swapped != tt.swapped {
			t.Errorf("%s %s ~ %s %s: %+v", tt.given, tt.family, tt.knownGiven, tt.knownFamily, got)
		}
	}
}

func TestNicknames(t *testing.T) {
	for _, p := range [][2]string{{"bill", "william"}, {"peggy", "margaret"}, {"paco", "francisco"}, {"lupita", "guadalupe"}, {"chuy", "jesus"},
		{"nacho", "ignacio"}, {"liz", "betty"}, {"memo", "guillermo"}, {"tono", "antonio"}} {
		if !nickname(p[0], p[1]) || !nickname(p[1], p[0]) {
			t.Errorf("%s is not known as %s", p[0], p[1])
		}
	}
	for _, p := range [][2]string{{"john", "james"}, {"maria", "marta"}, {"emma", "olivia"}} {
		if nickname(p[0], p[1]) {
			t.Errorf("%s passes for %s", p[0], p[1])
		}
	}
	if n := len(nicknames.full); n < 400 {
		t.Errorf("only %d groups", n)
	}
}

// Spellings that people mix up share a key; that is all it is for.
func TestSound(t *testing.T) {
	for _, p := range [][2]string{{"smith", "smyth"}, {"gonzalez", "gonsales"}, {"vasquez", "basques"}, {"jimenez", "gimenez"}, {"jimenez", "ximenez"},
		{"hernandez", "ernandes"}, {"catherine", "katherine"}, {"philip", "filip"}, {"muller", "mueller"}, {"stephen", "stefan"}, {"rodriguez", "rodrigues"}} {
		if a, b := sound(p[0]), sound(p[1]); a != b || a == "" {
			t.Errorf("%s %q, %s %q", p[0], a, p[1], b)
		}
	}
	if sound("王") != "王" {
		t.Error("names in other scripts have no key")
	}
}

func TestAlike(t *testing.T) {
	// Published examples of the Jaro-Winkler measure.
	for _, tt := range []struct {
		a, b string
		want float64
	}{{"martha", "marhta", 0.961}, {"dwayne", "duane", 0.840}, {"dixon", "dicksonx", 0.813}, {"a", "a", 1}, {"a", "b", 0}, {"", "a", 0}} {
		if got := alike(tt.a, tt.b); got < tt.want-0.001 || got > tt.want+0.001 {
			t.Errorf("%s %s: %.3f, want %.3f", tt.a, tt.b, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-zé]{0,12}`).Draw(t, "a"), rapid.StringMatching(`[a-zé]{0,12}`).Draw(t, "b")
		if x, y := alike(a, b), alike(b, a); x < 0 || x > 1.000001 || x-y > 0.02 || y-x > 0.02 {
			t.Fatalf("%q %q: %f and %f", a, b, x, y)
		}
		if a != "" && alike(a, a) < 0.999999 {
			t.Fatalf("%q is not like itself", a)
		}
	})
}

func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}
