package scheduling

import (
	"context"
	"strings"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// DayView is one day of the clinic.
type DayView struct {
	Day    Day
	Visits []Visit
	Others []Elsewhere
	Names  map[ids.Patient]string
	Clinic Clinic
	Shut   []Closure

	Answers map[ids.Appointment]Answer
	Cannot  []Visit // of any day: their patients cannot come, and it was too late to cancel
}

// Filter narrows a day.
type Filter struct {
	Clinician ids.Clinician
	Place     ids.Place
}

// See reads one day, or n days from it, of everybody or of one clinician or place.
func (s *Scheduling) See(ctx context.Context, d access.Desk, from Day, n int, f Filter) (v DayView, err error) {
	if err := d.Need(access.SeeSchedule); err != nil {
		return v, err
	}
	v.Day = from
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if v.Clinic, err = s.clinic(ctx, tx); err != nil {
			return err
		}
		if v.Shut, err = closures(ctx, tx, from, from.Add(n-1)); err != nil {
			return err
		}
		v.Visits, err = store.List(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a
			WHERE a.day >= $1 AND a.day <= $2 AND ($3 = '' OR a.clinician_id = $3) AND ($4 = '' OR a.place_id = $4) AND a.state NOT IN ('held', 'released')
			ORDER BY a.day, a.starts_at, a.clinician_id, a.id LIMIT 2000`, string(from), string(from.Add(n-1)), string(f.Clinician), string(f.Place))
		if err != nil {
			return err
		}
		if v.Answers, err = answersOn(ctx, tx, from, from.Add(n-1)); err != nil {
			return err
		}
		if v.Cannot, err = s.cannot(ctx, tx); err != nil {
			return err
		}
		if v.Others, err = seenElsewhere(ctx, tx, from, from.Add(n-1), f); err != nil {
			return err
		}
		var who []ids.Patient
		for _, a := range v.Visits {
			who = append(who, a.Patient)
		}
		for _, e := range v.Others {
			who = append(who, e.Patient)
		}
		v.Names, err = s.People.Names(ctx, tx, who)
		return err
	})
	return v, err
}

// One is a visit with what happened to it, for staff.
type One struct {
	Visit  Visit
	Name   string
	Clinic Clinic
	Events []Event
	Answer Answer // the patient's, "" for none
}

// Event is one thing that happened to a visit.
type Event struct {
	What      string // a State, an Answer, or "moved"
	ByStaff   bool
	Start     store.Time
	At        store.Time
	Clinician ids.Clinician
}

// Look opens one visit for staff.
func (s *Scheduling) Look(ctx context.Context, d access.Desk, id ids.Appointment) (o One, err error) {
	if err := d.Need(access.SeeSchedule); err != nil {
		return o, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if o.Visit, err = s.visitByID(ctx, tx, id); err != nil {
			return err
		}
		if o.Clinic, err = s.clinic(ctx, tx); err != nil {
			return err
		}
		if o.Name, err = s.People.Called(ctx, tx, o.Visit.Patient); err != nil {
			return err
		}
		if o.Answer, err = answerOf(ctx, tx, o.Visit); err != nil {
			return err
		}
		o.Events, err = events(ctx, tx, id)
		return err
	})
	return o, err
}

func events(ctx context.Context, tx *store.Tx, id ids.Appointment) ([]Event, error) {
	return store.List(ctx, tx, func(r store.Row) (Event, error) {
		var e Event
		var actor string
		err := r.Scan(&e.What, &actor, &e.Start, &e.At, &e.Clinician)
		e.ByStaff = strings.HasPrefix(actor, "stf")
		return e, err
	}, `SELECT what, actor, starts_at, at, clinician_id FROM appointment_event WHERE appointment_id = $1 ORDER BY at, id`, id)
}

// FindFor gives free times for a patient whom staff book for. Staff are not bound by
// notice and horizon, nor to kinds that patients book themselves.
func (s *Scheduling) FindFor(ctx context.Context, d access.Desk, p ids.Patient, q Query) (f Found, err error) {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		f, err = s.find(ctx, tx, p, q, false)
		return err
	})
	return f, err
}

// BookFor books a time for a patient at once.
func (s *Scheduling) BookFor(ctx context.Context, d access.Desk, of ids.Patient, p Pick, reason string) (ids.Appointment, error) {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return "", err
	}
	reason, err := written("reason", reason)
	if err != nil {
		return "", err
	}
	id := ids.NewAppointment()
	err = s.DB.Change(ctx, d.Did(audit.VisitBooked, string(id)).On(string(of)), func(tx *store.Tx) error {
		if err := alone(ctx, tx, of, "", p.Clinician); err != nil {
			return err
		}
		return s.bookNow(ctx, tx, Giving{ID: id, Of: of, Pick: p, Reason: reason, Actor: string(d.Staff())})
	})
	if store.IsUnique(err) {
		err = refuse(WhyTaken)
	}
	return id, err
}

// by runs what staff do to a visit. Whose visit it is is known only inside the
// transaction, hence the audit line is made there.
func (s *Scheduling) by(ctx context.Context, d access.Desk, id ids.Appointment, a audit.Action, code string, f func(tx *store.Tx, v Visit) error) error {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return err
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		v, err := s.visitByID(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		return d.Did(a, string(id)).On(string(v.Patient)).With(code), f(tx, v)
	})
	if store.IsUnique(err) {
		err = refuse(WhyTaken)
	}
	return err
}

// MoveFor gives a visit another time; staff are not bound by the cut-off.
func (s *Scheduling) MoveFor(ctx context.Context, d access.Desk, id ids.Appointment, p Pick) error {
	return s.by(ctx, d, id, audit.VisitMoved, "", func(tx *store.Tx, v Visit) error {
		return s.move(ctx, tx, v, p, string(d.Staff()), false)
	})
}

// CancelFor gives a visit up for the clinic, with a reason that the patient reads.
func (s *Scheduling) CancelFor(ctx context.Context, d access.Desk, id ids.Appointment, why string) error {
	why, err := written("why", why)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(why) < 3 {
		return fault.Bad("why", "scheduling.cancel.why.empty")
	}
	return s.by(ctx, d, id, audit.VisitCancelled, "", func(tx *store.Tx, v Visit) error {
		return s.cancel(ctx, tx, v, byClinic, string(d.Staff()), why)
	})
}

// steps says from which state staff may bring a visit to which.
var steps = map[State][]State{
	Booked:    {Arrived, NoShow},
	CheckedIn: {Arrived, NoShow},
	Arrived:   {Fulfilled, Booked},
	NoShow:    {Arrived},
	Fulfilled: {Arrived},
}

// Next are the states that staff may bring a visit to.
func (s State) Next() []State { return steps[s] }

// Mark notes how a visit stands: that the patient arrived, did not come, was seen.
func (s *Scheduling) Mark(ctx context.Context, d access.Desk, id ids.Appointment, as State) error {
	return s.by(ctx, d, id, audit.VisitMarked, string(as), func(tx *store.Tx, v Visit) error {
		if v.State == as {
			return nil
		}
		if err := alone(ctx, tx, v.Patient, id); err != nil {
			return err
		}
		if as == NoShow && v.Start.After(tx.Now) {
			return fault.Bad("mark", "scheduling.mark.early") // the form as a whole: its fields are its buttons
		}
		allowed := false
		for _, n := range v.State.Next() {
			allowed = allowed || n == as
		}
		if !allowed {
			return fault.Lost("scheduling.moved_on")
		}
		n, err := tx.Exec(ctx, `UPDATE appointment SET state = $2, version = version + 1, changed_at = $3 WHERE id = $1 AND state = $4`, id, string(as), store.Time(tx.Now), string(v.State))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Lost("scheduling.moved_on")
		}
		was, err := takes(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := was.remark(ctx, tx); err != nil {
			return err
		}
		return event(ctx, tx, id, string(as), string(d.Staff()), v.Start, v.Clinician)
	})
}

// Note keeps staff's words about a visit; the patient never sees them.
func (s *Scheduling) Note(ctx context.Context, d access.Desk, id ids.Appointment, text string) error {
	if text = cleaned(text); utf8.RuneCountInString(text) > maxText {
		return fault.Bad("note", "scheduling.long", maxText)
	}
	return s.by(ctx, d, id, audit.VisitMarked, "noted", func(tx *store.Tx, v Visit) error {
		_, err := tx.Exec(ctx, `UPDATE appointment SET note = $2 WHERE id = $1`, id, s.seal(sealNote, id, text))
		return err
	})
}

// Counter is what staff need to book for a patient.
type Counter struct {
	Name   string
	Clinic Clinic
}

// Counter opens booking for a patient.
func (s *Scheduling) Counter(ctx context.Context, d access.Desk, p ids.Patient) (w Counter, err error) {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return w, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if w.Name, err = s.People.Called(ctx, tx, p); err != nil {
			return err
		}
		w.Clinic, err = s.clinic(ctx, tx)
		return err
	})
	return w, err
}
