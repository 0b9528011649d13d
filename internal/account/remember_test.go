package account

import (
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
	"portico/internal/web"
)

// kept signs a member in with the second step and lets the browser skip it.
func (r *rig) kept(m member) SignedIn {
	r.t.Helper()
	in, err := r.Finish(ctx, sofa, Step{Token: r.mustEnter(m, ""), Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail), Keep: true})
	if err != nil || in.Mark == "" {
		r.t.Fatalf("not remembered: %v", err)
	}
	return in
}

// comeBack signs in with the password alone; ok tells whether no second step was asked for.
func (r *rig) comeBack(m member, device, mark string) (in SignedIn, ok bool) {
	r.t.Helper()
	token, err := r.Enter(ctx, sofa, Entry{UserName: m.name, Password: m.pw, Device: device, Mark: mark})
	if err != nil {
		r.t.Fatal(err)
	}
	in, ok, err = r.skip(ctx, sofa, Step{Token: token, Device: device, Mark: mark})
	if err != nil {
		r.t.Fatal(err)
	}
	return in, ok
}

func TestRememberedBrowserSkipsTheSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.kept(m)
		codes := r.sent.kinds()["one_time_code"]
		mark := in.Mark
		for range 5 {
			r.clock.Move(5 * 24 * time.Hour)
			next, ok := r.comeBack(m, in.Device, mark)
			if !ok || next.Mark == "" || next.Mark == mark || !r.opens(next.Session) {
				t.Fatalf("skipped %v, the mark changed %v", ok, next.Mark != mark)
			}
			if r.raised(next.Session) {
				t.Error("it counts as confirming who one is")
			}
			mark = next.Mark
		}
		if got := r.sent.kinds()["one_time_code"]; got != codes {
			t.Errorf("%d codes were sent for nothing", got-codes)
		}
		// Thirty days after the second step, not after the last use.
		r.clock.Move(5 * 24 * time.Hour)
		if _, ok := r.comeBack(m, in.Device, mark); ok {
			t.Error("it never ends")
		}
		if r.audited(audit.BrowserKept, audit.Done) != 1 {
			t.Error("remembering is not in the audit log")
		}
	})
}

func TestACopiedMarkEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in := r.kept(m)
		next, ok := r.comeBack(m, in.Device, in.Mark)
		if !ok {
			t.Fatal("not skipped")
		}
		if _, ok := r.comeBack(o, in.Device, next.Mark); ok {
			t.Error("it opens somebody else's account")
		}
		if _, ok := r.comeBack(m, in.Device, in.Mark); ok {
			t.Error("an old mark was taken")
		}
		if _, ok := r.comeBack(m, in.Device, next.Mark); ok {
			t.Error("the copied mark lives on")
		}
		if r.audited(audit.BrowserCopied, audit.Done) != 1 || !r.told(m, "account_changed") {
			t.Error("nobody hears of it")
		}
		// In another browser than its own it is a copy too, used or not.
		r.clock.Move(time.Minute)
		in = r.kept(m)
		if _, ok := r.comeBack(m, "", in.Mark); ok {
			t.Error("another browser skips the second step")
		}
		if _, ok := r.comeBack(m, in.Device, in.Mark); ok {
			t.Error("the copied mark lives on")
		}
	})
}

func TestWhatEndsARememberedBrowser(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for name, end := range map[string]func(m member, in SignedIn) (string, error){
			"password": func(m member, in SignedIn) (string, error) {
				return otherPassword, r.ChangePassword(ctx, r.secure(in.Session), otherPassword, otherPassword)
			},
			"factor": func(m member, in SignedIn) (string, error) {
				return m.pw, r.RemoveStep(ctx, r.secure(in.Session), ids.Factor(r.factorOf(m, TOTP)))
			},
			"forgotten": func(m member, in SignedIn) (string, error) {
				return m.pw, r.Forget(ctx, r.asFor(in.Session, access.EndSessions), r.deviceOf(in.Device))
			},
			"others": func(m member, in SignedIn) (string, error) {
				return m.pw, r.EndOthers(ctx, r.asFor(in.Session, access.EndSessions))
			},
		} {
			r.clock.Move(time.Hour)
			m := r.join("harbor." + name)
			in := r.kept(m)
			pw, err := end(m, in)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			m.pw = pw
			if _, ok := r.comeBack(m, in.Device, in.Mark); ok {
				t.Errorf("%s: the browser still skips the second step", name)
			}
		}
	})
}

// Never for confirming who one is, and never with a mark in place of a code.
func TestAMarkIsNoSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.kept(m)
		r.clock.Move(time.Minute)
		c := r.confirmed(m, in)
		if _, _, err := r.Raise(ctx, c, Step{Method: byRemembered, Mark: in.Mark, Device: in.Device, Code: in.Mark}); kindOf(err) != wrongCode {
			t.Errorf("it raises: %v", err)
		}
		// A half-way sign-in that asked for a code does not take the mark instead.
		half := r.mustEnter(m, in.Device)
		if _, err := r.Finish(ctx, sofa, Step{Token: half, Method: byRemembered, Mark: in.Mark, Device: in.Device}); kindOf(err) != wrongCode {
			t.Errorf("it finishes: %v", err)
		}
	})
}

func TestOneMarkTwoTabs(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.kept(m)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			token, err := r.Enter(ctx, sofa, Entry{UserName: m.name, Password: m.pw, Device: in.Device, Mark: in.Mark})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				_, err := r.Finish(ctx, sofa, Step{Token: token, Method: byRemembered, Device: in.Device, Mark: in.Mark})
				if err == nil {
					won.Add(1)
				} else if kindOf(err) != wrongCode {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("one mark signed in %d times", won.Load())
		}
	})
}

func TestRememberPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	p := b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
	if !p.Has("#remember") || p.Has("#remember[checked]") {
		t.Error("the box is not there, or ticked")
	}
	p.Submit("#step", "code", r.sent.digits(m.mail), "remember", "yes").Want(200, "Hello")
	mark := b.Cookie(RememberCookie)
	if mark == "" {
		t.Fatal("no mark")
	}
	b.Get("/home").Submit("form[action='/signout']").Want(200, "Sign in")
	p = b.Get("/signin?next=/account/devices").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "Devices")
	if b.Cookie(RememberCookie) == mark || b.Cookie(SignInCookie) != "" || b.Cookie(web.SessionCookie) == "" {
		t.Error("the mark did not change, or the half-way cookie stays")
	}
	if !strings.Contains(p.Text("main"), "No second step until") {
		t.Error("the devices do not say it")
	}
	b.SetCookie(RememberCookie, mark)
	b.Get("/home").Submit("form[action='/signout']")
	r.clock.Move(time.Minute)
	b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
}

func TestCloseAccount(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in, stranger := r.signIn(m, ""), r.signIn(o, "")
		tokens, _ := r.elsewhere(m, 3)
		if err := r.Close(ctx, r.asFor(in.Session, access.CloseAccount), m.name); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("unraised: %v", err)
		}
		r.raiseSession(in.Session)
		c := r.asFor(in.Session, access.CloseAccount)
		for _, typed := range []string{"", "yes", o.name} {
			if err := r.Close(ctx, c, typed); kindOf(err) != "account.close.differ" {
				t.Errorf("%q: %v", typed, err)
			}
		}
		if err := r.Close(ctx, c, strings.ToUpper(m.name)); err != nil {
			t.Fatal(err)
		}
		for _, token := range append(tokens, in.Session) {
			if r.opens(token) {
				t.Error("a session is open after closing")
			}
		}
		if !r.opens(stranger.Session) {
			t.Error("somebody else's session ended")
		}
		if err := r.Close(ctx, c, m.name); !fault.Is(err, fault.NotFound) {
			t.Errorf("twice: %v", err)
		}
		r.clock.Move(time.Minute)
		if _, err := r.enter(sofa, m, m.pw, in.Device); kindOf(err) != "account.signin.wrong" {
			t.Errorf("signing in: %v", err)
		}
		if r.audited(audit.AccountClosed, audit.Done) != 1 || !r.told(m, "account_changed") {
			t.Error("no line or no notice")
		}
		// A code from the clinic opens another one.
		if err := r.change(func(tx *storeTx) error {
			_, err := r.Accounts.Open(ctx, tx, NewAccount{Patient: m.patient, UserName: "another.harbor", Hash: hashed, Recovery: NewRecoveryCodes(), Lang: "en", Factors: []NewFactor{{Kind: Mail, Contact: m.mail}}})
			return err
		}); err != nil {
			t.Errorf("a new account: %v", err)
		}
	})
}

func TestClosePages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello, Ana")
	b.Get("/account/close").Want(200, "Confirm it is you")
	r.raiseSession(b.Cookie("__Host-session"))
	p := b.Get("/account/close").Want(200, "Close your account").Submit("#close", "typed", "yes").Want(422, "Close your account")
	if p.Attr("#typed", "value") != "yes" || !p.Has("#close[data-keep]") {
		t.Error("what was typed is gone")
	}
	p = p.Submit("#close", "typed", m.name).Want(200, "Sign in")
	if !strings.Contains(p.Text("main"), "Your account is closed") || b.Cookie(web.SessionCookie) != "" {
		t.Error("closing is not said, or the session stays")
	}
}
