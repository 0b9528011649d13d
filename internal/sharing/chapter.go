package sharing

import (
	"cmp"
	"slices"
	"strings"

	"portico/internal/explain"
	"portico/internal/page"
	"portico/internal/record"
)

// chapter is one section of a copy for reading: a table in words.
type chapter struct {
	Section record.Section
	Title   string
	Columns []column
	Rows    []line
	Items   []item
}

// column has a heading and its part of the width.
type column struct {
	Title string
	Share float64
}

// line is one row of a table. Of is what it shows; in the line of a part of a
// value, Measure is that part.
type line struct {
	Cells   []string
	Of      *item
	Measure *record.Measure
	Panel   *item // what it is a member of
}

// measured are the sections of values.
var measured = []record.Section{record.Results, record.Vitals, record.Social}

// chapter writes a section for reading.
func (w words) chapter(section record.Section, items []item) chapter {
	c := chapter{Section: section, Title: w.section(section), Items: items}
	shape := w.event
	switch {
	case slices.Contains(measured, section):
		shape = w.measure
		c.Columns = w.columns("date", 17, "test", 28, "result", 22, "range", 17, "note", 16)
	case slices.Contains(standing, section):
		shape = w.standing
		c.Columns = w.columns("what", 30, "details", 27, "since", 15, "until", 14, "state", 14)
	default:
		c.Columns = w.columns("date", 17, "what", 31, "details", 22, "who", 18, "state", 12)
	}
	var add func(items []item, under *item)
	add = func(items []item, under *item) {
		for i := range items {
			c.Rows = append(c.Rows, shape(&items[i], under)...)
			add(items[i].Members, &items[i])
		}
	}
	add(items, nil)
	return c
}

// columns makes columns of pairs of name and share in percent.
func (w words) columns(pairs ...any) []column {
	var out []column
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, column{w.t("sharing.column." + pairs[i].(string)), float64(pairs[i+1].(int)) / 100})
	}
	return out
}

// named gives a title, or says that there is none; a member follows a dash.
func (w words) named(title string, member bool) string {
	if title == "" {
		title = w.t("sharing.untitled")
	}
	if member {
		return "– " + title
	}
	return title
}

// test names a test in plain words where there are some, with the name it was
// sent by, which a clinician knows.
func (w words) test(m record.Measure, member bool) string {
	title := m.Title
	if e, ok := explain.Lookup(m.Code, string(w.l)); ok && m.System == loinc && !strings.EqualFold(e.Name, title) {
		title = e.Name
		if m.Title != "" {
			title += " (" + m.Title + ")"
		}
	}
	return w.named(title, member)
}

// loinc is the code system by which explain knows tests.
const loinc = "http://loinc.org"

func (w words) measure(i *item, under *item) []line {
	out := []line{{Of: i, Panel: under, Cells: []string{w.moment(i.At, true), w.test(i.Measure, under != nil), cmp.Or(w.value(i.Measure), w.absent(i)), w.bounds(i.Measure),
		joined(", ", w.flag(i.Measure), w.unusual(i.Status))}}}
	for n := range i.Parts {
		p := &i.Parts[n]
		out = append(out, line{Of: i, Measure: p, Panel: i, Cells: []string{"", w.test(*p, true), w.value(*p), w.bounds(*p), w.flag(*p)}})
	}
	return out
}

// absent says why a value was not sent, "" where the sender did not.
func (w words) absent(i *item) string {
	if i.Kind != "Observation" || i.State == "" {
		return ""
	}
	return w.t("records.novalue", page.Absent(page.Shell{Lang: w.l}, i.State))
}

func (w words) standing(i *item, under *item) []line {
	state := w.state(i.State, i.Status)
	if i.Kind == "Observation" { // a wish among plans
		state = w.unusual(i.Status)
	}
	return []line{{Of: i, Panel: under, Cells: []string{w.named(i.Title, under != nil), w.details(i), w.moment(i.At, false), w.until(i.Until), state}}}
}

func (w words) event(i *item, under *item) []line {
	return []line{{Of: i, Panel: under, Cells: []string{w.moment(i.At, i.Section == record.Visits), w.named(i.Title, under != nil), w.details(i), joined(", ", i.Who, i.Place),
		w.state(i.State, i.Status)}}}
}

// details are what stands beside the title: a dose, a reaction, a sum.
func (w words) details(i *item) string {
	text := w.value(i.Measure)
	switch i.Section {
	case record.Allergies:
		return joined(", ", text, w.state(i.Flag))
	case record.Immunizations:
		if text != "" {
			return w.t("sharing.lot", text)
		}
	case record.CareTeam, record.Plans, record.Medications, record.Insurance:
		return joined("; ", text, i.Who)
	}
	return text
}

// sections names sections in a sentence.
func (w words) sections(of []record.Section) string {
	var names []string
	for _, s := range of {
		names = append(names, w.section(s))
	}
	return strings.Join(names, ", ")
}
