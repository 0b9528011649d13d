package bench

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// visitLink is a link in a message about the patient's visit.
func visitLink(ctx context.Context, w *walk) (path string, err error) {
	err = w.app.DB.Change(ctx, access.NewDuty("bench").Did(audit.VisitReminded, ""), func(tx *store.Tx) error {
		v, err := store.Get(ctx, tx, func(r store.Row) (v struct {
			id    ids.Appointment
			start store.Time
		}, err error) {
			return v, r.Scan(&v.id, &v.start)
		}, `SELECT id, starts_at FROM appointment WHERE state = 'booked' AND starts_at > $1 ORDER BY starts_at DESC LIMIT 1`, store.Time(tx.Now))
		if err == nil {
			path, err = w.app.Visits.Invite(ctx, tx, v.id, v.start.Std())
		}
		return err
	})
	return path, err
}

// visitFile is the calendar file of the patient's visit.
func visitFile(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/visits/", bookedVisit, "/visit.ics")
}
