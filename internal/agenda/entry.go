package scheduling

import (
	"context"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ical"
	"portico/internal/ids"
	"portico/internal/lang"
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
func (s *Scheduling) entry(v Visit, c Clinic, shows Shows, l lang.Lang) ical.Event {
	e := ical.Event{UID: ical.UID(string(v.ID), s.Base), Version: v.Version, Changed: v.Changed, Start: v.Start, End: v.End, Summary: l.T("scheduling.cal.busy")}
	if shows == ShowsBusy {
		e.UID = string(v.ID) // nor the clinic's address
		return e
	}
	e.Summary, e.URL = l.T("scheduling.cal.visit", s.Clinic.Now().Name), s.address("/visits/"+string(v.ID))
	e.Notes = l.T("scheduling.cal.notes", s.Clinic.Now().Phone)
	switch at := c.Place(v.Place); {
	case v.Video:
		e.Place = l.T("scheduling.how.video")
	case at.Address != "":
		e.Place = at.Name + ", " + at.Address
	default:
		e.Place = at.Name
	}
	return e
}

// address is a place of the portal as others write it.
func (s *Scheduling) address(path string) string { return s.Base.JoinPath(path).String() }

// Calendar is the file of one of the patient's visits that is still to be.
func (s *Scheduling) Calendar(ctx context.Context, c access.Chart, id ids.Appointment, l lang.Lang) (file []byte, err error) {
	if err := c.Need(access.SeeVisits); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err == nil && !v.State.Ahead() {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		k, err := s.clinic(ctx, tx)
		file = ical.Calendar{Zone: s.zone(), Events: []ical.Event{s.entry(v, k, ShowsPlace, l)}}.Bytes()
		return err
	})
	return file, err
}
