package scheduling

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Part is a part of the day that somebody can come.
type Part string

// Parts of the day, by the clinic's clock.
const (
	AnyTime   Part = ""
	Morning   Part = "morning"   // before noon
	Afternoon Part = "afternoon" // from noon to 5 p.m.
	Evening   Part = "evening"   // from 5 p.m.
)

// ParsePart reads a part of the day; anything else is AnyTime.
func ParsePart(s string) Part {
	if p := Part(s); slices.Contains([]Part{Morning, Afternoon, Evening}, p) {
		return p
	}
	return AnyTime
}

// PartOf gives the part of the day of a time, on the clinic's clock.
func (s *Scheduling) PartOf(at time.Time) Part { return partOf(at.In(s.zone())) }

func partOf(local time.Time) Part {
	switch h := local.Hour(); {
	case h < 12:
		return Morning
	case h < 17:
		return Afternoon
	}
	return Evening
}

func (p Part) takes(local time.Time) bool {
	return ParsePart(string(p)) == AnyTime || p == partOf(local)
}

// Query asks for times.
type Query struct {
	Type      ids.VisitType
	Clinician ids.Clinician // "" for anyone
	Place     ids.Place     // "" for any
	Video     bool
	Part      Part
	From      Day             // "" for today
	After     Mark            // the last time of From that was seen before, "" for none
	Until     Day             // the last day, "" for as far as can be booked
	Want      int             // whole days are listed until there are so many
	Most      int             // never more than so many, 0 for no limit
	Moving    ids.Appointment // a visit whose own time counts as free
}

// Found is what was found.
type Found struct {
	Days []DayTimes
	Next Day  // the day from which there may be more, "" for none
	Last Mark // the last time found of Next, "" for none of them
}

// Mark is a place in the times of a day, from which somebody reads on. It stays right
// while times before it are taken.
type Mark string

func (t Time) mark() Mark {
	return Mark(strconv.FormatInt(t.Start.Unix(), 10) + " " + string(t.Clinician))
}

// past leaves out the times up to the mark; what cannot be read marks nothing.
func (m Mark) past(times []Time) []Time {
	at, who, ok := strings.Cut(string(m), " ")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return times
	}
	last := Time{Start: time.Unix(n, 0), Clinician: ids.Clinician(who)}
	return slices.DeleteFunc(times, func(t Time) bool { return byStart(t, last) <= 0 })
}

// DayTimes are the times of one day, the earliest first.
type DayTimes struct {
	Day   Day
	Times []Time
}

// Count tells how many times were found.
func (f Found) Count() int {
	n := 0
	for _, d := range f.Days {
		n += len(d.Times)
	}
	return n
}

// On a page of times: whole days until there are usualWant, and never more than
// pageMost, which a clinic of many has in its first hours.
const (
	usualWant = 16
	pageMost  = 30
)

// Find gives the first free times of a kind of visit.
func (s *Scheduling) Find(ctx context.Context, c access.Chart, q Query) (f Found, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		f, err = s.find(ctx, tx, c.Patient(), q, true)
		return err
	})
	return f, err
}

// chunks are how many days are looked at in turn: most people find a time in the
// first days, and those who do not pay for more.
var chunks = []int{7, 14, 28}

// find searches. Rules of patients (notice, horizon, direct booking) hold if
// patient is set.
func (s *Scheduling) find(ctx context.Context, tx *store.Tx, of ids.Patient, q Query, patient bool) (Found, error) {
	v, err := typeByID(ctx, tx, q.Type)
	if err != nil {
		return Found{}, err
	}
	if !v.Active && (patient || q.Moving == "") || q.Video && !v.Video || !q.Video && !v.InPerson || patient && !v.Direct {
		return Found{}, fault.Missing()
	}
	if q.Want <= 0 {
		q.Want = usualWant
	}
	if q.Most > 0 {
		q.Want = min(q.Want, q.Most)
	}
	h := hunt{s: s, tx: tx, of: of, q: q, v: v, zone: s.zone(), earliest: tx.Now}
	today := dayOf(tx.Now, h.zone)
	last := today.Add(2 * 365)
	if patient {
		h.earliest = tx.Now.Add(time.Duration(v.Notice) * time.Minute)
		last = today.Add(v.Horizon)
	}
	if q.Until != "" {
		last = min(last, q.Until)
	}
	who := v.Who
	if q.Clinician != "" {
		who = slices.DeleteFunc(slices.Clone(who), func(c ids.Clinician) bool { return c != q.Clinician })
	}
	if h.blocks, err = offered(ctx, tx, who); err != nil {
		return Found{}, err
	}
	h.blocks = slices.DeleteFunc(h.blocks, func(b Block) bool { return !b.fits(v, q) })
	if len(h.blocks) == 0 {
		return Found{}, nil
	}
	return h.run(ctx, max(q.From, today), last)
}

// fits tells whether visits of v as asked for can be in the block.
func (b Block) fits(v VisitType, q Query) bool {
	return (q.Place == "" || b.Place == q.Place) && (b.OnlyType == "" || b.OnlyType == v.ID) && (q.Video && b.Video || !q.Video && b.InPerson)
}

// hunt is one search.
type hunt struct {
	s        *Scheduling
	tx       *store.Tx
	of       ids.Patient
	q        Query
	v        VisitType
	zone     *time.Location
	earliest time.Time
	blocks   []Block
	found    Found
	n        int
}

func (h *hunt) run(ctx context.Context, from, last Day) (Found, error) {
	for i := 0; from <= last; i++ {
		until := min(from.Add(chunks[min(i, len(chunks)-1)]-1), last)
		k, err := h.load(ctx, from, until)
		if err != nil {
			return Found{}, err
		}
		for d := from; d <= until; d = d.Add(1) {
			times := h.day(d, k)
			if d == h.q.From {
				times = h.q.After.past(times)
			}
			if most := h.q.Most - h.n; h.q.Most > 0 && len(times) > most {
				times = times[:most]
				h.found.Next, h.found.Last = d, times[most-1].mark()
			}
			if len(times) > 0 {
				h.found.Days = append(h.found.Days, DayTimes{d, times})
				h.n += len(times)
			}
			if h.found.Next != "" {
				return h.found, nil
			}
			if h.n >= h.q.Want {
				if d < last {
					h.found.Next = d.Add(1)
				}
				return h.found, nil
			}
		}
		from = until.Add(1)
	}
	return h.found, nil
}

// known is what must be known of a stretch of days.
type known struct {
	closures []Closure
	taken    map[string]taken
	mine     []span
	counts   map[string]int // visits of the kind, by clinician and day
}

func (h *hunt) load(ctx context.Context, from, until Day) (known, error) {
	var k known
	var err error
	if k.closures, err = closures(ctx, h.tx, from, until); err != nil {
		return k, err
	}
	// Buffers reach beyond the days.
	win := span{cellOf(from.at(0, h.zone)) - 2*cellsAnHour, cellOf(until.Add(1).at(0, h.zone)) + 2*cellsAnHour}
	var resources []string
	for _, b := range h.blocks {
		resources = append(resources, string(b.Clinician))
		if b.Room != "" {
			resources = append(resources, string(b.Room))
		}
	}
	slices.Sort(resources)
	if k.taken, err = takenOf(ctx, h.tx, slices.Compact(resources), win); err != nil {
		return k, err
	}
	if err := h.forgive(ctx, k.taken, win); err != nil {
		return k, err
	}
	if k.mine, err = h.own(ctx, win); err != nil || h.v.DayMost == 0 {
		return k, err
	}
	k.counts = map[string]int{}
	_, err = store.List(ctx, h.tx, func(r store.Row) (struct{}, error) {
		var c, d string
		var n int
		err := r.Scan(&c, &d, &n)
		k.counts[c+d] = n
		return struct{}{}, err
	}, `SELECT clinician_id, day, COUNT(*) FROM appointment
		WHERE type_id = $1 AND day >= $2 AND day <= $3 AND id <> $4 AND (state IN ('booked', 'checked_in', 'arrived', 'fulfilled') OR state = 'held' AND held_until > $5)
		GROUP BY clinician_id, day`, h.v.ID, string(from), string(until), h.q.Moving, store.Time(h.tx.Now))
	return k, err
}

// forgive frees what is taken in the books only: holds that ran out and were not
// let go yet, and the time of the visit that is being moved.
func (h *hunt) forgive(ctx context.Context, t map[string]taken, win span) error {
	_, err := store.List(ctx, h.tx, func(r store.Row) (struct{}, error) {
		var clinician, room string
		var from, end int64
		if err := r.Scan(&clinician, &room, &from, &end); err != nil {
			return struct{}{}, err
		}
		for _, of := range []string{clinician, room} {
			t[of].clear(span{cell(from), cell(end)})
		}
		return struct{}{}, nil
	}, `SELECT clinician_id, room_id, busy_first, busy_end FROM appointment
		WHERE state = 'held' AND held_until <= $3 AND busy_end > $1 AND busy_first < $2
		UNION ALL SELECT clinician_id, room_id, busy_first, busy_end FROM appointment
		WHERE id = $4 AND state IN ('booked', 'checked_in') AND busy_end > $1 AND busy_first < $2`,
		int64(win.from), int64(win.end), store.Time(h.tx.Now), h.q.Moving)
	return err
}

// own are the stretches in which the patient has another visit.
func (h *hunt) own(ctx context.Context, win span) ([]span, error) {
	if h.of == "" {
		return nil, nil
	}
	return store.List(ctx, h.tx, func(r store.Row) (span, error) {
		var s span
		err := r.Scan((*int64)(&s.from), (*int64)(&s.end))
		return s, err
	}, `SELECT first_cell, end_cell FROM appointment
		WHERE patient_id = $1 AND starts_at >= $2 AND starts_at < $3 AND id <> $4 AND state IN ('booked', 'checked_in', 'arrived')
		UNION ALL SELECT first_cell, end_cell FROM visit_elsewhere
		WHERE patient_id = $1 AND starts_at >= $2 AND starts_at < $3 AND appointment_id = '' AND state IN ('booked', 'checked_in', 'arrived')`,
		h.of, store.Time(win.from.time().Add(-12*time.Hour)), store.Time(win.end.time()), h.q.Moving)
}

func (t taken) clear(s span) {
	for c := s.from; c < s.end; c++ {
		if b, ok := t[c.day()]; ok {
			b[int(c)%cellsADay/64] &^= 1 << (int(c) % cellsADay % 64)
			t[c.day()] = b
		}
	}
}

// day gives the free times of one day.
func (h *hunt) day(d Day, k known) []Time {
	var out []Time
	for _, b := range h.blocks {
		if b.Weekday != d.Weekday() || h.v.DayMost > 0 && k.counts[string(b.Clinician)+string(d)] >= h.v.DayMost {
			continue
		}
		starts := h.v.grid(b, open(b, d, k.closures, h.zone), h.zone, d)
		if len(starts) == 0 {
			continue
		}
		around := span{h.v.busy(starts[0]).from, h.v.busy(starts[len(starts)-1]).end}
		who, room := k.taken[string(b.Clinician)].window(around), k.taken[string(b.Room)].window(around)
		for _, start := range starts {
			busy := h.v.busy(start)
			if !who.free(busy) || !room.free(busy) || slices.ContainsFunc(k.mine, h.v.own(start).meets) {
				continue
			}
			at := start.time()
			if at.Before(h.earliest) || !h.q.Part.takes(at.In(h.zone)) {
				continue
			}
			out = append(out, Time{Clinician: b.Clinician, Place: b.Place, Room: b.Room, Type: h.v.ID, Video: h.q.Video, Start: at, Minutes: h.v.Minutes})
		}
	}
	return unique(out)
}
