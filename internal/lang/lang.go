// Package lang holds every sentence a person can read, in each language.
//
// Texts lie in texts/<room>.<language>.toml, one file per room and language,
// one key per sentence: "signin.title". A missing text falls back to English;
// a test fails when a language lacks a key or a blank. Plain texts are resolved
// once at start; only texts with blanks or plurals cost anything later.
package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed texts/*.toml
var files embed.FS

// Lang is a language a person can choose, as a BCP 47 tag.
type Lang string

const (
	En Lang = "en"
	Es Lang = "es"
)

// All lists the languages in the order they are offered.
var All = []Lang{En, Es}

// Parse turns a tag such as "es-MX" into a language we speak; ok is false if we don't.
func Parse(tag string) (l Lang, ok bool) {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	switch base {
	case "en":
		return En, true
	case "es":
		return Es, true
	}
	return En, false
}

var catalogue = load(files)

func load(f fs.FS) map[Lang]map[string]string {
	out := map[Lang]map[string]string{En: {}, Es: {}}
	names, err := fs.Glob(f, "texts/*.toml")
	if err != nil {
		panic(err)
	}
	for _, n := range names {
		parts := strings.Split(strings.TrimSuffix(n[strings.LastIndexByte(n, '/')+1:], ".toml"), ".")
		l := Lang(parts[len(parts)-1])
		var m map[string]string
		b, err := fs.ReadFile(f, n)
		if err != nil {
			panic(err)
		}
		if err := toml.Unmarshal(b, &m); err != nil {
			panic(fmt.Errorf("%s: %w", n, err))
		}
		for k, v := range m {
			if _, dup := out[l][k]; dup {
				panic("text key twice: " + k + " in " + n)
			}
			out[l][k] = v
		}
	}
	return out
}

// T gives the text of key in language l, falling back to English and then to
// the key itself. Blanks in a text are {0}, {1}, … and are filled from args; a
// text "one|other" with a whole number as first argument chooses by it.
func (l Lang) T(key string, args ...any) string {
	s, ok := catalogue[l][key]
	if !ok {
		if s, ok = catalogue[En][key]; !ok {
			return key
		}
	}
	if len(args) == 0 {
		return s
	}
	if n, isInt := args[0].(int); isInt {
		if one, other, plural := strings.Cut(s, "|"); plural {
			s = other
			if n == 1 {
				s = one
			}
		}
	}
	return fill(s, args)
}

// Fill puts args into the blanks of a text that is not in the catalogue.
func Fill(text string, args ...any) string { return fill(text, args) }

// fill puts args into the blanks of s. What stands in an argument is not looked
// at again. A time may end with a period of its own ("8:30 p.m."), which is then
// also the sentence's.
func fill(s string, args []any) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+2 >= len(s) {
			break
		}
		n := int(s[i+1]) - '0'
		if s[i+2] != '}' || n < 0 || n >= len(args) {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		v := fmt.Sprint(args[n])
		b.WriteString(s[:i])
		b.WriteString(v)
		if s = s[i+3:]; strings.HasSuffix(v, ".") && strings.HasPrefix(s, ".") {
			s = s[1:]
		}
	}
	b.WriteString(s)
	return b.String()
}

// Has tells whether key exists in English.
func Has(key string) bool { _, ok := catalogue[En][key]; return ok }

// Keys gives every key of language l with its text.
func Keys(l Lang) map[string]string { return catalogue[l] }
