package enroll

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	// callAge is how long a number must have been on file to be called (rule A3.2).
	callAge = 30 * 24 * time.Hour
	// callGood is how long a call lets its caller read a code out.
	callGood = time.Hour
	maxNote  = 2000
)

// Call is what became of a call to the number on file.
type Call struct {
	Patient  ids.Patient
	Contact  string // Contact.ID of the number called
	Outcome  string // one of CallOutcomes
	Evidence string // one of CallEvidence; "" unless reached
	Note     string
}

// CallOutcomes and CallEvidence are the closed lists for Call.

var (
	CallOutcomes = []string{"reached", "no_answer", "wrong_person"}
	CallEvidence = []string{"number", "visit", "address", "document"}
)

// RejectReasons is the closed list for Reject.
var RejectReasons = []string{"no_match", "not_proven", "duplicate", "fraud", "other"}

// decide runs f on a request that can still be decided, as one act of d.
// f gives a code for the audit line.
func (e *Room) decide(ctx context.Context, d access.Desk, id ids.Request, act audit.Action, f func(*store.Tx, request) (string, error)) error {
	if err := d.Need(access.ReviewRequests); err != nil {
		return err
	}
	return e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		// A write first: on PostgreSQL it holds the row until the decision is done.
		r, err := store.Get(ctx, tx, e.scanRequest, `
			UPDATE identity_request SET touched_at = $2 WHERE id = $1 AND state IN ('open', 'asked', 'calling') RETURNING `+requestColumns, id, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Lost("enroll.request.closed")
		}
		if err != nil {
			return audit.Entry{}, err
		}
		detail, err := f(tx, r)
		return d.Did(act, string(id)).On(about(r.Patient)).With(detail), err
	})
}

// LogCall writes down a call about a request. Only a number on file may be
// called, never the one in the request, and not one that is new there.
func (e *Room) LogCall(ctx context.Context, d access.Desk, id ids.Request, c Call) error {
	switch {
	case !slices.Contains(CallOutcomes, c.Outcome):
		return fault.Bad("outcome", "enroll.call.outcome.missing")
	case c.Outcome == "reached" && !slices.Contains(CallEvidence, c.Evidence):
		return fault.Bad("evidence", "enroll.call.evidence.missing")
	case len(c.Note) > maxNote:
		return fault.Bad("note", "enroll.long", maxNote)
	}
	return e.decide(ctx, d, id, audit.RequestCalled, func(tx *store.Tx, _ request) (string, error) {
		return c.Outcome, e.logCall(ctx, tx, d, id, c)
	})
}

func (e *Room) logCall(ctx context.Context, tx *store.Tx, d access.Desk, id ids.Request, c Call) error {
	p, err := e.People.Person(ctx, tx, c.Patient)
	if errors.Is(err, store.ErrNone) {
		return fault.Bad("contact", "enroll.call.contact")
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Contacts, func(k Contact) bool { return k.ID == c.Contact && k.Kind != Email })
	if i < 0 {
		return fault.Bad("contact", "enroll.call.contact")
	}
	if tx.Now.Sub(p.Contacts[i].Since) < callAge {
		return fault.Bad("contact", "enroll.call.young")
	}
	detail := c.Outcome
	if c.Outcome == "reached" {
		detail += ":" + string(p.ID) + ":" + c.Evidence
	}
	return e.note(ctx, tx, id, d.Staff(), "called", detail, c.Note)
}

// Approval is the decision that a request comes from a patient.
type Approval struct {
	Patient ids.Patient
	By      Channel
	Large   bool
}

// Approve decides a request by making a code for the patient; it never opens a
// session. A flagged request, and a restricted patient, need two people: the
// first approval waits for another one and gives no code.
func (e *Room) Approve(ctx context.Context, d access.Desk, id ids.Request, a Approval) (ids.Code, error) {
	if a.Patient == "" {
		return "", fault.Bad("patient", "enroll.approve.patient")
	}
	if life[a.By] == 0 || a.By == ByText {
		return "", fault.Bad("by", "enroll.issue.channel")
	}
	var m minted
	waits := false
	for range 5 {
		ref, err := e.reference(ctx, id)
		if err != nil {
			return "", err
		}
		m = e.mint(a.By, ref)
		err = e.decide(ctx, d, id, audit.RequestApproved, func(tx *store.Tx, r request) (how string, err error) {
			if waits, err = e.approve(ctx, tx, d, r, a, m); waits {
				return "first", err
			}
			return "by_" + string(a.By), err
		})
		if errors.Is(err, errSelector) || store.IsUnique(err) {
			continue
		}
		if err != nil || waits {
			return "", err
		}
		return m.id, nil
	}
	return "", fault.Lost("enroll.request.closed")
}

func (e *Room) reference(ctx context.Context, id ids.Request) (ref string, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		ref, err = store.Get(ctx, tx, store.One[string], `SELECT reference FROM identity_request WHERE id = $1`, id)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return "", fault.Missing()
	}
	return ref, err
}

func (e *Room) approve(ctx context.Context, tx *store.Tx, d access.Desk, r request, a Approval, m minted) (waits bool, err error) {
	p, err := e.People.Person(ctx, tx, a.Patient)
	if errors.Is(err, store.ErrNone) {
		return false, fault.Bad("patient", "enroll.approve.patient")
	}
	if err != nil {
		return false, err
	}
	if r.Flagged || p.Restricted {
		waits, err = e.second(ctx, tx, d, r, p.ID)
		if waits || err != nil {
			return waits, err
		}
	}
	if a.By == ByPhone {
		if err := e.reached(ctx, tx, d, r.ID, p.ID); err != nil {
			return false, err
		}
	}
	o := Order{Patient: p.ID, By: a.By, Large: a.Large}
	state := Approved
	if a.By == ByPhone {
		o.Request, state = r.ID, Calling
	}
	tx.Log(d.Did(audit.CodeIssued, string(m.id)).On(about(p.ID)).With("by_" + string(a.By)))
	if err := e.issueIn(ctx, tx, o, byDesk(d), m); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `UPDATE identity_request SET state = $2, patient_id = $3, code_id = $4, closed_by = $5, closed_at = $6 WHERE id = $1`,
		r.ID, string(state), p.ID, m.id, d.Staff(), closedAt(state, tx)); err != nil {
		return false, err
	}
	return false, e.note(ctx, tx, r.ID, d.Staff(), "approved", string(a.By), "")
}

// second keeps the first of two approvals; the second must come from somebody
// else, for the same patient (ASVS 2.3.5).
func (e *Room) second(ctx context.Context, tx *store.Tx, d access.Desk, r request, p ids.Patient) (waits bool, err error) {
	switch {
	case r.FirstBy == string(d.Staff()):
		return false, fault.Lost("enroll.second.same")
	case r.FirstBy != "" && r.FirstPatient == p:
		return false, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE identity_request SET first_by = $2, first_patient = $3 WHERE id = $1`, r.ID, d.Staff(), p); err != nil {
		return false, err
	}
	return true, e.note(ctx, tx, r.ID, d.Staff(), "approved_first", string(p), "")
}

// reached demands that this person spoke to that patient on the number on file
// within the last hour.
func (e *Room) reached(ctx context.Context, tx *store.Tx, d access.Desk, r ids.Request, p ids.Patient) error {
	n, err := store.Get(ctx, tx, store.One[int], `
		SELECT COUNT(*) FROM request_note WHERE request_id = $1 AND staff_id = $2 AND what = 'called' AND detail LIKE $3 AND at > $4`,
		r, d.Staff(), "reached:"+string(p)+":%", store.Time(tx.Now.Add(-callGood)))
	if err == nil && n == 0 {
		return fault.Bad("by", "enroll.approve.call")
	}
	return err
}

// Reject closes a request and tells the asker, without a reason, that it could
// not be met.
func (e *Room) Reject(ctx context.Context, d access.Desk, id ids.Request, why string) error {
	if !slices.Contains(RejectReasons, why) {
		return fault.Bad("why", "enroll.reject.missing")
	}
	return e.decide(ctx, d, id, audit.RequestRejected, func(tx *store.Tx, r request) (string, error) {
		if err := e.dropCode(ctx, tx, r); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE identity_request SET state = 'rejected', closed_by = $2, closed_at = $3 WHERE id = $1`, id, d.Staff(), store.Time(tx.Now)); err != nil {
			return "", err
		}
		if why != "fraud" && r.Why == whyAsked {
			if err := e.writeTo(ctx, tx, r, notify.RequestRejected{}, "rejected"); err != nil {
				return "", err
			}
		}
		return why, e.note(ctx, tx, id, d.Staff(), "rejected", why, "")
	})
}

// dropCode ends a code read out for a request that is closed otherwise.
func (e *Room) dropCode(ctx context.Context, tx *store.Tx, r request) error {
	if r.State != Calling {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE activation_code SET state = 'revoked', ended_at = $2, shown = NULL WHERE id = $1 AND state IN ('issued', 'opened')`, r.Code, store.Time(tx.Now))
	return err
}

// maxAsk is how long the words are, in characters, that staff add to what is asked
// of somebody: a question, not a letter.
const maxAsk = 300

// AskMore asks the person behind a request to call the clinic, with the staff's own
// words if there are any. They go to whoever made the request, known or not.
func (e *Room) AskMore(ctx context.Context, d access.Desk, id ids.Request, words string) error {
	if words = strings.Join(strings.Fields(words), " "); utf8.RuneCountInString(words) > maxAsk {
		return fault.Bad("question", "enroll.long", maxAsk)
	}
	return e.decide(ctx, d, id, audit.RequestAsked, func(tx *store.Tx, r request) (string, error) {
		if err := e.dropCode(ctx, tx, r); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE identity_request SET state = 'asked' WHERE id = $1`, id); err != nil {
			return "", err
		}
		if r.Why == whyAsked {
			if err := e.writeTo(ctx, tx, r, notify.RequestNeedsMore{Words: words}, "more:"+secret.TokenHash(words)[:8]); err != nil {
				return "", err
			}
		}
		return "", e.note(ctx, tx, id, d.Staff(), "asked", "", words)
	})
}

// Flag marks a request as suspicious: from then on it takes two people.
func (e *Room) Flag(ctx context.Context, d access.Desk, id ids.Request, words string) error {
	if len(words) > maxNote {
		return fault.Bad("words", "enroll.long", maxNote)
	}
	return e.decide(ctx, d, id, audit.RequestFlagged, func(tx *store.Tx, _ request) (string, error) {
		if _, err := tx.Exec(ctx, `UPDATE identity_request SET flagged = TRUE WHERE id = $1`, id); err != nil {
			return "", err
		}
		return "", e.note(ctx, tx, id, d.Staff(), "flagged", "", words)
	})
}
