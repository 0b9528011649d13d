package pdf

import (
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// Style is how text looks. Size and Leading (line to line) are in points; a
// Leading of 0 means 1.4 times the size.
type Style struct {
	Face    Face
	Size    float64
	Leading float64
	Color   Color
}

// As gives the style in another face.
func (s Style) As(f Face) Style { s.Face = f; return s }

func (s Style) leading() float64 {
	if s.Leading > 0 {
		return s.Leading
	}
	return 1.4 * s.Size
}

// Run is a piece of a paragraph. Style overrides the paragraph's when its Size
// is not 0; Lang marks words in another language; URL makes it a link.
type Run struct {
	Text  string
	Style Style
	Lang  string
	URL   string
}

// Words makes a run of plain text.
func Words(text string) Run { return Run{Text: text} }

func setStyle(f *fpdf.Fpdf, s Style) {
	f.SetFont(faces[s.Face].family, "", s.Size)
	f.SetTextColor(int(s.Color[0]), int(s.Color[1]), int(s.Color[2]))
}

// Measure is the width of text on one line, in points.
func (d *Doc) Measure(s Style, text string) float64 {
	text, _ = Clean(s.Face, text)
	d.f.SetFont(faces[s.Face].family, "", s.Size)
	return d.f.GetStringWidth(text)
}

// Put writes one line at a fixed place, as an element of its own.
func (d *Doc) Put(t Tag, lang string, x, baseline float64, s Style, text string) {
	text, lost := Clean(s.Face, text)
	d.lost += lost
	d.In(t, lang, func() {
		d.mark(func() {
			setStyle(d.f, s)
			d.f.Text(x, baseline, text)
		})
	})
}

// Para writes a paragraph (or heading, label, body) of runs at the current
// place, broken into lines and over pages, and moves Y below it.
func (d *Doc) Para(t Tag, lang string, s Style, runs ...Run) {
	for _, r := range runs {
		_, lost := Clean(r.style(s).Face, r.Text)
		d.lost += lost
	}
	d.In(t, lang, func() {
		for _, line := range d.wrap(s, runs) {
			d.Need(s.leading())
			d.Y += s.leading()
			d.drawLine(runs, s, line)
		}
	})
}

// Height is how much room Para would take, in points.
func (d *Doc) Height(s Style, runs ...Run) float64 {
	return float64(len(d.wrap(s, runs))) * s.leading()
}

// Gap leaves h points free.
func (d *Doc) Gap(h float64) { d.Y += h }

// piece is a word with the space after it, from runs[run].
type piece struct {
	run   int
	text  string
	width float64
}

func (r Run) style(s Style) Style {
	if r.Style.Size > 0 {
		return r.Style
	}
	return s
}

// wrap breaks runs into lines no wider than the column. The space at the end of
// a line is kept: without it, readers and searches join two words into one.
func (d *Doc) wrap(s Style, runs []Run) [][]piece {
	var lines [][]piece
	var line []piece
	used := 0.0
	for i, r := range runs {
		st := r.style(s)
		text, _ := Clean(st.Face, r.Text)
		for _, word := range d.cut(st, text) {
			bare := d.Measure(st, strings.TrimRight(word, " "))
			if used+bare > d.Width && len(line) > 0 {
				lines, line, used = append(lines, line), nil, 0
			}
			w := d.Measure(st, word)
			line = append(line, piece{i, word, w})
			used += w
		}
	}
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// cut splits text after spaces, and a word wider than the column where it may
// break: after / - = in an address, else anywhere.
func (d *Doc) cut(s Style, text string) []string {
	var out []string
	for _, word := range strings.SplitAfter(text, " ") {
		for word != "" && d.Measure(s, strings.TrimRight(word, " ")) > d.Width {
			n := d.fits(s, word)
			out, word = append(out, word[:n]), word[n:]
		}
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// fits is how many bytes of word go on one line, at least one character.
func (d *Doc) fits(s Style, word string) int {
	hard, soft := 0, 0
	for i, r := range word {
		end := i + len(string(r))
		if d.Measure(s, word[:end]) > d.Width && hard > 0 {
			break
		}
		hard = end
		if strings.ContainsRune("/-=_", r) {
			soft = end
		}
	}
	if soft > 0 {
		return soft
	}
	return hard
}

// drawLine draws one line, each stretch of the same run in one go.
func (d *Doc) drawLine(runs []Run, s Style, line []piece) {
	x := d.Left
	for i := 0; i < len(line); {
		run, text, width := line[i].run, "", 0.0
		for ; i < len(line) && line[i].run == run; i++ {
			text += line[i].text
			width += line[i].width
		}
		d.drawRun(runs[run], s, x, text, width)
		x += width
	}
}

func (d *Doc) drawRun(r Run, s Style, x float64, text string, width float64) {
	st := r.style(s)
	draw := func() {
		d.mark(func() {
			setStyle(d.f, st)
			d.f.Text(x, d.Y, text)
		})
	}
	switch {
	case r.URL != "":
		d.In(Link, r.Lang, func() {
			draw()
			d.annotate(Box{x, d.Y - st.Size, width, 1.3 * st.Size}, r.URL, text)
		})
	case r.Lang != "":
		d.In(Span, r.Lang, draw)
	default:
		draw()
	}
}

// annotate makes a place on the page clickable and ties it to the open element.
func (d *Doc) annotate(b Box, url, text string) {
	n := &note{owner: d.at, page: d.f.PageNo(), box: b, url: url, text: strings.TrimSpace(text)}
	d.notes = append(d.notes, n)
	d.at.kids = append(d.at.kids, kid{note: n, page: n.page})
}
