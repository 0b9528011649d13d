package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errStop ends a walk because the consumer asked for no more.
var errStop = errors.New("stop")

// scanner checks JSON byte by byte and copies what it passes to out. It tells
// two kinds of trouble apart: broken syntax is returned as an error and ends
// the input (or the line); a breach of a limit is noted in fault, and scanning
// goes on without copying, so that the next entry can still be read.
type scanner struct {
	r      io.Reader
	limits Limits
	in     []byte // what was read; in[pos:end] is still to come
	pos    int
	end    int
	total  int64 // bytes read from r
	dead   bool  // r cannot be read on
	line   int   // current line, from 1

	lines  bool // one value a line: a line end inside a value breaks it off
	inside bool // within a value

	out   []byte // copied since the last reset
	start int    // where in out the resource being measured begins
	fault Reason // first limit breached since clear, "" if none
	at    string // path of fault

	path   []segment
	base   int      // path entries before the current resource
	key    []byte   // the key being read
	seen   []string // folded keys of the open objects, innermost last
	intern map[string]name
}

// name is a key with its form under case folding, which is what counts when
// asking whether it was there before.
type name struct{ key, fold string }

func newScanner(r io.Reader, l Limits) *scanner {
	s := &scanner{r: r, limits: l, in: make([]byte, 64<<10), line: 1, intern: map[string]name{}}
	for _, k := range []string{"resourceType", "id", "type", "entry", "fullUrl", "resource"} {
		s.intern[k] = name{k, folded(k)}
	}
	return s
}

// broken is a syntax error at the current place.
func (s *scanner) broken(r Reason) *Error {
	return &Error{Reason: r, Path: pathOf(s.path[s.base:])}
}

// breach notes the first limit breached and stops copying.
func (s *scanner) breach(r Reason) {
	if s.fault == "" {
		s.fault, s.at = r, pathOf(s.path[s.base:])
	}
}

// clear begins a new measured value in out.
func (s *scanner) clear() { s.fault, s.at, s.start = "", "", len(s.out) }

// fill makes sure there is a byte at pos; false at the end of the input.
func (s *scanner) fill() (bool, error) {
	for s.pos == s.end {
		if s.total > s.limits.Bytes {
			s.dead = true
			return false, &Error{Reason: TooLarge}
		}
		n, err := s.r.Read(s.in)
		s.pos, s.end = 0, n
		s.total += int64(n)
		switch {
		case n > 0:
		case errors.Is(err, io.EOF):
			return false, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			s.dead = true
			return false, &Error{Reason: Truncated}
		case err != nil:
			s.dead = true
			return false, &Error{Reason: Unreadable, Cause: err}
		}
	}
	return true, nil
}

func (s *scanner) copy(b ...byte) {
	if s.fault != "" {
		return
	}
	if len(s.out)-s.start+len(b) > s.limits.Resource {
		s.breach(TooLarge)
		return
	}
	s.out = append(s.out, b...)
}

// peek skips white space and gives the next byte without taking it; false at
// the end of the input.
func (s *scanner) peek() (byte, bool, error) {
	for {
		if ok, err := s.fill(); !ok {
			return 0, false, err
		}
		c := s.in[s.pos]
		switch c {
		case '\n':
			if s.lines && s.inside {
				return 0, false, s.broken(Truncated)
			}
			s.line++
		case ' ', '\t', '\r':
		default:
			return c, true, nil
		}
		s.copy(c)
		s.pos++
	}
}

// must is peek where the input may not end.
func (s *scanner) must() (byte, error) {
	c, ok, err := s.peek()
	if err == nil && !ok {
		err = s.broken(Truncated)
	}
	return c, err
}

// take moves past the byte peek gave.
func (s *scanner) take() {
	s.copy(s.in[s.pos])
	s.pos++
}

// value passes over one value. depth counts the objects and arrays around it.
func (s *scanner) value(depth int) error {
	c, err := s.must()
	if err != nil {
		return err
	}
	switch {
	case c == '{' || c == '[':
		if depth >= s.limits.Depth {
			s.breach(TooDeep)
			return s.skim()
		}
		if c == '[' {
			return s.elements(depth)
		}
		return s.members(depth, func(string) error { return s.value(depth + 1) })
	case c == '"':
		_, err := s.text(false)
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	return s.word()
}

// members passes over an object and calls f before each of its values; f must
// pass over exactly that value.
func (s *scanner) members(depth int, f func(key string) error) error {
	s.take()
	known := newKeys(s)
	defer known.leave()
	c, err := s.must()
	if err != nil {
		return err
	}
	for c != '}' {
		if c != '"' {
			return s.broken(Syntax)
		}
		k, err := s.text(true)
		if err != nil {
			return err
		}
		s.path = append(s.path, segment{key: k.key})
		if known.add(k.fold) {
			s.breach(DuplicateKey)
		}
		if c, err = s.must(); err != nil {
			return err
		} else if c != ':' {
			return s.broken(Syntax)
		}
		s.take()
		if err := f(k.key); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		if c, err = s.next('}'); err != nil {
			return err
		}
	}
	s.take()
	return nil
}

func (s *scanner) elements(depth int) error {
	return s.each(func(int) error { return s.value(depth + 1) })
}

// each passes over an array and calls f before each of its values.
func (s *scanner) each(f func(i int) error) error {
	s.take()
	c, err := s.must()
	for i := 0; err == nil && c != ']'; i++ {
		s.path = append(s.path, segment{index: i})
		if err := f(i); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		c, err = s.next(']')
	}
	if err != nil {
		return err
	}
	s.take()
	return nil
}

// next passes over a comma, which something must follow, or finds the closing
// bracket; it gives the byte that stands next.
func (s *scanner) next(closing byte) (byte, error) {
	c, err := s.must()
	if err != nil || c == closing {
		return c, err
	}
	if c != ',' {
		return 0, s.broken(Syntax)
	}
	s.take()
	if c, err = s.must(); err == nil && c == closing {
		err = s.broken(Syntax)
	}
	return c, err
}

// skim passes over a value that is nested too deeply, counting brackets only.
// What it passes is refused in any case.
func (s *scanner) skim() error {
	for depth := 0; ; {
		c, err := s.must()
		if err != nil {
			return err
		}
		switch c {
		case '"':
			if _, err := s.text(false); err != nil {
				return err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.take()
		if depth == 0 {
			return nil
		}
	}
}

// keys knows which keys the open object has had.
type keys struct {
	s    *scanner
	from int
	many map[string]bool // in place of a search through the list, once it is long
}

func newKeys(s *scanner) *keys { return &keys{s: s, from: len(s.seen)} }

// add notes a key and tells whether it was there before.
func (k *keys) add(fold string) bool {
	mine := k.s.seen[k.from:]
	if k.many == nil && len(mine) >= 32 {
		k.many = map[string]bool{}
		for _, m := range mine {
			k.many[m] = true
		}
	}
	if k.many != nil {
		if k.many[fold] {
			return true
		}
		if len(k.many) == maxKeys {
			k.s.breach(TooMany)
			return false
		}
		k.many[fold] = true
		return false
	}
	for _, m := range mine {
		if m == fold {
			return true
		}
	}
	k.s.seen = append(k.s.seen, fold)
	return false
}

func (k *keys) leave() { k.s.seen = k.s.seen[:k.from] }

// named turns the raw bytes of a key into the key, and remembers it: a file
// has few different keys and millions of them.
func (s *scanner) named(raw []byte) (name, bool) {
	if n, ok := s.intern[string(raw)]; ok {
		return n, true
	}
	if s.fault != "" { // refused already; only the keys of envelopes still matter
		return name{}, true
	}
	key := string(raw)
	if !utf8.Valid(raw) || bytes.IndexByte(raw, '\\') >= 0 {
		if err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &key); err != nil {
			return name{}, false
		}
	}
	n := name{key, folded(key)}
	if len(s.intern) < 4096 {
		s.intern[string(raw)] = n
	}
	return n, true
}

// folded gives one spelling for all that encoding/json takes for the same key,
// the Kelvin sign and the long s included.
func folded(key string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r < utf8.RuneSelf {
			return r
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return unicode.ToLower(least)
	}, key)
}
