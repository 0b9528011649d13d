package staff

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// StepCookie holds the token of a half-way staff sign-in.
const StepCookie = "__Host-staff-step"

// Mount registers this room's routes.
func (s *Staff) Mount(r *web.Router) {
	r.Visitor("GET /staff/signin", s.showSignIn)
	r.VisitorForm("POST /staff/signin", s.signIn)
	r.Visitor("GET /staff/signin/step", s.showStep)
	r.VisitorForm("POST /staff/signin/step", s.step)
	r.VisitorForm("POST /staff/signin/cancel", s.cancel)
	r.Visitor("GET "+web.StaffEndedPath, s.showEnded)
	r.Staff("GET "+access.StaffConfirmPath, access.SeeDesk, s.showConfirm)
	r.StaffForm("POST "+access.StaffConfirmPath, access.SeeDesk, s.confirm)
	r.StaffForm("POST /staff/signout", access.SeeDesk, s.signOut)
	r.Visitor("GET /staff/setup/{token}", s.showSetUp)
	r.VisitorForm("POST /staff/setup/{token}", s.setUp)
	r.Visitor("GET /staff/setup/{token}/app", s.showApp)
	r.VisitorForm("POST /staff/setup/{token}/app", s.confirmApp)
	r.Visitor("GET /staff/setup/{token}/qr", s.qr)
}

// explained gives an error that a form can show: a TooMany gets its sentence
// and how long it lasts.
func explained(err error) (error, bool) {
	f, ok := fault.As(err)
	if !ok || (f.Kind != fault.Invalid && f.Kind != fault.TooMany) {
		return err, false
	}
	if f.Kind == fault.Invalid {
		return err, true
	}
	p := fault.Problem{Text: f.Text, Args: []any{int(math.Ceil(f.Retry.Minutes()))}}
	if f.Retry > 30*24*time.Hour {
		p = fault.Problem{Text: "staff.step.stopped"}
	}
	return &fault.Fault{Kind: fault.TooMany, Text: p.Text, Retry: f.Retry, Problems: []fault.Problem{p}}, true
}

func (s *Staff) showSignIn(q *web.Request, _ access.Visitor) (web.Reply, error) {
	if token := q.Cookie(web.StaffCookie); token != "" {
		if _, err := s.Gate.PeekStaff(q.Context(), token); err == nil {
			return web.Redirect("/staff"), nil
		}
	}
	return signInPage(SignInPage{Passkey: s.Passkeys != nil, SignOn: s.SignOn.Name, Only: s.SignOn.Only, Next: web.LocalAddress(q.Ask("next"), ""), Again: q.Ask("again") != "", Out: q.Ask("out") != "", Ready: q.Ask("ready") != ""}), nil
}

// signOnPath leads to the clinic's sign-on and back to next.
func signOnPath(next string) string {
	if next == "" {
		return "/staff/signon"
	}
	return "/staff/signon?" + url.Values{"next": {next}}.Encode()
}

func signInPage(p SignInPage) web.Reply {
	draw := web.Show
	if p == (SignInPage{Passkey: p.Passkey, SignOn: p.SignOn, Only: p.Only}) {
		draw = web.Same
	}
	return draw(func(sh page.Shell) templ.Component {
		sh = sh.Called(sh.T("staff.signin.title"))
		sh.Done = p.done(sh)
		return signIn(sh, p)
	})
}

func (s *Staff) signIn(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := SignInPage{Passkey: s.Passkeys != nil, SignOn: s.SignOn.Name, Only: s.SignOn.Only, Email: q.Text("email"), Next: web.LocalAddress(q.Text("next"), "")}
	var missing *fault.Fault
	if p.Email == "" {
		missing = missing.And("email", "staff.email.needed")
	}
	if q.Raw("password") == "" {
		missing = missing.And("password", "staff.password.needed")
	}
	if missing != nil {
		return signInPage(p).Fix(missing), nil
	}
	token, err := s.Enter(q.Context(), v, Entry{Email: p.Email, Password: q.Raw("password"), Next: p.Next})
	if shown, ok := explained(err); ok {
		return signInPage(p).Fix(shown), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/staff/signin/step").Cookie(StepCookie, token, attemptLife), nil
}

// startOver sends a browser without a live half-way sign-in to the beginning.
func startOver() web.Reply {
	return web.Redirect("/staff/signin?again=1").Cookie(StepCookie, "", -1)
}

func (s *Staff) showStep(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.Waiting(q.Context(), v, q.Cookie(StepCookie))
	if errors.Is(err, ErrGone) {
		return startOver(), nil
	}
	return stepPage(), err
}

func stepPage() web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return step(sh.Called(sh.T("staff.step.title"))) })
}

func (s *Staff) step(q *web.Request, v access.Visitor) (web.Reply, error) {
	if q.Text("code") == "" {
		return stepPage().Fix(fault.Bad("code", "staff.step.needed")), nil
	}
	in, err := s.Finish(q.Context(), v, q.Cookie(StepCookie), q.Text("code"))
	if errors.Is(err, ErrGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return stepPage().Fix(shown), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	// The anonymous cookie dies with the beginning of the session: what was bound
	// to it before signing in is worth nothing after.
	return web.Redirect(web.LocalAddress(in.Next, "/staff")).Cookie(web.StaffCookie, in.Session, 0).
		Cookie(StepCookie, "", -1).Cookie(web.VisitorCookie, "", -1), nil
}

func (s *Staff) cancel(q *web.Request, v access.Visitor) (web.Reply, error) {
	if err := s.Cancel(q.Context(), v, q.Cookie(StepCookie)); err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/staff/signin").Cookie(StepCookie, "", -1), nil
}

func (s *Staff) signOut(q *web.Request, d access.Desk) (web.Reply, error) {
	if err := s.SignOut(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/staff/signin?out=1").Cookie(web.StaffCookie, "", -1).Cookie(web.VisitorCookie, "", -1).Clear(), nil
}

// endedPages are the texts of the page that says why a session ended. The address
// names one of them; anything else says only that the person is signed out.
var endedPages = map[access.StaffEnd]EndedPage{
	access.EndDisabled:  {Title: "staff.ended.disabled", Text: "staff.ended.disabled.text"},
	access.EndSignedOut: {Title: "staff.ended.title", Text: "staff.ended.elsewhere", Again: true},
	access.EndIdle:      {Title: "staff.ended.title", Text: "staff.ended.idle", Again: true},
}

func (s *Staff) showEnded(q *web.Request, _ access.Visitor) (web.Reply, error) {
	p, known := endedPages[access.StaffEnd(q.Ask("why"))]
	if !known {
		p = endedPages[access.EndIdle]
	}
	p.Unsaved = q.Ask("unsaved") != ""
	return web.Show(func(sh page.Shell) templ.Component { return ended(sh.Called(sh.T(p.Title)), p) }), nil
}

// orGone shows the page of a link that does not work where that is the error.
func orGone(reply web.Reply, err error) (web.Reply, error) {
	if fault.Is(err, fault.NotFound) {
		return web.Show(func(sh page.Shell) templ.Component { return gone(sh.Called(sh.T("staff.gone.title"))) }).Status(http.StatusNotFound), nil
	}
	return reply, err
}

func (s *Staff) setUpPage(token string, u SetUp) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component {
		return setUp(sh.Called(sh.T("staff.setup.name")), SetUpPage{Token: token, Name: u.Name, Email: u.Email, Away: u.Away, SignOn: s.SignOn.Name})
	})
}

func (s *Staff) showSetUp(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	u, err := s.Opened(q.Context(), v, token)
	return orGone(s.setUpPage(token, u), err)
}

func (s *Staff) setUp(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	u, err := s.Opened(q.Context(), v, token)
	if err != nil {
		return orGone(web.Reply{}, err)
	}
	if q.Raw("password") == "" {
		return s.setUpPage(token, u).Fix(fault.Bad("password", "staff.setup.needed")), nil
	}
	err = s.ChoosePassword(q.Context(), v, token, q.Raw("password"))
	if fault.Fixable(err) {
		return s.setUpPage(token, u).Fix(err), nil
	}
	return orGone(web.Redirect(setupPath(token)+"/app"), err)
}

func (s *Staff) appPage(token string, u SetUp) web.Reply {
	_, typed := s.AppSecret(u, token)
	return web.Show(func(sh page.Shell) templ.Component {
		return app(sh.Called(sh.T("staff.app.title")).BackTo(setupPath(token)), AppPage{Token: token, Typed: inFours(typed)})
	})
}

func (s *Staff) showApp(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	u, err := s.Opened(q.Context(), v, token)
	if err != nil {
		return orGone(web.Reply{}, err)
	}
	if !u.Chosen {
		return web.Redirect(setupPath(token)), nil
	}
	return s.appPage(token, u), nil
}

func (s *Staff) confirmApp(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	u, err := s.Opened(q.Context(), v, token)
	if err != nil {
		return orGone(web.Reply{}, err)
	}
	if q.Text("code") == "" {
		return s.appPage(token, u).Fix(fault.Bad("code", "staff.step.needed")), nil
	}
	err = s.ConfirmApp(q.Context(), v, token, q.Text("code"), q.Lang)
	if fault.Fixable(err) {
		return s.appPage(token, u).Fix(fault.Bad("code", "staff.app.wrong")), nil
	}
	return orGone(web.Redirect("/staff/signin?ready=1").Cookie(web.StaffCookie, "", -1), err)
}

// qr draws the code that an authenticator app scans, 5 pixels a dot.
func (s *Staff) qr(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	u, err := s.Opened(q.Context(), v, token)
	if err != nil {
		return orGone(web.Reply{}, err)
	}
	link, _ := s.AppSecret(u, token)
	png, err := qrcode.Encode(link, qrcode.Medium, -5)
	return web.Bytes("image/png", "", png), err
}

func inFours(s string) string {
	var parts []string
	for len(s) > 4 {
		parts, s = append(parts, s[:4]), s[4:]
	}
	return strings.Join(append(parts, s), " ")
}
