package ccda

import (
	"cmp"
	"strconv"
)

// kind is what a section of a CCD is written as.
type kind struct {
	name, root, version string
	code                Code
	required            bool
	entry               func(w *writer, lines []Line, first int) // lines that belong together
	grouped             bool
}

func loinc(code, display string) Code { return Code{code, "2.16.840.1.113883.6.1", display} }

func snomed(code, display string) Code { return Code{code, "2.16.840.1.113883.6.96", display} }

// kinds are the sections in the order they are written in.
var kinds = []kind{
	{"allergies", "2.16.840.1.113883.10.20.22.2.6.1", "2015-08-01", loinc("48765-2", "Allergies"), true, (*writer).allergy, false},
	{"medications", "2.16.840.1.113883.10.20.22.2.1.1", "2014-06-09", loinc("10160-0", "Medications"), true, (*writer).medication, false},
	{"problems", "2.16.840.1.113883.10.20.22.2.5.1", "2015-08-01", loinc("11450-4", "Problems"), true, (*writer).problem, false},
	{"results", "2.16.840.1.113883.10.20.22.2.3.1", "2015-08-01", loinc("30954-2", "Results"), true, (*writer).results, true},
	{"vitals", "2.16.840.1.113883.10.20.22.2.4.1", "2015-08-01", loinc("8716-3", "Vital signs"), true, (*writer).vitals, true},
	{"social", "2.16.840.1.113883.10.20.22.2.17", "2015-08-01", loinc("29762-2", "Social history"), true, (*writer).social, false},
	{"procedures", "2.16.840.1.113883.10.20.22.2.7.1", "2014-06-09", loinc("47519-4", "Procedures"), false, (*writer).procedure, false},
	{"immunizations", "2.16.840.1.113883.10.20.22.2.2.1", "2015-08-01", loinc("11369-6", "Immunizations"), false, (*writer).immunization, false},
	{"encounters", "2.16.840.1.113883.10.20.22.2.22.1", "2015-08-01", loinc("46240-8", "Encounters"), false, (*writer).encounter, false},
	{"plan", "2.16.840.1.113883.10.20.22.2.10", "2014-06-09", loinc("18776-5", "Plan of treatment"), false, (*writer).plan, false},
}

func (w *writer) parts(c CCD) {
	all := []Part{c.Allergies, c.Medications, c.Problems, c.Results, c.Vitals, c.Social, c.Procedures, c.Immunizations, c.Encounters, c.Plan}
	for i, p := range all {
		if kinds[i].required || p.Title != "" || len(p.Rows) > 0 {
			w.in("component", nil, func() { w.part(kinds[i], p) })
		}
	}
}

func (w *writer) part(k kind, p Part) {
	none := ""
	if len(p.Rows) == 0 {
		none = "NI"
	}
	w.in("section", attrs{"nullFlavor", none}, func() {
		w.template(k.root, k.version)
		w.code("code", "", k.code)
		w.say("title", cmp.Or(p.Title, k.code.Display))
		w.in("text", nil, func() { w.narrative(k, p) })
		for i := 0; i < len(p.Rows); {
			n := together(k, p.Rows[i:])
			k.entry(w, p.Rows[i:i+n], i)
			i += n
		}
	})
}

// together is how many of the first lines make one entry.
func together(k kind, lines []Line) int {
	group := lines[0].Entry.Group
	for n := range lines {
		if n > 0 && (!k.grouped || group == "" || lines[n].Entry.Group != group) {
			return n
		}
	}
	return len(lines)
}

func (w *writer) narrative(k kind, p Part) {
	if len(p.Rows) == 0 {
		w.say("paragraph", cmp.Or(p.Empty, "No information."))
		return
	}
	w.in("table", nil, func() {
		if len(p.Columns) > 0 {
			w.in("thead", nil, func() {
				w.in("tr", nil, func() {
					for _, c := range p.Columns {
						w.lines("th", c)
					}
				})
			})
		}
		w.in("tbody", nil, func() {
			for i, line := range p.Rows {
				w.in("tr", attrs{"ID", anchor(k, i)}, func() {
					for _, c := range line.Cells {
						w.lines("td", c)
					}
				})
			}
		})
	})
}

// anchor is the name of a row, by which its entry points at it.
func anchor(k kind, i int) string { return k.name + "-" + strconv.Itoa(i+1) }

func (w *writer) text(kind string, i int) {
	w.in("text", nil, func() { w.empty("reference", attrs{"value", "#" + kind + "-" + strconv.Itoa(i+1)}) })
}

// subject is what the line is about, in the words of its first cell if there is
// no code.
func (l Line) subject() Code {
	c := l.Entry.Code
	if c.Display == "" && len(l.Cells) > 0 {
		c.Display = l.Cells[0]
	}
	return c
}

var states = map[string]bool{"active": true, "completed": true, "aborted": true, "suspended": true, "cancelled": true, "held": true, "new": true}

// state writes a status of the HL7 vocabulary ActStatus.
func (w *writer) state(given, usual string) {
	if !states[given] {
		given = usual
	}
	w.empty("statusCode", attrs{"code", given})
}
