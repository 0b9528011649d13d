package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// ProposedContact is a contact that a patient has proven and the chart may not
// have yet.
type ProposedContact struct {
	ID      ContactID
	Patient ids.Patient
	Kind    ContactKind
	Value   string // address, or number as +15551862275
	At      time.Time
}

// ProposedContacts lists the contacts that wait for the desk, oldest first.
func (s *Accounts) ProposedContacts(ctx context.Context, d access.Desk) (out []ProposedContact, err error) {
	if err := d.Need(access.ReviewContacts); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, func(r store.Row) (p ProposedContact, err error) {
			var sealed string
			var at store.Time
			if err := r.Scan(&p.ID, &p.Patient, &p.Kind, &sealed, &at); err != nil {
				return p, err
			}
			b, err := s.Keys.Open(contactPlace, string(p.ID), sealed)
			p.Value, p.At = string(b), at.Std()
			return p, err
		}, `
			SELECT c.id, a.person_id, c.kind, c.sealed, p.made_at
			FROM contact_proposal p JOIN account_contact c ON c.id = p.contact_id JOIN account a ON a.id = c.account_id
			WHERE p.state = 'waiting' ORDER BY p.made_at, c.id LIMIT 200`)
		return err
	})
	return out, err
}

// SettleContact takes a proposed contact off the desk's list. Taken means that
// staff have put it into the chart's own system, from which it comes back with
// the next import. Rejecting undoes nothing: the contact is proven and stays with
// the account. One that somebody else has settled is a Conflict.
func (s *Accounts) SettleContact(ctx context.Context, d access.Desk, id ContactID, taken bool) error {
	if err := d.Need(access.ReviewContacts); err != nil {
		return err
	}
	state := "rejected"
	if taken {
		state = "accepted"
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := d.Did(audit.ContactReviewed, string(id)).With(state)
		patient, err := store.Get(ctx, tx, store.One[ids.Patient], `
			SELECT a.person_id FROM contact_proposal p JOIN account_contact c ON c.id = p.contact_id JOIN account a ON a.id = c.account_id
			WHERE p.contact_id = $1`, id)
		if errors.Is(err, store.ErrNone) {
			return e, fault.Missing()
		}
		if err != nil {
			return e, err
		}
		n, err := tx.Exec(ctx, `UPDATE contact_proposal SET state = $2, settled_at = $3, staff_id = $4 WHERE contact_id = $1 AND state = 'waiting'`,
			id, state, store.Time(tx.Now), d.Staff())
		if err == nil && n != 1 {
			err = fault.Lost("account.contact.settled")
		}
		return e.On(string(patient)), err
	})
}
