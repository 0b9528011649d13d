package registry

import (
	"strings"
	"time"

	"portico/internal/lang"
)

// Incoming is one record on its way into the index, whatever it came from.
type Incoming struct {
	File  string
	Line  int
	Entry int

	Origin string `json:"-"` // path of the file, for Options.Seen; never stored

	Ref      string // the sender's name for the record: "Patient/12"; "" if none
	FullURL  string // its name within the bundle: "urn:uuid:…"
	Numbers  []Number
	Names    []Name // the one in use first
	Birth    string // YYYY-MM-DD
	Sex      string
	Language string
	Deceased time.Time // zero while alive

	DeathUndated bool // Deceased is only the moment of the import

	Restricted bool
	Active     bool
	MultiBirth bool
	Contacts   []Contact // Since may be zero: not said
	Addresses  []Address
	Links      []Link
	Updated    time.Time // when the sender last changed it; zero if not said

	Silent Silence
}

// Silence names what the source has no place for: there the index keeps what it
// knows. The zero value is a source that says everything.
type Silence struct{ Email, Phone, Address, Former, Sex, Language, Deceased bool }

// LinkKind says how two records belong together.
type LinkKind string

const (
	ReplacedBy LinkKind = "replaced-by"
	Replaces   LinkKind = "replaces"
	SeeAlso    LinkKind = "seealso"
)

// Link names another record about the same person.
type Link struct {
	Kind   LinkKind
	Ref    string // "Patient/12" or "urn:uuid:…"
	Number Number // or by its number
}

// replaced tells whether the record only says which other took its place.
func (in Incoming) replaced() bool {
	for _, l := range in.Links {
		if l.Kind == ReplacedBy {
			return true
		}
	}
	return false
}

// current is the name in use.
func (in Incoming) current() Name {
	if len(in.Names) == 0 {
		return Name{}
	}
	return in.Names[0]
}

// Refusal is one thing that could not be taken in, with its place. It never
// holds a value.
type Refusal struct {
	File    string
	Line    int    // from 1; 0 if unknown
	Entry   int    // of a bundle, from 1
	Column  int    // of a spreadsheet, from 1
	Heading string // of that column, in our words
	Path    string // within a resource
	Key     string // the sentence
	Args    []any
}

// Sentence writes the refusal for a person, its place first.
func (r Refusal) Sentence(l lang.Lang) string {
	var place []string
	if r.File != "" {
		place = append(place, r.File)
	}
	if r.Line > 0 {
		place = append(place, l.T("registry.import.line", r.Line))
	}
	if r.Entry > 0 {
		place = append(place, l.T("registry.import.entry", r.Entry))
	}
	if r.Column > 0 {
		place = append(place, l.T("registry.import.column", r.Column))
	}
	if r.Heading != "" && r.Column > 0 {
		place[len(place)-1] += " (" + r.Heading + ")"
	}
	if r.Path != "" {
		place = append(place, r.Path)
	}
	return strings.Join(append(place, l.T(r.Key, r.Args...)), ": ")
}
