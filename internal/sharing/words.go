package sharing

import (
	"strings"
	"time"

	"portico/internal/explain"
	"portico/internal/fhir"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/record"
)

// words writes what stands in a record for people, in one language.
type words struct {
	l    lang.Lang
	zone *time.Location
}

func (w words) t(key string, args ...any) string { return w.l.T(key, args...) }

// section is what a part of the record is called.
func (w words) section(s record.Section) string { return w.t("sharing.section." + string(s)) }

// moment writes a moment as precisely as it is known.
func (w words) moment(m fhir.When, clock bool) string {
	t := m.Time
	switch {
	case m.Text == "" || t.IsZero():
		return ""
	case len(m.Text) == 4:
		return m.Text
	case len(m.Text) == 7:
		return w.t("sharing.month", w.l.Month(t.Month()), t.Year())
	case m.Day():
		return w.l.Date(t)
	case clock:
		return w.l.Moment(t.In(w.zone))
	}
	return w.l.Date(t.In(w.zone))
}

// until writes the end of a span, which rows keep as it was sent.
func (w words) until(text string) string {
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return w.moment(fhir.When{Text: text, Time: t.UTC()}, false)
		}
	}
	return text
}

// day writes a day of the form, "" as an open end.
func (w words) day(text string) string {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return ""
	}
	return w.l.Date(t)
}

// period says which days a copy is about.
func (w words) period(o Selection) string {
	switch {
	case o.From == "" && o.To == "":
		return w.t("sharing.period.all")
	case o.From == "":
		return w.t("sharing.period.to", w.day(o.To))
	case o.To == "":
		return w.t("sharing.period.from", w.day(o.From))
	}
	return w.t("sharing.period.both", w.day(o.From), w.day(o.To))
}

// value writes a value with its unit for people; the copies for programs have it as sent.
func (w words) value(m record.Measure) string {
	v := m.Comparator + page.Shell{Lang: w.l, Clinic: &page.Clinic{Zone: w.zone}}.Dated(m.Shown())
	switch {
	case m.Value == "true":
		v = w.t("sharing.value.yes")
	case m.Value == "false":
		v = w.t("sharing.value.no")
	case m.Value == record.Recording:
		v = w.t("page.trace.word")
	}
	unit := m.UnitIn(string(w.l))
	switch {
	case unit == "" || m.Value == "":
		return v
	case strings.HasPrefix(unit, "%"):
		return v + unit
	}
	return v + " " + unit
}

// bounds writes a reference range in words.
func (w words) bounds(m record.Measure) string {
	low, high := record.Legible(m.Low), record.Legible(m.High)
	switch {
	case m.Range != "":
		return record.Legible(m.Range)
	case low != "" && high != "":
		return w.t("sharing.range.both", low, high)
	case low != "":
		return w.t("sharing.range.low", low)
	case high != "":
		return w.t("sharing.range.high", high)
	}
	return ""
}

// flag says in words how a value was marked.
func (w words) flag(m record.Measure) string {
	if f, ok := explain.Interpretation(m.Flag, string(w.l)); ok {
		return f.Text
	}
	if m.Flag != "" {
		return m.Flag
	}
	if m.Abnormal {
		return w.t("sharing.flag.outside")
	}
	return ""
}

// state says how far something is: in our words where we have them, else as sent.
func (w words) state(codes ...string) string {
	var out []string
	for _, c := range codes {
		if c == "" {
			continue
		}
		if key := "sharing.state." + strings.ToLower(c); lang.Has(key) {
			c = w.t(key)
		} else if word, _, ok := explain.Status(c, string(w.l)); ok {
			c = word
		}
		out = append(out, c)
	}
	return strings.Join(out, ", ")
}

// unusual is the state of a result unless it is the one everybody expects.
func (w words) unusual(status string) string {
	if status == "final" {
		return ""
	}
	return w.state(status)
}
