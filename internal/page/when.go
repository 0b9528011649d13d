package page

import (
	"strconv"

	"portico/internal/fhir"
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

// Day writes the day of a moment, as precise as it came.
func (s Shell) Day(w fhir.When) string {
	if w.Text == "" || w.Time.IsZero() || w.Day() {
		return s.When(w)
	}
	return s.Date(w.Time)
}
