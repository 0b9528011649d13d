package sharing

import (
	"context"
	"fmt"
	"io"

	"portico/internal/pdf"
)

var (
	ink   = pdf.Color{0x1b, 0x1b, 0x1b}
	faint = pdf.Color{0x55, 0x5b, 0x61}

	big   = pdf.Style{Face: pdf.Bold, Size: 22, Color: ink}
	head  = pdf.Style{Face: pdf.Bold, Size: 14, Color: ink}
	third = pdf.Style{Face: pdf.Bold, Size: 11.5, Color: ink}
	body  = pdf.Style{Size: 10.5, Color: ink}
	small = pdf.Style{Size: 9, Leading: 12, Color: ink}
)

// tallest is how high a picture may be, so that its title stays with it.
const tallest = 6 * pdf.Inch

// pdf writes the copy as a tagged PDF. Sections that could not be read stand at
// its end: the first page is drawn before they are known.
func (m *making) pdf(ctx context.Context, to io.Writer) error {
	d := pdf.New(pdf.Meta{Title: m.t("sharing.title"), Author: m.Clinic.Now().Name, Lang: string(m.l), Created: m.now}, pdf.Letter)
	d.Left, d.Width, d.Top, d.Bottom = 0.75*pdf.Inch, 7*pdf.Inch, 0.75*pdf.Inch, 10.2*pdf.Inch
	d.Y = d.Top
	d.Foot = func(d *pdf.Doc, page int) {
		d.Decoration(func(p pdf.Pen) {
			p.Text(d.Left, 10.55*pdf.Inch, pdf.Style{Size: 8.5, Color: faint}, m.t("sharing.foot", m.Clinic.Now().Name, m.l.Date(m.now.In(m.words.zone)), page))
		})
	}
	m.cover(d)
	err := m.chapters(ctx, func(c chapter) error {
		m.draw(d, c)
		return m.papers(ctx, c.Items, func(p paper) { m.drawPaper(d, p) })
	})
	if err != nil {
		return err
	}
	d.Gap(14)
	for _, gap := range m.missing(m.gaps) {
		d.Para(pdf.P, "", body.As(pdf.Bold), pdf.Words(gap))
	}
	d.Para(pdf.P, "", body, pdf.Words(m.t("sharing.end")))
	return d.Write(to)
}

func (m *making) cover(d *pdf.Doc) {
	d.Para(pdf.H1, "", big, pdf.Words(m.t("sharing.title")))
	d.Gap(10)
	for _, f := range m.facts() {
		d.Para(pdf.P, "", body, pdf.Run{Text: f.Label + ": ", Style: body.As(pdf.Bold)}, pdf.Words(f.Text))
		d.Gap(3)
	}
	d.Gap(10)
	for _, r := range m.remarks() {
		d.Para(pdf.P, "", body, pdf.Words(r))
		d.Gap(4)
	}
}

// draw draws one section. Its heading stays with the first lines of its table.
func (m *making) draw(d *pdf.Doc, c chapter) {
	d.Gap(16)
	d.Need(90)
	d.In(pdf.Sect, "", func() {
		d.Para(pdf.H2, "", head, pdf.Words(c.Title))
		d.Gap(4)
		if len(c.Rows) == 0 {
			d.Para(pdf.P, "", body, pdf.Words(m.t("sharing.empty")))
			return
		}
		t := pdf.Table{Style: small}
		for _, col := range c.Columns {
			t.Columns = append(t.Columns, pdf.Column{Title: col.Title, Share: col.Share})
		}
		d.Rows(t, func(row func(cells ...string)) {
			for _, r := range c.Rows {
				row(r.Cells...)
			}
		})
	})
}

// drawPaper draws a note or document below its section: its words, its pictures,
// and a line for each other file, which is attached where there is room.
func (m *making) drawPaper(d *pdf.Doc, p paper) {
	d.Gap(14)
	d.Need(60)
	d.In(pdf.Sect, "", func() {
		d.Para(pdf.H3, "", third, pdf.Words(p.Title))
		d.Gap(3)
		for _, text := range p.Texts {
			for _, row := range textLines(text) {
				if row == "" {
					d.Gap(6)
					continue
				}
				d.Para(pdf.P, "", small, pdf.Words(row))
			}
			d.Gap(4)
		}
		for _, e := range p.Files {
			m.drawFile(d, e)
		}
	})
}

func (m *making) drawFile(d *pdf.Doc, e enclosed) {
	if img, err := e.picture(); err == nil {
		d.Picture(e.Title, img, tallest)
		d.Gap(4)
		d.Para(pdf.P, "", small, pdf.Words(m.told("drawn", e)))
		return
	}
	if e.Type == "application/pdf" && !m.Bare && m.attached+len(e.Data) <= mostAttached {
		m.attached += len(e.Data)
		m.files++
		name := fmt.Sprintf("document-%d.pdf", m.files)
		d.Attach(name, e.Type, e.Title, e.Data)
		e.Where = name
		d.Para(pdf.P, "", small, pdf.Words(m.told("attached", e)))
		return
	}
	d.Para(pdf.P, "", small, pdf.Words(m.told("elsewhere", e)))
}
