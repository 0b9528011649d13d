package waiting

import (
	"context"
	"errors"
	"strconv"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/page"
	"portico/internal/store"
)

// matchArgs say where times may be free: of a clinician's day, of a kind of visit, or
// anywhere.
type matchArgs struct {
	Clinician ids.Clinician
	Day       string
	Kind      ids.VisitType
}

var (
	matchJob = jobs.Kind[matchArgs]{Name: "waiting.match"}
	sweepJob = jobs.Kind[struct{}]{Name: "waiting.sweep", Every: 5 * time.Minute}
)

// Jobs registers the room's workers.
func (s *Waiting) Jobs(r *jobs.Runner) {
	jobs.Handle(r, matchJob, s.match)
	jobs.Handle(r, sweepJob, func(ctx context.Context, d access.Duty, _ struct{}) error { return s.Sweep(ctx, d) })
}

// CalendarChanged hears that times of a clinician's day are others than before. It
// costs a look where nobody waits.
func (s *Waiting) CalendarChanged(ctx context.Context, tx *store.Tx, who ids.Clinician, day string) error {
	n, err := store.List(ctx, tx, store.One[int], `SELECT 1 FROM wish WHERE kind = 'earlier' AND state IN ('open', 'proposed') LIMIT 1`)
	if err != nil || len(n) == 0 {
		return err
	}
	return matchJob.Enqueue(ctx, tx, matchArgs{Clinician: who, Day: day}, jobs.Options{Unique: string(who) + " " + day})
}

// match ends offers that ran out, tells those whose time went to somebody else, then
// offers what is free.
func (s *Waiting) match(ctx context.Context, d access.Duty, a matchArgs) error {
	if err := s.runOut(ctx, d); err != nil {
		return err
	}
	if err := s.settle(ctx, d); err != nil {
		return err
	}
	return s.offerAll(ctx, d, a)
}

// Sweep ends places on the list that are over and offers times that nobody's change made known: a hold
// that lapsed, a day that has come within reach.
func (s *Waiting) Sweep(ctx context.Context, d access.Duty) error {
	if err := s.endPlaces(ctx, d); err != nil {
		return err
	}
	return s.match(ctx, d, matchArgs{})
}

// settle finds open offers to the waiting list whose time is booked by somebody.
func (s *Waiting) settle(ctx context.Context, d access.Duty) error {
	return s.each(ctx, `
		SELECT DISTINCT o.wish_id FROM wish_offer o JOIN wish w ON w.id = o.wish_id WHERE `+gone+` LIMIT 200`, nil, func(id ids.Wish) error {
		return s.forWish(ctx, d, id, func(tx *store.Tx, w Wish) error {
			if w.State != Open {
				return errNothing
			}
			if err := closeOffers(ctx, tx, id, Lost); err != nil {
				return err
			}
			if err := event(ctx, tx, id, string(Lost), ""); err != nil {
				return err
			}
			return s.tell(ctx, tx, w, NewsLost, time.Time{})
		})
	})
}

// runOut ends offers whose time is over. A request ends with its last one.
func (s *Waiting) runOut(ctx context.Context, d access.Duty) error {
	return s.each(ctx, `SELECT DISTINCT wish_id FROM wish_offer WHERE state = 'open' AND expires_at <= $1 LIMIT 200`, []any{store.Time(s.DB.Now())}, func(id ids.Wish) error {
		return s.forWish(ctx, d, id, func(tx *store.Tx, w Wish) error {
			all, err := offers(ctx, tx, id)
			if err != nil {
				return err
			}
			over := 0
			for _, o := range all {
				if o.State == Offered && !o.Expires.After(tx.Now) {
					over++
				}
			}
			if over == 0 {
				return errNothing
			}
			if err := s.letGo(ctx, tx, w, Over, ""); err != nil {
				return err
			}
			if w.Sort == Earlier || w.State != Proposed {
				return event(ctx, tx, id, string(Over), "")
			}
			w.State = Lapsed
			if err := s.become(ctx, tx, w, string(Lapsed), ""); err != nil {
				return err
			}
			return s.tell(ctx, tx, w, NewsLapsed, time.Time{})
		})
	})
}

// endPlaces takes off the list who waited long enough and whose visit is gone. Only
// the first are told: the others know what became of their visit.
func (s *Waiting) endPlaces(ctx context.Context, d access.Duty) error {
	return s.each(ctx, `
		SELECT w.id FROM wish w LEFT JOIN appointment a ON a.id = w.visit_id
		WHERE w.kind = 'earlier' AND w.state = 'open' AND (w.last_day < $1 OR w.visit_id <> '' AND (a.id IS NULL OR a.state NOT IN ('booked', 'checked_in') OR a.starts_at <= $2)) LIMIT 200`,
		[]any{s.today(s.DB.Now()), store.Time(s.DB.Now())}, func(id ids.Wish) error {
			return s.forWish(ctx, d, id, func(tx *store.Tx, w Wish) error {
				if w.State != Open {
					return errNothing
				}
				if err := closeOffers(ctx, tx, id, Dropped); err != nil {
					return err
				}
				w.State = Lapsed
				if err := s.become(ctx, tx, w, string(Lapsed), ""); err != nil || w.Visit != "" {
					return err
				}
				return s.tell(ctx, tx, w, NewsEnded, time.Time{})
			})
		})
}

// errNothing ends a transaction that has nothing to do any more.
var errNothing = errors.New("nothing to do")

func (s *Waiting) each(ctx context.Context, query string, args []any, f func(ids.Wish) error) error {
	var all []ids.Wish
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = store.List(ctx, tx, store.One[ids.Wish], query, args...)
		return err
	}); err != nil {
		return err
	}
	for _, id := range all {
		if err := f(id); err != nil {
			return err
		}
	}
	return nil
}

// forWish changes one wish for the clinic, each in a transaction of its own.
func (s *Waiting) forWish(ctx context.Context, d access.Duty, id ids.Wish, f func(tx *store.Tx, w Wish) error) error {
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		if err := alone(ctx, tx, id); err != nil {
			return audit.Entry{}, err
		}
		w, err := s.wish(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		return d.Did(audit.VisitLapsed, string(id)).On(string(w.Patient)), f(tx, w)
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return err
}

// wanted is a kind of visit that somebody on the list waits for.
type wanted struct {
	kind  ids.VisitType
	video bool
}

// offerAll offers the free times that a describes.
func (s *Waiting) offerAll(ctx context.Context, d access.Duty, a matchArgs) error {
	var kinds []wanted
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		kinds, err = store.List(ctx, tx, func(r store.Row) (w wanted, err error) { return w, r.Scan(&w.kind, &w.video) }, `
			SELECT DISTINCT w.type_id, w.video FROM wish w
			WHERE w.kind = 'earlier' AND w.state = 'open' AND ($1 = '' OR w.type_id = $1)
				AND ($2 = '' OR EXISTS (SELECT 1 FROM visit_type_clinician c WHERE c.type_id = w.type_id AND c.clinician_id = $2))`, a.Kind, a.Clinician)
		return err
	}); err != nil {
		return err
	}
	for _, k := range kinds {
		asks, err := s.find(ctx, k, a)
		if err != nil {
			return err
		}
		for _, o := range asks {
			if err := s.ask(ctx, d, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// find works out whom to ask about which free time. It changes nothing.
func (s *Waiting) find(ctx context.Context, k wanted, a matchArgs) (out []Offer, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := s.Calendar.Describe(ctx, tx)
		if err != nil {
			return err
		}
		kind := all.Kind(k.kind)
		q := Query{Kind: k.kind, Video: k.video, Clinician: a.Clinician, Want: 100}
		if a.Day != "" {
			q.From, q.Until = a.Day, a.Day
		}
		times, _, err := s.Calendar.Free(ctx, tx, q)
		if fault.Is(err, fault.NotFound) {
			return nil // the kind is not offered any more
		}
		if err != nil {
			return err
		}
		m := matching{kind: kind, zone: page.ZoneOf(s.Clinic), asked: map[ids.Wish]bool{}, offered: map[ids.Clinician][]Time{}}
		for _, t := range times {
			more, err := m.whom(ctx, tx, t)
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		return nil
	})
	return out, err
}

// matching is how far one search for people has come.
type matching struct {
	kind    Kind
	zone    *time.Location
	asked   map[ids.Wish]bool
	offered map[ids.Clinician][]Time
}

// whom gives the offers to be made of one free time: to who waits the longest and is
// not asked about another time, up to askAtOnce with those who were asked already.
func (m *matching) whom(ctx context.Context, tx *store.Tx, t Time) ([]Offer, error) {
	until := offerUntil(tx.Now, t.Start, m.kind.Notice, m.zone)
	if until.Before(tx.Now.Add(offerLeast)) {
		return nil, nil
	}
	for _, o := range m.offered[t.Clinician] { // the same gap in the day, offered once
		if o.Start.Before(t.End) && t.Start.Before(o.End) {
			return nil, nil
		}
	}
	n, err := asked(ctx, tx, t)
	if err != nil || n >= askAtOnce {
		return nil, err
	}
	local := t.Start.In(m.zone)
	who, err := store.List(ctx, tx, store.One[ids.Wish], fitting,
		m.kind.ID, t.Video, t.Clinician, t.Place, store.Time(t.Start), store.Time(t.End), "%"+strconv.Itoa(int(local.Weekday()))+"%", "% "+t.Part+" %", t.Day, store.Time(tx.Now.Add(-24*time.Hour)), askAtOnce*2, askADay)
	if err != nil {
		return nil, err
	}
	var out []Offer
	for _, w := range who {
		if m.asked[w] || n >= askAtOnce {
			continue
		}
		m.asked[w] = true
		n++
		out = append(out, Offer{Wish: w, Time: t, Expires: until})
	}
	if len(out) > 0 {
		m.offered[t.Clinician] = append(m.offered[t.Clinician], t)
	}
	return out, nil
}

// asked counts who is being asked about a time, or one that overlaps it.
func asked(ctx context.Context, tx *store.Tx, t Time) (int, error) {
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM wish_offer WHERE state = 'open' AND appointment_id = '' AND clinician_id = $1 AND starts_at < $2 AND ends_at > $3`,
		t.Clinician, store.Time(t.End), store.Time(t.Start))
}

// fitting are the wishes that a time fits, who waits the longest first: earlier than
// the visit there is, on a day and in a part of it that suits, not turned down before,
// and at no time at which the person is elsewhere.
const fitting = `
	SELECT w.id FROM wish w LEFT JOIN appointment a ON a.id = w.visit_id
	WHERE w.kind = 'earlier' AND w.state = 'open' AND w.type_id = $1 AND w.video = $2 AND (w.clinician_id = '' OR w.clinician_id = $3) AND (w.place_id = '' OR w.place_id = $4)
		AND (w.visit_id = '' OR a.state IN ('booked', 'checked_in') AND a.starts_at > $5)
		AND (w.weekdays = '' OR w.weekdays LIKE $7) AND (w.parts = '' OR w.parts LIKE $8) AND w.last_day >= $9
		AND NOT EXISTS (SELECT 1 FROM wish_offer o WHERE o.wish_id = w.id AND (o.state = 'open' OR o.state IN ('passed', 'over') AND o.clinician_id = $3 AND o.starts_at = $5))
		AND NOT EXISTS (SELECT 1 FROM appointment b WHERE b.patient_id = w.patient_id AND b.id <> w.visit_id AND b.state IN ('held', 'booked', 'checked_in', 'arrived') AND b.starts_at < $6 AND b.ends_at > $5)
		AND (SELECT COUNT(*) FROM wish_offer p WHERE p.wish_id = w.id AND p.made_at > $10) < $12
	ORDER BY w.made_at, w.id LIMIT $11`

// ask makes one offer. What was worked out before is looked at again: another worker
// may have been faster.
func (s *Waiting) ask(ctx context.Context, d access.Duty, o Offer) error {
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		if err := alone(ctx, tx, o.Wish); err != nil {
			return audit.Entry{}, err
		}
		if err := tx.OneAtATime(ctx, "offers of "+string(o.Time.Clinician)); err != nil {
			return audit.Entry{}, err
		}
		w, err := s.wish(ctx, tx, o.Wish)
		if err != nil {
			return audit.Entry{}, err
		}
		n, err := asked(ctx, tx, o.Time)
		if err != nil {
			return audit.Entry{}, err
		}
		if w.State != Open || n >= askAtOnce {
			return audit.Entry{}, errNothing
		}
		if err := insertOffer(ctx, tx, o); err != nil {
			return audit.Entry{}, err
		}
		if err := event(ctx, tx, w.ID, string(NewsOffered), ""); err != nil {
			return audit.Entry{}, err
		}
		return d.Did(audit.VisitOffered, string(w.ID)).On(string(w.Patient)), s.tell(ctx, tx, w, NewsOffered, o.Expires)
	})
	if errors.Is(err, errNothing) || store.IsUnique(err) {
		err = nil
	}
	return err
}
