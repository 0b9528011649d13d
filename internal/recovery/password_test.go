package recovery_test

import (
	"sync"
	"testing"
	"time"

	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/recovery"
	"portico/internal/store"
)

func TestForgottenPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP, account.Mail, account.SMS)
		other := w.join(account.TOTP)
		in, err := w.session(m, oldWord)
		if err != nil {
			t.Fatal(err)
		}
		bystander, err := w.session(other, oldWord)
		if err != nil {
			t.Fatal(err)
		}
		half := w.half(m, oldWord)
		w.forgot(m)
		sister := w.mustLink(m.phone, "/recover/link/")
		browser := w.opens(m.mail)
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); kind(err) != gone {
			t.Errorf("a new password without a second step: %v", err)
		}
		// The link came by e-mail: a code by e-mail is no second way.
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.Mail))); !fault.Is(err, fault.NotFound) {
			t.Errorf("the second step by the link's own way: %v", err)
		}
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.SMS))); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Prove(ctx, from(), browser, "000000"); kind(err) != "account.code.wrong" {
			t.Errorf("a wrong code: %v", err)
		}
		if done, err := w.Prove(ctx, from(), browser, w.digits(m.phone)); !done || err != nil {
			t.Fatalf("the second step: %v %v", done, err)
		}
		for word, want := range map[string]string{"short": "account.password.short", "passwordpassword": "account.password.common", "ana fuentes 1962": "account.password.name", oldWord: "account.password.same"} {
			if err := w.NewPassword(ctx, from(), browser, word, word); kind(err) != want && kind(err) == "ok" {
				t.Errorf("%q: %v", word, err)
			}
		}
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord+"x"); kind(err) != "account.password.differ" {
			t.Errorf("two different ones: %v", err)
		}
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); err != nil {
			t.Fatal(err)
		}
		if w.alive(in.Session) || !w.alive(bystander.Session) {
			t.Error("a session of the account goes on, or another's ended")
		}
		if _, err := w.app.Accounts.Finish(ctx, from(), account.Step{Token: half, Method: string(w.factor(m, account.TOTP)), Code: w.totp(m)}); err == nil {
			t.Error("a half-way sign-in with the old password goes on")
		}
		if _, err := w.OpenLink(ctx, from(), sister); kind(err) != gone {
			t.Errorf("the other link of the same asking: %v", err)
		}
		if err := w.NewPassword(ctx, from(), browser, oldWord+"!", oldWord+"!"); kind(err) != gone {
			t.Errorf("a second new password: %v", err)
		}
		if w.signsIn(m, oldWord) || !w.signsIn(m, newWord) {
			t.Error("the old password works, or the new one does not")
		}
		for _, to := range []string{m.mail, m.phone} {
			if w.told(to, "new password was chosen")+w.told(to, "You have a new password") == 0 {
				t.Errorf("%s was not told", to)
			}
		}
		if w.audited(audit.RecoveryOpened, m.id) != 1 || w.audited(audit.RecoveryDone, m.id) != 1 {
			t.Error("the audit log does not say it")
		}
		if w.count(`SELECT COUNT(*) FROM account_event WHERE account_id = $1 AND kind = 'password_reset'`, m.account) != 1 {
			t.Error("the account's history does not say it")
		}
		if w.count(`SELECT COUNT(*) FROM recovery WHERE draft <> '' AND ended_at IS NOT NULL`) != 0 {
			t.Error("what was chosen stays behind")
		}
	})
}

// Whoever reads a text also answers the phone: text and call are one way.
func TestLinkByTextBarsCalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.SMS, account.Voice, account.Mail)
		w.forgot(m)
		browser := w.opens(m.phone)
		for _, k := range []account.Kind{account.SMS, account.Voice} {
			if err := w.Choose(ctx, from(), browser, string(w.factor(m, k))); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", k, err)
			}
		}
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.Mail))); err != nil {
			t.Error(err)
		}
	})
}

func TestRecoveryCodeIsASecondStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.Mail)
		w.forgot(m)
		browser := w.opens(m.mail)
		if err := w.Choose(ctx, from(), browser, "recovery"); err != nil {
			t.Fatal(err)
		}
		if done, err := w.Prove(ctx, from(), browser, m.recovery[0]); !done || err != nil {
			t.Fatal(done, err)
		}
		if w.count(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL`, m.account) != 9 {
			t.Error("the recovery code is not used up")
		}
	})
}

func TestLinkLivesThirtyMinutes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			after time.Duration
			works bool
		}{{recovery.LinkLife - time.Second, true}, {recovery.LinkLife, false}, {recovery.LinkLife + time.Second, false}} {
			m := w.join(account.TOTP)
			w.forgot(m)
			token := w.mustLink(m.mail, "/recover/link/")
			w.c.Move(c.after)
			if _, err := w.OpenLink(ctx, from(), token); (err == nil) != c.works {
				t.Errorf("after %v: %v", c.after, err)
			}
		}
		// And so does the way that it opened.
		m := w.join(account.TOTP)
		w.forgot(m)
		browser := w.opens(m.mail)
		w.c.Move(recovery.LinkLife)
		if _, err := w.Prove(ctx, from(), browser, w.totp(m)); kind(err) != gone {
			t.Errorf("half an hour after the link was used: %v", err)
		}
	})
}

// A scanner opens every link in a mail; only the form uses one up (T10).
func TestScannersDoNotUseLinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		w.forgot(m)
		token := w.mustLink(m.mail, "/recover/link/")
		for range 50 {
			for _, method := range []string{"GET", "HEAD"} {
				if rec := w.do(method, "/recover/link/"+token, nil, nil); rec.Code != 200 {
					t.Fatalf("%s: %d", method, rec.Code)
				}
			}
		}
		if _, err := w.OpenLink(ctx, from(), token); err != nil {
			t.Errorf("after a hundred visits: %v", err)
		}
		if _, err := w.OpenLink(ctx, from(), token); kind(err) != gone {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestTwoUseOneLinkAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		for range 5 {
			w.c.Move(11 * time.Minute)
			w.forgot(m)
			token := w.mustLink(m.mail, "/recover/link/")
			var won, lost int
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 8 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					_, err := w.OpenLink(ctx, from(), token)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
					} else {
						lost++
					}
				}()
			}
			wg.Wait()
			if won != 1 {
				t.Fatalf("%d of %d used one link", won, won+lost)
			}
		}
	})
}

// Asking again takes nothing back: neither the owner's link nor a count.
func TestAskingAgainResetsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.SMS, account.Mail, account.TOTP)
		w.forgot(m)
		first := w.mustLink(m.mail, "/recover/link/")
		w.forgot(m)
		browser, err := w.OpenLink(ctx, from(), first)
		if err != nil {
			t.Fatalf("the first link after a second asking: %v", err)
		}
		sms := string(w.factor(m, account.SMS))
		wrong := 0
		for i := range 30 {
			if i%5 == 0 {
				w.c.Move(61 * time.Second)
				if err := w.Choose(ctx, from(), browser, sms); err != nil && !fault.Is(err, fault.TooMany) {
					t.Fatal(err)
				}
			}
			_, err := w.Prove(ctx, from(), browser, "000000")
			if fault.Is(err, fault.TooMany) {
				break
			}
			wrong++
		}
		if wrong > 21 { // twenty, and one after the first wait
			t.Errorf("%d wrong codes before a wait", wrong)
		}
	})
}

// A code of one flow is worth nothing in another, be it of the same account (T16).
func TestCodesStayInTheirFlow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.SMS, account.TOTP)
		half := w.half(m, oldWord) // sends a code by text
		signIn := w.digits(m.phone)
		w.forgot(m)
		browser := w.opens(m.mail)
		sms := string(w.factor(m, account.SMS))
		w.c.Move(61 * time.Second)
		if err := w.Choose(ctx, from(), browser, sms); err != nil {
			t.Fatal(err)
		}
		mine := w.digits(m.phone)
		if _, err := w.Prove(ctx, from(), browser, signIn); kind(err) != "account.code.wrong" && signIn != mine {
			t.Errorf("a sign-in code: %v", err)
		}
		if _, err := w.app.Accounts.Finish(ctx, from(), account.Step{Token: half, Method: sms, Code: mine}); err == nil && signIn != mine {
			t.Error("signed in with a code of getting back in")
		}
		if done, err := w.Prove(ctx, from(), browser, mine); !done || err != nil {
			t.Errorf("its own code: %v", err)
		}
		if _, err := w.Prove(ctx, from(), browser, mine); err != nil {
			t.Errorf("sent twice: %v", err)
		}
	})
}

func TestNoWayInWhileLocked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP, account.Mail)
		w.forgot(m)
		unused := w.mustLink(m.phone, "/recover/link/")
		w.c.Move(time.Minute)
		w.forgot(m)
		browser := w.opens(m.mail)
		w.disown(m)
		if _, err := w.OpenLink(ctx, from(), unused); kind(err) != gone {
			t.Errorf("a link from before: %v", err)
		}
		if _, err := w.Prove(ctx, from(), browser, w.totp(m)); kind(err) != gone {
			t.Errorf("a way begun before: %v", err)
		}
		before := len(w.mail(m.mail))
		w.forgot(m)
		if len(w.mail(m.mail)) != before {
			t.Error("a link went out while the account is locked")
		}
	})
}

// disown says "this was not me" with a link of the account's own.
func (w *world) disown(m member) {
	w.t.Helper()
	var token string
	w.change(func(tx *store.Tx) error {
		path, err := w.app.Accounts.NotMe(ctx, tx, m.account, "changed")
		token = string(path)[len("/not-me/"):]
		return err
	})
	if err := w.app.Accounts.Disown(ctx, from(), token); err != nil {
		w.t.Fatal(err)
	}
}

func TestFreshContactsGetNoLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		thief := "thief@example.net"
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account_factor (id, account_id, kind, sealed, mark, place, last_step, confirmed_at) VALUES ('fac_t', $1, 'email', $2, 'x', 9, 0, $3)`,
				m.account, w.app.Keys.Seal("account_factor.sealed", "fac_t", []byte(thief)), store.Time(tx.Now))
			return err
		})
		w.forgot(m)
		if w.link(thief, "/recover/link/") != "" {
			t.Error("a contact added a moment ago got a link")
		}
		if w.told(thief, "another contact") != 1 || w.link(m.mail, "/recover/link/") == "" {
			t.Error("the new contact was not told, or the old one got no link")
		}
		w.c.Move(72 * time.Hour)
		w.forgot(m)
		if w.link(thief, "/recover/link/") == "" {
			t.Error("after 72 hours it still gets none")
		}
	})
}

func TestStartsAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		one := from()
		for i := range 6 {
			err := w.Ask(ctx, one, recovery.Ask{Name: "nobody.at.all", Lang: lang.En})
			if (i < 5) != (err == nil) {
				t.Errorf("asking %d from one address: %v", i+1, err)
			}
		}
		// From everywhere: at most five starts in ten minutes reach the owner.
		for range 40 {
			w.forgot(m)
		}
		if n := w.count(`SELECT COUNT(*) FROM recovery WHERE account_id = $1`, m.account); n != 5 {
			t.Errorf("%d starts", n)
		}
		if n := len(w.mail(m.mail)); n > 5 {
			t.Errorf("%d e-mails", n)
		}
		// The stranger's noise has not used up what alarms and codes need.
		if err := w.app.DB.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) error { return w.app.Accounts.CopyMade(ctx, tx, m.account, "x") }); err != nil {
			t.Fatal(err)
		}
		if w.told(m.mail, "copy") == 0 {
			t.Error("an alarm did not go out after a bombing")
		}
	})
}
