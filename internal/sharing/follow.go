package sharing

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Follow puts copies and links into the chart that their record belongs to, in
// the transaction that joins the record to another or parts it again: was is the
// chart it stood in until now, person the one it stands in from now on. Copies
// and links that were made of the old chart while it held both are ended: they
// may show one person what is another's.
func (s *Sharing) Follow(ctx context.Context, tx *store.Tx, d access.Duty, rec, was, person ids.Patient) error {
	if err := tx.OneAtATime(ctx, lockOf(was)); err != nil {
		return err
	}
	if was != rec && was != person {
		if err := s.part(ctx, tx, d, was); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`UPDATE share_link SET patient_id = $2 WHERE home_id = $1`,
		`UPDATE download SET patient_id = $2 WHERE home_id = $1`,
	} {
		if _, err := tx.Exec(ctx, q, rec, person); err != nil {
			return err
		}
	}
	return nil
}

// lockOf names what making and following take before they look whose chart it is.
func lockOf(chart ids.Patient) string { return "shared chart " + string(chart) }

// part ends what was made of a chart while it was joined.
func (s *Sharing) part(ctx context.Context, tx *store.Tx, d access.Duty, chart ids.Patient) error {
	links, err := store.List(ctx, tx, store.One[ids.Share], `SELECT id FROM share_link WHERE patient_id = $1 AND joined AND ended_at IS NULL`, chart)
	if err != nil {
		return err
	}
	for _, id := range links {
		tx.Log(d.For(chart).Did(audit.ShareEnded, string(id)).With("parted"))
		if err := endLink(ctx, tx, id, ""); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM download_file WHERE download_id IN (SELECT id FROM download WHERE patient_id = $1 AND joined)`, chart); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE download SET state = 'expired' WHERE patient_id = $1 AND joined AND state = 'ready'`, chart)
	return err
}

// homes are the records that stand in a chart before it is read.
func (s *Sharing) homes(ctx context.Context, p ids.Patient) (out []ids.Patient, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = record.Homes(ctx, tx, p)
		return err
	})
	return out, err
}

// still tells whether the chart is of the same records as before it was read, and
// whether it is of several. One that was joined or parted meanwhile must be read
// again.
func still(ctx context.Context, tx *store.Tx, p ids.Patient, before []ids.Patient) (joined bool, err error) {
	now, err := record.Homes(ctx, tx, p)
	if err == nil && !slices.Equal(now, before) {
		err = fault.Down("error.busy", 5*time.Second, nil)
	}
	return len(now) > 1, err
}
