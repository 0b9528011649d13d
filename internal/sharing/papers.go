package sharing

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/gif"  // formats that image.Decode reads
	_ "image/jpeg" // "
	_ "image/png"  // "
	"slices"
	"strconv"
	"strings"

	"portico/internal/ccda"
	"portico/internal/fault"
	"portico/internal/record"
	"portico/internal/store"
)

// paper is one note, document or report of a section, as a copy for reading
// shows it below the section's table.
type paper struct {
	Title string // with its date
	Texts []string
	Files []enclosed
}

// enclosed is a file of a paper that is no text.
type enclosed struct {
	record.File
	Title string // for people
	Name  string // "document-1.pdf"; says nothing about the person
	Where string // where its owner gets it
}

const (
	// mostWords is how much of one text is written, in bytes: some hundred pages.
	mostWords = 256 << 10
	// mostPixels bounds the pictures that are decoded: a photo of a phone, and 64
	// MB of memory.
	mostPixels = 16 << 20
	// mostAttached is how much is attached to one PDF, in bytes. Above it mail
	// programs and readers begin to fail.
	mostAttached = 20 << 20
)

// papered are the kinds of resources that bring texts and files.
var papered = []string{"DocumentReference", "Composition", "DiagnosticReport", "Media"}

// papers reads what the items of a section say in full, one after the other, and
// hands each to use.
func (m *making) papers(ctx context.Context, items []item, use func(paper)) error {
	for i := range items {
		if slices.Contains(papered, items[i].Kind) {
			p, err := m.paper(ctx, &items[i])
			if err != nil {
				return err
			}
			if len(p.Texts)+len(p.Files) > 0 {
				use(p)
			}
		}
		if err := m.papers(ctx, items[i].Members, use); err != nil {
			return err
		}
	}
	return nil
}

// paper reads one. What was withdrawn meanwhile says nothing.
func (m *making) paper(ctx context.Context, i *item) (p paper, err error) {
	p.Title = joined(", ", m.named(i.Title, false), m.moment(i.At, false))
	var files []record.File
	err = m.DB.View(ctx, func(tx *store.Tx) error {
		d, err := record.Document(ctx, tx, m.who, i.ID)
		if err == nil {
			p.Texts = record.Story(d)
			files, err = record.Files(ctx, tx, m.who, d)
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return paper{}, nil
	}
	for n, f := range files {
		e := enclosed{File: f, Name: "document-" + strconv.Itoa(n+1) + f.Extension(), Title: f.Name, Where: m.Base + "/records/item/" + string(i.ID)}
		if i.Section == record.Results {
			e.Where = m.Base + "/results/" + string(i.ID)
		}
		if e.Title == "" {
			e.Title = m.t("sharing.file.untitled", n+1)
		}
		p.add(m.words, e)
	}
	return p, err
}

// add takes a file's words, or the file itself where it has none. A text of which
// a part is left out stays a file too.
func (p *paper) add(w words, e enclosed) {
	text := wordsOf(e.File)
	if short := strings.ToValidUTF8(text[:min(len(text), mostWords)], ""); text != "" && !slices.Contains(p.Texts, short) {
		p.Texts = append(p.Texts, short)
	}
	if text == "" || len(text) > mostWords {
		p.Files = append(p.Files, e)
	}
}

// wordsOf is what a file says, "" if it is no text.
func wordsOf(f record.File) string {
	if f.Type != record.Clinical {
		return f.Words()
	}
	d, err := ccda.Read("", bytes.NewReader(f.Data), ccda.Usual)
	if err != nil {
		return ""
	}
	out := &teller{}
	for _, s := range d.Sections {
		out.section(s)
	}
	return strings.TrimSpace(out.String())
}

// textLines are the lines of a text without blanks at their ends; of several empty
// ones in a row one is left.
func textLines(text string) []string {
	var out []string
	for l := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		l = strings.TrimRight(strings.Map(flatten, l), " ")
		if l != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, l)
		}
	}
	return out
}

// flatten makes what would move the cursor a space.
func flatten(r rune) rune {
	if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

// told says of a file what it is, for the line that stands in its place.
func (m *making) told(key string, e enclosed) string {
	kind := strings.ToUpper(strings.TrimPrefix(e.Extension(), "."))
	if e.Extension() == ".bin" {
		kind = m.t("sharing.file.unknown")
	}
	return m.t("sharing.file."+key, e.Title, kind, size(int64(len(e.Data))), e.Where)
}

var errNoPicture = errors.New("no picture that can be drawn")

// picture decodes a file that is a picture.
func (e enclosed) picture() (image.Image, error) {
	if !e.Image() {
		return nil, errNoPicture
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(e.Data))
	if err != nil || c.Width <= 0 || c.Height <= 0 || c.Width > mostPixels/c.Height {
		return nil, errNoPicture
	}
	img, _, err := image.Decode(bytes.NewReader(e.Data))
	return img, err
}
