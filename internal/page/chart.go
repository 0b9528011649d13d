package page

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shape tells one line of a chart from another without colour.
type Shape string

const (
	Dot    Shape = "dot"    // the first line; out of range it becomes a diamond
	Square Shape = "square" // the second line; out of range it becomes a triangle
)

// ChartSpec describes a trend: one unit, one line or two, over time.
type ChartSpec struct {
	ID     string
	Title  string // "Blood sugar (glucose)"
	Unit   string // as shown on the axis: "mg/dL"; two units are two charts
	Spoken string // the unit in words for the sentence: "milligrams per deciliter"; "" for Unit
	Series []ChartSeries
	Bands  []ChartBand               // reference ranges as received, usually one
	Write  func(label string) string // labels for people, nil for as they are; few are drawn of many
	Sub    bool                      // the title stands under an h2 that says the same: it is said, not shown
}

// ChartSeries is one line of a chart.
type ChartSeries struct {
	Name   string // needed when there are two: "Systolic"
	Points []ChartPoint
	Shape  Shape // "" for Dot
}

// ChartPoint is one value. A Value that is no number, or whose size nobody can
// measure (over 1e100), is left out.
type ChartPoint struct {
	At         time.Time // shown in the clinic's zone; for a day without a time pass noon there
	Value      float64
	Label      string // the value as received: "7.0"; "" to write Value
	Comparator string // "<", "<=", ">=" or ">" as received: the true value lies past this one
	Tone       Tone   // Warn or Bad when the sender marked it as out of range
	Replaced   bool   // a later correction took its place: drawn as a cross, never counted
}

// ChartBand is a reference range; a limit that was not given is nil.
type ChartBand struct {
	Low, High *float64
	Label     string // the range as received: "70 – 99"
}

// drawable is false for a range without limits, with the limits the wrong way
// round, or with a limit that is no number.
func (b ChartBand) drawable() bool {
	for _, limit := range []*float64{b.Low, b.High} {
		if limit != nil && !(math.Abs(*limit) <= mostValue) {
			return false
		}
	}
	if b.Low == nil || b.High == nil {
		return b.Low != b.High
	}
	return *b.Low <= *b.High
}

const (
	mostDrawn    = 200 // marks in one chart; beyond this they cover each other at 360 units
	mostReplaced = 20
	labelAll     = 8 // up to so many values, each has its number beside it (ui.md, "Charts")
	mostValue    = 1e100
)

func (p *ChartPoint) drawable() bool { return math.Abs(p.Value) <= mostValue } // false for NaN

func (p *ChartPoint) out() bool { return p.Tone == Warn || p.Tone == Bad }

// text is a value as its sender wrote it, or as the chart writes that.
func (c ChartSpec) text(p ChartPoint) string {
	t := p.Label
	switch {
	case t == "":
		t = strconv.FormatFloat(p.Value, 'g', 6, 64)
	case c.Write != nil:
		t = c.Write(t)
	}
	if p.Comparator != "" && !strings.HasPrefix(t, p.Comparator) {
		t = p.Comparator + t
	}
	return t
}

// chartLine is a series ready to draw: in the order of time, replaced values
// apart, thinned out.
type chartLine struct {
	name     string
	shape    Shape
	all      []ChartPoint // everything that counts
	drawn    []ChartPoint // what of it is drawn
	replaced []ChartPoint
}

func (c ChartSpec) lines() []chartLine {
	var out []chartLine
	for _, s := range c.Series {
		l := chartLine{name: s.Name, shape: s.Shape, all: make([]ChartPoint, 0, len(s.Points))}
		if l.shape == "" {
			l.shape = Dot
		}
		for i := range s.Points {
			switch p := &s.Points[i]; {
			case !p.drawable():
			case p.Replaced:
				l.replaced = append(l.replaced, *p)
			default:
				l.all = append(l.all, *p)
			}
		}
		sortPoints(l.all)
		sortPoints(l.replaced)
		l.drawn = thin(l.all, mostDrawn/len(c.Series))
		l.replaced = l.replaced[max(0, len(l.replaced)-mostReplaced):]
		out = append(out, l)
	}
	return out
}

// sortPoints orders by time. Most come in order, newest or oldest first, so it
// looks before it sorts.
func sortPoints(points []ChartPoint) {
	inOrder := func() bool {
		for i := 1; i < len(points); i++ {
			if points[i].At.Before(points[i-1].At) {
				return false
			}
		}
		return true
	}
	if inOrder() {
		return
	}
	slices.Reverse(points)
	if !inOrder() {
		slices.Reverse(points)
		slices.SortStableFunc(points, func(a, b ChartPoint) int { return a.At.Compare(b.At) })
	}
}

// thin keeps at most n of points: the first, the last, and the lowest and the
// highest of each stretch between, so that no peak is lost.
func thin(points []ChartPoint, n int) []ChartPoint {
	if len(points) <= n {
		return points
	}
	inner := points[1 : len(points)-1]
	stretches := max((n-2)/2, 1)
	out := make([]ChartPoint, 0, n)
	out = append(out, points[0])
	for i := range stretches {
		part := inner[i*len(inner)/stretches : (i+1)*len(inner)/stretches]
		lo, hi := extremes(part)
		out = append(out, part[min(lo, hi)])
		if lo != hi {
			out = append(out, part[max(lo, hi)])
		}
	}
	return append(out, points[len(points)-1])
}

// extremes gives the places of the lowest and the highest value.
func extremes(points []ChartPoint) (lo, hi int) {
	for i := range points {
		if points[i].Value < points[lo].Value {
			lo = i
		}
		if points[i].Value > points[hi].Value {
			hi = i
		}
	}
	return lo, hi
}

// summary says in words what the chart shows. It describes the picture to those
// who do not see it and stands above it for everyone.
func (c ChartSpec) summary(s Shell, lines []chartLine) string {
	var out []string
	for _, l := range lines {
		t := c.lineSummary(s, l)
		if len(lines) > 1 && l.name != "" {
			t = s.T("page.chart.of", l.name, t)
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return s.T("page.chart.none")
	}
	return strings.Join(out, " ")
}

func (c ChartSpec) lineSummary(s Shell, l chartLine) string {
	n := len(l.all)
	if n == 0 {
		return s.T("page.chart.none")
	}
	first, last := l.all[0], l.all[n-1]
	if n == 1 {
		return join(s.T("page.chart.one", c.valued(last), s.Date(last.At)), c.outSentence(s, l.all))
	}
	span := s.T("page.chart.span", n, s.Date(first.At), s.Date(last.At))
	if s.Date(first.At) == s.Date(last.At) {
		span = s.T("page.chart.day", n, s.Date(first.At))
	}
	lo, hi := extremes(l.all)
	values := s.T("page.chart.range", c.valued(l.all[lo]), c.valued(l.all[hi]), c.valued(last))
	if l.all[lo].Value == l.all[hi].Value && c.text(l.all[lo]) == c.text(l.all[hi]) {
		values = s.T("page.chart.same", c.valued(last))
	}
	thinned := ""
	if len(l.drawn) < n {
		thinned = s.T("page.chart.thinned", len(l.drawn))
	}
	return join(span, values, c.outSentence(s, l.all), thinned)
}

func (c ChartSpec) outSentence(s Shell, points []ChartPoint) string {
	n := 0
	for i := range points {
		if points[i].out() {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return s.T("page.chart.out", n)
}

func (c ChartSpec) valued(p ChartPoint) string {
	unit := c.Spoken
	if unit == "" {
		unit = c.Unit
	}
	return strings.TrimSpace(c.text(p) + "\u00a0" + unit) // a number keeps its unit beside it
}

func join(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// chartKey is one line of the legend: a mark and what it means.
type chartKey struct{ path, class, text string }

// keys explains the marks that occur, and nothing when there is only the plain dot.
func (c ChartSpec) keys(s Shell, lines []chartLine) []chartKey {
	var out []chartKey
	add := func(m chartMark, text string) { out = append(out, chartKey{m.path(), m.class(), text}) }
	past, replaced := false, false
	for _, l := range lines {
		outside := false
		for _, p := range l.drawn {
			outside = outside || p.out()
			past = past || p.Comparator != ""
		}
		replaced = replaced || len(l.replaced) > 0
		name := l.name
		if len(lines) > 1 {
			add(chartMark{x: 10, y: 10, shape: l.shape, size: 5}, name)
		}
		if outside {
			text := s.T("page.chart.key.out")
			if len(lines) > 1 {
				text = s.T("page.chart.of", name, text)
			}
			add(chartMark{x: 10, y: 10, shape: l.shape, out: true, size: 6}, text)
		}
	}
	if past {
		out = append(out, chartKey{"M5 8l5-5 5 5M5 12l5 5 5-5", "chart-past", s.T("page.chart.key.past")})
	}
	if replaced {
		out = append(out, chartKey{cross(10, 10), "chart-cross", s.T("page.chart.key.replaced")})
	}
	return out
}

func hasPoints(lines []chartLine) bool {
	for _, l := range lines {
		if len(l.drawn)+len(l.replaced) > 0 {
			return true
		}
	}
	return false
}
