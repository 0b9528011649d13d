package scheduling

import (
	"context"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// checkInDays is how many days before a visit checking in opens; the reminder of
// that day says so (product.md, Appointments).
const checkInDays = 3

// ForCheckIn is a visit with what checking in must know of it.
type ForCheckIn struct {
	Visit
	Kind  VisitType
	Who   string
	Where string
	Opens time.Time // from when its patient may check in
	Not   Why       // why they may not, "" if they may
}

func (s *Scheduling) checkInOpens(v Visit) time.Time {
	return dayOf(v.Start, s.zone()).Add(-checkInDays).at(0, s.zone())
}

// checkInNot tells why a patient may not check in for a visit.
func (v Visit) checkInNot(opens, now time.Time) Why {
	switch {
	case v.State == CheckedIn:
		return WhyDone
	case v.State == Arrived || v.State == Fulfilled:
		return WhyStarted
	case v.State != Booked:
		return WhyFinished
	case !v.Start.After(now):
		return WhyStarted
	case now.Before(opens):
		return WhyEarly
	}
	return ""
}

// VisitsForCheckIn gives visits by their identifiers; who is not asked about stays
// out, and so does a time that is only held.
func (s *Scheduling) VisitsForCheckIn(ctx context.Context, tx *store.Tx, of ...ids.Appointment) (map[ids.Appointment]ForCheckIn, error) {
	out := map[ids.Appointment]ForCheckIn{}
	if len(of) == 0 {
		return out, nil
	}
	list, err := store.List(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a WHERE a.id IN (`+store.In(1, len(of))+`) AND a.state NOT IN ('held', 'released')`, anys(of)...)
	if err != nil {
		return nil, err
	}
	c, err := s.clinic(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		opens := s.checkInOpens(v)
		out[v.ID] = ForCheckIn{Visit: v, Kind: c.Type(v.Type), Who: c.Clinician(v.Clinician).Name, Where: c.Place(v.Place).Name, Opens: opens, Not: v.checkInNot(opens, tx.Now)}
	}
	return out, nil
}

// CheckIn notes that a patient checked in for a visit of theirs. The condition of
// the update, not the reading before it, settles a race with the desk.
func (s *Scheduling) CheckIn(ctx context.Context, tx *store.Tx, of ids.Patient, id ids.Appointment, actor string) error {
	if err := alone(ctx, tx, of, id); err != nil {
		return err
	}
	v, err := s.visitOf(ctx, tx, of, id)
	if err != nil {
		return err
	}
	if why := v.checkInNot(s.checkInOpens(v), tx.Now); why != "" {
		return refuse(why)
	}
	n, err := tx.Exec(ctx, `UPDATE appointment SET state = 'checked_in', version = version + 1, changed_at = $2 WHERE id = $1 AND version = $3 AND state = 'booked'`, id, store.Time(tx.Now), v.Version)
	if err == nil && n == 0 {
		err = fault.Lost("scheduling.moved_on")
	}
	if err != nil {
		return err
	}
	return event(ctx, tx, id, string(CheckedIn), actor, v.Start, v.Clinician)
}

// Kinds lists the kinds of visit by name, those no longer booked too.
func (s *Scheduling) Kinds(ctx context.Context, tx *store.Tx) ([]VisitType, error) {
	return typesOf(ctx, tx, true)
}

// checkInPath is where a patient checks in for a visit; a room of its own.
func checkInPath(id ids.Appointment) string { return "/visits/" + string(id) + "/checkin" }
