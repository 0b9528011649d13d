package registry

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Birth gives the birth date of a patient, YYYY-MM-DD; of a record that was
// joined to another, that one's. store.ErrNone if there is none, after the same
// statement.
func (r *Room) Birth(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error) {
	return store.Get(ctx, tx, store.One[string], `
		SELECT COALESCE(q.birth_date, p.birth_date) FROM patient p LEFT JOIN patient q ON q.id = p.merged_into WHERE p.id = $1`, p)
}
