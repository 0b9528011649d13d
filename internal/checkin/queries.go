package checkin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// What people write and their pictures are sealed under these names.
const (
	sealPart  = "checkin.part"
	sealPhoto = "checkin.photo"
	sealWas   = "checkin.was"
	sealNow   = "checkin.now"
)

// visitOf gives a visit that must be this patient's.
func (s *CheckIns) visitOf(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (Visit, error) {
	v, err := s.visit(ctx, tx, id)
	if err == nil && v.Patient != p {
		err = fault.Missing()
	}
	return v, err
}

func (s *CheckIns) visit(ctx context.Context, tx *store.Tx, id ids.Appointment) (Visit, error) {
	found, err := s.Visits.Some(ctx, tx, id)
	if err != nil {
		return Visit{}, err
	}
	v, ok := found[id]
	if !ok {
		return Visit{}, fault.Missing()
	}
	return v, nil
}

// begun takes the check-in of a visit for this transaction alone, making it if
// there is none: saving a step and sending meet here.
func begun(ctx context.Context, tx *store.Tx, id ids.Appointment, by ids.Account) error {
	_, err := tx.Exec(ctx, `INSERT INTO checkin (appointment_id, account_id, started_at, changed_at) VALUES ($1, $2, $3, $3)
		ON CONFLICT (appointment_id) DO UPDATE SET changed_at = excluded.changed_at`, id, by, store.Time(tx.Now))
	return err
}

// sentAt is when a check-in was sent, zero if it was not.
func sentAt(ctx context.Context, tx *store.Tx, id ids.Appointment) (time.Time, error) {
	at, err := store.Get(ctx, tx, func(r store.Row) (time.Time, error) {
		var t store.Time
		err := r.Scan(&t)
		return t.Std(), err
	}, `SELECT sent_at FROM checkin WHERE appointment_id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	return at, err
}

// parts reads what was typed, step by step.
func (s *CheckIns) parts(ctx context.Context, tx *store.Tx, id ids.Appointment) (map[string]Typed, error) {
	out := map[string]Typed{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var part, body string
		if err := r.Scan(&part, &body); err != nil {
			return struct{}{}, err
		}
		plain, err := s.Keys.Open(sealPart, partName(id, part), body)
		if err != nil {
			return struct{}{}, err
		}
		var t Typed
		err = json.Unmarshal(plain, &t)
		out[part] = t
		return struct{}{}, err
	}, `SELECT part, body FROM checkin_part WHERE appointment_id = $1`, id)
	return out, err
}

func partName(id ids.Appointment, part string) string { return string(id) + "/" + part }

func (s *CheckIns) putPart(ctx context.Context, tx *store.Tx, id ids.Appointment, part string, t Typed) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO checkin_part (appointment_id, part, body, saved_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (appointment_id, part) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at`,
		id, part, s.Keys.Seal(sealPart, partName(id, part), body), store.Time(tx.Now))
	return err
}

// Side is a side of the insurance card.
type Side string

// Sides of a card.
const (
	Front Side = "front"
	Back  Side = "back"
)

func (s *CheckIns) sides(ctx context.Context, tx *store.Tx, id ids.Appointment) ([]Side, error) {
	return store.List(ctx, tx, store.One[Side], `SELECT side FROM checkin_photo WHERE appointment_id = $1 ORDER BY side DESC`, id)
}

func (s *CheckIns) putPhoto(ctx context.Context, tx *store.Tx, id ids.Appointment, side Side, jpeg []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO checkin_photo (appointment_id, side, sealed, saved_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (appointment_id, side) DO UPDATE SET sealed = excluded.sealed, saved_at = excluded.saved_at`,
		id, string(side), s.Keys.Seal(sealPhoto, partName(id, string(side)), jpeg), store.Time(tx.Now))
	return err
}

func (s *CheckIns) photo(ctx context.Context, tx *store.Tx, id ids.Appointment, side Side) ([]byte, error) {
	sealed, err := store.Get(ctx, tx, store.One[string], `SELECT sealed FROM checkin_photo WHERE appointment_id = $1 AND side = $2`, id, string(side))
	if errors.Is(err, store.ErrNone) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, err
	}
	return s.Keys.Open(sealPhoto, partName(id, string(side)), sealed)
}

// State is how a change stands with the desk.
type State string

// States of a change.
const (
	Waiting  State = "waiting"
	Accepted State = "accepted"
	Refused  State = "refused"
)

// Change is one thing a patient said is different.
type Change struct {
	ID      ids.Review
	Visit   ids.Appointment
	What    string // the key of its question
	Was     string // what the clinic had, line by line
	Now     string // what the patient wrote
	State   State
	Asked   time.Time
	Settled time.Time
}

const changeColumns = `id, appointment_id, what, was, now, state, asked_at, settled_at`

func (s *CheckIns) scanChange(r store.Row) (Change, error) {
	var k Change
	var asked, settled store.Time
	var was, now string
	if err := r.Scan(&k.ID, &k.Visit, &k.What, &was, &now, &k.State, &asked, &settled); err != nil {
		return k, err
	}
	k.Asked, k.Settled = asked.Std(), settled.Std()
	for _, f := range []struct {
		place, sealed string
		into          *string
	}{{sealWas, was, &k.Was}, {sealNow, now, &k.Now}} {
		plain, err := s.Keys.Open(f.place, string(k.ID), f.sealed)
		if err != nil {
			return k, err
		}
		*f.into = string(plain)
	}
	return k, nil
}

func (s *CheckIns) changes(ctx context.Context, tx *store.Tx, id ids.Appointment) ([]Change, error) {
	return store.List(ctx, tx, s.scanChange, `SELECT `+changeColumns+` FROM checkin_change WHERE appointment_id = $1 ORDER BY asked_at, what, id`, id)
}

func (s *CheckIns) putChange(ctx context.Context, tx *store.Tx, k Change) error {
	k.ID = ids.NewReview()
	_, err := tx.Exec(ctx, `INSERT INTO checkin_change (id, appointment_id, what, was, now, state, asked_at, staff_id) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, '')`,
		k.ID, k.Visit, k.What, s.Keys.Seal(sealWas, string(k.ID), []byte(k.Was)), s.Keys.Seal(sealNow, string(k.ID), []byte(k.Now)), store.Time(tx.Now))
	return err
}
