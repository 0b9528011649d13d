package app

import (
	"context"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/ids"
	charts "portico/internal/record"
	"portico/internal/records"
	"portico/internal/results"
	"portico/internal/scheduling"
	"portico/internal/sharing"
	"portico/internal/store"
	"portico/internal/waiting"
)

// followers are the rooms that keep something by record, for the patient index
// to tell when records are joined or parted: health records and what hangs on
// them, then accounts before codes, which are pointless where an account is.
type followers struct {
	records  *records.Records
	results  *results.Results
	sharing  *sharing.Sharing
	visits   *scheduling.Scheduling
	waiting  *waiting.Waiting
	accounts *account.Accounts
	enroll   *enroll.Room
}

func (f followers) Follow(ctx context.Context, tx *store.Tx, record, person ids.Patient) error {
	was, err := charts.Chart(ctx, tx, record)
	if err != nil {
		return err
	}
	if err := charts.Follow(ctx, tx, record, person); err != nil {
		return err
	}
	if err := f.records.Follow(ctx, tx, record); err != nil {
		return err
	}
	if err := f.results.Follow(ctx, tx, record, was, person); err != nil {
		return err
	}
	d := access.NewDuty("registry.join")
	if err := f.sharing.Follow(ctx, tx, d, record, was, person); err != nil {
		return err
	}
	if err := f.visits.Follow(ctx, tx, record, person); err != nil {
		return err
	}
	if err := f.waiting.Follow(ctx, tx, record, person); err != nil {
		return err
	}
	if err := f.accounts.Follow(ctx, tx, d, record, person); err != nil {
		return err
	}
	return f.enroll.Follow(ctx, tx, d, record, person)
}
