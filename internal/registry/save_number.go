package registry

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// saveNumbers writes the numbers of a record that lead to person. A number that
// another record has as its own stays there; one that another only remembers
// comes here.
func (r *Room) saveNumbers(ctx context.Context, tx *store.Tx, id, person ids.Patient, numbers []readyNumber) error {
	if len(numbers) == 0 {
		return nil // a record never loses its last number by saying nothing
	}
	birth, err := store.Get(ctx, tx, store.One[string], `SELECT birth_date FROM patient WHERE id = $1`, person)
	if err != nil {
		return err
	}
	if err := r.dropNumbers(ctx, tx, id, numbers); err != nil {
		return err
	}
	for _, n := range numbers {
		for _, system := range []string{n.System, ""} {
			if err := r.freshen(ctx, tx, system, n.plain); err != nil {
				return err
			}
		}
		row := ids.New[string]("num")
		wrote, err := tx.Exec(ctx, `
			INSERT INTO patient_number (id, patient_id, person_id, system, usage, sealed, number_index, pair_index)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (system, number_index) DO UPDATE SET id = excluded.id, patient_id = excluded.patient_id, person_id = excluded.person_id,
				usage = excluded.usage, sealed = excluded.sealed, pair_index = excluded.pair_index
			WHERE patient_number.patient_id = excluded.patient_id OR (patient_number.usage = 'former' AND excluded.usage = 'current')`,
			row, id, person, n.System, string(n.Usage), r.Keys.Seal(sealNumber, row, []byte(n.Value)), n.index, r.pairIndex(n.plain, birth))
		if err != nil {
			return err
		}
		if wrote == 0 && n.Usage == Current {
			return errRaced
		}
	}
	return nil
}

// dropNumbers removes the numbers a record no longer has, those under an older
// key included: they are written anew.
func (r *Room) dropNumbers(ctx context.Context, tx *store.Tx, id ids.Patient, keep []readyNumber) error {
	a := []any{id}
	for _, n := range keep {
		a = append(a, n.index)
	}
	_, err := tx.Exec(ctx, `DELETE FROM patient_number WHERE patient_id = $1 AND number_index NOT IN (`+store.In(2, len(keep))+`)`, a...)
	return err
}

// pairAgain makes the index of number and birth date anew for all numbers that
// lead to a person, after the birth date or the person changed.
func (r *Room) pairAgain(ctx context.Context, tx *store.Tx, person ids.Patient) error {
	birth, err := store.Get(ctx, tx, store.One[string], `SELECT birth_date FROM patient WHERE id = $1`, person)
	if err != nil {
		return err
	}
	type row struct{ id, sealed string }
	rows, err := store.List(ctx, tx, func(s store.Row) (n row, err error) {
		err = s.Scan(&n.id, &n.sealed)
		return n, err
	}, `SELECT id, sealed FROM patient_number WHERE person_id = $1`, person)
	if err != nil {
		return err
	}
	for _, n := range rows {
		value, err := r.Keys.Open(sealNumber, n.id, n.sealed)
		if err != nil {
			return err
		}
		plain, _ := NormalNumber(string(value))
		if _, err := tx.Exec(ctx, `UPDATE patient_number SET pair_index = $2 WHERE id = $1`, n.id, r.pairIndex(plain, birth)); err != nil {
			return err
		}
	}
	return nil
}
