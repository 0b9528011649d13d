// Package ical writes visits as iCalendar files (RFC 5545), for e-mails, for
// downloading, and as a calendar that programs subscribe to.
//
// Times are local to the clinic's zone, with the zone's changes of the hour beside
// them, so that a calendar shows what the clinic's clock shows. A local time that
// occurs twice, in the night when the clocks go back, is written in UTC.
//
// A file announces (METHOD PUBLISH) or takes back (METHOD CANCEL), as RFC 5546, 4.1
// has it for what is published. It never asks for an answer: that would go to a
// mailbox that nobody reads.
//
// It knows nothing of visits: what may stand in a file its callers decide.
package ical

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Mime is the type of a file.
const Mime = "text/calendar; charset=utf-8"

// Event is one entry of a calendar.
type Event struct {
	UID        string // the same for the life of the entry
	Version    int    // grows with each change
	Changed    time.Time
	Start, End time.Time
	Summary    string
	Place      string // "" for none
	Notes      string // "" for none
	URL        string // "" for none
	Cancelled  bool
}

// Calendar is a file.
type Calendar struct {
	Zone      *time.Location
	Name      string        // of a calendar that programs subscribe to, "" for a single file
	Every     time.Duration // how often programs may read it again, 0 for a single file
	Organizer string        // e-mail address that speaks for the entries, "" for none
	Cancel    bool          // takes its events back
	Events    []Event
}

const (
	utc   = "20060102T150405Z"
	local = "20060102T150405"
)

// Bytes writes the file: the same bytes for the same calendar.
func (c Calendar) Bytes() []byte {
	out := ics.NewCalendar()
	out.SetProductId("-//Portico//Calendar//EN")
	out.SetCalscale("GREGORIAN")
	out.SetMethod(ics.MethodPublish)
	if c.Cancel {
		out.SetMethod(ics.MethodCancel)
	}
	if c.Name != "" {
		out.SetName(plain(c.Name))
		out.SetXWRCalName(plain(c.Name))
	}
	if c.Every > 0 {
		// Programs know the one or the other.
		text := "PT" + strconv.Itoa(int(c.Every.Minutes())) + "M"
		out.SetRefreshInterval(text)
		out.SetXPublishedTTL(text)
	}
	if z := c.timezone(); z != nil {
		out.AddVTimezone(z)
	}
	for _, e := range c.Events {
		out.AddVEvent(c.event(e))
	}
	var b bytes.Buffer
	if err := out.SerializeTo(&b, ics.WithNewLineWindows); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

func (c Calendar) event(e Event) *ics.VEvent {
	v := ics.NewEvent(e.UID)
	v.SetDtStampTime(e.Changed)
	v.SetModifiedAt(e.Changed)
	v.SetSequence(e.Version)
	c.moment(v, ics.ComponentPropertyDtStart, e.Start)
	c.moment(v, ics.ComponentPropertyDtEnd, e.End)
	v.SetSummary(plain(e.Summary))
	if e.Place != "" {
		v.SetLocation(plain(e.Place))
	}
	if e.Notes != "" {
		v.SetDescription(plain(e.Notes))
	}
	if e.URL != "" {
		v.SetURL(e.URL)
	}
	if c.Organizer != "" {
		v.SetOrganizer(c.Organizer)
	}
	v.SetClass(ics.ClassificationPrivate)
	v.SetTimeTransparency(ics.TransparencyOpaque)
	v.SetStatus(ics.ObjectStatusConfirmed)
	if e.Cancelled || c.Cancel {
		v.SetStatus(ics.ObjectStatusCancelled)
	}
	return v
}

func (c Calendar) moment(v *ics.VEvent, p ics.ComponentProperty, t time.Time) {
	if c.Zone == nil || c.Zone == time.UTC || twice(t, c.Zone) {
		v.SetProperty(p, t.UTC().Format(utc))
		return
	}
	v.SetProperty(p, t.In(c.Zone).Format(local), ics.WithTZID(c.Zone.String()))
}

// plain is text without what could end a line of the file by itself.
func plain(s string) string { return strings.ReplaceAll(s, "\r", "") }

// UID names an entry for good: an identifier of ours at this portal's host.
func UID(id string, base *url.URL) string { return id + "@" + base.Hostname() }
