package passkey_test

import (
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/passkey"
	"portico/internal/store"
	"portico/internal/testkit/authenticator"
)

// A passkey alone signs in: without a name, and with the owner's name typed. It is
// written down, counts as a new browser, and the owner is told of one.
func TestAPasskeySignsIn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		d := r.keyed(m)
		r.ok(r.signIn(d, none))
		o := r.asks(d, "browser", m.name)
		r.ok(r.answers(o, d.Use(o, none), "browser"))
		if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'signin.done' AND detail = 'passkey' AND outcome = 'done' AND actor_id = $1 AND patient_id = $2`, m.id, m.patient); n != 2 {
			t.Errorf("%d lines about signing in", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM session WHERE account_id = $1 AND ended_at IS NULL`, m.id); n != 3 {
			t.Errorf("%d sessions", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM account_event WHERE account_id = $1 AND kind = 'new_browser'`, m.id); n != 2 {
			t.Errorf("%d new browsers", n)
		}
		if r.newest(`SELECT CAST(counter AS TEXT) FROM passkey WHERE owner_id = $1 AND used_at IS NOT NULL`, m.id) != "2" {
			t.Error("the counter was not kept")
		}
	})
}

// Who signs in by a passkey where others use the browser too has a session that ends
// sooner, first factor or second.
func TestAPasskeyInASharedBrowser(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		d := r.keyed(m)
		for _, shared := range []bool{false, true} {
			o := r.asks(d, "browser", "")
			if _, err := r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: o.Ticket, Credential: d.Use(o, none), Browser: "browser", Host: host}, passkey.Entry{Shared: shared}, false); err != nil {
				t.Fatal(err)
			}
		}
		if n := r.count(`SELECT COUNT(*) FROM session WHERE account_id = $1 AND shared`, m.id); n != 1 {
			t.Errorf("%d sessions end sooner", n)
		}
	})
}

// T25: each way in which an answer can be wrong is refused, with one sentence for
// all; the reason is in the audit log.
func TestWrongAnswersAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		d := r.keyed(m)
		r.ok(r.signIn(d, none))
		faults := map[string]authenticator.Fault{
			"origin": {Origin: "https://portal.example.evil"}, "party": {Party: "evil.example"}, "type": {Type: "webauthn.create"},
			"challenge": {Challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "absent": {Absent: true}, "unverified": {Unverified: true},
			"signature": {Signature: true},
		}
		for why, f := range faults {
			r.wrong(r.signIn(d, f), why)
		}
		other := *d
		other.Origin = "http://portal.example" // the scheme belongs to the origin
		r.wrong(r.signIn(&other, none), "origin")
		o := r.asks(d, "browser", "")
		r.wrong(r.answers(o, `{"id":"AA"`, "browser"), "form")
		r.wrong(r.answers(o, "{}", "browser"), "form")
		_, err := r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: o.Ticket, Credential: d.Use(o, none), Browser: "browser", Host: "127.0.0.1:1"}, passkey.Entry{}, false)
		r.wrong(err, "host")
		strange := r.device() // with a passkey that was never registered here
		strange.Make(r.askAdd(r.join()), none)
		o = r.asks(strange, "browser", "")
		r.wrong(r.answers(o, strange.Use(o, none), "browser"), "unknown")
		r.ok(r.signIn(d, none)) // none of it harmed the owner
	})
}

// A challenge is one browser's, for one purpose, five minutes, once.
func TestChallengesAreBound(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, thief := r.join(), r.join()
		d, theirs := r.keyed(m), r.keyed(thief)

		o := r.asks(d, "browser", "")
		answer := d.Use(o, none)
		r.ok(r.answers(o, answer, "browser"))
		r.wrong(r.answers(o, answer, "browser"), "replayed")

		// A wrong answer uses it up as well.
		o = r.asks(d, "browser", "")
		r.wrong(r.answers(o, d.Use(o, authenticator.Fault{Signature: true}), "browser"), "signature")
		r.wrong(r.answers(o, d.Use(o, none), "browser"), "replayed")

		o = r.asks(d, "browser", "")
		r.wrong(r.answers(o, d.Use(o, none), "another browser"), "ticket")

		o = r.asks(d, "browser", "")
		r.c.Move(5*time.Minute - time.Second)
		r.ok(r.answers(o, d.Use(o, none), "browser"))
		o = r.asks(d, "browser", "")
		r.c.Move(5 * time.Minute)
		r.wrong(r.answers(o, d.Use(o, none), "browser"), "ticket")

		// Asked for one name, answered by another's passkey.
		o = r.asks(theirs, "browser", m.name)
		o.PublicKey.Allow = nil
		r.wrong(r.answers(o, theirs.Use(o, none), "browser"), "ticket")

		// Asked for confirming, or for a new one: no use for signing in.
		c := r.chart(m, access.ConfirmSelf, false)
		got, err := r.AskConfirm(ctx, c, host)
		o = read(d, got, err)
		r.wrong(r.answers(o, d.Use(o, none), string(c.Session())), "ticket")
		o = r.asks(d, "browser", "")
		o.Ticket = o.Ticket[:len(o.Ticket)-2] + "AA"
		r.wrong(r.answers(o, d.Use(o, none), "browser"), "ticket")
	})
}

// Of many browsers that send one answer at once, one comes in.
func TestOneAnswerOneSession(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		d := r.keyed(m)
		o := r.asks(d, "browser", "")
		answer := d.Use(o, none)
		var in int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				if r.answers(o, answer, "browser") == nil {
					mu.Lock()
					in++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("%d came in", in)
		}
	})
}

// A counter that did not rise means two devices with one passkey: it ends, and the
// owner is told. Devices that do not count always say 0, and are let in.
func TestACopiedPasskeyEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		d := r.keyed(m)
		r.ok(r.signIn(d, none))
		clone := d.Clone()
		r.ok(r.signIn(d, none))
		r.wrong(r.signIn(clone, none), "copied")
		r.wrong(r.signIn(d, none), "unknown")
		if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'passkey.copied' AND patient_id = $1`, m.patient); n != 1 {
			t.Errorf("%d lines about a copy", n)
		}
		if len(r.told(m.mail)) == 0 || r.count(`SELECT COUNT(*) FROM account_event WHERE account_id = $1 AND kind = 'passkey_copied'`, m.id) != 1 {
			t.Error("the owner was not told")
		}
		still := r.device()
		still.Count = false
		r.ok(r.adds(r.chart(m, access.SecureAccount, true), still, none))
		r.ok(r.signIn(still, none))
		r.ok(r.signIn(still, none))
	})
}

// Frozen and closed accounts are refused like strangers, and so is a passkey that was
// added lately when the owner disowns.
func TestShutAccounts(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join()
		old := r.keyed(m)
		r.c.Move(73 * time.Hour)
		young := r.keyed(m)
		link := ""
		r.change(func(tx *store.Tx) error {
			path, err := r.app.Accounts.NotMe(ctx, tx, m.id, "changed")
			link = string(path)[len("/not-me/"):]
			return err
		})
		if err := r.app.Accounts.Disown(ctx, anywhere(), link); err != nil {
			t.Fatal(err)
		}
		r.wrong(r.signIn(young, none), "unknown")
		r.wrong(r.signIn(old, none), "shut")
		r.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account SET state = 'active' WHERE id = $1`, m.id)
			return err
		})
		r.ok(r.signIn(old, none))
		if err := r.app.Accounts.Close(ctx, r.chart(m, access.CloseAccount, true), m.name); err != nil {
			t.Fatal(err)
		}
		r.wrong(r.signIn(old, none), "unknown")
	})
}

// A client address gets 60 questions in a minute; another one is not touched by it.
func TestOneAddressIsBounded(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		v := from("203.0.113.9")
		for n := range 61 {
			_, err := r.Ask(ctx, v, passkey.Account, passkey.Wish{Browser: "b", Host: host})
			if over := fault.Is(err, fault.TooMany); over != (n == 60) {
				t.Fatalf("question %d: %v", n, err)
			}
		}
		r.ok(r.signIn(r.keyed(r.join()), none))
	})
}
