package registry

import (
	"context"
	"fmt"

	"portico/internal/ids"
	"portico/internal/store"
)

// PatientByNumber finds the one person a patient number belongs to, for rooms
// that know a person by number only; store.ErrNone if there is nobody, or
// several. Who asks writes the line.
func (r *Room) PatientByNumber(ctx context.Context, tx *store.Tx, number string) (ids.Patient, error) {
	found, err := r.numbered(ctx, tx, number)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", store.ErrNone
	}
	return found[0], nil
}

// PatientByIdentifier finds the one record a number of one system came with; an
// empty system stands for any. store.ErrNone if there is none, or several.
func (r *Room) PatientByIdentifier(ctx context.Context, tx *store.Tx, system, value string) (ids.Patient, error) {
	plain, ok := NormalNumber(value)
	if !ok {
		return "", store.ErrNone
	}
	a := append([]any{system}, args(r.Keys.Indexes(indexNumber, plain))...)
	found, err := store.List(ctx, tx, store.One[ids.Patient], `
		SELECT DISTINCT patient_id FROM patient_number WHERE ($1 = '' OR system = $1) AND number_index IN (`+store.In(2, len(a)-1)+`)`, a...)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", store.ErrNone
	}
	return found[0], nil
}

// NumbersOf gives the present patient number of each person; who has none is
// left out.
func (r *Room) NumbersOf(ctx context.Context, tx *store.Tx, people []ids.Patient) (map[ids.Patient]string, error) {
	out := map[ids.Patient]string{}
	for some := range several(people) {
		found, err := store.List(ctx, tx, func(row store.Row) (x sealed, err error) {
			err = row.Scan(&x.person, &x.id, &x.text)
			return x, err
		}, `
			SELECT person_id, id, sealed FROM patient_number WHERE usage = 'current' AND person_id IN (`+store.In(1, len(some))+`)
			ORDER BY CASE WHEN person_id = patient_id THEN 0 ELSE 1 END, system DESC, id`, some...)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			if out[n.person] != "" {
				continue
			}
			plain, err := r.Keys.Open(sealNumber, n.id, n.text)
			if err != nil {
				return nil, fmt.Errorf("patient number: %w", err)
			}
			out[n.person] = string(plain)
		}
	}
	return out, nil
}
