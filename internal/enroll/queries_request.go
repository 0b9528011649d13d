package enroll

import (
	"context"
	"encoding/json"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

const requestColumns = `id, reference, patient_id, why, state, flagged, again, double_of, claim, lang, first_by, first_patient, code_id, came_at, touched_at`

func (e *Room) scanRequest(row store.Row) (r request, err error) {
	var claim *string
	var l string
	var came, touched store.Time
	err = row.Scan(&r.ID, &r.Reference, &r.Patient, &r.Why, &r.State, &r.Flagged, &r.Again, &r.Of, &claim, &l, &r.FirstBy, &r.FirstPatient, &r.Code, &came, &touched)
	r.Lang, r.Came, r.Touched = lang.Lang(l), came.Std(), touched.Std()
	if err != nil {
		return r, err
	}
	if r.Erased = claim == nil; r.Erased {
		return r, nil
	}
	b, err := e.Keys.Open(claimPlace, string(r.ID), *claim)
	if err == nil {
		err = json.Unmarshal(b, &r.Claim)
	}
	return r, err
}

func (e *Room) requestByID(ctx context.Context, tx *store.Tx, id ids.Request) (request, error) {
	return store.Get(ctx, tx, e.scanRequest, `SELECT `+requestColumns+` FROM identity_request WHERE id = $1`, id)
}

const notePlace = "request_note.note"

// note writes down what staff did with a request; words are sealed.
func (e *Room) note(ctx context.Context, tx *store.Tx, r ids.Request, by ids.Staff, what, detail, words string) error {
	id := ids.New[string]("not")
	var sealed any
	if words != "" {
		sealed = e.Keys.Seal(notePlace, id, []byte(words))
	}
	_, err := tx.Exec(ctx, `INSERT INTO request_note (id, request_id, staff_id, what, detail, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, r, by, what, detail, sealed, store.Time(tx.Now))
	return err
}

// notes lists what was done with a request, oldest first.
func (e *Room) notes(ctx context.Context, tx *store.Tx, r ids.Request) ([]LogLine, error) {
	return store.List(ctx, tx, func(row store.Row) (l LogLine, err error) {
		var id string
		var sealed *string
		var at store.Time
		if err = row.Scan(&id, &l.Staff, &l.What, &l.Detail, &sealed, &at); err != nil {
			return l, err
		}
		l.At = at.Std()
		if sealed == nil {
			return l, nil
		}
		b, err := e.Keys.Open(notePlace, id, *sealed)
		l.Note = string(b)
		return l, err
	}, `SELECT id, staff_id, what, detail, note, at FROM request_note WHERE request_id = $1 ORDER BY at, id`, r)
}
