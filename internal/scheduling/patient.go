package scheduling

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// Mine are a patient's visits.
type Mine struct {
	Ahead  []Visit // booked, the next first
	Before []Visit // over or given up, the latest first
	Asked  []Asked // what the patient waits for
	Clinic Clinic  // what the list names of it; nobody is in Who

	Next  []Listed                 // Ahead with visits kept in another system, the next first
	Past  []Listed                 // Before with those, the latest first
	Check map[ids.Appointment]bool // for which of them the patient can check in now
}

// pastMost is how many visits that are over one page lists.
const pastMost = 30

// Visits lists the patient's visits.
func (s *Scheduling) Visits(ctx context.Context, c access.Chart) (m Mine, err error) {
	if err := c.Need(access.SeeVisits); err != nil {
		return m, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		m.Ahead, err = store.List(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a
			WHERE a.patient_id = $1 AND a.ends_at > $2 AND a.state IN ('booked', 'checked_in', 'arrived') ORDER BY a.starts_at, a.id LIMIT 100`, c.Patient(), store.Time(tx.Now))
		if err != nil {
			return err
		}
		m.Before, err = store.List(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a
			WHERE a.patient_id = $1 AND (a.ends_at <= $2 OR a.state NOT IN ('booked', 'checked_in', 'arrived')) AND a.state NOT IN ('held', 'released')
			ORDER BY a.starts_at DESC, a.id LIMIT $3`, c.Patient(), store.Time(tx.Now), pastMost)
		if err != nil {
			return err
		}
		others, err := elsewhereOf(ctx, tx, c.Patient())
		if err != nil {
			return err
		}
		m.list(others, tx.Now)
		if s.Waits != nil {
			if m.Asked, err = s.Waits.Asked(ctx, tx, c.Patient()); err != nil {
				return err
			}
		}
		m.Clinic, err = m.named(ctx, tx)
		return err
	})
	m.Check = map[ids.Appointment]bool{}
	for i, v := range m.Ahead {
		m.Check[v.ID] = v.checkInNot(s.checkInOpens(v), s.DB.Now()) == ""
		m.Ahead[i].Note = ""
	}
	for i := range m.Before {
		m.Before[i].Note = ""
	}
	return m, err
}

// named reads what a list of visits says of kinds, clinicians and places, and no
// more: fifty clinicians would otherwise be read for two visits.
func (m Mine) named(ctx context.Context, tx *store.Tx) (c Clinic, err error) {
	var kinds, at, who []string
	for _, v := range m.Ahead {
		kinds, at, who = append(kinds, string(v.Type)), append(at, string(v.Place)), append(who, string(v.Clinician))
	}
	for _, v := range m.Before {
		kinds = append(kinds, string(v.Type))
	}
	for _, a := range m.Asked {
		kinds = append(kinds, string(a.Type))
	}
	if c.Types, err = byID(ctx, tx, scanType, `SELECT `+typeColumns+` FROM visit_type t WHERE t.id`, kinds); err != nil {
		return c, err
	}
	if c.Clinicians, err = byID(ctx, tx, scanClinician, `SELECT `+clinicianColumns+` FROM clinician WHERE id`, who); err != nil {
		return c, err
	}
	c.Places, err = byID(ctx, tx, scanPlace, `SELECT `+placeColumns+` FROM place WHERE id`, at)
	return c, err
}

// MyVisit is one visit of the patient's with what happened to it.
type MyVisit struct {
	Visit  Visit
	Type   VisitType
	Clinic Clinic
	Events []Event
	Cannot Why // why it cannot be moved or cancelled here, "" if it can
	Stays  Why // why it cannot be moved here though it can be cancelled, "" if it can
	Gone   Why // why a time that was held is not held any more
	Answer Answer

	Done  string // path of what was done at it, "" if none is known
	Sure  bool   // its sender said so
	Check Why    // why the patient cannot check in for it, "" if they can
}

// Visit opens one of the patient's visits, held ones included.
func (s *Scheduling) Visit(ctx context.Context, c access.Chart, id ids.Appointment) (m MyVisit, err error) {
	if !c.Can(access.BookVisits) {
		if err := c.Need(access.SeeVisits); err != nil {
			return m, err
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if m.Visit, err = s.visitOf(ctx, tx, c.Patient(), id); err != nil {
			return err
		}
		if m.Clinic, err = s.clinic(ctx, tx); err != nil {
			return err
		}
		m.Visit.Note, m.Type = "", m.Clinic.Type(m.Visit.Type)
		m.Cannot, m.Stays = m.Visit.canChange(m.Type, tx.Now), m.Type.stays(m.Visit)
		gone := lapsed(ctx, tx, m.Visit)
		if m.Gone = Refused(gone); m.Gone == "" {
			return gone
		}
		if m.Answer, err = answerOf(ctx, tx, m.Visit); err != nil {
			return err
		}
		m.Check = m.Visit.checkInNot(s.checkInOpens(m.Visit), tx.Now)
		if m.Events, err = events(ctx, tx, id); err != nil || s.Charts == nil || m.Visit.State == Held || m.Visit.Start.After(tx.Now) {
			return err
		}
		m.Done, m.Sure, err = s.Charts.Done(ctx, tx, c, id, m.Visit.Day)
		return err
	})
	m.Events = slices.DeleteFunc(m.Events, func(e Event) bool { return e.What == string(Held) })
	return m, err
}

// Offers is what a patient can choose from.
type Offers struct {
	Types  []VisitType // active ones that somebody does
	Clinic Clinic
}

// Offers lists the kinds of visit.
func (s *Scheduling) Offers(ctx context.Context, c access.Chart) (o Offers, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return o, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		o.Clinic, err = s.clinic(ctx, tx)
		return err
	})
	o.Types = slices.DeleteFunc(slices.Clone(o.Clinic.Types), func(t VisitType) bool { return !t.Active || len(t.Who) == 0 })
	return o, err
}

// Next is the visit that comes next.
type Next struct {
	ID    ids.Appointment // "" for one that another system keeps
	Name  Both            // of the kind, empty if that was not sent
	Start time.Time
	Video bool
	Check bool // its patient can check in now
}

// Coming gives the patient's next visits, one at most; the home page asks it.
func (s *Scheduling) Coming(ctx context.Context, tx *store.Tx, c access.Chart) ([]Next, error) {
	return store.List(ctx, tx, func(r store.Row) (Next, error) {
		var n Next
		var v Visit
		err := r.Scan(&n.ID, (*store.Time)(&n.Start), &n.Video, &v.State, &n.Name.En, &n.Name.Es)
		v.Start = n.Start
		n.Check = n.ID != "" && v.checkInNot(s.checkInOpens(v), tx.Now) == ""
		return n, err
	}, `SELECT id, starts_at, video, state, name_en, name_es FROM (
			SELECT a.id, a.starts_at, a.video, a.state, t.name_en, t.name_es FROM appointment a JOIN visit_type t ON t.id = a.type_id
			WHERE a.patient_id = $1 AND a.starts_at > $2 AND a.state IN ('booked', 'checked_in')
			UNION ALL SELECT '', starts_at, FALSE, state, title, title FROM visit_elsewhere
			WHERE patient_id = $1 AND starts_at > $2 AND state IN ('booked', 'checked_in') AND appointment_id = '') n ORDER BY starts_at LIMIT 1`, c.Patient(), store.Time(tx.Now))
}
