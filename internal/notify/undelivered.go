package notify

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Undelivered is a message that did not arrive.
type Undelivered struct {
	ID      ids.Message
	Kind    string
	Channel Channel
	Patient ids.Patient
	Why     string // a code: "mail_550", "phone_400_21211", "daily_cap"
	Outage  bool   // a fault of ours or the provider's, which passes
	Tries   int    // since it was last sent again
	Resent  int    // how often staff sent it again
	Caused  time.Time
	Failed  time.Time
}

const undeliveredColumns = `id, kind, channel, patient_id, why, outage, attempt, resent, created_at, settled_at`

// these are the addresses for scanning undeliveredColumns.
func (u *Undelivered) these() []any {
	return []any{&u.ID, &u.Kind, &u.Channel, &u.Patient, &u.Why, &u.Outage, &u.Tries, &u.Resent, (*store.Time)(&u.Caused), (*store.Time)(&u.Failed)}
}

func scanUndelivered(r store.Row) (u Undelivered, err error) {
	err = r.Scan(u.these()...)
	return u, err
}

// MostUndelivered is how many the list shows; beyond that something is broken and
// the newest are enough to see it.
const MostUndelivered = 50

// Undelivered lists what did not arrive and nobody has dealt with, newest first.
func (o *Outbox) Undelivered(ctx context.Context, d access.Desk) (out []Undelivered, err error) {
	if !d.Can(access.SeeUndelivered) {
		return nil, fault.Refused()
	}
	err = o.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, scanUndelivered, `SELECT `+undeliveredColumns+` FROM outbox
			WHERE state = 'failed' AND seen_at IS NULL ORDER BY settled_at DESC, id LIMIT $1`, MostUndelivered)
		return err
	})
	return out, err
}

// UndeliveredWaiting is the query of how many messages did not arrive and wait.
const UndeliveredWaiting = `SELECT COUNT(*) FROM outbox WHERE state = 'failed' AND seen_at IS NULL`

// Dealt are the ways in which staff deal with a message that did not arrive
// without sending it again.
var Dealt = []string{"told", "address", "again", "pointless"}

// Settle takes an undelivered message off the list and erases what is kept of it:
// somebody has dealt with it in one of the ways of Dealt. Conflict: a colleague
// was faster.
func (o *Outbox) Settle(ctx context.Context, d access.Desk, id ids.Message, how string) error {
	if !d.Can(access.SeeUndelivered) {
		return fault.Refused()
	}
	return o.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		m, err := store.Get(ctx, tx, scanBrief, `
			UPDATE outbox SET seen_at = $2, sealed = NULL WHERE id = $1 AND state = 'failed' AND seen_at IS NULL RETURNING id, patient_id`,
			id, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, settled(ctx, tx, id)
		}
		if err == nil && !slices.Contains(Dealt, how) {
			return audit.Entry{}, fault.Bad("how", "office.undelivered.choose")
		}
		return d.Did(audit.NoticeFailed, string(m.id)).On(m.patient).With("dealt_with_" + how), err
	})
}

// settled tells a message that a colleague has dealt with from one that never was
// on the list.
func settled(ctx context.Context, tx *store.Tx, id ids.Message) error {
	n, err := store.Get(ctx, tx, store.One[int], `
		SELECT COUNT(*) FROM outbox WHERE id = $1 AND (resent > 0 OR (state = 'failed' AND seen_at IS NOT NULL))`, id)
	if err == nil && n > 0 {
		return fault.Lost("office.undelivered.faster")
	}
	return errors.Join(err, fault.Missing())
}
