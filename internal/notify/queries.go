package notify

import (
	"context"
	"strconv"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// brief is which message and whose.
type brief struct {
	id      ids.Message
	patient string
}

func scanBrief(r store.Row) (b brief, err error) { return b, r.Scan(&b.id, &b.patient) }

func insert(ctx context.Context, tx *store.Tx, id ids.Message, m Message, sealed string) (int64, error) {
	if m.Expires.IsZero() {
		m.Expires = tx.Now.Add(longest)
	}
	return tx.Exec(ctx, `
		INSERT INTO outbox (id, kind, channel, lang, patient_id, account_id, unique_key, withdraw_key, sealed,
			state, why, attempt, unsure, charged, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', '', 0, 0, FALSE, $10, $11)
		ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING`,
		id, m.Notice.Kind(), string(m.Channel), string(m.Lang), m.Patient, m.Account, orNull(m.Key), orNull(m.Withdraw), sealed,
		store.Time(tx.Now), store.Time(m.Expires))
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// insertRefused keeps no content and no key: the next of its kind may be within
// the budget again.
func insertRefused(ctx context.Context, tx *store.Tx, id ids.Message, m Message) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO outbox (id, kind, channel, lang, patient_id, account_id, state, why, attempt, unsure, charged, created_at, expires_at, settled_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'withdrawn', 'over_budget', 0, 0, FALSE, $7, $7, $7)`,
		id, m.Notice.Kind(), string(m.Channel), string(m.Lang), m.Patient, m.Account, store.Time(tx.Now))
	return err
}

// withdraw takes back what waits, and keeps what did not arrive from being sent
// again; that stays on the staff's list.
func withdraw(ctx context.Context, tx *store.Tx, key string) (n int, err error) {
	all, err := store.List(ctx, tx, store.One[string], `
		UPDATE outbox SET sealed = NULL, again_until = NULL,
			why = CASE WHEN state = 'queued' THEN 'pointless' ELSE why END,
			settled_at = CASE WHEN state = 'queued' THEN $2 ELSE settled_at END,
			state = CASE WHEN state = 'queued' THEN 'withdrawn' ELSE state END
		WHERE withdraw_key = $1 AND sealed IS NOT NULL AND state IN ('queued', 'failed')
		RETURNING state`, key, store.Time(tx.Now))
	for _, state := range all {
		if state == "withdrawn" {
			n++
		}
	}
	return n, err
}

// unlogged finds a message that was settled where no duty was at hand, and
// marks it, so that its line is written once. seen_at serves both states: when
// staff dealt with a failure, and when a withdrawal was logged.
func unlogged(ctx context.Context, tx *store.Tx, id ids.Message) (b brief, why string, err error) {
	b, err = store.Get(ctx, tx, func(r store.Row) (b brief, err error) { return b, r.Scan(&b.id, &b.patient, &why) }, `
		UPDATE outbox SET seen_at = $2 WHERE id = $1 AND state = 'withdrawn' AND seen_at IS NULL
		RETURNING id, patient_id, why`, id, store.Time(tx.Now))
	return b, why, err
}

// row is a message a worker holds the lease of.
type row struct {
	brief
	kind    string
	channel Channel
	lang    lang.Lang
	sealed  string
	attempt int
	unsure  int
	resent  int
	charged bool
	created time.Time
	expires time.Time
}

// copy is what the world knows the message by. When staff send it again it is
// another e-mail: a report about the first says nothing of it, and no server may
// take it for a copy.
func (m row) copy() string {
	if m.resent == 0 {
		return string(m.id)
	}
	return string(m.id) + "-" + strconv.Itoa(m.resent)
}

// lease takes a message that waits, or whose worker went silent: then nobody
// knows whether it was handed over, which unsure counts.
func lease(ctx context.Context, tx *store.Tx, id ids.Message) (row, error) {
	return store.Get(ctx, tx, func(r store.Row) (m row, err error) {
		var created, expires store.Time
		err = r.Scan(&m.id, &m.patient, &m.kind, &m.channel, &m.lang, &m.sealed, &m.attempt, &m.unsure, &m.charged, &created, &expires, &m.resent)
		m.created, m.expires = created.Std(), expires.Std()
		return m, err
	}, `
		UPDATE outbox SET state = 'sending', lease_at = $3, attempt = attempt + 1,
			unsure = unsure + CASE WHEN state = 'sending' THEN 1 ELSE 0 END,
			charged = CASE WHEN state = 'sending' THEN FALSE ELSE charged END
		WHERE id = $1 AND (state = 'queued' OR (state = 'sending' AND lease_at <= $2))
		RETURNING id, patient_id, kind, channel, lang, sealed, attempt, unsure, charged, created_at, expires_at, resent`,
		id, store.Time(tx.Now), store.Time(tx.Now.Add(held)))
}

// busy tells whether the message is still on its way somewhere.
func busy(ctx context.Context, tx *store.Tx, id ids.Message) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM outbox WHERE id = $1 AND state = 'sending'`, id)
	return n > 0, err
}

// ending is what became of a message.
type ending struct {
	state, why, ref string
	outage          bool // a fault that passes
}

// settle ends a message this worker still holds and erases what it said, unless
// staff may have to send it again.
func settle(ctx context.Context, tx *store.Tx, m row, e ending) (bool, error) {
	until := repeatable(m.kind, m.created, m.expires)
	keep := until.After(tx.Now) && (e.state == "failed" || e.state == "sent" && e.ref != "" && m.channel != Voice)
	if !keep {
		until = time.Time{}
	}
	n, err := tx.Exec(ctx, `
		UPDATE outbox SET state = $3, why = $4, provider_ref = $5, settled_at = $6, lease_at = NULL, outage = $7,
			again_until = $8, sealed = CASE WHEN $9 THEN sealed ELSE NULL END
		WHERE id = $1 AND state = 'sending' AND attempt = $2`,
		m.id, m.attempt, e.state, e.why, orNull(e.ref), store.Time(tx.Now), e.outage, store.Time(until), keep)
	return n > 0, err
}

// release puts a message back for another try.
func release(ctx context.Context, tx *store.Tx, m row, f *failure) error {
	unsure := m.unsure
	if f.unsure {
		unsure++
	}
	_, err := tx.Exec(ctx, `
		UPDATE outbox SET state = 'queued', why = $3, unsure = $4, charged = $5, lease_at = NULL
		WHERE id = $1 AND state = 'sending' AND attempt = $2`, m.id, m.attempt, f.code, unsure, m.charged && !f.unsure)
	return err
}
