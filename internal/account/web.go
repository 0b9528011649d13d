package account

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// SignInCookie holds the token of a half-way sign-in.
const SignInCookie = "__Host-signin"

// langCookie is package web's cookie for the language chosen in a browser.
const langCookie = "__Host-lang"

// Mount registers this room's routes.
func (s *Accounts) Mount(r *web.Router) {
	r.Visitor("GET /signin", s.showSignIn)
	r.VisitorForm("POST /signin", s.signIn)
	r.Visitor("GET /signin/step", s.showStep)
	r.VisitorForm("POST /signin/step", s.step)
	r.VisitorForm("POST /signin/step/send", s.send)
	r.VisitorForm("POST /signin/cancel", s.cancel)
	r.Visitor("GET /signin/help", s.showHelp)
	r.PatientNav(page.NavItem{Path: "/home", Icon: "house", TextKey: "account.home.nav"})
	r.Patient("GET /home", access.SeeHome, s.showHome)
	r.PatientForm("POST /signout", access.EndSession, s.signOut)
	r.Patient("GET "+access.ConfirmPath, access.ConfirmSelf, s.showConfirm)
	r.PatientForm("POST "+access.ConfirmPath, access.ConfirmSelf, s.confirm)
	r.Patient("GET "+confirmStep, access.ConfirmSelf, s.showConfirmStep)
	r.PatientForm("POST "+confirmStep, access.ConfirmSelf, s.confirmStep)
	r.PatientForm("POST "+confirmStep+"/send", access.ConfirmSelf, s.confirmSend)
	r.Visitor("GET /display", s.showDisplay)
	r.VisitorForm("POST /display", s.display)
	r.Patient("GET /account/display", access.ChangeDisplay, s.showOwnDisplay)
	r.PatientForm("POST /account/display", access.ChangeDisplay, s.ownDisplay)
	s.mountAccount(r)
	r.Visitor("GET /not-me/{token}", s.showNotMe)
	r.VisitorForm("POST /not-me/{token}", s.notMe)
}

// explained gives an error that a form can show: a TooMany gets its sentence and
// how long it lasts.
func explained(err error) (error, bool) {
	f, ok := fault.As(err)
	if !ok {
		return err, false
	}
	switch f.Kind {
	case fault.Invalid:
		return err, true
	case fault.TooMany:
		n := int(math.Ceil(f.Retry.Minutes()))
		text := f.Text
		switch {
		case f.Retry > 30*24*time.Hour:
			text = "account.code.stopped"
		case text == "account.code.soon":
			n = int(math.Ceil(f.Retry.Seconds()))
		}
		return &fault.Fault{Kind: fault.TooMany, Text: text, Retry: f.Retry, Problems: []fault.Problem{{Text: text, Args: []any{n}}}}, true
	}
	return err, false
}

func (s *Accounts) showSignIn(r *web.Request, _ access.Visitor) (web.Reply, error) {
	p := SignInPage{Passkey: s.Passkeys != nil, Next: web.LocalAddress(r.Ask("next"), ""), Again: r.Ask("again") != "", Out: r.Ask("out") != "", Closed: r.Ask("closed") != ""}
	return signInPage(p), nil
}

func signInPage(p SignInPage) web.Reply {
	draw := web.Show
	if p == (SignInPage{Passkey: p.Passkey}) {
		draw = web.Same
	}
	return draw(func(s page.Shell) templ.Component {
		s = s.Called(s.T("account.signin.title"))
		if p.Out {
			s.Done = s.T("account.signin.out")
		}
		if p.Closed {
			s.Done = s.T("account.close.done")
		}
		return signIn(s, p)
	})
}

func (s *Accounts) signIn(r *web.Request, v access.Visitor) (web.Reply, error) {
	p := SignInPage{Passkey: s.Passkeys != nil, UserName: r.Text("username"), Next: web.LocalAddress(r.Text("next"), ""), Shared: r.Ticked("shared")}
	var missing *fault.Fault
	if p.UserName == "" {
		missing = missing.And("username", "account.username.needed")
	}
	if r.Raw("password") == "" {
		missing = missing.And("password", "account.password.needed")
	}
	if missing != nil {
		return signInPage(p).Fix(missing), nil
	}
	token, err := s.Enter(r.Context(), v, Entry{UserName: p.UserName, Password: r.Raw("password"), Device: r.Cookie(DeviceCookie), Next: p.Next, Half: r.Cookie(SignInCookie), Mark: r.Cookie(RememberCookie), Shared: p.Shared})
	if shown, ok := explained(err); ok {
		return signInPage(p).Fix(shown), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	if r.Cookie(RememberCookie) != "" {
		in, ok, err := s.skip(r.Context(), v, Step{Token: token, Device: r.Cookie(DeviceCookie), Old: r.Cookie(web.SessionCookie), Mark: r.Cookie(RememberCookie), Shared: p.Shared})
		if err != nil && !errors.Is(err, errGone) {
			return web.Reply{}, err
		}
		if ok {
			return enter(r, in), nil
		}
	}
	return web.Redirect("/signin/step").Cookie(SignInCookie, token, attemptLife), nil
}

// startOver sends a browser without a live half-way sign-in to the beginning.
func startOver() web.Reply { return web.Redirect("/signin?again=1").Cookie(SignInCookie, "", -1) }

func (s *Accounts) showStep(r *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.stepPage(r, nil)
}

// stepPage draws the second step as it stands, with what was wrong.
func (s *Accounts) stepPage(r *web.Request, wrong error) (web.Reply, error) {
	p, err := s.pending(r.Context(), r.Cookie(SignInCookie))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	view, err := s.choices(r.Context(), p)
	if err != nil {
		return web.Reply{}, err
	}
	view.Offer, view.Keep, view.Shared, view.Passkey = true, r.Ticked("remember"), r.Ticked("shared"), "/signin/passkey"
	if r.Method != http.MethodPost {
		view.Shared = p.shared
	}
	return web.Show(func(sh page.Shell) templ.Component { return step(sh, view) }).Fix(wrong), nil
}

// choices lists the second steps of a half-way state, the one asked for apart.
func (s *Accounts) choices(ctx context.Context, p pending) (StepPage, error) {
	p.factors = s.sendable(p.factors)
	all, err := s.methods(p.factors)
	if err != nil {
		return StepPage{}, err
	}
	var st PasskeyState
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) { st, err = s.passkeysOf(ctx, tx, p.account.id, 0); return err }); err != nil {
		return StepPage{}, err
	}
	all = append(withPasskeys(st, all), Method{ID: byRecovery, Kind: recoveryKind})
	view := StepPage{Unsent: p.unsent}
	if p.factor == byRemembered { // its mark was used in another tab meanwhile
		p.factor = p.first()
		view.Unsent = len(p.factors) > 0 && p.factors[0].kind != TOTP
	}
	if p.factor == byPasskey && st.Has == 0 { // removed meanwhile, or there is no other second step
		p.factor = ids.Factor(all[0].ID)
	}
	for _, m := range all {
		if m.ID == string(p.factor) {
			view.Now = m
		} else {
			view.Others = append(view.Others, m)
		}
	}
	return view, nil
}

func (s *Accounts) step(r *web.Request, v access.Visitor) (web.Reply, error) {
	if r.Text("code") == "" {
		return s.stepPage(r, fault.Bad("code", "account.code.needed"))
	}
	in, err := s.Finish(r.Context(), v, Step{Token: r.Cookie(SignInCookie), Method: r.Text("method"), Code: r.Text("code"),
		Device: r.Cookie(DeviceCookie), Old: r.Cookie(web.SessionCookie), Keep: r.Ticked("remember"), Shared: r.Ticked("shared")})
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.stepPage(r, shown)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return enter(r, in), nil
}

// enter answers a completed sign-in: the session's cookies, and the half-way ones gone.
func enter(r *web.Request, in SignedIn) web.Reply {
	reply := web.Redirect(in.Next).Cookie(web.SessionCookie, in.Session, 0).Cookie(DeviceCookie, in.Device, DeviceLife).
		Cookie(SignInCookie, "", -1).Cookie(web.VisitorCookie, "", -1)
	if r.Cookie(web.EnrolCookie) != "" {
		reply = reply.Cookie(web.EnrolCookie, "", -1)
	}
	if in.Mark != "" {
		reply = reply.Cookie(RememberCookie, in.Mark, RememberLife)
	}
	// Whoever has chosen a language in this browser keeps it: a page must not
	// change its language under one's hands.
	if r.Cookie(langCookie) != "" {
		in.Lang = string(r.Lang)
	}
	reply = reply.Display(in.Lang, in.Theme, in.Text).Zone(in.Zone)
	if in.Shared {
		return reply.Passing() // whoever comes next must not look like its owner
	}
	return reply
}

func (s *Accounts) send(r *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.Choose(r.Context(), v, r.Cookie(SignInCookie), ids.Factor(r.Text("method")))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.stepPage(r, shown)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/signin/step"), nil
}

func (s *Accounts) cancel(r *web.Request, v access.Visitor) (web.Reply, error) {
	if err := s.Cancel(r.Context(), v, r.Cookie(SignInCookie)); err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/signin").Cookie(SignInCookie, "", -1), nil
}

func (s *Accounts) showHelp(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(help), nil
}

func (s *Accounts) signOut(r *web.Request, c access.Chart) (web.Reply, error) {
	if err := s.SignOut(r.Context(), c); err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/signin?out=1").Cookie(web.SessionCookie, "", -1).Cookie(web.VisitorCookie, "", -1).Clear(), nil
}
