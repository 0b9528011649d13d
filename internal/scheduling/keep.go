package scheduling

import (
	"context"
	"errors"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Watcher hears that times became free or were taken.
type Watcher interface {
	// CalendarChanged is called in the transaction of the change. Without a
	// clinician it may concern any of them, on any day.
	CalendarChanged(ctx context.Context, tx *store.Tx, who ids.Clinician, d Day) error
}

func (s *Scheduling) changed(ctx context.Context, tx *store.Tx, who ids.Clinician, d Day) error {
	if s.Watcher == nil {
		return nil
	}
	return s.Watcher.CalendarChanged(ctx, tx, who, d)
}

// The operations below are for the room of those who wait for a visit: they act in
// its transaction, for whoever it says, and hold what it holds against them.

// Describe reads what the schedule is made of.
func (s *Scheduling) Describe(ctx context.Context, tx *store.Tx) (Clinic, error) {
	return s.clinic(ctx, tx)
}

// Free gives free times in the caller's transaction, by the rules of patients or of
// staff.
func (s *Scheduling) Free(ctx context.Context, tx *store.Tx, of ids.Patient, q Query, patient bool) (Found, error) {
	return s.find(ctx, tx, of, q, patient)
}

// Giving is a time that the clinic gives to a patient.
type Giving struct {
	ID     ids.Appointment // of the new visit; Give chooses it
	Of     ids.Patient
	Pick   Pick
	Moving ids.Appointment // the visit that it is another time of, "" for a new one
	Reason string          // in the patient's words
	Actor  string
}

// Give books a time at once, or moves a visit to it in one step. Who gives it has
// looked at what patients may, so notice, horizon and cut-off do not count.
func (s *Scheduling) Give(ctx context.Context, tx *store.Tx, g Giving) (ids.Appointment, error) {
	if g.Moving != "" {
		v, err := s.visitOf(ctx, tx, g.Of, g.Moving)
		if err != nil {
			return "", err
		}
		return v.ID, s.move(ctx, tx, v, g.Pick, g.Actor, false)
	}
	g.ID = ids.NewAppointment()
	if err := alone(ctx, tx, g.Of, "", g.Pick.Clinician); err != nil {
		return "", err
	}
	return g.ID, s.bookNow(ctx, tx, g)
}

// bookNow books a time whose calendars the caller has (see alone).
func (s *Scheduling) bookNow(ctx context.Context, tx *store.Tx, g Giving) error {
	v, err := s.fit(ctx, tx, g.Of, g.Pick, "", false)
	if err != nil {
		return err
	}
	v.ID, v.State, v.Reason = g.ID, Booked, g.Reason
	if err := s.take(ctx, tx, v, g.Actor); err != nil {
		return err
	}
	if err := s.changed(ctx, tx, v.Clinician, v.Day); err != nil {
		return err
	}
	return s.news(ctx, tx, v, News{What: Booked})
}

// Keeping is what a patient asked for and times that are held for it.
type Keeping struct {
	Of    ids.Patient
	For   string // what was asked for
	Until time.Time
	Actor string
}

// Keep holds times for a patient until they choose or the time is over. They take
// time like any visit: of the clinician, the room and the patient.
func (s *Scheduling) Keep(ctx context.Context, tx *store.Tx, k Keeping, times []Pick) ([]ids.Appointment, error) {
	var who []ids.Clinician
	for _, p := range times {
		who = append(who, p.Clinician)
	}
	if err := alone(ctx, tx, k.Of, "", who...); err != nil {
		return nil, err
	}
	var out []ids.Appointment
	for _, p := range times {
		v, err := s.fit(ctx, tx, k.Of, p, "", false)
		if err != nil {
			return nil, err
		}
		v.ID, v.State, v.HeldUntil = ids.NewAppointment(), Held, k.Until
		if err := s.take(ctx, tx, v, k.Actor); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `UPDATE appointment SET held_for = $2 WHERE id = $1`, v.ID, k.For); err != nil {
			return nil, err
		}
		out = append(out, v.ID)
	}
	return out, nil
}

// TakeKept books one of the times kept and lets the others go.
func (s *Scheduling) TakeKept(ctx context.Context, tx *store.Tx, k Keeping, id ids.Appointment, reason string) error {
	if err := alone(ctx, tx, k.Of, id); err != nil {
		return err
	}
	v, err := store.Get(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a
		WHERE a.id = $1 AND a.patient_id = $2 AND a.held_for = $3 AND a.state = 'held' AND a.held_until > $4`, id, k.Of, k.For, store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		return refuse(WhyOver)
	}
	if err != nil {
		return err
	}
	if ok, err := s.People.Bookable(ctx, tx, k.Of); err != nil || !ok {
		return errors.Join(err, refuse(WhyPerson))
	}
	n, err := tx.Exec(ctx, `UPDATE appointment SET state = 'booked', held_until = NULL, reason = $2, version = version + 1, changed_at = $3 WHERE id = $1 AND state = 'held'`,
		id, s.seal(sealReason, id, reason), store.Time(tx.Now))
	if err == nil && n == 0 {
		err = fault.Lost("scheduling.moved_on")
	}
	if err != nil {
		return err
	}
	if err := event(ctx, tx, id, string(Booked), k.Actor, v.Start, v.Clinician); err != nil {
		return err
	}
	if err := s.dropKept(ctx, tx, k); err != nil {
		return err
	}
	v.Version++
	return s.news(ctx, tx, v, News{What: Booked})
}

// DropKept lets go of all times kept for what was asked.
func (s *Scheduling) DropKept(ctx context.Context, tx *store.Tx, k Keeping) error {
	if err := alone(ctx, tx, k.Of, ""); err != nil {
		return err
	}
	return s.dropKept(ctx, tx, k)
}

func (s *Scheduling) dropKept(ctx context.Context, tx *store.Tx, k Keeping) error {
	kept, err := store.List(ctx, tx, scanTaken, `SELECT `+takenColumns+` FROM appointment WHERE patient_id = $1 AND held_for = $2 AND state = 'held'`, k.Of, k.For)
	if err != nil {
		return err
	}
	for _, t := range kept {
		if err := release(ctx, tx, t); err != nil {
			return err
		}
		if err := s.changed(ctx, tx, ids.Clinician(t.clinician), dayOf(t.start, s.zone())); err != nil {
			return err
		}
	}
	return nil
}

// Asked is something that the patient waits for, beside the visits to come.
type Asked struct {
	Path   string
	Type   ids.VisitType
	Title  string // the key of what it is
	State  string // the key of how it stands
	Choose bool   // it is the patient's turn
}

// Waits says what patients wait for.
type Waits interface {
	Asked(ctx context.Context, tx *store.Tx, of ids.Patient) ([]Asked, error)
}
