package pdf

import (
	"errors"
	"io"
	"math"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Size is a sheet of paper, in points.
type Size struct{ W, H float64 }

// Letter is the US letter sheet, 8.5 by 11 inches (ANSI A).
var Letter = Size{612, 792}

// Inch is 72 points.
const Inch = 72.0

// Meta describes a document to readers and archives.
type Meta struct {
	Title   string
	Author  string
	Lang    string // BCP 47 tag of the whole; parts may differ
	Created time.Time
}

// Doc is a document being drawn. Not for concurrent use.
type Doc struct {
	// Left, Width, Top and Bottom bound the text of a page; Y is where the next
	// line begins. All may be changed at any time.
	Left, Width, Top, Bottom, Y float64
	// Foot, if set, is drawn on every page when it is left, as decoration.
	Foot func(d *Doc, page int)

	f     *fpdf.Fpdf
	meta  Meta
	size  Size
	root  *node
	at    *node
	marks [][]*node // per page: which element each MCID belongs to
	notes []*note
	files []attached
	shown int // pictures so far
	lost  int
	err   error
}

// New begins a document with one empty page and a margin of one inch.
func New(m Meta, size Size) *Doc {
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: size.W, Ht: size.H}})
	f.SetCatalogSort(true)
	f.SetCompression(true)
	f.SetAutoPageBreak(false, 0)
	for _, face := range faces {
		f.AddUTF8FontFromBytes(face.family, "", face.ttf)
	}
	root := &node{tag: Document, lang: m.Lang}
	d := &Doc{f: f, meta: m, size: size, root: root, at: root,
		Left: Inch, Width: size.W - 2*Inch, Top: Inch, Bottom: size.H - Inch}
	d.addPage()
	return d
}

// NewPage ends the page and begins another at its top.
func (d *Doc) NewPage() {
	d.foot()
	d.addPage()
}

func (d *Doc) addPage() {
	d.f.AddPage()
	d.marks = append(d.marks, nil)
	d.Y = d.Top
}

func (d *Doc) foot() {
	if d.Foot != nil {
		d.Foot(d, d.f.PageNo())
	}
}

// Lost counts the characters that no font had and Unprintable replaced.
func (d *Doc) Lost() int { return d.lost }

// Need begins a new page unless h points are left on this one.
func (d *Doc) Need(h float64) {
	if d.Y+h > d.Bottom {
		d.NewPage()
	}
}

// Color is red, green and blue, 0 to 255.
type Color [3]uint8

// Pen draws decoration.
type Pen struct{ f *fpdf.Fpdf }

// Line draws a straight line of the given width.
func (p Pen) Line(x1, y1, x2, y2, width float64, c Color) {
	p.f.SetDrawColor(int(c[0]), int(c[1]), int(c[2]))
	p.f.SetLineWidth(width)
	p.f.Line(x1, y1, x2, y2)
}

// Rect fills a box whose corners have the given radius, 0 for square.
func (p Pen) Rect(b Box, radius float64, fill Color) {
	p.f.SetFillColor(int(fill[0]), int(fill[1]), int(fill[2]))
	p.f.RoundedRect(b.X, b.Y, b.W, b.H, radius, "1234", "F")
}

// Frame draws the edge of a box.
func (p Pen) Frame(b Box, radius, width float64, edge Color) {
	p.f.SetDrawColor(int(edge[0]), int(edge[1]), int(edge[2]))
	p.f.SetLineWidth(width)
	p.f.RoundedRect(b.X, b.Y, b.W, b.H, radius, "1234", "D")
}

// Text writes one line without an element of its own, as for a page number.
func (p Pen) Text(x, baseline float64, s Style, text string) {
	text, _ = Clean(s.Face, text)
	setStyle(p.f, s)
	p.f.Text(x, baseline, text)
}

// Grid draws a square picture made of black cells, such as a QR code, with
// alt as its description. cells[row][column] is true where it is black. The
// cells are joined to one path, so that no hairlines show between them.
func (d *Doc) Grid(at Box, alt, lang string, cells [][]bool) {
	alt, _ = Clean(Regular, alt)
	d.Open(Figure, lang)
	d.at.alt, d.at.box = alt, &at
	d.mark(func() {
		d.f.SetFillColor(0, 0, 0)
		step := at.W / float64(len(cells))
		for y, row := range cells {
			for x := 0; x < len(row); x++ {
				from := x
				for x < len(row) && row[x] {
					x++
				}
				if x > from {
					d.rect(at.X+float64(from)*step, at.Y+float64(y)*step, float64(x-from)*step, step)
				}
			}
		}
		d.f.RawWriteStr("f")
	})
	d.Close()
}

// rect adds a rectangle to the path, in the file's own coordinates.
func (d *Doc) rect(x, y, w, h float64) {
	d.f.RawWriteStr(num(x) + " " + num(d.size.H-y-h) + " " + num(w) + " " + num(h) + " re")
}

func (d *Doc) fail(why string) {
	if d.err == nil {
		d.err = errors.New("pdf: " + why)
	}
}

// Write finishes the document and writes it to w. It may be called once.
func (d *Doc) Write(w io.Writer) error {
	d.foot()
	if d.at != d.root {
		d.fail("Open without Close")
	}
	if d.err != nil {
		return d.err
	}
	b, err := d.assemble()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func itoa(n int) string { return strconv.Itoa(n) }
