package passkey_test

import (
	"errors"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/passkey"
	"portico/internal/secret"
	"portico/internal/testkit/authenticator"
)

// askAdd gives the options for a new passkey of somebody.
func (r *rig) askAdd(m member) authenticator.Options {
	r.t.Helper()
	o, err := r.AskAdd(ctx, r.chart(m, access.SecureAccount, true), host)
	return read(r.device(), o, err)
}

// notAdded checks that a passkey was not added, for a reason.
func (r *rig) notAdded(err error, why string) {
	r.t.Helper()
	if !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Text != "passkey.add.wrong" {
		r.t.Fatalf("%s: %v", why, err)
	}
	if got := r.newest(`SELECT detail FROM audit_entry WHERE action = 'passkey.added' AND outcome = 'refused' ORDER BY at DESC, id DESC`); got != "passkey."+why {
		r.t.Errorf("refused for %q, not %q", got, why)
	}
	r.c.Move(time.Millisecond)
}

// Adding ends other sessions, tells the owner at every contact with a way to say "this
// was not me", and is written down. It wants a raised session.
func TestAddingAPasskey(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		r.chart(m, access.SeeHome, false) // another browser
		c := r.chart(m, access.SecureAccount, true)
		d := r.device()
		d.Model, d.Synced = []byte("\xea\x9b\x8d\x66\x4d\x01\x1d\x21\x3c\xe4\xb6\xb4\x8c\xb5\x75\xd4"), true
		r.ok(r.adds(c, d, none))
		if n := r.count(`SELECT COUNT(*) FROM session WHERE account_id = $1 AND ended_at IS NULL`, m.id); n != 1 {
			t.Errorf("%d sessions are open", n)
		}
		told := r.told(m.mail)
		if len(told) != 1 || len(told[0].Links) == 0 {
			t.Errorf("told %d times", len(told))
		}
		if r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'passkey.added' AND outcome = 'done' AND actor_id = $1`, m.id) != 1 {
			t.Error("no line in the log")
		}
		all, err := r.List(ctx, r.chart(m, access.SeeAccount, false))
		r.ok(err)
		if len(all) != 1 || all[0].Name != "My phone" || all[0].Model != "Google Password Manager" || !all[0].Synced || !all[0].Used.IsZero() {
			t.Errorf("listed as %+v", all)
		}
		calm := r.chart(m, access.SecureAccount, false)
		if _, err := r.AskAdd(ctx, calm, host); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("asked without a raised session: %v", err)
		}
		if err := r.Add(ctx, calm, passkey.Answer{}, "x"); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("added without a raised session: %v", err)
		}
	})
}

// T24, T25: what is wrong with a new passkey is refused, and so is one that is
// registered already, be it for the same owner or another.
func TestWrongPasskeysAreNotAdded(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join(), r.join()
		for why, f := range map[string]authenticator.Fault{
			"origin": {Origin: "https://evil.example"}, "party": {Party: "evil.example"}, "type": {Type: "webauthn.get"},
			"challenge": {Challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "absent": {Absent: true}, "unverified": {Unverified: true},
		} {
			r.notAdded(r.adds(r.chart(m, access.SecureAccount, true), r.device(), f), why)
		}
		d := r.keyed(m)
		name := d.Credential()
		r.notAdded(r.adds(r.chart(m, access.SecureAccount, true), r.device(), authenticator.Fault{Credential: name}), "taken")
		r.notAdded(r.adds(r.chart(other, access.SecureAccount, true), r.device(), authenticator.Fault{Credential: name}), "taken")
		r.ok(r.signIn(d, none))

		// One that was removed does not become another's either.
		r.ok(r.Remove(ctx, r.chart(m, access.SecureAccount, true), r.only(m)))
		r.notAdded(r.adds(r.chart(other, access.SecureAccount, true), r.device(), authenticator.Fault{Credential: name}), "taken")

		c := r.chart(m, access.SecureAccount, true)
		o, err := r.AskAdd(ctx, c, host)
		asked := read(d, o, err)
		answer := passkey.Answer{Ticket: asked.Ticket, Credential: r.device().Make(asked, none), Host: host}
		r.notAdded(r.Add(ctx, r.chart(other, access.SecureAccount, true), answer, "x"), "ticket")
		r.ok(r.Add(ctx, c, answer, "x"))
		r.notAdded(r.Add(ctx, c, answer, "x"), "replayed")
		asked = read(d, o, nil)
		r.c.Move(5 * time.Minute)
		o, err = r.AskAdd(ctx, r.chart(m, access.SecureAccount, true), host)
		asked = read(d, o, err)
		late := passkey.Answer{Ticket: asked.Ticket, Credential: r.device().Make(asked, none), Host: host}
		r.c.Move(5 * time.Minute)
		r.notAdded(r.Add(ctx, r.chart(m, access.SecureAccount, true), late, "x"), "ticket")
	})
}

// only is the identifier of a member's newest passkey.
func (r *rig) only(m member) ids.Passkey {
	r.t.Helper()
	return ids.Passkey(r.newest(`SELECT id FROM passkey WHERE owner_id = $1 AND ended_at IS NULL ORDER BY created_at DESC, id`, m.id))
}

// Another's passkey is absent: it can be neither seen, named nor removed.
func TestAnothersPasskeyIsAbsent(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join(), r.join()
		d := r.keyed(m)
		id := r.only(m)
		_, seen := r.One(ctx, r.chart(other, access.SeeAccount, false), id)
		named := r.Name(ctx, r.chart(other, access.NamePasskeys, false), id, "Mine")
		removed := r.Remove(ctx, r.chart(other, access.SecureAccount, true), id)
		for what, err := range map[string]error{"seen": seen, "named": named, "removed": removed} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		r.ok(r.signIn(d, none))
		r.ok(r.Name(ctx, r.chart(m, access.NamePasskeys, false), id, "  Kitchen   tablet "))
		if err := r.Name(ctx, r.chart(m, access.NamePasskeys, false), id, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("a name of nothing: %v", err)
		}
		p, err := r.One(ctx, r.chart(m, access.SeeAccount, false), id)
		r.ok(err)
		if p.Name != "Kitchen tablet" {
			t.Errorf("named %q", p.Name)
		}
		r.ok(r.Remove(ctx, r.chart(m, access.SecureAccount, true), id))
		r.wrong(r.signIn(d, none), "unknown")
	})
}

// Passkeys may be the only second step once a second one or a recovery code exists,
// and then the one that it rests on cannot be removed.
func TestPasskeysAsTheOnlySecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		secured := func() access.Chart { return r.chart(m, access.SecureAccount, true) }
		drop := func() error {
			step := r.newest(`SELECT id FROM account_factor WHERE account_id = $1 AND ended_at IS NULL ORDER BY place`, m.id)
			return r.app.Accounts.RemoveStep(ctx, secured(), ids.Factor(step))
		}
		r.ok(drop())
		if err := drop(); !fault.Is(err, fault.Invalid) {
			t.Fatalf("the last second step went: %v", err)
		}
		d := r.keyed(m)
		r.ok(drop()) // there are recovery codes
		first := r.only(m)
		if err := r.Remove(ctx, secured(), first); !fault.Is(err, fault.Invalid) {
			t.Fatalf("the only passkey went: %v", err)
		}
		r.ok(r.signIn(d, none))

		// The password then leads to the passkey, and a recovery code still helps.
		half, err := r.app.Accounts.Enter(ctx, anywhere(), account.Entry{UserName: m.name, Password: password})
		r.ok(err)
		o, err := r.Ask(ctx, anywhere(), passkey.Account, passkey.Wish{Half: half, Browser: "b", Host: host})
		asked := read(d, o, err)
		if len(asked.PublicKey.Allow) != 1 {
			t.Errorf("%d credentials are named after the password", len(asked.PublicKey.Allow))
		}
		_, err = r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: asked.Ticket, Credential: d.Use(asked, none), Browser: "b", Host: host}, passkey.Entry{Half: half}, true)
		r.ok(err)
		half, err = r.app.Accounts.Enter(ctx, anywhere(), account.Entry{UserName: m.name, Password: password})
		r.ok(err)
		if _, err := r.app.Accounts.Finish(ctx, anywhere(), account.Step{Token: half, Method: "recovery", Code: m.codes[0]}); err != nil {
			t.Errorf("a recovery code after the password: %v", err)
		}

		// A second one takes the first one's place.
		second := r.keyed(m)
		r.ok(r.Remove(ctx, secured(), first))
		r.ok(r.signIn(second, none))
	})
}

// As the second step only a passkey of the account whose password was given counts,
// and the half-way sign-in is done with it.
func TestSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join(), r.join()
		d, theirs := r.keyed(m), r.keyed(other)
		half, err := r.app.Accounts.Enter(ctx, anywhere(), account.Entry{UserName: m.name, Password: password, Next: "/account/terms"})
		r.ok(err)
		ask := func(dev *authenticator.Device) authenticator.Options {
			o, err := r.Ask(ctx, anywhere(), passkey.Account, passkey.Wish{Half: half, Browser: "b", Host: host})
			return read(dev, o, err)
		}
		o := ask(theirs)
		if theirs.Use(o, none) != "" {
			t.Error("another's passkey is among those named")
		}
		o.PublicKey.Allow = nil
		_, err = r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: o.Ticket, Credential: theirs.Use(o, none), Browser: "b", Host: host}, passkey.Entry{Half: half}, true)
		r.wrong(err, "ticket")
		o = ask(d)
		_, err = r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: o.Ticket, Credential: d.Use(o, none), Browser: "b", Host: host}, passkey.Entry{Half: half}, true)
		r.ok(err)
		if r.count(`SELECT COUNT(*) FROM signin_attempt WHERE token_hash = $1 AND ended_at IS NULL`, secret.TokenHash(half)) != 0 {
			t.Error("the half-way sign-in goes on")
		}
		if _, err := r.Ask(ctx, anywhere(), passkey.Account, passkey.Wish{Half: half, Browser: "b", Host: host}); !fault.Is(err, fault.NotFound) {
			t.Errorf("an ended half-way sign-in gives %v", err)
		}
	})
}

// A passkey confirms who its own owner is: the session is raised under a new token.
func TestConfirming(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join(), r.join()
		d, theirs := r.keyed(m), r.keyed(other)
		c := r.chart(m, access.ConfirmSelf, false)
		ask := func(dev *authenticator.Device) authenticator.Options {
			o, err := r.AskConfirm(ctx, c, host)
			return read(dev, o, err)
		}
		raise := func(o authenticator.Options, credential string) (string, error) {
			return r.Raise(ctx, c, passkey.Answer{Ticket: o.Ticket, Credential: credential, Host: host})
		}
		o := ask(theirs)
		o.PublicKey.Allow = nil
		_, err := raise(o, theirs.Use(o, none))
		r.wrong(err, "unknown")
		o = ask(d)
		_, err = raise(o, d.Use(o, authenticator.Fault{Unverified: true}))
		r.wrong(err, "unverified")
		o = ask(d)
		token, err := raise(o, d.Use(o, none))
		r.ok(err)
		raised, _, err := r.app.Gate.Chart(ctx, token, access.SeeHome, "test", anywhere())
		r.ok(err)
		if !raised.Raised() || raised.Session() != c.Session() {
			t.Error("the session is not raised")
		}
		if r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'session.raised' AND detail = 'passkey' AND actor_id = $1`, m.id) != 1 {
			t.Error("no line in the log")
		}
	})
}

// The offer comes to whoever has no passkey, and stays away when it is put off.
func TestTheOffer(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		home := func() bool {
			o, err := r.app.Accounts.See(ctx, r.chart(m, access.SeeHome, false))
			r.ok(err)
			return o.Passkey
		}
		if !home() {
			t.Error("nothing is offered")
		}
		r.ok(r.PutOff(ctx, r.chart(m, access.SeeHome, false)))
		if home() {
			t.Error("it is offered though it was put off")
		}
		r.c.Move(91 * 24 * time.Hour)
		if !home() {
			t.Error("it is never offered again")
		}
		r.keyed(m)
		if home() {
			t.Error("it is offered to whoever has one")
		}
	})
}
