package scheduling

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// canChange tells why a patient may not move or cancel a visit any more.
func (v Visit) canChange(t VisitType, now time.Time) Why {
	switch {
	case v.State == Arrived || v.State == Fulfilled:
		return WhyStarted
	case v.State != Booked && v.State != CheckedIn:
		return WhyFinished
	case !v.Start.After(now):
		return WhyStarted
	case v.Start.Before(now.Add(time.Duration(t.CutOff) * time.Minute)):
		return WhyCutOff
	}
	return ""
}

// stays tells why patients cannot choose another time for a visit of the kind
// themselves: the clinic does, or it is not offered any more as it was booked.
func (v VisitType) stays(of Visit) Why {
	switch {
	case !v.Direct:
		return WhyRequest
	case !v.Active || of.Video && !v.Video || !of.Video && !v.InPerson:
		return WhyType
	}
	return ""
}

// Move gives a visit another time in one step: if the new one cannot be had, the
// old one stands.
func (s *Scheduling) Move(ctx context.Context, c access.Chart, id ids.Appointment, p Pick) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	err := s.DB.Change(ctx, c.Did(audit.VisitMoved, string(id)), func(tx *store.Tx) error {
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err != nil {
			return err
		}
		return s.move(ctx, tx, v, p, string(c.Account()), true)
	})
	if store.IsUnique(err) {
		err = refuse(WhyTaken)
	}
	return err
}

func (s *Scheduling) move(ctx context.Context, tx *store.Tx, v Visit, p Pick, actor string, patient bool) error {
	if err := alone(ctx, tx, v.Patient, v.ID, p.Clinician); err != nil {
		return err
	}
	v, err := s.visitOf(ctx, tx, v.Patient, v.ID) // as it stands now that nobody else can change it
	if err != nil {
		return err
	}
	t, err := typeByID(ctx, tx, v.Type)
	if err != nil {
		return err
	}
	if why := v.canChange(t, tx.Now); why != "" && (patient || why != WhyCutOff) {
		return refuse(why)
	}
	p.Type = v.Type
	if v.Clinician == p.Clinician && v.Start.Equal(p.Start) && v.Video == p.Video && v.Place == p.Place {
		return nil
	}
	to, err := s.fit(ctx, tx, v.Patient, p, v.ID, patient)
	if err != nil {
		return err
	}
	was, err := takes(ctx, tx, v.ID)
	if err != nil {
		return err
	}
	busy := t.busy(cellOf(to.Start))
	if _, err := tx.Exec(ctx, `
		UPDATE appointment SET clinician_id = $2, place_id = $3, room_id = $4, video = $5, state = 'booked', day = $6, starts_at = $7, ends_at = $8,
			first_cell = $9, end_cell = $10, busy_first = $11, busy_end = $12, version = version + 1, changed_at = $13
		WHERE id = $1`,
		v.ID, to.Clinician, to.Place, to.Room, to.Video, string(to.Day), store.Time(to.Start), store.Time(to.End),
		int64(cellOf(to.Start)), int64(cellOf(to.End)), int64(busy.from), int64(busy.end), store.Time(tx.Now)); err != nil {
		return err
	}
	if err := endLinks(ctx, tx, v.ID); err != nil {
		return err
	}
	if err := was.remark(ctx, tx); err != nil {
		return err
	}
	if err := markAll(ctx, tx, busy, string(to.Clinician), string(to.Room)); err != nil {
		return err
	}
	if err := event(ctx, tx, v.ID, "moved", actor, to.Start, to.Clinician); err != nil {
		return err
	}
	if err := errors.Join(s.changed(ctx, tx, v.Clinician, v.Day), s.changed(ctx, tx, to.Clinician, to.Day)); err != nil {
		return err
	}
	to.ID, to.Version = v.ID, v.Version+1
	return s.news(ctx, tx, to, News{What: Booked, Moved: true})
}

// Cancel gives a visit up. Its row and the reason stay.
func (s *Scheduling) Cancel(ctx context.Context, c access.Chart, id ids.Appointment, why string) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	why, err := written("why", why)
	if err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.VisitCancelled, string(id)), func(tx *store.Tx) error {
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err != nil {
			return err
		}
		if v.State == Cancelled && v.EndedBy == byPatient {
			return nil
		}
		return s.cancel(ctx, tx, v, byPatient, string(c.Account()), why)
	})
}

// Who ended a visit.
const (
	byPatient = "patient"
	byClinic  = "clinic"
)

func (s *Scheduling) cancel(ctx context.Context, tx *store.Tx, v Visit, by, actor, why string) error {
	if err := alone(ctx, tx, v.Patient, v.ID); err != nil {
		return err
	}
	t, err := typeByID(ctx, tx, v.Type)
	if err != nil {
		return err
	}
	if cannot := v.canChange(t, tx.Now); cannot != "" && (by == byPatient || cannot != WhyCutOff) {
		return refuse(cannot)
	}
	n, err := tx.Exec(ctx, `UPDATE appointment SET state = 'cancelled', ended_by = $2, ended_why = $3, version = version + 1, changed_at = $4 WHERE id = $1 AND version = $5 AND state IN ('booked', 'checked_in')`,
		v.ID, by, s.seal(sealEnded, v.ID, why), store.Time(tx.Now), v.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Lost("scheduling.moved_on")
	}
	if err := endLinks(ctx, tx, v.ID); err != nil {
		return err
	}
	was, err := takes(ctx, tx, v.ID)
	if err != nil {
		return err
	}
	if err := was.remark(ctx, tx); err != nil {
		return err
	}
	if err := event(ctx, tx, v.ID, string(Cancelled), actor, v.Start, v.Clinician); err != nil {
		return err
	}
	if err := s.changed(ctx, tx, v.Clinician, v.Day); err != nil {
		return err
	}
	v.Version++
	return s.news(ctx, tx, v, News{What: Cancelled})
}
