package ccda

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// source hands the bytes of a document to encoding/xml one by one, which is how
// that package asks for them, and bounds them: in all, and within one tag.
type source struct {
	r     *bufio.Reader
	left  int64
	table *charmap.Charmap // of a one-byte encoding; nil for UTF-8
	queue []byte           // rest of a character written in several bytes
	multi [utf8.UTFMax]byte
	wide  bool // came as UTF-16

	last byte
	tag  int // bytes of the tag at hand; -1 outside tags
	ask  int // bytes since the token at hand began

	ended bool
	fault Reason
	cause error
}

// errBounds ends the reading; the reason is in source.fault.
var errBounds = errors.New("ccda: out of bounds")

// unpack undoes gzip, UTF-16 and a byte order mark, which are told by content.
func unpack(r io.Reader, l Limits) *source {
	s := &source{left: l.Bytes, tag: -1}
	b := bufio.NewReader(r)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			s.fault, s.cause = Unreadable, err
		} else {
			b = bufio.NewReader(z)
		}
	}
	head, _ := b.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		wide := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(b)
		b, s.wide = bufio.NewReader(wide), true
	case bytes.Equal(head, []byte{0xef, 0xbb, 0xbf}):
		b.Discard(3)
	}
	s.r = b
	return s
}

// begin is told before each token. A tag's first byte may be read already:
// encoding/xml reads on to '<' to see where text ends.
func (s *source) begin() {
	s.tag, s.ask = -1, 0
	if s.last == '<' {
		s.ask = 1
	}
}

// ReadByte implements io.ByteReader; encoding/xml uses it in place of Read.
func (s *source) ReadByte() (byte, error) {
	if len(s.queue) > 0 {
		c := s.queue[0]
		s.queue = s.queue[1:]
		return c, nil
	}
	if s.fault != "" {
		return 0, errBounds
	}
	c, err := s.r.ReadByte()
	if err != nil {
		return 0, s.stop(err)
	}
	if s.left--; s.left < 0 {
		s.fault = TooLarge
		return 0, errBounds
	}
	if err := s.measure(c); err != nil {
		return 0, err
	}
	if s.table != nil && c >= utf8.RuneSelf {
		n := utf8.EncodeRune(s.multi[:], s.table.DecodeByte(c))
		s.queue = s.multi[1:n]
		return s.multi[0], nil
	}
	return c, nil
}

// measure counts the bytes of a tag. Comments, sections of raw text and the like
// begin with "<!" and are bounded by the size of the whole alone.
func (s *source) measure(c byte) error {
	s.ask++
	if s.ask == 2 && s.last == '<' && c != '!' {
		s.tag = 0
	}
	s.last = c
	if s.tag < 0 {
		return nil
	}
	if s.tag++; s.tag > maxTag {
		s.fault = TooLarge
		return errBounds
	}
	return nil
}

func (s *source) stop(err error) error {
	if err == io.EOF {
		s.ended = true
		return err
	}
	s.fault, s.cause = Unreadable, err
	if errors.Is(err, io.ErrUnexpectedEOF) { // of an archive
		s.fault, s.cause = Truncated, nil
	}
	return errBounds
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// decode is asked when the document declares another encoding than UTF-8.
func (s *source) decode(label string, _ io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii":
		return s, nil
	case "utf-16", "utf-16le", "utf-16be":
		if s.wide {
			return s, nil
		}
	case "windows-1252", "cp1252", "iso-8859-1", "latin1":
		// What says ISO-8859-1 is Windows-1252 as often as not, and the places
		// where they differ have control characters in the former.
		s.table = charmap.Windows1252
	case "iso-8859-15":
		s.table = charmap.ISO8859_15
	}
	if s.table != nil {
		return s, nil
	}
	s.fault = Encoding
	return nil, errBounds
}
