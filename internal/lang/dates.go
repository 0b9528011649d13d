package lang

import (
	"fmt"
	"time"
)

var months = map[Lang][12]string{
	En: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	Es: {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
}

// Month names month 1 to 12.
func (l Lang) Month(m time.Month) string { return months[l][m-1] }

// Date writes a day with the month in words: "April 9, 1962", "9 de abril de 1962".
func (l Lang) Date(t time.Time) string {
	if l == Es {
		return fmt.Sprintf("%d de %s de %d", t.Day(), l.Month(t.Month()), t.Year())
	}
	return fmt.Sprintf("%s %d, %d", l.Month(t.Month()), t.Day(), t.Year())
}

var weekdays = map[Lang][7]string{
	En: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	Es: {"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
}

// Weekday names a day of the week.
func (l Lang) Weekday(d time.Weekday) string { return weekdays[l][d] }

// LongDate writes a day with its day of the week: "Monday, April 9, 2029",
// "lunes, 9 de abril de 2029".
func (l Lang) LongDate(t time.Time) string { return l.Weekday(t.Weekday()) + ", " + l.Date(t) }

// Clock writes a time of day: "9:30 a.m.", "9:30 a. m.". A time that the clocks show
// twice that day says which it is: "1:30 a.m., before the clock change".
func (l Lang) Clock(t time.Time) string {
	switch before, after := twice(t); {
	case before:
		return l.Hour(t) + ", " + l.T("page.clock.before")
	case after:
		return l.Hour(t) + ", " + l.T("page.clock.after")
	}
	return l.Hour(t)
}

// twice tells whether the clocks of t's zone go back soon and show its time once
// more, or have just gone back and showed it already.
func twice(t time.Time) (before, after bool) {
	began, ends := t.ZoneBounds()
	_, now := t.Zone()
	if !ends.IsZero() {
		_, then := ends.Zone()
		before = ends.Sub(t) <= time.Duration(now-then)*time.Second
	}
	if !began.IsZero() {
		_, was := began.Add(-1).Zone()
		after = t.Sub(began) < time.Duration(was-now)*time.Second
	}
	return before, after
}

// Hour is Clock without the day on which the clocks change: for a scale, where the
// times stand in order. The space within the Spanish one is one at which no line
// breaks.
func (l Lang) Hour(t time.Time) string {
	h, half := t.Hour()%12, "a.m."
	if h == 0 {
		h = 12
	}
	if t.Hour() >= 12 {
		half = "p.m."
	}
	if l == Es {
		half = half[:2] + "\u00a0" + half[2:]
	}
	return fmt.Sprintf("%d:%02d %s", h, t.Minute(), half)
}

// Moment writes a day and a time of day. t must already be in the clinic's zone.
func (l Lang) Moment(t time.Time) string { return l.Date(t) + ", " + l.Clock(t) }
