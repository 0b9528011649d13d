package scheduling

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// holdFor is how long a picked time is kept while the person decides.
const holdFor = 5 * time.Minute

// maxReason bounds what a person writes about a visit, in characters.
const maxReason = 500

// written reads what somebody wrote about a visit in a field of a form.
func written(field, text string) (string, error) {
	if text = cleaned(text); utf8.RuneCountInString(text) > maxReason {
		return "", fault.Bad(field, "scheduling.long", maxReason)
	}
	return text, nil
}

// Pick is a time that somebody wants.
type Pick struct {
	Type      ids.VisitType
	Clinician ids.Clinician
	Place     ids.Place
	Video     bool
	Start     time.Time
}

// Hold keeps a time for five minutes. What the patient held before is let go.
func (s *Scheduling) Hold(ctx context.Context, c access.Chart, p Pick) (ids.Appointment, error) {
	if err := c.Need(access.BookVisits); err != nil {
		return "", err
	}
	id := ids.NewAppointment()
	err := s.DB.Change(ctx, c.Did(audit.VisitHeld, string(id)), func(tx *store.Tx) error {
		if err := alone(ctx, tx, c.Patient(), "", p.Clinician); err != nil {
			return err
		}
		if err := s.letGo(ctx, tx, c.Patient()); err != nil {
			return err
		}
		v, err := s.fit(ctx, tx, c.Patient(), p, "", true)
		if err != nil {
			return err
		}
		v.ID, v.State, v.HeldUntil = id, Held, tx.Now.Add(holdFor)
		return s.take(ctx, tx, v, string(c.Account()))
	})
	if store.IsUnique(err) {
		err = refuse(WhyTaken)
	}
	return id, err
}

// alone makes changes of the same calendars follow one another and lets go of what
// is held too long. It comes before anything else is written and takes all its locks
// in one order, the person's, the clinicians', the rooms', so that two never wait for
// each other: whose holds will be let go on the way is looked up first.
func alone(ctx context.Context, tx *store.Tx, of ids.Patient, visit ids.Appointment, who ...ids.Clinician) error {
	if of != "" {
		if err := tx.OneAtATime(ctx, "calendar "+string(of)); err != nil {
			return err
		}
	}
	rooms, err := touched(ctx, tx, of, visit, &who)
	if err != nil {
		return err
	}
	for _, c := range who {
		if err := tx.OneAtATime(ctx, "calendar "+string(c)); err != nil {
			return err
		}
	}
	// Clinicians can share a room, whose calendar is then changed by both.
	for _, r := range rooms {
		if err := tx.OneAtATime(ctx, "calendar "+string(r)); err != nil {
			return err
		}
	}
	return overdue(ctx, tx, who)
}

// touched adds to who the clinicians whose calendars will change beside theirs: those
// of the visit, of what the person holds and of what is held too long. It gives the
// rooms in which that can put or free something. Both are in order. A week that is
// changed this very moment may lead to a room that is not among them: then only its
// bits can be behind, for the time is kept by the cells.
//
// Three questions, each with an index; asked as one with OR, SQLite would read all
// visits there are. The patient is compared as an expression, for what is held by
// anybody is less than the visits of one person.
func touched(ctx context.Context, tx *store.Tx, of ids.Patient, visit ids.Appointment, who *[]ids.Clinician) (rooms []ids.Room, err error) {
	if _, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var c ids.Clinician
		var room ids.Room
		err := r.Scan(&c, &room)
		*who, rooms = append(*who, c), append(rooms, room)
		return struct{}{}, err
	}, `SELECT clinician_id, room_id FROM appointment WHERE id = $3
		UNION SELECT clinician_id, room_id FROM appointment WHERE state = 'held' AND held_until <= $2
		UNION SELECT clinician_id, room_id FROM appointment WHERE patient_id || '' = $1 AND state = 'held'`, of, store.Time(tx.Now), visit); err != nil {
		return nil, err
	}
	*who = slices.DeleteFunc(*who, func(c ids.Clinician) bool { return c == "" })
	slices.Sort(*who)
	*who = slices.Compact(*who)
	if len(*who) == 0 {
		return nil, nil
	}
	more, err := store.List(ctx, tx, store.One[ids.Room], `SELECT DISTINCT room_id FROM schedule_block WHERE clinician_id IN (`+store.In(1, len(*who))+`)`, anys(*who)...)
	rooms = slices.DeleteFunc(append(rooms, more...), func(r ids.Room) bool { return r == "" })
	slices.Sort(rooms)
	return slices.Compact(rooms), err
}

// fit works out the visit for a pick, or why there is none. moving is a visit of
// the patient that the new one takes the place of.
func (s *Scheduling) fit(ctx context.Context, tx *store.Tx, of ids.Patient, p Pick, moving ids.Appointment, patient bool) (Visit, error) {
	t, err := typeByID(ctx, tx, p.Type)
	if err != nil {
		return Visit{}, err
	}
	if why := t.allows(p, tx.Now, s.zone(), patient, moving != ""); why != "" {
		return Visit{}, refuse(why)
	}
	if ok, err := s.People.Bookable(ctx, tx, of); err != nil || !ok {
		return Visit{}, errors.Join(err, refuse(WhyPerson))
	}
	if err := s.counts(ctx, tx, t, p, of, moving, patient); err != nil {
		return Visit{}, err
	}
	b, err := s.seat(ctx, tx, t, p, moving)
	if err != nil {
		return Visit{}, err
	}
	v := Visit{Patient: of, Type: t.ID, Clinician: p.Clinician, Place: b.Place, Room: b.Room, Video: p.Video,
		Day: dayOf(p.Start, s.zone()), Start: p.Start, End: p.Start.Add(time.Duration(t.Minutes) * time.Minute)}
	busy, err := store.Get(ctx, tx, store.One[int], `
		SELECT (SELECT COUNT(*) FROM appointment_cell WHERE resource = $1 AND cell >= $2 AND cell < $3 AND appointment_id <> $4)
			+ (SELECT COUNT(*) FROM visit_elsewhere WHERE patient_id = $1 AND end_cell > $2 AND first_cell < $3 AND appointment_id = '' AND state IN ('booked', 'checked_in', 'arrived'))`,
		of, int64(cellOf(v.Start)), int64(cellOf(v.End)), moving)
	if err == nil && busy > 0 {
		err = refuse(WhyYours)
	}
	return v, err
}

// allows checks what can be known without the calendar. A visit that is moved may be of
// a kind that is not offered any more.
func (v VisitType) allows(p Pick, now time.Time, zone *time.Location, patient, moving bool) Why {
	switch {
	case !v.Active && (patient || !moving) || p.Video && !v.Video || !p.Video && !v.InPerson || !slices.Contains(v.Who, p.Clinician):
		return WhyType
	case patient && !v.Direct:
		return WhyRequest
	case !p.Start.Equal(cellOf(p.Start).time()):
		return WhyClosed
	case !p.Start.After(now):
		return WhyPast
	case patient && p.Start.Before(now.Add(time.Duration(v.Notice)*time.Minute)):
		return WhySoon
	case patient && dayOf(p.Start, zone) > dayOf(now, zone).Add(v.Horizon):
		return WhyFar
	}
	return ""
}

// counts checks how many visits of the kind there are already.
func (s *Scheduling) counts(ctx context.Context, tx *store.Tx, t VisitType, p Pick, of ids.Patient, moving ids.Appointment, patient bool) error {
	if t.OpenMost > 0 && patient {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM appointment WHERE patient_id = $1 AND type_id = $2 AND starts_at > $3 AND id <> $4 AND state IN ('booked', 'checked_in')`,
			of, t.ID, store.Time(tx.Now), moving)
		if err != nil {
			return err
		}
		if n >= t.OpenMost {
			return refuse(WhyMany)
		}
	}
	if t.DayMost == 0 {
		return nil
	}
	n, err := store.Get(ctx, tx, store.One[int], `
		SELECT COUNT(*) FROM appointment
		WHERE clinician_id = $1 AND day = $2 AND type_id = $3 AND id <> $4 AND (state IN ('booked', 'checked_in', 'arrived', 'fulfilled') OR state = 'held' AND held_until > $5)`,
		p.Clinician, string(dayOf(p.Start, s.zone())), t.ID, moving, store.Time(tx.Now))
	if err == nil && n >= t.DayMost {
		err = refuse(WhyDay)
	}
	return err
}

// seat finds the block of the week, with its place and room, in which the time can
// be had.
func (s *Scheduling) seat(ctx context.Context, tx *store.Tx, t VisitType, p Pick, moving ids.Appointment) (Block, error) {
	all, err := offered(ctx, tx, []ids.Clinician{p.Clinician})
	if err != nil {
		return Block{}, err
	}
	day := dayOf(p.Start, s.zone())
	shut, err := closures(ctx, tx, day, day)
	if err != nil {
		return Block{}, err
	}
	why := WhyClosed
	for _, b := range all {
		if !b.fits(t, Query{Place: p.Place, Video: p.Video}) || !slices.Contains(t.grid(b, open(b, day, shut, s.zone()), s.zone(), day), cellOf(p.Start)) {
			continue
		}
		busy := t.busy(cellOf(p.Start))
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM appointment_cell WHERE resource IN ($1, $2) AND cell >= $3 AND cell < $4 AND appointment_id <> $5`,
			b.Clinician, b.Room, int64(busy.from), int64(busy.end), moving)
		if err != nil {
			return Block{}, err
		}
		if n == 0 {
			return b, nil
		}
		why = WhyTaken
	}
	return Block{}, refuse(why)
}

// take writes a new visit and what it takes.
func (s *Scheduling) take(ctx context.Context, tx *store.Tx, v Visit, actor string) error {
	t, err := typeByID(ctx, tx, v.Type)
	if err != nil {
		return err
	}
	busy := t.busy(cellOf(v.Start))
	if err := s.insert(ctx, tx, v, busy); err != nil {
		return err
	}
	if err := event(ctx, tx, v.ID, string(v.State), actor, v.Start, v.Clinician); err != nil {
		return err
	}
	return markAll(ctx, tx, busy, string(v.Clinician), string(v.Room))
}

// markAll writes the bits anew of what was changed.
func markAll(ctx context.Context, tx *store.Tx, s span, resources ...string) error {
	for _, r := range resources {
		if r == "" {
			continue
		}
		if err := mark(ctx, tx, r, s.from.day(), (s.end - 1).day()); err != nil {
			return err
		}
	}
	return nil
}

// Confirm books the held time. Sent twice it books once.
func (s *Scheduling) Confirm(ctx context.Context, c access.Chart, id ids.Appointment, reason string) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	reason, err := written("reason", reason)
	if err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.VisitBooked, string(id)), func(tx *store.Tx) error {
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err != nil || v.State == Booked {
			return err
		}
		if v.State != Held || !v.HeldUntil.After(tx.Now) {
			return lapsed(ctx, tx, v)
		}
		n, err := tx.Exec(ctx, `UPDATE appointment SET state = 'booked', held_until = NULL, reason = $3, version = version + 1, changed_at = $4 WHERE id = $1 AND patient_id = $2 AND state = 'held'`,
			id, c.Patient(), s.seal(sealReason, id, reason), store.Time(tx.Now))
		if err != nil {
			return err
		}
		if n == 0 {
			v.State = Released // meanwhile
			return lapsed(ctx, tx, v)
		}
		if err := event(ctx, tx, id, string(Booked), string(c.Account()), v.Start, v.Clinician); err != nil {
			return err
		}
		if err := s.changed(ctx, tx, v.Clinician, v.Day); err != nil {
			return err
		}
		v.Version++
		return s.news(ctx, tx, v, News{What: Booked})
	})
}

// lapsed refuses a time that is not held any more: its minutes are over, or its
// patient has picked another, in a second window for instance.
func lapsed(ctx context.Context, tx *store.Tx, v Visit) error {
	if v.State != Released {
		return refuse(WhyOver)
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM appointment WHERE patient_id || '' = $1 AND state = 'held' AND held_for = '' AND held_until > $2`, v.Patient, store.Time(tx.Now))
	if err != nil {
		return err
	}
	if n > 0 {
		return refuse(WhyOther)
	}
	return refuse(WhyOver)
}

// LetGo gives back what the patient holds.
func (s *Scheduling) LetGo(ctx context.Context, c access.Chart) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.VisitReleased, ""), func(tx *store.Tx) error {
		if err := alone(ctx, tx, c.Patient(), ""); err != nil {
			return err
		}
		return s.letGo(ctx, tx, c.Patient())
	})
}

// letGo lets go of what the patient was about to book. What the clinic keeps for a
// request stays.
func (s *Scheduling) letGo(ctx context.Context, tx *store.Tx, p ids.Patient) error {
	held, err := store.List(ctx, tx, scanTaken, `SELECT `+takenColumns+` FROM appointment WHERE patient_id || '' = $1 AND state = 'held' AND held_for = ''`, p)
	if err != nil {
		return err
	}
	for _, h := range held {
		if err := release(ctx, tx, h); err != nil {
			return err
		}
	}
	return nil
}

// takenTime is what a visit takes.
type takenTime struct {
	id              ids.Appointment
	clinician, room string
	start           time.Time
	busy            span
}

const takenColumns = `id, clinician_id, room_id, starts_at, busy_first, busy_end`

func scanTaken(r store.Row) (takenTime, error) {
	var t takenTime
	err := r.Scan(&t.id, &t.clinician, &t.room, (*store.Time)(&t.start), (*int64)(&t.busy.from), (*int64)(&t.busy.end))
	return t, err
}

// takes reads what a visit takes: it keeps what it was booked with, whatever
// becomes of its kind.
func takes(ctx context.Context, tx *store.Tx, id ids.Appointment) (takenTime, error) {
	return store.Get(ctx, tx, scanTaken, `SELECT `+takenColumns+` FROM appointment WHERE id = $1`, id)
}

// remark writes the bits of what t takes anew.
func (t takenTime) remark(ctx context.Context, tx *store.Tx) error {
	return markAll(ctx, tx, t.busy, t.clinician, t.room)
}

// release lets go of a hold whose calendar the caller has (see alone).
func release(ctx context.Context, tx *store.Tx, t takenTime) error {
	n, err := tx.Exec(ctx, `UPDATE appointment SET state = 'released', held_until = NULL, changed_at = $2 WHERE id = $1 AND state = 'held'`, t.id, store.Time(tx.Now))
	if err != nil || n == 0 {
		return err
	}
	return t.remark(ctx, tx)
}

// overdue lets go of times of these clinicians whose five minutes are over.
func overdue(ctx context.Context, tx *store.Tx, who []ids.Clinician) error {
	over, err := store.List(ctx, tx, scanTaken, `SELECT `+takenColumns+` FROM appointment WHERE state = 'held' AND held_until <= $1 ORDER BY held_until LIMIT 100`, store.Time(tx.Now))
	if err != nil {
		return err
	}
	for _, t := range over {
		if !slices.Contains(who, ids.Clinician(t.clinician)) {
			continue // began to be overdue while this waited; it is the next one's
		}
		if err := release(ctx, tx, t); err != nil {
			return err
		}
	}
	return nil
}

// Expire lets go of all times whose five minutes are over.
func (s *Scheduling) Expire(ctx context.Context, d access.Duty) error {
	n := 0
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM appointment WHERE state = 'held' AND held_until <= $1`, store.Time(tx.Now))
		return err
	}); err != nil || n == 0 {
		return err
	}
	return s.DB.Change(ctx, d.Did(audit.VisitReleased, ""), func(tx *store.Tx) error { return alone(ctx, tx, "", "") })
}
