package record

import (
	"context"
	"errors"
	"slices"

	"portico/internal/ids"
	"portico/internal/store"
)

// Homes are the records of the patient index whose resources stand in a person's
// chart: the person's own first, then those joined to it.
func Homes(ctx context.Context, tx *store.Tx, person ids.Patient) ([]ids.Patient, error) {
	joined, err := store.List(ctx, tx, store.One[ids.Patient], `SELECT record_id FROM record_home WHERE person_id = $1 AND record_id <> $1 ORDER BY record_id`, person)
	return slices.Insert(joined, 0, person), err
}

// Chart is in whose chart what came in for a record of the patient index stands.
func Chart(ctx context.Context, tx *store.Tx, record ids.Patient) (ids.Patient, error) {
	p, err := store.Get(ctx, tx, store.One[ids.Patient], `SELECT person_id FROM record_home WHERE record_id = $1`, record)
	if errors.Is(err, store.ErrNone) {
		return record, nil
	}
	return p, err
}
