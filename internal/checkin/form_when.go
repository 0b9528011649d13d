package checkin

import (
	"math/big"
	"strings"
	"time"
)

// Answer is one answer to a question.
type Answer struct {
	Kind  string // valueBoolean, valueDecimal, valueInteger, valueDate, valueString, valueCoding, …
	Value string
	Code  Code  // of a quantity that of its unit
	Unit  Words // of a quantity
	At    int   // place of the option it is, from 1; 0 for none
}

// Answers are the answers by linkId.
type Answers map[string][]Answer

// enabled says which items are asked, given the answers. An item in one that is not
// asked is not asked either, and what was answered where nothing is asked does not
// count. Items that wait for each other are not asked.
func (f Form) enabled(a Answers) map[string]bool {
	e := enabling{answers: a, at: map[string]*Item{}, in: map[string]*Item{}, of: map[string][]string{}, known: map[string]bool{}, asked: map[string]bool{}}
	f.walk(func(it, in *Item) {
		e.at[it.Link], e.in[it.Link] = it, in
		e.of[it.Link] = []string{it.Link}
		if it.Base != "" {
			e.of[it.Base] = append(e.of[it.Base], it.Link)
		}
	})
	out := map[string]bool{}
	for link := range e.at {
		out[link] = e.on(link)
	}
	return out
}

type enabling struct {
	answers      Answers
	at, in       map[string]*Item
	of           map[string][]string // the items of a linkId: one, or its copies
	known, asked map[string]bool
}

func (e *enabling) on(link string) bool {
	if e.known[link] {
		return e.asked[link]
	}
	e.known[link] = true // while it is being worked out it is not asked
	it, in := e.at[link], e.in[link]
	ok := (in == nil || e.on(in.Link)) && e.all(it)
	e.asked[link] = ok
	return ok
}

// all tells whether an item's conditions hold, all or any as it says.
func (e *enabling) all(it *Item) bool {
	if len(it.When) == 0 {
		return true
	}
	for _, w := range it.When {
		var given []Answer
		for _, link := range e.of[w.Question] {
			if e.on(link) {
				given = append(given, e.answers[link]...)
			}
		}
		if w.holds(given) == it.Any {
			return it.Any
		}
	}
	return !it.Any
}

// holds tells whether a condition holds for a question's answers. One answer that
// fits is enough, but for "!=", which wants that none is equal (FHIR R4, value set
// questionnaire-enable-operator). A question without an answer fits none of them,
// but for "exists" false: nothing appears before what it hangs on is answered.
func (w When) holds(given []Answer) bool {
	if w.Op == "exists" {
		return (len(given) > 0) == (w.Value == "true")
	}
	if len(given) == 0 {
		return false
	}
	for _, a := range given {
		order, ok := w.compare(a)
		if !ok {
			continue
		}
		fits := map[string]bool{"=": order == 0, "!=": order == 0, ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[w.Op]
		if fits {
			return w.Op != "!="
		}
	}
	return w.Op == "!="
}

// compare tells how an answer stands to the condition's: less, equal or more; false
// if the two cannot be compared.
func (w When) compare(a Answer) (int, bool) {
	switch w.Kind {
	case "answerCoding":
		same := a.Kind == "valueCoding" && a.Code.Code == w.Code.Code && (w.Code.System == "" || a.Code.System == w.Code.System)
		return map[bool]int{true: 0, false: 1}[same], true
	case "answerDecimal", "answerInteger":
		x, ok := new(big.Rat).SetString(a.Value)
		y, also := new(big.Rat).SetString(w.Value)
		if !ok || !also || a.Kind != "valueDecimal" && a.Kind != "valueInteger" {
			return 0, false
		}
		return x.Cmp(y), true
	case "answerQuantity":
		x, ok := new(big.Rat).SetString(a.Value)
		y, also := new(big.Rat).SetString(w.Value)
		if !ok || !also || a.Kind != "valueQuantity" || a.Code.Code != w.Code.Code {
			return 0, false
		}
		return x.Cmp(y), true
	case "answerDateTime":
		x, ok := moment(a.Value)
		y, also := moment(w.Value)
		return x.Compare(y), ok && also && a.Kind == "valueDateTime"
	}
	return strings.Compare(a.Value, w.Value), "value"+strings.TrimPrefix(w.Kind, "answer") == a.Kind
}

// moment reads a FHIR dateTime; one without a time is the beginning of its day.
func moment(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
