package ical

import (
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"
)

func offset(t time.Time, z *time.Location) int {
	_, n := t.In(z).Zone()
	return n
}

// twice tells whether the clocks of z show what they show at t at another moment
// too: in the hour before or after they go back.
func twice(t time.Time, z *time.Location) bool {
	begin, end := t.In(z).ZoneBounds()
	now := offset(t, z)
	if !begin.IsZero() {
		before := time.Duration(offset(begin.Add(-time.Second), z)-now) * time.Second
		if t.Add(-before).Before(begin) {
			return true
		}
	}
	if end.IsZero() {
		return false
	}
	after := time.Duration(offset(end, z)-now) * time.Second
	return !t.Add(-after).Before(end)
}

// timezone lists when the clocks of the zone changed before the first event and until
// a year after the last one: each change by itself, since whoever makes the laws of a
// zone is not bound to rules. nil where times are in UTC.
func (c Calendar) timezone() *ics.VTimezone {
	if c.Zone == nil || c.Zone == time.UTC || len(c.Events) == 0 {
		return nil
	}
	from, until := c.Events[0].Start, c.Events[0].End
	for _, e := range c.Events {
		if e.Start.Before(from) {
			from = e.Start
		}
		if e.End.After(until) {
			until = e.End
		}
	}
	until = until.AddDate(1, 0, 0)
	z := ics.NewTimezone(c.Zone.String())
	for t := from; !t.After(until); {
		begin, end := t.In(c.Zone).ZoneBounds()
		z.Components = append(z.Components, observance(c.Zone, begin, t))
		if end.IsZero() {
			break
		}
		t = end
	}
	return z
}

// observance is the time that clocks show from begin on. A zero begin means since
// ever; t is a moment within it.
func observance(z *time.Location, begin, t time.Time) ics.Component {
	name, to := t.In(z).Zone()
	from, onset := to, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if !begin.IsZero() {
		from = offset(begin.Add(-time.Second), z)
		onset = begin.UTC().Add(time.Duration(from) * time.Second)
	}
	var base ics.ComponentBase
	// The onset is in the time that was left: RFC 5545, 3.6.5.
	base.SetProperty(ics.ComponentPropertyDtStart, onset.Format(local))
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), hours(from))
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), hours(to))
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzname), name)
	if t.In(z).IsDST() {
		return &ics.Daylight{ComponentBase: base}
	}
	return &ics.Standard{ComponentBase: base}
}

// hours writes an offset: "-0500".
func hours(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
}
