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
