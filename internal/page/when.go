package page

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"portico/internal/fhir"
	"portico/internal/lang"
)

// When writes a moment as precise as it came: a year, a month, a day, or a day
// with a time in the clinic's zone; "" for none.
func (s Shell) When(w fhir.When) string {
	switch {
	case w.Text == "" || w.Time.IsZero():
		return ""
	case len(w.Text) == 4:
		return w.Text
	case len(w.Text) == 7:
		return s.T("page.month", s.Lang.Month(w.Time.Month()), strconv.Itoa(w.Time.Year()))
	case w.Day():
		return s.Lang.Date(w.Time)
	}
	return s.Moment(w.Time)
}

// dated is a date or a moment as FHIR writes one.
var dated = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}\S*)?$`)

// Dated writes a value that is a date, a moment, or a span of two as people read it;
// any other as it is.
func (s Shell) Dated(value string) string {
	parts := strings.Split(value, " – ")
	for i, p := range parts {
		if dated.MatchString(p) {
			parts[i] = cmp.Or(s.When(fhir.At(p)), p)
		}
	}
	return strings.Join(parts, " – ")
}

// TheDay writes the day of a moment inside a sentence: "desde el 29 de marzo", but
// "desde marzo", for Spanish sets an article before the day of a month alone.
func (s Shell) TheDay(w fhir.When) string {
	if d := s.Day(w); s.Lang == lang.Es && len(w.Text) > len("2006-01") && d != "" {
		return "el " + d
	}
	return s.Day(w)
}

// Day writes the day of a moment, as precise as it came.
func (s Shell) Day(w fhir.When) string {
	if w.Text == "" || w.Time.IsZero() || w.Day() {
		return s.When(w)
	}
	return s.Date(w.Time)
}
