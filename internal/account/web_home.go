package account

import (
	"cmp"
	"net/url"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

func (s *Accounts) showHome(r *web.Request, c access.Chart) (web.Reply, error) {
	o, err := s.See(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component { return home(s, HomePage{o}) }), nil
}

func (s *Accounts) showDisplay(r *web.Request, _ access.Visitor) (web.Reply, error) {
	// Whoever is signed in gets the page that keeps the choice with the account.
	if token := r.Cookie(web.SessionCookie); token != "" {
		if _, err := s.Gate.Peek(r.Context(), token); err == nil {
			return web.Redirect("/account/display"), nil
		}
	}
	return displayPage(DisplayPage{Action: "/display", Return: web.LocalPath(r.Ask("return"), "/signin")}), nil
}

func (s *Accounts) showOwnDisplay(*web.Request, access.Chart) (web.Reply, error) {
	return displayPage(DisplayPage{Action: "/account/display", Return: "/home", Own: true}), nil
}

func displayPage(p DisplayPage) web.Reply {
	return web.Show(func(s page.Shell) templ.Component { return display(s, p) })
}

func (s *Accounts) display(r *web.Request, _ access.Visitor) (web.Reply, error) {
	d, err := sentDisplay(r)
	back := web.LocalPath(r.Text("return"), "/signin")
	if fault.Fixable(err) {
		return displayPage(DisplayPage{Action: "/display", Return: back}).Fix(err), nil
	}
	return web.Redirect(back).Display(string(d.Lang), d.Theme, d.Text), err
}

func (s *Accounts) ownDisplay(r *web.Request, c access.Chart) (web.Reply, error) {
	d, err := sentDisplay(r)
	if err == nil {
		d.Zone, err = ParseZone(r.Text("zone"))
	}
	if fault.Fixable(err) {
		return displayPage(DisplayPage{Action: "/account/display", Return: "/home", Own: true}).Fix(err), nil
	}
	if err := s.ChangeDisplay(r.Context(), c, d); err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(web.LocalPath(r.Text("return"), "/home")).Display(string(d.Lang), d.Theme, d.Text).Zone(d.Zone), nil
}

// sentDisplay reads the form; one without a language keeps the one in use.
func sentDisplay(r *web.Request) (Display, error) {
	return ParseDisplay(cmp.Or(r.Text("lang"), string(r.Lang)), r.Text("theme"), r.Text("text"))
}

// The link opens a page and does nothing by itself: mail programs follow links.
func (s *Accounts) showNotMe(r *web.Request, _ access.Visitor) (web.Reply, error) {
	token := r.PathValue("token")
	good, done, err := s.link(r.Context(), token)
	if err != nil {
		return web.Reply{}, err
	}
	p := NotMePage{Token: token, Good: good, Done: done}
	reply := web.Show(func(s page.Shell) templ.Component { return notMe(s, p) })
	if !good && !done {
		reply = reply.Status(404)
	}
	return reply, nil
}

func (s *Accounts) notMe(r *web.Request, v access.Visitor) (web.Reply, error) {
	token := r.PathValue("token")
	if err := s.Disown(r.Context(), v, token); err != nil && !fault.Is(err, fault.NotFound) {
		return web.Reply{}, err
	}
	return web.Redirect("/not-me/" + url.PathEscape(token)), nil
}
