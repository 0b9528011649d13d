package recovery

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// Cookie holds the token by which a browser goes on with a way back in.
const Cookie = "__Host-recover"

// signInCookie is room account's cookie of a half-way sign-in.
const signInCookie = "__Host-signin"

// Mount registers the pages for who wants back in.
func (s *Recovery) Mount(r *web.Router) {
	r.Visitor("GET /recover", s.showIndex)
	r.Visitor("GET /recover/name", s.showName)
	r.VisitorForm("POST /recover/name", s.name)
	r.Visitor("GET /recover/name/sent", s.showNameSent)
	r.Visitor("GET /recover/password", s.showPassword)
	r.VisitorForm("POST /recover/password", s.password)
	r.Visitor("GET /recover/password/sent", s.showPasswordSent)
	r.Visitor("GET /recover/link/{token}", s.showLink)
	r.VisitorForm("POST /recover/link/{token}", s.link)
	r.Visitor("GET /recover/device", s.showDevice)
	r.VisitorForm("POST /recover/device", s.device)
	r.Visitor("GET /recover/prove", s.showProve)
	r.VisitorForm("POST /recover/prove", s.prove)
	r.VisitorForm("POST /recover/prove/send", s.chooseWay)
	r.Visitor("GET /recover/new", s.showNew)
	r.VisitorForm("POST /recover/new", s.newPassword)
	r.Visitor("GET /recover/done", s.showDone)
	r.Visitor("GET /recover/all", s.showAll)
	r.Enrolling("GET /recover/anew", access.Proven, s.showAnew)
	r.EnrollingForm("POST /recover/anew", access.Proven, s.anew)
	r.Visitor("GET /recover/wait", s.showWait)
	r.Visitor("GET /recover/stop/{token}", s.showStop)
	r.VisitorForm("POST /recover/stop/{token}", s.stopLink)
	r.Patient("GET /account/regain", access.SeeAccount, s.showOwn)
	r.PatientForm("POST /account/regain", access.EndSessions, s.stopOwn)
	s.mountSecond(r)
}

// show answers with a page.
func show(draw func(page.Shell) templ.Component) web.Reply { return web.Show(draw) }

// explained gives an error that a form can show: a TooMany says how long it lasts.
func explained(err error) (error, bool) {
	f, ok := fault.As(err)
	if !ok {
		return err, false
	}
	switch f.Kind {
	case fault.Invalid:
		return err, true
	case fault.Conflict:
		return &fault.Fault{Kind: fault.Invalid, Text: f.Text, Problems: []fault.Problem{{Text: f.Text}}}, true
	case fault.TooMany:
		n, text := int(math.Ceil(f.Retry.Minutes())), f.Text
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

// again shows a form with what was wrong, or passes on what it cannot mend.
func again(form web.Reply, err error) (web.Reply, error) {
	if shown, ok := explained(err); ok {
		return form.Fix(shown), nil
	}
	return web.Reply{}, err
}

// startOver sends a browser that is at nothing to the beginning.
func startOver() web.Reply { return web.Redirect("/recover?again=1").Cookie(Cookie, "", -1) }

func (s *Recovery) showIndex(q *web.Request, _ access.Visitor) (web.Reply, error) {
	if q.Ask("again") != "" {
		return show(func(sh page.Shell) templ.Component { return index(sh, IndexPage{Again: true}) }), nil
	}
	return web.Same(func(sh page.Shell) templ.Component { return index(sh, IndexPage{}) }), nil
}

// NamePage asks who somebody is that forgot their user name.
type NamePage struct {
	Contact          string
	Day, Month, Year string
}

func (s *Recovery) showName(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(func(sh page.Shell) templ.Component { return name(sh, NamePage{}) }), nil
}

func (s *Recovery) name(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := NamePage{q.Text("contact"), q.Text("birth_day"), q.Text("birth_month"), q.Text("birth_year")}
	form := show(func(sh page.Shell) templ.Component { return name(sh, p) })
	var bad *fault.Fault
	if p.Contact == "" {
		bad = bad.And("contact", "recovery.contact.missing")
	} else if len(p.Contact) > 254 {
		bad = bad.And("contact", "recovery.contact.long")
	}
	birth, ok := p.birth()
	if !ok {
		bad = bad.And("birth", "recovery.birth.form")
	}
	if bad != nil {
		return form.Fix(bad), nil
	}
	if err := s.Ask(q.Context(), v, Ask{Contact: p.Contact, Birth: birth, Lang: q.Lang}); err != nil {
		return again(form, err)
	}
	return web.Redirect("/recover/name/sent"), nil
}

// birth reads the date that was typed.
func (p NamePage) birth() (string, bool) {
	y, yerr := strconv.Atoi(p.Year)
	m, merr := strconv.Atoi(p.Month)
	d, derr := strconv.Atoi(p.Day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	ok := yerr == nil && merr == nil && derr == nil && len(p.Year) == 4 && t.Year() == y && int(t.Month()) == m && t.Day() == d
	return t.Format(time.DateOnly), ok
}

func (s *Recovery) showNameSent(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(nameSent), nil
}

// PasswordPage asks for the user name of a forgotten password.
type PasswordPage struct{ UserName string }

func (s *Recovery) showPassword(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(func(sh page.Shell) templ.Component { return password(sh, PasswordPage{}) }), nil
}

func (s *Recovery) password(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := PasswordPage{q.Text("username")}
	form := show(func(sh page.Shell) templ.Component { return password(sh, p) })
	if p.UserName == "" {
		return form.Fix(fault.Bad("username", "account.username.needed")), nil
	}
	if len(p.UserName) > 500 {
		return form.Fix(fault.Bad("username", "account.username.long", 64)), nil
	}
	if err := s.Ask(q.Context(), v, Ask{Name: p.UserName, Lang: q.Lang}); err != nil {
		return again(form, err)
	}
	return web.Redirect("/recover/password/sent"), nil
}

func (s *Recovery) showPasswordSent(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(passwordSent), nil
}

// LinkPage is behind a link of a message.
type LinkPage struct {
	Token string
	Good  bool
	Done  bool
}

func (s *Recovery) showLink(q *web.Request, _ access.Visitor) (web.Reply, error) {
	p := LinkPage{Token: q.PathValue("token")}
	var err error
	p.Good, err = s.good(q.Context(), p.Token, "go")
	return show(func(sh page.Shell) templ.Component { return link(sh, p) }), err
}

func (s *Recovery) link(q *web.Request, v access.Visitor) (web.Reply, error) {
	browser, err := s.OpenLink(q.Context(), v, q.PathValue("token"))
	if errors.Is(err, errGone) {
		return show(func(sh page.Shell) templ.Component { return link(sh, LinkPage{}) }), nil
	}
	return web.Redirect("/recover/prove").Cookie(Cookie, browser, 0), err
}

func (s *Recovery) showStop(q *web.Request, _ access.Visitor) (web.Reply, error) {
	p := LinkPage{Token: q.PathValue("token"), Done: q.Ask("done") != ""}
	var err error
	p.Good, err = s.good(q.Context(), p.Token, "stop")
	return show(func(sh page.Shell) templ.Component { return stop(sh, p) }), err
}

func (s *Recovery) stopLink(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.StopByLink(q.Context(), v, q.PathValue("token"))
	if errors.Is(err, errGone) {
		return show(func(sh page.Shell) templ.Component { return stop(sh, LinkPage{}) }), nil
	}
	return show(func(sh page.Shell) templ.Component { return stop(sh, LinkPage{Done: true}) }), err
}

// ProvePage asks for proof.
type ProvePage struct{ Choices }

func (s *Recovery) showProve(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.provePage(q, nil)
}

func (s *Recovery) provePage(q *web.Request, wrong error) (web.Reply, error) {
	w, c, err := s.at(q.Context(), q.Cookie(Cookie))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	if c.Passed || w.kind == ForAll {
		return web.Redirect(onward(w.kind)), nil
	}
	return show(func(sh page.Shell) templ.Component { return prove(sh, ProvePage{c}) }).Fix(wrong), nil
}

// onward is where somebody goes who has proven themselves.
func onward(k Kind) string {
	if k == ForPassword {
		return "/recover/new"
	}
	return "/recover/second"
}

func (s *Recovery) chooseWay(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.Choose(q.Context(), v, q.Cookie(Cookie), q.Text("way"))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.provePage(q, shown)
	}
	return web.Redirect("/recover/prove"), err
}

func (s *Recovery) prove(q *web.Request, v access.Visitor) (web.Reply, error) {
	if q.Text("code") == "" {
		return s.provePage(q, fault.Bad("code", "account.code.needed"))
	}
	_, err := s.Prove(q.Context(), v, q.Cookie(Cookie), q.Text("code"))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.provePage(q, shown)
	}
	return web.Redirect("/recover/prove"), err // which leads on once everything is proven
}

// NewPage asks for a new password.
type NewPage struct {
	Action   string
	UserName string
	Strength *page.Strength
	Anew     bool // everything was lost
}

func (s *Recovery) showNew(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.newPage(q, nil)
}

func (s *Recovery) newPage(q *web.Request, wrong error) (web.Reply, error) {
	w, c, err := s.at(q.Context(), q.Cookie(Cookie))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	if !c.Passed || w.kind != ForPassword {
		return web.Redirect("/recover/prove"), nil
	}
	return s.drawNew(q, w.account, NewPage{Action: "/recover/new"}, wrong)
}

var strengths = [...]string{"account.strength.0", "account.strength.1", "account.strength.2", "account.strength.3", "account.strength.4"}

func (s *Recovery) drawNew(q *web.Request, a ids.Account, p NewPage, wrong error) (web.Reply, error) {
	if typed := q.Raw("password"); wrong != nil && typed != "" {
		score, err := s.Words.Strength(q.Context(), q.Visitor(), a, typed)
		if err != nil {
			return web.Reply{}, err
		}
		p.Strength = &page.Strength{Score: score, Text: q.T(strengths[min(max(score, 0), 4)])}
	}
	return show(func(sh page.Shell) templ.Component { return newPassword(sh, p) }).Fix(wrong), nil
}

func (s *Recovery) newPassword(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.NewPassword(q.Context(), v, q.Cookie(Cookie), q.Raw("password"), q.Raw("again"))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.newPage(q, shown)
	}
	return finished(q, "/recover/done?of=password"), err
}

// finished ends a way: its cookie goes, and any sign-in that this browser has:
// it died with everything else.
func finished(q *web.Request, to string) web.Reply {
	r := web.Redirect(to).Cookie(Cookie, "", -1)
	for _, c := range []string{signInCookie, web.SessionCookie} {
		if q.Cookie(c) != "" {
			r = r.Cookie(c, "", -1)
		}
	}
	return r
}

// DonePage ends a way back in.
type DonePage struct{ Step bool }

func (s *Recovery) showDone(q *web.Request, _ access.Visitor) (web.Reply, error) {
	p := DonePage{q.Ask("of") == "step"}
	return show(func(sh page.Shell) templ.Component { return done(sh, p) }), nil
}

func (s *Recovery) showAll(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(all), nil
}

func (s *Recovery) showAnew(q *web.Request, a access.Applicant) (web.Reply, error) {
	return s.anewPage(q, a, nil)
}

func (s *Recovery) anewPage(q *web.Request, a access.Applicant, wrong error) (web.Reply, error) {
	id, err := s.owner(q.Context(), a)
	if errors.Is(err, errGone) {
		return show(notStarted), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	return s.drawNew(q, id, NewPage{Action: "/recover/anew", Anew: true}, wrong)
}

func (s *Recovery) anew(q *web.Request, a access.Applicant) (web.Reply, error) {
	browser, err := s.Anew(q.Context(), a, q.Visitor(), q.Raw("password"), q.Raw("again"))
	if errors.Is(err, errGone) || fault.Is(err, fault.NotFound) {
		return show(notStarted), nil
	}
	if shown, ok := explained(err); ok {
		return s.anewPage(q, a, shown)
	}
	return web.Redirect("/recover/second").Cookie(Cookie, browser, 0).Cookie(web.EnrolCookie, "", -1), err
}

// WaitPage tells how a wait is going.
type WaitPage struct{ Status }

func (s *Recovery) showWait(q *web.Request, _ access.Visitor) (web.Reply, error) {
	st, err := s.status(q.Context(), q.Cookie(Cookie))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	return show(func(sh page.Shell) templ.Component { return wait(sh, WaitPage{st}) }), err
}

// DevicePage asks which second step is lost.
type DevicePage struct {
	Half  bool // somebody is half-way in
	Steps []Way
	Lost  string
}

func (s *Recovery) showDevice(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.devicePage(q, nil)
}

func (s *Recovery) devicePage(q *web.Request, wrong error) (web.Reply, error) {
	ways, err := s.halfIn(q)
	if fault.Is(err, fault.NotFound) {
		return show(func(sh page.Shell) templ.Component { return device(sh, DevicePage{}) }), nil
	}
	p := DevicePage{Half: true, Steps: ways, Lost: q.Text("lost")}
	return show(func(sh page.Shell) templ.Component { return device(sh, p) }).Fix(wrong), err
}

func (s *Recovery) device(q *web.Request, v access.Visitor) (web.Reply, error) {
	lost := q.Text("lost")
	if lost == "" {
		return s.devicePage(q, fault.Bad("lost", "recovery.lost.choose"))
	}
	browser, err := s.Lost(q.Context(), v, q.Cookie(signInCookie), ids.Factor(lost))
	if fault.Is(err, fault.NotFound) {
		return web.Redirect("/recover/device"), nil
	}
	if shown, ok := explained(err); ok {
		return s.devicePage(q, shown)
	}
	return web.Redirect("/recover/prove").Cookie(Cookie, browser, 0).Cookie(signInCookie, "", -1), err
}

// spaced writes a secret in groups of four, to be typed.
func spaced(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}
