package page

import (
	"math"
	"strings"
)

// RangeSpec describes one value beside its reference range.
type RangeSpec struct {
	ID         string
	Value      float64
	Text       string   // the value as received, with its unit: "112 mg/dL"
	Comparator string   // "<", "<=", ">=" or ">" as received; Text has it too
	Low, High  *float64 // the limits in the unit of Value; nil where none was given
	LowText    string   // the limits as received: "70"
	HighText   string
	Tone       Tone // Warn or Bad when the sender marked the value as out of range
}

// side is where a value stands to its range.
type side int

const (
	unknown side = iota // a value such as "<5" in a range from 3
	below
	within
	above
)

// usable tells whether there is a range to draw: a bar without limits, or with
// limits the wrong way round, would be made up.
func (r RangeSpec) usable() bool {
	for _, v := range []*float64{r.Low, r.High} {
		if v != nil && !(math.Abs(*v) <= mostValue) {
			return false
		}
	}
	if r.Low == nil && r.High == nil || !(math.Abs(r.Value) <= mostValue) {
		return false
	}
	return r.Low == nil || r.High == nil || *r.Low < *r.High
}

// side compares the value with its limits. A value at a limit is within, as in
// a range written "70 – 99".
func (r RangeSpec) side() side {
	less, more := strings.HasPrefix(r.Comparator, "<"), strings.HasPrefix(r.Comparator, ">")
	under := r.Low != nil && (r.Value < *r.Low || less && r.Value == *r.Low && r.Comparator == "<")
	over := r.High != nil && (r.Value > *r.High || more && r.Value == *r.High && r.Comparator == ">")
	switch {
	case under && !more:
		return below
	case over && !less:
		return above
	case less && (r.Low != nil || over), more && (r.High != nil || under):
		return unknown
	}
	return within
}

// sentence says the bar in words.
func (r RangeSpec) sentence(s Shell) string {
	key := map[side]string{below: "page.range.below", within: "page.range.within", above: "page.range.above", unknown: "page.range.unknown"}[r.side()]
	return s.T(key, r.Text, r.limits(s))
}

func (r RangeSpec) limits(s Shell) string {
	switch {
	case r.Low == nil:
		return s.T("page.range.upto", r.HighText)
	case r.High == nil:
		return s.T("page.range.from", r.LowText)
	}
	return r.LowText + " – " + r.HighText
}

// zone is a part of the bar, in hundredths of its width.
type zone struct {
	x, w float64
	in   bool
	text string
}

// zones are equal on every bar with the same limits, so that one learns to read
// them: the range takes the middle half, or two thirds if it is open to one side.
func (r RangeSpec) zones(s Shell) []zone {
	low, in, high := s.T("page.range.low"), s.T("page.chart.band.short"), s.T("page.range.high")
	switch {
	case r.Low == nil:
		return []zone{{0, 66, true, in}, {66, 34, false, high}}
	case r.High == nil:
		return []zone{{0, 34, false, low}, {34, 66, true, in}}
	}
	return []zone{{0, 25, false, low}, {25, 50, true, in}, {75, 25, false, high}}
}

// limitMark is a limit under the bar.
type limitMark struct {
	x    float64
	text string
}

func (r RangeSpec) limitMarks() []limitMark {
	switch {
	case r.Low == nil:
		return []limitMark{{66, r.HighText}}
	case r.High == nil:
		return []limitMark{{34, r.LowText}}
	}
	return []limitMark{{25, r.LowText}, {75, r.HighText}}
}

// place is where the marker stands, in hundredths, and which way it points: -1
// and 1 for a value beyond the bar or beyond what was measured, 0 otherwise.
func (r RangeSpec) place() (x float64, points int) {
	switch {
	case r.Low == nil:
		x = 66 * (1 + (r.Value-*r.High)/r.unit(*r.High))
	case r.High == nil:
		x = 34 * (1 + (r.Value-*r.Low)/r.unit(*r.Low))
	default:
		x = 25 + 50*(r.Value-*r.Low)/(*r.High-*r.Low)
	}
	switch {
	case x < 3:
		points = -1
	case x > 97:
		points = 1
	}
	switch {
	case strings.HasPrefix(r.Comparator, "<"):
		points = -1
	case strings.HasPrefix(r.Comparator, ">"):
		points = 1
	}
	return clamp(x, 3, 97), points
}

// unit is the length from the end of the bar to its one limit: from nothing to
// the limit.
func (r RangeSpec) unit(limit float64) float64 {
	if limit == 0 {
		return max(math.Abs(r.Value)*2, 1)
	}
	return math.Abs(limit)
}

// marker is the outline of the sign over the bar, its tip at the origin.
func (r RangeSpec) marker() string {
	_, points := r.place()
	switch points {
	case -1:
		return "M-11 26L3 14v8h9v8H3v8z"
	case 1:
		return "M11 26L-3 14v8h-9v8h9v8z"
	}
	if r.Tone == Warn || r.Tone == Bad || r.side() == below || r.side() == above {
		return "M0 14l12 12-12 12-12-12z"
	}
	return "M-11 26a11 11 0 1 0 22 0 11 11 0 1 0-22 0z"
}

func (r RangeSpec) markerClass() string {
	if r.Tone == Warn || r.Tone == Bad || r.side() == below || r.side() == above {
		return "range-mark range-mark-out"
	}
	return "range-mark"
}
