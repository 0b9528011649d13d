package recovery_test

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/store"
)

// "This was not me" ends sessions, freezes contacts, forces a new password; a
// stranger who knows the old one, and has put a contact of theirs in, is out for good.
func TestNotMeToTheNewPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP, account.Mail)
		in, err := w.session(m, oldWord)
		if err != nil {
			t.Fatal(err)
		}
		thief := "thief@example.net"
		w.change(func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO account_contact (id, account_id, kind, sealed, asked_at, expires_at, proven_at) VALUES ('con_t', $1, 'email', $2, $3, $3, $3)`,
				m.account, w.app.Keys.Seal("account_contact.sealed", "con_t", []byte(thief)), store.Time(tx.Now)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO account_factor (id, account_id, kind, sealed, mark, place, last_step, confirmed_at) VALUES ('fac_t', $1, 'email', $2, 'x', 9, 0, $3)`,
				m.account, w.app.Keys.Seal("account_factor.sealed", "fac_t", []byte(thief)), store.Time(tx.Now))
			return err
		})
		c, _, err := w.app.Gate.Chart(ctx, in.Session, access.ChangeContacts, "test", from())
		if err != nil {
			t.Fatal(err)
		}
		w.disown(m)
		if w.alive(in.Session) || w.getsAsFar(m, oldWord) {
			t.Error("somebody is or gets in")
		}
		if err := w.app.Accounts.ProveContact(ctx, c, account.ByEmail, "000000"); err == nil {
			t.Error("a contact is changed while the account is locked")
		}
		if w.count(`SELECT COUNT(*) FROM account_contact WHERE account_id = $1 AND ended_at IS NULL`, m.account) != 0 ||
			w.count(`SELECT COUNT(*) FROM account_factor WHERE account_id = $1 AND ended_at IS NULL`, m.account) != 2 {
			t.Error("what was added a moment ago stands, or what was there before does not")
		}
		w.c.Move(5 * 24 * time.Hour) // by now the thief's contact would be old enough
		if err := w.app.Accounts.Settle(ctx, w.clerk("front_desk", access.ReviewRequests), m.account, account.Active); err != nil {
			t.Fatal(err)
		}
		w.work()
		if w.getsAsFar(m, oldWord) || w.getsAsFar(m, "") {
			t.Error("the old password still works")
		}
		if w.link(thief, "/recover/link/") != "" || w.told(m.mail, "Your account is unlocked") != 1 {
			t.Error("the way to a new password went to the thief, or not to the owner")
		}
		browser := w.opens(m.mail)
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.TOTP))); err != nil {
			t.Fatal(err)
		}
		if done, err := w.Prove(ctx, from(), browser, w.totp(m)); !done || err != nil {
			t.Fatal(done, err)
		}
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); err != nil {
			t.Fatal(err)
		}
		if !w.signsIn(m, newWord) {
			t.Error("the new password does not work")
		}
	})
}

// With every second step the stranger's, a recovery code lets the owner in.
func TestNotMeLeavesARecoveryCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account_factor SET confirmed_at = $2 WHERE account_id = $1`, m.account, store.Time(tx.Now))
			return err
		})
		w.disown(m)
		if err := w.app.Accounts.Settle(ctx, w.clerk("front_desk", access.ReviewRequests), m.account, account.Active); err != nil {
			t.Fatal(err)
		}
		browser := w.opens(m.mail)
		if err := w.Choose(ctx, from(), browser, "recovery"); err != nil {
			t.Fatal(err)
		}
		if done, err := w.Prove(ctx, from(), browser, m.recovery[0]); !done || err != nil {
			t.Fatal(done, err)
		}
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); err != nil {
			t.Fatal(err)
		}
		half := w.half(m, newWord)
		if _, err := w.app.Accounts.Finish(ctx, from(), account.Step{Token: half, Method: "recovery", Code: m.recovery[1]}); err != nil {
			t.Errorf("signing in with a recovery code and no second step: %v", err)
		}
	})
}

// A stopped way is over for good: neither link, code nor browser goes on.
func TestNotMeStopsEveryWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		lost := w.lose(m)
		w.grant(m)
		browser := w.anew(m)
		w.disown(m)
		if _, err := w.Prove(ctx, from(), lost, m.recovery[0]); kind(err) != gone {
			t.Errorf("a lost second step: %v", err)
		}
		if err := w.ChooseSecond(ctx, from(), browser, "totp", ""); kind(err) != gone {
			t.Errorf("everything lost: %v", err)
		}
		if n := w.count(`SELECT COUNT(*) FROM recovery WHERE account_id = $1 AND ended_at IS NULL`, m.account); n != 0 {
			t.Errorf("%d ways go on", n)
		}
	})
}
