package page

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// canvas is a size a chart is drawn in. Text is 16 units high in all of them;
// the style sheet shows the one that keeps it between 15 and 20 pixels.
type canvas struct {
	class string
	w, h  float64
}

// canvases are the narrow and the wide drawing. Large text gets smaller ones,
// which makes everything in them larger on the same screen.
func canvases(s Shell) [2]canvas {
	if s.Text == "large" {
		return [2]canvas{{"chart-narrow", 280, 260}, {"chart-wide", 560, 320}}
	}
	return [2]canvas{{"chart-narrow", 360, 260}, {"chart-wide", 720, 320}}
}

const (
	textSize  = 16.0
	charWidth = 9.0  // a digit of the font at textSize, rounded up
	topRoom   = 40.0 // the unit and the number above the highest mark
	lineRoom  = 20.0 // one line of text under the axis
)

// plot is a drawn chart: places in units of its canvas, ready for the template.
type plot struct {
	canvas
	left, right, top, bottom float64
	ticks                    []tick
	days                     []dayTick
	bands                    []bandBox
	paths                    []chartPath
	labels                   []placed
}

type chartPath struct{ class, d string }

// bandBox is a reference range; its edges are drawn only where the sender gave
// a limit.
type bandBox struct {
	y, h           float64
	upper, lower   bool
	text, anchor   string
	textX, textY   float64
	width, x, base float64
}

// scale places values and moments.
type scale struct {
	lo, hi     float64
	from, to   int64 // Unix milliseconds: time.Duration ends at 292 years
	left, span float64
	top, depth float64
}

func (k scale) y(v float64) float64 { return k.top + (k.hi-v)/(k.hi-k.lo)*k.depth }

func (k scale) x(t time.Time) float64 {
	if k.from == k.to {
		return k.left + k.span/2
	}
	return k.left + float64(t.UnixMilli()-k.from)/float64(k.to-k.from)*k.span
}

// draw places everything of c on a canvas.
func (c ChartSpec) draw(s Shell, lines []chartLine, size canvas) plot {
	p := plot{canvas: size, top: topRoom}
	k := domain(lines, c.Bands)
	p.ticks = niceTicks(k.lo, k.hi, 4)
	widest := 0.0
	for _, t := range p.ticks {
		widest = max(widest, textWidth(t.text))
	}
	p.left, p.right, p.bottom = widest+10, size.w-14, size.h-2*lineRoom-8
	k.left, k.span = p.left+14, p.right-p.left-28
	k.top, k.depth = p.top, p.bottom-p.top
	for i := range p.ticks {
		p.ticks[i].y = k.y(p.ticks[i].value)
	}
	p.days = s.dayTicks(k, p)
	marks := p.drawLines(lines, k)
	labels := newLabels(p, c.text, marks, stretches(lines, k))
	labels.taken = append(labels.taken, box{0, 0, textWidth(c.Unit), textSize + 4})
	p.drawBands(s, c.Bands, k, labels)
	for i, l := range lines {
		labels.placeLine(l, k, i > 0)
	}
	p.labels = labels.out
	return p
}

// domain is what the axes span: every value, every limit, some air.
func domain(lines []chartLine, bands []ChartBand) scale {
	k := scale{lo: math.Inf(1), hi: math.Inf(-1), from: math.MaxInt64, to: math.MinInt64}
	reach := func(v float64) {
		if math.Abs(v) <= mostValue {
			k.lo, k.hi = min(k.lo, v), max(k.hi, v)
		}
	}
	for _, l := range lines {
		for _, points := range [][]ChartPoint{l.drawn, l.replaced} {
			for _, p := range points {
				reach(p.Value)
				k.from, k.to = min(k.from, p.At.UnixMilli()), max(k.to, p.At.UnixMilli())
			}
		}
	}
	for _, b := range bands {
		for _, limit := range []*float64{b.Low, b.High} {
			if limit != nil {
				reach(*limit)
			}
		}
	}
	if k.lo > k.hi {
		k.lo, k.hi = 0, 1
	}
	k.lo, k.hi = air(k.lo, k.hi)
	return k
}

// air widens a span so that nothing touches the frame: below by more, for there
// stands the number of the lowest mark. Values that are never negative do not get an
// axis that is.
func air(lo, hi float64) (float64, float64) {
	pad := (hi - lo) * .14
	if least := max(math.Abs(lo), math.Abs(hi)) * 1e-9; pad <= least {
		pad = max(math.Abs(hi)*.2, least)
	}
	if pad == 0 {
		pad = 1
	}
	under := pad * 1.3
	if lo >= 0 && lo-under < 0 {
		return 0, hi + pad
	}
	return lo - under, hi + pad
}

// drawBands turns ranges into boxes and finds a place for their words.
func (p *plot) drawBands(s Shell, bands []ChartBand, k scale, labels *labels) {
	for _, b := range bands {
		if !b.drawable() {
			continue
		}
		box := bandBox{y: p.top, h: p.bottom - p.top, upper: b.High != nil, lower: b.Low != nil, x: p.left, width: p.right - p.left}
		if box.upper {
			box.y = clamp(k.y(*b.High), p.top, p.bottom)
			box.h = p.bottom - box.y
		}
		if box.lower {
			box.h = clamp(k.y(*b.Low), p.top, p.bottom) - box.y
		}
		box.base = box.y + box.h
		box.text = s.T("page.chart.band", b.Label)
		if b.Label == "" || textWidth(box.text) > box.width-12 {
			box.text = s.T("page.chart.band.short")
		}
		labels.placeBand(&box)
		p.bands = append(p.bands, box)
	}
}

// drawLines makes one path for each line and one for all marks of a kind, which
// keeps 200 marks under 5 kB.
func (p *plot) drawLines(lines []chartLine, k scale) []chartMark {
	var marks []chartMark
	kinds, order := map[string]*strings.Builder{}, []string{}
	stroke := func(class, d string) {
		if kinds[class] == nil {
			kinds[class] = &strings.Builder{}
			order = append(order, class)
		}
		kinds[class].WriteString(d)
	}
	for i, l := range lines {
		size := 5.0
		if len(l.drawn) > 40 {
			size = 3
		}
		var line strings.Builder
		for j, pt := range l.drawn {
			m := chartMark{x: k.x(pt.At), y: k.y(pt.Value), shape: l.shape, out: pt.out(), size: size}
			marks = append(marks, m)
			line.WriteString(Pick(j == 0, "M", "L") + at(m.x, m.y))
			stroke(m.class(), m.path())
			if pt.Comparator != "" {
				stroke("chart-past", caret(m.x, m.y, pt.Comparator))
			}
		}
		for _, pt := range l.replaced {
			stroke("chart-cross", cross(k.x(pt.At), k.y(pt.Value)))
		}
		if len(l.drawn) > 1 {
			class := Pick(i == 0, "chart-line", "chart-line chart-line-2")
			p.paths = append(p.paths, chartPath{Pick(size < 5, class+" chart-thin", class), line.String()})
		}
	}
	for _, class := range order {
		p.paths = append(p.paths, chartPath{class, kinds[class].String()})
	}
	return marks
}

// stretches are the pieces of all lines, to keep numbers off them.
func stretches(lines []chartLine, k scale) []stretch {
	var out []stretch
	for _, l := range lines {
		for i := 1; i < len(l.drawn); i++ {
			a, b := &l.drawn[i-1], &l.drawn[i]
			out = append(out, stretch{k.x(a.At), k.y(a.Value), k.x(b.At), k.y(b.Value)})
		}
	}
	return out
}

// chartMark is the sign of one value.
type chartMark struct {
	x, y, size float64
	shape      Shape
	out        bool
}

func (m chartMark) class() string {
	c := map[Shape]string{Dot: "chart-dot", Square: "chart-square"}[m.shape]
	if m.out {
		c = map[Shape]string{Dot: "chart-diamond", Square: "chart-triangle"}[m.shape]
	}
	if m.size < 5 {
		c += " chart-small"
	}
	return c
}

// path is the outline. Dots and squares are points of no length whose caps the
// style sheet draws.
func (m chartMark) path() string {
	r := m.size + 2
	switch {
	case m.out && m.shape == Square:
		return "M" + at(m.x, m.y-r) + "l" + at(r, 2*r-2) + "h" + num(-2*r) + "z"
	case m.out:
		return "M" + at(m.x, m.y-r) + "l" + at(r, r) + " " + at(-r, r) + " " + at(-r, -r) + "z"
	}
	return "M" + at(m.x, m.y) + "h.01"
}

// caret points to where the true value lies.
func caret(x, y float64, comparator string) string {
	if strings.HasPrefix(comparator, "<") {
		return "M" + at(x-5, y+9) + "l5 5 5-5"
	}
	return "M" + at(x-5, y-9) + "l5-5 5 5"
}

func cross(x, y float64) string { return "M" + at(x-4, y-4) + "l8 8m0-8l-8 8" }

func at(x, y float64) string { return num(x) + " " + num(y) }

// num writes a place to a tenth of a unit.
func num(v float64) string {
	v = math.Round(v*10) / 10
	return strconv.FormatFloat(v+0, 'f', -1, 64)
}

func clamp(v, lo, hi float64) float64 { return max(lo, min(hi, v)) }

func textWidth(s string) float64 {
	n := 0
	for range s {
		n++
	}
	return float64(n) * charWidth
}
