package waiting

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Follow puts the wishes made under a record into the chart of the person it belongs
// to now. A second place on the list for the same kind ends: one is enough.
func (s *Waiting) Follow(ctx context.Context, tx *store.Tx, record, person ids.Patient) error {
	if _, err := tx.Exec(ctx, `
		UPDATE wish SET state = 'withdrawn', version = version + 1, changed_at = $3
		WHERE home_id = $1 AND patient_id <> $2 AND kind = 'earlier' AND state = 'open' AND EXISTS (
			SELECT 1 FROM wish o WHERE o.patient_id = $2 AND o.id <> wish.id AND o.kind = 'earlier' AND o.state = 'open' AND o.type_id = wish.type_id AND o.visit_id = wish.visit_id)`,
		record, person, store.Time(tx.Now)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE wish SET patient_id = $2 WHERE home_id = $1 AND patient_id <> $2`, record, person)
	return err
}
