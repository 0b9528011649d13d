package attack

import (
	"maps"
	"net/url"

	"portico/internal/ids"
	"portico/internal/store"
)

// The lines of the pages for administrators and auditors.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/staff/contacts/{id}": (*world).proposal,
		"/staff/jobs/{id}":     (*world).failedJob,
	})
	maps.Copy(forms, map[string]form{
		"POST /staff/people/{id}/sessions": {},
		"POST /staff/jobs/{id}/retry":      {},
		"POST /staff/jobs/{id}/drop":       {apart: func(_ *world, id string) url.Values { return say("why-"+id, "pointless") }},
		"POST /staff/contacts/{id}":        {send: say("to", "reject", "why", "shared")},
	})
}

// proposal is a proven contact that waits for the desk.
func (w *world) proposal(person) (id string) {
	m := w.member()
	id = ids.New[string]("con")
	w.change(func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO account_contact (id, account_id, kind, sealed, asked_at, expires_at, proven_at) VALUES ($1, $2, 'email', $3, $4, $4, $4)`,
			id, m.account, w.app.Keys.Seal("account_contact.sealed", id, []byte(freshMail())), store.Time(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO contact_proposal (contact_id, made_at, state) VALUES ($1, $2, 'waiting')`, id, store.Time(tx.Now))
		return err
	})
	return id
}

// failedJob is background work that was given up.
func (w *world) failedJob(person) (id string) {
	id = string(ids.NewJob())
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, args, state, ready_at, attempt, why, created_at, parked_at) VALUES ($1, 'notify.send', '{"ID":"msg_none"}', 'parked', $2, 16, 'test', $2, $2)`,
			id, store.Time(tx.Now))
		return err
	})
	return id
}
