package pdf

// Table describes a table over the whole column. Shares of the width sum to 1.
type Table struct {
	Columns []Column
	Style   Style // of the cells; headings are the same in bold
}

// Column is one column of a Table.
type Column struct {
	Title string
	Share float64
}

// cellGap is between two columns, rowGap above and below the text of a row.
const (
	cellGap = 8.0
	rowGap  = 3.0
)

var rule = Color{0xc9, 0xce, 0xd3}

// Rows writes a table of the rows that each hands over, one after the other, as
// many cells as columns. A row that does not fit goes to the next page, where the
// headings are drawn again, as decoration: read aloud they come once (ISO
// 14289-1, 7.5). A row higher than a page goes on in a further row.
func (d *Doc) Rows(t Table, each func(row func(cells ...string))) {
	var titles []string
	for _, c := range t.Columns {
		titles = append(titles, c.Title)
	}
	bold := t
	bold.Style = t.Style.As(Bold)
	heads := d.cells(bold, titles)
	d.In(TableTag, "", func() {
		d.In(THead, "", func() { d.tableRow(bold, TH, heads, false) })
		d.In(TBody, "", func() {
			each(func(texts ...string) {
				cells := d.cells(t, texts)
				if d.Y+d.rowHeight(t, cells) > d.Bottom && d.Y > d.Top {
					d.NewPage()
					d.tableRow(bold, TH, heads, true)
				}
				for {
					now, rest := d.split(t, cells)
					d.tableRow(t, TD, now, false)
					if rest == nil {
						break
					}
					cells = rest
					d.NewPage()
					d.tableRow(bold, TH, heads, true)
				}
			})
		})
	})
}

// cell is the text of one cell broken into lines.
type cell struct {
	runs  []Run
	lines [][]piece
}

func (d *Doc) cells(t Table, texts []string) []cell {
	width := d.Width
	out := make([]cell, len(texts))
	for i, text := range texts {
		_, lost := Clean(t.Style.Face, text)
		d.lost += lost
		d.Width = width*t.Columns[i].Share - cellGap
		runs := []Run{Words(text)}
		out[i] = cell{runs, d.wrap(t.Style, runs)}
	}
	d.Width = width
	return out
}

func tallest(cells []cell) int {
	n := 1
	for _, c := range cells {
		n = max(n, len(c.lines))
	}
	return n
}

func (d *Doc) rowHeight(t Table, cells []cell) float64 {
	return float64(tallest(cells))*t.Style.leading() + 2*rowGap
}

// split gives what of a row fits on this page, at least one line, and the rest.
func (d *Doc) split(t Table, cells []cell) (now, rest []cell) {
	fit := max(1, int((d.Bottom-d.Y-2*rowGap)/t.Style.leading()))
	if tallest(cells) <= fit {
		return cells, nil
	}
	now, rest = make([]cell, len(cells)), make([]cell, len(cells))
	for i, c := range cells {
		n := min(fit, len(c.lines))
		now[i], rest[i] = cell{c.runs, c.lines[:n]}, cell{c.runs, c.lines[n:]}
	}
	return now, rest
}

// tableRow draws one row. A repeated head is decoration.
func (d *Doc) tableRow(t Table, tag Tag, cells []cell, again bool) {
	if again {
		d.f.RawWriteStr("/Artifact BMC")
		d.drawCells(t, cells, func(draw func()) { draw() })
		d.f.RawWriteStr("EMC")
	} else {
		d.In(TR, "", func() {
			d.drawCells(t, cells, func(draw func()) {
				d.In(tag, "", func() { d.mark(draw) })
			})
		})
	}
	d.Y += d.rowHeight(t, cells)
	d.Decoration(func(p Pen) { p.Line(d.Left, d.Y, d.Left+d.Width, d.Y, 0.5, rule) })
}

// drawCells draws the cells of a row from left to right, each inside as.
func (d *Doc) drawCells(t Table, cells []cell, as func(draw func())) {
	left, top := d.Left, d.Y
	for i, c := range cells {
		as(func() {
			setStyle(d.f, t.Style)
			y := top + rowGap
			for _, line := range c.lines {
				y += t.Style.leading()
				text := ""
				for _, p := range line {
					text += p.text
				}
				d.f.Text(d.Left, y-0.2*t.Style.leading(), text)
			}
		})
		d.Left += d.Width * t.Columns[i].Share
	}
	d.Left = left
}
