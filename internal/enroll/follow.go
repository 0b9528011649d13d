package enroll

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// Follow is called in the transaction that joins a record to another. Codes and
// half-way enrolments of the record need no change: each step asks the patient
// index whom the record stands for, so they lead to the person there is now, and
// back if the records are parted again. Only where that person has an account
// they are pointless, and end.
func (e *Room) Follow(ctx context.Context, tx *store.Tx, d access.Duty, record, person ids.Patient) error {
	if record == person {
		return nil
	}
	has, err := e.Accounts.Exists(ctx, tx, person)
	if err != nil || !has {
		return err
	}
	ended, err := e.clearUp(ctx, tx, record)
	for _, id := range ended {
		tx.Log(d.Did(audit.CodeRevoked, string(id)).On(string(person)).With("joined"))
	}
	return err
}
