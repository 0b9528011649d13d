package registry

import (
	"context"

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
