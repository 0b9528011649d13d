package notify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

// Contact is where somebody can be written to.
type Contact struct {
	Channel Channel
	To      string
}

// Reacher knows where a patient may be written to now.
type Reacher interface {
	// Reach gives the contacts proven for an account, or on file for a patient
	// without one, and whether the account was closed.
	Reach(context.Context, *store.Tx, ids.Patient, ids.Account) (contacts []Contact, closed bool, err error)
}

// meanwhile is how long a security notice is worth sending: the life of the link
// "This was not me" in it (product.md "Signing in").
const meanwhile = 10 * 24 * time.Hour

// doubtful is how long what was handed over may still be reported as lost and is kept
// for that.
const doubtful = 24 * time.Hour

// lasting are the kinds that stay true for a while. Of the others, those with a
// secret are dead when they fail, and the rest end when their time is over.
var lasting = map[string]bool{
	AccountOpened{}.Kind(): true, NewBrowser{}.Kind(): true, SignInUnfinished{}.Kind(): true, CodeReused{}.Kind(): true,
	RecordsJoined{}.Kind(): true, PasswordLocked{}.Kind(): true, AccountLocked{}.Kind(): true, AccountChanged{}.Kind(): true,
	CopyMade{}.Kind(): true, LinkMade{}.Kind(): true, LinkOpened{}.Kind(): true, LetterSent{}.Kind(): true,
	ContactReviewed{}.Kind(): true, EmergencyAlarm{}.Kind(): true, EmergencyOpened{}.Kind(): true,
	BreakerTripped{}.Kind(): true, LogBroken{}.Kind(): true, NewResult{}.Kind(): true, RequestAnswered{}.Kind(): true,
	TermsChanged{}.Kind(): true, StaffSetUp{}.Kind(): true, StaffPasskey{}.Kind(): true,
}

// dead are the kinds whose secret no longer works when they fail, or that only
// made sense to whoever had just asked.
var dead = map[string]bool{
	UserNames{}.Kind(): true, PasswordLink{}.Kind(): true, StaffLink{}.Kind(): true, SomeoneTried{}.Kind(): true, AccountExists{}.Kind(): true,
}

// answers go to a contact that nobody has proven: somebody typed it into a request.
var answers = map[string]bool{RequestReceived{}.Kind(): true, RequestRejected{}.Kind(): true, RequestNeedsMore{}.Kind(): true}

// repeatable is until when a message of a kind may be sent again; zero for never.
func repeatable(kind string, created, expires time.Time) time.Time {
	switch {
	case codeKinds[kind], dead[kind], answers[kind]:
		return time.Time{}
	case lasting[kind]:
		return created.Add(meanwhile)
	}
	return expires
}

// Barrier is why a message cannot be sent again.
type Barrier string

const (
	Spent    Barrier = "spent"    // its code or link no longer works
	Unproven Barrier = "unproven" // it went to a contact that somebody typed
	Past     Barrier = "past"     // its time is over
	Emptied  Barrier = "emptied"  // it became pointless, or what it said is erased
	Ended    Barrier = "ended"    // the account was closed
	Nobody   Barrier = "nobody"   // there is no contact it could go to
)

// Way is a contact to which a message can be sent again.
type Way struct {
	Key  string // names it in a form; it says nothing about the contact
	Same bool   // it is the one that the message was for
	Contact
}

// Failure is one message that did not arrive, and what can be done about it.
type Failure struct {
	Undelivered
	To   Contact // "" where that is erased
	Ways []Way   // none if something is in the way
	Not  Barrier
}

// lost is a Failure with what only its own operations need.
type lost struct {
	Failure
	account ids.Account
	expires time.Time
	inside  envelope
}

// Failed gives one message that did not arrive.
func (o *Outbox) Failed(ctx context.Context, d access.Desk, id ids.Message) (f Failure, err error) {
	if !d.Can(access.SeeUndelivered) {
		return f, fault.Refused()
	}
	err = o.DB.View(ctx, func(tx *store.Tx) error {
		all, err := o.failed(ctx, tx, id)
		f = all.Failure
		return err
	})
	return f, err
}

func (o *Outbox) failed(ctx context.Context, tx *store.Tx, id ids.Message) (lost, error) {
	sealed := ""
	f, err := store.Get(ctx, tx, func(r store.Row) (f lost, err error) {
		err = r.Scan(append(f.these(), &f.account, (*store.Time)(&f.expires), &sealed)...)
		return f, err
	}, `SELECT `+undeliveredColumns+`, account_id, expires_at, COALESCE(sealed, '') FROM outbox
		WHERE id = $1 AND state = 'failed' AND seen_at IS NULL`, id)
	if errors.Is(err, store.ErrNone) {
		return f, settled(ctx, tx, id)
	}
	if err != nil {
		return f, err
	}
	if f.Not = barrier(f, sealed, tx.Now); f.Not != "" {
		return f, nil
	}
	plain, err := o.Keys.Open(place, string(id), sealed)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(plain, &f.inside); err != nil {
		return f, err
	}
	f.To = Contact{f.Channel, f.inside.To}
	return o.ways(ctx, tx, f)
}

func barrier(f lost, sealed string, now time.Time) Barrier {
	switch {
	case codeKinds[f.Kind], dead[f.Kind]:
		return Spent
	case answers[f.Kind]:
		return Unproven
	case !now.Before(repeatable(f.Kind, f.Caused, f.expires)):
		return Past
	case sealed == "":
		return Emptied
	}
	return ""
}

// ways finds the contacts that are the person's now and can carry the notice.
func (o *Outbox) ways(ctx context.Context, tx *store.Tx, f lost) (lost, error) {
	n, err := readNotice(f.Kind, f.inside.Notice)
	if err != nil {
		return f, err
	}
	contacts, closed, err := o.reach(ctx, tx, f)
	if err != nil {
		return f, err
	}
	if change, ok := n.(AccountChanged); closed && !(ok && change.What == AccountEnded) {
		f.Not = Ended
		return f, nil
	}
	for _, c := range contacts {
		if o.sender(c.Channel) == nil || !fits(n, c.Channel) {
			continue
		}
		w := Way{Key: o.Keys.Lasting("outbox.way", string(c.Channel)+c.To)[:16], Contact: c,
			Same: c.Channel == f.To.Channel && strings.EqualFold(c.To, f.To.To)}
		f.Ways = append(f.Ways, w)
	}
	if len(f.Ways) == 0 {
		f.Not = Nobody
	}
	slices.SortStableFunc(f.Ways, func(a, b Way) int {
		switch {
		case a.Same == b.Same:
			return 0
		case a.Same:
			return -1
		}
		return 1
	})
	return f, nil
}

// reach asks who may be written to: the patient, or a colleague who still works here.
func (o *Outbox) reach(ctx context.Context, tx *store.Tx, f lost) (contacts []Contact, closed bool, err error) {
	if f.Patient != "" || f.account != "" {
		if o.People == nil {
			return nil, false, nil
		}
		return o.People.Reach(ctx, tx, f.Patient, f.account)
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM staff WHERE email = $1 AND state <> 'disabled'`, f.To.To)
	if err != nil || n == 0 {
		return nil, false, err
	}
	return []Contact{f.To}, false, nil
}

// Again sends a message that did not arrive again: to the contact that a Way's key
// names, or with "" to the one it was for. Invalid at "to": that is not possible,
// as when the contact was changed meanwhile. Conflict: a colleague was faster.
func (o *Outbox) Again(ctx context.Context, d access.Desk, id ids.Message, way string) error {
	if !d.Can(access.SeeUndelivered) {
		return fault.Refused()
	}
	return o.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		f, err := o.failed(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		at := slices.IndexFunc(f.Ways, func(w Way) bool { return w.Key == way || way == "" && w.Same })
		if f.Not != "" || at < 0 {
			return audit.Entry{}, fault.Bad("to", "office.undelivered.moved")
		}
		w := f.Ways[at]
		f.inside.To = w.To
		plain, err := json.Marshal(f.inside)
		if err != nil {
			return audit.Entry{}, err
		}
		n, err := requeue(ctx, tx, f, w.Channel, o.Keys.Seal(place, string(id), plain))
		if err != nil {
			return audit.Entry{}, err
		}
		if n == 0 {
			return audit.Entry{}, fault.Lost("office.undelivered.faster")
		}
		to := "other"
		if w.Same {
			to = "same"
		}
		return d.Did(audit.NoticeAgain, string(id)).On(string(f.Patient)).With(string(w.Channel) + "." + to),
			sendJob.Enqueue(ctx, tx, sendArgs{id}, jobs.Options{Unique: string(id)})
	})
}

// requeue puts an undelivered message back, if nobody has dealt with it meanwhile:
// this update, not the reading before it, settles a race between two clerks.
func requeue(ctx context.Context, tx *store.Tx, f lost, c Channel, sealed string) (int64, error) {
	ends := f.expires
	if lasting[f.Kind] {
		ends = tx.Now.Add(longest)
	}
	return tx.Exec(ctx, `
		UPDATE outbox SET state = 'queued', why = '', attempt = 0, unsure = 0, charged = FALSE, outage = FALSE, settled_at = NULL,
			provider_ref = NULL, channel = $2, sealed = $3, expires_at = $4, resent = resent + 1
		WHERE id = $1 AND state = 'failed' AND seen_at IS NULL AND sealed IS NOT NULL AND resent = $5`,
		f.ID, string(c), sealed, store.Time(ends), f.Resent)
}

// forget erases what is no longer needed for sending again.
func forget(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `
		UPDATE outbox SET sealed = NULL WHERE sealed IS NOT NULL AND settled_at IS NOT NULL
			AND ((state = 'failed' AND again_until <= $1) OR (state = 'sent' AND settled_at <= $2))`,
		store.Time(tx.Now), store.Time(tx.Now.Add(-doubtful)))
	return err
}

// Outage are the messages of a kind of channel that failed for a fault that passes.
type Outage struct {
	Mail        bool // else texts and calls
	N           int
	First, Last time.Time // when they failed
}

// outages is the condition for rows that staff can send again in one go.
const outages = `state = 'failed' AND seen_at IS NULL AND outage AND sealed IS NOT NULL AND again_until > $1`

// Outages counts what can be sent again in one go: nobody's address was wrong, the
// mail server or the phone provider did not take it. A channel that is not set up
// is left out.
func (o *Outbox) Outages(ctx context.Context, d access.Desk) (out []Outage, err error) {
	if !d.Can(access.SeeUndelivered) {
		return nil, fault.Refused()
	}
	err = o.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, func(r store.Row) (u Outage, err error) {
			err = r.Scan(&u.Mail, &u.N, (*store.Time)(&u.First), (*store.Time)(&u.Last))
			return u, err
		}, `SELECT channel = 'email', COUNT(*), MIN(settled_at), MAX(settled_at) FROM outbox WHERE `+outages+`
			GROUP BY channel = 'email' ORDER BY 2 DESC`, store.Time(tx.Now))
		return err
	})
	return slices.DeleteFunc(out, func(u Outage) bool { return u.Mail && o.Mail == nil || !u.Mail && o.Phone == nil }), err
}

// inOneGo is how many messages AllAgain takes: each is a transaction of its own
// with a line of its own, and somebody waits for the page.
const inOneGo = 100

// AllAgain sends again what failed in an outage, the oldest first, each to the
// contact it was for. What cannot be sent there any more stays on the list.
func (o *Outbox) AllAgain(ctx context.Context, d access.Desk, mail bool) (sent int, err error) {
	if !d.Can(access.SeeUndelivered) {
		return 0, fault.Refused()
	}
	var all []ids.Message
	if err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = store.List(ctx, tx, store.One[ids.Message], `SELECT id FROM outbox WHERE `+outages+` AND (channel = 'email') = $2
			ORDER BY settled_at, id LIMIT $3`, store.Time(tx.Now), mail, inOneGo)
		return err
	}); err != nil {
		return 0, err
	}
	for _, id := range all {
		switch err := o.Again(ctx, d, id, ""); {
		case err == nil:
			sent++
		case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		default:
			return sent, err
		}
	}
	return sent, nil
}
