package attack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// root is the folder of the project, from here.
const root = "../.."

// tests parses the test functions of all packages, with the comment of each.
func tests(t *testing.T) map[Test]string {
	t.Helper()
	out := map[Test]string{}
	for _, top := range []string{"internal", "journeys"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			dir, err := filepath.Rel(root, filepath.Dir(path))
			pkg := strings.TrimPrefix(filepath.ToSlash(dir), "internal/")
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
					out[Test(pkg+"."+fn.Name.Name)] = fn.Doc.Text()
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var claims = regexp.MustCompile(`\bT([1-9]\d?)\b`)

// The suite names tests that exist, each test that says which attack it is about
// stands with that attack, and every control still finds what it switches off.
func TestEachAttackHasItsProof(t *testing.T) {
	have := tests(t)
	of := map[string]Attack{}
	for i, a := range Suite() {
		of[a.Number] = a
		if a.Number != fmt.Sprint("T", i+1) || a.Title == "" || a.Here == "" {
			t.Errorf("attack %d is %+v", i+1, a)
		}
		if a.Later() != (len(a.Controls) == 0) || a.Later() != (a.Short == "") {
			t.Errorf("%s: tests, controls and size come together", a.Number)
		}
		for _, name := range a.Tests {
			if _, ok := have[name]; !ok {
				t.Errorf("%s names %s, which is not there: change its row in internal/attack/suite_*.go", a.Number, name)
			}
		}
		for _, c := range a.Controls {
			if !slices.Contains(a.Tests, c.Fails) {
				t.Errorf("%s: %s is not among the tests of this attack", a.Number, c.Fails)
			}
			if _, err := c.changed(); err != nil {
				t.Errorf("%s, %q switched off: %v: change its row in internal/attack/suite_*.go", a.Number, c.Off, err)
			}
		}
	}
	if len(of) != 62 {
		t.Errorf("%d attacks, not 62", len(of))
	}
	for name, doc := range have {
		for _, m := range claims.FindAllString(doc, -1) {
			if a, ok := of[m]; ok && !slices.Contains(a.Tests, name) {
				t.Errorf("%s says it is about %s: add it to that attack's row in internal/attack/suite_*.go", name, m)
			}
		}
	}
}

// changed gives the text of each file a control changes, by its path.
func (c Control) changed() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, e := range c.Edits {
		path := filepath.Join(root, "internal", e.File)
		b, ok := out[path]
		if !ok {
			var err error
			if b, err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
		if n := bytes.Count(b, []byte(e.Old)); n != 1 || e.Old == e.New {
			return nil, fmt.Errorf("%q stands %d times in internal/%s, not once", e.Old, n, e.File)
		}
		out[path] = bytes.Replace(b, []byte(e.Old), []byte(e.New), 1)
	}
	return out, nil
}

// overlay writes the changed files and the list of them that go build reads.
func (c Control) overlay(t *testing.T) string {
	t.Helper()
	files, err := c.changed()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for i, path := range slices.Sorted(maps.Keys(files)) {
		full, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		replace[full] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(replace[full], files[path], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs one test, on SQLite and at its short size unless it is about the
// server of PostgreSQL itself.
func (n Test) run(t *testing.T, overlay string) string {
	t.Helper()
	args := []string{"test", "-vet=off", "-ldflags=-s -w", "-v", "-timeout=8m", "-run=^" + n.Name() + "$"}
	if overlay != "" {
		args = append(args, "-count=1", "-overlay="+overlay)
	}
	cmd := exec.Command("go", append(args, "./"+n.dir())...)
	cmd.Dir = root
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "PORTICO_ATTACK=") || strings.HasPrefix(s, "PORTICO_CONTROLS=") || strings.HasPrefix(s, "PORTICO_TEST_POSTGRES=") || strings.HasPrefix(s, "CI=")
	})
	out, _ := cmd.CombinedOutput() // what became of it is read from what it says
	return string(out)
}

// TestControls builds the program with each defence switched off and demands that
// the test of its attack fails: PORTICO_CONTROLS=all, or a regular expression for
// some. It takes many minutes, most of them for building.
func TestControls(t *testing.T) {
	want := os.Getenv("PORTICO_CONTROLS")
	if want == "" {
		t.Skip("PORTICO_CONTROLS=all builds the program with each defence switched off (make controls)")
	}
	if want == "all" {
		want = ""
	}
	chosen := regexp.MustCompile(want)
	sound := map[Test]string{}
	for _, a := range Suite() {
		for _, c := range a.Controls {
			name := a.Number + " " + c.Off
			if !chosen.MatchString(name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				if sound[c.Fails] == "" {
					sound[c.Fails] = c.Fails.run(t, "")
				}
				if out := sound[c.Fails]; !strings.Contains(out, "--- PASS: "+c.Fails.Name()+" ") {
					t.Fatalf("%s does not pass as things are:\n%.4000s", c.Fails, out)
				}
				began := time.Now()
				out := c.Fails.run(t, c.overlay(t))
				switch {
				case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
					t.Errorf("the changed program does not build:\n%.2000s", out)
				case strings.Contains(out, "panic: "):
					t.Errorf("%s crashed instead of failing:\n%.4000s", c.Fails, out)
				case !strings.Contains(out, "--- FAIL: "+c.Fails.Name()+" "):
					t.Errorf("%s passes with the defence switched off: it proves nothing", c.Fails)
				default:
					t.Logf("fails as it should, in %v: %s", time.Since(began).Round(time.Second), complaint(out))
				}
			})
		}
	}
}

var said = regexp.MustCompile(`(?m)^\s+\w+_test\.go:\d+: .*$`)

// complaint is the first thing a failed test said.
func complaint(out string) string {
	return fmt.Sprintf("%.160s", strings.TrimSpace(said.FindString(out)))
}
