package account

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

func (s *Accounts) showClose(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.closePage(r, c, "", nil)
}

func (s *Accounts) closePage(r *web.Request, c access.Chart, typed string, wrong error) (web.Reply, error) {
	a, _, err := s.maker(r.Context(), c)
	p := ClosePage{UserName: a.name, Typed: typed}
	return web.Show(func(sh page.Shell) templ.Component { return closeAccount(sh, p) }).Fix(wrong), err
}

func (s *Accounts) close(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.Close(r.Context(), c, r.Text("typed"))
	if fault.Fixable(err) {
		return s.closePage(r, c, r.Text("typed"), err)
	}
	return web.Redirect("/signin?closed=1").Cookie(web.SessionCookie, "", -1).Cookie(web.VisitorCookie, "", -1).
		Cookie(DeviceCookie, "", -1).Cookie(RememberCookie, "", -1).Clear(), err
}
