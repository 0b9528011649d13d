package checkin

import (
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
)

// Words are a text by language.
type Words map[lang.Lang]string

// In gives the text in l, or in the other language where one is missing.
func (w Words) In(l lang.Lang) string {
	if s := w[l]; s != "" {
		return s
	}
	for _, other := range lang.All {
		if s := w[other]; s != "" {
			return s
		}
	}
	return ""
}

// Form is a questionnaire as it is drawn: a FHIR R4 Questionnaire, read.
type Form struct {
	ID      ids.Form
	URL     string // canonical, "" if it has none
	Version string
	Title   Words
	Codes   []Code
	Items   []Item
	Zone    *time.Location // of the clinic, for answers that are moments; nil is UTC
}

// Code is a code of a code system.
type Code struct{ System, Code string }

// Item is a question, a group of them or a text between them.
type Item struct {
	Link     string // linkId
	Name     string // of its field: its place among all items, for a linkId may hold anything
	Type     string
	Text     Words
	Codes    []Code
	Required bool
	Repeats  bool
	Max      int // characters
	Options  []Option
	When     []When
	Any      bool // one of When is enough
	Items    []Item
	Units    []Unit // of a quantity, from which one is chosen; none lets the person write it

	Base string // linkId of the item that this is one copy of, "" for an item itself
	Nth  int    // which copy, from 0
	Last bool   // no copy comes after it
}

// Unit is a unit of measure.
type Unit struct {
	Code  Code
	Words Words
}

// link is the linkId that others know the item by.
func (it Item) link() string {
	if it.Base != "" {
		return it.Base
	}
	return it.Link
}

// Option is an answer to choose.
type Option struct {
	Kind   string // valueCoding, valueString, valueInteger, valueDate
	Code   Code
	Value  string // as written; of a coding its display
	Words  Words
	Score  int // ordinalValue
	Scored bool
}

// When is a condition under which an item is asked (enableWhen).
type When struct {
	Question string // linkId
	Op       string
	Kind     string // answerBoolean, answerCoding, …
	Value    string
	Code     Code
}

// Types of items that can be drawn.
var itemTypes = []string{"group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice", "open-choice", "quantity"}

// asks tells whether the item is a question.
func (it Item) asks() bool { return it.Type != "group" && it.Type != "display" }

// walk calls f for each item with the item it stands in, nil at the top.
func (f Form) walk(each func(it, in *Item)) {
	var down func(items []Item, in *Item)
	down = func(items []Item, in *Item) {
		for i := range items {
			each(&items[i], in)
			down(items[i].Items, &items[i])
		}
	}
	down(f.Items, nil)
}
