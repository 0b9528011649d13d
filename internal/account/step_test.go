package account

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
)

const wrongCode = "account.code.wrong"

// wrong gives six digits that are not d.
func wrong(d string) string {
	if d[0] == '9' {
		return "0" + d[1:]
	}
	return string(d[0]+1) + d[1:]
}

func (r *rig) step(m member, token, code string) error {
	_, err := r.Finish(ctx, sofa, Step{Token: token, Method: r.factorOf(m, Mail), Code: code})
	return err
}

func TestCodeLivesTenMinutesAndFiveTries(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		token := r.mustEnter(m, "")
		code := r.sent.digits(m.mail)
		for i := range 5 {
			if err := r.step(m, token, wrong(code)); kindOf(err) != wrongCode {
				t.Fatalf("wrong try %d: %v", i+1, err)
			}
		}
		if err := r.step(m, token, code); kindOf(err) != wrongCode {
			t.Errorf("the right code after five wrong ones: %v", err)
		}
		if r.audited(audit.SecondStep, audit.Refused) != 6 {
			t.Error("refusals are missing from the audit log")
		}
		// Asking again: not within a minute, then with a code that works.
		mail := ids.Factor(r.factorOf(m, Mail))
		if err := r.Choose(ctx, sofa, token, mail); !fault.Is(err, fault.TooMany) {
			t.Errorf("asked again at once: %v", err)
		}
		r.clock.Move(ResendAfter)
		if err := r.Choose(ctx, sofa, token, mail); err != nil {
			t.Fatal(err)
		}
		if newer := r.sent.digits(m.mail); r.step(m, token, newer[:3]+" "+newer[3:]) != nil {
			t.Error("the newer code does not work")
		}
		// Ten minutes, to the second.
		for life, want := range map[time.Duration]string{CodeLife - time.Second: "ok", CodeLife: wrongCode} {
			token := r.mustEnter(m, "")
			code := r.sent.digits(m.mail)
			if err := r.stretch(token); err != nil {
				t.Fatal(err)
			}
			r.clock.Move(life)
			if err := r.step(m, token, code); kindOf(err) != want {
				t.Errorf("after %v: %v", life, err)
			}
		}
	})
}

// stretch lets a half-way sign-in live longer than its code.
func (r *rig) stretch(token string) error {
	return r.change(func(tx *storeTx) error {
		_, err := tx.Exec(ctx, `UPDATE signin_attempt SET expires_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), storeTime(tx.Now.Add(time.Hour)))
		return err
	})
}

func TestNewerCodeEndsTheOlder(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		token := r.mustEnter(m, "")
		older := r.sent.digits(m.mail)
		if err := r.Choose(ctx, sofa, token, ids.Factor(r.factorOf(m, SMS))); err != nil {
			t.Fatalf("another channel at once: %v", err)
		}
		newer := r.sent.digits(m.phone)
		if older == newer {
			t.Skip("one in a million")
		}
		if err := r.step(m, token, older); kindOf(err) != wrongCode {
			t.Errorf("the older code: %v", err)
		}
		if _, err := r.Finish(ctx, sofa, Step{Token: token, Method: r.factorOf(m, SMS), Code: newer}); err != nil {
			t.Errorf("the newer code: %v", err)
		}
		// The older e-mail had not gone out yet: it never does.
		r.drain()
		if n := r.count(`SELECT COUNT(*) FROM demo_message WHERE recipient = $1 AND body LIKE '%' || $2 || '%'`, m.mail, older); n != 0 {
			t.Error("a dead code was sent")
		}
	})
}

func TestT13CodeWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		token := r.mustEnter(m, "")
		code := r.sent.digits(m.mail)
		if err := r.step(m, token, code); err != nil {
			t.Fatal(err)
		}
		if err := r.step(m, token, code); !errors.Is(err, errGone) {
			t.Errorf("in the same browser: %v", err)
		}
		r.clock.Move(2 * time.Minute)
		second := r.mustEnter(m, "")
		if newer := r.sent.digits(m.mail); newer != code {
			if err := r.step(m, second, code); kindOf(err) != wrongCode {
				t.Errorf("in a second browser: %v", err)
			}
		}
	})
}

func TestT14OneSessionPerCode(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		for i := range size(15, 1000) {
			r.clock.Move(11 * time.Minute)
			token := r.mustEnter(m, r.deviceFor(m))
			st := Step{Token: token, Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail)}
			switch i % 3 {
			case 1:
				st.Method, st.Code = r.factorOf(m, TOTP), secret.TOTP(m.totp, r.clock.Now())
			case 2:
				st.Method, st.Code = byRecovery, r.freshRecovery(m)
			}
			if st.Code == "" {
				continue // the budget of messages is used up for today
			}
			var won atomic.Int64
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if _, err := r.Finish(ctx, sofa, st); err == nil {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Fatalf("round %d: %d sessions", i, won.Load())
			}
			if r.clock.Move(13 * time.Hour); i%5 == 4 {
				r.clock.Move(24 * time.Hour)
			}
		}
	})
}

// freshRecovery adds a recovery code, so that a long test does not run out.
func (r *rig) freshRecovery(m member) string {
	c := NewRecoveryCodes()[:1]
	if err := r.change(func(tx *storeTx) error { return r.addRecovery(ctx, tx, m.id, c) }); err != nil {
		r.t.Fatal(err)
	}
	return c[0]
}

// deviceFor is a device cookie of a browser that has signed in.
func (r *rig) deviceFor(m member) (cookie string) {
	if err := r.change(func(tx *storeTx) (err error) {
		_, cookie, _, err = r.Remember(ctx, tx, m.id, "", "Firefox")
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return cookie
}

// T15: an attacker who has the password tries codes and asks for new ones. The
// count is over all of them: 20 before the first wait, 100 ever.
func TestT15AskingAgainNeverResetsTheCount(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		dev := r.deviceFor(m)
		evaluated := func() int { return r.audited(audit.SecondStep, audit.Refused) }
		token := r.mustEnter(m, dev)
		again := func() {
			if _, err := r.pending(ctx, token); err != nil {
				token = r.mustEnter(m, dev)
				return
			}
			r.clock.Move(ResendAfter)
			r.Choose(ctx, sofa, token, ids.Factor(r.factorOf(m, Mail)))
		}
		began := r.clock.Now()
		for range 40 { // five tries per code, a new code each time
			for range 5 {
				r.step(m, token, "000000")
			}
			if evaluated() >= 20 {
				break
			}
			again()
		}
		if n := evaluated(); n != 20 {
			t.Fatalf("%d codes were looked at before the first wait", n)
		}
		if err := r.step(m, token, "000000"); !fault.Is(err, fault.TooMany) {
			t.Errorf("the 21st: %v", err)
		}
		for range size(82, 10_000) {
			r.clock.Move(61 * time.Minute)
			token = r.mustEnter(m, dev)
			for range 3 {
				r.step(m, token, "000000")
			}
		}
		if n := evaluated(); n > 100 {
			t.Errorf("%d codes were looked at in %v", n, r.clock.Now().Sub(began))
		}
		err := r.step(m, token, "000000")
		f, _ := fault.As(err)
		if shown, ok := explained(err); f == nil || f.Kind != fault.TooMany || !ok || kindOf(shown) != "account.code.stopped" {
			t.Errorf("at the end: %v", err)
		}
	})
}

func TestT16CodeOfAnotherFlow(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		a, b := r.join("sunny.harbor"), r.join("windy.meadow")
		ta, tb := r.mustEnter(a, ""), r.mustEnter(b, "")
		mine := r.sent.digits(a.mail)
		if mine == r.sent.digits(b.mail) {
			t.Skip("one in a million")
		}
		if err := r.step(b, tb, mine); kindOf(err) != wrongCode {
			t.Errorf("another account's code: %v", err)
		}
		if n := r.count(`SELECT SUM(tries) FROM one_time_code c JOIN signin_attempt s ON s.id = c.flow WHERE s.account_id = $1`, b.id); n != 1 {
			t.Errorf("the other flow's count is %d", n)
		}
		if _, err := r.Finish(ctx, sofa, Step{Token: tb, Method: r.factorOf(a, Mail), Code: mine}); kindOf(err) != wrongCode {
			t.Errorf("another account's second step: %v", err)
		}
		if _, err := r.Finish(ctx, sofa, Step{Token: tb, Method: byRecovery, Code: a.recovery[0]}); kindOf(err) != wrongCode {
			t.Errorf("another account's recovery code: %v", err)
		}
		if err := r.Choose(ctx, sofa, tb, ids.Factor(r.factorOf(a, SMS))); !fault.Is(err, fault.NotFound) {
			t.Errorf("another account's second step chosen: %v", err)
		}
		if err := r.step(a, ta, mine); err != nil {
			t.Errorf("in its own flow: %v", err)
		}
	})
}

func TestT17AuthenticatorCodeWorksOnceAndNearNow(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		dev := r.deviceFor(m)
		try := func(code string) error {
			token := r.mustEnter(m, dev)
			_, err := r.Finish(ctx, sofa, Step{Token: token, Method: r.factorOf(m, TOTP), Code: code, Device: dev})
			return err
		}
		now := r.clock.Now()
		for _, off := range []time.Duration{-60 * time.Second, 60 * time.Second, -90 * time.Second, time.Hour} {
			if err := try(secret.TOTP(m.totp, now.Add(off))); kindOf(err) != wrongCode {
				t.Errorf("%v off: %v", off, err)
			}
		}
		code := secret.TOTP(m.totp, now)
		if err := try(code); err != nil {
			t.Fatal(err)
		}
		if err := try(code); kindOf(err) != wrongCode {
			t.Errorf("a second time: %v", err)
		}
		if err := try(secret.TOTP(m.totp, now.Add(-30*time.Second))); kindOf(err) != wrongCode {
			t.Errorf("an older one after a newer: %v", err)
		}
		r.clock.Move(30 * time.Second)
		if err := try(code); kindOf(err) != wrongCode {
			t.Errorf("inside the window: %v", err)
		}
		next := secret.TOTP(m.totp, r.clock.Now())
		if err := try(strings.Join([]string{next[:3], next[3:]}, " ")); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// T27: nothing that is stored opens anything by itself.
func TestT27StoredValuesOpenNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		r.signIn(m, "")
		r.mustEnter(m, "")
		for _, q := range []string{`SELECT token_hash FROM session`, `SELECT id FROM session`, `SELECT token_hash FROM signin_attempt`, `SELECT id FROM device`, `SELECT token_hash FROM disown_link`} {
			for _, v := range r.strings(q) {
				if r.opens(v) {
					t.Errorf("%s opens a session", q)
				}
				if _, err := r.pending(ctx, v); !errors.Is(err, errGone) {
					t.Errorf("%s opens a half-way sign-in", q)
				}
				if good, _, _ := r.link(ctx, v); good {
					t.Errorf("%s disowns an account", q)
				}
				if r.deviceOf(v) != "" {
					t.Errorf("%s passes for a known browser", q)
				}
			}
		}
		for _, v := range append(r.strings(`SELECT code_mac FROM one_time_code`), r.strings(`SELECT code_hash FROM recovery_code`)...) {
			r.clock.Move(time.Hour)
			token := r.mustEnter(m, r.deviceFor(m))
			for _, method := range []string{r.factorOf(m, Mail), byRecovery} {
				if _, err := r.Finish(ctx, sofa, Step{Token: token, Method: method, Code: v}); err == nil {
					t.Errorf("a stored hash passes for a code")
				}
			}
		}
	})
}

// deaf is an outbox without a way to phones.
type deaf struct{ *spy }

func (d deaf) Offers(c notify.Channel) bool { return c == notify.Mail }

// What the clinic cannot send is not offered: neither asked for first nor beside.
func TestStepsThatCannotBeSentAreNotOffered(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		if err := r.change(func(tx *storeTx) error {
			_, err := tx.Exec(ctx, `UPDATE account_factor SET place = 9 WHERE account_id = $1 AND kind = 'email'`, m.id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		r.Outbox = deaf{r.sent}
		token := r.mustEnter(m, "")
		p, err := r.pending(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		view, err := r.choices(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range append(view.Others, view.Now) {
			if way.Kind == SMS || way.Kind == Voice {
				t.Errorf("%s is offered", way.Kind)
			}
		}
		if view.Now.Kind != TOTP || len(view.Others) != 2 {
			t.Errorf("asked for %+v beside %+v", view.Now, view.Others)
		}
	})
}
