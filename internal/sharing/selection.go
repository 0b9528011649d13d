package sharing

import (
	"slices"
	"strings"
	"time"

	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/lang"
	"portico/internal/record"
)

// Format is what kind of file a copy is.
type Format string

const (
	PDF  Format = "pdf"
	Text Format = "text"
	FHIR Format = "fhir" // a bundle of FHIR R4 resources as JSON
	CCD  Format = "ccd"  // a C-CDA Continuity of Care Document
)

// Formats lists them in the order they are offered.
var Formats = []Format{PDF, Text, FHIR, CCD}

// kind tells how a file of a format is sent. The name says nothing about whose
// it is: it ends up in download folders and in other people's lists.
func (f Format) kind() (mime, file string) {
	switch f {
	case Text:
		return "text/plain; charset=utf-8", "health-record.txt"
	case FHIR:
		return "application/fhir+json", "health-record.json"
	case CCD:
		return "application/xml", "health-record.xml"
	}
	return "application/pdf", "health-record.pdf"
}

// Selection is what of a record goes into a copy.
type Selection struct {
	Sections  []record.Section
	From, To  string // days YYYY-MM-DD, both included; "" is open
	Sensitive bool   // what is marked as sensitive too
}

// Order is a copy to be made.
type Order struct {
	Selection
	Format Format
	Lang   lang.Lang
	Name   string // identifies the copy, e.g. in the header of a CCD
	Bare   bool   // attach no files
}

// standing are the sections of what lasts: an illness that began before the
// first day asked for, and goes on, belongs to the time.
var standing = []record.Section{record.Conditions, record.Medications, record.Allergies, record.CareTeam, record.Plans,
	record.Insurance, record.Devices, record.Social, record.Family}

// ccdSections are those a CCD has a place for.
var ccdSections = []record.Section{record.Allergies, record.Medications, record.Conditions, record.Results, record.Vitals, record.Social,
	record.Procedures, record.Immunizations, record.Visits, record.Plans}

// check refuses a choice that cannot be met and puts its sections in order.
func (o *Order) check() error {
	var bad *fault.Fault
	var known []record.Section
	for _, s := range record.Sections {
		if slices.Contains(o.Sections, s) {
			known = append(known, s)
		}
	}
	switch {
	case len(known) == 0:
		bad = bad.And("section", "sharing.ask.section.needed")
	case o.Format == CCD && !slices.ContainsFunc(known, func(s record.Section) bool { return slices.Contains(ccdSections, s) }):
		bad = bad.And("section", "sharing.ask.section.ccd")
	}
	o.Sections = known
	if !slices.Contains(Formats, o.Format) {
		bad = bad.And("format", "sharing.ask.format.needed")
	}
	if o.From != "" && o.To != "" && o.From > o.To {
		bad = bad.And("to", "sharing.ask.dates.order")
	}
	return bad.OrNil()
}

// day reads a day typed in three boxes, "" if all are empty. ok is false if it is
// no day.
func day(d, m, y string) (text string, ok bool) {
	if d == "" && m == "" && y == "" {
		return "", true
	}
	t, err := time.Parse("2006-1-2", y+"-"+strings.TrimLeft(m, "0")+"-"+strings.TrimLeft(d, "0"))
	if err != nil || t.Year() < 1800 {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// covers tells whether a moment, or for what lasts a span, lies within the days
// asked for. What has no date is never left out for its date.
func (o Selection) covers(r record.Row, zone *time.Location) bool {
	first, last := days(r.At, zone)
	if first == "" {
		return true
	}
	if slices.Contains(standing, r.Section) {
		if last = r.Until; last == "" {
			last = "9999-12-31"
		}
	}
	return (o.To == "" || first <= o.To) && (o.From == "" || last >= o.From[:min(len(last), len(o.From))])
}

// days are the first and the last day a moment can mean: a year means any of its
// days. A time of day falls on the clinic's day.
func days(w fhir.When, zone *time.Location) (first, last string) {
	switch {
	case w.Text == "" || w.Time.IsZero():
		return "", ""
	case len(w.Text) == 4:
		return w.Text + "-01-01", w.Text + "-12-31"
	case len(w.Text) == 7:
		return w.Text + "-01", w.Text + "-31"
	case w.Day():
		return w.Text, w.Text
	}
	d := w.Time.In(zone).Format(time.DateOnly)
	return d, d
}

// joined joins what is not empty.
func joined(by string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, by)
}
