package scheduling

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Follow puts the visits booked under a record into the chart of the person it
// belongs to now. One that would stand at the same time as another of theirs stays
// where it is, in sight of staff on the day: nobody is in two places, and no visit
// is dropped because records were joined.
func (s *Scheduling) Follow(ctx context.Context, tx *store.Tx, record, person ids.Patient) error {
	if _, err := tx.Exec(ctx, `UPDATE visit_elsewhere SET patient_id = $2 WHERE home_id = $1`, record, person); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE appointment SET patient_id = $2
		WHERE home_id = $1 AND patient_id <> $2 AND NOT EXISTS (
			SELECT 1 FROM appointment o
			WHERE o.patient_id = $2 AND o.id <> appointment.id AND o.first_cell < appointment.end_cell AND appointment.first_cell < o.end_cell
				AND o.state IN ('held', 'booked', 'checked_in', 'arrived', 'fulfilled') AND appointment.state IN ('held', 'booked', 'checked_in', 'arrived', 'fulfilled'))`,
		record, person)
	return err
}
