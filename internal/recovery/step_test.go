package recovery_test

import (
	"sync"
	"testing"
	"time"

	"portico/internal/account"
	"portico/internal/fault"
	"portico/internal/recovery"
)

// lose begins the way of somebody with the password whose authenticator is lost.
func (w *world) lose(m member) string {
	w.t.Helper()
	browser, err := w.Lost(ctx, from(), w.half(m, oldWord), w.factor(m, account.TOTP))
	if err != nil {
		w.t.Fatal(err)
	}
	return browser
}

// way finds a way on the page that asks for proof.
func (w *world) way(browser, kind string) string {
	w.t.Helper()
	rec := w.do("GET", "/recover/prove", nil, map[string]string{recovery.Cookie: browser})
	for _, v := range ways.FindAllStringSubmatch(rec.Body.String(), -1) {
		if len(v[1]) > len(kind) && v[1][:len(kind)+1] == kind+":" {
			return v[1]
		}
	}
	return ""
}

// A new phone: two codes on different ways, and the lost step makes room.
func TestLostSecondStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		in, err := w.session(m, oldWord)
		if err != nil {
			t.Fatal(err)
		}
		browser := w.lose(m)
		if w.told(m.mail, "lost a second step") == 0 || w.told(m.phone, "lost a second step") == 0 {
			t.Error("nobody was told that it began")
		}
		if err := w.ChooseSecond(ctx, from(), browser, "email", "new@example.org"); kind(err) != gone {
			t.Errorf("a new second step before any proof: %v", err)
		}
		if err := w.Choose(ctx, from(), browser, w.way(browser, "email")); err != nil {
			t.Fatal(err)
		}
		byMail := w.digits(m.mail)
		if done, err := w.Prove(ctx, from(), browser, byMail); done || err != nil {
			t.Fatalf("one of two codes: %v %v", done, err)
		}
		if w.way(browser, "email") != "" {
			t.Error("e-mail is offered twice")
		}
		if err := w.ChooseSecond(ctx, from(), browser, "email", "new@example.org"); kind(err) != gone {
			t.Errorf("a new second step after one code: %v", err)
		}
		if err := w.Choose(ctx, from(), browser, w.way(browser, "sms")); err != nil {
			t.Fatal(err)
		}
		byText := w.digits(m.phone)
		if byText != byMail {
			if _, err := w.Prove(ctx, from(), browser, byMail); kind(err) != "account.code.wrong" {
				t.Errorf("the other way's code: %v", err)
			}
		}
		if done, err := w.Prove(ctx, from(), browser, byText); !done || err != nil {
			t.Fatalf("the second of two codes: %v %v", done, err)
		}
		w.c.Move(11 * time.Second) // two codes in ten seconds is what notify sends
		if err := w.ChooseSecond(ctx, from(), browser, "email", "new@example.org"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ProveSecond(ctx, from(), browser, "000000"); kind(err) != "account.code.wrong" {
			t.Errorf("a wrong code of the new step: %v", err)
		}
		lost := w.factor(m, account.TOTP)
		if _, err := w.ProveSecond(ctx, from(), browser, w.digits("new@example.org")); err != nil {
			t.Fatal(err)
		}
		if w.alive(in.Session) {
			t.Error("a session goes on")
		}
		if w.count(`SELECT COUNT(*) FROM account_factor WHERE id = $1 AND ended_at IS NULL`, lost) != 0 || w.factor(m, account.Mail) == "" {
			t.Error("the lost step stands, or the new one does not")
		}
		for _, to := range []string{m.mail, m.phone, "new@example.org"} {
			if w.told(to, "lost second step") == 0 {
				t.Errorf("%s was not told that it was replaced", to)
			}
		}
		if _, err := w.Prove(ctx, from(), browser, byText); kind(err) != gone {
			t.Errorf("used again: %v", err)
		}
	})
}

// The lost step's own contact proves nothing: it is what was lost.
func TestLostPhoneProvesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.SMS, account.Mail)
		browser, err := w.Lost(ctx, from(), w.half(m, oldWord), w.factor(m, account.SMS))
		if err != nil {
			t.Fatal(err)
		}
		if w.way(browser, "sms") != "" || w.way(browser, "voice") != "" || w.way(browser, "email") != "" {
			t.Error("codes are offered though one way is lost and the other is not enough")
		}
		if err := w.Choose(ctx, from(), browser, "recovery"); err != nil {
			t.Fatal(err)
		}
		if done, err := w.Prove(ctx, from(), browser, m.recovery[3]); !done || err != nil {
			t.Errorf("a recovery code: %v %v", done, err)
		}
	})
}

func TestLostStepNeedsThePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, other := w.join(account.TOTP), w.join(account.TOTP)
		if _, err := w.Lost(ctx, from(), "made up", w.factor(m, account.TOTP)); !fault.Is(err, fault.NotFound) {
			t.Errorf("without a half-way sign-in: %v", err)
		}
		if _, err := w.Lost(ctx, from(), w.half(m, oldWord), w.factor(other, account.TOTP)); kind(err) != "recovery.lost.choose" {
			t.Errorf("another's second step: %v", err)
		}
		half := w.half(m, oldWord)
		w.c.Move(10 * time.Minute)
		if _, err := w.Lost(ctx, from(), half, w.factor(m, account.TOTP)); !fault.Is(err, fault.NotFound) {
			t.Errorf("with one that ran out: %v", err)
		}
	})
}

func TestTwoProveAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		browser := w.lose(m)
		if err := w.Choose(ctx, from(), browser, "recovery"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				before := w.count(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NOT NULL`, m.account)
				if done, err := w.Prove(ctx, from(), browser, m.recovery[0]); done && err == nil && before == 0 {
					mu.Lock()
					won++
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		if won == 0 || w.count(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NOT NULL`, m.account) != 1 {
			t.Errorf("%d got through; recovery codes used: not one", won)
		}
		if err := w.ChooseSecond(ctx, from(), browser, "totp", ""); err != nil {
			t.Fatal(err)
		}
	})
}
