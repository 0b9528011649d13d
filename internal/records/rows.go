package records

import (
	"cmp"
	"slices"
	"strings"

	"portico/internal/explain"
	"portico/internal/fhir"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/ucum"
)

// title is what a row is called: a measurement by its plain name where we have one.
func title(s page.Shell, r record.Row) string {
	if r.System == loinc && r.Title != "" && r.Kind == "Observation" {
		if e, ok := explain.Lookup(r.Code, string(s.Lang)); ok {
			return e.Name
		}
	}
	if p, ok := explain.PanelOf(r.Code, string(s.Lang)); ok && r.System == loinc && r.Title != "" && r.Kind == "DiagnosticReport" {
		return p.Name
	}
	switch {
	case r.Title != "":
		return r.Title
	case r.Held:
		return s.T("records.held.title")
	case r.Section == record.CareTeam:
		return sectionName(s.Lang, r.Section)
	}
	return s.T("records.unnamed")
}

// veiled tells of a result that the results pages show only to who chooses to see
// it; a list of this room never says its value.
func veiled(r record.Row) bool { return r.Section == record.Results && r.Sensitive }

// named is how a row's title is written: as our texts call it, or in the sender's
// words, which are in the language of tag.
func named(s page.Shell, r record.Row) (text string, sent bool) {
	text = title(s, r)
	return text, text == r.Title
}

// tagged is tag for the sender's words, "" for ours.
func tagged(tag string, sent bool) string {
	if sent {
		return tag
	}
	return ""
}

// line is what a list says of a row beside its title: the value first, then when
// and who.
func line(s page.Shell, r record.Row, parts []record.Measure) string {
	said, rest := spoken(s, r, parts)
	return joined(" · ", said, rest)
}

// spoken is line in two: what the sender says in words, and the rest, with values.
func spoken(s page.Shell, r record.Row, parts []record.Measure) (said, rest string) {
	if r.Held {
		return "", s.T("records.held", s.Moment(r.ReleaseAt))
	}
	if veiled(r) {
		return "", s.T("records.veiled")
	}
	v := value(s, r, parts)
	switch {
	case v == "" && r.Kind == "Observation" && r.State != "":
		v = s.T("records.novalue", page.Absent(s, r.State))
	case worded(s, r):
		said, v = page.Brief(v), ""
	case v != "" && r.Section == record.Insurance:
		v = s.T("records.fact.member_id") + " " + v
	}
	return said, joined(" · ", v, dates(s, r), r.Who)
}

// worded tells that a row's value is the sender's words: no number, nothing that our
// texts have words for.
func worded(s page.Shell, r record.Row) bool {
	switch {
	case r.Value == "" || r.Section == record.Insurance || r.Section == record.Devices:
		return false
	case r.Kind == "Observation":
		return r.Num == "" && r.Unit == "" && said(s, r.Shown()) == r.Shown()
	}
	return true
}

// joined joins what is not empty.
func joined(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), by)
}

// value writes what was measured, or what a row says in short.
func value(s page.Shell, r record.Row, parts []record.Measure) string {
	if r.Value != "" {
		if r.Kind == "Observation" {
			return strings.TrimSpace(r.Comparator + said(s, r.Shown()) + " " + unit(s, r.Measure))
		}
		if r.Section == record.Immunizations {
			return "" // a lot number is for the page of the item
		}
		return r.Value
	}
	var out []string
	for _, p := range parts {
		if p.Value != "" {
			out = append(out, plainName(s, p)+": "+strings.TrimSpace(p.Comparator+said(s, p.Shown())+" "+unit(s, p)))
		}
	}
	return strings.Join(out, ", ")
}

// unit writes a unit for people: "36.7 °C", not "Cel".
func unit(s page.Shell, m record.Measure) string {
	if m.UnitCode == "" {
		return m.Unit
	}
	short, _ := ucum.Words(m.UnitCode, string(s.Lang))
	return short
}

// dates writes since when, or from when to when.
func dates(s page.Shell, r record.Row) string {
	from := s.Day(r.At)
	if r.Until == "" {
		if from != "" && (r.Section == record.Conditions || r.Status == "active" && slices.Contains(lasting, r.Section)) {
			return s.T("records.since", s.TheDay(r.At))
		}
		return from
	}
	until := fhir.At(r.Until)
	switch to := s.Day(until); {
	case from == "" && to == "", from == to:
		return from
	case from == "":
		return s.T("records.until", s.TheDay(until))
	}
	return s.T("records.from_to", s.TheDay(r.At), s.TheDay(until))
}

// lasting are the sections of what goes on from its date while it is active. A
// medicine's date is the day it was ordered.
var lasting = []record.Section{record.CareTeam, record.Plans, record.Insurance}

// listing is a list of rows to be drawn.
type listing struct {
	Found
	Mixed bool   // of several sections: it says of each what it is
	Of    string // of one visit, on that day: it says of each what is out of range, and no day that is this
}

// rowsOf makes the lines of a list.
func rowsOf(s page.Shell, l listing) []page.Row {
	var out []page.Row
	tag := s.Written("")
	for _, r := range l.Rows {
		row := page.Row{Href: itemPath(r), Lang: tag, Tag: status(s, r), TagTone: tone(r)}
		row.Title, row.Named = named(s, r)
		if l.Of != "" && s.Day(r.At) == l.Of && (r.Until == "" || s.Day(fhir.At(r.Until)) == l.Of) {
			r.At, r.Until = fhir.When{}, ""
		}
		row.Said, row.Text = spoken(s, r, l.Parts[r.ID])
		if r.Kind == "Observation" && r.Status == "final" {
			row.Tag = "" // as nearly all are
		}
		if r.Held {
			row.Icon = "lock"
		}
		row.Text = joined(" · ", row.Text, l.runs[r.ID].again(s))
		if l.Mixed {
			row.Icon = icons[r.Section]
			row.Text = joined(" · ", sectionName(s.Lang, r.Section), row.Text)
		}
		if l.Mixed || l.Of != "" {
			row.Tag = ""
			if r.Abnormal && !r.Held && !veiled(r) {
				row.Tag, row.TagTone = s.T("records.out_of_range"), page.Warn
			}
		}
		out = append(out, row)
	}
	return out
}

// gathering is what one section has of a visit.
type gathering struct {
	Section record.Section
	Rows    []page.Row
}

// gathered is what belongs to a visit, by section.
func gathered(s page.Shell, it Item) []gathering {
	var out []gathering
	day := s.Day(it.Row.At)
	if day == "" {
		day = "-" // what has no day repeats none
	}
	for _, sec := range record.Sections {
		var rows []record.Row
		for _, r := range it.Within {
			if r.Section == sec {
				rows = append(rows, r)
			}
		}
		if len(rows) > 0 {
			out = append(out, gathering{sec, rowsOf(s, listing{Found: Found{Rows: rows}, Of: day})})
		}
	}
	return out
}

// shots are the columns and rows of the immunization record. A column that nobody
// filled is left out: on paper it would look as if it had been forgotten.
func shots(s page.Shell, all []record.Row) (columns []page.Column, rows [][]page.Cell) {
	columns = []page.Column{{Text: s.T("records.print.vaccine")}, {Text: s.T("records.print.day")}}
	has := func(get func(record.Row) string) bool {
		return slices.ContainsFunc(all, func(r record.Row) bool { return get(r) != "" })
	}
	var more []func(record.Row) string
	for _, c := range []struct {
		key string
		get func(record.Row) string
	}{{"records.fact.lot", func(r record.Row) string { return r.Value }}, {"records.fact.who", func(r record.Row) string { return r.Who }}} {
		if has(c.get) {
			columns, more = append(columns, page.Column{Text: s.T(c.key)}), append(more, c.get)
		}
	}
	tag := s.Written("")
	for _, r := range all {
		text, sent := named(s, r)
		row := []page.Cell{{Text: text, Lang: tagged(tag, sent)}, {Text: cmp.Or(s.Day(r.At), s.T("page.none"))}}
		for _, get := range more {
			row = append(row, page.Cell{Text: cmp.Or(get(r), s.T("page.none"))})
		}
		rows = append(rows, row)
	}
	return columns, rows
}

// plainName is what a part of a value is called.
func plainName(s page.Shell, m record.Measure) string {
	if e, ok := explain.Lookup(m.Code, string(s.Lang)); ok && m.System == loinc {
		return e.Name
	}
	return m.Title
}
