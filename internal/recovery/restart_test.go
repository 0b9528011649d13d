package recovery_test

import (
	"context"
	"testing"

	"portico/internal/account"
	"portico/internal/recovery"
)

// The server goes down between any two steps: every way goes on where it was, and
// what was half done is either done or not.
func TestWaysSurviveRestarts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP, account.SMS)
		w.forgot(m)
		w.restart()
		browser := w.opens(m.mail)
		w.restart()
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.SMS))); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if done, err := w.Prove(ctx, from(), browser, w.digits(m.phone)); !done || err != nil {
			t.Fatal(done, err)
		}
		w.restart()
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if !w.signsIn(m, newWord) {
			t.Error("the new password is lost")
		}

		other := w.join(account.TOTP)
		w.grant(other)
		w.restart()
		lost := w.anew(other)
		w.restart()
		if err := w.ChooseSecond(ctx, from(), lost, "email", newMail(other)); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if _, err := w.ProveSecond(ctx, from(), lost, w.digits(newMail(other))); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if err := w.Keep(ctx, from(), lost, true); err != nil {
			t.Fatal(err)
		}
		w.c.Move(recovery.Wait)
		w.restart() // nobody ran the job when the wait ended
		w.work()
		if !w.getsAsFar(other, newWord) {
			t.Error("the wait did not end")
		}
	})
}

// A request that is cut off in the middle leaves everything as it was: the link
// unused, the code unused, the old password.
func TestCutOffRequestsChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		w.forgot(m)
		token := w.mustLink(m.mail, "/recover/link/")
		dead, cut := context.WithCancel(ctx)
		cut()
		if _, err := w.OpenLink(dead, from(), token); err == nil {
			t.Fatal("a request that nobody waits for was answered")
		}
		browser, err := w.OpenLink(ctx, from(), token)
		if err != nil {
			t.Fatalf("the link after a request that was cut off: %v", err)
		}
		if err := w.Choose(ctx, from(), browser, string(w.factor(m, account.TOTP))); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Prove(dead, from(), browser, w.totp(m)); err == nil {
			t.Fatal("proven by a request that nobody waits for")
		}
		if done, err := w.Prove(ctx, from(), browser, w.totp(m)); !done || err != nil {
			t.Fatal(done, err)
		}
		if err := w.NewPassword(dead, from(), browser, newWord, newWord); err == nil {
			t.Fatal("changed by a request that nobody waits for")
		}
		if w.getsAsFar(m, newWord) || !w.getsAsFar(m, oldWord) {
			t.Error("half a change")
		}
		if err := w.NewPassword(ctx, from(), browser, newWord, newWord); err != nil {
			t.Error(err)
		}
	})
}
