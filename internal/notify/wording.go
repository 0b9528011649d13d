package notify

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/page"
)

// Wording gives a clinic's own words for a text of a message, "" for the shipped
// ones. What a message is made of, its links and its codes, is not words: it stays
// where it is whatever they are.
type Wording interface {
	Wording(l lang.Lang, key string) string
}

// fixed are the texts no clinic rewrites: what people must be able to trust in a
// message, and what leads them to "This was not me".
var fixed = []string{"notify.foot.sender", "notify.foot.never", "notify.foot.link", "notify.notme.button", "notify.notme.why", "notify.notme.also",
	"notify.text.notme", "notify.recovery.stop", "notify.letter.help.never", "notify.letter.qr"}

// Longest texts, in characters.
const (
	longestSubject = 70 // RFC 5322 asks for lines of at most 78
	longestWords   = 300
)

var (
	blanks = regexp.MustCompile(`\{\d\}`)
	// An address, with or without its beginning: a letter or digit, a dot, and two
	// letters. "8 a.m." is none.
	addresses = regexp.MustCompile(`(?i)://|www\.|@|[\p{L}\d]\.\p{L}{2}`)
)

// Worded tells whether a clinic may rewrite a text. One with a plural stays: its
// two forms would have to be kept in step.
func Worded(key string) bool {
	return lang.Has(key) && !slices.Contains(fixed, key) && !strings.Contains(lang.En.T(key)+lang.Es.T(key), "|")
}

// CheckWording refuses words that a message cannot be sent with: the blanks must
// be those of the shipped text, so that nothing is lost and nothing about a
// patient gets in that was not there before, and no address but the portal's own.
func CheckWording(l lang.Lang, key, words string) error {
	bad := func(text string, args ...any) error { return fault.Bad(key, text, args...) }
	most := longestWords
	if strings.Contains(key, ".subject") {
		most = longestSubject
	}
	have, want := blanks.FindAllString(words, -1), blanks.FindAllString(l.T(key), -1)
	switch n := utf8.RuneCountInString(words); {
	case !Worded(key):
		return fault.Missing()
	case n > most:
		return bad("clinic.bad.long", n, most)
	}
	for _, b := range want {
		if !slices.Contains(have, b) {
			return bad("clinic.words.bad.missing", b)
		}
	}
	for _, b := range have {
		if !slices.Contains(want, b) {
			return bad("clinic.words.bad.unknown", b)
		}
	}
	switch rest := blanks.ReplaceAllString(words, ""); {
	case addresses.MatchString(rest):
		return bad("clinic.words.bad.link")
	case strings.ContainsAny(rest, "<>{}|"):
		return bad("clinic.words.bad.signs")
	}
	return nil
}

// Stage is where samples of messages are written: for a clinic, in a language.
type Stage struct {
	Clinic *page.Clinic
	Base   *url.URL
	Lang   lang.Lang
	Words  Wording
}

func (s Stage) writer() writer {
	return writer{l: s.Lang, clinic: s.Clinic, base: s.Base, words: s.Words}
}

// Part is one text of a message, with what stands in its blanks in the sample.
type Part struct {
	Key    string
	Blanks []string
}

// Parts lists the texts of a sample that a clinic may rewrite, as they are read.
func (s Stage) Parts(ctx context.Context, x Sample) ([]Part, error) {
	var out []Part
	w := s.writer()
	w.note = func(key string, args []any) {
		if !Worded(key) || slices.ContainsFunc(out, func(p Part) bool { return p.Key == key }) {
			return
		}
		p := Part{Key: key}
		for _, b := range slices.Compact(slices.Sorted(slices.Values(blanks.FindAllString(s.Lang.T(key), -1)))) {
			if i := int(b[1] - '0'); i < len(args) {
				p.Blanks = append(p.Blanks, b+" = "+fmt.Sprint(args[i]))
			}
		}
		out = append(out, p)
	}
	if x.Notice == nil {
		return out, s.letter(io.Discard, w.note)
	}
	for _, c := range []Channel{Mail, Text, Voice} {
		if fits(x.Notice, c) {
			if _, err := w.dress(ctx, x.Notice, c); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Form is a sample as it would arrive by one channel.
type Form struct {
	Channel Channel
	Subject string
	Text    string
	Parts   int // of a text message
	Size    int // the places it takes
}

// Forms writes a sample for each channel it can go by. Of the letter it gives the
// sentences; SampleLetter draws it.
func (s Stage) Forms(ctx context.Context, x Sample) ([]Form, error) {
	var out []Form
	if x.Notice == nil {
		var said []string
		seen := map[string]bool{}
		err := s.letter(io.Discard, func(key string, args []any) {
			if !seen[key] { // the other language comes after this one
				seen[key] = true
				said = append(said, s.writer().t(key, args...))
			}
		})
		return []Form{{Text: strings.Join(said, "\n")}}, err
	}
	for _, c := range []Channel{Mail, Text, Voice} {
		if !fits(x.Notice, c) {
			continue
		}
		r, err := s.writer().dress(ctx, x.Notice, c)
		if err != nil {
			return nil, err
		}
		f := Form{Channel: c, Subject: r.subject, Text: strings.TrimSpace(r.text)}
		if c == Text {
			f.Parts, f.Size = Segments(r.text)
		}
		out = append(out, f)
	}
	return out, nil
}

// SampleLetter draws the activation letter of somebody who does not exist.
func (s Stage) SampleLetter(to io.Writer) error { return s.letter(to, nil) }

func (s Stage) letter(to io.Writer, note func(string, []any)) error {
	_, err := RenderLetter(to, Letter{Clinic: s.Clinic, From: s.Clinic.Address, Name: "Jordan Sample", Address: []string{"1 Sample Street", "Springfield, IL 62701"},
		Code: sampleCode, Link: strings.TrimSuffix(s.Base.String(), "/") + "/a/sample", Start: s.Base.Host, Issued: sampleDay, Expires: sampleDay.AddDate(0, 0, 21),
		Lang: s.Lang, Words: s.Words, note: func(key string, args []any) {
			if note != nil {
				note(key, args)
			}
		}})
	return err
}
