package account

import (
	"errors"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// confirmStep is where the second step of a confirmation is asked for.
const confirmStep = access.ConfirmPath + "/step"

// onwardFrom is the page to go on to after confirming, never confirming itself.
func onwardFrom(next string) string {
	next = web.LocalAddress(next, "/home")
	if path, _, _ := strings.Cut(next, "?"); path == access.ConfirmPath || strings.HasPrefix(path, access.ConfirmPath+"/") {
		return "/home"
	}
	return next
}

func (s *Accounts) showConfirm(r *web.Request, c access.Chart) (web.Reply, error) {
	p := ConfirmPage{Next: onwardFrom(r.Ask("next")), Again: r.Ask("again") != ""}
	if c.Raised() { // confirmed meanwhile, in another tab
		return web.Redirect(p.Next), nil
	}
	return s.confirmPage(r, c, p, nil)
}

func (s *Accounts) confirmPage(r *web.Request, c access.Chart, p ConfirmPage, wrong error) (web.Reply, error) {
	st, err := s.held(r.Context(), c, 0)
	p.Passkey = st.Has > 0
	return web.Show(func(sh page.Shell) templ.Component { return confirm(sh, p) }).Fix(wrong), err
}

func (s *Accounts) confirm(r *web.Request, c access.Chart) (web.Reply, error) {
	p := ConfirmPage{Next: onwardFrom(r.Text("next"))}
	if r.Raw("password") == "" {
		return s.confirmPage(r, c, p, fault.Bad("password", "account.password.needed"))
	}
	err := s.Confirm(r.Context(), c, Again{Password: r.Raw("password"), Device: r.Cookie(DeviceCookie), Next: p.Next})
	if shown, ok := explained(err); ok {
		return s.confirmPage(r, c, p, shown)
	}
	return web.Redirect(confirmStep), err
}

// confirmAnew sends a session without a live confirmation to its beginning.
func confirmAnew(next string) web.Reply {
	path := access.ConfirmPath + "?again=1"
	if next != "" {
		path += "&next=" + url.QueryEscape(next)
	}
	return web.Redirect(path)
}

func (s *Accounts) showConfirmStep(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.confirmStepPage(r, c, nil)
}

// confirmStepPage draws the second step as it stands, with what was wrong.
func (s *Accounts) confirmStepPage(r *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	p, err := s.confirming(r.Context(), c)
	if errors.Is(err, errGone) {
		return confirmAnew(p.next), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	view, err := s.choices(r.Context(), p)
	if err != nil {
		return web.Reply{}, err
	}
	view.Passkey, view.Next = access.ConfirmPath+"/passkey", onwardFrom(p.next)
	return web.Show(func(sh page.Shell) templ.Component { return confirmStepPage(sh, ConfirmStepPage{view}) }).Fix(wrong), nil
}

func (s *Accounts) confirmStep(r *web.Request, c access.Chart) (web.Reply, error) {
	if r.Text("code") == "" {
		return s.confirmStepPage(r, c, fault.Bad("code", "account.code.needed"))
	}
	token, next, err := s.Raise(r.Context(), c, Step{Method: r.Text("method"), Code: r.Text("code")})
	if errors.Is(err, errGone) {
		return confirmAnew(next), nil
	}
	if shown, ok := explained(err); ok {
		return s.confirmStepPage(r, c, shown)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(onwardFrom(next)).Cookie(web.SessionCookie, token, 0), nil
}

func (s *Accounts) confirmSend(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.ConfirmBy(r.Context(), c, ids.Factor(r.Text("method")))
	if errors.Is(err, errGone) {
		return confirmAnew(""), nil
	}
	if shown, ok := explained(err); ok {
		return s.confirmStepPage(r, c, shown)
	}
	return web.Redirect(confirmStep), err
}
