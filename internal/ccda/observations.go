package ccda

import (
	"cmp"
	"regexp"
	"strings"
)

var decimal = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// quantity tells whether v is a number with a unit that a PQ can hold, and the
// unit: "1" where there is none (UCUM). A unit with blanks is not UCUM.
func (v Value) quantity() (unit string, ok bool) {
	return cmp.Or(v.Unit, "1"), decimal.MatchString(v.Number) && !strings.ContainsAny(v.Unit, " \t\r\n")
}

// words is the value for people.
func (v Value) words() string {
	return strings.TrimSpace(v.Compare + v.Number + " " + v.Unit + " " + v.Text)
}

func (w *writer) value(v Value) {
	unit, ok := v.quantity()
	switch {
	case ok && v.Compare == "":
		w.empty("value", attrs{"xsi:type", "PQ", "value", v.Number, "unit", unit})
	case ok:
		end := "high"
		if strings.HasPrefix(v.Compare, ">") {
			end = "low"
		}
		open := "true"
		if !strings.HasSuffix(v.Compare, "=") {
			open = "false"
		}
		w.in("value", attrs{"xsi:type", "IVL_PQ"}, func() {
			w.empty(end, attrs{"value", v.Number, "unit", unit, "inclusive", open})
		})
	case v.Code != (Code{}):
		w.code("value", "CD", v.Code)
	case v.words() != "":
		w.tell("value", attrs{"xsi:type", "ST"}, v.words())
	default:
		w.empty("value", attrs{"xsi:type", "ST", "nullFlavor", "UNK"})
	}
}

func (w *writer) flag(v Value) {
	if v.Flag != "" && !strings.ContainsAny(v.Flag, " \t\r\n") {
		w.empty("interpretationCode", attrs{"code", v.Flag, "codeSystem", "2.16.840.1.113883.5.83"})
	}
}

// reference writes the reference range.
func (w *writer) reference(v Value) {
	unit, ok := Value{Number: cmp.Or(v.Low, v.High), Unit: v.Unit}.quantity()
	if v.Range == "" && !ok {
		return
	}
	w.in("referenceRange", nil, func() {
		w.in("observationRange", nil, func() {
			w.say("text", v.Range)
			if !ok {
				return
			}
			w.in("value", attrs{"xsi:type", "IVL_PQ"}, func() {
				if decimal.MatchString(v.Low) {
					w.empty("low", attrs{"value", v.Low, "unit", unit})
				}
				if decimal.MatchString(v.High) {
					w.empty("high", attrs{"value", v.High, "unit", unit})
				}
			})
		})
	})
}

// observation writes one result or vital sign of a group.
func (w *writer) observation(kind, root, version string, l Line, i int) {
	e := l.Entry
	w.in("component", nil, func() {
		w.in("observation", observed, func() {
			w.template(root, version)
			w.id(e.ID)
			w.code("code", "", l.subject())
			w.text(kind, i)
			w.state(e.State, "completed")
			w.at("effectiveTime", e.When.Low)
			if _, ok := e.Value.quantity(); kind == "vitals" && !ok { // only numbers here
				w.empty("value", attrs{"xsi:type", "PQ", "nullFlavor", "OTH"})
			} else {
				w.value(e.Value)
			}
			w.flag(e.Value)
			if kind == "results" {
				w.reference(e.Value)
			}
		})
	})
}

func (w *writer) results(lines []Line, i int) {
	first := lines[0].Entry
	w.entry(func() {
		w.in("organizer", attrs{"classCode", "BATTERY", "moodCode", "EVN"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.1", "2015-08-01")
			w.id(ID{})
			panel := first.Panel
			if panel == (Code{}) {
				panel = lines[0].subject()
			}
			w.code("code", "", panel)
			w.state(first.State, "completed")
			for n, l := range lines {
				w.observation("results", "2.16.840.1.113883.10.20.22.4.2", "2015-08-01", l, i+n)
			}
		})
	})
}

func (w *writer) vitals(lines []Line, i int) {
	w.entry(func() {
		w.in("organizer", attrs{"classCode", "CLUSTER", "moodCode", "EVN"}, func() {
			w.template("2.16.840.1.113883.10.20.22.4.26", "2015-08-01")
			w.id(ID{})
			w.in("code", attrs{"code", "46680005", "codeSystem", "2.16.840.1.113883.6.96", "displayName", "Vital signs"}, func() {
				w.code("translation", "", loinc("74728-7", "Vital signs"))
			})
			w.empty("statusCode", attrs{"code", "completed"})
			w.at("effectiveTime", lines[0].Entry.When.Low)
			for n, l := range lines {
				w.observation("vitals", "2.16.840.1.113883.10.20.22.4.27", "2014-06-09", l, i+n)
			}
		})
	})
}

// smoking is the code of "tobacco smoking status", which has a template of its
// own.
const smoking = "72166-2"

func (w *writer) social(lines []Line, i int) {
	l, e := lines[0], lines[0].Entry
	w.entry(func() {
		w.in("observation", observed, func() {
			if e.Code.Code == smoking {
				w.template("2.16.840.1.113883.10.20.22.4.78", "2014-06-09")
			} else {
				w.template("2.16.840.1.113883.10.20.22.4.38", "2015-08-01")
			}
			w.id(e.ID)
			w.code("code", "", l.subject())
			w.text("social", i)
			w.empty("statusCode", attrs{"code", "completed"})
			if e.Code.Code == smoking { // a look at one moment (R2.1, 3.99)
				w.at("effectiveTime", e.When.Low)
			} else {
				w.period(e.When)
			}
			w.value(e.Value)
		})
	})
}
