package account

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Told is a notice to a patient about something in their account.
type Told struct {
	Patient  ids.Patient
	Notice   notify.Notice
	Key      string    // keeps it from going twice to one contact
	Withdraw string    // by which Outbox.Withdraw finds it while it waits, "" for none
	Expires  time.Time // when it is pointless, zero for the usual time
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
		m := notify.Message{To: c.To, Channel: c.Channel, Lang: a.lang, Notice: n.Notice, Patient: a.person, Account: a.id, Withdraw: n.Withdraw, Expires: n.Expires,
			Key: n.Key + ":" + s.Keys.Lasting("account.told", string(c.Channel)+c.To)[:16]}
		if _, err := s.Outbox.Send(ctx, tx, m); err != nil {
			return false, err
		}
	}
	return true, nil
}

// someAtOnce is how many accounts TellSome tells in one transaction: on SQLite
// nobody else writes meanwhile.
const someAtOnce = 20

// TellSome queues a notice for the next accounts that can be used and come after
// one, in the order of their identifiers, and gives the last of them: "" means
// that there are no more. Each is told by e-mail, or by text where there is none.
func (s *Accounts) TellSome(ctx context.Context, tx *store.Tx, after ids.Account, n notify.Notice, key string) (last ids.Account, err error) {
	some, err := store.List(ctx, tx, scanAccount, `
		SELECT `+accountColumns+` FROM account WHERE id > $1 AND state = 'active' ORDER BY id LIMIT `+strconv.Itoa(someAtOnce), after)
	if err != nil {
		return "", err
	}
	for _, a := range some {
		contacts, err := s.Contacts(ctx, tx, a.id)
		if err != nil {
			return "", err
		}
		if mails := only(contacts, notify.Mail); len(mails) > 0 {
			contacts = mails
		}
		if err := s.tellAt(ctx, tx, a, contacts, told{n, key + ":" + string(a.id)}); err != nil {
			return "", err
		}
		last = a.id
	}
	return last, nil
}

func only(contacts []Contact, c notify.Channel) []Contact {
	return slices.DeleteFunc(slices.Clone(contacts), func(k Contact) bool { return k.Channel != c })
}

// Owners gives the patients whose charts accounts open.
func (s *Accounts) Owners(ctx context.Context, tx *store.Tx, accounts []ids.Account) (map[ids.Account]ids.Patient, error) {
	out := map[ids.Account]ids.Patient{}
	for part := range slices.Chunk(accounts, 200) {
		args := make([]any, len(part))
		for i, a := range part {
			args[i] = a
		}
		found, err := store.List(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM account WHERE id IN (`+store.In(1, len(args))+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			out[a.id] = a.person
		}
	}
	return out, nil
}

// ReachOf gives the contacts of an account, and whether it was closed.
func (s *Accounts) ReachOf(ctx context.Context, tx *store.Tx, id ids.Account) (contacts []Contact, closed bool, err error) {
	a, err := byID(ctx, tx, id)
	if errors.Is(err, store.ErrNone) || err == nil && a.state == Closed {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	contacts, err = s.Contacts(ctx, tx, id)
	return contacts, false, err
}
