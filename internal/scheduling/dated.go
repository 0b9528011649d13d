package scheduling

import (
	"context"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Dated is a visit with its place, for the patient's own calendar.
type Dated struct {
	Visit
	At Place
}

// Ahead gives one of the patient's visits that is still to be, NotFound for any other.
func (s *Scheduling) Ahead(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (d Dated, err error) {
	v, err := s.visitOf(ctx, tx, p, id)
	if err == nil && !v.State.Ahead() {
		err = fault.Missing()
	}
	if err != nil {
		return d, err
	}
	at, err := places(ctx, tx)
	return Dated{v, Clinic{Places: at}.Place(v.Place)}, err
}

// Since lists the patient's visits that stand or were kept and begin after a moment,
// the latest first. One that was cancelled is left out: calendar programs drop what an
// address does not list any more. What people wrote is not read.
func (s *Scheduling) Since(ctx context.Context, tx *store.Tx, p ids.Patient, after time.Time, most int) ([]Dated, error) {
	at, err := places(ctx, tx)
	if err != nil {
		return nil, err
	}
	k := Clinic{Places: at}
	visits, err := store.List(ctx, tx, s.scanVisit, `SELECT `+bareColumns+` FROM appointment a
		WHERE a.patient_id = $1 AND a.starts_at > $2 AND a.state IN ('booked', 'checked_in', 'arrived', 'fulfilled') ORDER BY a.starts_at DESC, a.id LIMIT $3`,
		p, store.Time(after), most)
	out := make([]Dated, len(visits))
	for i, v := range visits {
		out[i] = Dated{v, k.Place(v.Place)}
	}
	return out, err
}
