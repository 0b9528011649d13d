package account

import (
	"context"
	"errors"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Told is a notice to a patient about something in their account.
type Told struct {
	Patient  ids.Patient
	Notice   notify.Notice
	Key      string // keeps it from going twice to one contact
	Withdraw string // by which Outbox.Withdraw finds it while it waits, "" for none
}

// Tell queues a notice to every contact of a patient's account, in the
// transaction of its cause. queued is false if the patient has no account that
// can be used.
func (s *Accounts) Tell(ctx context.Context, tx *store.Tx, n Told) (queued bool, err error) {
	id, err := s.Of(ctx, tx, n.Patient)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := byID(ctx, tx, id)
	if errors.Is(err, store.ErrNone) || err == nil && a.state != Active {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	contacts, err := s.Contacts(ctx, tx, id)
	if err != nil {
		return false, err
	}
	for _, c := range contacts {
		m := notify.Message{To: c.To, Channel: c.Channel, Lang: a.lang, Notice: n.Notice, Patient: a.person, Account: a.id, Withdraw: n.Withdraw,
			Key: n.Key + ":" + s.Keys.Lasting("account.told", string(c.Channel)+c.To)[:16]}
		if _, err := s.Outbox.Send(ctx, tx, m); err != nil {
			return false, err
		}
	}
	return true, nil
}
