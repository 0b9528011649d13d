package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

const (
	// held is how long a worker may take over one message. It is shorter than
	// the lease of its job, so that the next worker finds the row free.
	held = 90 * time.Second
	// patience is how long a sender may take, from dialling to the last answer.
	patience = 30 * time.Second
	// tries is how often a message is tried before staff hear of it: with the
	// waits of package jobs the last try comes about a day and a half after the first.
	tries = 15
	// doubts is how often a text or call may have gone out without our knowing
	// before we stop: each try may cost money and ring a phone at night. An
	// e-mail has no such end, since copies with one Message-ID are dropped.
	doubts = 3
)

// Sender hands messages to the outside. The ones there are: SMTP, Phone, Sink.
type Sender interface {
	// send gives the provider's reference, or a *failure.
	send(ctx context.Context, r ready) (ref string, err error)
}

// failure is why a message was not handed over. code is from a closed set or a
// provider's number, never text of the provider: that often repeats the contact.
type failure struct {
	code      string
	permanent bool // trying again cannot help
	unsure    bool // it may have been handed over all the same
}

func (f *failure) Error() string { return "not handed over: " + f.code }

var errBusy = errors.New("another worker holds this message")

// deliver sends one message and settles it. It may run any number of times for
// the same message: only the holder of the row's lease sends.
func (o *Outbox) deliver(ctx context.Context, d access.Duty, id ids.Message) error {
	m, wanted, err := o.take(ctx, d, id)
	if err != nil || !wanted {
		return err
	}
	ref, err := o.handOver(ctx, m)
	if err == nil {
		return o.end(ctx, d.Did(audit.NoticeSent, string(m.id)).On(m.patient).With(m.kind+"."+string(m.channel)), m, ending{state: "sent", ref: ref})
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{code: "unwritable"}
	}
	if f.permanent || m.attempt >= tries {
		return o.end(ctx, d.Did(audit.NoticeFailed, string(m.id)).On(m.patient).As(audit.Failed).With(f.code), m,
			ending{state: "failed", why: f.code, outage: !f.permanent})
	}
	back := o.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error { return release(ctx, tx, m, f) })
	return errors.Join(err, back)
}

// errTaken undoes a settlement by a worker whose lease ran out meanwhile: the
// one that holds the message now writes down what became of it.
var errTaken = errors.New("the lease was lost")

func (o *Outbox) end(ctx context.Context, e audit.Entry, m row, as ending) error {
	err := o.DB.Change(ctx, e, func(tx *store.Tx) error {
		held, err := settle(ctx, tx, m, as)
		if err == nil && !held {
			return errTaken
		}
		return err
	})
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// take leases the message; false without an error means that there is nothing
// (more) to send.
func (o *Outbox) take(ctx context.Context, d access.Duty, id ids.Message) (m row, wanted bool, err error) {
	err = o.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error {
		wanted = false
		got, err := lease(ctx, tx, id)
		if errors.Is(err, store.ErrNone) {
			return o.absent(ctx, tx, d, id)
		}
		if err != nil {
			return err
		}
		wanted, err = o.stillWanted(ctx, tx, d, &got)
		m = got
		return err
	})
	return m, wanted && err == nil, err
}

// did is an audit entry of a duty about a message.
func did(d access.Duty, a audit.Action, m brief) audit.Entry {
	return d.Did(a, string(m.id)).On(m.patient)
}

// absent deals with a message that cannot be taken: another worker has it, or it
// was settled; what was withdrawn or refused is written to the audit log here.
func (o *Outbox) absent(ctx context.Context, tx *store.Tx, d access.Duty, id ids.Message) error {
	if held, err := busy(ctx, tx, id); held || err != nil {
		return errors.Join(err, errBusy)
	}
	m, why, err := unlogged(ctx, tx, id)
	switch {
	case errors.Is(err, store.ErrNone):
		return nil // sent, failed or swept
	case err != nil:
		return err
	case why == "over_budget":
		tx.Log(did(d, audit.NoticeQueued, m).As(audit.Refused).With(why))
	default:
		tx.Log(did(d, audit.NoticeWithdrawn, m).With(why))
	}
	return nil
}

// stillWanted settles a message that must not go out: too late, too costly, or
// too often in doubt.
func (o *Outbox) stillWanted(ctx context.Context, tx *store.Tx, d access.Duty, m *row) (bool, error) {
	why := ""
	switch late := !tx.Now.Before(m.expires); {
	case late && codeKinds[m.kind]:
		// The code it carries is dead; whoever waits for it has asked again.
		if _, err := settle(ctx, tx, *m, ending{state: "withdrawn", why: "expired"}); err != nil {
			return false, err
		}
		return false, o.absent(ctx, tx, d, m.id)
	case late:
		why = "too_late" // a person should have been told and was not
	case m.channel == Mail:
		return true, nil
	case m.unsure >= doubts:
		why = "in_doubt"
	default:
		over, err := o.charge(ctx, tx, m)
		if err != nil || !over {
			return err == nil, err
		}
		why = "daily_cap"
	}
	tx.Log(did(d, audit.NoticeFailed, m.brief).As(audit.Failed).With(why))
	_, err := settle(ctx, tx, *m, ending{state: "failed", why: why, outage: why != "in_doubt"})
	return false, err
}

// charge counts a text or call against the day's cap before it is handed over.
// A try that certainly failed leaves its charge for the next one; a try in doubt
// may have cost money and is charged again. So the counter is never below what
// the provider bills, and exact when nothing was in doubt.
func (o *Outbox) charge(ctx context.Context, tx *store.Tx, m *row) (over bool, err error) {
	if m.charged {
		return false, nil
	}
	c, err := o.Limits.HitIn(ctx, tx, o.capRule(), "all")
	if err != nil || c.Over {
		return c.Over, err
	}
	m.charged = true
	_, err = tx.Exec(ctx, `UPDATE outbox SET charged = TRUE WHERE id = $1`, m.id)
	return false, err
}

// handOver opens, writes and sends the message.
func (o *Outbox) handOver(ctx context.Context, m row) (ref string, err error) {
	plain, err := o.Keys.Open(place, string(m.id), m.sealed)
	if err != nil {
		return "", &failure{code: "sealed"} // an older key may still be missing from the settings
	}
	var e envelope
	if err := json.Unmarshal(plain, &e); err != nil {
		return "", &failure{code: "unreadable", permanent: true}
	}
	n, err := readNotice(m.kind, e.Notice)
	if err != nil {
		return "", &failure{code: "unknown_kind"}
	}
	if o.Fresh != nil {
		o.Fresh()
	}
	r, err := writer{l: m.lang, clinic: o.Clinic.Now(), base: o.Base, from: o.From, words: o.Words}.dress(ctx, n, m.channel)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", m.kind, err)
	}
	r.id, r.to, r.at = m.copy(), e.To, m.created
	s := o.sender(m.channel)
	if s == nil {
		return "", &failure{code: "not_set_up"}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.send(ctx, r)
}
