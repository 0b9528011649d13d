package enroll

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// hasFor tells whether a person has an account, for making them a code: not if
// staff have started to help them back in, when a code leads there.
func (e *Room) hasFor(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	has, err := e.Accounts.Exists(ctx, tx, p)
	if err != nil || !has || e.Back == nil {
		return has, err
	}
	granted, err := e.Back.Granted(ctx, tx, p)
	return !granted, err
}

// Take gives the activation code that an applicant came with and ends their
// session, in the transaction in which getting back in takes over. Whoever came
// another way holds none: fault.Missing.
func (e *Room) Take(ctx context.Context, tx *store.Tx, a access.Applicant) (ids.Code, ids.Patient, error) {
	p, err := e.progress(ctx, tx, a.ID())
	if errors.Is(err, store.ErrNone) || err == nil && (a.Level() != access.Proven || p.Code == "") {
		return "", "", fault.Missing()
	}
	if err != nil {
		return "", "", err
	}
	if err := e.sameDraft(ctx, tx, p); err != nil {
		return "", "", err
	}
	return p.Code, p.Patient, e.Gate.EndVerification(ctx, tx, a)
}

// Spend uses an activation code up, once: a Conflict if it was used, replaced or
// taken back meanwhile.
func (e *Room) Spend(ctx context.Context, tx *store.Tx, id ids.Code) error {
	c, err := codeByID(ctx, tx, id)
	if err != nil {
		return err
	}
	p := progress{Way: byCode, Code: id, Patient: c.Patient}
	if c.Channel.spoken() {
		p.Way = bySpoken
	}
	return e.pay(ctx, tx, p)
}
