package account

import (
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/secret"
)

// secretOf gives the secret that a session was shown for its authenticator.
func (r *rig) secretOf(c access.Chart) []byte {
	r.t.Helper()
	d, err := r.draftOf(ctx, c, false)
	if err != nil {
		r.t.Fatal(err)
	}
	return []byte(d.plain)
}

func (r *rig) factors(m member) int {
	return r.count(`SELECT COUNT(*) FROM account_factor WHERE account_id = $1 AND ended_at IS NULL`, m.id)
}

func TestAddEachSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		c := r.secure(in.Session)
		if err := r.AddStep(ctx, r.asFor(in.Session, access.SeeAccount), TOTP, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for looking: %v", err)
		}
		for typed, want := range map[string]string{"": "enroll.email.missing", "no address": "enroll.email.form", strings.ToUpper(m.mail): "account.steps.have"} {
			if err := r.AddStep(ctx, c, Mail, typed); kindOf(err) != want {
				t.Errorf("%q: %v", typed, err)
			}
		}
		if err := r.AddStep(ctx, c, SMS, "12"); kindOf(err) != "enroll.phone.form" {
			t.Errorf("a short number: %v", err)
		}
		if err := r.ProveStep(ctx, c, "123456"); !errors.Is(err, errNoDraft) {
			t.Errorf("nothing begun: %v", err)
		}
		for n, k := range []Kind{Mail, SMS, Voice, TOTP} {
			r.clock.Move(2 * time.Minute)
			c = r.secure(in.Session)
			tokens, _ := r.elsewhere(m, 1)
			typed := map[Kind]string{Mail: "second@example.org", SMS: "555-186-7777", Voice: "(555) 186-7778"}[k]
			if err := r.AddStep(ctx, c, k, typed); err != nil {
				t.Fatalf("%s: %v", k, err)
			}
			right := r.sent.digits(map[Kind]string{Mail: "second@example.org", SMS: "+15551867777", Voice: "+15551867778"}[k])
			if k == TOTP {
				right = secret.TOTP(r.secretOf(c), r.clock.Now())
			}
			if err := r.ProveStep(ctx, c, wrong(right)); kindOf(err) != wrongCode || r.factors(m) != 4+n {
				t.Errorf("%s counts before it is proven: %v", k, err)
			}
			if err := r.ProveStep(ctx, c, right); err != nil {
				t.Fatalf("%s: %v", k, err)
			}
			if err := r.ProveStep(ctx, c, right); !errors.Is(err, errNoDraft) || r.factors(m) != 5+n {
				t.Errorf("%s twice: %v", k, err)
			}
			if r.opens(tokens[0]) || !r.opens(in.Session) {
				t.Errorf("%s: other sessions go on, or this one does not", k)
			}
		}
		if r.audited(audit.StepAdded, audit.Done) != 4 || r.sent.kinds()["account_changed"] < 8 || !r.told(m, "account_changed") {
			t.Errorf("audit %d, notices %v", r.audited(audit.StepAdded, audit.Done), r.sent.kinds())
		}
	})
}

func TestSecondStepsAreOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in, stranger := r.signIn(m, ""), r.signIn(o, "")
		c, x := r.secure(in.Session), r.secure(stranger.Session)
		if err := r.AddStep(ctx, c, Mail, "second@example.org"); err != nil {
			t.Fatal(err)
		}
		code := r.sent.digits("second@example.org")
		if err := r.ProveStep(ctx, x, code); !errors.Is(err, errNoDraft) {
			t.Errorf("somebody else proves it: %v", err)
		}
		for what, id := range map[string]ids.Factor{"somebody else's": ids.Factor(r.factorOf(o, Mail)), "none": "fac_none"} {
			if err := r.RemoveStep(ctx, c, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("removing %s: %v", what, err)
			}
			if err := r.PutFirst(ctx, c, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("putting %s first: %v", what, err)
			}
		}
		totp := ids.Factor(r.factorOf(m, TOTP))
		if err := r.PutFirst(ctx, c, totp); err != nil {
			t.Fatal(err)
		}
		all, _, err := r.Steps(ctx, r.asFor(in.Session, access.SeeAccount))
		if err != nil || all[0].Kind != TOTP {
			t.Errorf("first is %+v, %v", all, err)
		}
		unraised, _ := r.elsewhere(m, 1)
		u := r.asFor(unraised[0], access.SecureAccount)
		for _, err := range []error{r.AddStep(ctx, u, TOTP, ""), r.ProveStep(ctx, u, ""), r.SendStepCode(ctx, u), r.PutFirst(ctx, u, totp),
			r.RemoveStep(ctx, u, totp), r.MakeRecovery(ctx, u), r.KeepRecovery(ctx, u, true)} {
			if !errors.Is(err, access.ErrNotRaised) {
				t.Errorf("unraised: %v", err)
			}
		}
	})
}

func TestTheLastSecondStepStays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		c := r.secure(in.Session)
		for _, k := range []Kind{TOTP, Voice} {
			if err := r.RemoveStep(ctx, c, ids.Factor(r.factorOf(m, k))); err != nil {
				t.Fatal(err)
			}
		}
		before := r.sent.kinds()["account_changed"]
		// Two left: of two removals at once, each of another one, one wins.
		left := []ids.Factor{ids.Factor(r.factorOf(m, Mail)), ids.Factor(r.factorOf(m, SMS))}
		var won atomic.Int32
		var wg sync.WaitGroup
		for _, id := range left {
			wg.Go(func() {
				switch err := r.RemoveStep(ctx, c, id); {
				case err == nil:
					won.Add(1)
				case kindOf(err) != "account.steps.last":
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || r.factors(m) != 1 {
			t.Errorf("%d removed, %d left", won.Load(), r.factors(m))
		}
		if got := r.sent.kinds()["account_changed"] - before; got != 2 {
			t.Errorf("%d notices: the removed contact is told too", got)
		}
	})
}

func TestNewRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in := r.signIn(m, "")
		c := r.secure(in.Session)
		if _, err := r.shownRecovery(ctx, c); !errors.Is(err, errNoDraft) {
			t.Errorf("shown before they are made: %v", err)
		}
		if err := r.MakeRecovery(ctx, c); err != nil {
			t.Fatal(err)
		}
		codes, err := r.shownRecovery(ctx, c)
		if err != nil || len(codes) != RecoveryCodes {
			t.Fatalf("%v, %v", codes, err)
		}
		if _, err := r.shownRecovery(ctx, r.secure(r.signIn(o, "").Session)); !errors.Is(err, errNoDraft) {
			t.Errorf("somebody else sees them: %v", err)
		}
		if err := r.KeepRecovery(ctx, c, false); kindOf(err) != "account.recovery.unsaved" {
			t.Errorf("unsaved: %v", err)
		}
		use := func(code string) bool {
			won := false
			if err := r.change(func(tx *storeTx) (err error) { won, err = r.useRecovery(ctx, tx, m.id, code); return err }); err != nil {
				t.Fatal(err)
			}
			return won
		}
		if !use(m.recovery[0]) {
			t.Error("an old code died before the new ones were kept")
		}
		if err := r.KeepRecovery(ctx, c, true); err != nil {
			t.Fatal(err)
		}
		if use(m.recovery[1]) || !use(codes[0]) || use(codes[0]) {
			t.Error("an old code lives, or a new one does not work just once")
		}
		if err := r.KeepRecovery(ctx, c, true); !errors.Is(err, errNoDraft) {
			t.Errorf("kept twice: %v", err)
		}
		if _, err := r.shownRecovery(ctx, c); !errors.Is(err, errNoDraft) {
			t.Errorf("shown again: %v", err)
		}
		if r.audited(audit.RecoveryMade, audit.Done) != 1 || !r.told(m, "account_changed") {
			t.Error("no line or no notice")
		}
	})
}

func TestSecondStepPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello, Ana")
	p := b.Get("/account/steps").Want(200, "Second steps")
	if n := len(p.All("main a[href^='/account/steps/fac_']")); n != 4 || strings.Contains(p.Body, m.mail) {
		t.Errorf("%d second steps, or a contact in full", n)
	}
	b.Get("/account/steps/add").Want(200, "Confirm it is you")
	r.raiseSession(b.Cookie("__Host-session"))
	p = b.Get("/account/steps/add").Want(200, "Add a second step").Submit("#add-step").Want(422, "Add a second step")
	p = p.Submit("#add-step", "how", "sms").Want(200, "Where should the code go?")
	p = p.Submit("#step-contact", "contact", "12").Want(422, "Where should the code go?")
	if p.Attr("#contact", "value") != "12" || !p.Has("#contact-error") {
		t.Error("what was typed is gone")
	}
	p = p.Submit("#step-contact", "contact", "555-186-7777").Want(200, "Type the code we sent you")
	p = p.Submit("#prove-step", "code", "").Want(422, "Type the code we sent you")
	p.Submit("form[action='/account/steps/confirm/send']").Want(429, "Type the code we sent you")
	p = b.Get("/account/steps/confirm").Submit("#prove-step", "code", r.sent.digits("+15551867777")).Want(200, "Second steps")
	if n := len(p.All("main a[href^='/account/steps/fac_']")); n != 5 {
		t.Errorf("%d second steps after adding one", n)
	}
	p = b.Get("/account/steps/add").Submit("#add-step", "how", "totp").Want(200, "Set up your authenticator app")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(p.Text("#app-key"), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if img := b.Get(p.Attr(".qr img", "src")); img.Status != 200 || img.Header.Get("Content-Type") != "image/png" {
		t.Errorf("the picture: %d %s", img.Status, img.Header.Get("Content-Type"))
	}
	p = p.Submit("#prove-step", "code", secret.TOTP(key, r.clock.Now())).Want(200, "Second steps")
	if !strings.Contains(p.Text("[role=status]"), "works now") {
		t.Error("adding is not said")
	}
	one := p.Attr("main a[href^='/account/steps/fac_']:not([href='x'])", "href")
	p = b.Get(one)
	if p.Status != 200 || p.Has("form[action$='/first']") {
		t.Errorf("the first one can be put first: %d", p.Status)
	}
	p = p.Submit("form[action$='/remove']").Want(200, "Second steps")
	if p.Has("a[href='" + one + "']") {
		t.Error("it was not removed")
	}
	b.Get(one).Want(404, "We cannot find that page")
	p = b.Get("/account/recovery").Want(200, "Recovery codes").Submit("form[action='/account/recovery']").Want(200, "Your new recovery codes")
	if n := len(p.All("#recovery-codes li")); n != RecoveryCodes || !p.Has("button[data-copy]") || !p.Has("button[data-print]") {
		t.Errorf("%d codes", n)
	}
	if f := b.Get("/account/recovery/codes/file"); f.Status != 200 || !strings.Contains(f.Header.Get("Content-Disposition"), "recovery-codes.txt") || !strings.Contains(f.Body, p.Text("#recovery-codes li")) {
		t.Errorf("the file: %d %s", f.Status, f.Header.Get("Content-Disposition"))
	}
	p = p.Submit("#keep-codes").Want(422, "Your new recovery codes")
	p.Submit("#keep-codes", "saved", "yes").Want(200, "Second steps")
	if p := b.Get("/account/recovery/codes"); p.Path != "/account/recovery" {
		t.Errorf("shown again at %s", p.Path)
	}
}
