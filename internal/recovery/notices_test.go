package recovery_test

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/sharing"
	"portico/internal/store"
)

// raised opens a chart of a member's session that was just confirmed.
func (w *world) raised(m member, p access.Permission) access.Chart {
	w.t.Helper()
	var token string
	w.change(func(tx *store.Tx) (err error) {
		if token, _, err = w.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: m.account, Patient: m.id, Agent: "Firefox · Linux", Source: "192.0.2.7"}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
	c, _, err := w.app.Gate.RaisedChart(ctx, token, p, "test", from())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// events are the security events of rule A12 that exist, each with what causes it
// and words of its notice. A new account is told of by package enroll's own test.
var events = []struct {
	name, mail, text string
	cause            func(w *world, m member) error
}{
	{"a new browser", "New sign-in", "new sign-in", func(w *world, m member) error { _, err := w.session(m, oldWord); return err }},
	{"a password without its second step", "but did not get in", "but did not get in", func(w *world, m member) error {
		w.half(m, oldWord)
		w.c.Move(11 * time.Minute)
		return nil
	}},
	{"a lock-out", "password", "password", func(w *world, m member) error {
		for range 12 {
			w.c.Move(time.Hour)
			w.app.Accounts.Enter(ctx, from(), account.Entry{UserName: m.name, Password: "wrong and wrong again"})
		}
		return nil
	}},
	{"a changed password", "Your password was changed", "your password was changed", func(w *world, m member) error {
		return w.app.Accounts.ChangePassword(ctx, w.raised(m, access.SecureAccount), newWord, newWord)
	}},
	{"a second step added", "A second step was added", "second step was added", func(w *world, m member) error {
		c := w.raised(m, access.SecureAccount)
		if err := w.app.Accounts.AddStep(ctx, c, account.Mail, "added."+m.mail); err != nil {
			return err
		}
		return w.app.Accounts.ProveStep(ctx, c, w.digits("added."+m.mail))
	}},
	{"a second step removed", "A second step was removed", "second step was removed", func(w *world, m member) error {
		return w.app.Accounts.RemoveStep(ctx, w.raised(m, access.SecureAccount), w.factor(m, account.SMS))
	}},
	{"another second step first", "first second step was changed", "another second step first", func(w *world, m member) error {
		return w.app.Accounts.PutFirst(ctx, w.raised(m, access.SecureAccount), w.factor(m, account.SMS))
	}},
	{"new recovery codes", "New recovery codes", "new recovery codes", func(w *world, m member) error {
		c := w.raised(m, access.SecureAccount)
		if err := w.app.Accounts.MakeRecovery(ctx, c); err != nil {
			return err
		}
		return w.app.Accounts.KeepRecovery(ctx, c, true)
	}},
	{"a contact asked for", "A new contact was given", "asked to change the e-mail or phone", func(w *world, m member) error {
		return w.app.Accounts.AskContact(ctx, w.raised(m, access.ChangeContacts), account.ByEmail, "other."+m.mail)
	}},
	{"a contact changed", "A contact was changed", "phone of your account was changed", func(w *world, m member) error {
		c := w.raised(m, access.ChangeContacts)
		if err := w.app.Accounts.AskContact(ctx, c, account.ByEmail, "other."+m.mail); err != nil {
			return err
		}
		return w.app.Accounts.ProveContact(ctx, c, account.ByEmail, w.digits("other."+m.mail))
	}},
	{"a copy of the record", "copy", "copy", func(w *world, m member) error {
		_, err := w.app.Sharing.Ask(ctx, w.raised(m, access.DownloadRecords), sharing.Order{Format: sharing.Text, Lang: lang.En, Selection: sharing.Selection{Sections: []record.Section{record.Results}}})
		return err
	}},
	{"a link to the record", "link", "link", func(w *world, m member) error {
		_, err := w.app.Links.Make(ctx, w.raised(m, access.ShareRecords), sharing.LinkOrder{Lang: lang.En, Life: time.Hour, Selection: sharing.Selection{Sections: []record.Section{record.Results}}})
		return err
	}},
	{"a forgotten password", "Someone asked for a new password", "choose a new password", func(w *world, m member) error { w.forgot(m); return nil }},
	{"a new password by link", "You have a new password", "new password was chosen", func(w *world, m member) error {
		w.forgot(m)
		browser := w.opens(m.mail)
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.TOTP))); err != nil {
			return err
		}
		if _, err := w.Prove(ctx, from(), browser, w.totp(m)); err != nil {
			return err
		}
		return w.NewPassword(ctx, from(), browser, newWord, newWord)
	}},
	{"a second step said to be lost", "lost a second step", "lost a second step", func(w *world, m member) error { w.lose(m); return nil }},
	{"a second step replaced", "lost second step was replaced", "lost second step", func(w *world, m member) error {
		browser := w.lose(m)
		if err := w.Choose(ctx, from(), browser, "recovery"); err != nil {
			return err
		}
		if _, err := w.Prove(ctx, from(), browser, m.recovery[0]); err != nil {
			return err
		}
		if err := w.ChooseSecond(ctx, from(), browser, "email", "new."+m.mail); err != nil {
			return err
		}
		_, err := w.ProveSecond(ctx, from(), browser, w.digits("new."+m.mail))
		return err
	}},
	{"help by the desk", "helping someone back", "helping someone back", func(w *world, m member) error { w.grant(m); return nil }},
	{"help stopped", "Getting back in was stopped", "was stopped", func(w *world, m member) error {
		return w.Halt(ctx, w.grant(m), m.id)
	}},
	{"everything handed in anew", "will be replaced", "will work for your account", func(w *world, m member) error { w.grant(m); w.handsIn(m); return nil }},
	{"everything replaced", "Everything you sign in with is new", "of your account work now", func(w *world, m member) error {
		w.grant(m)
		w.handsIn(m)
		w.c.Move(25 * time.Hour)
		return nil
	}},
	{"this was not me", "lock", "lock", func(w *world, m member) error { w.disown(m); return nil }},
	{"an account given back", "Your account is unlocked", "works again", func(w *world, m member) error {
		w.disown(m)
		return w.app.Accounts.Settle(ctx, w.clerk("front_desk", access.ReviewRequests), m.account, account.Active)
	}},
	{"an account closed", "Your account was closed", "was closed", func(w *world, m member) error {
		return w.app.Accounts.Close(ctx, w.raised(m, access.CloseAccount), m.name)
	}},
}

// Every security event is told to every contact that was there before it.
func TestEveryEventIsToldEverywhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, e := range events {
			m := w.join(account.TOTP, account.SMS)
			w.work()
			before := len(w.mail(m.mail))
			if err := e.cause(w, m); err != nil {
				t.Errorf("%s: %v", e.name, err)
				continue
			}
			w.work()
			if len(w.mail(m.mail)) == before || w.told(m.mail, e.mail) == 0 {
				t.Errorf("%s: the e-mail address was not told", e.name)
			}
			if w.told(m.phone, e.text) == 0 {
				t.Errorf("%s: the phone was not told", e.name)
			}
		}
	})
}
