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

// Queue is what staff see of all who wait.
type Queue struct {
	Requests []Wish // to be answered, and those whose patient chooses
	List     []Wish // the waiting list, who waits the longest first
	Names    map[ids.Patient]string
	Clinic   Clinic
}

// queueMost is how many of each a page lists.
const queueMost = 200

// Queue lists who waits.
func (s *Waiting) Queue(ctx context.Context, d access.Desk) (q Queue, err error) {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return q, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if q.Clinic, err = s.Calendar.Describe(ctx, tx); err != nil {
			return err
		}
		list := func(sort Sort) ([]Wish, error) {
			return store.List(ctx, tx, s.scanWish, `SELECT `+wishColumns+` FROM wish w WHERE w.kind = $1 AND w.state IN ('open', 'proposed') ORDER BY w.made_at, w.id LIMIT $2`, string(sort), queueMost)
		}
		if q.Requests, err = list(Request); err != nil {
			return err
		}
		if q.List, err = list(Earlier); err != nil {
			return err
		}
		var who []ids.Patient
		for _, w := range slices.Concat(q.Requests, q.List) {
			who = append(who, w.Patient)
		}
		q.Names, err = s.People.Names(ctx, tx, who)
		return err
	})
	return q, err
}

// One is a wish at the desk, with times that are free.
type One struct {
	Wish   Wish
	Name   string
	Visit  time.Time // the visit to be earlier, zero for none
	Offers []Offer
	Events []Event
	Clinic Clinic
	Times  []Time
	More   string // the day from which there may be more times
}

// Look opens a wish at the desk. q says which times to find; the rest of it follows
// the wish.
func (s *Waiting) Look(ctx context.Context, d access.Desk, id ids.Wish, q Query) (o One, err error) {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return o, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if o.Wish, err = s.wish(ctx, tx, id); err != nil {
			return err
		}
		if o.Clinic, err = s.Calendar.Describe(ctx, tx); err != nil {
			return err
		}
		if o.Name, err = s.People.Called(ctx, tx, o.Wish.Patient); err != nil {
			return err
		}
		if o.Offers, err = offers(ctx, tx, id); err != nil {
			return err
		}
		if o.Events, err = events(ctx, tx, id); err != nil {
			return err
		}
		if o.Wish.Visit != "" {
			v, err := visitOf(ctx, tx, o.Wish.Patient, o.Wish.Visit)
			if err != nil {
				return err
			}
			o.Visit = v.Start.Std()
		}
		if !o.Wish.State.Live() || !o.Clinic.Kind(o.Wish.Kind).Active {
			return nil
		}
		q.Kind, q.Of, q.Video, q.AsStaff, q.Want = o.Wish.Kind, o.Wish.Patient, o.Wish.Video, true, deskWant
		if o.Wish.Sort == Earlier {
			q.Moving = o.Wish.Visit
		}
		if o.Times, o.More, err = s.Calendar.Free(ctx, tx, q); fault.Is(err, fault.NotFound) {
			err = nil // the kind is not offered so any more; staff still answer
		}
		return err
	})
	return o, err
}

// deskWant is how many times the desk sees at once.
const deskWant = 12

// Book gives a wish a time: a request is booked, a visit on the waiting list moves.
func (s *Waiting) Book(ctx context.Context, d access.Desk, id ids.Wish, picked []string) error {
	return s.by(ctx, d, id, audit.VisitBooked, func(tx *store.Tx, w Wish) error {
		times, err := s.picked(ctx, tx, w, picked)
		if err != nil {
			return err
		}
		if len(times) != 1 {
			return refuse(WhyOne)
		}
		if err := s.letGo(ctx, tx, w, Dropped, string(d.Staff())); err != nil {
			return err
		}
		what, g := string(Booked), Giving{Of: w.Patient, Kind: w.Kind, Time: times[0], Reason: w.Reason, Actor: string(d.Staff())}
		if w.moves() {
			what, g.Moving = movedTo, w.Visit
		}
		if w.Visit, err = s.Calendar.Give(ctx, tx, g); err != nil {
			return err
		}
		w.State = Booked
		return s.become(ctx, tx, w, what, string(d.Staff()))
	})
}

// Propose holds up to three times for a request, for its patient to choose. What was
// proposed before is given back.
func (s *Waiting) Propose(ctx context.Context, d access.Desk, id ids.Wish, picked []string) error {
	return s.by(ctx, d, id, audit.VisitProposed, func(tx *store.Tx, w Wish) error {
		if w.Sort != Request {
			return refuse(WhyList)
		}
		times, err := s.picked(ctx, tx, w, picked)
		if err != nil {
			return err
		}
		if err := proposable(times); err != nil {
			return err
		}
		until := tx.Now.Add(keepTimes)
		if last := times[0].Start.Add(-keepLead); last.Before(until) {
			until = last
		}
		if until.Before(tx.Now.Add(keepLeast)) {
			return refuse(WhySoon)
		}
		if err := s.letGo(ctx, tx, w, Dropped, string(d.Staff())); err != nil {
			return err
		}
		kept, err := s.Calendar.Keep(ctx, tx, Keeping{Of: w.Patient, Kind: w.Kind, Wish: w.ID, Until: until, Actor: string(d.Staff())}, times)
		if err != nil {
			return err
		}
		for i, t := range times {
			if err := insertOffer(ctx, tx, Offer{Wish: w.ID, Kept: kept[i], Time: t, Expires: until}); err != nil {
				return err
			}
		}
		w.State = Proposed
		if err := s.become(ctx, tx, w, string(Proposed), string(d.Staff())); err != nil {
			return err
		}
		return s.tell(ctx, tx, w, NewsProposed, until)
	})
}

// proposable checks times that are the earliest first.
func proposable(times []Time) error {
	if len(times) == 0 || len(times) > maxTimes {
		return refuse(WhyThree)
	}
	for i := 1; i < len(times); i++ {
		// The patient can be in one place only, also of those that are held.
		if times[i].Start.Before(times[i-1].End) {
			return refuse(WhyClash)
		}
	}
	return nil
}

// picked reads the times that staff ticked, the earliest first.
func (s *Waiting) picked(ctx context.Context, tx *store.Tx, w Wish, picked []string) ([]Time, error) {
	all, err := s.Calendar.Describe(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(picked) > maxTimes {
		return nil, refuse(WhyThree)
	}
	k := all.Kind(w.Kind)
	var out []Time
	for _, p := range picked {
		t, err := parseTime(p, k.Minutes)
		if err != nil {
			return nil, err
		}
		t.Day = s.today(t.Start)
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Time) int { return a.Start.Compare(b.Start) })
	return out, nil
}

// Decline answers a request with no, or takes somebody off the list, with a reason
// that the patient reads.
func (s *Waiting) Decline(ctx context.Context, d access.Desk, id ids.Wish, why string) error {
	why, err := written("why", why, 3)
	if err != nil {
		return err
	}
	return s.by(ctx, d, id, audit.VisitDeclined, func(tx *store.Tx, w Wish) error {
		if err := s.letGo(ctx, tx, w, Dropped, string(d.Staff())); err != nil {
			return err
		}
		w.State, w.EndedWhy = Declined, why
		if err := s.become(ctx, tx, w, string(Declined), string(d.Staff())); err != nil {
			return err
		}
		return s.tell(ctx, tx, w, NewsDeclined, time.Time{})
	})
}

func (s *Waiting) tell(ctx context.Context, tx *store.Tx, w Wish, what What, until time.Time) error {
	return s.Teller.WishNews(ctx, tx, w.Patient, w.ID, News{What: what, Until: until, Key: string(what) + ":" + tx.Now.Format(time.RFC3339Nano)})
}

// by runs what staff do to a wish that still waits. Whose it is is known only inside
// the transaction, hence the audit line is made there.
func (s *Waiting) by(ctx context.Context, d access.Desk, id ids.Wish, a audit.Action, f func(tx *store.Tx, w Wish) error) error {
	if err := d.Need(access.BookVisitsFor); err != nil {
		return err
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		if err := alone(ctx, tx, id); err != nil {
			return audit.Entry{}, err
		}
		w, err := s.wish(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		if !w.State.Live() {
			return audit.Entry{}, refuse(WhyAnswered)
		}
		return d.Did(a, string(id)).On(string(w.Patient)), f(tx, w)
	})
	if store.IsUnique(err) {
		err = refuse(WhyTaken)
	}
	return err
}
