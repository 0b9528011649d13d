package fhir

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// tree is a decoded resource that remembers the first thing that was not of the
// kind FHIR asks for. Keys are matched exactly, unlike encoding/json's structs.
type tree struct{ fault *Error }

// node is one value of a tree with its path; v is nil where there is none.
type node struct {
	t    *tree
	path string
	v    any
}

func decode(raw json.RawMessage) (node, *tree) {
	t := &tree{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.wrong("", Syntax)
	}
	return node{t, "", v}, t
}

func (t *tree) wrong(path string, r Reason) {
	if t.fault == nil {
		t.fault = &Error{Path: path, Reason: r}
	}
}

// err keeps a nil *Error from becoming a non-nil error.
func (t *tree) err() error {
	if t.fault == nil {
		return nil
	}
	return t.fault
}

// get gives the member of an object.
func (n node) get(key string) node {
	path := key
	if n.path != "" {
		path = n.path + "." + key
	}
	if n.v == nil {
		return node{n.t, path, nil}
	}
	m, ok := n.v.(map[string]any)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	return node{n.t, path, m[key]}
}

// list gives the elements of an array.
func (n node) list() []node {
	if n.v == nil {
		return nil
	}
	a, ok := n.v.([]any)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	var out []node
	for i, v := range a {
		if v != nil { // null stands for a primitive that has only extensions
			out = append(out, node{n.t, n.path + "[" + strconv.Itoa(i) + "]", v})
		}
	}
	return out
}

// text gives a string, trimmed, of at most max bytes.
func (n node) text() string {
	if n.v == nil {
		return ""
	}
	s, ok := n.v.(string)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	if len(s) > maxText {
		n.t.wrong(n.path, TooLarge)
		return ""
	}
	return strings.TrimSpace(clean(s))
}

// maxText is the longest text of a patient's master data, in bytes.
const maxText = 1024

func (n node) texts() []string {
	var out []string
	for _, e := range n.list() {
		if s := e.text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// truth gives a boolean, false if there is none.
func (n node) truth() bool {
	if n.v == nil {
		return false
	}
	b, ok := n.v.(bool)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	return b
}

// moment gives a FHIR date, dateTime or instant; a shorter form stands for its
// beginning in UTC. The zero time if there is none.
func (n node) moment() time.Time {
	s := n.text()
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	n.t.wrong(n.path, BadDate)
	return time.Time{}
}
