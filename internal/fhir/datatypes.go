package fhir

import (
	"encoding/json"
	"strings"
	"time"
)

// Coding is one code of a code system.
type Coding struct{ System, Code, Display string }

// Concept is a CodeableConcept: codes for the same thing, and its words.
type Concept struct {
	Codings []Coding
	Text    string
}

// Concept reads a CodeableConcept, or a lone Coding or code.
func (n Node) Concept() Concept {
	if s, ok := n.v.(string); ok {
		return Concept{Codings: []Coding{{Code: strings.TrimSpace(clean(s))}}}
	}
	var c Concept
	if n.v == nil {
		return c
	}
	c.Text = n.Get("text").line()
	for _, e := range n.Get("coding").List() {
		c.Codings = append(c.Codings, e.Coding())
	}
	if len(c.Codings) == 0 && n.Get("code").Exists() {
		c.Codings = []Coding{n.Coding()}
	}
	return c
}

// Coding reads a Coding.
func (n Node) Coding() Coding {
	return Coding{System: n.Get("system").Text(), Code: n.Get("code").Text(), Display: n.Get("display").line()}
}

// Words is what a person reads: the text, else the first display, else the code.
func (c Concept) Words() string {
	if c.Text != "" {
		return untagged(c.Text)
	}
	for _, k := range c.Codings {
		if k.Display != "" {
			return untagged(k.Display)
		}
	}
	return c.Code()
}

// tags are the semantic tags of SNOMED CT's fully specified names, which tell
// terminologists apart what people call the same: "Acute bronchitis (disorder)"
// (SNOMED CT Editorial Guide, "Semantic tag").
var tags = map[string]bool{"body structure": true, "cell": true, "clinical drug": true, "disorder": true, "environment": true, "ethnic group": true, "event": true,
	"finding": true, "life style": true, "medicinal product": true, "medicinal product form": true, "morphologic abnormality": true, "observable entity": true,
	"occupation": true, "organism": true, "person": true, "physical object": true, "procedure": true, "product": true, "qualifier value": true,
	"record artifact": true, "regime/therapy": true, "situation": true, "social concept": true, "specimen": true, "substance": true}

func untagged(words string) string {
	rest, ok := strings.CutSuffix(words, ")")
	if !ok {
		return words
	}
	if at := strings.LastIndex(rest, " ("); at > 0 && tags[rest[at+2:]] {
		return rest[:at]
	}
	return words
}

// First is the first coding.
func (c Concept) First() Coding {
	if len(c.Codings) == 0 {
		return Coding{}
	}
	return c.Codings[0]
}

// Code is the first code.
func (c Concept) Code() string { return c.First().Code }

// In gives the code of a system, "" if there is none.
func (c Concept) In(system string) string {
	for _, k := range c.Codings {
		if k.System == system {
			return k.Code
		}
	}
	return ""
}

// Has tells whether one of the codes is code, whatever its system.
func (c Concept) Has(code string) bool {
	for _, k := range c.Codings {
		if k.Code == code {
			return true
		}
	}
	return false
}

// Quantity is a measured amount. Value is the number as it was written, so that
// 7.0 stays 7.0.
type Quantity struct{ Value, Comparator, Unit, System, Code string }

// Quantity reads a Quantity.
func (n Node) Quantity() Quantity {
	if n.v == nil {
		return Quantity{}
	}
	return Quantity{Value: n.Get("value").Number(), Comparator: n.Get("comparator").Text(), Unit: n.Get("unit").Text(),
		System: n.Get("system").Text(), Code: n.Get("code").Text()}
}

// Number gives a number as it was written, "" if there is none.
func (n Node) Number() string {
	if n.v == nil {
		return ""
	}
	v, ok := n.v.(json.Number)
	if !ok {
		n.t.wrong(n.path, WrongType)
		return ""
	}
	if len(v) > 64 {
		n.t.wrong(n.path, TooLarge)
		return ""
	}
	return v.String()
}

// Reference points to another resource, or only names it.
type Reference struct{ Type, ID, Display, Raw string }

// Reference reads a Reference.
func (n Node) Reference() Reference {
	if n.v == nil {
		return Reference{}
	}
	r := Reference{Raw: n.Get("reference").Text(), Display: n.Get("display").line(), Type: n.Get("type").Text()}
	if r.Display == "" {
		r.Display = n.Get("identifier").Get("value").line()
	}
	if t, id, ok := strings.Cut(r.Raw, "/"); ok && !strings.Contains(id, "/") && !strings.HasPrefix(r.Raw, "#") {
		r.Type, r.ID = t, id
	}
	return r
}

// When is a moment as it was written: a year, a month, a day or a time.
type When struct {
	Text string    // "2019-03", "2019-03-07T14:05:00-05:00"; "" if unknown
	Time time.Time // its beginning in UTC; zero if unknown
}

// At reads a moment from the text of a date, dateTime or instant; one that is
// none is unknown.
func At(text string) When {
	n := Node{&tree{}, "", text}
	w := n.When()
	if n.Err() != nil {
		return When{}
	}
	return w
}

// Day tells whether no time of day is known.
func (w When) Day() bool { return !strings.Contains(w.Text, "T") }

// When reads a date, dateTime or instant.
func (n Node) When() When {
	s := n.Text()
	if s == "" {
		return When{}
	}
	return When{s, n.Moment()}
}

// Long gives a text of any length, for notes.
func (n Node) Long() string {
	if n.v == nil {
		return ""
	}
	s, ok := n.v.(string)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	return strings.TrimSpace(clean(s))
}

// line gives a text for one line, cut where it is too long for one: a name, not
// a fault.
func (n Node) line() string {
	s := n.Long()
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// Line gives a text for one line; what is too long for one is cut.
func (n Node) Line() string { return n.line() }

// Choice gives the first member of a choice element that is there: for "value",
// valueQuantity, valueString and so on, with its type ("Quantity").
func (n Node) Choice(stem string, types ...string) (Node, string) {
	for _, t := range types {
		if v := n.Get(stem + t); v.Exists() {
			return v, t
		}
	}
	return Node{n.t, n.path, nil}, ""
}
