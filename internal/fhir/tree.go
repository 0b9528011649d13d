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

// Node is one value of a tree with its path; v is nil where there is none.
type Node struct {
	t    *tree
	path string
	v    any
}

// Parse decodes one resource for reading. What is not of the kind FHIR asks for
// reads as absent; Err then names the first such place.
func Parse(raw json.RawMessage) Node {
	n, _ := decode(raw)
	return n
}

// Err is the first thing read from this resource that was of the wrong kind,
// nil if all was well.
func (n Node) Err() error { return n.t.err() }

// Path says where in its resource the value stands: "code.coding[0]".
func (n Node) Path() string { return n.path }

// Exists tells whether there is a value.
func (n Node) Exists() bool { return n.v != nil }

// Wrong refuses this value; only the first refusal of a resource is kept.
func (n Node) Wrong(r Reason) { n.t.wrong(n.path, r) }

// Keys lists an object's members in no order.
func (n Node) Keys() []string {
	m, _ := n.v.(map[string]any)
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

func decode(raw json.RawMessage) (Node, *tree) {
	t := &tree{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.wrong("", Syntax)
	}
	return Node{t, "", v}, t
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

// Get gives the member of an object.
func (n Node) Get(key string) Node {
	path := key
	if n.path != "" {
		path = n.path + "." + key
	}
	if n.v == nil {
		return Node{n.t, path, nil}
	}
	m, ok := n.v.(map[string]any)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	return Node{n.t, path, m[key]}
}

// List gives the elements of an array.
func (n Node) List() []Node {
	if n.v == nil {
		return nil
	}
	a, ok := n.v.([]any)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	var out []Node
	for i, v := range a {
		if v != nil { // null stands for a primitive that has only extensions
			out = append(out, Node{n.t, n.path + "[" + strconv.Itoa(i) + "]", v})
		}
	}
	return out
}

// Text gives a string, trimmed, of at most 1 KiB; "" if there is none.
func (n Node) Text() string {
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

// Texts gives the strings of an array that are not empty.
func (n Node) Texts() []string {
	var out []string
	for _, e := range n.List() {
		if s := e.Text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Truth gives a boolean, false if there is none.
func (n Node) Truth() bool {
	if n.v == nil {
		return false
	}
	b, ok := n.v.(bool)
	if !ok {
		n.t.wrong(n.path, WrongType)
	}
	return b
}

// Moment gives a FHIR date, dateTime or instant; a shorter form stands for its
// beginning in UTC. The zero time if there is none.
func (n Node) Moment() time.Time {
	s := n.Text()
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

// IsList tells whether the value is an array.
func (n Node) IsList() bool {
	_, ok := n.v.([]any)
	return ok
}

// IsObject tells whether the value is an object.
func (n Node) IsObject() bool {
	_, ok := n.v.(map[string]any)
	return ok
}

// IsNumber tells whether the value is a number.
func (n Node) IsNumber() bool {
	_, ok := n.v.(json.Number)
	return ok
}
