package results

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Waits tells whether a patient wants to see results only once the clinician has
// commented on them: their own choice, or while they made none that of a record
// joined to theirs. The rules of release ask it in the transaction that stores
// a result: such a result opens with the comment, and at the latest when the
// hard cap is over.
func Waits(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	homes, err := record.Homes(ctx, tx, p)
	if err != nil {
		return false, err
	}
	for _, h := range homes {
		wait, err := store.Get(ctx, tx, store.One[bool], `SELECT wait FROM result_choice WHERE patient_id = $1`, h)
		if !errors.Is(err, store.ErrNone) {
			return wait, err
		}
	}
	return false, nil
}

// Choice reads what the chart's patient chose.
func (s *Results) Choice(ctx context.Context, c access.Chart) (wait bool, err error) {
	if err := c.Need(access.ChooseRelease); err != nil {
		return false, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		wait, err = Waits(ctx, tx, c.Patient())
		return err
	})
	return wait, err
}

// Choose keeps whether the chart's patient waits for the clinician's comment. It
// counts for results that come in from now on.
func (s *Results) Choose(ctx context.Context, c access.Chart, wait bool) error {
	if err := c.Need(access.ChooseRelease); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.ReleaseChosen, ""), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO result_choice (patient_id, wait, account_id, chosen_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (patient_id) DO UPDATE SET wait = excluded.wait, account_id = excluded.account_id, chosen_at = excluded.chosen_at`,
			c.Patient(), wait, c.Account(), store.Time(tx.Now))
		return err
	})
}
