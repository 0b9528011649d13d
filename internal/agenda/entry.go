package agenda

import (
	"context"

	"portico/internal/access"
	"portico/internal/ical"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
)

// Shows is how much a calendar tells: it is seen by whoever sees the calendar, at
// work or at home. Neither tells of a visit who, with whom or why.
type Shows string

// What a calendar can show.
const (
	ShowsBusy  Shows = "busy"  // that somebody is busy
	ShowsPlace Shows = "place" // that it is a visit to the clinic, and where
)

func (s Shows) valid() bool { return s == ShowsBusy || s == ShowsPlace }

// entry is a visit in a calendar file.
func (s *Agenda) entry(v Visit, shows Shows, l lang.Lang) ical.Event {
	e := ical.Event{UID: ical.UID(string(v.ID), s.Base), Version: v.Version, Changed: v.Changed, Start: v.Start, End: v.End, Summary: l.T("agenda.file.busy")}
	if shows == ShowsBusy {
		e.UID = string(v.ID) // nor the clinic's address
		return e
	}
	e.Summary, e.URL = l.T("agenda.file.visit", s.Clinic.Now().Name), s.address("/visits/"+string(v.ID))
	e.Notes = l.T("agenda.file.notes", s.Clinic.Now().Phone)
	switch {
	case v.Video:
		e.Place = l.T("scheduling.how.video")
	case v.Address != "":
		e.Place = v.Place + ", " + v.Address
	default:
		e.Place = v.Place
	}
	return e
}

// address is a place of the portal as others write it.
func (s *Agenda) address(path string) string { return s.Base.JoinPath(path).String() }

// File is the calendar file of one of the patient's visits that is still to be.
func (s *Agenda) File(ctx context.Context, c access.Chart, id ids.Appointment, l lang.Lang) (file []byte, err error) {
	if err := c.Need(access.SeeVisits); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		v, err := s.Visits.Ahead(ctx, tx, c.Patient(), id)
		file = ical.Calendar{Zone: page.ZoneOf(s.Clinic), Events: []ical.Event{s.entry(v, ShowsPlace, l)}}.Bytes()
		return err
	})
	return file, err
}
