package attack

import (
	"maps"
	"net/url"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/passkey"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit/authenticator"
	"portico/internal/web"
)

// The lines of room passkey for the tables.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/account/passkeys/{id}":            (*world).passkey,
		"/staff/people/{id}/passkeys/{key}": (*world).colleaguesPasskey,
		"/staff/people/{id}/passkeys":       func(w *world, _ person) string { return string(w.hire("front_desk").id) },
	})
	maps.Copy(forms, map[string]form{
		"POST /signin/passkey":                          {made: (*world).comesWithPasskey, send: say("shared", "yes")},
		"POST /signin/passkey/options":                  {made: (*world).typesName, send: say("step", ""), mute: true},
		"POST /account/confirm/passkey":                 {made: (*world).confirmsByPasskey, send: say("next", "/home")},
		"POST /account/confirm/passkey/options":         {mute: true},
		"POST /account/passkeys/add":                    {made: (*world).addsPasskey, send: say("name", "My phone")},
		"POST /account/passkeys/add/options":            {made: (*world).raisedSomebody, send: say("name", "My phone")},
		"POST /account/passkeys/later":                  {made: (*world).somebody},
		"POST /account/passkeys/{id}":                   {send: say("name", "Another name")},
		"POST /account/passkeys/{id}/remove":            {sweeps: true},
		"POST /staff/signin/passkey":                    {made: (*world).staffComesWithPasskey},
		"POST /staff/signin/passkey/options":            {send: say("name", "somebody@clinic.example"), mute: true},
		"POST /staff/account/passkeys":                  {made: (*world).staffAddsPasskey, send: say("name", "My phone")},
		"POST /staff/account/passkeys/options":          {made: (*world).staffWithApp, send: say("name", "My phone")},
		"POST /staff/account/passkeys/remove":           {made: (*world).ownPasskey},
		"POST /staff/people/{id}/passkeys/{key}/remove": {},
	})
}

func (w *world) device() *authenticator.Device { return authenticator.New(w.t, "https://"+host) }

// answer is an answer to options, as a form sends it.
func answer(d *authenticator.Device, o authenticator.Options, f authenticator.Fault, make bool) url.Values {
	if make {
		return say("ticket", o.Ticket, "credential", d.Make(o, f))
	}
	return say("ticket", o.Ticket, "credential", d.Use(o, f))
}

// chartOf is a person's chart in a raised session, for a permission.
func (w *world) chartOf(of person, p access.Permission) (access.Chart, string) {
	token := w.signedIn(of)
	w.raise(token)
	c, _, err := w.app.Gate.Chart(ctx, token, p, "test", visitor())
	w.ok(err)
	return c, token
}

// keyed gives a person a passkey on a device of their own.
func (w *world) keyed(of person) (*authenticator.Device, string) {
	c, _ := w.chartOf(of, access.SecureAccount)
	d := w.device()
	o := d.Read(must(w.app.Passkeys.AskAdd(ctx, c, host)))
	w.ok(w.app.Passkeys.Add(ctx, c, passkey.Answer{Ticket: o.Ticket, Credential: d.Make(o, authenticator.Fault{}), Host: host}, "My phone"))
	return d, w.one(`SELECT id FROM passkey WHERE credential = $1`, d.Credential())
}

// passkey is one that a person has, on a device that nobody needs.
func (w *world) passkey(of person) string { return w.passkeyRow("account", string(of.account)) }

func (w *world) passkeyRow(kind, owner string) (id string) {
	w.change(func(tx *store.Tx) error {
		id = string(ids.NewPasskey())
		if _, err := tx.Exec(ctx, `INSERT INTO passkey_owner (kind, owner_id, handle) VALUES ($3, $1, $2) ON CONFLICT (kind, owner_id) DO NOTHING`, owner, secret.Token(), kind); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO passkey (id, kind, owner_id, credential, public_key, name, model, transports, eligible, synced, counter, created_at)
			VALUES ($1, $4, $2, $1, 'AA', 'Old phone', '', '', FALSE, FALSE, 0, $3)`, id, owner, store.Time(tx.Now), kind)
		return err
	})
	return id
}

// comesWithPasskey is a visitor with a passkey.
func (w *world) comesWithPasskey(person) state {
	d, _ := w.keyed(w.member())
	return w.answering(d, passkey.Account)
}

func (w *world) answering(d *authenticator.Device, k passkey.Kind) state {
	mark := secret.Token()
	o := d.Read(must(w.app.Passkeys.Ask(ctx, visitor(), k, passkey.Wish{Browser: secret.TokenHash(mark), Host: host})))
	return state{cookies: cookies{web.VisitorCookie: mark}, send: merge(answer(d, o, authenticator.Fault{}, false), say("next", ""))}
}

func (w *world) typesName(person) state { return state{send: say("name", w.own.userName)} }

func (w *world) confirmsByPasskey(person) state {
	m := w.member()
	d, _ := w.keyed(m)
	c, token := w.chartOf(m, access.ConfirmSelf)
	o := d.Read(must(w.app.Passkeys.AskConfirm(ctx, c, host)))
	return state{cookies: cookies{web.SessionCookie: token}, send: answer(d, o, authenticator.Fault{}, false)}
}

func (w *world) addsPasskey(person) state {
	_, c, s := w.secured(access.SecureAccount)
	d := w.device()
	s.send = answer(d, d.Read(must(w.app.Passkeys.AskAdd(ctx, c, host))), authenticator.Fault{}, true)
	return s
}

// armed gives a staff user a password and an authenticator app.
func (w *world) armed(id ids.Staff) []byte {
	key := []byte(secret.Token()[:20])
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) VALUES ($1, $2, $3, 0, $4)`,
			id, w.hash, w.app.Keys.Seal("staff_credential.sealed", string(id), key), store.Time(tx.Now))
		return err
	})
	return key
}

func (w *world) deskOf(d desk) access.Desk {
	proof, _, err := w.app.Gate.Desk(ctx, d.token, access.SeeDesk, "test", visitor())
	w.ok(err)
	return proof
}

func (w *world) staffWithApp(person) state {
	d := w.hire("administrator,auditor,front_desk")
	return state{cookies: cookies{web.StaffCookie: d.token}, send: say("code", secret.TOTP(w.armed(d.id), w.c.Now()))}
}

func (w *world) staffAddsPasskey(person) state {
	who, dev := w.hire("administrator,auditor,front_desk"), w.device()
	o := dev.Read(must(w.app.Passkeys.AskAddOwn(ctx, w.deskOf(who), secret.TOTP(w.armed(who.id), w.c.Now()), host)))
	return state{cookies: cookies{web.StaffCookie: who.token}, send: merge(answer(dev, o, authenticator.Fault{}, true), say("code", ""))}
}

// staffKeyed gives a staff user a passkey.
func (w *world) staffKeyed(who desk) (*authenticator.Device, string) {
	dev, proof := w.device(), w.deskOf(who)
	if w.one(`SELECT CAST(COUNT(*) AS TEXT) FROM staff_credential WHERE staff_id = $1`, string(who.id)) != "0" {
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM staff_credential WHERE staff_id = $1`, who.id)
			return err
		})
	}
	o := dev.Read(must(w.app.Passkeys.AskAddOwn(ctx, proof, secret.TOTP(w.armed(who.id), w.c.Now()), host)))
	w.ok(w.app.Passkeys.AddOwn(ctx, proof, passkey.Answer{Ticket: o.Ticket, Credential: dev.Make(o, authenticator.Fault{}), Host: host}, "My phone"))
	return dev, w.one(`SELECT id FROM passkey WHERE credential = $1`, dev.Credential())
}

func (w *world) staffComesWithPasskey(person) state {
	dev, _ := w.staffKeyed(w.hire("front_desk"))
	return w.answering(dev, passkey.Staff)
}

// ownPasskey is a staff user's own.
func (w *world) ownPasskey(person) state {
	who := w.hire("administrator,auditor,front_desk")
	_, id := w.staffKeyed(who)
	return state{cookies: cookies{web.StaffCookie: who.token}, send: say("passkey", id)}
}

// colleaguesPasskey is a colleague with a passkey of theirs.
func (w *world) colleaguesPasskey(person) string {
	d := w.hire("front_desk")
	return string(d.id) + " " + w.passkeyRow("staff", string(d.id))
}
