package enroll

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// Consent is what somebody agreed to on the last page.
type Consent struct {
	Terms, Privacy bool
	Documents      []ids.Document // as they were shown
	Lang           lang.Lang
	Device         string // device cookie of the browser, "" for none
}

// Finished is an account just opened, with the session that begins.
type Finished struct {
	Account ids.Account
	Token   string // of the new session
	Cookie  Cookie
}

// The last step's own refusals.
var (
	// errTaken: the patient has an account already. Said only to who is proven.
	errTaken = fault.Lost("enroll.finish.taken")
	// errCodeGone: the code was used, replaced or taken back meanwhile.
	errCodeGone = fault.Lost("enroll.finish.code")
	// errNewer: other terms were published while the person was reading.
	errNewer = fault.Bad("", "enroll.terms.newer")
)

// Finish opens the account. Account, credential, second step, recovery codes,
// acceptances, the use of the code, the end of the verification session and the
// beginning of a signed-in one are one transaction: after a crash there is
// either all of it or none, and of two who finish at once with one code, one.
func (e *Room) Finish(ctx context.Context, a access.Applicant, c Consent) (Finished, error) {
	var bad *fault.Fault
	if !c.Terms {
		bad = bad.And("terms", "enroll.terms.missing")
	}
	if !c.Privacy {
		bad = bad.And("privacy", "enroll.privacy.missing")
	}
	p, who, err := e.step(ctx, a, stepTerms)
	if err != nil {
		return Finished{}, err
	}
	if bad != nil {
		return Finished{}, bad
	}
	var f Finished
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		f, err = e.finish(ctx, tx, a, p, who, c)
		return a.Did(audit.AccountOpened, string(f.Account)).With(string(p.Way)), err
	})
	if fault.Is(err, fault.Invalid) && e.has(ctx, who.ID) {
		err = errTaken // the account, not only the name, was taken at the same moment
	}
	return f, err
}

func (e *Room) has(ctx context.Context, p ids.Patient) (has bool) {
	err := e.DB.View(ctx, func(tx *store.Tx) (err error) {
		has, err = e.Accounts.Exists(ctx, tx, p)
		return err
	})
	return has && err == nil
}

func (e *Room) finish(ctx context.Context, tx *store.Tx, a access.Applicant, p progress, who Person, c Consent) (f Finished, err error) {
	// In this order: on PostgreSQL two who finish at once then wait for each other
	// at the code, or at the account's unique index, and nowhere else.
	if err := e.sameDraft(ctx, tx, p); err != nil {
		return f, err
	}
	if err := e.pay(ctx, tx, p); err != nil {
		return f, err
	}
	d := p.Draft
	acc, err := e.Accounts.Open(ctx, tx, a, NewAccount{Patient: who.ID, UserName: d.UserName, PasswordHash: d.PasswordHash,
		Second: Second{d.Second, d.Contact, d.Secret, d.Step}, Recovery: d.Recovery, Lang: c.Lang, Device: c.Device})
	if fault.Is(err, fault.Conflict) {
		return f, errTaken
	}
	if err != nil {
		return f, err
	}
	if err := e.Gate.EndVerification(ctx, tx, a); err != nil {
		return f, err
	}
	switch err := e.Terms.Accept(ctx, tx, a, acc.ID, c.Documents, c.Lang); {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		return f, errNewer
	case err != nil:
		return f, err
	}
	for _, id := range slices.Compact([]ids.Patient{p.Patient, who.ID}) { // two where records were joined meanwhile
		if _, err := e.clearUp(ctx, tx, id); err != nil {
			return f, err
		}
	}
	f = Finished{Account: acc.ID, Cookie: acc.Cookie}
	if f.Token, _, err = e.Gate.StartSession(ctx, tx, access.SignedIn{Account: acc.ID, Patient: who.ID, Device: acc.Device, Agent: a.Agent(), Source: a.Source()}); err != nil {
		return f, err
	}
	return f, e.announce(ctx, tx, who, p, acc, tx.Now)
}

// sameDraft makes sure that what is finished is what was checked.
func (e *Room) sameDraft(ctx context.Context, tx *store.Tx, p progress) error {
	n, err := tx.Exec(ctx, `DELETE FROM enrolment WHERE verification_id = $1 AND version = $2`, p.ID, p.version)
	if err == nil && n != 1 {
		return fault.Lost("enroll.changed")
	}
	return err
}

// pay uses up the code. The first way has none: its one-time code was used up
// when it proved the session.
func (e *Room) pay(ctx context.Context, tx *store.Tx, p progress) error {
	if p.Way == byNumber {
		return nil
	}
	if p.Way == bySpoken { // first the request, then its code: the order in which staff decide
		if _, err := tx.Exec(ctx, `UPDATE identity_request SET state = CASE WHEN closed_by = 'match' THEN 'matched' ELSE 'approved' END, closed_at = $2 WHERE code_id = $1 AND state = 'calling'`,
			p.Code, store.Time(tx.Now)); err != nil {
			return err
		}
	}
	ok, err := useCode(ctx, tx, p.Code, p.Patient)
	if err == nil && !ok {
		return errCodeGone
	}
	return err
}

// clearUp ends what an account makes needless: other live codes and other
// half-way sessions of the patient. It gives the codes.
func (e *Room) clearUp(ctx context.Context, tx *store.Tx, p ids.Patient) ([]ids.Code, error) {
	old, err := endCodes(ctx, tx, p, Revoked)
	if err != nil {
		return nil, err
	}
	for _, id := range old {
		if _, err := e.Outbox.Withdraw(ctx, tx, string(id)); err != nil {
			return nil, err
		}
	}
	return old, e.Gate.EndVerifications(ctx, tx, p)
}

// announce tells every contact on file, so that there is always a channel
// beside the one the code came by where the clinic knows two (rule A1.12), and
// the new second step's contact.
func (e *Room) announce(ctx context.Context, tx *store.Tx, who Person, p progress, acc Account, now time.Time) error {
	to := e.everywhere(who)
	switch p.Draft.Second {
	case BySecondEmail:
		to = append(to, target{Contact{Kind: Email, Value: p.Draft.Contact}, notify.Mail})
	case BySecondText, BySecondVoice:
		to = append(to, target{Contact{Kind: Mobile, Value: p.Draft.Contact}, notify.Text})
	}
	for _, t := range to {
		key := "opened:" + string(acc.ID) + ":" + e.sentTo(t.Contact)
		_, err := e.Outbox.Send(ctx, tx, notify.Message{To: t.Contact.Value, Channel: t.Channel, Lang: speaks(who, p.Draft.Lang),
			Notice: notify.AccountOpened{At: now, NotMe: acc.NotMe}, Patient: who.ID, Account: acc.ID, Key: key})
		if err != nil {
			return err
		}
	}
	return nil
}

// early tells whether err only means that the person is at another page.
func early(err error) bool { return errors.Is(err, errEarly) || errors.Is(err, access.ErrNoSession) }
