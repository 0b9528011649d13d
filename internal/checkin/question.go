package checkin

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"portico/internal/fault"
)

// Parts of a check-in that each visit has.
const (
	Contacts  = "contacts"
	Emergency = "emergency"
	Insurance = "insurance"
	Card      = "card" // pictures of the insurance card
	Health    = "health"
)

// Typed is what a person typed in one step: field → values.
type Typed map[string][]string

// Get gives the first value of a field.
func (t Typed) Get(name string) string {
	if v := t[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Box is a field for what is right instead.
type Box struct {
	Name     string // its label is the text "checkin.box." with it
	Max      int
	Kind     string // type attribute
	Complete string // autocomplete attribute
	Long     bool   // more than one line
}

// Question asks whether something the clinic has is still right. It never changes
// what the clinic has: a "no" is a change for staff to look at.
type Question struct {
	Key   string   // its title is the text "checkin.ask." with it
	Was   []string // what the clinic has, line by line; empty for nothing
	Boxes []Box
}

// right is the field that says whether it is still right.
func (q Question) right() string { return q.Key + "_right" }

// fields are the names of all fields of questions.
func fields(qs []Question) (out []string) {
	for _, q := range qs {
		out = append(out, q.right())
		for _, b := range q.Boxes {
			out = append(out, b.Name)
		}
	}
	return out
}

// said is what the person wrote in the boxes, line by line.
func (q Question) said(t Typed) string {
	var lines []string
	for _, b := range q.Boxes {
		if v := t.Get(b.Name); v != "" {
			lines = append(lines, v)
		}
	}
	return strings.Join(lines, "\n")
}

// change is what is to be put in place of what the clinic has, "" for nothing.
func (q Question) change(t Typed) string {
	if len(q.Was) > 0 && t.Get(q.right()) != "no" {
		return ""
	}
	return q.said(t)
}

// check finds what is wrong with the answers to questions.
func check(qs []Question, t Typed) error {
	var bad *fault.Fault
	for _, q := range qs {
		bad = q.check(t, bad)
	}
	return bad.OrNil()
}

func (q Question) check(t Typed, bad *fault.Fault) *fault.Fault {
	for _, b := range q.Boxes {
		if key := b.wrong(t.Get(b.Name)); key != "" {
			bad = bad.And(b.Name, key, b.Max)
		}
	}
	if len(q.Was) == 0 {
		return bad
	}
	wrote := q.said(t) != ""
	switch right := t.Get(q.right()); {
	case right != "yes" && right != "no":
		bad = bad.And(q.right(), "checkin.choose."+q.Key)
	case right == "no" && !wrote:
		bad = bad.And(q.Boxes[0].Name, "checkin.write")
	case right == "yes" && wrote:
		bad = bad.And(q.right(), "checkin.both")
	}
	return bad
}

// wrong is the sentence about what was typed, "" if it may be so.
func (b Box) wrong(v string) string {
	switch {
	case utf8.RuneCountInString(v) > b.Max:
		return "checkin.long"
	case v == "":
		return ""
	case b.Kind == "email":
		if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
			return "checkin.email"
		}
	case b.Kind == "tel":
		digits := 0
		for _, r := range v {
			if unicode.IsDigit(r) {
				digits++
			}
		}
		if digits < 7 || digits > 15 { // E.164 allows fifteen
			return "checkin.phone"
		}
	}
	return ""
}

const (
	maxLine = 120
	maxText = 1000
)

// contactQuestions ask about how a patient is reached.
func contactQuestions(f OnFile) []Question {
	return []Question{
		{"email", f.Emails, []Box{{Name: "email", Max: 254, Kind: "email", Complete: "email"}}},
		{"phone", f.Phones, []Box{{Name: "phone", Max: 40, Kind: "tel", Complete: "tel"}}},
		{"address", f.Address, []Box{{Name: "address", Max: 300, Long: true, Complete: "street-address"}}},
	}
}

// emergencyQuestions ask whom to call; was is what was last accepted.
func emergencyQuestions(was []string) []Question {
	return []Question{{"emergency", was, []Box{{Name: "emergency_name", Max: maxLine}, {Name: "emergency_relation", Max: maxLine}, {Name: "emergency_phone", Max: 40, Kind: "tel"}}}}
}

func insuranceQuestions(was []string) []Question {
	return []Question{{"insurance", was, []Box{{Name: "insurance_plan", Max: maxLine}, {Name: "insurance_member", Max: 60}, {Name: "insurance_group", Max: 60}}}}
}

func healthQuestions(medicines, allergies []string) []Question {
	return []Question{
		{"medicines", medicines, []Box{{Name: "medicines", Max: maxText, Long: true}}},
		{"allergies", allergies, []Box{{Name: "allergies", Max: maxText, Long: true}}},
	}
}
