package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Parts are what an Outbox is made of.
type Parts struct {
	DB     *store.DB
	Keys   *secret.Keyring
	Limits *limit.Limiter
	Log    *slog.Logger
	Base   *url.URL     // every link begins with it
	From   string       // the address e-mails come from, for calendar files; "" for none
	Clinic page.Profile // whose messages these are
	Words  Wording      // the clinic's own wording, nil for the shipped one
	Fresh  func()       // called before a message is written, so that Clinic is up to date; nil for nothing
	Mail   Sender       // nil: no e-mail
	Phone  Sender       // nil: no texts and calls
	People Reacher      // who may be written to again, nil for staff alone

	Countries []string // ISO 3166 codes of countries that are texted and called
	DailyCap  int      // texts and calls in 24 hours at most, in all
}

// Outbox queues messages and sends them.
type Outbox struct{ Parts }

// New makes an outbox.
func New(p Parts) (*Outbox, error) {
	if p.DB == nil || p.Keys == nil || p.Limits == nil || p.Clinic == nil || p.Base == nil || p.Base.Host == "" {
		return nil, errors.New("notify: database, keys, limits, clinic and base address are needed")
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{p}, nil
}

// Offers tells whether messages can go out on a channel at all, so that a page
// does not offer what is not set up.
func (o *Outbox) Offers(c Channel) bool { return o.sender(c) != nil }

func (o *Outbox) sender(c Channel) Sender {
	switch c {
	case Mail:
		return o.Mail
	case Text, Voice:
		return o.Phone
	}
	return nil
}

// longest is how long a message stays worth sending if its cause does not say.
const longest = 72 * time.Hour

// place names the sealed column for the keyring.
const place = "outbox.sealed"

// envelope is what is sealed.
type envelope struct {
	To     string          `json:"to"`
	Notice json.RawMessage `json:"notice"`
}

// sendArgs name a message for its job.
type sendArgs struct{ ID ids.Message }

// sendJob sends one message.
var sendJob = jobs.Kind[sendArgs]{Name: "notify.send"}

// Send queues m in the caller's transaction. An error means a mistake in the
// program or a database that does not answer; whether the contact exists, was
// told too often or already got this message is said by the Outcome, which a
// page that must stay neutral ignores.
func (o *Outbox) Send(ctx context.Context, tx *store.Tx, m Message) (Outcome, error) {
	if err := o.check(&m); err != nil {
		return "", err
	}
	if o.sender(m.Channel) == nil || !o.reachable(m) {
		return Unreachable, nil
	}
	for _, k := range o.hidden(uniqueKey, m.Key) {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM outbox WHERE unique_key = $1`, k)
		if err != nil || n > 0 {
			return Duplicate, err
		}
	}
	switch over, first, err := o.overBudget(ctx, tx, m); {
	case err != nil:
		return "", err
	case first:
		return OverBudget, refuse(ctx, tx, m)
	case over:
		return OverBudget, nil
	}
	notice, err := json.Marshal(m.Notice)
	if err != nil {
		return "", fmt.Errorf("notice %s: %w", m.Notice.Kind(), err)
	}
	plain, err := json.Marshal(envelope{To: m.To, Notice: notice})
	if err != nil {
		return "", fmt.Errorf("notice %s: %w", m.Notice.Kind(), err)
	}
	id := ids.NewMessage()
	m.Key, m.Withdraw = first(o.hidden(uniqueKey, m.Key)), first(o.hidden(withdrawKey, m.Withdraw))
	n, err := insert(ctx, tx, id, m, o.Keys.Seal(place, string(id), plain))
	if err != nil || n == 0 {
		return Duplicate, err
	}
	return Queued, sendJob.Enqueue(ctx, tx, sendArgs{id}, jobs.Options{Unique: string(id)})
}

// check finds mistakes of the caller.
func (o *Outbox) check(m *Message) error {
	switch {
	case m.Notice == nil:
		return errors.New("notify: a message without a notice")
	case !fits(m.Notice, m.Channel):
		return fmt.Errorf("notify: a %s cannot be sent by %q", m.Notice.Kind(), m.Channel)
	}
	for _, p := range m.Notice.links() {
		if !p.valid() {
			return fmt.Errorf("notify: a %s needs a path of the portal", m.Notice.Kind())
		}
	}
	if _, ok := lang.Parse(string(m.Lang)); !ok {
		m.Lang = lang.En
	}
	return nil
}

// Withdraw takes back every waiting message with the given Withdraw key, in the
// transaction that makes them pointless, and tells how many there were. One
// that is just being handed over is not stopped. The message's own job writes
// the line in the audit log.
func (o *Outbox) Withdraw(ctx context.Context, tx *store.Tx, key string) (int, error) {
	if key == "" {
		return 0, errors.New("notify: withdrawal without a key")
	}
	n := 0
	for _, k := range o.hidden(withdrawKey, key) {
		gone, err := withdraw(ctx, tx, k)
		if err != nil {
			return n, err
		}
		n += gone
	}
	return n, nil
}

// Purposes of the keyed hashes under which the rooms' keys are stored: a room
// may build a key from a contact, which must not lie open.
const (
	uniqueKey   = "outbox.unique"
	withdrawKey = "outbox.withdraw"
)

// refuse leaves a row without content of the first message over a budget, and a
// job that writes the line in the audit log.
func refuse(ctx context.Context, tx *store.Tx, m Message) error {
	id := ids.NewMessage()
	if err := insertRefused(ctx, tx, id, m); err != nil {
		return err
	}
	return sendJob.Enqueue(ctx, tx, sendArgs{id}, jobs.Options{Unique: string(id)})
}

// hidden gives the stored forms of a room's key, the current one first.
func (o *Outbox) hidden(purpose, key string) []string {
	if key == "" {
		return nil
	}
	return o.Keys.Indexes(purpose, key)
}

func first(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// sweepJob deletes what is long settled, and settles what was left over.
var sweepJob = jobs.Kind[struct{}]{Name: "notify.sweep", Every: time.Hour}

// keep is how long kind, channel and times of a settled message are kept: long
// enough for "you never wrote to me", while the audit log keeps its line for six years.
const keep = 180 * 24 * time.Hour

// Work registers the outbox's jobs.
func (o *Outbox) Work(r *jobs.Runner) {
	jobs.Handle(r, sendJob, func(ctx context.Context, d access.Duty, a sendArgs) error { return o.deliver(ctx, d, a.ID) })
	jobs.Handle(r, reportJob, o.fail)
	jobs.Handle(r, sweepJob, func(ctx context.Context, _ access.Duty, _ struct{}) error { return o.sweep(ctx) })
}

// sweep gives a new job to messages whose end has passed and whose own job was
// parked or lost, so that none keeps its content or hides from staff.
func (o *Outbox) sweep(ctx context.Context) error {
	return o.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM outbox WHERE settled_at <= $1`, store.Time(tx.Now.Add(-keep))); err != nil {
			return err
		}
		if err := forget(ctx, tx); err != nil {
			return err
		}
		left, err := store.List(ctx, tx, store.One[ids.Message], `
			SELECT id FROM outbox WHERE state IN ('queued', 'sending') AND expires_at <= $1 LIMIT 1000`, store.Time(tx.Now.Add(-time.Hour)))
		if err != nil {
			return err
		}
		for _, id := range left {
			if err := sendJob.Enqueue(ctx, tx, sendArgs{id}, jobs.Options{Unique: string(id)}); err != nil {
				return err
			}
		}
		return nil
	})
}
