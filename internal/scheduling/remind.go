package scheduling

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// reminderDays are how many days before a visit its patient is reminded of it.
var reminderDays = []int{7, 3, 1}

// Reminders go out by day on the clinic's clock, so that no telephone rings at
// night; one that could not be sent by the evening is dropped.
const (
	remindFrom  = 9 * 60
	remindUntil = 20 * 60
)

// remindBatch is how many visits one transaction reminds of: on SQLite nobody else
// writes meanwhile.
const remindBatch = 50

// Reminder is what a message says before a visit.
type Reminder struct {
	Start   time.Time
	Days    int
	Expires time.Time // when it is too late to send it
	Link    string    // where the patient answers without signing in
}

// Remind queues the reminders that are due. It may run at any time and as often as
// one likes: each visit is reminded of once a mark. A visit that was booked or
// moved after a mark had come skips it, for its own message has just been sent.
func (s *Scheduling) Remind(ctx context.Context, d access.Duty) error {
	now := s.DB.Now()
	today := dayOf(now, s.zone())
	if now.Before(today.at(remindFrom, s.zone())) || !now.Before(today.at(remindUntil, s.zone())) {
		return nil
	}
	for _, days := range reminderDays {
		m := reminding{today: today, days: days, zone: s.zone(), after: due{start: now}}
		for more := true; more; {
			var err error
			if more, err = s.remindSome(ctx, d, &m); err != nil {
				return err
			}
		}
	}
	return nil
}

// reminding is how far the reminders of one mark are.
type reminding struct {
	today Day
	days  int
	zone  *time.Location
	after due // the last visit that was looked at; at first the present moment, for a zero time is NULL
}

// due is a visit whose patient is to be reminded.
type due struct {
	id      ids.Appointment
	patient ids.Patient
	start   time.Time
}

func scanDue(r store.Row) (v due, err error) {
	return v, r.Scan(&v.id, &v.patient, (*store.Time)(&v.start))
}

func (m reminding) list(ctx context.Context, tx *store.Tx, most int, lock string) ([]due, error) {
	return store.List(ctx, tx, scanDue, `
		SELECT a.id, a.patient_id, a.starts_at FROM appointment a
		WHERE a.day = $1 AND a.state IN ('booked', 'checked_in') AND (a.starts_at > $2 OR a.starts_at = $2 AND a.id > $3)
			AND NOT EXISTS (SELECT 1 FROM visit_reminder r WHERE r.appointment_id = a.id AND r.days = $4 AND r.starts_at = a.starts_at)
			AND NOT EXISTS (SELECT 1 FROM appointment_event e WHERE e.appointment_id = a.id AND e.at >= $5 AND e.what IN ('booked', 'moved'))
		ORDER BY a.starts_at, a.id LIMIT $6`+lock,
		string(m.today.Add(m.days)), store.Time(m.after.start), m.after.id, m.days, store.Time(m.today.at(remindFrom, m.zone)), most)
}

// remindSome reminds of the next visits and tells whether there may be more. The
// rows stay locked until the messages are queued: who cancels or moves a visit
// meanwhile waits, and then takes its reminder back.
func (s *Scheduling) remindSome(ctx context.Context, d access.Duty, m *reminding) (more bool, err error) {
	var some []due
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		some, err = m.list(ctx, tx, 1, "")
		return err
	}); err != nil || len(some) == 0 {
		return false, err
	}
	err = s.DB.Change(ctx, d.Did(audit.VisitReminded, ""), func(tx *store.Tx) (err error) {
		if some, err = m.list(ctx, tx, remindBatch, " "+tx.LockClause()); err != nil {
			return err
		}
		for _, v := range some {
			if err := s.remind(ctx, tx, v, *m); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(some) > 0 {
		m.after = some[len(some)-1]
	}
	return len(some) == remindBatch, err
}

func (s *Scheduling) remind(ctx context.Context, tx *store.Tx, v due, m reminding) error {
	n, err := tx.Exec(ctx, `INSERT INTO visit_reminder (appointment_id, days, starts_at, queued_at) VALUES ($1, $2, $3, $4) ON CONFLICT (appointment_id, days, starts_at) DO NOTHING`,
		v.id, m.days, store.Time(v.start), store.Time(tx.Now))
	if err != nil || n == 0 {
		return err
	}
	link, err := s.Invite(ctx, tx, v.id, v.start)
	if err != nil {
		return err
	}
	return s.Teller.VisitReminder(ctx, tx, v.patient, v.id, Reminder{Start: v.start, Days: m.days, Expires: m.today.at(remindUntil, m.zone), Link: link})
}
