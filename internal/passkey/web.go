package passkey

import (
	"math"
	"net/http"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/web"
)

// Cookies are the names of the cookies in which room account keeps what a browser
// brings along to a sign-in.
type Cookies struct{ Device, Half string }

// Mount registers this room's routes.
func (s *Passkeys) Mount(r *web.Router, names Cookies) {
	r.Visitor("GET /help/passkeys", s.showHelp)
	if !s.On() {
		return
	}
	r.Visitor("GET /signin/passkey", s.showSignIn)
	r.VisitorForm("POST /signin/passkey", func(q *web.Request, v access.Visitor) (web.Reply, error) { return s.signIn(q, v, names) })
	r.VisitorForm("POST /signin/passkey/options", func(q *web.Request, v access.Visitor) (web.Reply, error) { return s.options(q, v, names) })
	r.PatientForm("POST /account/confirm/passkey", access.ConfirmSelf, s.confirm)
	r.PatientForm("POST /account/confirm/passkey/options", access.ConfirmSelf, s.confirmOptions)
	r.Patient("GET /account/passkeys", access.SeeAccount, s.showList)
	r.PatientRaised("GET /account/passkeys/add", access.SecureAccount, s.showAdd)
	r.PatientRaisedForm("POST /account/passkeys/add", access.SecureAccount, s.add)
	r.PatientRaisedForm("POST /account/passkeys/add/options", access.SecureAccount, s.addOptions)
	r.PatientForm("POST /account/passkeys/later", access.SeeHome, s.later)
	r.Patient("GET /account/passkeys/{id}", access.SeeAccount, s.showOne)
	r.PatientForm("POST /account/passkeys/{id}", access.NamePasskeys, s.name)
	r.PatientRaisedForm("POST /account/passkeys/{id}/remove", access.SecureAccount, s.remove)
	s.mountStaff(r)
}

// problem is an answer to a question for options that a script shows as it is.
type problem struct {
	Problem string `json:"problem"`
}

// asked answers a question for options.
func asked(q *web.Request, o Options, err error) (web.Reply, error) {
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return web.JSON(o), nil
	case ok && f.Kind == fault.Invalid:
		p := fault.Problems(err)[0]
		return web.JSON(problem{q.T(p.Text, p.Args...)}), nil // browsers report other answers to a script as faults of the page
	case ok && f.Kind == fault.TooMany:
		return web.JSON(problem{q.T(f.Text, int(math.Ceil(f.Retry.Minutes())))}).Status(http.StatusTooManyRequests).After(f.Retry), nil
	}
	return web.Reply{}, err
}

// browser is the mark of a browser without a session: what its forms are bound to.
func browser(q *web.Request) string { return secret.TokenHash(q.Cookie(web.VisitorCookie)) }

// sent reads an answer from a form.
func sent(q *web.Request) Answer {
	return Answer{Ticket: q.Text("ticket"), Credential: q.Raw("credential"), Browser: browser(q), Host: q.Host}
}

// unsent tells whether a form came without an answer, as it does without JavaScript.
func unsent(a Answer) bool { return a.Credential == "" || a.Ticket == "" }

func (s *Passkeys) options(q *web.Request, v access.Visitor, names Cookies) (web.Reply, error) {
	w := Wish{Name: q.Text("name"), Browser: browser(q), Host: q.Host}
	if q.Ticked("step") {
		w.Half = q.Cookie(names.Half)
	}
	o, err := s.Ask(q.Context(), v, Account, w)
	return asked(q, o, err)
}

func (s *Passkeys) showSignIn(*web.Request, access.Visitor) (web.Reply, error) {
	return signInPage(SignInPage{}), nil
}

func signInPage(p SignInPage) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return signIn(sh, p) })
}

func (s *Passkeys) signIn(q *web.Request, v access.Visitor, names Cookies) (web.Reply, error) {
	p := SignInPage{Step: q.Ticked("step"), Shared: q.Ticked("shared"), Next: web.LocalAddress(q.Text("next"), "")}
	a := sent(q)
	if unsent(a) {
		return signInPage(p).Fix(fault.Bad("", "passkey.unsent")), nil
	}
	arrive, err := s.SignIn(q.Context(), v, a, Entry{Device: q.Cookie(names.Device), Old: q.Cookie(web.SessionCookie), Half: q.Cookie(names.Half), Next: p.Next, Shared: p.Shared}, p.Step)
	if shown, ok := shown(err); ok {
		return signInPage(p).Fix(shown), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	return arrive(q), nil
}

// shown gives an error that a form can show; a wait says how long it lasts.
func shown(err error) (error, bool) {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.TooMany {
		return err, ok && f.Kind == fault.Invalid
	}
	n := int(math.Ceil(f.Retry.Minutes()))
	return &fault.Fault{Kind: fault.TooMany, Text: f.Text, Retry: f.Retry, Problems: []fault.Problem{{Text: f.Text, Args: []any{n}}}}, true
}

func (s *Passkeys) confirmOptions(q *web.Request, c access.Chart) (web.Reply, error) {
	o, err := s.AskConfirm(q.Context(), c, q.Host)
	return asked(q, o, err)
}

func (s *Passkeys) confirm(q *web.Request, c access.Chart) (web.Reply, error) {
	p := ConfirmPage{Next: web.LocalAddress(q.Text("next"), "/home")}
	fix := func(err error) (web.Reply, error) {
		return web.Show(func(sh page.Shell) templ.Component { return confirmPage(sh, p) }).Fix(err), nil
	}
	a := sent(q)
	if unsent(a) {
		return fix(fault.Bad("", "passkey.unsent"))
	}
	token, err := s.Raise(q.Context(), c, a)
	if fault.Is(err, fault.Invalid) {
		return fix(err)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(p.Next).Cookie(web.SessionCookie, token, 0), nil
}

func (s *Passkeys) showList(q *web.Request, c access.Chart) (web.Reply, error) {
	all, err := s.List(q.Context(), c)
	done := map[string]string{"added": "passkey.done.added", "named": "passkey.done.named", "removed": "passkey.done.removed"}[q.Ask("done")]
	return web.Show(func(sh page.Shell) templ.Component {
		if done != "" {
			sh.Done = sh.T(done)
		}
		return listPage(sh, ListPage{Passkeys: all})
	}), err
}

func (s *Passkeys) showAdd(q *web.Request, c access.Chart) (web.Reply, error) {
	return addPage(AddPage{Name: c.Agent()}), nil
}

func addPage(p AddPage) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return add(sh, p) })
}

func (s *Passkeys) addOptions(q *web.Request, c access.Chart) (web.Reply, error) {
	if _, err := cleanName(q.Text("name")); err != nil {
		return asked(q, Options{}, err)
	}
	o, err := s.AskAdd(q.Context(), c, q.Host)
	return asked(q, o, err)
}

func (s *Passkeys) add(q *web.Request, c access.Chart) (web.Reply, error) {
	p, a := AddPage{Name: q.Text("name")}, sent(q)
	if unsent(a) {
		return addPage(p).Fix(fault.Bad("", "passkey.unsent")), nil
	}
	err := s.Add(q.Context(), c, a, p.Name)
	if fault.Is(err, fault.Invalid) {
		return addPage(p).Fix(err), nil
	}
	return web.Redirect("/account/passkeys?done=added"), err
}

func (s *Passkeys) later(q *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/home"), s.PutOff(q.Context(), c)
}

func (s *Passkeys) showOne(q *web.Request, c access.Chart) (web.Reply, error) {
	return s.onePage(q, c, nil)
}

func (s *Passkeys) onePage(q *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	p, err := s.One(q.Context(), c, ids.Passkey(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	view := OnePage{Passkey: p, Typed: p.Name}
	if q.Method == http.MethodPost && q.PostForm.Has("name") {
		view.Typed = q.Text("name")
	}
	return web.Show(func(sh page.Shell) templ.Component { return one(sh, view) }).Fix(wrong), nil
}

func (s *Passkeys) name(q *web.Request, c access.Chart) (web.Reply, error) {
	err := s.Name(q.Context(), c, ids.Passkey(q.PathValue("id")), q.Text("name"))
	if fault.Is(err, fault.Invalid) {
		return s.onePage(q, c, err)
	}
	return web.Redirect("/account/passkeys?done=named"), err
}

func (s *Passkeys) remove(q *web.Request, c access.Chart) (web.Reply, error) {
	err := s.Remove(q.Context(), c, ids.Passkey(q.PathValue("id")))
	if fault.Is(err, fault.Invalid) {
		return s.onePage(q, c, err)
	}
	return web.Redirect("/account/passkeys?done=removed"), err
}

func (s *Passkeys) showHelp(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(func(sh page.Shell) templ.Component { return help(sh) }), nil
}
