package enroll

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/notify"
	"portico/internal/store"
)

// match answers a new request by itself where name, birth date and a contact on
// file agree outright, by sending a code to that contact; anything else goes
// to staff. The asker learns nothing either way.
func (e *Room) match(ctx context.Context, d access.Duty, a matchArgs) error {
	var strict Candidate
	var r request
	found := false
	err := e.DB.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = e.requestByID(ctx, tx, a.ID); err != nil || r.State != New {
			return errors.Join(err, errNotNew)
		}
		cs, err := e.People.Candidates(ctx, tx, r.Claim)
		strict, found = e.People.OnlyStrict(cs)
		return err
	})
	if errors.Is(err, errNotNew) || errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if found && e.Set.AutoMatch {
		err := e.sendMatched(ctx, d, r, strict)
		// Whatever keeps a code from being sent (an account, an age, a limit, a
		// contact too new) is for staff to see.
		if f, ok := fault.As(err); !ok || (f.Kind != fault.Conflict && f.Kind != fault.TooMany) {
			return err
		}
	}
	return e.toStaff(ctx, d, r)
}

var errNotNew = errors.New("the request is not new")

// toStaff puts a request into the queue and tells the asker that it came.
func (e *Room) toStaff(ctx context.Context, d access.Duty, r request) error {
	return e.DB.Change(ctx, d.Did(audit.RequestMade, string(r.ID)).With("to_staff"), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE identity_request SET state = 'open' WHERE id = $1 AND state = 'new'`, r.ID)
		if err != nil || n == 0 {
			return err
		}
		return e.writeTo(ctx, tx, r, notify.RequestReceived{}, "received")
	})
}

// writeTo sends a notice to the contact somebody gave in their request: at most
// one of a kind to a contact each day, so that the form is no way to fill a
// stranger's mailbox.
func (e *Room) writeTo(ctx context.Context, tx *store.Tx, r request, n notify.Notice, kind string) error {
	m := notify.Message{Lang: r.Lang, Notice: n}
	switch {
	case r.Claim.Reach == "email" && r.Claim.Email != "":
		m.To, m.Channel = r.Claim.Email, notify.Mail
	default:
		return nil // staff call, or write a letter
	}
	m.Key = kind + ":" + e.Keys.Lasting("enroll.sent", m.To) + ":" + tx.Now.UTC().Format("2006-01-02")
	_, err := e.Outbox.Send(ctx, tx, m)
	return err
}

// sendMatched sends a code to the contact on file that agrees with the request.
func (e *Room) sendMatched(ctx context.Context, d access.Duty, r request, c Candidate) error {
	o := Order{Patient: c.Person.ID, Request: r.ID, By: ByText}
	for _, k := range c.Person.Contacts {
		if k.ID == c.Contact {
			o.contact = k
		}
	}
	switch {
	case o.contact.Value == "" || e.DB.Now().Sub(o.contact.Since) < e.Set.ContactAge:
		return fault.Lost(cannot[newOnly])
	case o.contact.Kind == Email:
		o.By, o.Request = ByEmail, ""
	case o.contact.Kind != Mobile || !e.Outbox.Offers(notify.Text):
		return fault.Lost(cannot[noContact])
	}
	m := e.mint(o.By, r.Reference)
	return e.DB.Change(ctx, d.Did(audit.RequestMatched, string(r.ID)).On(about(c.Person.ID)), func(tx *store.Tx) error {
		over, err := e.Limit.HitIn(ctx, tx, unaskedPerDay, string(c.Person.ID))
		if err != nil {
			return err
		}
		if over.Over {
			return fault.Wait("enroll.issue.often", over.Retry)
		}
		state := Matched
		if o.By == ByText {
			state = Calling
		}
		n, err := tx.Exec(ctx, `UPDATE identity_request SET state = $2, code_id = $3, patient_id = $4, touched_at = $5, closed_by = 'match', closed_at = $6 WHERE id = $1 AND state = 'new'`,
			r.ID, string(state), m.id, c.Person.ID, store.Time(tx.Now), closedAt(state, tx))
		if err != nil || n == 0 {
			return err
		}
		tx.Log(d.Did(audit.CodeIssued, string(m.id)).On(about(c.Person.ID)).With("by_" + string(o.By)))
		return e.issueIn(ctx, tx, o, byDuty(d), m)
	})
}

// closedAt is the time a request is closed, NULL while it is open.
func closedAt(s RequestState, tx *store.Tx) any {
	if s == Calling || s == Open || s == Asked {
		return nil
	}
	return store.Time(tx.Now)
}
