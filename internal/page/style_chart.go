package page

import (
	"math"
	"strconv"
	"time"
)

// The charts on the page of all parts: every shape a chart can take.

func styleDay(month, day int) time.Time {
	return time.Date(2023, time.Month(month), day, 12, 0, 0, 0, time.UTC)
}

func styleLimit(v float64) *float64 { return &v }

// styleTraces are a curve, one with a gap, and one that cannot be drawn.
func styleTraces(s Shell) []TraceSpec {
	var curve, gap []float64
	for i := range 400 {
		v := math.Sin(float64(i)/12) + math.Sin(float64(i)/5)/3
		curve = append(curve, v)
		if i > 150 && i < 200 {
			v = math.NaN()
		}
		gap = append(gap, v)
	}
	return []TraceSpec{
		{ID: "style-trace", Title: s.T("page.trace.word"), Unit: "mV", Period: 20, Lines: [][]float64{curve}},
		{ID: "style-trace-gap", Title: s.T("page.trace.word"), Unit: "mV", Period: 20, Lines: [][]float64{gap}, Lost: 49},
		{ID: "style-trace-none", Title: s.T("page.trace.word")},
	}
}

func styleSugar(s Shell) ChartSpec {
	values := []float64{92, 96, 104, 110, 99, 118, 126, 112}
	c := ChartSpec{ID: "style-sugar", Title: s.T("page.style.sugar"), Unit: "mg/dL", Bands: []ChartBand{{Low: styleLimit(70), High: styleLimit(99), Label: "70 – 99"}}}
	var points []ChartPoint
	for i, v := range values {
		p := ChartPoint{At: styleDay(1+i*5, 9), Value: v}
		if v > 99 {
			p.Tone = Warn
		}
		points = append(points, p)
	}
	points = append(points, ChartPoint{At: styleDay(24, 1), Value: 141, Replaced: true})
	c.Series = []ChartSeries{{Points: points}}
	return c
}

func stylePressure(s Shell) ChartSpec {
	c := ChartSpec{ID: "style-pressure", Title: s.T("page.style.word"), Unit: "mm Hg"}
	top, bottom := ChartSeries{Name: s.T("page.style.top")}, ChartSeries{Name: s.T("page.style.bottom"), Shape: Square}
	for i := range 24 {
		at := styleDay(1+i, 3+i%9)
		t := ChartPoint{At: at, Value: float64(118 + i*7%23)}
		if t.Value > 135 {
			t.Tone = Warn
		}
		top.Points = append(top.Points, t)
		bottom.Points = append(bottom.Points, ChartPoint{At: at, Value: float64(74 + i*5%13)})
	}
	c.Series = []ChartSeries{top, bottom}
	return c
}

// styleMany has more values than can be drawn.
func styleMany(s Shell) ChartSpec {
	c := ChartSpec{ID: "style-many", Title: s.T("page.style.link"), Unit: "/min", Series: []ChartSeries{{}}}
	for i := range 2000 {
		c.Series[0].Points = append(c.Series[0].Points, ChartPoint{At: styleDay(1, 1).Add(time.Duration(i) * 7 * time.Hour), Value: 62 + float64(i*37%23) + float64(i%500)/40})
	}
	return c
}

// styleFew are values past what a test can measure, an open range, one day.
func styleFew(s Shell) ChartSpec {
	c := ChartSpec{ID: "style-few", Title: s.T("page.style.long"), Unit: "ng/mL", Bands: []ChartBand{{High: styleLimit(4), Label: "<4.0"}}}
	day := styleDay(4, 9)
	c.Series = []ChartSeries{{Points: []ChartPoint{
		{At: day.Add(-4 * time.Hour), Value: .1, Label: "0.1", Comparator: "<"},
		{At: day, Value: 3.2, Label: "3.20"},
		{At: day.Add(3 * time.Hour), Value: 6.5, Label: "6.50", Tone: Bad, Comparator: ">"},
	}}}
	return c
}

func styleOne(s Shell) ChartSpec {
	return ChartSpec{ID: "style-one", Title: s.T("page.style.word"), Unit: "10³/µL", Bands: []ChartBand{{Low: styleLimit(150), Label: ">150"}},
		Series: []ChartSeries{{Points: []ChartPoint{{At: styleDay(4, 9), Value: 232}}}}}
}

func styleRanges() []RangeSpec {
	low, high := styleLimit(70), styleLimit(99)
	both := func(v float64, comparator string) RangeSpec {
		text := comparator + strconv.FormatFloat(v, 'f', -1, 64) + " mg/dL"
		return RangeSpec{Value: v, Text: text, Comparator: comparator, Low: low, High: high, LowText: "70", HighText: "99"}
	}
	return []RangeSpec{
		both(92, ""), both(104, ""), both(58, ""), both(412, ""), both(20, "<"),
		{Value: 180, Text: "180 mg/dL", High: styleLimit(200), HighText: "<200"},
		{Value: 31, Text: "31 mg/dL", Low: styleLimit(40), LowText: "40"},
	}
}
