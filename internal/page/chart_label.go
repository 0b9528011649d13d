package page

import "slices"

// box is a place that is taken.
type box struct{ x1, y1, x2, y2 float64 }

func (b box) meets(o box) bool { return b.x1 < o.x2 && o.x1 < b.x2 && b.y1 < o.y2 && o.y1 < b.y2 }

// placed is a text that found its place.
type placed struct {
	x, y        float64
	text, class string
}

// labels finds places for numbers: beside their mark, never over one another,
// over other marks or a line only if there is no better place. A number that finds
// none is left out; the table below the chart has it.
type labels struct {
	plot
	text  func(ChartPoint) string
	marks []box
	lines []stretch
	taken []box
	out   []placed
}

// stretch is a straight piece of a line.
type stretch struct{ x1, y1, x2, y2 float64 }

// crosses tells whether a stretch goes through a box: some of it lies between the
// box's sides and, there, between its top and its bottom (Liang and Barsky 1984).
func (l stretch) crosses(b box) bool {
	from, to := 0.0, 1.0
	for _, side := range [][3]float64{{l.x2 - l.x1, b.x1 - l.x1, b.x2 - l.x1}, {l.y2 - l.y1, b.y1 - l.y1, b.y2 - l.y1}} {
		d, lo, hi := side[0], side[1], side[2]
		if d == 0 {
			if lo >= 0 || hi <= 0 {
				return false
			}
			continue
		}
		from, to = max(from, min(lo/d, hi/d)), min(to, max(lo/d, hi/d))
	}
	return from < to
}

func newLabels(p plot, text func(ChartPoint) string, marks []chartMark, lines []stretch) *labels {
	l := &labels{plot: p, text: text, lines: lines}
	for _, m := range marks {
		l.marks = append(l.marks, box{m.x - m.size, m.y - m.size, m.x + m.size, m.y + m.size})
	}
	return l
}

// placeLine labels the values of a line, the most telling first: the newest, the
// first, the highest, the lowest; all of them when they are few.
func (l *labels) placeLine(line chartLine, k scale, below bool) {
	points := line.drawn
	if len(points) == 0 {
		return
	}
	lo, hi := extremes(points)
	order := []int{len(points) - 1, 0, hi, lo}
	if len(points) <= labelAll {
		for i := range points {
			order = append(order, i)
		}
	}
	var done []int
	for _, i := range order {
		if slices.Contains(done, i) {
			continue
		}
		done = append(done, i)
		under := below
		if !below && i > 0 && i < len(points)-1 {
			under = points[i-1].Value > points[i].Value && points[i+1].Value > points[i].Value
		}
		l.placePoint(points[i], k, under)
	}
}

// placePoint puts a number above or below its mark, where the line goes through
// both moved to a side, and keeps the best of these places.
func (l *labels) placePoint(p ChartPoint, k scale, below bool) {
	text, x, y := l.text(p), k.x(p.At), k.y(p.Value)
	half := textWidth(text) / 2
	beyond := 0.0
	if p.Comparator != "" {
		beyond = 6 // the caret
	}
	up, down := y-11-beyond, y+11+beyond+textSize*.75
	bases := []float64{up, down}
	if below {
		bases = []float64{down, up}
	}
	var best placed
	least := 1 << 30
	for _, aside := range []float64{0, -half - 6, half + 6} {
		for _, base := range bases {
			at := clamp(x+aside, half, l.w-half)
			b := textBox(at-half, base, 2*half)
			if b.y1 < 0 || b.y2 > l.bottom+descent || l.hits(b, l.taken) > 0 {
				continue
			}
			if n := 2*l.hits(b, l.marks) + l.crossed(b); n < least {
				best, least = placed{at, base, text, Pick(p.out(), "chart-label chart-label-out", "chart-label")}, n
			}
		}
	}
	if least == 1<<30 {
		return
	}
	l.taken = append(l.taken, textBox(best.x-half, best.y, 2*half))
	l.out = append(l.out, best)
}

// crossed counts the stretches that go through a box.
func (l *labels) crossed(b box) int {
	n := 0
	for _, s := range l.lines {
		if s.crosses(b) {
			n++
		}
	}
	return n
}

// placeBand puts the words of a range inside it, under its upper edge or above
// its lower one, at the side where fewer marks are in the way; a narrow range
// has them just outside.
func (l *labels) placeBand(b *bandBox) {
	w := textWidth(b.text)
	bases := []float64{b.y + textSize, b.base - 6}
	if b.h < textSize+6 {
		bases = []float64{b.y - 6, b.base + textSize}
	}
	least := 1 << 30
	var chosen box
	for _, base := range bases {
		for _, start := range []bool{true, false} {
			x := l.left + 6
			if !start {
				x = l.right - 6 - w
			}
			t := textBox(x, base, w)
			if t.y1 < 0 || t.y2 > l.bottom+4 {
				continue
			}
			if n := l.hits(t, l.marks) + 10*l.hits(t, l.taken); n < least {
				least, chosen = n, t
				b.textX, b.textY, b.anchor = Pick(start, x, x+w), base, Pick(start, "start", "end")
			}
		}
	}
	l.taken = append(l.taken, chosen)
}

func (l *labels) hits(b box, others []box) int {
	n := 0
	for _, o := range others {
		if b.meets(o) {
			n++
		}
	}
	return n
}

// descent is the room of a text below its line, which digits leave empty.
const descent = 4.0

// textBox is the room of a text whose line stands at base.
func textBox(x, base, w float64) box { return box{x, base - textSize*.8, x + w, base + descent} }
