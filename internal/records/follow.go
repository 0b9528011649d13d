package records

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Follow puts requests for corrections into the chart that their entries are in,
// after a record was joined to another or parted from it.
func (s *Records) Follow(ctx context.Context, tx *store.Tx, record ids.Patient) error {
	_, err := tx.Exec(ctx, `
		UPDATE correction SET patient_id = (SELECT d.patient_id FROM resource d WHERE d.id = correction.resource_id)
		WHERE resource_id IN (SELECT id FROM resource WHERE home_id = $1)`, record)
	return err
}
