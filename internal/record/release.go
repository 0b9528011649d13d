package record

import (
	"context"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// SetRelease changes when a row of an opened record may be seen. Only the room
// that owns the rules calls it, in the transaction of its own reasons.
func SetRelease(ctx context.Context, tx *store.Tx, who access.Opened, id ids.Resource, r Release) error {
	n, err := tx.Exec(ctx, `UPDATE record_row SET release_at = $3, release_why = $4, sensitive = $5 WHERE resource_id = $1 AND patient_id = $2`,
		id, who.Patient(), store.Time(r.At), r.Why, r.Sensitive)
	if err == nil && n == 0 {
		err = fault.Missing()
	}
	return err
}
