package registry

import (
	"context"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// nobody is a number and a birth date that are no one's, looked up in place of
// what cannot be a number, so that a miss costs what a hit costs.
const nobody = "\x1fnobody"

// ByNumber finds who has both this number and this birth date (YYYY-MM-DD), by
// their common keyed index: the database holds neither in a form a reader could
// try out. store.ErrNone if there is nobody, or several. The work is the same
// either way: one look-up in one index.
func (r *Room) ByNumber(ctx context.Context, tx *store.Tx, number, birth string) (ids.Patient, error) {
	plain, ok := NormalNumber(number)
	if !ok || birth == "" {
		plain = nobody
	}
	marks := r.Keys.Indexes(indexPair, pair(plain, birth))
	found, err := store.List(ctx, tx, store.One[ids.Patient], `
		SELECT DISTINCT person_id FROM patient_number WHERE pair_index IN (`+store.In(1, len(marks))+`) LIMIT 2`, args(marks)...)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", store.ErrNone
	}
	return found[0], nil
}

// Numbered finds the one patient with a number, for commands: a fault of kind
// NotFound if there is none, Conflict if two systems gave the same number to two
// people.
func (r *Room) Numbered(ctx context.Context, _ access.Duty, number string) (ids.Patient, error) {
	var found []ids.Patient
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		found, err = r.numbered(ctx, tx, number)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fault.Missing()
	case len(found) > 1:
		return "", fault.Lost("registry.import.several")
	}
	return found[0], nil
}

// numbered lists the people a number leads to.
func (r *Room) numbered(ctx context.Context, tx *store.Tx, number string) ([]ids.Patient, error) {
	plain, ok := NormalNumber(number)
	if !ok {
		return nil, nil
	}
	marks := r.Keys.Indexes(indexNumber, plain)
	return store.List(ctx, tx, store.One[ids.Patient], `
		SELECT DISTINCT person_id FROM patient_number WHERE number_index IN (`+store.In(1, len(marks))+`) ORDER BY person_id LIMIT 20`, args(marks)...)
}
