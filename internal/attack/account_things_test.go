package attack

import (
	"maps"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/web"
)

// The lines of room account's own pages for the tables.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/account/sessions/{id}": (*world).session,
		"/account/browsers/{id}": (*world).browser,
	})
	maps.Copy(forms, map[string]form{
		"POST /account/password":             {made: (*world).somebody, send: say("password", "seven green kettles hum", "again", "seven green kettles hum")},
		"POST /account/devices/others":       {made: (*world).somebodyTwice},
		"POST /account/sessions/{id}/end":    {},
		"POST /account/browsers/{id}/forget": {},
	})
}

// session is one that a person has open in another browser.
func (w *world) session(of person) (id string) {
	w.change(func(tx *store.Tx) error {
		_, s, err := w.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: of.account, Patient: of.id, Device: ids.NewDevice(), Agent: "Firefox", Source: "192.0.2.9"})
		id = string(s)
		return err
	})
	return id
}

// browser is one that a person has signed in with before.
func (w *world) browser(of person) (id string) {
	w.change(func(tx *store.Tx) error {
		d, _, _, err := w.app.Accounts.Remember(ctx, tx, of.account, "", "Firefox")
		id = string(d)
		return err
	})
	return id
}

// somebodyTwice is a patient who is signed in elsewhere as well.
func (w *world) somebodyTwice(person) state {
	m := w.member()
	w.session(m)
	return state{cookies: cookies{web.SessionCookie: w.signedIn(m)}}
}
