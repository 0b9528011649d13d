package attack

import (
	"maps"
	"net/url"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// The lines of the pages for administrators and auditors.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/staff/contacts/{id}": (*world).proposal,
		"/staff/jobs/{id}":     (*world).failedJob,

		"/staff/chart/{id}":       func(w *world, of person) string { return w.unasked("clinician", of) },
		"/staff/emergencies/{id}": func(w *world, of person) string { return w.unasked("clinician", of) },

		"/staff/chart/{id}/entry/{entry}": func(w *world, of person) string { return w.unasked("clinician", of) + " " + w.entry(of) },
	})
	maps.Copy(forms, map[string]form{
		"POST /staff/people/{id}/sessions": {},
		"POST /staff/jobs/{id}/retry":      {},
		"POST /staff/jobs/{id}/drop":       {apart: func(_ *world, id string) url.Values { return say("why-"+id, "pointless") }},
		"POST /staff/contacts/{id}":        {send: say("to", "reject", "why", "shared")},

		"POST /staff/patients/{id}/emergency": {send: say("reason", "She fell and cannot answer."), apart: (*world).atHand},
		"POST /staff/chart/{id}/end":          {},
		"POST /staff/emergencies/{id}":        {apart: func(_ *world, id string) url.Values { return say("verdict-"+id, "justified") }},
	})
}

// desks are things of a staff user's own, made for a role.
var desks = map[string]func(w *world, role string) string{
	"/staff/chart/{id}":     func(w *world, role string) string { return w.unasked(role, w.own) },
	"/staff/chart/{id}/end": func(w *world, role string) string { return w.unasked(role, w.own) },

	"/staff/chart/{id}/entry/{entry}":      func(w *world, role string) string { return w.unasked(role, w.own) + " " + w.entry(w.own) },
	"/staff/chart/{id}/entry/{entry}/file": func(w *world, role string) string { return w.unasked(role, w.own) + " " + w.entry(w.own) },
}

// unasked is a chart that somebody of a role opened without a task.
func (w *world) unasked(role string, of person) string {
	d, id := w.proof(role, access.OpenCharts), ids.NewEmergency()
	w.change(func(tx *store.Tx) error {
		_, err := w.app.Gate.OpenUnasked(ctx, tx, d, access.Opening{ID: id, Patient: of.id, Reason: w.app.Keys.Seal("chart_opening.reason", string(id), []byte("She fell and cannot answer."))})
		return err
	})
	return string(id)
}

// atHand gives those who may open a chart without a task an authenticator, and
// what it shows now.
func (w *world) atHand(string) url.Values {
	key := []byte("12345678901234567890")
	w.change(func(tx *store.Tx) error {
		for _, role := range []string{"clinician", "records"} {
			id := w.at(role).id
			if _, err := tx.Exec(ctx, `INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) VALUES ($1, 'none', $2, 0, $3) ON CONFLICT (staff_id) DO UPDATE SET last_step = 0`,
				id, w.app.Keys.Seal("staff_credential.sealed", string(id), key), store.Time(tx.Now)); err != nil {
				return err
			}
		}
		return nil
	})
	return say("code", secret.TOTP(key, w.c.Now()))
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
