package explain

import (
	"embed"
	"fmt"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed data/*.toml
var files embed.FS

// Publisher is who publishes the pages that entries name as their source.
const Publisher = "MedlinePlus, US National Library of Medicine"

// Entry explains one test. Every text is a finished sentence or two; a text that
// does not apply is "".
type Entry struct {
	Key    string // of the test, the same for all its LOINC codes: "glucose"
	Name   string // "Blood sugar (glucose)"
	Looks  string // what the test looks at
	Why    string // why it is done
	High   string // what a high value can come with
	Low    string // what a low value can come with
	Found  string // what it can mean that something was found or grew
	Absent string // what it means that it was not found; only beside Found
	Ask    string // sends the reader to the care team; show it with every entry
	Source string // the MedlinePlus page on this test, where there is more: "Blood Glucose Test"
}

// Panel is a group of tests ordered together.
type Panel struct {
	Key     string
	Name    string   // "Cholesterol tests"
	Members []string // LOINC codes in reading order, all codes of a test beside each other
}

// tests is data/codes.toml.
type tests struct {
	Test map[string]struct {
		Codes  []string
		Source string
	}
	Panel map[string]struct{ Codes, Members []string }
}

// texts is data/<language>.toml.
type texts struct {
	Ask, NotFound string
	Names         map[string]string
	Flag          map[string]string
	Status        map[string][2]string
	Panel         map[string]string
	Test          map[string]struct{ Name, Looks, Why, High, Low, Found string }
}

// book is everything in one language, ready to look up by code.
type book struct {
	entries map[string]Entry
	panels  map[string]Panel
	texts   texts
}

var (
	english = sync.OnceValue(func() book { return read("en") })
	spanish = sync.OnceValue(func() book { return read("es") })
)

func bookOf(lang string) book {
	if lang == "es" {
		return spanish()
	}
	return english()
}

// decode reads a file that is part of the program: a mistake in it is found by
// the first test.
func decode(name string, to any) {
	b, err := files.ReadFile("data/" + name)
	if err == nil {
		err = toml.Unmarshal(b, to)
	}
	if err != nil {
		panic(fmt.Errorf("%s: %w", name, err))
	}
}

func read(lang string) book {
	var codes tests
	b := book{entries: map[string]Entry{}, panels: map[string]Panel{}}
	decode("codes.toml", &codes)
	decode(lang+".toml", &b.texts)
	for key, test := range codes.Test {
		t := b.texts.Test[key]
		e := Entry{Key: key, Name: t.Name, Looks: t.Looks, Why: t.Why, High: t.High, Low: t.Low, Found: t.Found, Ask: b.texts.Ask, Source: test.Source}
		if e.Found != "" {
			e.Absent = b.texts.NotFound
		}
		for _, code := range test.Codes {
			named := e
			if n, ok := b.texts.Names[code]; ok {
				named.Name = n
			}
			b.entries[code] = named
		}
	}
	for key, panel := range codes.Panel {
		p := Panel{Key: key, Name: b.texts.Panel[key]}
		for _, m := range panel.Members {
			p.Members = append(p.Members, codes.Test[m].Codes...)
		}
		for _, code := range panel.Codes {
			b.panels[code] = p
		}
	}
	return b
}

// Lookup explains a LOINC code in a language ("es"; anything else is English).
func Lookup(loinc, lang string) (Entry, bool) {
	e, ok := bookOf(lang).entries[loinc]
	return e, ok
}

// PanelOf names the panel with a LOINC code and its members.
func PanelOf(loinc, lang string) (Panel, bool) {
	p, ok := bookOf(lang).panels[loinc]
	p.Members = append([]string(nil), p.Members...)
	return p, ok
}

// Named is the everyday name of a test or a panel by its LOINC code, "" for one
// that has none.
func Named(loinc, lang string) string {
	if e, ok := Lookup(loinc, lang); ok {
		return e.Name
	}
	p, _ := PanelOf(loinc, lang)
	return p.Name
}
