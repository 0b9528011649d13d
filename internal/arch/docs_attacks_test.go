package arch

import (
	"fmt"
	"strings"
	"testing"

	"portico/internal/attack"
)

func TestAttacksDocument(t *testing.T) { document(t, "attacks.md", attacksDocument()) }

func attacksDocument() string {
	var b strings.Builder
	done, later, controls := 0, 0, 0
	var rows [][]string
	for _, a := range attack.Suite() {
		if a.Later() {
			later++
			rows = append(rows, []string{a.Number, a.Title, a.Here, "", "", "", ""})
			continue
		}
		done++
		controls += len(a.Controls)
		var tests, offs []string
		for _, n := range a.Tests {
			tests = append(tests, code(string(n)))
		}
		for _, c := range a.Controls {
			offs = append(offs, c.Off+" → "+code(c.Fails.Name()))
		}
		long := a.Long
		if long == "" {
			long = "the same"
		}
		rows = append(rows, []string{a.Number, a.Title, a.Here, strings.Join(tests, "<br>"), strings.Join(offs, "<br>"), a.Short + "; long: " + long, a.Figures})
	}
	fmt.Fprintf(&b, `# Attacks that must fail

Made from `+"`internal/attack`"+`; do not edit. Of 62 attacks, %d are about what exists and have tests; %d come
with what they are about. The tests run with every change at their short size, and at their long size with
`+"`make attack`"+`. For each of the %d defences under "switched off" the program is built without it, and the test
named there must then fail: `+"`make controls`"+`. Figures are those of the last long run.

`, done, later, controls)
	b.WriteString(table([]string{"", "attack", "how it fails here", "tests", "switched off", "sizes", "figures"}, rows))
	return b.String()
}
