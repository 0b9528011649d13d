package waiting

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Asking is what somebody asks for.
type Asking struct {
	Kind      ids.VisitType
	Visit     ids.Appointment // the visit to be earlier, "" for none
	Clinician ids.Clinician
	Place     ids.Place
	Video     bool
	Weekdays  []string // "0" is Sunday
	Parts     []string
	Reason    string
	Note      string
}

// Ask sends the clinic a request for a visit that it books itself.
func (s *Waiting) Ask(ctx context.Context, c access.Chart, a Asking) (ids.Wish, error) {
	var reasonWrong, noteWrong error
	a.Visit = ""
	a.Reason, reasonWrong = written("reason", a.Reason, 3)
	a.Note, noteWrong = written("note", a.Note, 0)
	if err := errors.Join(c.Need(access.BookVisits), firstOf(reasonWrong, noteWrong)); err != nil {
		return "", err
	}
	id := ids.NewWish()
	return id, s.DB.Change(ctx, c.Did(audit.VisitRequested, string(id)), func(tx *store.Tx) error {
		k, err := s.begin(ctx, tx, c.Patient(), a)
		if err != nil {
			return err
		}
		if k.Direct {
			return refuse(WhyDirect)
		}
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM wish WHERE patient_id = $1 AND type_id = $2 AND kind = 'request' AND state IN ('open', 'proposed')`, c.Patient(), k.ID)
		if err != nil {
			return err
		}
		if k.AskMost > 0 && n >= k.AskMost {
			return refuse(WhyRequests)
		}
		return s.insert(ctx, tx, a.wish(id, c.Patient(), Request), string(c.Account()))
	})
}

// Await puts the patient on the waiting list: for an earlier time than that of a
// visit, or for a time at all. Asked twice, it gives the place there is.
func (s *Waiting) Await(ctx context.Context, c access.Chart, a Asking) (id ids.Wish, err error) {
	if err := c.Need(access.BookVisits); err != nil {
		return "", err
	}
	a.Reason, a.Note = "", ""
	fresh := ids.NewWish()
	err = s.DB.Change(ctx, c.Did(audit.VisitAwaited, string(fresh)), func(tx *store.Tx) error {
		last := s.today(tx.Now.Add(waitDays * 24 * time.Hour))
		if a.Visit != "" {
			v, err := visitOf(ctx, tx, c.Patient(), a.Visit)
			if err != nil {
				return err
			}
			if !v.ahead(store.Time(tx.Now)) {
				return refuse(WhyVisit)
			}
			a.Kind, last = v.Kind, v.Day
		}
		k, err := s.begin(ctx, tx, c.Patient(), a)
		if err != nil {
			return err
		}
		if !k.Direct {
			return refuse(WhyAsk)
		}
		id, err = store.Get(ctx, tx, store.One[ids.Wish], `SELECT id FROM wish WHERE patient_id = $1 AND type_id = $2 AND visit_id = $3 AND kind = 'earlier' AND state = 'open'`, c.Patient(), k.ID, a.Visit)
		if !errors.Is(err, store.ErrNone) {
			return err
		}
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM wish WHERE patient_id = $1 AND kind = 'earlier' AND state = 'open'`, c.Patient())
		if err != nil {
			return err
		}
		if n >= maxPlaces {
			return refuse(WhyPlaces)
		}
		w := a.wish(fresh, c.Patient(), Earlier)
		w.LastDay, id = last, fresh
		if err := s.insert(ctx, tx, w, string(c.Account())); err != nil {
			return err
		}
		return matchJob.Enqueue(ctx, tx, matchArgs{Kind: k.ID})
	})
	return id, err
}

// begin checks what holds for every wish. A patient's wishes are made one after the
// other, so that limits are not outrun.
func (s *Waiting) begin(ctx context.Context, tx *store.Tx, of ids.Patient, a Asking) (Kind, error) {
	if err := tx.OneAtATime(ctx, "wishes of "+string(of)); err != nil {
		return Kind{}, err
	}
	all, err := s.Calendar.Describe(ctx, tx)
	if err != nil {
		return Kind{}, err
	}
	k := all.Kind(a.Kind)
	switch {
	case k.ID == "":
		return k, fault.Missing()
	case !k.Active || len(k.Who) == 0 || a.Video && !k.Video || !a.Video && !k.InPerson,
		a.Clinician != "" && !slices.Contains(k.Who, a.Clinician),
		a.Place != "" && nameOf(all.Places, a.Place) == "":
		return k, refuse(WhyKind)
	}
	if ok, err := s.People.Bookable(ctx, tx, of); err != nil || !ok {
		return k, firstOf(err, refuse(WhyPerson))
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM wish WHERE patient_id = $1 AND made_at > $2`, of, store.Time(tx.Now.Add(-24*time.Hour)))
	if err == nil && n >= maxADay {
		err = refuse(WhyOften)
	}
	return k, err
}

// firstOf gives the first error there is. It is no errors.Join: what is shown beside a
// field is one fault.
func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a Asking) wish(id ids.Wish, of ids.Patient, sort Sort) Wish {
	return Wish{ID: id, Patient: of, Sort: sort, Kind: a.Kind, Clinician: a.Clinician, Place: a.Place, Video: a.Video, Weekdays: wishDays(a.Weekdays), Parts: wishParts(a.Parts),
		Reason: a.Reason, Note: a.Note, Visit: a.Visit, State: Open}
}

func (s *Waiting) insert(ctx context.Context, tx *store.Tx, w Wish, actor string) error {
	if _, err := tx.Exec(ctx, `
		INSERT INTO wish (id, patient_id, home_id, kind, type_id, clinician_id, place_id, video, weekdays, parts, reason, note, visit_id, state, ended_why, last_day, version, made_at, changed_at)
		VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', '', $13, 0, $14, $14)`,
		w.ID, w.Patient, string(w.Sort), w.Kind, w.Clinician, w.Place, w.Video, w.Weekdays, w.Parts, s.seal(sealReason, w.ID, w.Reason), s.seal(sealNote, w.ID, w.Note), w.Visit, w.LastDay, store.Time(tx.Now)); err != nil {
		return err
	}
	return event(ctx, tx, w.ID, "made", actor)
}
