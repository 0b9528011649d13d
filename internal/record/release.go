package record

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// ErrMoved means that a row's release is not what it was taken for.
var ErrMoved = errors.New("the release was changed meanwhile")

// SetRelease changes when a row of an opened record may be seen, if that is
// still as was says; ErrMoved if not. Only the room that owns the rules calls it,
// in the transaction of its own reasons.
func SetRelease(ctx context.Context, tx *store.Tx, who access.Opened, id ids.Resource, was, r Release) error {
	n, err := tx.Exec(ctx, `
		UPDATE record_row SET release_at = $3, release_why = $4, sensitive = $5
		WHERE resource_id = $1 AND patient_id = $2 AND release_at = $6 AND release_why = $7 AND sensitive = $8`,
		id, who.Patient(), store.Time(r.At), r.Why, r.Sensitive, store.Time(was.At), was.Why, was.Sensitive)
	if err == nil && n == 0 {
		err = ErrMoved
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE record_value SET release_at = $2, sensitive = $3 WHERE `+valuesOf(`resource_id = $1`), id, store.Time(r.At), r.Sensitive)
	return err
}

// Whose tells whose record a row belongs to, for a staff user who opens it by
// what a list of theirs leads to. NotFound if there is no such row.
func Whose(ctx context.Context, tx *store.Tx, d access.Desk, t access.Task, id ids.Resource) (ids.Patient, error) {
	if err := d.Need(t); err != nil {
		return "", err
	}
	p, err := store.Get(ctx, tx, store.One[ids.Patient], `SELECT patient_id FROM record_row WHERE resource_id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return p, err
}
