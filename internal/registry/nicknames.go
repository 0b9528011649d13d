package registry

import (
	_ "embed"
	"strings"
)

//go:embed nicknames.en.txt
var englishNicknames string

//go:embed nicknames.es.txt
var spanishNicknames string

// nicknameTable says for each name in which groups it stands, and for each group
// its full form.
type nicknameTable struct {
	groups map[string][]int
	full   []string
}

var nicknames = loadNicknames(englishNicknames, spanishNicknames)

func loadNicknames(files ...string) nicknameTable {
	t := nicknameTable{groups: map[string][]int{}}
	for _, f := range files {
		for line := range strings.Lines(f) {
			names := words(line)
			if strings.HasPrefix(line, "#") || len(names) == 0 {
				continue
			}
			for _, n := range names {
				t.groups[n] = append(t.groups[n], len(t.full))
			}
			t.full = append(t.full, names[0])
		}
	}
	return t
}

// fullForms gives the names that name may be short for, itself first.
func fullForms(name string) []string {
	out := []string{name}
	for _, g := range nicknames.groups[name] {
		if full := nicknames.full[g]; full != name {
			out = append(out, full)
		}
	}
	return out
}

// nickname tells whether one person may go by both names.
func nickname(a, b string) bool {
	for _, i := range nicknames.groups[a] {
		for _, j := range nicknames.groups[b] {
			if i == j {
				return true
			}
		}
	}
	return false
}
