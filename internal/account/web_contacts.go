package account

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// mountContacts registers the pages on which contacts are changed. Only beginning
// a change wants a raised session: see ProveContact.
func (s *Accounts) mountContacts(r *web.Router) {
	const p = access.ChangeContacts
	r.Patient("GET /account/contacts", access.SeeAccount, s.showContacts)
	for _, k := range []ContactKind{ByEmail, ByPhone} {
		path := k.path()
		r.PatientRaised("GET "+path, p, k.with(s.showAskContact))
		r.PatientRaisedForm("POST "+path, p, k.with(s.askContact))
		r.Patient("GET "+path+"/confirm", p, k.with(s.showProveContact))
		r.PatientForm("POST "+path+"/confirm", p, k.with(s.proveContact))
		r.PatientForm("POST "+path+"/confirm/send", p, k.with(s.sendContactCode))
		r.PatientForm("POST "+path+"/confirm/drop", p, k.with(s.dropContact))
	}
}

func (k ContactKind) path() string { return "/account/contacts/" + string(k) }

// with makes the handler of one kind of contact.
func (k ContactKind) with(h func(*web.Request, access.Chart, ContactKind) (web.Reply, error)) func(*web.Request, access.Chart) (web.Reply, error) {
	return func(r *web.Request, c access.Chart) (web.Reply, error) { return h(r, c, k) }
}

func (s *Accounts) showContacts(r *web.Request, c access.Chart) (web.Reply, error) {
	all, err := s.Reach(r.Context(), c)
	done := map[string]string{"changed": "account.contact.done", "dropped": "account.contact.dropped"}
	return show(r, done, func(sh page.Shell) templ.Component { return contacts(sh, ContactsPage{all}) }), err
}

func (s *Accounts) showAskContact(_ *web.Request, _ access.Chart, k ContactKind) (web.Reply, error) {
	return askContactPage(AskContactPage{Kind: k}), nil
}

func askContactPage(p AskContactPage) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return askContact(sh, p) })
}

func (s *Accounts) askContact(r *web.Request, c access.Chart, k ContactKind) (web.Reply, error) {
	err := s.AskContact(r.Context(), c, k, r.Text("contact"))
	if shown, ok := explained(err); ok {
		return askContactPage(AskContactPage{k, r.Text("contact")}).Fix(shown), nil
	}
	return web.Redirect(k.path() + "/confirm"), err
}

func (s *Accounts) showProveContact(r *web.Request, c access.Chart, k ContactKind) (web.Reply, error) {
	return s.proveContactPage(r, c, k, nil)
}

// proveContactPage asks for the code that went to the new contact.
func (s *Accounts) proveContactPage(r *web.Request, c access.Chart, k ContactKind, wrong error) (web.Reply, error) {
	g, err := s.waiting(r.Context(), c, k)
	if !begun(err) {
		return web.Redirect("/account/contacts"), nil
	}
	p := ProveContactPage{Kind: k, To: g.to, Unsent: g.unsent}
	sent := map[string]string{"again": "account.steps.sent"}
	return show(r, sent, func(sh page.Shell) templ.Component { return proveContact(sh, p) }).Fix(wrong), err
}

func (s *Accounts) proveContact(r *web.Request, c access.Chart, k ContactKind) (web.Reply, error) {
	if r.Text("code") == "" {
		return s.proveContactPage(r, c, k, fault.Bad("code", "account.code.needed"))
	}
	err := s.ProveContact(r.Context(), c, k, r.Text("code"))
	if !begun(err) {
		return web.Redirect("/account/contacts"), nil
	}
	if shown, ok := explained(err); ok {
		return s.proveContactPage(r, c, k, shown)
	}
	return web.Redirect("/account/contacts?done=changed"), err
}

func (s *Accounts) sendContactCode(r *web.Request, c access.Chart, k ContactKind) (web.Reply, error) {
	err := s.SendContactCode(r.Context(), c, k, r.Text("how") == "call")
	if !begun(err) {
		return web.Redirect("/account/contacts"), nil
	}
	if shown, ok := explained(err); ok {
		return s.proveContactPage(r, c, k, shown)
	}
	return web.Redirect(k.path() + "/confirm?done=again"), err
}

func (s *Accounts) dropContact(r *web.Request, c access.Chart, k ContactKind) (web.Reply, error) {
	return web.Redirect("/account/contacts?done=dropped"), s.DropContact(r.Context(), c, k)
}
