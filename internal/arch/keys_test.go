package arch

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portico/internal/app"
	"portico/internal/store"
	"portico/internal/vault"
)

// passing are seals and keyed hashes that are nowhere kept, or need no key to be
// believed later. They end with the page, the browser's mark or the link they are in.
var passing = map[string]string{
	"results.filter": "a search, in an address", "records.filter": "a search, in an address",
	"trail.choice": "a search, in an address", "console.audit": "a search of the log, in an address of one session",
	"console.search": "a search, in an address",
	"web.form":       "a form's key, in its page", "web.mark": "names an account to its own browser",
	"signon.flow":    "a sign-on under way, in its cookie",
	"account.device": "a browser's mark, in its cookie; an unknown one is a new browser",
	"sharing.file":   "a ticket of minutes, in an address",
	"staff.app":      "the authenticator of a set-up link, made from the link",
	"account.told":   "part of a message's key",
	"outbox.way":     "names a contact in a form, in its page",
	"passkey.ticket": "goes with a challenge for five minutes, in its page",
	"passkey.order":  "the order of a list of credentials, made under the oldest key",
	"passkey.decoy":  "credentials that nobody has, made under the oldest key",
	"trail.key":      "vouches for a signing key; each signed head carries the earlier ones along",
	"limit":          "counters, made under the oldest key",
	"results.desk":   "the state of a page, in its form",
}

// chosen are calls whose purpose is a variable, with what it may be.
var chosen = map[string][]string{
	"notify.purpose":  {"outbox.unique", "outbox.withdraw"},
	"waiting.name":    {"waiting.reason", "waiting.note", "waiting.ended"},
	"scheduling.name": {"scheduling.reason", "scheduling.note", "scheduling.ended"},
}

// Every seal and every keyed hash is on the list of some room, so that a change
// of the clinic's key reaches it.
func TestEveryKeyedValueIsListed(t *testing.T) {
	places, purposes := map[string]bool{}, map[string]bool{}
	for _, table := range app.Keyed("US") {
		for _, s := range table.Sealed {
			places[s.Place] = true
		}
		for _, m := range table.Marks {
			purposes[m.Purpose] = true
		}
		for _, o := range table.OneWay {
			purposes[o.Purpose] = true
		}
	}
	used := map[string]bool{}
	constants := constants(t)
	for _, f := range files(t) {
		if f.pkg == "secret" || f.pkg == "vault" {
			continue
		}
		for method, list := range map[string]map[string]bool{"Seal": places, "SealQuery": places, "MAC": purposes, "MACs": purposes, "Index": purposes, "Indexes": purposes, "Lasting": purposes} {
			for _, n := range calls(f, "", method) {
				call := n.(*ast.CallExpr)
				if !onKeyring(call) {
					continue
				}
				for _, name := range purposeOf(f, call.Args[0], constants) {
					used[name] = true
					if !list[name] && passing[name] == "" {
						t.Errorf("%s: %s(%q) is on no room's list of what lies under the clinic's keys (Keyed)", f.at(n), method, name)
					}
				}
			}
		}
	}
	for name := range places {
		if !used[name] {
			t.Errorf("nothing is sealed as %q", name)
		}
	}
	for name := range passing {
		if !used[name] {
			t.Errorf("nothing is made as %q", name)
		}
	}
}

// onKeyring tells Keys.Seal from a method of the same name elsewhere.
func onKeyring(c *ast.CallExpr) bool {
	name := ""
	switch x := c.Fun.(*ast.SelectorExpr).X.(type) {
	case *ast.SelectorExpr:
		name = x.Sel.Name
	case *ast.Ident:
		name = x.Name
	}
	return len(c.Args) > 0 && slices.Contains([]string{"Keys", "keys", "k"}, name)
}

func purposeOf(f file, e ast.Expr, constants map[string]string) []string {
	text := source(f, e)
	if c, ok := constants[f.pkg+"."+text]; ok {
		text = c
	}
	if s, err := strconv.Unquote(text); err == nil {
		return []string{s}
	}
	if all := chosen[f.pkg+"."+text]; all != nil {
		return all
	}
	return []string{"? " + text}
}

// The lists name tables and columns that exist, and the rooms their own.
func TestKeyedTablesExist(t *testing.T) {
	for _, k := range app.Keyed("US") {
		i := slices.IndexFunc(store.Tables(), func(t store.Table) bool { return t.Name == k.Name })
		if i < 0 {
			t.Errorf("there is no table %s", k.Name)
			continue
		}
		for _, c := range append(columnsOf(k), k.Key...) {
			if !slices.ContainsFunc(store.Tables()[i].Columns, func(have store.Column) bool { return have.Name == c }) {
				t.Errorf("%s has no column %s", k.Name, c)
			}
		}
		for _, o := range k.OneWay {
			if o.Until == "" {
				t.Errorf("%s.%s does not say how a hash gets away from its key", k.Name, o.Column)
			}
		}
	}
}

func columnsOf(k vault.Table) (out []string) {
	for _, s := range k.Sealed {
		out = append(out, s.Column)
	}
	for _, m := range k.Marks {
		out = append(out, m.Column)
	}
	for _, o := range k.OneWay {
		out = append(out, o.Column)
	}
	return out
}

func keysDocument() string {
	var rows [][]string
	for _, k := range app.Keyed("US") {
		for _, s := range k.Sealed {
			rows = append(rows, []string{code(k.Name), code(s.Column), "sealed", "sealed anew"})
		}
		for _, m := range k.Marks {
			then := "made anew"
			if m.Of == nil {
				then = "emptied"
			} else if m.Until != "" {
				then += "; else stays " + m.Until
			}
			row := []string{code(k.Name), code(m.Column), "blind index", then}
			if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r[:3], row[:3]) }) {
				rows = append(rows, row)
			}
		}
		for _, o := range k.OneWay {
			rows = append(rows, []string{code(k.Name), code(o.Column), "one-way hash", "stays " + o.Until})
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	return `# What lies under the clinic's keys

Made from the rooms' lists (` + "`Keyed`" + `); do not edit. Each value carries the identifier of its key. When the key is
changed (` + "`portico keys rotate`" + `), what is sealed and what is indexed is made anew row by row; hashes that only
their owner's secret could make again stay under their key, which is kept for reading until none is left. Counters of
limits are made under the oldest key and begin anew when it is retired. See [running](running.md#keys).

` + table([]string{"table", "column", "what it is", "when the key is changed"}, rows)
}
