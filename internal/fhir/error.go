package fhir

import (
	"strconv"
	"strings"
)

// Reason says why something was refused. The values are stable: they are
// stored and counted.
type Reason string

const (
	Empty        Reason = "empty"
	Syntax       Reason = "syntax"
	Truncated    Reason = "truncated"
	Unreadable   Reason = "unreadable"
	Encoding     Reason = "encoding"
	NotResource  Reason = "not_resource"
	WrongBundle  Reason = "wrong_bundle"
	TooDeep      Reason = "too_deep"
	TooLarge     Reason = "too_large"
	TooMany      Reason = "too_many"
	DuplicateKey Reason = "duplicate_key"
	WrongType    Reason = "wrong_type"
	BadDate      Reason = "bad_date"
	PartialBirth Reason = "partial_birth"
	NoBirth      Reason = "no_birth"
	NoName       Reason = "no_name"
)

// sentences are for logs and the command line in English; a room that shows
// reasons to people has its own texts.
var sentences = map[Reason]string{
	Empty:        "there is nothing in it",
	Syntax:       "this is not valid JSON",
	Truncated:    "it ends in the middle of a resource",
	Unreadable:   "it cannot be read to its end",
	Encoding:     "it is not UTF-8 text",
	NotResource:  "this is not a FHIR resource",
	WrongBundle:  "a bundle of this type cannot be taken in",
	TooDeep:      "it is nested too deeply",
	TooLarge:     "it is too large",
	TooMany:      "it holds too many things",
	DuplicateKey: "the same key stands there twice",
	WrongType:    "this is not the kind of value FHIR asks for",
	BadDate:      "this is not a date",
	PartialBirth: "birth date incomplete",
	NoBirth:      "birth date missing",
	NoName:       "name missing",
}

// Error says where and why a resource, or the rest of an input, was refused. It
// holds keys and positions, never a value.
type Error struct {
	File   string
	Line   int    // line the resource begins on, from 1; 0 if unknown
	Entry  int    // entry of the bundle, from 1; 0 outside bundles
	Path   string // within the resource: "name[0].given"
	Reason Reason
	Cause  error // of Unreadable: what the system said
}

// Error implements error: "a.json: line 3: entry 12: name[0]: …".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Line > 0 {
		b.WriteString("line " + strconv.Itoa(e.Line) + ": ")
	}
	if e.Entry > 0 {
		b.WriteString("entry " + strconv.Itoa(e.Entry) + ": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(sentences[e.Reason])
	return b.String()
}

// Unwrap gives what the system said, if it did.
func (e *Error) Unwrap() error { return e.Cause }

// segment is one step of a path: a key, or an index when key is "".
type segment struct {
	key   string
	index int
}

func pathOf(steps []segment) string {
	var b strings.Builder
	for _, s := range steps {
		if s.key == "" {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(shown(s.key))
	}
	return b.String()
}

// shown is a key as it may stand in an error. A key that no FHIR element could
// have might be somebody's name, so it is not repeated.
func shown(key string) string {
	if len(key) > 64 {
		return "?"
	}
	for _, c := range key {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return "?"
		}
	}
	return key
}
