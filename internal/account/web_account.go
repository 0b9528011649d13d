package account

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// mountAccount registers the pages of one's own account.
func (s *Accounts) mountAccount(r *web.Router) {
	r.PatientAccount("/account")
	r.Patient("GET /account", access.SeeAccount, s.showAccount)
	r.PatientRaised("GET /account/password", access.SecureAccount, s.showPassword)
	r.PatientRaisedForm("POST /account/password", access.SecureAccount, s.changePassword)
	r.Patient("GET /account/devices", access.SeeAccount, s.showDevices)
	r.PatientForm("POST /account/devices/others", access.EndSessions, s.endOthers)
	r.PatientForm("POST /account/sessions/{id}/end", access.EndSessions, s.endSession)
	r.PatientForm("POST /account/browsers/{id}/forget", access.EndSessions, s.forget)
	r.Patient("GET /account/history", access.SeeAccount, s.showHistory)
	r.Patient("GET /account/terms", access.SeeAccount, s.showAgreed)
	r.Patient("GET /account/kept", access.SeeAccount, s.showKept)
	r.PatientRaised("GET /account/close", access.CloseAccount, s.showClose)
	r.PatientRaisedForm("POST /account/close", access.CloseAccount, s.close)
	s.mountSteps(r)
	s.mountContacts(r)
}

// show draws a page with what was just done, if its address says so: done maps
// the address's word to the sentence's key.
func show(r *web.Request, done map[string]string, draw func(page.Shell) templ.Component) web.Reply {
	key := done[r.Ask("done")]
	return web.Show(func(s page.Shell) templ.Component {
		if key != "" {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

func (s *Accounts) showAccount(r *web.Request, c access.Chart) (web.Reply, error) {
	m, err := s.Summary(r.Context(), c)
	done := map[string]string{"password": "account.password.done"}
	return show(r, done, func(sh page.Shell) templ.Component { return hub(sh, HubPage{m}) }), err
}

func (s *Accounts) showPassword(r *web.Request, c access.Chart) (web.Reply, error) {
	m, _, err := s.maker(r.Context(), c)
	return passwordPage(NewPasswordPage{UserName: m.name}), err
}

func passwordPage(p NewPasswordPage) web.Reply {
	return web.Show(func(s page.Shell) templ.Component { return newPassword(s, p) })
}

func (s *Accounts) changePassword(r *web.Request, c access.Chart) (web.Reply, error) {
	typed := r.Raw("password")
	err := s.ChangePassword(r.Context(), c, typed, r.Raw("again"))
	if !fault.Fixable(err) {
		return web.Redirect("/account?done=password"), err
	}
	a, _, merr := s.maker(r.Context(), c)
	if merr != nil {
		return web.Reply{}, merr
	}
	p := NewPasswordPage{UserName: a.name}
	if typed != "" {
		score, serr := s.strength(r.Context(), c, typed)
		if serr != nil {
			return web.Reply{}, serr
		}
		p.Strength = &page.Strength{Score: score, Text: r.T(strengths[min(max(score, 0), 4)])}
	}
	return passwordPage(p).Fix(err), nil
}

// strengths are the keys of how good a password is, by score.
var strengths = [...]string{"account.strength.0", "account.strength.1", "account.strength.2", "account.strength.3", "account.strength.4"}

func (s *Accounts) showDevices(r *web.Request, c access.Chart) (web.Reply, error) {
	d, err := s.Devices(r.Context(), c)
	done := map[string]string{"one": "account.devices.done.one", "others": "account.devices.done.others", "forgot": "account.devices.done.forgot"}
	return show(r, done, func(sh page.Shell) templ.Component { return devices(sh, DevicesPage{d}) }), err
}

func (s *Accounts) endOthers(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/account/devices?done=others"), s.EndOthers(r.Context(), c)
}

func (s *Accounts) endSession(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/account/devices?done=one"), s.EndSession(r.Context(), c, ids.Session(r.PathValue("id")))
}

func (s *Accounts) forget(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/account/devices?done=forgot"), s.Forget(r.Context(), c, ids.Device(r.PathValue("id")))
}

func (s *Accounts) showHistory(r *web.Request, c access.Chart) (web.Reply, error) {
	p := HistoryPage{Before: r.Ask("before")}
	var err error
	p.Lines, p.More, err = s.History(r.Context(), c, p.Before)
	return web.Show(func(sh page.Shell) templ.Component { return history(sh, p) }), err
}

func (s *Accounts) showAgreed(r *web.Request, c access.Chart) (web.Reply, error) {
	docs, err := s.Agreed(r.Context(), c)
	return web.Show(func(sh page.Shell) templ.Component { return agreed(sh, AgreedPage{docs}) }), err
}

func (s *Accounts) showKept(*web.Request, access.Chart) (web.Reply, error) {
	return web.Show(kept), nil
}
