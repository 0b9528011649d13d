package records

import (
	"context"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// person gives the name and birth date that stand on a printed record. The
// patient table is shared for reading.
func (s *Records) person(ctx context.Context, p ids.Patient) (name, birth string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		name, err = store.Get(ctx, tx, func(r store.Row) (string, error) {
			var given, family string
			err := r.Scan(&given, &family, &birth)
			return given + " " + family, err
		}, `SELECT given, family, birth_date FROM patient WHERE id = $1`, p)
		return err
	})
	return name, birth, err
}

// asked opens the item a correction is asked for.
func (s *Records) asked(ctx context.Context, c access.Chart, id ids.Resource) (it Item, err error) {
	if err := c.Need(access.AskCorrection); err != nil {
		return it, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if it.Row, err = record.One(ctx, tx, c, id); err == nil && it.Row.Held {
			err = fault.Missing()
		}
		return err
	})
	return it, err
}
