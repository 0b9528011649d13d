package passkey

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

func (s *Passkeys) mountStaff(r *web.Router) {
	r.Visitor("GET /staff/signin/passkey", s.showStaffSignIn)
	r.VisitorForm("POST /staff/signin/passkey", s.staffSignIn)
	r.VisitorForm("POST /staff/signin/passkey/options", s.staffOptions)
	r.Staff("GET /staff/account", access.SeeDesk, s.showOwn)
	r.Staff("GET /staff/account/passkeys", access.SeeDesk, s.showAddOwn)
	r.StaffForm("POST /staff/account/passkeys", access.SeeDesk, s.addOwn)
	r.StaffForm("POST /staff/account/passkeys/options", access.SeeDesk, s.addOwnOptions)
	r.StaffForm("POST /staff/account/passkeys/remove", access.SeeDesk, s.removeOwn)
	r.Staff("GET /staff/people/{id}/passkeys", access.ManageStaff, s.showColleague)
	r.StaffForm("POST /staff/people/{id}/passkeys/{key}/remove", access.ManageStaff, s.removeColleague)
}

func (s *Passkeys) showStaffSignIn(*web.Request, access.Visitor) (web.Reply, error) {
	return staffSignInPage(""), nil
}

func staffSignInPage(next string) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return staffSignIn(sh, SignInPage{Next: next}) })
}

func (s *Passkeys) staffOptions(q *web.Request, v access.Visitor) (web.Reply, error) {
	o, err := s.Ask(q.Context(), v, Staff, Wish{Name: q.Text("name"), Browser: browser(q), Host: q.Host})
	return asked(q, o, err)
}

func (s *Passkeys) staffSignIn(q *web.Request, v access.Visitor) (web.Reply, error) {
	next, a := web.LocalAddress(q.Text("next"), ""), sent(q)
	if unsent(a) {
		return staffSignInPage(next).Fix(fault.Bad("", "passkey.unsent")), nil
	}
	token, err := s.SignInStaff(q.Context(), v, a)
	if shown, ok := shown(err); ok {
		return staffSignInPage(next).Fix(shown), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(web.LocalAddress(next, "/staff")).Cookie(web.StaffCookie, token, 0).Cookie(web.VisitorCookie, "", -1), nil
}

func (s *Passkeys) showOwn(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := s.Own(q.Context(), d)
	done := map[string]string{"added": "passkey.done.added", "removed": "passkey.done.removed"}[q.Ask("done")]
	return web.Show(func(sh page.Shell) templ.Component {
		if done != "" {
			sh.Done = sh.T(done)
		}
		return own(sh, OwnPage{Passkeys: all})
	}), err
}

func (s *Passkeys) showAddOwn(q *web.Request, d access.Desk) (web.Reply, error) {
	return addOwnPage(AddPage{Name: q.Visitor().Agent()}), nil
}

func addOwnPage(p AddPage) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return addOwn(sh, p) })
}

func (s *Passkeys) addOwnOptions(q *web.Request, d access.Desk) (web.Reply, error) {
	if _, err := cleanName(q.Text("name")); err != nil {
		return asked(q, Options{}, err)
	}
	o, err := s.AskAddOwn(q.Context(), d, q.Text("code"), q.Host)
	return asked(q, o, err)
}

func (s *Passkeys) addOwn(q *web.Request, d access.Desk) (web.Reply, error) {
	p, a := AddPage{Name: q.Text("name")}, sent(q)
	if unsent(a) {
		return addOwnPage(p).Fix(fault.Bad("", "passkey.unsent")), nil
	}
	err := s.AddOwn(q.Context(), d, a, p.Name)
	if fault.Is(err, fault.Invalid) {
		return addOwnPage(p).Fix(err), nil
	}
	return web.Redirect("/staff/account?done=added"), err
}

func (s *Passkeys) removeOwn(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect("/staff/account?done=removed"), s.RemoveOwn(q.Context(), d, ids.Passkey(q.Text("passkey")))
}

func (s *Passkeys) showColleague(q *web.Request, d access.Desk) (web.Reply, error) {
	who, err := s.Colleague(q.Context(), d, ids.Staff(q.PathValue("id")))
	done := q.Ask("done") == "removed"
	return web.Show(func(sh page.Shell) templ.Component {
		if done {
			sh.Done = sh.T("passkey.done.removed")
		}
		return colleague(sh, ColleaguePage{who})
	}), err
}

func (s *Passkeys) removeColleague(q *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Staff(q.PathValue("id"))
	return web.Redirect("/staff/people/" + string(id) + "/passkeys?done=removed"), s.RemoveOf(q.Context(), d, id, ids.Passkey(q.PathValue("key")))
}
