// Package arch holds the tests about the house itself: which package may import
// which, who may do what. A rule that is only written down is soon broken.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portico/internal/store"
)

// floors lists the packages of the house, lowest floor first. A package imports
// only from floors below its own.
var floors = [][]string{
	{"ids", "fault", "lang", "clock", "fhir", "ccda", "pdf", "ucum", "explain", "ical", "dsn"}, // ground
	{"secret"},          // keys
	{"audit", "config"}, // words
	{"store"},           // store
	{"limit"},           // meter
	{"access", "page"},  // proof
	{"jobs"},            // work
	{"vault"},           // keys in use
	{"record"},          // record
	{"web", "notify"},   // front
	{"registry", "enroll", "account", "terms", "staff", "trail", "results", "records", "sharing", "recovery", "scheduling", "checkin", "waiting", "clinic", "emergency", "passkey", "agenda"}, // rooms
	{"console", "ingest", "signon", "diary"}, // doors
	{"app"},                                  // app
	{"demo"},                                 // what drives the whole
	{"bench"},                                // measures it
}

var rooms = []string{"registry", "enroll", "account", "terms", "staff", "trail", "record", "results", "records", "sharing", "recovery", "scheduling", "checkin", "waiting", "clinic", "emergency", "passkey", "agenda"}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, pkg) })
}

// file is one parsed Go file of the product (no tests, nothing generated).
type file struct {
	pkg, path string
	ast       *ast.File
	set       *token.FileSet
}

func files(t *testing.T) []file {
	t.Helper()
	var out []file
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := strings.Split(filepath.ToSlash(path), "/")[1]
		if pkg == "attack" { // data for tests: what it quotes is no part of the product
			return nil
		}
		out = append(out, file{pkg, filepath.ToSlash(path), f, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (f file) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(n.Pos()).Line)
}

func imports(f file) []string {
	var out []string
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, f := range files(t) {
		if f.pkg == "testkit" || f.pkg == "arch" {
			continue
		}
		mine := floorOf(f.pkg)
		if mine < 0 {
			t.Errorf("%s: package %s has no floor", f.path, f.pkg)
			continue
		}
		for _, p := range imports(f) {
			other, ours := strings.CutPrefix(p, "portico/internal/")
			other, _, _ = strings.Cut(other, "/")
			if !ours || other == f.pkg {
				continue
			}
			if other == "testkit" || other == "arch" || other == "attack" {
				t.Errorf("%s imports test help %s", f.path, p)
			} else if at := floorOf(other); at >= mine {
				t.Errorf("%s (floor %d) imports %s (floor %d)", f.path, mine, other, at)
			}
			if mine == 0 {
				t.Errorf("%s: the ground floor imports nothing of ours, but imports %s", f.path, p)
			}
		}
	}
}

func TestOnlyStoreTalksToTheDatabase(t *testing.T) {
	for _, f := range files(t) {
		for _, p := range imports(f) {
			if p == "database/sql" && f.pkg != "store" && f.pkg != "testkit" {
				t.Errorf("%s imports database/sql", f.path)
			}
		}
	}
}

// calls finds every call of pkg.name or of a method called name.
func calls(f file, pkg, name string) []ast.Node {
	var out []ast.Node
	ast.Inspect(f.ast, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		s, ok := c.Fun.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != name {
			return true
		}
		if id, isName := s.X.(*ast.Ident); pkg == "" || (isName && id.Name == pkg) {
			out = append(out, c)
		}
		return true
	})
	return out
}

func TestTimeComesFromTheClock(t *testing.T) {
	// Where wall time is measured, not compared with stored times.
	allowed := map[string]bool{"../web/serve.go": true}
	for _, f := range files(t) {
		if f.pkg == "clock" || f.pkg == "bench" || f.pkg == "testkit" || allowed[f.path] {
			continue
		}
		for _, n := range calls(f, "time", "Now") {
			t.Errorf("%s calls time.Now: take the time from the transaction or the clock", f.at(n))
		}
	}
}

func TestProofsAreMintedInFewPlaces(t *testing.T) {
	may := map[string][]string{
		"NewVisitor": {"web", "demo", "bench", "testkit"},
		"NewDuty":    {"jobs", "app", "demo", "bench", "testkit", "ingest"},
	}
	for _, f := range files(t) {
		for name, who := range may {
			if n := calls(f, "access", name); len(n) > 0 && !slices.Contains(who, f.pkg) {
				t.Errorf("%s mints a proof with access.%s", f.at(n[0]), name)
			}
		}
	}
}

// Housekeeping is about nobody, so that it needs no audit line. Each caller is
// here with what it keeps.
var housekeepers = map[string]string{
	"limit":      "counters",
	"access":     "sessions long ended",
	"jobs":       "leases and finished jobs",
	"web":        "used form keys",
	"notify":     "state of messages on their way",
	"enroll":     "counters of codes, drafts that ran out, requests that expired",
	"account":    "counters of one-time codes and half-way sign-ins",
	"staff":      "half-way sign-ins",
	"trail":      "seals of the audit log",
	"passkey":    "challenges that were answered",
	"recovery":   "askings that were answered, links and ways back in that ran out",
	"vault":      "which process holds which key, rows put under another key",
	"scheduling": "links to visits that have begun",
	"sharing":    "how far a download is, sealed pieces of its file, files that ran out; tries at links, links long ended",
}

func TestHousekeepersAreKnown(t *testing.T) {
	for _, f := range files(t) {
		for _, n := range calls(f, "", "Housekeep") {
			arg := n.(*ast.CallExpr).Args[1]
			lit, ok := arg.(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the name of a housekeeper must be written out", f.at(n))
				continue
			}
			if name, _ := strconv.Unquote(lit.Value); housekeepers[name] == "" || name != f.pkg {
				t.Errorf("%s housekeeps as %q", f.at(n), name)
			}
		}
	}
}

var proofs = []string{"Visitor", "Applicant", "Chart", "Desk", "Duty", "Opener", "Opened", "Reading"}

// Every exported operation of a room says by its second parameter on whose
// behalf it acts: a proof, or the transaction of a caller that holds one.
func TestOperationsTakeAProof(t *testing.T) {
	for _, f := range files(t) {
		if !slices.Contains(rooms, f.pkg) {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			params := flat(fn.Type.Params)
			if len(params) == 0 || text(params[0]) != "context.Context" {
				continue
			}
			if len(params) > 1 && (text(params[1]) == "*store.Tx" || isProof(params[1])) {
				continue
			}
			t.Errorf("%s: %s takes neither a proof nor a transaction after ctx", f.at(fn), fn.Name.Name)
		}
	}
}

func flat(l *ast.FieldList) []ast.Expr {
	var out []ast.Expr
	for _, p := range l.List {
		for range max(1, len(p.Names)) {
			out = append(out, p.Type)
		}
	}
	return out
}

func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return text(e.X) + "." + e.Sel.Name
	case *ast.StarExpr:
		return "*" + text(e.X)
	}
	return ""
}

func isProof(e ast.Expr) bool {
	name, ok := strings.CutPrefix(text(e), "access.")
	return ok && slices.Contains(proofs, name)
}

var writes = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)\b`)

// ownerless are tables of the store itself, and those whose room is another than the
// one that their migration names: who writes them.
var ownerless = map[string][]string{
	"audit_entry": {"store"}, "audit_pending": {"store", "trail"}, "audit_leaf": {"trail"}, "audit_hash": {"trail"}, "audit_checkpoint": {"trail"},
	"form_key": {"web"}, "staff": {"staff"}, "appointment_cell": {"store"}, "visit_elsewhere": {"store", "scheduling"}, "tick": {},
	"calendar_feed": {"agenda"}, // split from scheduling later
}

func TestRoomsWriteTheirOwnTables(t *testing.T) {
	owner := map[string][]string{}
	for _, table := range store.Tables() {
		owner[table.Name] = []string{table.Room}
	}
	for name, who := range ownerless {
		owner[name] = who
	}
	for _, f := range files(t) {
		// Copies charts and visits by the hundred thousand in a clinic that is thrown
		// away once it has been measured.
		if strings.HasSuffix(f.path, "bench/copies.go") || strings.HasSuffix(f.path, "bench/bookings_fill.go") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			sql, _ := strconv.Unquote(lit.Value)
			for _, m := range writes.FindAllStringSubmatch(sql, -1) {
				if who, known := owner[m[1]]; known && !slices.Contains(who, f.pkg) && f.pkg != "testkit" {
					t.Errorf("%s writes table %s of %v", f.at(n), m[1], who)
				}
			}
			return true
		})
	}
}

// The portal must work under a policy without inline script and style, and
// nothing may bypass templ's escaping.
func TestTemplatesAreSafe(t *testing.T) {
	bad := regexp.MustCompile(`templ\.Raw|templ\.SafeURL|templ\.JS|<script>|\sstyle=|\son[a-z]+=`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(b), "\n") {
			if m := bad.FindString(line); m != "" && !mailTemplate(path) {
				t.Errorf("%s:%d: %s", path, i+1, strings.TrimSpace(m))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// mailTemplate: e-mail programs know no style sheets, so styles stand inline there.
func mailTemplate(path string) bool { return strings.Contains(filepath.ToSlash(path), "/notify/") }
