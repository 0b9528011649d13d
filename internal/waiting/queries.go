package waiting

import (
	"context"
	"errors"
	"strings"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// What people write is sealed under these names.
const (
	sealReason = "waiting.reason"
	sealNote   = "waiting.note"
	sealEnded  = "waiting.ended"
)

func (s *Waiting) seal(name string, id ids.Wish, text string) string {
	if text == "" {
		return ""
	}
	return s.Keys.Seal(name, string(id), []byte(text))
}

const wishColumns = `w.id, w.patient_id, w.kind, w.type_id, w.clinician_id, w.place_id, w.video, w.weekdays, w.parts, w.reason, w.note, w.visit_id, w.state, w.ended_why, w.last_day, w.version, w.made_at, w.changed_at`

func (s *Waiting) scanWish(r store.Row) (Wish, error) {
	var w Wish
	var reason, note, why string
	if err := r.Scan(&w.ID, &w.Patient, &w.Sort, &w.Kind, &w.Clinician, &w.Place, &w.Video, &w.Weekdays, &w.Parts, &reason, &note, &w.Visit, &w.State, &why, &w.LastDay, &w.Version,
		(*store.Time)(&w.Made), (*store.Time)(&w.Changed)); err != nil {
		return w, err
	}
	for _, t := range []struct {
		name, sealed string
		into         *string
	}{{sealReason, reason, &w.Reason}, {sealNote, note, &w.Note}, {sealEnded, why, &w.EndedWhy}} {
		if t.sealed == "" {
			continue
		}
		b, err := s.Keys.Open(t.name, string(w.ID), t.sealed)
		if err != nil {
			return w, err
		}
		*t.into = string(b)
	}
	return w, nil
}

func (s *Waiting) wish(ctx context.Context, tx *store.Tx, id ids.Wish) (Wish, error) {
	w, err := store.Get(ctx, tx, s.scanWish, `SELECT `+wishColumns+` FROM wish w WHERE w.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return w, err
}

func (s *Waiting) wishOf(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Wish) (Wish, error) {
	w, err := store.Get(ctx, tx, s.scanWish, `SELECT `+wishColumns+` FROM wish w WHERE w.id = $1 AND w.patient_id = $2`, id, p)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return w, err
}

// alone makes changes of one wish follow one another. It comes before what the
// calendar locks.
func alone(ctx context.Context, tx *store.Tx, id ids.Wish) error {
	return tx.OneAtATime(ctx, "wish "+string(id))
}

// gone says of an open offer to the waiting list that somebody else has its time.
const gone = `o.state = 'open' AND o.appointment_id = '' AND EXISTS (
	SELECT 1 FROM appointment a WHERE a.clinician_id = o.clinician_id AND a.day = o.day AND a.starts_at < o.ends_at AND a.ends_at > o.starts_at
		AND a.id <> w.visit_id AND a.state IN ('booked', 'checked_in', 'arrived'))`

// offerState is how an offer stands: one whose time is gone is lost, also before a job
// has written that down.
const offerState = `CASE WHEN ` + gone + ` THEN 'lost' ELSE o.state END`

const offerColumns = `o.id, o.wish_id, o.appointment_id, o.clinician_id, o.place_id, o.video, o.day, o.starts_at, o.ends_at, o.expires_at, ` + offerState

func scanOffer(r store.Row) (o Offer, err error) {
	return o, r.Scan(&o.ID, &o.Wish, &o.Kept, &o.Time.Clinician, &o.Time.Place, &o.Time.Video, &o.Time.Day, (*store.Time)(&o.Time.Start), (*store.Time)(&o.Time.End), (*store.Time)(&o.Expires), &o.State)
}

// offers reads the offers of a wish, the earliest time first.
func offers(ctx context.Context, tx *store.Tx, id ids.Wish) ([]Offer, error) {
	return store.List(ctx, tx, scanOffer, `SELECT `+offerColumns+` FROM wish_offer o JOIN wish w ON w.id = o.wish_id WHERE o.wish_id = $1 ORDER BY o.starts_at, o.id LIMIT 100`, id)
}

func insertOffer(ctx context.Context, tx *store.Tx, o Offer) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO wish_offer (id, wish_id, appointment_id, clinician_id, place_id, video, day, starts_at, ends_at, expires_at, state, made_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $11)`,
		ids.NewOffer(), o.Wish, o.Kept, o.Time.Clinician, o.Time.Place, o.Time.Video, o.Time.Day, store.Time(o.Time.Start), store.Time(o.Time.End), store.Time(o.Expires), store.Time(tx.Now))
	return err
}

// closeOffers ends the open offers of a wish.
func closeOffers(ctx context.Context, tx *store.Tx, id ids.Wish, as OfferState) error {
	_, err := tx.Exec(ctx, `UPDATE wish_offer SET state = $2, changed_at = $3 WHERE wish_id = $1 AND state = 'open'`, id, string(as), store.Time(tx.Now))
	return err
}

// become writes how a wish stands and a line of its history.
func (s *Waiting) become(ctx context.Context, tx *store.Tx, w Wish, what, actor string) error {
	n, err := tx.Exec(ctx, `UPDATE wish SET state = $2, visit_id = $3, note = $4, ended_why = $5, version = version + 1, changed_at = $6 WHERE id = $1 AND version = $7`,
		w.ID, string(w.State), w.Visit, s.seal(sealNote, w.ID, w.Note), s.seal(sealEnded, w.ID, w.EndedWhy), store.Time(tx.Now), w.Version)
	if err == nil && n == 0 {
		err = fault.Lost("scheduling.moved_on")
	}
	if err != nil {
		return err
	}
	return event(ctx, tx, w.ID, what, actor)
}

func event(ctx context.Context, tx *store.Tx, id ids.Wish, what, actor string) error {
	_, err := tx.Exec(ctx, `INSERT INTO wish_event (id, wish_id, at, what, actor) VALUES ($1, $2, $3, $4, $5)`, ids.New[string]("wsv"), id, store.Time(tx.Now), what, actor)
	return err
}

// Event is one thing that happened to a wish.
type Event struct {
	What    string
	At      store.Time
	ByStaff bool
}

func events(ctx context.Context, tx *store.Tx, id ids.Wish) ([]Event, error) {
	return store.List(ctx, tx, func(r store.Row) (Event, error) {
		var e Event
		var actor string
		err := r.Scan(&e.What, &e.At, &actor)
		e.ByStaff = strings.HasPrefix(actor, "stf")
		return e, err
	}, `SELECT what, at, actor FROM wish_event WHERE wish_id = $1 ORDER BY at, id LIMIT 200`, id)
}

// standing is the visit that a wish wants earlier.
type standing struct {
	Kind  ids.VisitType
	Place ids.Place
	Video bool
	State string
	Day   string
	Start store.Time
}

func (v standing) ahead(now store.Time) bool {
	return (v.State == "booked" || v.State == "checked_in") && v.Start.Std().After(now.Std())
}

// visitOf reads a visit of the patient's from the calendar; it is a read of a table
// that its owner shares.
func visitOf(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (standing, error) {
	v, err := store.Get(ctx, tx, func(r store.Row) (v standing, err error) {
		return v, r.Scan(&v.Kind, &v.Place, &v.Video, &v.State, &v.Day, &v.Start)
	}, `SELECT type_id, place_id, video, state, day, starts_at FROM appointment WHERE id = $1 AND patient_id = $2 AND state NOT IN ('held', 'released')`, id, p)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return v, err
}
