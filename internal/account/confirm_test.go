package account

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/testkit"
	"portico/internal/web"
)

// chart opens a session's chart for confirming.
func (r *rig) chart(token string) access.Chart {
	r.t.Helper()
	c, _, err := r.Gate.Chart(ctx, token, access.ConfirmSelf, "GET /account/confirm", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// confirmed gives a signed-in member's chart whose password is proven again.
func (r *rig) confirmed(m member, in SignedIn) access.Chart {
	r.t.Helper()
	c := r.chart(in.Session)
	if err := r.Confirm(ctx, c, Again{Password: m.pw, Device: in.Device, Next: "/x"}); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// raised tells whether a token's session is raised.
func (r *rig) raised(token string) bool {
	_, _, err := r.Gate.RaisedChart(ctx, token, access.SeeHome, "GET /x", sofa)
	if err != nil && !errors.Is(err, access.ErrNotRaised) && !errors.Is(err, access.ErrNoSession) {
		r.t.Fatal(err)
	}
	return err == nil
}

func TestConfirmWithEachSecondStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		if r.raised(in.Session) {
			t.Fatal("signing in raised the session")
		}
		code := map[Kind]func() string{
			Mail:  func() string { return r.sent.digits(m.mail) },
			SMS:   func() string { return r.sent.digits(m.phone) },
			Voice: func() string { return r.sent.digits(m.phone) },
			TOTP:  func() string { return secret.TOTP(m.totp, r.clock.Now()) },
		}
		token := in.Session
		for _, k := range []Kind{Mail, SMS, Voice, TOTP, recoveryKind} {
			r.clock.Move(access.RaisedFor) // the raise before is over
			c := r.confirmed(m, SignedIn{Session: token, Device: in.Device})
			method, typed := byRecovery, m.recovery[0]
			if k != recoveryKind {
				method = r.factorOf(m, k)
			}
			if k != Mail {
				if err := r.ConfirmBy(ctx, c, ids.Factor(method)); err != nil {
					t.Fatalf("%s: %v", k, err)
				}
			}
			if k != recoveryKind {
				typed = code[k]()
			}
			fresh, next, err := r.Raise(ctx, c, Step{Method: method, Code: typed})
			if err != nil || next != "/x" {
				t.Fatalf("%s: %q, %v", k, next, err)
			}
			if !r.raised(fresh) || r.opens(token) {
				t.Errorf("%s: raised %v, the old token opens %v", k, r.raised(fresh), r.opens(token))
			}
			token = fresh
		}
		if n := r.audited(audit.SessionRaised, audit.Done); n != 5 {
			t.Errorf("%d of 5 raises are in the audit log", n)
		}
		if n := r.audited(audit.ConfirmPassword, audit.Done); n != 5 {
			t.Errorf("%d of 5 passwords are in the audit log", n)
		}
		if r.sent.kinds()["new_browser"] != 2 { // of signing in, to both contacts
			t.Errorf("confirming sent notices: %v", r.sent.kinds())
		}
	})
}

func TestConfirmCountsWrongPasswords(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const no = "account.confirm.wrong"
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		c := r.chart(in.Session)
		again := func(pw, device string) string {
			return kindOf(r.Confirm(ctx, c, Again{Password: pw, Device: device}))
		}
		for i := range 10 { // a known browser has ten
			if got := again("not it at all", in.Device); got != no {
				t.Fatalf("try %d: %s", i+1, got)
			}
		}
		if got := again(m.pw, in.Device); got != no {
			t.Errorf("the right password during the wait: %s", got)
		}
		if n := r.count(`SELECT COUNT(*) FROM confirmation`); n != 0 {
			t.Error("a wait was passed")
		}
		// The same counter as at signing in: an open session is no way round it.
		if _, err := r.enter(sofa, m, m.pw, in.Device); kindOf(err) != "account.signin.wrong" {
			t.Errorf("signing in during the wait: %v", err)
		}
		// Without the browser's own cookie (a copied session), five.
		for range 5 {
			r.clock.Move(time.Minute)
			r.chart(in.Session)
			again("not it at all", "")
		}
		if got := again(m.pw, ""); got != no {
			t.Errorf("an unknown browser's sixth try: %s", got)
		}
		r.clock.Move(11 * time.Minute)
		if got := again(m.pw, in.Device); got != "ok" {
			t.Errorf("after the wait: %s", got)
		}
		if n := r.audited(audit.ConfirmPassword, audit.Refused); n != 17 {
			t.Errorf("%d refusals are in the audit log", n)
		}
	})
}

func TestConfirmCountsWrongCodes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		total := 0
		for total < 20 {
			r.clock.Move(time.Minute)
			c := r.confirmed(m, in)
			right := r.sent.digits(m.mail)
			for range 5 {
				total++
				if _, _, err := r.Raise(ctx, c, Step{Method: r.factorOf(m, Mail), Code: wrong(right)}); kindOf(err) != wrongCode {
					t.Fatalf("try %d: %v", total, err)
				}
			}
		}
		c := r.confirmed(m, in)
		_, _, err := r.Raise(ctx, c, Step{Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail)})
		if !fault.Is(err, fault.TooMany) || r.raised(in.Session) {
			t.Errorf("after twenty wrong codes: %v", err)
		}
		if n := r.audited(audit.ConfirmStep, audit.Refused); n != 20 {
			t.Errorf("%d refusals are in the audit log", n)
		}
		// The count is the account's: signing in waits as well.
		r.clock.Move(time.Second)
		if _, err := r.finish(m, r.mustEnter(m, in.Device), in.Device); !fault.Is(err, fault.TooMany) {
			t.Errorf("signing in: %v", err)
		}
	})
}

func TestConfirmIsOfOneSession(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		here, there, stranger := r.signIn(m, ""), r.signIn(m, ""), r.signIn(o, "")
		r.clock.Move(time.Minute) // codes go out at a pace
		c := r.confirmed(m, here)
		step := Step{Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail)}
		for name, in := range map[string]SignedIn{"another session of the account": there, "somebody else": stranger} {
			x := r.chart(in.Session)
			if _, _, err := r.Raise(ctx, x, step); !errors.Is(err, errGone) {
				t.Errorf("%s finished it: %v", name, err)
			}
			if err := r.ConfirmBy(ctx, x, ids.Factor(step.Method)); !errors.Is(err, errGone) {
				t.Errorf("%s had a code sent: %v", name, err)
			}
		}
		// T16: a code of one flow is worth nothing in another.
		r.clock.Move(time.Minute)
		other := r.confirmed(m, there)
		if newer := r.sent.digits(m.mail); newer != step.Code {
			if _, _, err := r.Raise(ctx, other, step); kindOf(err) != wrongCode {
				t.Errorf("another session's code: %v", err)
			}
			if _, err := r.Finish(ctx, sofa, Step{Token: r.mustEnter(m, here.Device), Method: step.Method, Code: newer}); kindOf(err) != wrongCode {
				t.Errorf("a confirmation's code at signing in: %v", err)
			}
		}
		if err := r.ConfirmBy(ctx, c, ids.Factor(r.factorOf(o, Mail))); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's second step: %v", err)
		}
		if _, _, err := r.Raise(ctx, c, Step{Method: r.factorOf(o, Mail), Code: step.Code}); kindOf(err) != wrongCode {
			t.Errorf("somebody else's second step: %v", err)
		}
		if _, _, err := r.Raise(ctx, c, step); err != nil {
			t.Errorf("its own session: %v", err)
		}
		if r.raised(there.Session) || r.raised(stranger.Session) {
			t.Error("another session was raised")
		}
	})
}

func TestConfirmEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		for life, want := range map[time.Duration]error{attemptLife - time.Second: nil, attemptLife: errGone} {
			in := r.signIn(m, "")
			c := r.confirmed(m, in)
			code := r.sent.digits(m.mail)
			r.clock.Move(life)
			if _, next, err := r.Raise(ctx, c, Step{Method: r.factorOf(m, Mail), Code: code}); !errors.Is(err, want) || next != "/x" {
				t.Errorf("after %v: %q, %v", life, next, err)
			}
			r.clock.Move(time.Hour)
		}
		// Beginning anew ends the one before: its code is dead, as is a session
		// that ended or an account that was frozen in between.
		in := r.signIn(m, "")
		c := r.confirmed(m, in)
		first := r.sent.digits(m.mail)
		r.confirmed(m, in)
		if second := r.sent.digits(m.mail); first != second {
			if _, _, err := r.Raise(ctx, c, Step{Method: r.factorOf(m, Mail), Code: first}); kindOf(err) != wrongCode {
				t.Errorf("the code before: %v", err)
			}
		}
		if err := r.Disown(ctx, sofa, strings.TrimPrefix(r.sent.notMe(), "/not-me/")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Raise(ctx, c, Step{Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail)}); !errors.Is(err, errGone) {
			t.Errorf("a frozen account: %v", err)
		}
		looking, _, err := r.Gate.Chart(ctx, r.signIn(r.join("quiet.meadow.lane"), "").Session, access.SeeHome, "x", sofa)
		if err != nil {
			t.Fatal(err)
		}
		_, _, raised := r.Raise(ctx, looking, Step{})
		for _, err := range []error{r.Confirm(ctx, looking, Again{}), r.ConfirmBy(ctx, looking, ""), raised} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("a chart opened for looking confirms: %v", err)
			}
		}
	})
}

func TestConfirmRace(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		c := r.confirmed(m, in)
		st := Step{Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail)}
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _, err := r.Raise(ctx, c, st)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, errGone) && kindOf(err) != wrongCode {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("one code raised %d times", won.Load())
		}
	})
}

// bare is a page with a heading and these parts.
func bare(word string, parts ...func(page.Shell) templ.Component) func(page.Shell) templ.Component {
	return func(s page.Shell) templ.Component {
		all := []templ.Component{page.Heading(word, "")}
		for _, p := range parts {
			all = append(all, p(s))
		}
		return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return page.Layout(s.Called(word)).Render(templ.WithChildren(ctx, templ.Join(all...)), w)
		})
	}
}

// serveSecret serves the room with a page and a form that need a raised session.
func (r *rig) serveSecret(did *atomic.Int32) *testkit.Browser {
	return testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinicForTests}, r.db, r.Gate, r.Keys, slog.New(slog.DiscardHandler))
		r.Mount(router)
		router.PatientRaised("GET /secret", access.SeeHome, func(*web.Request, access.Chart) (web.Reply, error) {
			return web.Show(bare("Secret", func(s page.Shell) templ.Component {
				return page.Form(s, page.FormSpec{Action: "/secret/share", ID: "share", Keep: true})
			})), nil
		})
		router.PatientRaisedForm("POST /secret/share", access.SeeHome, func(_ *web.Request, c access.Chart) (web.Reply, error) {
			did.Add(1)
			return web.Redirect("/home"), nil
		})
		// Work that wants a raise in some cases only.
		router.Patient("GET /sometimes", access.SeeHome, func(_ *web.Request, c access.Chart) (web.Reply, error) {
			return web.Show(bare("Sometimes")), c.NeedRaised(access.SeeHome)
		})
		return router.Handler()
	})
}

func TestConfirmPages(t *testing.T) {
	r, _ := pageRig(t)
	var did atomic.Int32
	b := r.serveSecret(&did)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello, Ana")
	before := b.Cookie(web.SessionCookie)
	_, elsewhere := b.Get("/account/display").Fields("#display") // a form in another tab
	p := b.Get("/secret").Want(200, "Confirm it is you")
	if p.Path != "/account/confirm" || p.Attr("input[name=next]", "value") != "/secret" || p.Attr("#password", "autocomplete") != "current-password" {
		t.Errorf("at %s, next %q", p.Path, p.Attr("input[name=next]", "value"))
	}
	p = p.Submit("#confirm").Want(422, "Confirm it is you")
	p = p.Submit("#confirm", "password", "wrong").Want(422, "Confirm it is you")
	if !p.Has("#password-error") || p.Attr("input[name=next]", "value") != "/secret" {
		t.Error("a wrong password is not shown as one, or the way is lost")
	}
	p = p.Submit("#confirm", "password", m.pw).Want(200, "One more step")
	code := r.sent.digits(m.mail)
	p = p.Submit("#step", "code", wrong(code)).Want(422, "One more step")
	p = p.Submit("#step", "code", code).Want(200, "Secret")
	if p.Path != "/secret" || b.Cookie(web.SessionCookie) == before || b.Cookie(web.SessionCookie) == "" {
		t.Errorf("at %s", p.Path)
	}
	if r.opens(before) {
		t.Error("the token from before still opens pages")
	}
	if got := b.Post("/account/display", elsewhere); got.Path != "/home" || got.Status != 200 {
		t.Errorf("a form of another tab is stale after the raise: %d at %s", got.Status, got.Path)
	}
	b.Get("/sometimes").Want(200, "Sometimes")
	if p := b.Get("/account/confirm?next=/secret"); p.Path != "/secret" {
		t.Errorf("asked again although raised: %s", p.Path)
	}
	_, late := b.Get("/secret").Fields("#share")
	if p := b.Post("/secret/share", late); p.Path != "/home" || did.Load() != 1 {
		t.Errorf("the form led to %s and did its work %d times", p.Path, did.Load())
	}
	_, late = b.Get("/secret").Fields("#share")
	r.clock.Move(access.RaisedFor)
	if p := b.Post("/secret/share", late); p.Path != "/account/confirm" || p.Attr("input[name=next]", "value") != "/secret" || did.Load() != 1 {
		t.Errorf("too late: at %s, next %q, done %d times", p.Path, p.Attr("input[name=next]", "value"), did.Load())
	}
	if p := b.Get("/sometimes"); p.Path != "/account/confirm" || p.Attr("input[name=next]", "value") != "/sometimes" {
		t.Errorf("an ordinary route that wants a raise: at %s", p.Path)
	}
	if p := b.Get("/account/confirm/step"); p.Path != "/account/confirm" || !strings.Contains(p.Text("main"), "begin again") {
		t.Errorf("a second step without a first: %s", p.Path)
	}
	b.Other().Get("/account/confirm").Want(200, "Sign in")
	for _, next := range []string{"//evil.example", "https://evil.example/", "/account/confirm", "/account/confirm/step"} {
		if got := b.Get("/account/confirm?next="+url.QueryEscape(next)).Attr("input[name=next]", "value"); got != "/home" {
			t.Errorf("%s leads to %s", next, got)
		}
	}
}
