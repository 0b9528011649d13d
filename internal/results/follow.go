package results

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Follow is told when a record is joined to another or parted from it, in the
// same transaction: was is the chart its results stood in until now, person the
// one they stand in from now on. Comments, decisions and marks hang on results and
// follow them. But once records are parted, nobody can say which of two people
// opened a result in the chart they shared: it counts as unopened, so that a
// critical one is asked after again.
func (s *Results) Follow(ctx context.Context, tx *store.Tx, record, was, person ids.Patient) error {
	if was == record || was == person {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM result_seen WHERE patient_id = $2 AND resource_id IN (SELECT id FROM resource WHERE home_id = $1)`, record, was)
	return err
}
