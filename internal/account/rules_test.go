package account

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"unicode"

	"portico/internal/fault"
)

var ana = Person{
	Names: []string{"Ana María", "García-López", "Ruiz"}, Birth: "1962-04-09", Number: "RV-0048213",
	UserName: "sunny.harbor", Clinic: "Riverside Family Clinic",
}

// why gives the key of the first problem, "" for none.
func why(err error) string {
	if p := fault.Problems(err); len(p) > 0 {
		return p[0].Text
	}
	return ""
}

func TestPasswordsAndTheReasonTheyAreRefused(t *testing.T) {
	for pw, want := range map[string]string{
		"":                                "account.password.short",
		"elevenchars":                     "account.password.short",
		"áéíóúñáéíóú":                     "account.password.short", // 11 code points, 22 bytes
		strings.Repeat("ab cd efg ", 13):  "account.password.long",
		"tab\tinside it":                  "account.password.signs",
		"aaaaaaaaaaaa":                    "account.password.trivial",
		"ababababababab":                  "account.password.trivial",
		"abcdefghijklmn":                  "account.password.trivial",
		"987654321098":                    "account.password.trivial",
		"passwordpassword":                "account.password.common",
		"QwertyUiop123":                   "account.password.common",
		"1Q2W3E4R5T6Y":                    "account.password.common",
		"anamaria1962":                    "account.password.name",
		"Ana.Garcia.Lopez":                "account.password.name",
		"GARCÍALÓPEZ99":                   "account.password.name",
		"garcia1962!!":                    "account.password.name",
		"lopezlopezlopez":                 "account.password.name",
		"04/09/1962!!":                    "account.password.birth",
		"1962-04-09ab":                    "account.password.birth",
		"9 de abril de 1962":              "account.password.birth",
		"April 9, 1962":                   "account.password.birth",
		"09041962 xyz":                    "account.password.birth",
		"RV-0048213...":                   "account.password.number",
		"48213 48213 48213":               "account.password.number",
		"sunny-harbor":                    "account.password.user",
		"Riverside Clinic":                "account.password.clinic",
		"riversidefamily1":                "account.password.clinic",
		"purple turtles sing":             "",
		"ana paints tall fences":          "",
		"riverside picnic in may":         "",
		"gX7$kq!9vRz@":                    "",
		"ana!@#$%^&*()_+":                 "",
		"contraseña del río":              "",
		strings.Repeat("ab cd efg h", 11): "",
	} {
		if got := why(CheckPassword(pw, ana)); got != want {
			t.Errorf("%q: %q, want %q", pw, got, want)
		}
	}
	p := fault.Problems(CheckPassword("short", ana))
	if len(p) != 1 || p[0].Field != "password" || len(p[0].Args) != 1 || p[0].Args[0] != MinPassword {
		t.Errorf("problem: %+v", p)
	}
}

func TestNothingKnownNothingRefused(t *testing.T) {
	for _, pw := range []string{"anamaria1962", "sunny-harbor", "Riverside Clinic"} {
		if err := CheckPassword(pw, Person{}); err != nil {
			t.Errorf("%q: %v", pw, err)
		}
	}
}

func TestHundredThousandCommonPasswords(t *testing.T) {
	var l []string
	for _, start := range list().starts {
		l = append(l, list().at(start))
	}
	if len(l) != 100_000 || !slices.IsSorted(l) {
		t.Fatalf("%d lines, sorted %v", len(l), slices.IsSorted(l))
	}
	long := 0
	for _, w := range l {
		if w != fold(w) {
			t.Errorf("%q is not folded", w)
		}
		if len(w) >= MinPassword {
			long++
		}
		if !common(strings.ToUpper(w)) && strings.ToLower(strings.ToUpper(w)) == w {
			t.Errorf("%q is not found in capitals", w)
		}
	}
	if long < 40_000 {
		t.Errorf("only %d are long enough to be chosen at all", long)
	}
}

func TestStrengthGrows(t *testing.T) {
	last := -1
	for _, pw := range []string{"aaaaaaaaaaaa", "monkey dragon", "purple turtles sing", "gX7$kq!9vRz@p2Lw"} {
		got := Strength(pw, ana)
		if got < last || got > 4 {
			t.Errorf("%q scores %d after %d", pw, got, last)
		}
		last = got
	}
	if last != 4 {
		t.Errorf("the best scores %d", last)
	}
	if s := Strength(strings.Repeat("x7", 64), ana); s > 4 {
		t.Errorf("the longest scores %d", s)
	}
}

func TestStrengthSurvivesAnyText(t *testing.T) {
	if err := quick.Check(func(s string) bool { n := Strength(s+"padding it out", ana); return n >= 0 && n <= 4 }, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}

func TestUserNamesAndTheReasonTheyAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"sunny":                   "account.username.short",
		strings.Repeat("abc", 22): "account.username.long",
		"sunny harbor":            "account.username.signs",
		".sunnyharbor":            "account.username.signs",
		"sunny..harbor":           "account.username.signs",
		"sunnyharbor-":            "account.username.signs",
		"sunny/harbor":            "account.username.signs",
		"sunny\u202eharbor":       "account.username.signs",
		"sunny😀harbor":            "account.username.signs",
		"\u0301sunnyharbor":       "account.username.signs",
		"sunnyhаrbor":             "account.username.mixed", // Cyrillic а
		"sunnyhαrbor":             "account.username.mixed", // Greek α
		"Administrator":           "account.username.reserved",
		"adm1n1strator":           "account.username.reserved",
		"support2026":             "account.username.reserved",
		"clínica":                 "account.username.reserved",
		"rv0048213":               "account.username.number",
		"0048213":                 "account.username.number",
		"48213-":                  "account.username.signs",
		"04.09.1962":              "account.username.birth",
		"19620409":                "account.username.birth",
		"anagarcia":               "account.username.name",
		"Ana.García":              "account.username.name",
		"garcia":                  "account.username.name",
		"sunny.harbor":            "",
		"SunnyHarbor62":           "",
		"señora_del_río":          "",
		"ana.paints@home":         "",
		"  sunnyharbor  ":         "",
		"солнышко":                "",
		"anagarcia-paints":        "",
	} {
		if got := why(CheckUserName(name, ana)); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestLookAlikesShareASkeleton(t *testing.T) {
	for _, group := range [][]string{
		{"sunnyharbor", "SunnyHarbor", "sunny.harbor", "sunny_harbor", "súnnyhárbor", "ｓｕｎｎｙharbor", "5unnyharb0r", "sunnyharb0r"},
		{"modern-lily", "modem-lily", "modern.1i1y", "modern-liiy"},
		{"сосна-рост", "cocнa-poct"},
	} {
		for _, n := range group[1:] {
			if Skeleton(n) != Skeleton(group[0]) {
				t.Errorf("%q and %q can be told apart: %q %q", group[0], n, Skeleton(group[0]), Skeleton(n))
			}
		}
	}
	for _, pair := range [][2]string{{"rose2016", "rose2018"}, {"sunnyharbor", "sunnyharbour"}, {"marina22", "marina72"}} {
		if Skeleton(pair[0]) == Skeleton(pair[1]) {
			t.Errorf("%q and %q are taken for one", pair[0], pair[1])
		}
	}
}

func TestFoldingIsStable(t *testing.T) {
	if err := quick.Check(func(s string) bool { f := FoldUserName(s); return FoldUserName(f) == f }, nil); err != nil {
		t.Error(err)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if f := FoldUserName("a" + string(r)); FoldUserName(f) != f || FoldUserName("a"+string(unicode.ToUpper(r))) != f && r >= 0xAB70 && r <= 0xABBF {
			t.Errorf("%U folds to %q, and that to %q", r, f, FoldUserName(f))
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("sunny.harbor", "purple turtles sing")
	f.Add("\u0301ß", "\xff\xfe\x00aaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, name, pw string) {
		CheckUserName(name, ana)
		CheckPassword(pw, ana)
		Skeleton(name)
	})
}
