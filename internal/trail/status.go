package trail

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/store"
)

// Status is how far the log is sealed.
type Status struct {
	Sealed  int64     // lines in the tree
	Waiting int       // lines not sealed yet
	Oldest  time.Time // since when the oldest of them waits, zero if none
	Newest  time.Time // when the newest head was signed, zero if none yet
	Checked time.Time // when the whole log was last checked, zero if never
	Whole   bool      // that check found nothing wrong
}

// Broken tells that the last check found something wrong.
func (s Status) Broken() bool { return !s.Checked.IsZero() && !s.Whole }

// Late tells whether sealing has not kept up: a job that does not run, or a log
// that no longer fits its signed heads.
func (s Status) Late(now time.Time) bool {
	return !s.Oldest.IsZero() && now.Sub(s.Oldest) > 10*sealEvery
}

// Status tells how far the log is sealed.
func (t *Trail) Status(ctx context.Context, d access.Desk) (Status, error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return Status{}, err
	}
	var st Status
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		if st.Sealed, err = sealedSize(ctx, tx); err != nil {
			return err
		}
		_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			var oldest store.Time
			err := r.Scan(&st.Waiting, &oldest)
			st.Oldest = oldest.Std()
			return struct{}{}, err
		}, `SELECT COUNT(*), MIN(at) FROM audit_pending`)
		if err != nil {
			return err
		}
		newest, err := store.Get(ctx, tx, store.One[store.Time], `SELECT MAX(at) FROM audit_checkpoint`)
		if err != nil {
			return err
		}
		st.Newest = newest.Std()
		st.Checked, st.Whole, err = lastCheck(ctx, tx)
		return err
	})
	return st, err
}
