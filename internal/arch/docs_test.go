package arch

import (
	"flag"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portico/internal/audit"
	"portico/internal/config"
	"portico/internal/store"
)

var update = flag.Bool("update", false, "write the documents anew")

const docs = "../../docs/"

// TestDocuments compares the documents made from the program with the program.
func TestDocuments(t *testing.T) {
	for name, text := range map[string]string{
		"config.md":        configDocument(),
		"audit-actions.md": actionsDocument(t),
		"tables.md":        tablesDocument(),
		"schema.sql":       store.Schema(),
		"jobs.md":          jobsDocument(t),
		"keys.md":          keysDocument(),
	} {
		document(t, name, text)
	}
}

// document compares a document with what it must be, or writes it.
func document(t *testing.T, name, text string) {
	t.Helper()
	got, err := os.ReadFile(docs + name)
	if *update {
		if err := os.WriteFile(docs+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if err != nil || string(got) != text {
		t.Errorf("docs/%s is not what the program says; run make generate and commit it", name)
	}
}

// table writes rows as Markdown; a bar in a cell is escaped.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func configDocument() string {
	c := config.Default()
	var rows [][]string
	for _, s := range config.Settings(&c) {
		d := code(s.Default)
		if s.Default == "[]" {
			d = ""
		}
		if s.Secret {
			d = "secret; also `" + s.Env + "_FILE`"
		}
		rows = append(rows, []string{code(s.Key), code(s.Env), d, s.Doc})
	}
	return `# Settings

Made from ` + "`internal/config`" + `; do not edit. A setting comes from its default, then from the file named by
` + "`--config`" + ` or ` + "`PORTICO_CONFIG`" + ` (TOML), then from the environment, then, for secrets, from a file named by
` + "`PORTICO_…_FILE`" + `. Lists are written as arrays in TOML and with commas in the environment. Unknown settings
are errors. ` + "`portico doctor`" + ` checks all of them at once and says what to put right.

` + table([]string{"in portico.toml", "environment", "default", "what it is"}, rows)
}

func actionsDocument(t *testing.T) string {
	used := actionNames(t)
	var rows [][]string
	for a, sentence := range audit.Sentences {
		rows = append(rows, []string{code(string(a)), sentence, used[string(a)]})
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return `# Actions in the audit log

Made from ` + "`internal/audit`" + `; do not edit. Each line of the log says who (visitor, applicant, account, staff or
duty) did one of these, whose data it was about, when, from where, and how it ended (done, refused or
failed). Lines hold identifiers and codes from closed sets, never names, contacts or health facts.

` + table([]string{"action", "the person …", "written by"}, rows)
}

// actionNames tells which packages name each action.
func actionNames(t *testing.T) map[string]string {
	value := map[string]string{} // constant → action
	pkgs := map[string][]string{}
	all := files(t)
	for _, f := range all {
		if f.pkg != "audit" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && text(v.Type) == "Action" && len(v.Values) == 1 {
				if lit, ok := v.Values[0].(*ast.BasicLit); ok {
					value[v.Names[0].Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	keys := map[ast.Node]bool{}
	for _, f := range all {
		if f.pkg == "bench" { // it measures the portal and is no part of it
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if k, ok := n.(*ast.KeyValueExpr); ok {
				keys[k.Key] = true // a table about actions writes none of them
			}
			if s, ok := n.(*ast.SelectorExpr); ok && text(s.X) == "audit" && !keys[s] {
				if a := value[s.Sel.Name]; a != "" && !slices.Contains(pkgs[a], f.pkg) {
					pkgs[a] = append(pkgs[a], f.pkg)
				}
			}
			return true
		})
	}
	out := map[string]string{}
	for a, p := range pkgs {
		slices.Sort(p)
		out[a] = strings.Join(p, ", ")
	}
	return out
}

func tablesDocument() string {
	var rows [][]string
	for _, t := range store.Tables() {
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, c.Name+" "+c.Type)
		}
		writers := ownerless[t.Name]
		if writers == nil {
			writers = []string{t.Room}
		}
		rows = append(rows, []string{code(t.Name), strings.Join(writers, ", "), strings.Join(columns, ", ")})
	}
	return `# Tables

Made from the migrations; do not edit. Only the package named writes the table; a test sees to it. The
whole schema with the reason for each index is in [schema.sql](schema.sql).

` + table([]string{"table", "written by", "columns"}, rows)
}

// jobsDocument reads the kinds of jobs from the source, with the comment above each.
func jobsDocument(t *testing.T) string {
	constants := constants(t)
	var rows [][]string
	for _, f := range files(t) {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				doc := v.Doc
				if doc == nil {
					doc = g.Doc
				}
				for _, e := range v.Values {
					if name, every := jobKind(f, e); name != "" {
						if c, ok := constants[f.pkg+"."+every]; ok {
							every = c
						}
						rows = append(rows, []string{code(name), f.pkg, period(every), firstSentence(doc)})
					}
				}
			}
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return `# Background jobs

Made from the source; do not edit. A job is enqueued in the transaction that needs it and run at least
once; those with a period are also started by themselves.

` + table([]string{"kind", "room", "every", "what it does"}, rows)
}

// jobKind gives name and period of a jobs.Kind[…]{…} literal.
func jobKind(f file, e ast.Expr) (name, every string) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return "", ""
	}
	kind, ok := lit.Type.(*ast.IndexExpr)
	if !ok || text(kind.X) != "jobs.Kind" {
		return "", ""
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch text(kv.Key) {
		case "Name":
			if l, ok := kv.Value.(*ast.BasicLit); ok {
				name, _ = strconv.Unquote(l.Value)
			}
		case "Every":
			every = source(f, kv.Value)
		}
	}
	return name, every
}

func source(f file, n ast.Node) string {
	var b strings.Builder
	printer.Fprint(&b, f.set, n)
	return b.String()
}

// constants gives the source of every constant's value by package and name.
func constants(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, f := range files(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == len(v.Values) {
				for i, name := range v.Names {
					out[f.pkg+"."+name.Name] = source(f, v.Values[i])
				}
			}
			return true
		})
	}
	return out
}

// period writes a duration of Go source for people.
func period(source string) string {
	if source == "" {
		return ""
	}
	unit := map[string]string{"time.Second": "second", "time.Minute": "minute", "time.Hour": "hour"}
	n, u, found := strings.Cut(source, " * ")
	if !found {
		n, u = "1", source
	}
	if unit[u] == "" {
		return code(source)
	}
	if n == "1" {
		return unit[u]
	}
	return n + " " + unit[u] + "s"
}

func firstSentence(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	s := strings.Join(strings.Fields(doc.Text()), " ")
	if i := strings.Index(s, ". "); i >= 0 {
		s = s[:i+1]
	}
	_, s, _ = strings.Cut(s, " ") // without its name
	return s
}

// TestEveryDependencyIsNamed: whoever ships the program must know whose work is in it.
func TestEveryDependencyIsNamed(t *testing.T) {
	notice, err := os.ReadFile("../../NOTICE.md")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-test", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	for _, m := range slices.Compact(modules) {
		if !strings.Contains(string(notice), fmt.Sprintf("| %s |", m)) {
			t.Errorf("NOTICE.md does not name %s and its licence", m)
		}
	}
}
