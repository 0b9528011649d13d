package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/lang"
)

var (
	keyInCode = regexp.MustCompile(`"([a-z]+(?:\.[a-z0-9_]+)+)"`)
	blanks    = regexp.MustCompile(`\{\d\}`)
)

// keyPrefixes are the first words of text keys; a dotted string that begins
// with one of them and stands in code must be a key.
func keyPrefixes() map[string]bool {
	out := map[string]bool{}
	for k := range lang.Keys(lang.En) {
		first, _, _ := strings.Cut(k, ".")
		out[first] = true
	}
	return out
}

func TestEveryTextExistsInEachLanguage(t *testing.T) {
	en, es := lang.Keys(lang.En), lang.Keys(lang.Es)
	for k, v := range en {
		other, ok := es[k]
		if !ok {
			t.Errorf("%s has no Spanish", k)
			continue
		}
		if a, b := sortedBlanks(v), sortedBlanks(other); !slices.Equal(a, b) {
			t.Errorf("%s has blanks %v in English and %v in Spanish", k, a, b)
		}
		if strings.Contains(v, "|") != strings.Contains(other, "|") {
			t.Errorf("%s has a plural in one language only", k)
		}
	}
	for k := range es {
		if _, ok := en[k]; !ok {
			t.Errorf("%s has no English", k)
		}
	}
}

// The console shows each action of the audit log in words; its keys are put
// together at run time, where no other test sees them.
func TestEveryActionHasAText(t *testing.T) {
	for a := range audit.Sentences {
		if !lang.Has("desk.action." + string(a)) {
			t.Errorf("there is no text desk.action.%s", a)
		}
	}
}

// The page of roles says each task in a sentence, and its keys are put together
// at run time. A role without a task would be a name for nothing, and a task that
// no role has would be work nobody can do.
func TestEveryTaskHasAText(t *testing.T) {
	for r, tasks := range access.Roles {
		if !lang.Has("console.role."+string(r)) || !lang.Has("console.role."+string(r)+".text") {
			t.Errorf("role %s needs texts console.role.%[1]s and console.role.%[1]s.text", r)
		}
		if len(tasks) < 2 || tasks[0] != access.SeeDesk {
			t.Errorf("role %s has no work: %v", r, tasks)
		}
		for _, k := range tasks {
			if !lang.Has("office.task." + string(k)) {
				t.Errorf("task %s of role %s needs a text office.task.%[1]s: one sentence that says what it lets a person do", k, r)
			}
		}
	}
}

func sortedBlanks(s string) []string {
	m := blanks.FindAllString(s, -1)
	slices.Sort(m)
	return slices.Compact(m)
}

// callsText finds what is handed to T or to a fault as a key.
var callsText = regexp.MustCompile(`(?:\.T|fault\.(?:New|Lost|Wait|Down|Bad)|\.And)\(([^()]*(?:\([^()]*\)[^()]*)*)`)

func TestEveryKeyInCodeExists(t *testing.T) {
	prefixes := keyPrefixes()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		if !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".templ") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, call := range callsText.FindAllStringSubmatch(string(b), -1) {
			for _, m := range keyInCode.FindAllStringSubmatch(call[1], -1) {
				first, _, _ := strings.Cut(m[1], ".")
				if prefixes[first] && !lang.Has(m[1]) {
					t.Errorf("%s: no text for %q", path, m[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
