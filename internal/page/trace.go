package page

import (
	"math"
	"strconv"
	"strings"
)

// TraceSpec describes a recording: values measured at an even pace.
type TraceSpec struct {
	ID     string
	Title  string
	Unit   string
	Period float64     // milliseconds from one value to the next, 0 if unknown
	Lines  [][]float64 // NaN leaves a gap; none, or none with a number, is said to be unreadable
	Lost   int         // values that could not be measured
}

// The picture scales with its page, so that one size does for all of them.
const (
	traceWidth  = 720.0
	traceHeight = 160.0
	traceEdge   = 4.0 // for the thickness of the line
)

// mostTraced is how many points the traces of a page have together: twelve leads of an
// ECG must not make it heavy. mostTraces is how many are drawn.
const (
	mostTraced = 2400
	mostTraces = 24
)

// drawnTrace is a recording ready for the template.
type drawnTrace struct {
	paths   []string
	summary string
}

// draw uses about as many points.
func (t TraceSpec) draw(s Shell, points int) drawnTrace {
	low, high, n := math.Inf(1), math.Inf(-1), 0
	longest := 0
	for _, line := range t.Lines {
		longest = max(longest, len(line))
		for _, v := range line {
			if !math.IsNaN(v) {
				low, high, n = min(low, v), max(high, v), n+1
			}
		}
	}
	if n == 0 {
		return drawnTrace{summary: s.T("page.trace.unreadable")}
	}
	each := max(2, points/len(t.Lines)/2) // stretches of time, of which the lowest and the highest is drawn
	var out drawnTrace
	for _, line := range t.Lines {
		out.paths = append(out.paths, tracePath(line, longest, each, low, high))
	}
	out.summary = t.words(s, longest, low, high)
	if longest > 2*each {
		out.summary += " " + s.T("page.trace.thinned")
	}
	return out
}

// tracePath writes one line; a gap begins it anew.
func tracePath(line []float64, longest, each int, low, high float64) string {
	place := func(i int, v float64) string {
		x, y := traceWidth/2, traceHeight/2
		if longest > 1 {
			x = float64(i) / float64(longest-1) * traceWidth
		}
		if high > low { // halves first, so that the widest range does not overflow
			y = traceEdge + (high/2-v/2)/(high/2-low/2)*(traceHeight-2*traceEdge)
		}
		return num(x) + "," + num(y)
	}
	var b strings.Builder
	pen := "M"
	put := func(i int) {
		if math.IsNaN(line[i]) {
			pen = "M"
			return
		}
		b.WriteString(pen + place(i, line[i]))
		pen = "L"
	}
	if longest <= 2*each {
		for i := range line {
			put(i)
		}
		return b.String()
	}
	for from := 0; from < len(line); {
		to := max(from+1, min(len(line), (from*each/longest+1)*longest/each))
		least, most := from, from
		for i := from; i < to; i++ {
			if math.IsNaN(line[least]) || line[i] < line[least] {
				least = i
			}
			if math.IsNaN(line[most]) || line[i] > line[most] {
				most = i
			}
		}
		put(min(least, most))
		if least != most {
			put(max(least, most))
		}
		from = to
	}
	return b.String()
}

func (t TraceSpec) words(s Shell, longest int, low, high float64) string {
	out := []string{s.T("page.trace.count", longest)}
	if t.Period > 0 {
		out = append(out, s.T("page.trace.time", sampleText(t.Period), sampleText(float64(longest)*t.Period/1000)))
	}
	with := func(v float64) string { return strings.TrimSpace(sampleText(v) + "\u00a0" + t.Unit) }
	out = append(out, s.T("page.trace.range", with(low), with(high)))
	if t.Lost > 0 {
		out = append(out, s.T("page.trace.lost", t.Lost))
	}
	return strings.Join(out, " ")
}

// sampleText writes a number to four decimals; one too large for that in short.
func sampleText(v float64) string {
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(math.Round(v*1e4)/1e4+0, 'f', -1, 64)
}

// labelled are the elements that name the picture.
func (t TraceSpec) labelled() string {
	if t.Title == "" {
		return t.ID + "-sum"
	}
	return t.ID + "-title " + t.ID + "-sum"
}
