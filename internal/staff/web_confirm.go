package staff

import (
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// ConfirmPage asks somebody at the desk to prove again who they are.
type ConfirmPage struct {
	Next   string
	App    bool   // by a code of their authenticator
	SignOn string // where they prove it instead, "" for nowhere
}

// again leads to the clinic's sign-on and from there to Next.
func (p ConfirmPage) again() string {
	return "/staff/signon/again?" + url.Values{"next": {p.Next}}.Encode()
}

// onward is where to go after confirming, never confirming itself.
func onward(next string) string {
	next = web.LocalAddress(next, "/staff")
	if p, _, _ := strings.Cut(next, "?"); p == access.StaffConfirmPath || p != path.Clean(p) || p != "/staff" && !strings.HasPrefix(p, "/staff/") {
		return "/staff"
	}
	return next
}

func (s *Staff) showConfirm(q *web.Request, d access.Desk) (web.Reply, error) {
	next := onward(q.Ask("next"))
	if d.Raised() { // confirmed meanwhile, in another tab or at the sign-on
		return web.Redirect(next), nil
	}
	return s.confirmPage(q, d, next, nil)
}

func (s *Staff) confirmPage(q *web.Request, d access.Desk, next string, wrong error) (web.Reply, error) {
	p := ConfirmPage{Next: next}
	var err error
	if p.App, p.SignOn, err = s.Ways(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	back, _, _ := strings.Cut(next, "?")
	return web.Show(func(sh page.Shell) templ.Component {
		return confirm(sh.Called(sh.T("staff.confirm.title")).BackTo(back), p)
	}).Fix(wrong), nil
}

func (s *Staff) confirm(q *web.Request, d access.Desk) (web.Reply, error) {
	next := onward(q.Text("next"))
	if d.Raised() {
		return web.Redirect(next), nil
	}
	if q.Text("code") == "" {
		return s.confirmPage(q, d, next, fault.Bad("code", "staff.step.needed"))
	}
	token, err := s.Raise(q.Context(), d, q.Cookie(web.StaffCookie), q.Text("code"))
	if errors.Is(err, access.ErrNoSession) {
		return web.Redirect(access.StaffConfirmPath + "?" + url.Values{"next": {next}}.Encode()), nil
	}
	if shown, ok := explained(err); ok {
		return s.confirmPage(q, d, next, shown)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(next).Cookie(web.StaffCookie, token, 0), nil
}
