package waiting

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// movedTo is the event of a visit that got the time it waited for.
const movedTo = "moved"

// moves tells whether a time for the wish is another one of a visit there is.
func (w Wish) moves() bool { return w.Sort == Earlier && w.Visit != "" }

// Mine is one of the patient's wishes.
type Mine struct {
	Wish   Wish
	Offers []Offer // that can be taken now
	Lost   bool    // the last time offered went to somebody else
	Visit  time.Time
	Clinic Clinic
	Events []Event
}

// Form is what a patient needs to ask for something.
type Form struct {
	Clinic Clinic
	Kind   Kind
	Visit  time.Time // of the visit to be earlier, zero for none
	Have   ids.Wish  // the place on the list there is already, "" for none
}

// Blank opens the form for a request or for a place on the waiting list.
func (s *Waiting) Blank(ctx context.Context, c access.Chart, kind ids.VisitType, visit ids.Appointment) (f Form, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if f.Clinic, err = s.Calendar.Describe(ctx, tx); err != nil {
			return err
		}
		if visit != "" {
			v, err := visitOf(ctx, tx, c.Patient(), visit)
			if err != nil {
				return err
			}
			kind, f.Visit = v.Kind, v.Start.Std()
		}
		if f.Kind = f.Clinic.Kind(kind); f.Kind.ID == "" || !f.Kind.Active || len(f.Kind.Who) == 0 {
			return fault.Missing()
		}
		have, err := store.List(ctx, tx, store.One[ids.Wish], `SELECT id FROM wish WHERE patient_id = $1 AND type_id = $2 AND visit_id = $3 AND kind = 'earlier' AND state = 'open' LIMIT 1`, c.Patient(), f.Kind.ID, visit)
		if len(have) > 0 {
			f.Have = have[0]
		}
		return err
	})
	return f, err
}

// Moved tells whether the visit there was got another time.
func (m Mine) Moved() bool {
	return slices.ContainsFunc(m.Events, func(e Event) bool { return e.What == movedTo })
}

// Open shows one of the patient's wishes.
func (s *Waiting) Open(ctx context.Context, c access.Chart, id ids.Wish) (m Mine, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return m, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if m.Wish, err = s.wishOf(ctx, tx, c.Patient(), id); err != nil {
			return err
		}
		if m.Clinic, err = s.Calendar.Describe(ctx, tx); err != nil {
			return err
		}
		all, err := offers(ctx, tx, id)
		if err != nil {
			return err
		}
		m.Offers = slices.DeleteFunc(all, func(o Offer) bool { return !o.good(tx.Now) })
		if m.Lost, err = lostLast(ctx, tx, id); err != nil {
			return err
		}
		if m.Wish.Visit != "" {
			v, err := visitOf(ctx, tx, c.Patient(), m.Wish.Visit)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			m.Visit = v.Start.Std()
		}
		m.Events, err = events(ctx, tx, id)
		return err
	})
	return m, err
}

// lostLast tells whether the newest offer went to somebody else.
func lostLast(ctx context.Context, tx *store.Tx, id ids.Wish) (bool, error) {
	last, err := store.List(ctx, tx, store.One[string], `SELECT `+offerState+` FROM wish_offer o JOIN wish w ON w.id = o.wish_id WHERE o.wish_id = $1 ORDER BY o.made_at DESC, o.id DESC LIMIT 1`, id)
	return len(last) > 0 && OfferState(last[0]) == Lost, err
}

// Accept takes a time that was offered: a proposed one is booked, one offered to the
// waiting list goes to the first who asks. Sent twice it books once.
func (s *Waiting) Accept(ctx context.Context, c access.Chart, id ids.Wish, offer ids.Offer) (visit ids.Appointment, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return "", err
	}
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		if err := alone(ctx, tx, id); err != nil {
			return audit.Entry{}, err
		}
		w, err := s.wishOf(ctx, tx, c.Patient(), id)
		if err != nil {
			return audit.Entry{}, err
		}
		all, err := offers(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		i := slices.IndexFunc(all, func(o Offer) bool { return o.ID == offer })
		if i < 0 {
			return audit.Entry{}, refuse(WhyOver)
		}
		did := audit.VisitBooked
		if w.moves() {
			did = audit.VisitMoved
		}
		visit, err = s.accept(ctx, tx, w, all[i], string(c.Account()))
		return c.Did(did, string(visit)).With(string(w.Sort)), err
	})
	if store.IsUnique(err) {
		err = refuse(WhyGone)
	}
	return visit, err
}

func (s *Waiting) accept(ctx context.Context, tx *store.Tx, w Wish, o Offer, actor string) (ids.Appointment, error) {
	switch {
	case o.State == Taken:
		return w.Visit, nil
	case o.State == Lost:
		return "", refuse(WhyGone)
	case !w.State.Live():
		return "", refuse(WhyAnswered)
	case !o.good(tx.Now):
		return "", refuse(WhyOver)
	}
	visit, err := s.give(ctx, tx, w, o, actor)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `UPDATE wish_offer SET state = 'taken', changed_at = $2 WHERE id = $1 AND state = 'open'`, o.ID, store.Time(tx.Now)); err != nil {
		return "", err
	}
	if err := closeOffers(ctx, tx, w.ID, Dropped); err != nil {
		return "", err
	}
	what := "taken"
	if w.moves() {
		what = movedTo
	}
	w.State, w.Visit = Booked, visit
	return visit, s.become(ctx, tx, w, what, actor)
}

// give books or moves. An offer to the waiting list is worth nothing once the visit
// is gone or as early by itself.
func (s *Waiting) give(ctx context.Context, tx *store.Tx, w Wish, o Offer, actor string) (ids.Appointment, error) {
	if o.Kept != "" {
		err := s.Calendar.Settle(ctx, tx, Keeping{Of: w.Patient, Kind: w.Kind, Wish: w.ID, Actor: actor}, o.Kept, w.Reason)
		return o.Kept, err
	}
	if w.Visit != "" {
		v, err := visitOf(ctx, tx, w.Patient, w.Visit)
		if err != nil {
			return "", err
		}
		if !v.ahead(store.Time(tx.Now)) || !v.Start.Std().After(o.Time.Start) {
			return "", refuse(WhyVisit)
		}
	}
	visit, err := s.Calendar.Give(ctx, tx, Giving{Of: w.Patient, Kind: w.Kind, Time: o.Time, Moving: w.Visit, Actor: actor})
	if why := Refused(err); why == WhyTaken || why == "closed" {
		err = refuse(WhyGone)
	}
	return visit, err
}

// Pass says that none of the times suits. A request goes back to the queue, with what
// would suit better; a place on the list stays.
func (s *Waiting) Pass(ctx context.Context, c access.Chart, id ids.Wish, note string) error {
	note, err := written("note", note, 0)
	if err != nil {
		return err
	}
	return s.mine(ctx, c, id, audit.VisitPassed, func(tx *store.Tx, w Wish) error {
		if !w.State.Live() {
			return refuse(WhyAnswered)
		}
		all, err := offers(ctx, tx, id)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(o Offer) bool { return o.State != Offered })
		if len(all) == 0 {
			return nil
		}
		if err := s.letGo(ctx, tx, w, Passed, string(c.Account())); err != nil {
			return err
		}
		w.State = Open
		if note != "" {
			w.Note = note
		}
		if err := s.become(ctx, tx, w, "passed", string(c.Account())); err != nil || w.Sort == Request {
			return err
		}
		return matchJob.Enqueue(ctx, tx, matchArgs{Clinician: all[0].Time.Clinician, Day: all[0].Time.Day})
	})
}

// letGo ends the open offers and gives back the times held for them.
func (s *Waiting) letGo(ctx context.Context, tx *store.Tx, w Wish, as OfferState, actor string) error {
	if w.Sort == Request {
		if err := s.Calendar.Settle(ctx, tx, Keeping{Of: w.Patient, Kind: w.Kind, Wish: w.ID, Actor: actor}, "", ""); err != nil {
			return err
		}
	}
	return closeOffers(ctx, tx, w.ID, as)
}

// Withdraw takes a request or a place on the list back. The visit that stands stays.
func (s *Waiting) Withdraw(ctx context.Context, c access.Chart, id ids.Wish) error {
	return s.mine(ctx, c, id, audit.VisitWithdrawn, func(tx *store.Tx, w Wish) error {
		if w.State == Withdrawn {
			return nil
		}
		if !w.State.Live() {
			return refuse(WhyAnswered)
		}
		if err := s.letGo(ctx, tx, w, Dropped, string(c.Account())); err != nil {
			return err
		}
		w.State = Withdrawn
		return s.become(ctx, tx, w, string(Withdrawn), string(c.Account()))
	})
}

// mine runs what a patient does to a wish of theirs.
func (s *Waiting) mine(ctx context.Context, c access.Chart, id ids.Wish, a audit.Action, f func(tx *store.Tx, w Wish) error) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(a, string(id)), func(tx *store.Tx) error {
		if err := alone(ctx, tx, id); err != nil {
			return err
		}
		w, err := s.wishOf(ctx, tx, c.Patient(), id)
		if err != nil {
			return err
		}
		return f(tx, w)
	})
}

// Waits is what a patient waits for, beside their visits.
type Waits struct {
	ID     ids.Wish
	Sort   Sort
	Kind   ids.VisitType
	State  State
	Choose bool // a time is offered
}

// Of lists what a patient waits for, for their list of visits. A request that was
// declined or ran out stands there for a week.
func (s *Waiting) Of(ctx context.Context, tx *store.Tx, p ids.Patient) ([]Waits, error) {
	return store.List(ctx, tx, func(r store.Row) (w Waits, err error) {
		var n int
		err = r.Scan(&w.ID, &w.Sort, &w.Kind, &w.State, &n)
		w.Choose = n > 0
		return w, err
	}, `SELECT w.id, w.kind, w.type_id, w.state, (SELECT COUNT(*) FROM wish_offer o WHERE o.wish_id = w.id AND o.state = 'open' AND o.expires_at > $2 AND NOT (`+gone+`)) FROM wish w
		WHERE w.patient_id = $1 AND (w.state IN ('open', 'proposed') OR w.state IN ('declined', 'lapsed') AND w.changed_at > $3) ORDER BY w.made_at, w.id LIMIT 50`,
		p, store.Time(tx.Now), store.Time(tx.Now.Add(-7*24*time.Hour)))
}

// Key is the text that says how it stands.
func (w Waits) Key() string {
	if w.Choose && w.Sort == Earlier {
		return "waiting.state.offered"
	}
	return stateKey(w.Sort, w.State)
}
