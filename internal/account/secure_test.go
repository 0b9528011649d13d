package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// asFor opens a session's chart for a permission.
func (r *rig) asFor(token string, p access.Permission) access.Chart {
	r.t.Helper()
	c, _, err := r.Gate.Chart(ctx, token, p, "test", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// raise is as if the session's person had just confirmed who they are.
func (r *rig) raiseSession(token string) {
	r.t.Helper()
	if err := r.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
}

// secure opens a raised session's chart for changing what lets somebody in.
func (r *rig) secure(token string) access.Chart {
	r.t.Helper()
	r.raiseSession(token)
	return r.asFor(token, access.SecureAccount)
}

// elsewhere opens sessions of a member in other browsers and gives their tokens.
func (r *rig) elsewhere(m member, n int) (tokens []string, sessions []ids.Session) {
	r.t.Helper()
	if err := r.change(func(tx *store.Tx) error {
		for range n {
			token, id, err := r.Gate.StartSession(ctx, tx, access.SignedIn{Account: m.id, Patient: m.patient, Device: ids.NewDevice(), Agent: "Safari · iPhone", Source: "198.51.100.7"})
			if err != nil {
				return err
			}
			tokens, sessions = append(tokens, token), append(sessions, id)
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return tokens, sessions
}

const otherPassword = "seven green kettles hum"

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in, stranger := r.signIn(m, ""), r.signIn(o, "")
		r.clock.Move(time.Minute)
		half := r.mustEnter(m, in.Device)
		code := r.sent.digits(m.mail)
		if err := r.ChangePassword(ctx, r.asFor(in.Session, access.SecureAccount), otherPassword, otherPassword); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("unraised: %v", err)
		}
		if err := r.ChangePassword(ctx, r.asFor(in.Session, access.SeeAccount), otherPassword, otherPassword); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for looking: %v", err)
		}
		c := r.secure(in.Session)
		for pw, want := range map[string][2]string{
			"short": {"short", "account.password.short"}, "passwordpassword": {"passwordpassword", "account.password.common"},
			"garcia ana 1962": {"garcia ana 1962", "account.password.name"}, goodPassword: {goodPassword, "account.password.same"},
			otherPassword: {otherPassword + " not", "account.password.differ"},
		} {
			if err := r.ChangePassword(ctx, c, pw, want[0]); kindOf(err) != want[1] {
				t.Errorf("%s: %v, want %s", pw, err, want[1])
			}
		}
		if err := r.ChangePassword(ctx, c, otherPassword, otherPassword); err != nil {
			t.Fatal(err)
		}
		if !r.opens(in.Session) || !r.opens(stranger.Session) {
			t.Error("the session that changed it, or somebody else's, ended")
		}
		if _, err := r.Finish(ctx, sofa, Step{Token: half, Method: r.factorOf(m, Mail), Code: code, Device: in.Device}); !errors.Is(err, errGone) {
			t.Errorf("a sign-in begun with the old password goes on: %v", err)
		}
		r.clock.Move(time.Minute)
		if _, err := r.enter(sofa, m, goodPassword, in.Device); kindOf(err) != "account.signin.wrong" {
			t.Errorf("the old password: %v", err)
		}
		if _, err := r.enter(sofa, m, otherPassword, in.Device); err != nil {
			t.Errorf("the new password: %v", err)
		}
		if r.audited(audit.PasswordChanged, audit.Done) != 1 || r.sent.kinds()["account_changed"] != 2 || !r.told(m, "account_changed") {
			t.Errorf("audit %d, notices %v", r.audited(audit.PasswordChanged, audit.Done), r.sent.kinds())
		}
	})
}

// T28: a session that was to end opens nothing from its next request on.
func TestEndedSessionsOpenNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		refused := func(what string, tokens []string) {
			t.Helper()
			n := 0
			for _, token := range tokens {
				if !r.opens(token) {
					n++
				}
			}
			if n != len(tokens) {
				t.Errorf("%s: %d of %d next requests were refused", what, n, len(tokens))
			}
		}
		c := r.asFor(in.Session, access.EndSessions)
		tokens, sessions := r.elsewhere(m, 100)
		for _, id := range sessions {
			if err := r.EndSession(ctx, c, id); err != nil {
				t.Fatal(err)
			}
		}
		refused("ended one by one", tokens)
		tokens, _ = r.elsewhere(m, 100)
		if err := r.EndOthers(ctx, c); err != nil {
			t.Fatal(err)
		}
		refused("all others", tokens)
		tokens, _ = r.elsewhere(m, 100)
		if err := r.ChangePassword(ctx, r.secure(in.Session), otherPassword, otherPassword); err != nil {
			t.Fatal(err)
		}
		refused("password changed", tokens)
		if !r.opens(in.Session) {
			t.Error("the session that asked ended as well")
		}
	})
}

// A sign-in that is under way while the password changes never outlives it.
func TestSigningInWhileThePasswordChanges(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for round := range size(4, 25) {
			m := r.join(fmt.Sprintf("harbor.light.%02d", round))
			in := r.signIn(m, "")
			c := r.secure(in.Session)
			r.clock.Move(time.Minute)
			half := r.mustEnter(m, in.Device)
			code := r.sent.digits(m.mail)
			var wg sync.WaitGroup
			var late SignedIn
			var begun string
			wg.Go(func() {
				if err := r.ChangePassword(ctx, c, otherPassword, otherPassword); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				late, _ = r.Finish(ctx, sofa, Step{Token: half, Method: r.factorOf(m, Mail), Code: code, Device: in.Device})
			})
			wg.Go(func() { begun, _ = r.enter(from("192.0.2.77"), m, goodPassword, "") })
			wg.Wait()
			if late.Session != "" && r.opens(late.Session) {
				t.Fatal("a session begun with the old password is open")
			}
			if begun != "" {
				if _, err := r.pending(ctx, begun); !errors.Is(err, errGone) {
					t.Fatalf("a half-way sign-in with the old password lives: %v", err)
				}
			}
		}
	})
}

func TestDevicesAreOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in, stranger := r.signIn(m, ""), r.signIn(o, "")
		tokens, sessions := r.elsewhere(m, 2)
		_, theirs := r.elsewhere(o, 1)
		d, err := r.Devices(ctx, r.asFor(in.Session, access.SeeAccount))
		if err != nil || len(d.Sessions) != 3 || !d.Sessions[0].Here || d.Sessions[1].Source != "198.51.100.7" || len(d.Browsers) != 1 || !d.Browsers[0].Here {
			t.Fatalf("%+v, %v", d, err)
		}
		c := r.asFor(in.Session, access.EndSessions)
		for what, id := range map[string]ids.Session{"somebody else's session": theirs[0], "no session": "ses_none"} {
			if err := r.EndSession(ctx, c, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		other, err := r.Devices(ctx, r.asFor(stranger.Session, access.SeeAccount))
		if err != nil {
			t.Fatal(err)
		}
		for what, id := range map[string]ids.Device{"somebody else's browser": other.Browsers[0].ID, "no browser": "dev_none"} {
			if err := r.Forget(ctx, c, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := r.EndSession(ctx, c, sessions[0]); err != nil || r.opens(tokens[0]) || !r.opens(tokens[1]) {
			t.Errorf("ending one: %v", err)
		}
		// The browser that asks is forgotten but stays signed in: its next sign-in
		// is a new browser's.
		if err := r.Forget(ctx, c, d.Browsers[0].ID); err != nil || !r.opens(in.Session) {
			t.Errorf("forgetting: %v", err)
		}
		before := r.sent.kinds()["new_browser"]
		r.clock.Move(time.Minute)
		r.signIn(m, in.Device)
		if r.sent.kinds()["new_browser"] == before {
			t.Error("a forgotten browser signs in without a word")
		}
		for _, err := range []error{r.EndSession(ctx, r.asFor(in.Session, access.SeeAccount), sessions[1]), r.EndOthers(ctx, r.asFor(in.Session, access.SeeAccount)), r.Forget(ctx, r.asFor(in.Session, access.SeeAccount), "x")} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("a chart opened for looking ends sessions: %v", err)
			}
		}
		if r.audited(audit.SessionsEnded, audit.Done) != 1 || r.audited(audit.BrowserForgotten, audit.Done) != 1 {
			t.Error("the audit log misses a line")
		}
	})
}

func TestHistoryIsOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in, stranger := r.signIn(m, ""), r.signIn(o, "")
		if err := r.change(func(tx *store.Tx) error {
			for range 60 {
				if err := note(ctx, tx, m.id, signedIn, "Firefox · Linux"); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		c := r.asFor(in.Session, access.SeeAccount)
		first, more, err := r.History(ctx, c, "")
		if err != nil || len(first) != historyPage || !more {
			t.Fatalf("%d lines, more %v, %v", len(first), more, err)
		}
		rest, more, err := r.History(ctx, c, first[len(first)-1].ID)
		if err != nil || len(rest) != 13 || more {
			t.Fatalf("then %d lines, more %v, %v", len(rest), more, err)
		}
		seen := map[string]bool{}
		for _, h := range append(first, rest...) {
			if seen[h.ID] {
				t.Errorf("%s twice", h.ID)
			}
			seen[h.ID] = true
		}
		theirs, _, err := r.History(ctx, r.asFor(stranger.Session, access.SeeAccount), "")
		if err != nil || slices.ContainsFunc(theirs, func(h Happened) bool { return seen[h.ID] }) {
			t.Errorf("another's history: %v", err)
		}
		if got, _, err := r.History(ctx, c, theirs[0].ID); err != nil || len(got) != 0 {
			t.Errorf("after another's line: %d lines, %v", len(got), err)
		}
		for e, key := range eventTexts {
			if strings.Contains(key, "other") && e != othersEnded {
				t.Errorf("%s has no words", e)
			}
		}
	})
}

func TestAccountPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello, Ana")
	p := b.Get("/home")
	if p.Attr("header a.tool[href='/account']", "href") == "" {
		t.Error("the frame has no link to the account")
	}
	p = b.Get("/account").Want(200, "Your account")
	for _, link := range []string{"/account/password", "/account/devices", "/account/history", "/account/terms", "/account/kept", "/account/display"} {
		if !p.Has("main a[href='" + link + "']") {
			t.Errorf("no link to %s", link)
		}
	}
	b.Get("/account/password").Want(200, "Confirm it is you")
	r.raiseSession(b.Cookie("__Host-session"))
	p = b.Get("/account/password").Want(200, "Change your password")
	p = p.Submit("#new-password", "password", "garcia ana 1962", "again", "garcia ana 1962").Want(422, "Change your password")
	if !p.Has("#password-error") || !p.Has(".meter") || p.Attr("#password", "value") != "" {
		t.Error("what is wrong with the password is not said, or it comes back")
	}
	tokens, _ := r.elsewhere(m, 1)
	p = p.Submit("#new-password", "password", otherPassword, "again", otherPassword).Want(200, "Your account")
	if !strings.Contains(p.Text("[role=status]"), "was changed") || r.opens(tokens[0]) {
		t.Error("the change is not said, or another browser is still signed in")
	}
	tokens, _ = r.elsewhere(m, 2)
	p = b.Get("/account/devices").Want(200, "Devices")
	if n := len(p.All("form[action^='/account/sessions/']")); n != 2 || !strings.Contains(p.Text("main"), "198.51.100.7") || !strings.Contains(p.Text("main"), "This browser") {
		t.Errorf("%d other sessions: %s", n, p.Text("main"))
	}
	p = p.Submit("form[action^='/account/sessions/']").Want(200, "Devices")
	if n := len(p.All("form[action^='/account/sessions/']")); n != 1 {
		t.Errorf("%d other sessions after ending one", n)
	}
	p = p.Submit("form[action='/account/devices/others']").Want(200, "Devices")
	if p.Has("form[action^='/account/sessions/']") || r.opens(tokens[0]) || r.opens(tokens[1]) {
		t.Error("another session is still there")
	}
	p = b.Get("/account/history").Want(200, "Sign-in history")
	for _, say := range []string{"The account was opened", "Signed in", "The password was changed", "All other browsers were signed out", "March 10, 2026"} {
		if !strings.Contains(p.Text("#history"), say) {
			t.Errorf("the history does not say %q: %s", say, p.Text("#history"))
		}
	}
	p = b.Get("/account/terms").Want(200, "Accepted terms")
	if p.Attr("#agreed a", "href") != "/documents/doc_1" || !strings.Contains(p.Text("#agreed"), "Version 3") {
		t.Errorf("accepted terms: %s", p.Text("#agreed"))
	}
	b.Get("/account/kept").Want(200, "What we keep about you")
}
