package scheduling

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

const typeColumns = `t.id, t.name_en, t.name_es, t.about_en, t.about_es, t.prepare_en, t.prepare_es, t.minutes, t.before_minutes, t.after_minutes, t.step_minutes,
	t.in_person, t.video, t.direct, t.notice_minutes, t.horizon_days, t.cutoff_minutes, t.day_most, t.open_most, t.request_most, t.active`

func scanType(r store.Row) (VisitType, error) {
	var v VisitType
	err := r.Scan(&v.ID, &v.Name.En, &v.Name.Es, &v.About.En, &v.About.Es, &v.Prepare.En, &v.Prepare.Es, &v.Minutes, &v.Before, &v.After, &v.Step,
		&v.InPerson, &v.Video, &v.Direct, &v.Notice, &v.Horizon, &v.CutOff, &v.DayMost, &v.OpenMost, &v.AskMost, &v.Active)
	return v, err
}

// typeByID reads a kind of visit with who does it.
func typeByID(ctx context.Context, tx *store.Tx, id ids.VisitType) (VisitType, error) {
	v, err := store.Get(ctx, tx, scanType, `SELECT `+typeColumns+` FROM visit_type t WHERE t.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return v, fault.Missing()
	}
	if err != nil {
		return v, err
	}
	v.Who, err = store.List(ctx, tx, store.One[ids.Clinician], `
		SELECT c.id FROM visit_type_clinician w JOIN clinician c ON c.id = w.clinician_id WHERE w.type_id = $1 AND c.active ORDER BY c.name, c.id`, id)
	return v, err
}

func typesOf(ctx context.Context, tx *store.Tx, all bool) ([]VisitType, error) {
	types, err := store.List(ctx, tx, scanType, `SELECT `+typeColumns+` FROM visit_type t WHERE t.active OR $1 ORDER BY t.name_en, t.id`, all)
	if err != nil {
		return nil, err
	}
	at := map[ids.VisitType]int{}
	for i, t := range types {
		at[t.ID] = i
	}
	_, err = store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var t ids.VisitType
		var c ids.Clinician
		err := r.Scan(&t, &c)
		if i, ok := at[t]; ok {
			types[i].Who = append(types[i].Who, c)
		}
		return struct{}{}, err
	}, `SELECT w.type_id, c.id FROM visit_type_clinician w JOIN clinician c ON c.id = w.clinician_id WHERE c.active ORDER BY c.name, c.id`)
	return types, err
}

func scanPlace(r store.Row) (Place, error) {
	var p Place
	err := r.Scan(&p.ID, &p.Name, &p.Address, &p.Directions.En, &p.Directions.Es, &p.Phone, &p.Active)
	return p, err
}

const placeColumns = `id, name, address, directions_en, directions_es, phone, active`

func places(ctx context.Context, tx *store.Tx) ([]Place, error) {
	return store.List(ctx, tx, scanPlace, `SELECT `+placeColumns+` FROM place ORDER BY name, id`)
}

func rooms(ctx context.Context, tx *store.Tx) ([]Room, error) {
	return store.List(ctx, tx, func(r store.Row) (Room, error) {
		var m Room
		err := r.Scan(&m.ID, &m.Place, &m.Name, &m.Active)
		return m, err
	}, `SELECT id, place_id, name, active FROM room ORDER BY place_id, name, id`)
}

func scanClinician(r store.Row) (Clinician, error) {
	var c Clinician
	err := r.Scan(&c.ID, &c.Name, &c.Title.En, &c.Title.Es, &c.VideoURL, &c.Active)
	return c, err
}

const clinicianColumns = `id, name, title_en, title_es, video_url, active`

func clinicians(ctx context.Context, tx *store.Tx) ([]Clinician, error) {
	return store.List(ctx, tx, scanClinician, `SELECT `+clinicianColumns+` FROM clinician ORDER BY name, id`)
}

const blockColumns = `b.id, b.clinician_id, b.place_id, b.room_id, b.in_person, b.video, b.weekday, b.from_minute, b.until_minute, b.every_weeks, b.first_day, b.last_day, b.only_type`

func scanBlock(r store.Row) (Block, error) {
	var b Block
	err := r.Scan(&b.ID, &b.Clinician, &b.Place, &b.Room, &b.InPerson, &b.Video, &b.Weekday, &b.From, &b.Until, &b.EveryWeeks, &b.First, &b.Last, &b.OnlyType)
	return b, err
}

// blocks reads the weeks of clinicians, in an order that does not change.
func blocks(ctx context.Context, tx *store.Tx, who []ids.Clinician) ([]Block, error) {
	return blocksOf(ctx, tx, who, ` WHERE`)
}

// offered is blocks without those of clinicians and places that are not in use.
func offered(ctx context.Context, tx *store.Tx, who []ids.Clinician) ([]Block, error) {
	return blocksOf(ctx, tx, who, ` JOIN place p ON p.id = b.place_id JOIN clinician c ON c.id = b.clinician_id WHERE p.active AND c.active AND`)
}

// blocksOf reads blocks of those clinicians; where says which of them, up to an AND.
func blocksOf(ctx context.Context, tx *store.Tx, who []ids.Clinician, where string) ([]Block, error) {
	if len(who) == 0 {
		return nil, nil
	}
	return store.List(ctx, tx, scanBlock, `SELECT `+blockColumns+` FROM schedule_block b`+where+
		` b.clinician_id IN (`+store.In(1, len(who))+`) ORDER BY b.clinician_id, b.weekday, b.from_minute, b.id`, anys(who)...)
}

// closures reads what falls on or between two days.
func closures(ctx context.Context, tx *store.Tx, from, until Day) ([]Closure, error) {
	return store.List(ctx, tx, scanClosure, `SELECT `+closureColumns+` FROM schedule_closure WHERE last_day >= $1 AND first_day <= $2 ORDER BY first_day, id`, string(from), string(until))
}

const closureColumns = `id, clinician_id, place_id, first_day, last_day, from_minute, until_minute, why`

func scanClosure(r store.Row) (Closure, error) {
	var c Closure
	err := r.Scan(&c.ID, &c.Clinician, &c.Place, &c.First, &c.Last, &c.From, &c.Until, &c.Why)
	return c, err
}

// takenOf reads what is taken of resources within s: a row for each resource with
// all its days, for a row costs the driver more than what a day says.
func takenOf[T ~string](ctx context.Context, tx *store.Tx, resources []T, s span) (map[string]taken, error) {
	out := map[string]taken{}
	if len(resources) == 0 {
		return out, nil
	}
	args := append(anys(resources), s.from.day(), (s.end - 1).day())
	n := len(resources)
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var of, text string
		if err := r.Scan(&of, &text); err != nil {
			return struct{}{}, err
		}
		t := taken{}
		out[of] = t
		for more := true; more; {
			var one string
			one, text, more = strings.Cut(text, " ")
			day, hex, _ := strings.Cut(one, ":")
			n, err := strconv.ParseInt(day, 10, 64)
			b, ok := parseBits(hex)
			if err != nil || !ok {
				return struct{}{}, errors.New("a row of busy_day is not in our format")
			}
			t[n] = b
		}
		return struct{}{}, nil
	}, `SELECT resource, STRING_AGG(CAST(day AS TEXT) || ':' || bits, ' ') FROM busy_day
		WHERE resource IN (`+store.In(1, n)+`) AND day >= $`+strconv.Itoa(n+1)+` AND day <= $`+strconv.Itoa(n+2)+` GROUP BY resource`, args...)
	return out, err
}

// mark writes the bits of a resource's days anew from its cells. The caller holds
// the resource (see hold).
func mark(ctx context.Context, tx *store.Tx, resource string, days ...int64) error {
	done := map[int64]bool{}
	for _, day := range days {
		if done[day] {
			continue
		}
		done[day] = true
		var b bits
		if _, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
			var c int64
			err := r.Scan(&c)
			b.set(int(c - day*cellsADay))
			return struct{}{}, err
		}, `SELECT cell FROM appointment_cell WHERE resource = $1 AND cell >= $2 AND cell < $3`, resource, day*cellsADay, (day+1)*cellsADay); err != nil {
			return err
		}
		if _, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
			var from, end int64
			err := r.Scan(&from, &end)
			for c := max(from, day*cellsADay); c < min(end, (day+1)*cellsADay); c++ {
				b.set(int(c - day*cellsADay))
			}
			return struct{}{}, err
		}, `SELECT first_cell, end_cell FROM visit_elsewhere WHERE blocks AND clinician_id = $1 AND end_cell > $2 AND first_cell < $3`, resource, day*cellsADay, (day+1)*cellsADay); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO busy_day (resource, day, bits) VALUES ($1, $2, $3) ON CONFLICT (resource, day) DO UPDATE SET bits = excluded.bits`,
			resource, day, b.String()); err != nil {
			return err
		}
	}
	return nil
}

// scanVisit reads visitColumns, or bareColumns for long lists, which leave out what
// people wrote: each of it would have to be opened.
const (
	visitHead    = `a.id, a.patient_id, a.type_id, a.clinician_id, a.place_id, a.room_id, a.video, a.state, a.day, a.starts_at, a.ends_at, a.held_until, `
	visitTail    = `, a.version, a.changed_at`
	visitColumns = visitHead + `a.reason, a.note, a.ended_by, a.ended_why` + visitTail
	bareColumns  = visitHead + `'', '', a.ended_by, ''` + visitTail
)

// What people write is sealed under these names.
const (
	sealReason = "scheduling.reason"
	sealNote   = "scheduling.note"
	sealEnded  = "scheduling.ended"
)

func (s *Scheduling) scanVisit(r store.Row) (Visit, error) {
	var v Visit
	var start, end, held, changed store.Time
	var reason, note, why string
	if err := r.Scan(&v.ID, &v.Patient, &v.Type, &v.Clinician, &v.Place, &v.Room, &v.Video, &v.State, &v.Day, &start, &end, &held, &reason, &note, &v.EndedBy, &why, &v.Version, &changed); err != nil {
		return v, err
	}
	v.Start, v.End, v.HeldUntil, v.Changed = start.Std(), end.Std(), held.Std(), changed.Std()
	for _, t := range []struct {
		name, sealed string
		into         *string
	}{{sealReason, reason, &v.Reason}, {sealNote, note, &v.Note}, {sealEnded, why, &v.EndedWhy}} {
		if t.sealed == "" {
			continue
		}
		b, err := s.Keys.Open(t.name, string(v.ID), t.sealed)
		if err != nil {
			return v, err
		}
		*t.into = string(b)
	}
	return v, nil
}

func (s *Scheduling) seal(name string, id ids.Appointment, text string) string {
	if text == "" {
		return ""
	}
	return s.Keys.Seal(name, string(id), []byte(text))
}

// visitOf reads a visit of the patient's. A time that the clinic keeps for a request
// is none yet: it is answered where it was asked for.
func (s *Scheduling) visitOf(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (Visit, error) {
	v, err := store.Get(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a WHERE a.id = $1 AND a.patient_id = $2 AND (a.state <> 'held' OR a.held_for = '')`, id, p)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return v, err
}

func (s *Scheduling) visitByID(ctx context.Context, tx *store.Tx, id ids.Appointment) (Visit, error) {
	v, err := store.Get(ctx, tx, s.scanVisit, `SELECT `+visitColumns+` FROM appointment a WHERE a.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return v, err
}

// insert writes a new visit; the trigger takes its cells.
func (s *Scheduling) insert(ctx context.Context, tx *store.Tx, v Visit, busy span) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO appointment (id, patient_id, home_id, type_id, clinician_id, place_id, room_id, video, state, day, starts_at, ends_at, first_cell, end_cell, busy_first, busy_end,
			held_until, reason, note, ended_by, ended_why, version, made_at, changed_at)
		VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, '', '', '', $18, $19, $19)`,
		v.ID, v.Patient, v.Type, v.Clinician, v.Place, v.Room, v.Video, string(v.State), string(v.Day), store.Time(v.Start), store.Time(v.End),
		int64(cellOf(v.Start)), int64(cellOf(v.End)), int64(busy.from), int64(busy.end), store.Time(v.HeldUntil), s.seal(sealReason, v.ID, v.Reason), v.Version, store.Time(tx.Now))
	return err
}

// event writes a line of the visit's history.
func event(ctx context.Context, tx *store.Tx, id ids.Appointment, what, actor string, start time.Time, who ids.Clinician) error {
	_, err := tx.Exec(ctx, `INSERT INTO appointment_event (id, appointment_id, at, what, actor, starts_at, clinician_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		ids.New[string]("ape"), id, store.Time(tx.Now), what, actor, store.Time(start), who)
	if err != nil || what == string(Held) {
		return err
	}
	return Changed.Enqueue(ctx, tx, id, jobs.Options{Unique: string(id)})
}

// anys makes the arguments of an IN list.
// byID reads the rows that are named, each once. head ends with the column of the names.
func byID[T any](ctx context.Context, tx *store.Tx, scan func(store.Row) (T, error), head string, names []string) ([]T, error) {
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return nil, nil
	}
	return store.List(ctx, tx, scan, head+` IN (`+store.In(1, len(names))+`)`, anys(names)...)
}

func anys[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
