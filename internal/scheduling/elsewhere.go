package scheduling

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// Elsewhere is a visit that the clinic keeps in another system. It is shown beside
// the visits that were booked here, and its clinician's time is not given away, but
// it is changed where it is kept.
type Elsewhere struct {
	Resource  ids.Resource // where the record has it
	Home      ids.Patient  // the record it came in for
	Patient   ids.Patient
	Source    string
	State     State  // "" for what is no visit: asked for, withdrawn, entered in error
	Title     string // as received, "" if none was sent
	Who       string
	Place     string
	Start     time.Time
	End       time.Time
	Clinician ids.Clinician   // known by name, "" if not
	Visit     ids.Appointment // the visit of ours that it is, "" if none
}

const maxElsewhere = 24 * time.Hour

// unsaid is how long a visit is taken to be whose end was not sent.
const unsaid = 30 * time.Minute

func (e Elsewhere) span() span {
	end := cellOf(e.End.Add(cellMinutes*time.Minute - 1)) // up to the next whole cell
	return span{cellOf(e.Start), max(end, cellOf(e.Start)+1)}
}

// blocks tells whether the clinician is not to be had then. A visit of ours that
// came back takes its time already.
func (e Elsewhere) blocks() bool {
	return e.Clinician != "" && e.Visit == "" && (e.State.Ahead() || e.State == Fulfilled)
}

// Mirror writes down a visit of another system as it stands there. own is our
// identifier of a visit if theirs has it, among names is the clinician's. What was
// booked here stands, whatever comes in: two visits at one time are shown to staff.
func (s *Scheduling) Mirror(ctx context.Context, d access.Duty, e Elsewhere, own ids.Appointment, names []string) error {
	if e.End.Sub(e.Start) > maxElsewhere {
		e.End = e.Start.Add(maxElsewhere)
	}
	if !e.End.After(e.Start) {
		e.End = e.Start.Add(unsaid)
	}
	return s.DB.Change(ctx, d.Did(audit.VisitMirrored, string(e.Resource)).On(string(e.Patient)), func(tx *store.Tx) error {
		all, err := clinicians(ctx, tx)
		if err != nil {
			return err
		}
		e.Clinician = byName(all, names)
		was, err := store.Get(ctx, tx, scanElsewhere, `SELECT `+elsewhereColumns+` FROM visit_elsewhere WHERE resource_id = $1`, e.Resource)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		if err := alone(ctx, tx, e.Patient, "", e.Clinician, was.Clinician); err != nil {
			return err
		}
		if e.Visit, err = same(ctx, tx, e, own); err != nil {
			return err
		}
		if err := e.write(ctx, tx, s.zone()); err != nil {
			return err
		}
		if was.Clinician != "" {
			if err := markAll(ctx, tx, was.span(), string(was.Clinician)); err != nil {
				return err
			}
		}
		return markAll(ctx, tx, e.span(), string(e.Clinician))
	})
}

const elsewhereColumns = `resource_id, home_id, patient_id, source, state, title, who, place, starts_at, ends_at, clinician_id, appointment_id`

func scanElsewhere(r store.Row) (e Elsewhere, err error) {
	err = r.Scan(&e.Resource, &e.Home, &e.Patient, &e.Source, &e.State, &e.Title, &e.Who, &e.Place, (*store.Time)(&e.Start), (*store.Time)(&e.End), &e.Clinician, &e.Visit)
	return e, err
}

func (e Elsewhere) write(ctx context.Context, tx *store.Tx, zone *time.Location) error {
	takes := e.span()
	_, err := tx.Exec(ctx, `
		INSERT INTO visit_elsewhere (`+elsewhereColumns+`, day, first_cell, end_cell, blocks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (resource_id) DO UPDATE SET patient_id = excluded.patient_id, source = excluded.source, state = excluded.state, title = excluded.title, who = excluded.who,
			place = excluded.place, starts_at = excluded.starts_at, ends_at = excluded.ends_at, clinician_id = excluded.clinician_id, appointment_id = excluded.appointment_id,
			day = excluded.day, first_cell = excluded.first_cell, end_cell = excluded.end_cell, blocks = excluded.blocks`,
		e.Resource, e.Home, e.Patient, e.Source, string(e.State), e.Title, e.Who, e.Place, store.Time(e.Start), store.Time(e.End), e.Clinician, e.Visit,
		string(dayOf(e.Start, zone)), int64(takes.from), int64(takes.end), e.blocks())
	return err
}

// same finds the visit of ours that came back from another system: by our own
// identifier, else the patient's at that very time with that clinician. One that
// stands otherwise there, at another time or given up, is listed by itself, so that
// nobody misses what the other system says.
func same(ctx context.Context, tx *store.Tx, e Elsewhere, own ids.Appointment) (ids.Appointment, error) {
	live := e.State.Ahead() || e.State == Fulfilled
	id, err := store.Get(ctx, tx, store.One[ids.Appointment], `
		SELECT id FROM appointment
		WHERE patient_id = $1 AND starts_at = $2 AND state NOT IN ('held', 'released') AND (id = $3 OR $4 = '' OR clinician_id = $4)
			AND (state IN ('booked', 'checked_in', 'arrived', 'fulfilled')) = $5
		ORDER BY CASE WHEN id = $3 THEN 0 ELSE 1 END, changed_at DESC LIMIT 1`, e.Patient, store.Time(e.Start), own, e.Clinician, live)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return id, err
}

// byName finds the one active clinician whom one of the names means, "" if there
// is none or more than one.
func byName(all []Clinician, names []string) (found ids.Clinician) {
	for _, n := range names {
		for _, c := range all {
			if !c.Active || plainName(n) == "" || plainName(c.Name) != plainName(n) {
				continue
			}
			if found != "" && found != c.ID {
				return ""
			}
			found = c.ID
		}
	}
	return found
}

// titles stand before names in one system and not in another.
var titles = []string{"dr", "dra", "prof", "mr", "mrs", "ms"}

// plainName is a name without what systems add to it: a title before it, degrees
// and a specialty behind a comma.
func plainName(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), ",")
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '.' })
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(titles, w) })
	if len(words) < 2 {
		return "" // a first or a last name alone could be anybody's
	}
	return strings.Join(words, " ")
}

// SameName tells whether two names mean one clinician.
func SameName(a, b string) bool { return plainName(a) != "" && plainName(a) == plainName(b) }

// elsewhereOf reads a patient's visits of other systems that are none of ours.
func elsewhereOf(ctx context.Context, tx *store.Tx, p ids.Patient) ([]Elsewhere, error) {
	return store.List(ctx, tx, scanElsewhere, `SELECT `+elsewhereColumns+` FROM visit_elsewhere WHERE patient_id = $1 AND state <> '' AND appointment_id = '' ORDER BY starts_at DESC, resource_id LIMIT 100`, p)
}

// Listed is one line of a list of visits: one of ours or one of another system.
type Listed struct {
	Visit     *Visit
	Elsewhere *Elsewhere
}

func (l Listed) start() time.Time {
	if l.Visit != nil {
		return l.Visit.Start
	}
	return l.Elsewhere.Start
}

// inOrder puts both kinds into one list, the earliest first.
func inOrder(ours []Visit, others []Elsewhere) []Listed {
	var out []Listed
	for i := range ours {
		out = append(out, Listed{Visit: &ours[i]})
	}
	for i := range others {
		out = append(out, Listed{Elsewhere: &others[i]})
	}
	slices.SortStableFunc(out, func(a, b Listed) int { return a.start().Compare(b.start()) })
	return out
}

// list makes the lists of both kinds.
func (m *Mine) list(others []Elsewhere, now time.Time) {
	var next, past []Elsewhere
	for _, e := range others {
		if e.State.Ahead() && e.End.After(now) {
			next = append(next, e)
		} else {
			past = append(past, e)
		}
	}
	m.Next, m.Past = inOrder(m.Ahead, next), inOrder(m.Before, past)
	slices.Reverse(m.Past)
}

// seenElsewhere are the visits of other systems on days of the clinic.
func seenElsewhere(ctx context.Context, tx *store.Tx, from, until Day, f Filter) ([]Elsewhere, error) {
	return store.List(ctx, tx, scanElsewhere, `SELECT `+elsewhereColumns+` FROM visit_elsewhere
		WHERE day >= $1 AND day <= $2 AND state <> '' AND appointment_id = '' AND ($3 = '' OR clinician_id = $3) ORDER BY starts_at, resource_id LIMIT 2000`,
		string(from), string(until), string(f.Clinician))
}

// Crossed lists visits to come that were booked here and meet one that another
// system has for the same clinician: staff move one of the two.
func (s *Scheduling) Crossed(ctx context.Context, d access.Desk) (out []Visit, err error) {
	if err := d.Need(access.SeeSchedule); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, s.scanVisit, `SELECT `+bareColumns+` FROM appointment a
			WHERE a.day >= $1 AND a.state IN ('booked', 'checked_in') AND EXISTS (
				SELECT 1 FROM visit_elsewhere e WHERE e.blocks AND e.clinician_id = a.clinician_id AND e.first_cell < a.busy_end AND e.end_cell > a.busy_first)
			ORDER BY a.day, a.starts_at, a.id LIMIT 50`, string(s.Day(tx.Now)))
		return err
	})
	return out, err
}

// Known is a visit of a day as a record may know it.
type Known struct {
	ID        ids.Appointment
	Clinician string
	Kept      bool           // neither given up nor missed
	Copies    []ids.Resource // what other systems sent of it
}

// KnownOn gives a patient's visits of a day.
func KnownOn(ctx context.Context, tx *store.Tx, c access.Chart, day Day) (out []Known, err error) {
	_, err = store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var k Known
		var state State
		var copied *ids.Resource
		err := r.Scan(&k.ID, &k.Clinician, &state, &copied)
		if n := len(out); n == 0 || out[n-1].ID != k.ID {
			k.Kept = state.Ahead() || state == Fulfilled
			out = append(out, k)
		}
		if copied != nil {
			out[len(out)-1].Copies = append(out[len(out)-1].Copies, *copied)
		}
		return struct{}{}, err
	}, `SELECT a.id, k.name, a.state, e.resource_id
		FROM appointment a JOIN clinician k ON k.id = a.clinician_id LEFT JOIN visit_elsewhere e ON e.appointment_id = a.id AND e.appointment_id <> ''
		WHERE a.patient_id = $1 AND a.day = $2 AND a.state NOT IN ('held', 'released') ORDER BY a.id, e.resource_id`, c.Patient(), string(day))
	return out, err
}
