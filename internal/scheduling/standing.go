package scheduling

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

// Changed is queued in the transaction of each change of a visit, for whoever
// keeps a copy of it. Times that are only held are nobody else's business.
var Changed = jobs.Kind[ids.Appointment]{Name: "scheduling.changed"}

// Standing is a visit as it stands, with what is needed to tell others of it. What
// people wrote about it is not part of that.
type Standing struct {
	Visit     Visit
	Home      ids.Patient // the record it was booked under
	Type      Both
	Clinician string
	Place     string
	Made      time.Time
}

// Standing reads a visit for a job.
func (s *Scheduling) Standing(ctx context.Context, d access.Duty, id ids.Appointment) (at Standing, err error) {
	if d.Name() == "" {
		return at, fault.Refused()
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		at, err = store.Get(ctx, tx, func(r store.Row) (Standing, error) {
			var a Standing
			v := &a.Visit
			err := r.Scan(&v.ID, &v.Patient, &a.Home, &v.Type, &v.Clinician, &v.Place, &v.Video, &v.State, (*store.Time)(&v.Start), (*store.Time)(&v.End), &v.EndedBy, &v.Version,
				(*store.Time)(&v.Changed), (*store.Time)(&a.Made), &a.Type.En, &a.Type.Es, &a.Clinician, &a.Place)
			return a, err
		}, `SELECT a.id, a.patient_id, a.home_id, a.type_id, a.clinician_id, a.place_id, a.video, a.state, a.starts_at, a.ends_at, a.ended_by, a.version,
				a.changed_at, a.made_at, t.name_en, t.name_es, c.name, p.name
			FROM appointment a JOIN visit_type t ON t.id = a.type_id JOIN clinician c ON c.id = a.clinician_id JOIN place p ON p.id = a.place_id WHERE a.id = $1`, id)
		if errors.Is(err, store.ErrNone) {
			err = fault.Missing()
		}
		return err
	})
	return at, err
}
