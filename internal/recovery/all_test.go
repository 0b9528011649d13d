package recovery_test

import (
	"regexp"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/recovery"
	"portico/internal/store"
)

var ways = regexp.MustCompile(`name="way" value="([^"]*)"`)

// grant has the desk start after a call.
func (w *world) grant(m member) access.Desk {
	w.t.Helper()
	d := w.clerk("front_desk", access.HelpRecover)
	w.calls(d, m)
	if err := w.Start(ctx, d, m.id, "call"); err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return d
}

// anew types the activation code and a new password.
func (w *world) anew(m member) string {
	w.t.Helper()
	code, err := w.code(m)
	if err != nil {
		w.t.Fatalf("a code: %v", err)
	}
	browser, err := w.Anew(ctx, w.redeems(m, code), from(), newWord, newWord)
	if err != nil {
		w.t.Fatalf("anew: %v", err)
	}
	return browser
}

// newMail is a member's new address.
func newMail(m member) string { return "new." + m.mail }

// handsIn chooses everything new and begins the wait.
func (w *world) handsIn(m member) string {
	w.t.Helper()
	browser := w.anew(m)
	if err := w.ChooseSecond(ctx, from(), browser, "email", newMail(m)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.ProveSecond(ctx, from(), browser, w.digits(newMail(m))); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Keep(ctx, from(), browser, false); kind(err) != "account.recovery.unsaved" {
		w.t.Errorf("unsaved codes: %v", err)
	}
	if err := w.Keep(ctx, from(), browser, true); err != nil {
		w.t.Fatal(err)
	}
	w.work()
	return browser
}

func TestEverythingLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP, account.SMS)
		if _, err := w.code(m); kind(err) != "enroll.issue.account" {
			t.Fatalf("a code before the desk has started: %v", err)
		}
		w.grant(m)
		browser := w.handsIn(m)
		in, err := w.session(m, oldWord)
		if err != nil {
			t.Fatalf("the old things during the wait: %v", err)
		}
		if w.signsIn(m, newWord) {
			t.Error("the new password works during the wait")
		}
		for _, to := range []string{m.mail, m.phone} {
			if w.link(to, "/recover/stop/") == "" {
				t.Errorf("%s got no link to stop it", to)
			}
		}
		w.c.Move(recovery.Wait - 2*time.Minute)
		w.work()
		if w.signsIn(m, newWord) || !w.signsIn(m, oldWord) {
			t.Error("the wait ended early")
		}
		w.c.Move(3 * time.Minute)
		w.work()
		if w.alive(in.Session) {
			t.Error("a session with the old things goes on")
		}
		if w.getsAsFar(m, oldWord) || !w.getsAsFar(m, newWord) {
			t.Error("the old password works after the wait, or the new one does not")
		}
		if w.count(`SELECT COUNT(*) FROM account_factor WHERE account_id = $1 AND ended_at IS NULL`, m.account) != 1 {
			t.Error("old second steps live on")
		}
		if w.count(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL`, m.account) != 10 {
			t.Error("there are not ten new recovery codes")
		}
		if w.one(`SELECT user_name FROM account WHERE id = $1`, m.account) != m.name || w.count(`SELECT COUNT(*) FROM account_event WHERE account_id = $1 AND kind IN ('opened', 'recovery_granted', 'recovery_wait', 'renewed')`, m.account) != 4 {
			t.Error("user name or history are gone")
		}
		for _, to := range []string{m.mail, m.phone, newMail(m)} {
			if w.told(to, "second step of your account work now")+w.told(to, "Everything you sign in with is new") == 0 {
				t.Errorf("%s was not told of the end", to)
			}
		}
		rec := w.do("GET", "/recover/wait", nil, map[string]string{recovery.Cookie: browser})
		if rec.Code != 200 {
			t.Errorf("the page of the wait: %d", rec.Code)
		}
		if w.audited(audit.RecoveryStarted, m.id) != 1 || w.audited(audit.RecoveryWaits, m.id) != 1 || w.audited(audit.RecoveryDone, m.id) != 1 {
			t.Error("the audit log does not say it all")
		}
		w.app.Jobs.Drain(ctx)
		if w.count(`SELECT COUNT(*) FROM recovery WHERE draft <> '' AND ended_at IS NOT NULL`) != 0 {
			t.Error("what was chosen stays behind")
		}
	})
}

// getsAsFar tells whether a password gets to the second step.
func (w *world) getsAsFar(m member, password string) bool {
	w.c.Move(time.Minute) // a wrong one makes the next wait
	_, err := w.app.Accounts.Enter(ctx, from(), account.Entry{UserName: m.name, Password: password})
	return err == nil
}

func TestWaitIsStopped(t *testing.T) {
	stops := map[string]func(w *world, m member){
		"by a contact": func(w *world, m member) {
			token := w.mustLink(m.phone, "/recover/stop/")
			for range 5 {
				w.do("GET", "/recover/stop/"+token, nil, nil)
			}
			if err := w.StopByLink(ctx, from(), token); err != nil {
				w.t.Error(err)
			}
			if err := w.StopByLink(ctx, from(), token); kind(err) != gone {
				w.t.Errorf("a second time: %v", err)
			}
		},
		"by the owner": func(w *world, m member) {
			in, err := w.session(m, oldWord)
			if err != nil {
				w.t.Fatal(err)
			}
			c, _, err := w.app.Gate.Chart(ctx, in.Session, access.EndSessions, "test", from())
			if err == nil {
				err = w.StopOwn(ctx, c)
			}
			if err != nil {
				w.t.Error(err)
			}
		},
		"by the desk": func(w *world, m member) {
			if err := w.Halt(ctx, w.clerk("administrator", access.HelpRecover), m.id); err != nil {
				w.t.Error(err)
			}
		},
		"by not me": func(w *world, m member) { w.disown(m) },
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.join(account.TOTP)
				w.grant(m)
				w.handsIn(m)
				stop(w, m)
				w.c.Move(recovery.Wait + time.Hour)
				w.work()
				if w.count(`SELECT COUNT(*) FROM recovery WHERE account_id = $1 AND state = 'stopped'`, m.account) != 1 || w.getsAsFar(m, newWord) {
					t.Error("it went on")
				}
				if name != "by not me" && (!w.signsIn(m, oldWord) || w.told(m.mail, "Getting back in was stopped") == 0) {
					t.Error("the old things do not work, or nobody was told")
				}
			})
		})
	}
}

// The job asks again: who died meanwhile, or whose account was closed, gets nothing.
func TestEndOfTheWaitAsksAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		w.grant(m)
		w.handsIn(m)
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE patient SET deceased_at = $2 WHERE id = $1`, m.id, store.Time(tx.Now))
			return err
		})
		w.c.Move(recovery.Wait)
		w.work()
		if w.getsAsFar(m, newWord) || w.count(`SELECT COUNT(*) FROM recovery WHERE account_id = $1 AND state = 'stopped'`, m.account) != 1 {
			t.Error("it went on for somebody who died")
		}
	})
}

// An activation code does nothing where nobody has started, or somebody stopped it;
// of two who hand in with one code at once, one begins a wait.
func TestCodesLeadBackOnlyWhenStarted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		d := w.grant(m)
		code, err := w.code(m)
		if err != nil {
			t.Fatal(err)
		}
		a := w.redeems(m, code)
		if err := w.Halt(ctx, d, m.id); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Anew(ctx, a, from(), newWord, newWord); kind(err) != gone {
			t.Errorf("after a stop: %v", err)
		}
		other := w.join(account.TOTP)
		w.grant(other)
		browser := w.anew(other)
		if err := w.ChooseSecond(ctx, from(), browser, "email", newMail(other)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ProveSecond(ctx, from(), browser, w.digits(newMail(other))); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if w.Keep(ctx, from(), browser, true) == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		if won != 1 || w.count(`SELECT COUNT(*) FROM activation_code WHERE patient_id = $1 AND state = 'used'`, other.id) != 1 {
			t.Errorf("%d began a wait", won)
		}
	})
}

func TestDeskStartsOnlyAfterACall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		d := w.clerk("front_desk", access.HelpRecover)
		if err := w.Start(ctx, w.clerk("front_desk", access.SeeDesk), m.id, "visit"); !fault.Is(err, fault.Denied) {
			t.Errorf("without the task: %v", err)
		}
		if err := w.Start(ctx, d, m.id, "call"); kind(err) != "recovery.desk.call.missing" {
			t.Errorf("without a call: %v", err)
		}
		colleague := w.clerk("front_desk", access.HelpRecover)
		w.calls(colleague, m)
		if err := w.Start(ctx, d, m.id, "call"); kind(err) != "recovery.desk.call.missing" {
			t.Errorf("after a colleague's call: %v", err)
		}
		late := w.clerk("front_desk", access.HelpRecover)
		w.calls(late, m)
		w.c.Move(61 * time.Minute)
		if err := w.Start(ctx, late, m.id, "call"); kind(err) != "recovery.desk.call.missing" {
			t.Errorf("after an old call: %v", err)
		}
		if err := w.Start(ctx, late, "pat_nobody", "visit"); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody's: %v", err)
		}
		if err := w.Start(ctx, late, w.patient().id, "visit"); kind(err) != "recovery.desk.account" {
			t.Errorf("without an account: %v", err)
		}
		if err := w.Start(ctx, late, m.id, "visit"); err != nil {
			t.Errorf("in person: %v", err)
		}
		if err := w.Start(ctx, late, m.id, "visit"); kind(err) != "recovery.desk.running" {
			t.Errorf("twice: %v", err)
		}
		if w.told(m.mail, "helping someone back") != 1 || w.told(m.phone, "helping someone back") != 1 {
			t.Error("the patient was not told")
		}
		if w.count(`SELECT COUNT(*) FROM account_event WHERE account_id = $1 AND kind = 'recovery_granted'`, m.account) != 1 {
			t.Error("the patient's history does not say it")
		}
	})
}

func TestCallsGoToOldNumbersOnFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, other := w.join(account.TOTP), w.join(account.TOTP)
		d := w.clerk("front_desk", access.HelpRecover)
		number := w.one(`SELECT id FROM patient_contact WHERE patient_id = $1 AND kind = 'mobile'`, m.id)
		mail := w.one(`SELECT id FROM patient_contact WHERE patient_id = $1 AND kind = 'email'`, m.id)
		others := w.one(`SELECT id FROM patient_contact WHERE patient_id = $1 AND kind = 'mobile'`, other.id)
		for contact, want := range map[string]string{"": "enroll.call.contact", mail: "enroll.call.contact", others: "enroll.call.contact", "+15550001111": "enroll.call.contact", number: "ok"} {
			if err := w.LogCall(ctx, d, m.id, recovery.Call{Contact: contact, Outcome: "reached", Evidence: "visit"}); kind(err) != want {
				t.Errorf("%q: %v", contact, err)
			}
		}
		w.contactSince(m, 29*24*time.Hour)
		if err := w.LogCall(ctx, d, m.id, recovery.Call{Contact: number, Outcome: "no_answer"}); kind(err) != "enroll.call.young" {
			t.Errorf("a number on file for 29 days: %v", err)
		}
	})
}

// contactSince makes a patient's contacts on file so old.
func (w *world) contactSince(m member, d time.Duration) {
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE patient_contact SET since_at = $2 WHERE patient_id = $1`, m.id, store.Time(tx.Now.Add(-d)))
		return err
	})
}

// Who changes a contact first and calls then gets nowhere for a week.
func TestDeskIsLockedAfterAChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		d := w.clerk("front_desk", access.HelpRecover)
		w.contactSince(m, 7*24*time.Hour-time.Second)
		if err := w.Start(ctx, d, m.id, "visit"); kind(err) != "recovery.desk.contact" {
			t.Errorf("a contact on file for less than a week: %v", err)
		}
		w.contactSince(m, 7*24*time.Hour)
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account_contact (id, account_id, kind, sealed, asked_at, expires_at, proven_at) VALUES ('con_x', $1, 'email', $2, $3, $3, $3)`,
				m.account, w.app.Keys.Seal("account_contact.sealed", "con_x", []byte("x@example.net")), store.Time(tx.Now.Add(-6*24*time.Hour)))
			return err
		})
		if err := w.Start(ctx, d, m.id, "visit"); kind(err) != "recovery.desk.contact" {
			t.Errorf("a contact given six days ago: %v", err)
		}
		w.disown(m)
		if err := w.Start(ctx, d, m.id, "visit"); kind(err) != "recovery.desk.locked" {
			t.Errorf("a locked account: %v", err)
		}
	})
}

func TestSecondPersonMustAgree(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		w.restrict(m)
		first, second := w.clerk("front_desk", access.HelpRecover), w.clerk("administrator", access.HelpRecover)
		if err := w.Start(ctx, first, m.id, "visit"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.code(m); kind(err) != "enroll.issue.account" {
			t.Errorf("a code after one of two: %v", err)
		}
		if w.told(m.mail, "helping someone back") != 0 {
			t.Error("told before the second has agreed")
		}
		if err := w.Agree(ctx, first, m.id); kind(err) != "enroll.second.same" {
			t.Errorf("the same person twice: %v", err)
		}
		if all, err := w.Everybody(ctx, second); err != nil || len(all) != 1 || all[0].Name != "Ana Fuentes" || all[0].State != recovery.First {
			t.Errorf("the list: %+v %v", all, err)
		}
		if err := w.Agree(ctx, second, m.id); err != nil {
			t.Fatal(err)
		}
		if err := w.Agree(ctx, second, m.id); kind(err) != "recovery.desk.settled" {
			t.Errorf("agreed twice: %v", err)
		}
		if _, err := w.code(m); err != nil {
			t.Errorf("a code after two of two: %v", err)
		}
	})
}

// restrict makes a patient's record ask for two people.
func (w *world) restrict(m member) {
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE patient SET vip = TRUE WHERE id = $1`, m.id)
		return err
	})
}
