package registry

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Bounds of one spreadsheet. A clinic with more patients sends several files.
const (
	maxCSV      = 128 << 20 // bytes
	maxRows     = 1_000_000
	maxColumns  = 200
	maxField    = 1000 // bytes
	maxRefusals = 1000 // bad rows that are told one by one; the rest is counted
)

// sheet is a spreadsheet of patients as it was read.
type sheet struct {
	rows    []Incoming
	bad     []Refusal
	more    int   // bad rows beyond maxRefusals
	unknown []int // columns that were not taken, from 1
}

func (s *sheet) refuse(r Refusal) {
	if len(s.bad) >= maxRefusals {
		s.more++
		return
	}
	s.bad = append(s.bad, r)
}

// record is one row with the line it begins on.
type record struct {
	line   int
	fields []string
}

// readCSV reads a spreadsheet with named columns (RFC 4180), separated by
// commas, semicolons or tabs. A bad row is reported with line and column and
// left out; the others come. What begins with = + - or @ is data like any other:
// nothing here is ever computed. now bounds the dates; region reads the phones.
func readCSV(in io.Reader, file, region string, now time.Time) sheet {
	var s sheet
	text, bad := csvText(in)
	if bad == nil {
		bad = s.read(text, region, now)
	}
	if bad != nil {
		s.refuse(*bad)
	}
	s.twice()
	for i := range s.bad {
		s.bad[i].File = file
	}
	for i := range s.rows {
		s.rows[i].File = file
	}
	return s
}

// csvText reads the whole input and makes it UTF-8: spreadsheets are also saved
// in UTF-16 and in the Windows code page of the West.
func csvText(in io.Reader) (string, *Refusal) {
	b, err := io.ReadAll(io.LimitReader(in, maxCSV+1))
	if err != nil {
		return "", &Refusal{Key: "registry.import.unreadable"}
	}
	if len(b) > maxCSV {
		return "", &Refusal{Key: "registry.import.too_large"}
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		b, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(b)
	case !utf8.Valid(b):
		b, err = charmap.Windows1252.NewDecoder().Bytes(b)
	}
	if err != nil {
		return "", &Refusal{Key: "registry.import.encoding"}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", ""), nil
}

func (s *sheet) read(text, region string, now time.Time) *Refusal {
	text, comma := separator(text)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, false
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return &Refusal{Key: "registry.import.empty"}
	}
	if err != nil || len(head) > maxColumns {
		return &Refusal{Line: 1, Key: "registry.csv.heading"}
	}
	l, bad := readLayout(head)
	if bad != nil {
		return bad
	}
	s.unknown = l.unknown
	rows, bad := s.records(r, len(head))
	days := dayOrder(rows, l)
	for _, row := range rows {
		s.row(row, l, rowContext{region: region, now: now, mixed: days})
	}
	return bad
}

// records reads all rows that hold together; the others are reported.
func (s *sheet) records(r *csv.Reader, width int) ([]record, *Refusal) {
	var out []record
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			s.refuse(Refusal{Line: broken.StartLine, Key: "registry.csv.quote"})
			continue
		}
		if err != nil {
			return out, &Refusal{Key: "registry.import.unreadable"}
		}
		line, _ := r.FieldPos(0)
		switch {
		case len(out) == maxRows:
			return out, &Refusal{Line: line, Key: "registry.import.too_many"}
		case blank(fields):
		case len(fields) > width && !blank(fields[width:]):
			s.refuse(Refusal{Line: line, Column: width + 1, Key: "registry.csv.too_wide"})
		default:
			out = append(out, record{line, fields})
		}
	}
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

// separator finds what parts the columns: the sign the first row has most of
// outside quotes. A first line "sep=;" says it outright, as Excel has it.
func separator(text string) (rest string, comma rune) {
	first, after, _ := strings.Cut(text, "\n")
	if s, ok := strings.CutPrefix(strings.TrimRight(first, "\r"), "sep="); ok && len(s) == 1 && strings.ContainsAny(s, ",;\t") {
		return "\n" + after, rune(s[0]) // an empty row is skipped and keeps the count of lines
	}
	counts, quoted := map[rune]int{}, false
	for _, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	comma = ','
	for _, r := range ";\t" {
		if counts[r] > counts[comma] {
			comma = r
		}
	}
	return text, comma
}

// twice refuses a row whose number an earlier row has: which of the two is right
// is for a person to say.
func (s *sheet) twice() {
	seen := map[string]bool{}
	kept := s.rows[:0]
	for _, p := range s.rows {
		plain := ""
		if len(p.Numbers) > 0 {
			plain, _ = NormalNumber(p.Numbers[0].Value)
		}
		if plain != "" && seen[plain] {
			s.refuse(Refusal{Line: p.Line, Key: "registry.csv.number_twice"})
			continue
		}
		seen[plain] = true
		kept = append(kept, p)
	}
	s.rows = kept
}
