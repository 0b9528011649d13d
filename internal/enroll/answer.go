package enroll

import (
	"context"
	"errors"
	"fmt"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// answerArgs name a verification session and how many times it has asked.
type answerArgs struct {
	ID  ids.Verification
	Ask int
}

// answerJob does what a number and a birth date lead to. It is queued for
// everybody, so that a page takes as long for nobody as for somebody.
var answerJob = jobs.Kind[answerArgs]{Name: "enroll.answer"}

func (e *Room) answer(ctx context.Context, d access.Duty, a answerArgs) error {
	var p progress
	err := e.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = e.progress(ctx, tx, a.ID)
		return err
	})
	if errors.Is(err, store.ErrNone) || (err == nil && (p.Patient == "" || p.Done >= a.Ask)) {
		return nil
	}
	if err != nil {
		return err
	}
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		n, err := tx.Exec(ctx, `UPDATE enrolment SET answered = $2 WHERE verification_id = $1 AND answered < $2`, a.ID, a.Ask)
		if err != nil {
			return audit.Entry{}, err
		}
		if n == 0 {
			return audit.Entry{}, errAnswered
		}
		return e.answerIn(ctx, tx, d, a)
	})
	if errors.Is(err, errAnswered) {
		return nil
	}
	return err
}

var errAnswered = errors.New("answered already")

// answerIn decides by how the patient stands.
func (e *Room) answerIn(ctx context.Context, tx *store.Tx, d access.Duty, a answerArgs) (audit.Entry, error) {
	none := audit.Entry{}
	p, err := e.progress(ctx, tx, a.ID)
	if err != nil {
		return none, err
	}
	who, err := e.People.Person(ctx, tx, p.Patient)
	if err != nil {
		return none, err
	}
	has, err := e.Accounts.Exists(ctx, tx, who.ID)
	if err != nil {
		return none, err
	}
	stand := e.stands(who, has, tx.Now)
	to, why := e.reach(who, tx.Now)
	said := func(act audit.Action, detail string) audit.Entry {
		return d.Did(act, string(a.ID)).On(about(who.ID)).With(detail)
	}
	switch {
	case stand == clear && why != clear:
		stand = why
		fallthrough
	case stand != clear && stand != taken:
		return said(audit.RequestMade, string(stand)), e.openCase(ctx, tx, who, stand, p.Draft.Lang)
	case why != clear: // an account, but no contact to tell its owner
		return said(audit.NumberTried, string(taken)), nil
	}
	over, err := e.unasked(ctx, tx, who, to)
	if err != nil || over {
		return said(audit.NoticeQueued, "digest"), err
	}
	if stand == taken {
		return said(audit.NoticeQueued, string(taken)), e.tell(ctx, tx, who, to, notify.AccountExists{SignIn: "/signin"}, "")
	}
	return said(audit.ConfirmationSent, string(to.Channel)), e.sendConfirmation(ctx, tx, p, who, to, a)
}

// unasked counts a message that the patient may not have asked for. From the
// fourth on a day there is one digest and then nothing.
func (e *Room) unasked(ctx context.Context, tx *store.Tx, who Person, to target) (over bool, err error) {
	c, err := e.Limit.HitIn(ctx, tx, unaskedPerDay, string(who.ID))
	if err != nil || !c.Over {
		return false, err
	}
	c, err = e.Limit.HitIn(ctx, tx, digestPerDay, string(who.ID))
	if err != nil || c.Over {
		return true, err
	}
	return true, e.tell(ctx, tx, who, to, notify.SomeoneTried{}, "")
}

// tell sends a notice to a contact on file; a landline gets none.
func (e *Room) tell(ctx context.Context, tx *store.Tx, who Person, to target, n notify.Notice, key string) error {
	if to.Channel == notify.Voice {
		return nil
	}
	_, err := e.Outbox.Send(ctx, tx, notify.Message{To: to.Contact.Value, Channel: to.Channel, Lang: speaks(who, ""), Notice: n, Patient: who.ID, Key: key})
	return err
}

// sendConfirmation sends six digits to the contact on file and binds them to
// the browser that asked.
func (e *Room) sendConfirmation(ctx context.Context, tx *store.Tx, p progress, who Person, to target, a answerArgs) error {
	digits := secret.Digits(digitsLen)
	p.Draft.SentTo = proven{to.Channel, to.Contact.Value}
	if err := e.setDigits(ctx, tx, p, digits); err != nil {
		return err
	}
	out, err := e.Outbox.Send(ctx, tx, notify.Message{
		To: to.Contact.Value, Channel: to.Channel, Lang: speaks(who, p.Draft.Lang), Patient: who.ID,
		Notice:  notify.ConfirmationCode{Digits: digits, Minutes: digitsMinutes},
		Key:     fmt.Sprintf("confirm:%s:%d", a.ID, a.Ask),
		Expires: tx.Now.Add(digitsLife),
	})
	if err == nil && out == notify.Unreachable {
		return e.openCase(ctx, tx, who, noContact, p.Draft.Lang)
	}
	return err
}
