package fhir

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// Resource is one resource as it came.
type Resource struct {
	Type    string // "Patient"
	ID      string // its id at the sender, "" if it has none
	FullURL string // of its bundle entry: "urn:uuid:…"

	// Raw is the JSON byte for byte, less NUL bytes and with U+FFFD in place of
	// broken UTF-8. It belongs to the receiver.
	Raw json.RawMessage

	File  string
	Line  int // line it begins on, from 1
	Entry int // entry of the bundle, from 1; 0 outside bundles
}

// At gives err the place of this resource.
func (r Resource) At(e *Error) *Error {
	e.File, e.Line, e.Entry = r.File, r.Line, r.Entry
	return e
}

// Read gives the resources of one input, one after the other: those of a bundle
// of any type but history, a single resource, or NDJSON lines of either; plain
// or gzipped, which is told by content. Errors are *Error. After an error that
// concerns one resource or one line the next follows; when the input cannot be
// read on, the sequence ends. file is only for errors.
func Read(file string, r io.Reader, l Limits) iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		d := &reader{file: file, yield: yield}
		plain, err := unpack(r)
		if err == nil {
			d.s = newScanner(plain, l)
			d.s.lines = namedLines(file)
			err = d.all()
		}
		if err != nil && err != errStop {
			d.refuse(Resource{}, err)
		}
	}
}

// namedLines tells whether a file is NDJSON by its name.
func namedLines(file string) bool {
	file = strings.TrimSuffix(strings.ToLower(file), ".gz")
	return strings.HasSuffix(file, ".ndjson") || strings.HasSuffix(file, ".jsonl")
}

// unpack undoes gzip and refuses UTF-16, which some spreadsheets and editors
// write.
func unpack(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, &Error{Reason: Unreadable, Cause: err}
		}
		b = bufio.NewReader(z)
	}
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0xfe, 0xff}) || bytes.Equal(head, []byte{0xff, 0xfe}) {
		return nil, &Error{Reason: Encoding}
	}
	return b, nil
}

// reader turns what the scanner passes over into resources.
type reader struct {
	s      *scanner
	file   string
	yield  func(Resource, error) bool
	count  int // resources given so far
	faults int
	line   int // line the document at hand begins on
}

// envelope is what is known of the outermost object so far. Whether it is a
// bundle may only turn out at its end, as keys come in any order.
type envelope struct {
	Resource
	kind   string // type of the bundle
	bundle bool
}

// all reads one document after the other: a file has one, NDJSON many.
func (d *reader) all() error {
	for n := 0; ; n++ {
		more, err := d.document(n == 0)
		if err == nil && !more {
			return nil
		}
		if err == nil {
			continue
		}
		fault, ok := errors.AsType[*Error](err)
		if !ok || !d.local(fault) {
			return err
		}
		if err := d.refuse(Resource{Line: d.line}, fault); err != nil {
			return err
		}
		if ok, err := d.nextLine(); !ok {
			return err
		}
	}
}

// local tells whether e spoils only the line it is in.
func (d *reader) local(e *Error) bool {
	return !d.s.dead && d.s.line == d.line && (e.Reason == Syntax || e.Reason == Truncated || e.Reason == NotResource)
}

// nextLine goes to the next line that begins an object; false if none follows.
func (d *reader) nextLine() (bool, error) {
	s := d.s
	for {
		ok, err := s.fill()
		if !ok {
			return false, err
		}
		i := bytes.IndexByte(s.in[s.pos:s.end], '\n')
		if i < 0 {
			s.pos = s.end
			continue
		}
		s.pos += i + 1
		s.line++
		break
	}
	s.reset()
	s.inside = false
	c, ok, err := s.peek()
	return err == nil && ok && c == '{', err
}

// reset forgets what was copied and begins to measure anew.
func (s *scanner) reset() {
	s.out = s.out[:0]
	s.clear()
}

// document reads one value and gives what is in it; false at the end.
func (d *reader) document(first bool) (bool, error) {
	s := d.s
	s.path, s.seen, s.base, s.inside = s.path[:0], s.seen[:0], 0, false
	s.reset()
	if bom, err := s.accept("\xef"); err != nil {
		return false, err
	} else if bom {
		for _, b := range []string{"\xbb", "\xbf"} {
			if ok, err := s.accept(b); err != nil || !ok {
				return false, errors.Join(err, &Error{Reason: Encoding})
			}
		}
	}
	c, ok, err := s.peek()
	d.line = s.line
	if err == nil && !ok && first {
		err = &Error{Reason: Empty}
	}
	if err != nil || !ok {
		return false, err
	}
	if c != '{' {
		return false, &Error{Reason: NotResource}
	}
	s.reset()
	s.inside = true
	top := envelope{Resource: Resource{Line: d.line}}
	if err := s.members(0, func(key string) error { return d.member(&top, key) }); err != nil {
		return false, err
	}
	s.inside = false
	s.lines = s.lines || s.line == d.line
	return true, d.finish(&top)
}

// member passes over one member of the outermost object.
func (d *reader) member(top *envelope, key string) error {
	s := d.s
	if top.bundle {
		if s.fault != "" {
			return s.broken(s.fault)
		}
		s.reset()
	}
	switch key {
	case "entry":
		c, err := s.must()
		if err != nil {
			return err
		}
		if c == '[' && s.fault == "" && (top.bundle || top.Type == "") {
			if top.kind == "history" {
				return &Error{Reason: WrongBundle}
			}
			return s.each(func(i int) error { return d.entry(top, i) })
		}
	case "type":
		return d.text(&top.kind)
	}
	err := d.identify(&top.Resource, key)
	top.bundle = top.bundle || top.Type == "Bundle"
	return err
}

// identify passes over one member of a resource and notes what it says about
// which resource this is.
func (d *reader) identify(r *Resource, key string) error {
	switch key {
	case "resourceType":
		return d.text(&r.Type)
	case "id":
		return d.text(&r.ID)
	}
	return d.s.value(1)
}

// text passes over a value and puts it into to if it is a string.
func (d *reader) text(to *string) error {
	s := d.s
	if _, err := s.must(); err != nil { // white space first, so that the value begins at mark
		return err
	}
	mark := len(s.out)
	if err := s.value(1); err != nil || s.fault != "" {
		return err
	}
	var v string
	if json.Unmarshal(s.out[mark:], &v) == nil {
		*to = clean(v)
	}
	return nil
}

// entry passes over one entry of what is, or may be, a bundle.
func (d *reader) entry(top *envelope, i int) error {
	s := d.s
	if top.bundle {
		s.reset()
	}
	base := s.base
	s.base = len(s.path)
	defer func() { s.base = base }()
	e := Resource{Line: s.line, Entry: i + 1}
	c, err := s.must()
	if err != nil {
		return err
	}
	if c != '{' {
		if top.bundle {
			s.breach(WrongType)
		}
		err = s.value(1)
	} else {
		err = s.members(0, func(key string) error { return d.part(top, &e, key) })
	}
	if fault, ok := errors.AsType[*Error](err); ok && fault.Entry == 0 {
		fault.Entry = i + 1
	}
	if err != nil || !top.bundle {
		return err
	}
	if s.fault != "" {
		err = &Error{Path: s.at, Reason: s.fault}
		s.reset()
		return d.refuse(e, err)
	}
	if e.Raw == nil { // a deletion, or an answer without a resource
		return nil
	}
	return d.give(e)
}

// part passes over one member of an entry.
func (d *reader) part(top *envelope, e *Resource, key string) error {
	s := d.s
	switch key {
	case "fullUrl":
		return d.text(&e.FullURL)
	case "resource":
	default:
		return s.value(1)
	}
	c, err := s.must()
	if err != nil {
		return err
	}
	top.bundle = true // only a bundle's entries hold resources
	if c != '{' {
		s.breach(WrongType)
		return s.value(1)
	}
	s.out, s.start = s.out[:0], 0
	base := s.base
	s.base = len(s.path)
	if err := s.members(0, func(key string) error { return d.identify(e, key) }); err != nil {
		return err
	}
	s.base = base
	if s.fault == "" {
		e.Raw = cleanRaw(s.out)
	}
	return nil
}

// finish gives the outermost object itself, if it is a resource and no bundle.
func (d *reader) finish(top *envelope) error {
	s := d.s
	switch {
	case s.fault != "":
		return d.refuse(top.Resource, &Error{Path: s.at, Reason: s.fault})
	case top.bundle && top.kind == "history":
		return d.refuse(top.Resource, &Error{Reason: WrongBundle})
	case top.bundle:
		return nil
	}
	top.Raw = cleanRaw(s.out)
	return d.give(top.Resource)
}

func (d *reader) give(r Resource) error {
	if r.Type == "" {
		return d.refuse(r, &Error{Reason: NotResource})
	}
	if d.count++; d.count > d.s.limits.Entries {
		return &Error{Entry: r.Entry, Reason: TooMany}
	}
	r.File = d.file
	if !d.yield(r, nil) {
		return errStop
	}
	return nil
}

// refuse hands on an error with its place. A file with nothing but errors is
// given up after some time.
func (d *reader) refuse(r Resource, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.File, e.Entry = d.file, max(e.Entry, r.Entry)
		if e.Line = r.Line; e.Line == 0 && d.s != nil {
			e.Line = d.s.line
		}
		err = e
	}
	d.faults++
	if !d.yield(Resource{}, err) || d.faults >= maxFaults {
		return errStop
	}
	return nil
}

// cleanRaw copies a resource, without broken UTF-8.
func cleanRaw(b []byte) json.RawMessage {
	if utf8.Valid(b) {
		return bytes.Clone(bytes.TrimSpace(b))
	}
	return bytes.TrimSpace(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

// unsaid are control characters that FHIR forbids in texts: NUL, which no
// database stores, and the separators that package record reads rows by.
var unsaid = strings.NewReplacer("\x00", "", "\x1e", "", "\x1f", "")

// clean makes a text storable: without those, and no broken UTF-8.
func clean(s string) string {
	return strings.ToValidUTF8(unsaid.Replace(s), "\uFFFD")
}
