package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

const wrongSignIn = "account.signin.wrong"

func TestSignInWithEachSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		r.people.onFile[m.patient] = []Contact{{notify.Text, "+15551869999"}}
		in := r.signIn(m, "")
		if !r.opens(in.Session) || in.Next != "/home" || in.Lang != "en" || in.Device == "" {
			t.Errorf("signed in: %+v", in)
		}
		for _, c := range []struct {
			kind Kind
			code func() string
		}{
			{SMS, func() string { return r.sent.digits(m.phone) }},
			{Voice, func() string { return r.sent.digits(m.phone) }},
			{TOTP, func() string { return secret.TOTP(m.totp, r.clock.Now()) }},
			{recoveryKind, func() string { return m.recovery[3] }},
		} {
			r.clock.Move(10 * time.Minute)
			token := r.mustEnter(m, in.Device)
			method := byRecovery
			if c.kind != recoveryKind {
				method = r.factorOf(m, c.kind)
			}
			if err := r.Choose(ctx, sofa, token, ids.Factor(method)); err != nil {
				t.Fatalf("%s: %v", c.kind, err)
			}
			got, err := r.Finish(ctx, sofa, Step{Token: token, Method: method, Code: " " + c.code() + " ", Device: in.Device})
			if err != nil || !r.opens(got.Session) || got.Device != in.Device {
				t.Errorf("%s: %+v %v", c.kind, got, err)
			}
		}
		if k := r.sent.kinds(); k["new_browser"] != 3 { // e-mail, phone, phone on file; once only
			t.Errorf("notices: %v", k)
		}
		if r.audited(audit.SignedIn, audit.Done) != 5 || r.audited(audit.PasswordPassed, audit.Done) != 5 {
			t.Error("the audit log misses a sign-in")
		}
		if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'signin.done' AND actor = 'account' AND actor_id = $1 AND patient_id = $2 AND session <> ''`, m.id, m.patient); n != 5 {
			t.Errorf("%d lines say who signed in", n)
		}
	})
}

func TestEveryRefusalIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, frozen := r.join("sunny.harbor"), r.join("windy.meadow")
		if err := r.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account SET state = 'frozen' WHERE id = $1`, frozen.id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var first error
		for name, try := range map[string]Entry{
			"wrong password": {UserName: m.name, Password: "purple turtles sink"},
			"no such name":   {UserName: "nobody.at.all", Password: m.pw},
			"frozen":         {UserName: frozen.name, Password: frozen.pw},
			"empty":          {},
			"endless":        {UserName: m.name, Password: strings.Repeat("x", 60_000)},
			"not text":       {UserName: "\xff\x00\xfe", Password: "\x00\xff"},
			"someone else's": {UserName: m.name, Password: m.recovery[0]},
		} {
			_, err := r.Enter(ctx, from("192.0.2.77"), try)
			if first == nil {
				first = err
			}
			if err == nil || err.Error() != first.Error() || kindOf(err) != wrongSignIn {
				t.Errorf("%s: %v", name, err)
			}
			r.clock.Move(time.Hour)
		}
		if n := r.audited(audit.SignInTried, audit.Refused); n != 7 {
			t.Errorf("%d refusals in the audit log", n)
		}
		if len(r.sent.sent) != 0 {
			t.Errorf("a refusal sent %v", r.sent.kinds())
		}
		if _, err := r.Enter(ctx, sofa, Entry{UserName: " Sunny.HARBOR ", Password: m.pw}); err != nil {
			t.Errorf("the right password after all that: %v", err)
		}
	})
}

func TestWaitsGrowAndClear(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		// From ever new addresses only the wait per account counts: 1, 2, 4 … s.
		try := func(i int, pw string) error {
			_, err := r.enter(from("198.51.100."+string(rune('0'+i%10))), m, pw, "")
			return err
		}
		for i, wait := range []int{1, 2, 4, 8} {
			if err := try(i, "wrong password x"); kindOf(err) != wrongSignIn {
				t.Fatal(err)
			}
			r.clock.Move(time.Duration(wait)*time.Second - time.Microsecond)
			if err := try(i+5, m.pw); kindOf(err) != wrongSignIn {
				t.Errorf("after %d failures there is no wait of %d s: %v", i+1, wait, err)
			}
			r.clock.Move(time.Microsecond)
		}
		if err := try(9, m.pw); err != nil {
			t.Fatalf("after the wait: %v", err)
		}
		for range 2 { // cleared: the first wait is short again
			if err := try(9, "wrong password x"); kindOf(err) != wrongSignIn {
				t.Fatal(err)
			}
			r.clock.Move(time.Second)
			if err := try(9, m.pw); err != nil {
				t.Fatalf("not cleared: %v", err)
			}
		}
	})
}

func TestAddressIsAnsweredOpenly(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for i := range 20 {
			if _, err := r.Enter(ctx, from("203.0.113.9"), Entry{UserName: "somebody" + string(rune('a'+i)), Password: "x"}); kindOf(err) != wrongSignIn {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		_, err := r.Enter(ctx, from("203.0.113.9"), Entry{UserName: "somebodyx", Password: "x"})
		if f, _ := fault.As(err); f == nil || f.Kind != fault.TooMany || f.Text != "account.signin.source" || f.Retry > time.Minute {
			t.Errorf("the 21st: %v", err)
		}
		if _, err := r.Enter(ctx, from("203.0.113.10"), Entry{UserName: "somebodyx", Password: "x"}); kindOf(err) != wrongSignIn {
			t.Errorf("another address: %v", err)
		}
	})
}

func TestKnownBrowserHasItsOwnCount(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join("sunny.harbor"), r.join("windy.meadow")
		dev := r.signIn(m, "").Device
		// A stranger drives the wait for unknown browsers to the hard stop.
		for range 100 {
			r.enter(from("198.51.100.7"), m, "wrong password x", "")
			r.clock.Move(13 * time.Hour)
		}
		if _, err := r.enter(from("198.51.100.8"), m, m.pw, ""); kindOf(err) != wrongSignIn {
			t.Errorf("after 100 failures an unknown browser: %v", err)
		}
		if _, err := r.enter(sofa, m, m.pw, dev); err != nil {
			t.Errorf("the owner's own browser: %v", err)
		}
		// What passes for a known browser must be one of this account.
		foreign := r.signIn(other, "").Device
		for name, c := range map[string]string{"another account's": foreign, "made up": "dev_abc.AAAA", "cut": dev[:len(dev)-3], "unsigned": strings.Split(dev, ".")[0]} {
			if _, err := r.enter(sofa, m, m.pw, c); kindOf(err) != wrongSignIn {
				t.Errorf("%s cookie: %v", name, err)
			}
		}
		for i := range 10 {
			if _, err := r.enter(sofa, m, "wrong password x", dev); kindOf(err) != wrongSignIn {
				t.Fatalf("failure %d: %v", i+1, err)
			}
		}
		if _, err := r.enter(sofa, m, m.pw, dev); kindOf(err) != wrongSignIn {
			t.Errorf("an eleventh try went through: %v", err)
		}
		r.clock.Move(15 * time.Minute)
		if _, err := r.enter(sofa, m, m.pw, dev); err != nil {
			t.Errorf("after 15 minutes: %v", err)
		}
		r.clock.Move(DeviceLife)
		if _, err := r.enter(sofa, m, m.pw, dev); kindOf(err) != wrongSignIn {
			t.Errorf("a browser not seen for a year counts as known: %v", err)
		}
	})
}

func TestOwnerIsToldOfManyFailuresOnceADay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		for _, name := range []string{m.name, "nobody.at.all"} {
			for range 14 {
				r.Enter(ctx, from("198.51.100.7"), Entry{UserName: name, Password: "x"})
				r.clock.Move(13 * time.Hour)
			}
		}
		r.drain()
		if k := r.sent.kinds(); k["password_locked"] != 2 || len(k) != 1 { // e-mail and phone
			t.Errorf("notices: %v", k)
		}
	})
}

func TestCounterThatCannotBeWrittenIsARefusal(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	m := r.join("sunny.harbor")
	other, oc := testkit.SQLite(t)
	r.Limits = &limit.Limiter{DB: other, Keys: r.Keys}
	_ = oc
	other.Close()
	if _, err := r.enter(sofa, m, m.pw, ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("signed in without a counter: %v", err)
	}
}

func TestPasswordIsHashedAnewUnderANewSecret(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		was := r.hashOf(m)
		now, err := secret.NewKeyring("sN9vX2kQ7rT4wZ1mB6cY8dF3gH5jL0pAeUiOoRtWqSk=", "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm")
		if err != nil {
			t.Fatal(err)
		}
		r.Keys, r.Hasher, r.Known = now, secret.NewHasher(now, 2, 10), secret.NewHasher(now, 1, 10)
		in := r.signIn(m, "")
		if h := r.hashOf(m); h == was || !r.opens(in.Session) {
			t.Error("the old hash is kept")
		}
		was = r.hashOf(m)
		r.signIn(m, in.Device)
		if r.hashOf(m) != was {
			t.Error("hashed anew without need")
		}
	})
}

func (r *rig) hashOf(m member) (h string) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) error { a, err := byID(ctx, tx, m.id); h = a.hash; return err }); err != nil {
		r.t.Fatal(err)
	}
	return h
}

func TestDisplayComesBackAtSignIn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		chart, _, err := r.Gate.Chart(ctx, in.Session, "display.change", "x", sofa)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.ChangeDisplay(ctx, chart, Display{Lang: lang.Es, Theme: "dark", Text: "large", Zone: "Europe/Madrid"}); err != nil {
			t.Fatal(err)
		}
		looking, _, _ := r.Gate.Chart(ctx, in.Session, "home.see", "x", sofa)
		if err := r.ChangeDisplay(ctx, looking, Display{}); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for looking changed something: %v", err)
		}
		if in = r.signIn(m, in.Device); in.Lang != "es" || in.Theme != "dark" || in.Text != "large" || in.Zone != "Europe/Madrid" {
			t.Errorf("came back as %+v", in)
		}
		if err := r.change(func(tx *store.Tx) error {
			if z, err := r.Zone(ctx, tx, m.patient); err != nil || z != "Europe/Madrid" {
				t.Errorf("%v: messages go to %q", err, z)
			}
			z, err := r.Zone(ctx, tx, "pat_nobody")
			if z != "" {
				t.Errorf("nobody is in %q", z)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOldSessionEndsWithTheNew(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join("sunny.harbor"), r.join("windy.meadow")
		first, bystander := r.signIn(m, ""), r.signIn(other, "")
		token := r.mustEnter(m, first.Device)
		in, err := r.Finish(ctx, sofa, Step{Token: token, Method: byRecovery, Code: m.recovery[0], Device: first.Device, Old: first.Session})
		if err != nil || in.Session == first.Session || r.opens(first.Session) || !r.opens(in.Session) || !r.opens(bystander.Session) {
			t.Errorf("%+v %v", in, err)
		}
	})
}

func TestHalfWayStateOpensNothingAndEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		token := r.mustEnter(m, "")
		if r.opens(token) {
			t.Error("a half-way token opens a page")
		}
		r.clock.Move(attemptLife - time.Second)
		if _, err := r.pending(ctx, token); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		r.clock.Move(time.Second)
		if _, err := r.finish(m, token, ""); !errors.Is(err, errGone) {
			t.Errorf("at its end: %v", err)
		}
		token = r.mustEnter(m, "")
		if err := r.Cancel(ctx, sofa, token); err != nil {
			t.Fatal(err)
		}
		if _, err := r.finish(m, token, ""); !errors.Is(err, errGone) {
			t.Errorf("cancelled: %v", err)
		}
		for _, bad := range []string{"", "x", secret.Token()} {
			if _, err := r.Finish(ctx, sofa, Step{Token: bad, Method: byRecovery, Code: m.recovery[0]}); !errors.Is(err, errGone) {
				t.Errorf("%q: %v", bad, err)
			}
			if err := r.Choose(ctx, sofa, bad, byRecovery); !errors.Is(err, errGone) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}
