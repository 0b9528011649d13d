package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// ProposedContact is a contact that a patient has proven and the chart may not
// have yet.
type ProposedContact struct {
	ID      ContactID
	Patient ids.Patient
	Account ids.Account
	Kind    ContactKind
	Value   string // address, or number as +15551862275
	At      time.Time
}

// Hint is the contact with most of it hidden, for lists.
func (p ProposedContact) Hint() string { return Mask(p.Kind.step(), p.Value) }

// Charts takes proven contacts over into the patient index.
type Charts interface {
	// TakeContact puts a contact on file. In place of the others of its sort if
	// replace is set, else beside them.
	TakeContact(ctx context.Context, tx *store.Tx, p ids.Patient, k ContactKind, value string, replace bool) error
}

// Verdict is what staff decide about a proposed contact.
type Verdict struct {
	Take    bool
	Replace bool   // taken in place of what the chart has of that sort
	Why     string // if not taken: one of Reasons
}

// Reasons are why a proven contact may not belong into the chart.
var Reasons = []string{"chart_right", "shared", "unreached", "other"}

// proposed are proposals that can still be decided: the contact is in force, and
// the account has not been locked or closed, when whose contact it is would be in
// doubt.
const proposed = `
	FROM contact_proposal p JOIN account_contact c ON c.id = p.contact_id JOIN account a ON a.id = c.account_id
	WHERE p.state = 'waiting' AND c.ended_at IS NULL AND a.state = 'active'`

func (s *Accounts) scanProposed(r store.Row) (p ProposedContact, err error) {
	var sealed string
	var at store.Time
	if err := r.Scan(&p.ID, &p.Patient, &p.Account, &p.Kind, &sealed, &at); err != nil {
		return p, err
	}
	b, err := s.Keys.Open(contactPlace, string(p.ID), sealed)
	p.Value, p.At = string(b), at.Std()
	return p, err
}

// ProposedContacts lists the contacts that wait for the desk, oldest first.
func (s *Accounts) ProposedContacts(ctx context.Context, d access.Desk) (out []ProposedContact, err error) {
	if err := d.Need(access.ReviewContacts); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, s.scanProposed, `SELECT c.id, a.person_id, a.id, c.kind, c.sealed, p.made_at`+proposed+` ORDER BY p.made_at, c.id LIMIT 200`)
		return err
	})
	return out, err
}

// ProposedContact gives one that waits; fault.NotFound for one that does not.
func (s *Accounts) ProposedContact(ctx context.Context, d access.Desk, id ContactID) (p ProposedContact, err error) {
	if err := d.Need(access.ReviewContacts); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = s.waitingProposal(ctx, tx, id)
		return err
	})
	return p, err
}

func (s *Accounts) waitingProposal(ctx context.Context, tx *store.Tx, id ContactID) (ProposedContact, error) {
	p, err := store.Get(ctx, tx, s.scanProposed, `SELECT c.id, a.person_id, a.id, c.kind, c.sealed, p.made_at`+proposed+` AND c.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return p, err
}

// ProposedWaiting is the query of how many proposed contacts wait.
const ProposedWaiting = `SELECT COUNT(*)` + proposed

// SettleContact decides about a proposed contact: it goes into the chart, or the
// reason is kept why not, and the patient is told. Rejecting undoes nothing at
// the account: the contact is proven and stays with it. Of two who decide at once
// the second is a Conflict, and so is whoever decides about a contact that is not
// in force any more or whose account was locked meanwhile.
func (s *Accounts) SettleContact(ctx context.Context, d access.Desk, id ContactID, v Verdict) error {
	if err := d.Need(access.ReviewContacts); err != nil {
		return err
	}
	if !v.Take && !slices.Contains(Reasons, v.Why) {
		return fault.Bad("why", "account.contact.why")
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := d.Did(audit.ContactReviewed, string(id))
		state, why := "accepted", any(nil)
		if !v.Take {
			state, why = "rejected", v.Why
		}
		if _, err := store.Get(ctx, tx, store.One[string], `SELECT state FROM contact_proposal WHERE contact_id = $1`, id); errors.Is(err, store.ErrNone) {
			return e, fault.Missing()
		} else if err != nil {
			return e, err
		}
		n, err := tx.Exec(ctx, `UPDATE contact_proposal SET state = $2, settled_at = $3, staff_id = $4, why = $5
			WHERE contact_id = $1 AND state = 'waiting' AND contact_id IN (SELECT c.id`+proposed+`)`, id, state, store.Time(tx.Now), d.Staff(), why)
		if err == nil && n != 1 {
			err = fault.Lost("account.contact.settled")
		}
		if err != nil {
			return e, err
		}
		return s.carryOut(ctx, tx, e.With(state), id, v)
	})
}

// carryOut does what was decided and tells the patient.
func (s *Accounts) carryOut(ctx context.Context, tx *store.Tx, e audit.Entry, id ContactID, v Verdict) (audit.Entry, error) {
	p, err := store.Get(ctx, tx, s.scanProposed, `
		SELECT c.id, a.person_id, a.id, c.kind, c.sealed, p.made_at
		FROM contact_proposal p JOIN account_contact c ON c.id = p.contact_id JOIN account a ON a.id = c.account_id WHERE c.id = $1`, id)
	if err != nil {
		return e, err
	}
	if v.Take {
		if s.Charts == nil {
			return e, errors.New("no chart to take the contact into")
		}
		if err := s.Charts.TakeContact(ctx, tx, p.Patient, p.Kind, p.Value, v.Replace); err != nil {
			return e, err
		}
	}
	_, err = s.Tell(ctx, tx, Told{Patient: p.Patient, Notice: notify.ContactReviewed{Taken: v.Take}, Key: "contact.reviewed:" + string(id)})
	return e.On(string(p.Patient)), err
}
