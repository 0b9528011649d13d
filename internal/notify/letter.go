package notify

import (
	"bytes"
	"errors"
	"image/png"
	"io"
	"time"

	"github.com/skip2/go-qrcode"

	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/pdf"
)

// Letter is what an activation letter says. It goes to the postal address on
// file, in every language the portal speaks, Lang first.
type Letter struct {
	Clinic  *page.Clinic
	From    []string // the clinic's postal address, a line each
	Name    string   // of the patient, as on the envelope
	Address []string // of the patient, a line each, at most five
	Code    string   // as typed: "ABCDE-FGHJK-MNPQR"
	Link    string   // what the QR code opens, complete
	Start   string   // a short address to type by hand, without "https://"
	Issued  time.Time
	Expires time.Time
	Lang    lang.Lang
	Words   Wording // the clinic's own wording, nil for the shipped one
	note    func(key string, args []any)
	Large   bool // large print: 18 points and more, but for the address in the window
}

// Measures of a letter in a US #10 window envelope (4 1/8 by 9 1/2 inches, the
// window 4 1/2 by 1 1/8 inches, 7/8 inch from the left, 1/2 inch from the
// bottom) folded in thirds. Standing on the envelope's lower edge, the top third
// shows from 2.04 to 3.17 inches below its upper edge. The last line of the
// address stands at 3.03 inches with the others above it, 1/8 inch from the
// window's edges (USPS DMM 202.5.8). Nothing else may stand where the window
// can come to lie when the sheet slips: left of 5.5 inches, down to the fold.
const (
	addressLeft = 1.03 * pdf.Inch
	addressEnd  = 3.03 * pdf.Inch
	besideRight = 5.6 * pdf.Inch
	firstFold   = 11.0 / 3 * pdf.Inch
	margin      = 0.9 * pdf.Inch
)

// looks are the sizes of one variant.
type looks struct {
	title, head, body, small, code pdf.Style
	qr                             float64
	gap, foot, sender              float64
}

var (
	ink    = pdf.Color{20, 38, 43}    // token "ink"
	accent = pdf.Color{11, 92, 99}    // token "brand"
	tint   = pdf.Color{236, 232, 224} // token "sunk"
	normal = looks{
		title: pdf.Style{Face: pdf.Bold, Size: 21, Leading: 25, Color: ink},
		head:  pdf.Style{Face: pdf.Bold, Size: 12.5, Leading: 16, Color: ink},
		body:  pdf.Style{Size: 12, Leading: 15, Color: ink},
		small: pdf.Style{Size: 10, Leading: 13, Color: ink},
		code:  pdf.Style{Face: pdf.Mono, Size: 30, Leading: 34},
		qr:    92, gap: 6, foot: 10, sender: 9.5,
	}
	// Large print is 18 points and up (American Council of the Blind, best
	// practices for large print).
	large = looks{
		title: pdf.Style{Face: pdf.Bold, Size: 28, Leading: 34, Color: ink},
		head:  pdf.Style{Face: pdf.Bold, Size: 20, Leading: 26, Color: ink},
		body:  pdf.Style{Size: 18, Leading: 25, Color: ink},
		small: pdf.Style{Size: 18, Leading: 24, Color: ink},
		code:  pdf.Style{Face: pdf.Mono, Size: 40, Leading: 46},
		qr:    130, gap: 12, foot: 18, sender: 18,
	}
)

// letterPen draws one letter.
type letterPen struct {
	Letter
	looks
	d   *pdf.Doc
	w   writer
	l   lang.Lang // of the part being drawn
	qrs [][]bool
}

// RenderLetter writes the letter as a tagged PDF on US letter paper. It tells
// how many characters of names and addresses the fonts lack: such a letter
// shows "?" in their place and needs a look before it is mailed.
func RenderLetter(w io.Writer, l Letter) (unprintable int, err error) {
	switch {
	case l.Clinic == nil || l.Code == "" || l.Link == "" || l.Name == "":
		return 0, errors.New("letter: clinic, name, code and link are needed")
	case len(l.Address) > 5:
		return 0, errors.New("letter: the address has more than five lines")
	}
	if l.Clinic.Zone != nil {
		l.Issued, l.Expires = l.Issued.In(l.Clinic.Zone), l.Expires.In(l.Clinic.Zone)
	}
	// A quarter of the picture may be dirty or torn (ISO/IEC 18004, level Q).
	qr, err := qrcode.New(l.Link, qrcode.High)
	if err != nil {
		return 0, errors.New("letter: the link does not fit a QR code")
	}
	qr.DisableBorder = true
	p := &letterPen{Letter: l, looks: normal, qrs: qr.Bitmap(), w: writer{l: l.Lang, clinic: l.Clinic, words: l.Words, note: l.note}}
	if l.Large {
		p.looks = large
	}
	p.d = pdf.New(pdf.Meta{Title: p.w.t("notify.letter.title"), Author: l.Clinic.Name, Lang: string(l.Lang), Created: l.Issued}, pdf.Letter)
	p.d.Left, p.d.Width = margin, pdf.Letter.W-2*margin
	p.d.Top, p.d.Bottom = 0.75*pdf.Inch, pdf.Letter.H-0.6*pdf.Inch
	p.d.Foot = p.foot
	p.envelope()
	p.d.Y = firstFold + 12
	p.part(l.Lang)
	for _, other := range lang.All {
		if other != l.Lang {
			p.d.NewPage()
			p.part(other)
		}
	}
	return p.d.Lost(), p.d.Write(w)
}

// envelope draws what the first third of the first page shows: the sender, the
// date, and in the window nothing but name and address.
func (p *letterPen) envelope() {
	d := p.d
	d.Decoration(func(pen pdf.Pen) {
		for _, y := range []float64{firstFold, 2 * firstFold} {
			pen.Line(8, y, 20, y, 0.5, pdf.Color{150, 150, 150})
		}
	})
	s := pdf.Style{Size: p.sender, Color: ink}
	y := 0.62 * pdf.Inch
	d.Put(pdf.P, "", margin, y, pdf.Style{Face: pdf.Bold, Size: s.Size + 2.5, Color: accent}, p.Clinic.Name)
	for _, line := range p.From {
		y += s.Size * 1.3
		d.Put(pdf.P, "", margin, y, s, line)
	}
	a := pdf.Style{Size: 11.5, Color: ink}
	const step = 13.5
	p.logo()
	lines := append([]string{p.Name}, p.Address...)
	for i, line := range lines {
		d.Put(pdf.P, "", addressLeft, addressEnd-step*float64(len(lines)-1-i), a, line)
	}
	d.Put(pdf.P, "", besideRight, addressEnd, a, p.Lang.Date(p.Issued))
}

// logo draws the clinic's picture at the upper right, beside the window.
func (p *letterPen) logo() {
	img, err := png.Decode(bytes.NewReader(p.Clinic.LogoPNG))
	if err != nil {
		return // none, or one that only screens can show: the name says who writes
	}
	d, left, width := p.d, p.d.Left, p.d.Width
	d.Left, d.Width, d.Y = besideRight, pdf.Letter.W-margin-besideRight, 0.5*pdf.Inch
	d.Picture(p.Clinic.Name, img, 0.6*pdf.Inch)
	d.Left, d.Width = left, width
}

// part draws the whole letter once in one language.
func (p *letterPen) part(l lang.Lang) {
	p.l, p.w.l = l, l
	p.d.In(pdf.Sect, string(l), func() {
		p.d.Para(pdf.H1, "", p.title, p.words("notify.letter.title"))
		p.d.Gap(p.gap / 2)
		p.d.Para(pdf.P, "", p.body, p.words("notify.letter.lead", p.Clinic.Name))
		if l == p.Lang {
			for _, other := range lang.All {
				if other != l {
					p.d.Para(pdf.P, string(other), p.body.As(pdf.Bold), pdf.Words(other.T("notify.letter.also")))
				}
			}
		}
		p.codeBox()
		p.stepList()
		p.spelling()
		p.headed("notify.letter.notyou", p.words("notify.letter.notyou.todo"))
		p.headed("notify.letter.help", p.words("notify.letter.help.call", p.Clinic.Phone, sentence(p.Clinic.Hours[l])),
			pdf.Words(" "), p.words("notify.letter.help.never"))
	})
}

func (p *letterPen) words(key string, args ...any) pdf.Run { return pdf.Words(p.t(key, args...)) }

func (p *letterPen) t(key string, args ...any) string { return p.w.t(key, args...) }

// headed draws a small heading with one paragraph, never torn apart.
func (p *letterPen) headed(head string, runs ...pdf.Run) {
	p.d.Need(p.gap + p.head.Leading + p.d.Height(p.body, runs...))
	p.d.Gap(p.gap)
	p.d.Para(pdf.H2, "", p.head, p.words(head))
	p.d.Para(pdf.P, "", p.body, runs...)
}

// codeBox draws code and QR code: side by side, in large print one below the
// other. Read aloud, the order is label, code, end date, picture.
func (p *letterPen) codeBox() {
	d, pad := p.d, 11.0
	inner := p.body.Leading + p.code.Leading + 6 + d.Height(p.body, p.until())
	box := pdf.Box{X: d.Left, W: d.Width, H: max(inner, p.qr) + 2*pad}
	if p.Large {
		box.H = inner + p.qr + 3*pad
	}
	d.Need(p.gap + box.H)
	d.Gap(p.gap)
	box.Y = d.Y
	d.Decoration(func(pen pdf.Pen) {
		pen.Rect(box, 8, tint)
		pen.Frame(box, 8, 1, accent)
	})
	left, width := d.Left, d.Width
	d.Left, d.Width = left+pad+4, width-2*pad-8
	if !p.Large {
		d.Width -= p.qr + 2*pad
	}
	d.Y += pad
	d.Para(pdf.P, "", p.body, p.words("notify.letter.code"))
	d.Para(pdf.P, "", p.code, pdf.Words(p.Code))
	d.Gap(6)
	d.Para(pdf.P, "", p.body.As(pdf.Bold), p.until())
	p.picture(box, pad)
	d.Left, d.Width, d.Y = left, width, box.Y+box.H
}

// picture draws the QR code with its white edge of four cells (ISO/IEC 18004,
// 6.3.8) into the code box.
func (p *letterPen) picture(box pdf.Box, pad float64) {
	d := p.d
	white := pdf.Box{X: box.X + box.W - pad - p.qr, Y: box.Y + pad, W: p.qr, H: p.qr}
	if p.Large {
		white.X, white.Y = box.X+pad+4, box.Y+box.H-pad-p.qr
	}
	quiet := p.qr * 4 / float64(len(p.qrs)+8)
	d.Decoration(func(pen pdf.Pen) { pen.Rect(white, 3, pdf.Color{255, 255, 255}) })
	at := pdf.Box{X: white.X + quiet, Y: white.Y + quiet, W: p.qr - 2*quiet, H: p.qr - 2*quiet}
	d.Grid(at, p.t("notify.letter.qr", p.Link), "", p.qrs)
	if p.Large {
		d.Put(pdf.P, "", white.X+p.qr+pad, white.Y+p.qr/2, p.body, p.t("notify.letter.scan"))
	}
}

// until says how long the code works. A code that ends at midnight is said to
// work until the day before, which is what people understand.
func (p *letterPen) until() pdf.Run {
	h, m, s := p.Expires.Clock()
	switch {
	case h == 0 && m == 0 && s == 0:
		return p.words("notify.letter.until", p.l.Date(p.Expires.AddDate(0, 0, -1)))
	case h == 23 && m == 59:
		return p.words("notify.letter.until", p.l.Date(p.Expires))
	}
	return p.words("notify.letter.until.moment", p.l.Moment(p.Expires))
}

func (p *letterPen) stepList() {
	d := p.d
	first := []pdf.Run{p.words("notify.letter.step1"), pdf.Words(" "),
		{Text: p.Start, URL: "https://" + p.Start, Style: p.body.As(pdf.Bold)}}
	d.Need(p.gap + p.head.Leading + d.Height(p.body, first...) + 2*p.body.Leading)
	d.Gap(p.gap)
	d.Para(pdf.H2, "", p.head, p.words("notify.letter.steps"))
	d.In(pdf.L, "", func() {
		p.step("1.", first...)
		p.step("2.", p.words("notify.letter.step2"))
		p.step("3.", p.words("notify.letter.step3"))
	})
	d.Gap(2)
	d.Para(pdf.P, "", p.small, p.words("notify.letter.address"), pdf.Words(" "), pdf.Run{Text: p.Link, URL: p.Link})
}

func (p *letterPen) step(number string, runs ...pdf.Run) {
	d, indent := p.d, 1.6*p.body.Size
	left, width := d.Left, d.Width
	d.Need(d.Height(p.body, runs...))
	y := d.Y
	d.In(pdf.LI, "", func() {
		d.Para(pdf.Lbl, "", p.body.As(pdf.Bold), pdf.Words(number+" "))
		d.Left, d.Width, d.Y = left+indent, width-indent, y
		d.Para(pdf.LBody, "", p.body, runs...)
	})
	d.Left, d.Width = left, width
}

// spelling writes the code out, a line for each group, for those who type it
// while somebody reads, and for screen readers.
func (p *letterPen) spelling() {
	d := p.d
	groups := Spell(p.l, p.Code)
	d.Need(p.gap + p.head.Leading + float64(2*len(groups))*p.body.Leading)
	d.Gap(p.gap)
	d.Para(pdf.H2, "", p.head, p.words("notify.letter.spoken"))
	for i, g := range groups {
		d.Para(pdf.P, "", p.body, p.words("notify.letter.group", i+1, g))
	}
	d.Para(pdf.P, "", p.small, p.words("notify.letter.spoken.help"))
}

// foot writes the page number; with several sheets it tells which is missing.
func (p *letterPen) foot(d *pdf.Doc, page int) {
	s := pdf.Style{Size: p.looks.foot, Color: ink}
	text := p.Clinic.Phone
	if !p.Large {
		text = p.Clinic.Name + " · " + text
	}
	d.Decoration(func(pen pdf.Pen) {
		pen.Text(margin, pdf.Letter.H-0.4*pdf.Inch, s, text)
		pen.Text(pdf.Letter.W-margin-20, pdf.Letter.H-0.4*pdf.Inch, s, itoa(page))
	})
}
