package registry

import (
	"context"
	"errors"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// TakeContact puts a contact that staff believe on file, in the caller's
// transaction. With replace the others of its sort end: all e-mail addresses, or
// all mobile numbers. A contact that is on file already keeps since when. The
// next record that the clinic's own system sends says again what is on file
// there.
func (r *Room) TakeContact(ctx context.Context, tx *store.Tx, p ids.Patient, c Contact, replace bool) error {
	form := contactForm(c.Kind, c.Value, r.Region)
	if form == "" {
		return errors.New("a contact that is none")
	}
	person, err := store.Get(ctx, tx, store.One[ids.Patient], `SELECT COALESCE(merged_into, id) FROM patient WHERE id = $1`, p)
	if errors.Is(err, store.ErrNone) {
		return fault.Missing()
	}
	if err != nil {
		return err
	}
	indexes := r.Keys.Indexes(indexContact, form)
	for _, old := range indexes[1:] {
		if _, err := tx.Exec(ctx, `UPDATE patient_contact SET value_index = $3 WHERE patient_id = $1 AND value_index = $2`, person, old, indexes[0]); err != nil {
			return err
		}
	}
	if replace {
		if _, err := tx.Exec(ctx, `
			UPDATE patient_contact SET ended_at = $4
			WHERE (patient_id = $1 OR patient_id IN (SELECT id FROM patient WHERE merged_into = $1)) AND kind = $2 AND value_index <> $3 AND ended_at IS NULL`,
			person, string(c.Kind), indexes[0], store.Time(tx.Now)); err != nil {
			return err
		}
	}
	row := ids.New[string]("con")
	_, err = tx.Exec(ctx, `
		INSERT INTO patient_contact (id, patient_id, kind, used_as, preference, sealed, value_index, since_at, ended_at)
		VALUES ($1, $2, $3, $4, 0, $5, $6, $7, NULL)
		ON CONFLICT (patient_id, value_index) DO UPDATE SET kind = excluded.kind,
			since_at = CASE WHEN patient_contact.ended_at IS NULL THEN patient_contact.since_at ELSE excluded.since_at END, ended_at = NULL`,
		row, person, string(c.Kind), c.Use, r.Keys.Seal(sealContact, row, []byte(c.Value)), indexes[0], store.Time(tx.Now))
	return err
}
