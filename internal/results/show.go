package results

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"portico/internal/explain"
	"portico/internal/fhir"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/ucum"
)

// drawnAt is where a moment stands in a chart: a day without a time at its noon,
// so that no zone moves it to the day before.
func drawnAt(s page.Shell, w fhir.When) time.Time {
	if !w.Day() || s.Clinic == nil || s.Clinic.Zone == nil {
		return w.Time
	}
	y, m, d := w.Time.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, s.Clinic.Zone)
}

// name is what a result is called; one that came without a name is called so.
func name(s page.Shell, r record.Row) string {
	if n := called(s.Lang, r.System, r.Code, r.Title); n != "" {
		return n
	}
	if r.Held {
		return s.T("results.held.title")
	}
	return s.T("results.unnamed")
}

// called is the everyday name of what a sender calls title, else title itself.
func called(l lang.Lang, system, code, title string) string {
	if n := plain(l, system, code); n != "" && title != "" {
		return n
	}
	return title
}

// tongue is the language to mark a name with: that of records where it is title, which
// their sender gave.
func tongue(s page.Shell, name, title string) string {
	if name == title && name != "" {
		return s.Written("")
	}
	return ""
}

// letters tells values in words from numbers.
var letters = regexp.MustCompile(`\pL{3}`)

// plain is the everyday name of a test or a panel, "" for one that has none.
func plain(l lang.Lang, system, code string) string {
	if system != "http://loinc.org" {
		return ""
	}
	return explain.Named(code, string(l))
}

// about explains a test, as far as this value asks for it: what a high value can
// come with is nothing to read beside one that is in range.
func about(s page.Shell, r record.Row) (e explain.Entry, ok bool) {
	if r.System != "http://loinc.org" {
		return e, false
	}
	if e, ok = explain.Lookup(r.Code, string(s.Lang)); !ok {
		return e, false
	}
	switch v := verdict(r.Measure); v.Icon {
	case "arrow-up", "arrow-down", "triangle-alert":
		if v.Key == "results.flag.high" || v.Key == "results.flag.very_high" {
			e.Low = ""
		} else {
			e.High = ""
		}
	default:
		e.High, e.Low = "", ""
	}
	return e, true
}

func group(s page.Shell, g string) string {
	switch g {
	case record.Laboratory, record.Imaging, record.Pathology, record.Microbiology:
		return s.T("results.group." + g)
	}
	return s.T("results.group.other")
}

// word is a verdict in words.
func (v Verdict) word(s page.Shell) string {
	if v.Raw != "" {
		return s.T(v.Key, v.Raw)
	}
	if v.Count > 0 {
		return s.T(v.Key, v.Count)
	}
	return s.T(v.Key)
}

// Brief is a value with its verdict in a few words, for lists of other rooms: "6.4 %
// (High)"; without a value, how the result stands.
func Brief(s page.Shell, r record.Row) (text string, tone page.Tone) {
	v := verdict(r.Measure)
	switch text = valued(s, r.Measure); {
	case text == "" && r.Status != "":
		return statusWord(s, r.Status), page.Plain
	case v.Key == "" || v.Key == "results.flag.in":
		return text, page.Plain
	}
	return text + " (" + v.word(s) + ")", v.Tone
}

// brief is a value for a list: of one in words, as the conclusion of a report, its
// beginning. What it says in full is on its page.
func brief(m record.Measure) record.Measure {
	m.Value = page.Brief(m.Value)
	return m
}

// tabled leaves out the parts of a value that are drawn instead.
func tabled(parts []record.Measure) []record.Measure {
	return slices.DeleteFunc(slices.Clone(parts), func(m record.Measure) bool { return m.Value == record.Recording })
}

// traces are the pictures of what a device recorded.
func traces(s page.Shell, all []record.Recorded) (out []page.TraceSpec) {
	for i, r := range all {
		out = append(out, page.TraceSpec{ID: "trace-" + strconv.Itoa(i), Title: called(s.Lang, r.System, r.Code, r.Title), Unit: r.Sampled.Unit, Period: r.Period, Lines: r.Lines, Lost: r.Lost})
	}
	return out
}

// says tells in a sentence how the value stands to its range.
func says(s page.Shell, m record.Measure) string {
	v := verdict(m)
	unflagged := m
	unflagged.Flag = ""
	own := verdict(unflagged)
	limits := m.Low != "" || m.High != ""
	switch v.Key {
	case "results.flag.in", "results.flag.high", "results.flag.low", "results.flag.very_high", "results.flag.very_low":
		if own.Key != "" && (own.Key == v.Key || own.Icon == "arrow-up" && v.Key == "results.flag.very_high" || own.Icon == "arrow-down" && v.Key == "results.flag.very_low") {
			return s.T("results.say." + v.Key[len("results.flag."):])
		}
		return s.T("results.say.marked", v.word(s))
	case "results.flag.raw":
		return s.T("results.say.raw", v.Raw)
	case "":
		if m.Num != "" && !limits && m.Range == "" {
			return s.T("results.say.norange")
		}
		return ""
	case "results.flag.outside", "results.flag.far_outside":
		return s.T("results.say.marked", v.word(s))
	}
	return ""
}

// since compares a result with the one before it in the same unit, "" if there
// is none.
func since(s page.Shell, o Opened) string {
	if len(o.Parts) > 0 {
		return ""
	}
	for _, c := range o.History.Curves {
		i := slices.IndexFunc(c.Points, func(d Drawn) bool { return d.ID == o.ID })
		if i < 0 || i+1 == len(c.Points) || c.Points[i].Comparator != "" {
			continue
		}
		now, before := c.Points[i], c.Points[i+1]
		// In the unit of this result, so that the two can be compared.
		then, ok := before.Label, c.Code == unitKey(o.UnitCode, o.Unit)
		if !ok {
			then, ok = ucum.Convert(then, c.Code, unitKey(o.UnitCode, o.Unit))
		}
		if before.Comparator != "" || !ok {
			return ""
		}
		key := "results.since.same"
		if now.Value > before.Value {
			key = "results.since.up"
		} else if now.Value < before.Value {
			key = "results.since.down"
		}
		return s.T(key, valued(s, record.Measure{Value: then, Unit: o.Unit, UnitCode: o.UnitCode, Low: o.Low, High: o.High}), s.Day(before.At))
	}
	return ""
}

// bar draws a value beside its range; one without limits draws nothing.
func bar(s page.Shell, id string, m record.Measure) page.RangeSpec {
	v, err := strconv.ParseFloat(drawable(m), 64)
	if err != nil {
		return page.RangeSpec{ID: id}
	}
	return page.RangeSpec{ID: id, Value: v, Text: valued(s, m), Comparator: m.Comparator, Low: limit(m.Low), High: limit(m.High), LowText: record.Legible(m.Low), HighText: record.Legible(m.High), Tone: warns(verdict(m).Tone)}
}

// size is how large a file is, for people.
func size(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// warns keeps of a tone what marks a value as out of range.
func warns(t page.Tone) page.Tone {
	if t == page.Warn || t == page.Bad {
		return t
	}
	return ""
}
