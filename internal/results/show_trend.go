package results

import (
	"strconv"

	"portico/internal/page"
	"portico/internal/record"
)

// charts draws a test over time: the parts of one value in one unit together,
// each other unit by itself. A single value is no trend.
func charts(s page.Shell, o Opened) []page.ChartSpec {
	cs := o.History.Curves
	if len(cs) == 2 && cs[0].Unit == cs[1].Unit && cs[0].Title != cs[1].Title {
		if len(cs[0].Points)+len(cs[1].Points) < 3 {
			return nil
		}
		return []page.ChartSpec{chartOf(s, o, 0, cs...)}
	}
	var out []page.ChartSpec
	for i, c := range cs {
		if len(c.Points) > 1 {
			out = append(out, chartOf(s, o, i, c))
		}
	}
	return out
}

func chartOf(s page.Shell, o Opened, n int, cs ...Curve) page.ChartSpec {
	spec := page.ChartSpec{ID: "trend-" + strconv.Itoa(n), Title: name(s, o.Row), Unit: cs[0].Unit, Sub: n == 0 && len(cs[0].Title) == 0}
	for i, c := range cs {
		line := page.ChartSeries{Name: c.Title, Points: make([]page.ChartPoint, len(c.Points))}
		if i > 0 {
			line.Shape = page.Square
		}
		for j, p := range c.Points {
			line.Points[j] = point(s, p)
		}
		spec.Series = append(spec.Series, line)
	}
	// The newest value's range; former ones stand in the table beside theirs.
	m := cs[0].Points[0].Measure
	if len(cs) == 1 && (m.Low != "" || m.High != "") {
		spec.Bands = []page.ChartBand{{Low: limit(m.Low), High: limit(m.High), Label: rangeOf(s, m)}}
	}
	return spec
}

func point(s page.Shell, p record.Point) page.ChartPoint {
	v, _ := strconv.ParseFloat(drawable(p.Measure), 64) // curves took only numbers
	out := page.ChartPoint{At: drawnAt(s, p.At), Value: v, Label: p.Value, Comparator: p.Comparator}
	if p.Abnormal {
		out.Tone = page.Warn
	}
	return out
}

// recent is how many values the page of one result lists; the history has all.
const recent = 10

// perHistory is how many values a page of a history lists.
const perHistory = 100

func pagesOf(n int) int { return max(1, (n+perHistory-1)/perHistory) }

// values is a table of a test's values, newest first.
func values(s page.Shell, id string, points []record.Point) page.TableSpec {
	t := page.TableSpec{ID: id, Caption: s.T("results.values"), HideCaption: true,
		Columns: []page.Column{{Text: s.T("results.date")}, {Text: s.T("results.value")}, {Text: s.T("results.range")}}}
	for _, p := range points {
		t.Rows = append(t.Rows, []page.Cell{{Text: when(s, p.At), Href: "/results/" + string(p.ID)}, {Part: said(s, p.Measure, p.Status)}, {Text: or(rangeOf(s, p.Measure), s.T("results.range.none"))}})
	}
	return t
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
