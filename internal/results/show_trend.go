package results

import (
	"cmp"
	"slices"
	"strconv"

	"portico/internal/page"
	"portico/internal/record"
)

// charts draws a test over time: the parts of one value in one unit together,
// each other unit by itself. A single value is no trend.
func charts(s page.Shell, o Opened) []page.ChartSpec {
	cs := o.History.Curves
	if len(cs) == 2 && cs[0].Code == cs[1].Code && cs[0].Title != cs[1].Title {
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
	spec := page.ChartSpec{ID: "trend-" + strconv.Itoa(n), Title: name(s, o.Row), Unit: unit(s, record.Measure{Unit: cs[0].Unit, UnitCode: cs[0].Code}), Spoken: spoken(cs[0].Code, string(s.Lang)),
		Sub: n == 0 && len(cs[0].Title) == 0, Write: func(label string) string { return record.Legible(label) }}
	for i, c := range cs {
		line := page.ChartSeries{Name: c.Title, Points: make([]page.ChartPoint, len(c.Points))}
		if i > 0 {
			line.Shape = page.Square
		}
		for j := range c.Points {
			line.Points[j] = point(s, &c.Points[j])
		}
		spec.Series = append(spec.Series, line)
	}
	if len(cs) == 1 && len(o.Parts) == 0 {
		spec.Bands = bands(s, o, cs[0])
	}
	return spec
}

// bands is the range of the newest value that is listed and stands on the line;
// former ones stand in the table beside theirs. A history's later pages draw no
// chart, so that value is on the page.
func bands(s page.Shell, o Opened, c Curve) []page.ChartBand {
	for _, r := range o.History.Rows {
		if r.ID == c.Points[0].ID && (r.Low != "" || r.High != "") {
			return []page.ChartBand{{Low: limit(r.Low), High: limit(r.High), Label: rangeOf(s, r.Measure)}}
		}
	}
	return nil
}

func point(s page.Shell, p *Drawn) page.ChartPoint {
	out := page.ChartPoint{At: drawnAt(s, p.At), Value: p.Value, Label: p.Label, Comparator: p.Comparator}
	if p.Abnormal {
		out.Tone = page.Warn
	}
	return out
}

// recent is how many values the page of one result lists; the history has all.
const recent = 10

// perHistory is how many values a page of a history lists.
const perHistory = 100

// values is a table of a test's values, newest first.
func values(s page.Shell, id string, rows []record.Row) page.TableSpec {
	t := page.TableSpec{ID: id, Caption: s.T("results.values"), HideCaption: true, Columns: []page.Column{{Text: s.T("results.date")}, {Text: s.T("results.value")}}}
	ranged := slices.ContainsFunc(rows, func(r record.Row) bool { return rangeOf(s, r.Measure) != "" })
	if ranged {
		t.Columns = append(t.Columns, page.Column{Text: s.T("results.range")})
	}
	for _, p := range rows {
		cells := []page.Cell{{Text: s.When(p.At), Href: pathOf(p)}, {Part: said(s, p.Measure, p.Status)}}
		if ranged {
			cells = append(cells, page.Cell{Text: cmp.Or(rangeOf(s, p.Measure), s.T("results.range.none"))})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// pathOf is where a value has its page; a weight's is in the record.
func pathOf(r record.Row) string {
	return page.Pick(r.Section == record.Results, "/results/", "/records/item/") + string(r.ID)
}
