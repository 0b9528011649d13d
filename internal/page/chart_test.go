package page

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"portico/internal/lang"
)

func ptr(v float64) *float64 { return &v }

func chartDay(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC) }

// trend makes a chart of one series, one value a month.
func trend(values ...float64) ChartSpec {
	var points []ChartPoint
	for i, v := range values {
		points = append(points, ChartPoint{At: chartDay(2024, 1+i, 9), Value: v})
	}
	return ChartSpec{ID: "c", Title: "Glucose", Unit: "mg/dL", Series: []ChartSeries{{Points: points}}}
}

func drawn(s Shell, c ChartSpec) [2]plot {
	lines, sizes := c.lines(), canvases(s)
	return [2]plot{c.draw(s, lines, sizes[0]), c.draw(s, lines, sizes[1])}
}

func byClass(doc *html.Node, class string) []*html.Node {
	var out []*html.Node
	each(doc, func(n *html.Node) {
		if slices.Contains(strings.Fields(attr(n, "class")), class) {
			out = append(out, n)
		}
	})
	return out
}

func TestRoundNumbersOnTheAxis(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{66, 130, "80 100 120"},
		{0, 1, "0.00 0.25 0.50 0.75 1.00"},
		{4.8, 7.2, "5 6 7"},
		{-12, 31, "0 20"},
		{-3, 3, "−2 0 2"},
		{0, 250000, "0 100,000 200,000"},
		{0, 4e12, "0 1×10¹² 2×10¹² 3×10¹² 4×10¹²"},
		{0, 4e-9, "0 1×10⁻⁹ 2×10⁻⁹ 3×10⁻⁹ 4×10⁻⁹"},
		{-1e100, 1e100, "−1×10¹⁰⁰ −5×10⁹⁹ 0 5×10⁹⁹ 1×10¹⁰⁰"},
		{1e15, 1e15 + 4, ""},
	} {
		var got []string
		for _, k := range niceTicks(c.lo, c.hi, 4) {
			got = append(got, k.text)
		}
		if c.want != "" && strings.Join(got, " ") != c.want {
			t.Errorf("%g to %g: %s, want %s", c.lo, c.hi, strings.Join(got, " "), c.want)
		}
		if len(got) < 2 || len(got) > 9 {
			t.Errorf("%g to %g: %d numbers", c.lo, c.hi, len(got))
		}
	}
}

func TestMomentsUnderTheAxis(t *testing.T) {
	day := chartDay(2024, 4, 9)
	for _, c := range []struct {
		l           lang.Lang
		from, to    time.Time
		small, wide string
	}{
		{lang.En, day, day, "Apr 9/2024", "Apr 9/2024"},
		{lang.Es, day, day, "9 abr/2024", "9 abr/2024"},
		{lang.En, day.Add(-4 * time.Hour), day.Add(3 * time.Hour), "9 a.m./Apr 9 12 p.m. 3 p.m.", "8 a.m./Apr 9 9 a.m. 10 a.m. 11 a.m. 12 p.m. 1 p.m. 2 p.m. 3 p.m."},
		{lang.Es, day, day.AddDate(0, 0, 12), "11 abr/2024 16 abr 21 abr", "11 abr/2024 13 abr 15 abr 17 abr 19 abr 21 abr"},
		{lang.En, day, day.AddDate(1, 1, 0), "Jul/2024 Jan/2025", "May/2024 Jul Sep Nov Jan/2025 Mar May"},
		{lang.En, day, day.AddDate(9, 0, 0), "2025 2030", "2026 2028 2030 2032"},
		{lang.En, chartDay(1, 1, 1), chartDay(9999, 1, 1), "Jan 1/1 Jan 1/9999", ""},
	} {
		s := testShell(c.l)
		spec := ChartSpec{ID: "c", Series: []ChartSeries{{Points: []ChartPoint{{At: c.from, Value: 1}, {At: c.to, Value: 2}}}}}
		for i, want := range []string{c.small, c.wide} {
			var got []string
			for _, d := range drawn(s, spec)[i].days {
				got = append(got, strings.TrimSuffix(d.text+"/"+d.under, "/"))
			}
			if all := strings.Join(got, " "); want != "" && all != want {
				t.Logf("%s %s to %s, size %d: %s, want %s", c.l, c.from, c.to, i, all, want)
				t.Fail()
			}
		}
	}
}

func TestPlacesOfASmallChart(t *testing.T) {
	c := trend(90, 100)
	c.Bands = []ChartBand{{Low: ptr(80), High: ptr(95), Label: "80 – 95"}}
	c.Series[0].Points[1].Tone = Warn
	p := drawn(testShell(lang.En), c)[0]
	got := fmt.Sprintf("%v", p.paths)
	const want = "[{chart-line M51 123.3L332 58.2} {chart-dot M51 123.3h.01} {chart-diamond M332 51.2l7 7 -7 7 -7 -7z}]"
	if got != want {
		t.Errorf("paths\n%s, want\n%s", got, want)
	}
	b := p.bands[0]
	if b.y <= 58.2 || b.y >= 123.3 || b.base <= 123.3 || b.base >= p.bottom {
		t.Errorf("the band from %.1f to %.1f does not lie between the values", b.y, b.base)
	}
}

// hardCharts are what real data does to a chart.
func hardCharts() map[string]ChartSpec {
	r := rand.New(rand.NewPCG(1, 2))
	many, wild := trend(), trend()
	for i := range 10000 {
		many.Series[0].Points = append(many.Series[0].Points, ChartPoint{At: chartDay(2000, 1, 1).Add(time.Duration(i) * 20 * time.Hour), Value: 60 + r.NormFloat64()*8})
	}
	for range 60 {
		wild.Series[0].Points = append(wild.Series[0].Points, ChartPoint{At: chartDay(2020, 1, r.IntN(900)), Value: math.Pow(10, float64(r.IntN(14)-4)), Comparator: []string{"", "", "<", ">"}[r.IntN(4)], Tone: []Tone{"", Warn}[r.IntN(2)]})
	}
	odd := trend(5, math.NaN(), math.Inf(1), 7, 1e300)
	odd.Bands = []ChartBand{{Low: ptr(math.NaN())}, {Low: ptr(9), High: ptr(3)}, {}, {High: ptr(6), Label: strings.Repeat("long ", 30)}}
	same := trend(7, 7, 7)
	same.Bands = []ChartBand{{Low: ptr(7), High: ptr(7), Label: "7"}}
	day := trend()
	for range 9 {
		day.Series[0].Points = append(day.Series[0].Points, ChartPoint{At: chartDay(2024, 2, 29), Value: float64(r.IntN(9)), Label: "12,345.678"})
	}
	two := styleTwo()
	replaced := trend(3)
	replaced.Series[0].Points[0].Replaced = true
	return map[string]ChartSpec{
		"none": {ID: "c"}, "empty": trend(), "one": trend(-4), "zero": trend(0, 0), "equal": same, "odd": odd, "many": many, "wild": wild,
		"day": day, "two": two, "replaced": replaced, "huge": trend(1e-9, 1e12), "negative": trend(-5, -80, -3), "close": trend(1e15, 1e15+1),
		"most": trend(-mostValue, mostValue),
	}
}

func styleTwo() ChartSpec { return stylePressure(testShell(lang.En)) }

var badNumber = regexp.MustCompile(`NaN|Inf|e[+-]?\d`)

func TestChartsOfHardData(t *testing.T) {
	for name, c := range hardCharts() {
		for _, l := range lang.All {
			for _, size := range []string{"", "large"} {
				t.Run(name+string(l)+size, func(t *testing.T) {
					s := testShell(l)
					s.Text = size
					_, doc := draw(t, in(s, Chart(s, c)))
					checkPage(t, doc)
					for _, p := range drawn(s, c) {
						checkPlot(t, p)
					}
				})
			}
		}
	}
}

func checkPlot(t *testing.T, p plot) {
	t.Helper()
	var boxes []box
	for _, l := range p.labels {
		b := textBox(l.x-textWidth(l.text)/2, l.y, textWidth(l.text))
		if b.x1 < -.1 || b.x2 > p.w+.1 || b.y1 < 0 || b.y2 > p.h {
			t.Errorf("%q stands outside the picture", l.text)
		}
		for _, o := range boxes {
			if b.meets(o) {
				t.Errorf("%q covers another number", l.text)
			}
		}
		boxes = append(boxes, b)
	}
	for _, b := range p.bands {
		if b.y < p.top-.1 || b.base > p.bottom+.1 || b.h < 0 || math.IsNaN(b.h) {
			t.Errorf("a band from %g to %g", b.y, b.base)
		}
	}
	marks := 0
	for _, d := range p.paths {
		if badNumber.MatchString(d.d) {
			t.Errorf("a place that is no number in %s", d.class)
		}
		if !strings.HasPrefix(d.class, "chart-line") && !strings.HasPrefix(d.class, "chart-past") && d.class != "chart-cross" {
			marks += strings.Count(d.d, "M")
		}
	}
	if marks > mostDrawn {
		t.Errorf("%d marks", marks)
	}
	for i, d := range p.days {
		half := max(textWidth(d.text), textWidth(d.under)) / 2
		if d.x-half < -1 || d.x+half > p.w+1 {
			t.Errorf("%s stands outside the picture", d.text)
		}
		if i > 0 && d.x-p.days[i-1].x < (textWidth(d.text)+textWidth(p.days[i-1].text))/2 {
			t.Errorf("%s and %s run together", p.days[i-1].text, d.text)
		}
	}
}

func TestThinningKeepsThePeaks(t *testing.T) {
	points := hardCharts()["many"].Series[0].Points
	points[4321].Value, points[8765].Value = 999, -999
	got := thin(points, mostDrawn)
	if len(got) > mostDrawn || len(got) < mostDrawn/2 {
		t.Errorf("%d points of %d", len(got), len(points))
	}
	lo, hi := extremes(got)
	if got[lo].Value != -999 || got[hi].Value != 999 || got[0] != points[0] || got[len(got)-1] != points[9999] {
		t.Error("the lowest, the highest, the first or the last is lost")
	}
	if !slices.IsSortedFunc(got, func(a, b ChartPoint) int { return a.At.Compare(b.At) }) {
		t.Error("out of order")
	}
}

func TestChartSaysWhatItShows(t *testing.T) {
	flagged := trend(92, 126, 112)
	flagged.Series[0].Points[1].Tone, flagged.Series[0].Points[2].Tone = Warn, Warn
	past := trend(5)
	past.Series[0].Points[0].Comparator, past.Series[0].Points[0].Label, past.Spoken = "<", "5.0", "milligrams"
	gone := trend(92, 7)
	gone.Series[0].Points[1].Replaced = true
	for _, c := range []struct {
		l    lang.Lang
		spec ChartSpec
		want string
	}{
		{lang.En, trend(), "There are no values to draw yet."},
		{lang.En, flagged, "3 values from January 9, 2024 to March 9, 2024. Lowest 92 mg/dL, highest 126 mg/dL, newest 112 mg/dL. 2 are marked as out of range."},
		{lang.Es, flagged, "3 valores del 9 de enero de 2024 al 9 de marzo de 2024. El más bajo: 92 mg/dL. El más alto: 126 mg/dL. El más nuevo: 112 mg/dL. 2 están marcados como fuera de rango."},
		{lang.En, past, "One value: <5.0 milligrams, on January 9, 2024."},
		{lang.En, trend(7, 7), "2 values from January 9, 2024 to February 9, 2024. All are 7 mg/dL."},
		{lang.En, gone, "One value: 92 mg/dL, on January 9, 2024."},
	} {
		if got := strings.ReplaceAll(c.spec.summary(testShell(c.l), c.spec.lines()), "\u00a0", " "); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestMarksDifferInShape(t *testing.T) {
	s := testShell(lang.En)
	c := styleTwo()
	c.Series[1].Points[3].Tone, c.Series[1].Points[4].Replaced, c.Series[0].Points[2].Comparator = Bad, true, ">"
	_, doc := draw(t, in(s, Chart(s, c)))
	for class, keys := range map[string]int{"chart-dot": 1, "chart-diamond": 1, "chart-square": 1, "chart-triangle": 1, "chart-past": 1, "chart-cross": 1} {
		// Once in each picture, once among the keys.
		if n := len(byClass(doc, class)); n != 2+keys {
			t.Errorf("%d times %s", n, class)
		}
	}
	for _, svg := range byClass(doc, "chart-picture") {
		if attr(svg, "role") != "img" || attr(svg, "aria-labelledby") != c.ID+"-title" || attr(svg, "aria-describedby") != c.ID+"-sum" {
			t.Error("the picture has no name or no description")
		}
	}
}

func TestBandIsNamedAndDashed(t *testing.T) {
	s := testShell(lang.Es)
	for _, c := range []struct {
		band  ChartBand
		edges int
	}{{ChartBand{ptr(70), ptr(99), "70 – 99"}, 2}, {ChartBand{nil, ptr(99), "<99"}, 1}, {ChartBand{ptr(70), nil, ">70"}, 1}} {
		spec := trend(60, 80, 120)
		spec.Bands = []ChartBand{c.band}
		_, doc := draw(t, Chart(s, spec))
		texts := byClass(doc, "chart-band-text")
		if len(texts) != 2 || words(texts[0]) != "En rango: "+c.band.Label {
			t.Errorf("%s: %d names", c.band.Label, len(texts))
		}
		if n := len(byClass(doc, "chart-limit")); n != 2*c.edges {
			t.Errorf("%s: %d edges in two pictures", c.band.Label, n)
		}
	}
}

func TestFewValuesAllHaveTheirNumber(t *testing.T) {
	for _, p := range drawn(testShell(lang.En), styleSugar(testShell(lang.En))) {
		if len(p.labels) != labelAll {
			t.Errorf("%d of %d values have a number at %g units", len(p.labels), labelAll, p.w)
		}
	}
}

// A number stands beside its mark and not on the line, the lowest one too.
func TestNumbersKeepOffTheLine(t *testing.T) {
	valley := trend(7.2, 6.9, 6.1, 5.4, 4.9, 4.2, 4.6, 5.1, 5.9, 6.6, 7.0, 6.8)
	steep := trend(140, 62, 150)
	flat := trend(80, 81, 80, 79, 80)
	high := trend(4, 5, 9, 6, 5)
	for name, c := range map[string]ChartSpec{"valley": valley, "steep": steep, "flat": flat, "high": high, "sugar": styleSugar(testShell(lang.En))} {
		lines := c.lines()
		for _, p := range drawn(testShell(lang.En), c) {
			k := domain(lines, c.Bands)
			k.left, k.span, k.top, k.depth = p.left+14, p.right-p.left-28, p.top, p.bottom-p.top
			for _, l := range p.labels {
				b := textBox(l.x-textWidth(l.text)/2, l.y, textWidth(l.text))
				for _, s := range stretches(lines, k) {
					if s.crosses(b) {
						t.Errorf("%s at %g units: %s stands on the line", name, p.w, l.text)
					}
				}
			}
			lo, _ := extremes(lines[0].all)
			if !slices.ContainsFunc(p.labels, func(l placed) bool { return l.text == c.text(lines[0].all[lo]) }) {
				t.Errorf("%s at %g units: the lowest value has no number", name, p.w)
			}
		}
	}
}

func BenchmarkChart10000(b *testing.B) {
	s, c := testShell(lang.En), hardCharts()["many"]
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := Chart(s, c).Render(b.Context(), &out); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len()), "bytes")
	}
}
