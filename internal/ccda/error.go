package ccda

import (
	"strconv"
	"strings"
)

// Reason says why a document was refused. The values are stable: they are
// stored and counted.
type Reason string

const (
	Empty       Reason = "empty"
	Syntax      Reason = "syntax"
	Truncated   Reason = "truncated"
	Unreadable  Reason = "unreadable"
	Encoding    Reason = "encoding"
	Doctype     Reason = "doctype"
	NotDocument Reason = "not_document"
	NoPatient   Reason = "no_patient"
	TwoPatients Reason = "two_patients"
	BadFile     Reason = "bad_file"
	TooDeep     Reason = "too_deep"
	TooLarge    Reason = "too_large"
	TooMany     Reason = "too_many"
)

// sentences are for logs and the command line in English; a room that shows
// reasons to people has its own texts.
var sentences = map[Reason]string{
	Empty:       "there is nothing in it",
	Syntax:      "this is not valid XML",
	Truncated:   "it ends in the middle of the document",
	Unreadable:  "it cannot be read to its end",
	Encoding:    "its characters cannot be decoded",
	Doctype:     "it has a document type definition",
	NotDocument: "this is not a clinical document",
	NoPatient:   "it does not say whom it is about",
	TwoPatients: "it is about more than one person",
	BadFile:     "the file inside it cannot be unpacked",
	TooDeep:     "it is nested too deeply",
	TooLarge:    "it is too large",
	TooMany:     "it holds too many things",
}

// Reasons lists every reason, so that a room can test that it has a sentence for
// each.
func Reasons() []Reason {
	return []Reason{Empty, Syntax, Truncated, Unreadable, Encoding, Doctype, NotDocument, NoPatient, TwoPatients, BadFile, TooDeep, TooLarge, TooMany}
}

// Error says where and why a document was refused. It holds element names and
// positions, never a value.
type Error struct {
	File   string
	Line   int    // from 1; 0 if unknown
	Path   string // "ClinicalDocument/recordTarget"
	Reason Reason
	Cause  error // of Unreadable: what the system said
}

// Error implements error: "a.xml: line 3: ClinicalDocument/title: …".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Line > 0 {
		b.WriteString("line " + strconv.Itoa(e.Line) + ": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(sentences[e.Reason])
	return b.String()
}

// Unwrap gives what the system said, if it did.
func (e *Error) Unwrap() error { return e.Cause }

// shown is an element's name as it may stand in an error. A name that no element
// of the standard could have might be somebody's, so it is not repeated.
func shown(name string) string {
	if name == "" || len(name) > 40 {
		return "?"
	}
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return "?"
		}
	}
	return name
}
