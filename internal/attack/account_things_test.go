package attack

import (
	"fmt"
	"maps"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/web"
)

// The lines of room account's own pages for the tables.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/account/sessions/{id}": (*world).session,
		"/account/browsers/{id}": (*world).browser,
		"/account/steps/{id}":    (*world).factor,
	})
	pages["GET /account/steps/confirm/qr"] = (*world).addsApp
	maps.Copy(forms, map[string]form{
		"POST /account/password":                    {made: (*world).somebody, send: say("password", "seven green kettles hum", "again", "seven green kettles hum")},
		"POST /account/devices/others":              {made: (*world).somebodyTwice},
		"POST /account/sessions/{id}/end":           {},
		"POST /account/browsers/{id}/forget":        {},
		"POST /account/steps/add":                   {made: (*world).raisedSomebody, send: say("how", "totp")},
		"POST /account/steps/contact":               {made: (*world).newMailStep, send: say("how", "email")},
		"POST /account/steps/confirm":               {made: (*world).addsApp},
		"POST /account/steps/confirm/send":          {made: later((*world).addsMail)},
		"POST /account/steps/{id}/first":            {},
		"POST /account/steps/{id}/remove":           {sweeps: true},
		"POST /account/recovery":                    {made: (*world).raisedSomebody},
		"POST /account/recovery/codes":              {made: (*world).sawCodes, send: say("saved", "yes")},
		"POST /account/contacts/email":              {made: (*world).newMailStep},
		"POST /account/contacts/email/confirm":      {made: (*world).changesMail, send: say("code", "123456")},
		"POST /account/contacts/email/confirm/send": {made: later((*world).changesMail), send: say("how", "")},
		"POST /account/contacts/email/confirm/drop": {made: (*world).changesMail},
		"POST /account/contacts/phone":              {made: (*world).raisedSomebody, send: say("contact", "555-186-7777")},
		"POST /account/contacts/phone/confirm":      {made: (*world).changesPhone, send: say("code", "123456")},
		"POST /account/contacts/phone/confirm/send": {made: later((*world).changesPhone), send: say("how", "call")},
		"POST /account/contacts/phone/confirm/drop": {made: (*world).changesPhone},
		"POST /account/close":                       {made: (*world).closes},
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

// factor is a second step that a person has added.
func (w *world) factor(of person) (id string) {
	w.change(func(tx *store.Tx) error {
		id = string(ids.NewFactor())
		_, err := tx.Exec(ctx, `INSERT INTO account_factor (id, account_id, kind, sealed, mark, place, last_step, confirmed_at) VALUES ($1, $2, 'email', $3, $1, 99, 0, $4)`,
			id, of.account, w.app.Keys.Seal("account_factor.sealed", id, []byte("x@example.com")), store.Time(tx.Now))
		return err
	})
	return id
}

// secured is somebody whose session is raised, with their chart for a permission.
func (w *world) secured(p access.Permission) (person, access.Chart, state) {
	m := w.member()
	token := w.signedIn(m)
	w.raise(token)
	c, _, err := w.app.Gate.Chart(ctx, token, p, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	return m, c, state{cookies: cookies{web.SessionCookie: token}}
}

// freshMail is an address nothing was sent to yet: what is sent to one is limited.
func freshMail() string { return fmt.Sprintf("second%d@example.com", next()) }

func freshPhone() string { return fmt.Sprintf("555-186-%04d", 1000+next()%9000) }

// later makes something and lets the minute pass in which no code is sent again.
func later(made func(*world, person) state) func(*world, person) state {
	return func(w *world, of person) state {
		s := made(w, of)
		w.c.Move(61 * time.Second)
		return s
	}
}

func (w *world) newMailStep(of person) state {
	s := w.raisedSomebody(of)
	s.send = say("contact", freshMail())
	return s
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) addsApp(person) state {
	_, c, s := w.secured(access.SecureAccount)
	w.ok(w.app.Accounts.AddStep(ctx, c, account.TOTP, ""))
	page := w.do(ask{method: "GET", path: "/account/steps/confirm", cookies: s.cookies})
	m := shownKey.FindStringSubmatch(page.Body.String())
	if m == nil {
		w.t.Fatalf("no secret on the page: %d", page.Code)
	}
	s.send = say("code", secret.TOTP(unBase32(tags.ReplaceAllString(m[1], "")), w.c.Now()))
	return s
}

func (w *world) addsMail(person) state {
	_, c, s := w.secured(access.SecureAccount)
	w.ok(w.app.Accounts.AddStep(ctx, c, account.Mail, freshMail()))
	return s
}

func (w *world) sawCodes(person) state {
	_, c, s := w.secured(access.SecureAccount)
	w.ok(w.app.Accounts.MakeRecovery(ctx, c))
	return s
}

func (w *world) changesMail(person) state {
	_, c, s := w.secured(access.ChangeContacts)
	w.ok(w.app.Accounts.AskContact(ctx, c, account.ByEmail, freshMail()))
	return s
}

func (w *world) changesPhone(person) state {
	_, c, s := w.secured(access.ChangeContacts)
	w.ok(w.app.Accounts.AskContact(ctx, c, account.ByPhone, freshPhone()))
	return s
}

func (w *world) closes(person) state {
	m, _, s := w.secured(access.CloseAccount)
	s.send = say("typed", m.userName)
	return s
}
