package recovery

import (
	"context"
	"errors"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/web"
)

// mountSecond registers the pages of a new second step and new recovery codes.
func (s *Recovery) mountSecond(r *web.Router) {
	r.Visitor("GET /recover/second", s.showSecond)
	r.VisitorForm("POST /recover/second", s.second)
	r.Visitor("GET /recover/second/code", s.showCode)
	r.VisitorForm("POST /recover/second/code", s.code)
	r.VisitorForm("POST /recover/second/send", s.sendSecond)
	r.Visitor("GET /recover/second/qr", s.image)
	r.Visitor("GET /recover/codes", s.showCodes)
	r.VisitorForm("POST /recover/codes", s.keep)
	r.Visitor("GET /recover/codes/file", s.codesFile)
}

// halfIn lists the second steps of whoever is half-way in in this browser.
func (s *Recovery) halfIn(q *web.Request) (ways []Way, err error) {
	err = s.DB.View(q.Context(), func(tx *store.Tx) error {
		l, err := s.Finder.HalfIn(q.Context(), tx, q.Cookie(signInCookie), false)
		if err != nil {
			return err
		}
		ways, _, err = s.Steps.Ways(q.Context(), tx, l.ID)
		return err
	})
	return ways, err
}

// SecondPage asks which second step it shall be from now on.
type SecondPage struct {
	How     string
	Contact string
	Phone   bool // texts and calls can be had
	Mail    bool
	Anew    bool
}

func (s *Recovery) showSecond(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.secondPage(q, nil)
}

func (s *Recovery) secondPage(q *web.Request, wrong error) (web.Reply, error) {
	w, _, err := s.at(q.Context(), q.Cookie(Cookie))
	if to, ok := astray(w, err); ok {
		return to, nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	p := SecondPage{How: q.Text("how"), Contact: q.Text("contact"), Phone: s.offers("sms"), Mail: s.offers("email"), Anew: w.kind == ForAll}
	return show(func(sh page.Shell) templ.Component { return second(sh, p) }).Fix(wrong), nil
}

// astray leads a browser that is at another page there.
func astray(w way, err error) (web.Reply, bool) {
	switch {
	case errors.Is(err, errGone):
		return startOver(), true
	case err != nil || w.mayChoose():
		return web.Reply{}, false
	case w.kind == ForAll:
		return web.Redirect("/recover/codes"), true
	}
	return web.Redirect("/recover/prove"), true
}

func (s *Recovery) second(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.ChooseSecond(q.Context(), v, q.Cookie(Cookie), q.Text("how"), q.Text("contact"))
	if errors.Is(err, errGone) {
		return s.secondPage(q, nil)
	}
	if shown, ok := explained(err); ok {
		return s.secondPage(q, shown)
	}
	return web.Redirect("/recover/second/code"), err
}

// SecondCodePage asks for the first code of the new second step.
type SecondCodePage struct {
	Kind   string
	To     string
	Key    string
	Unsent bool
}

func (s *Recovery) showCode(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.codePage(q, nil)
}

func (s *Recovery) codePage(q *web.Request, wrong error) (web.Reply, error) {
	w, _, err := s.at(q.Context(), q.Cookie(Cookie))
	if to, ok := astray(w, err); ok {
		return to, nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	if w.draft.Kind == "" {
		return web.Redirect("/recover/second"), nil
	}
	p := SecondCodePage{Kind: w.draft.Kind, To: w.draft.Contact}
	if p.Kind == "totp" {
		p.Key = spaced(secret.TOTPText(w.draft.Secret))
	} else if p.Unsent, err = s.unsentNew(q.Context(), w); err != nil {
		return web.Reply{}, err
	}
	return show(func(sh page.Shell) templ.Component { return secondCode(sh, p) }).Fix(wrong), nil
}

func (s *Recovery) unsentNew(ctx context.Context, w way) (unsent bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		unsent, err = s.Steps.Unsent(ctx, tx, secondFlow(w))
		return err
	})
	return unsent, err
}

func (s *Recovery) code(q *web.Request, v access.Visitor) (web.Reply, error) {
	if q.Text("code") == "" {
		return s.codePage(q, fault.Bad("code", "account.code.needed"))
	}
	kind, err := s.ProveSecond(q.Context(), v, q.Cookie(Cookie), q.Text("code"))
	if errors.Is(err, errGone) {
		return s.codePage(q, nil)
	}
	if shown, ok := explained(err); ok {
		return s.codePage(q, shown)
	}
	if kind == ForAll {
		return web.Redirect("/recover/codes"), err
	}
	return finished(q, "/recover/done?of=step"), err
}

func (s *Recovery) sendSecond(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.SendSecond(q.Context(), v, q.Cookie(Cookie))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if shown, ok := explained(err); ok {
		return s.codePage(q, shown)
	}
	return web.Redirect("/recover/second/code"), err
}

// image is the QR code of the authenticator's secret, as a picture from a route of
// its own: the pages may not hold data: addresses.
func (s *Recovery) image(q *web.Request, _ access.Visitor) (web.Reply, error) {
	w, _, err := s.at(q.Context(), q.Cookie(Cookie))
	if errors.Is(err, errGone) || err == nil && (!w.mayChoose() || w.draft.Kind != "totp") {
		return web.Reply{}, fault.Missing()
	}
	if err != nil {
		return web.Reply{}, err
	}
	var name string
	if err := s.DB.View(q.Context(), func(tx *store.Tx) error {
		l, err := s.Finder.Login(q.Context(), tx, w.account)
		name = l.Name
		return err
	}); err != nil {
		return web.Reply{}, err
	}
	issuer := "Portal"
	if s.Clinic != nil && s.Clinic.Now().Name != "" {
		issuer = s.Clinic.Now().Name
	}
	png, err := qrcode.Encode(secret.OTPAuthURL(issuer, name, w.draft.Secret), qrcode.Medium, 400)
	return web.Bytes("image/png", "", png), err
}

// CodesPage shows the new recovery codes, until the wait begins.
type CodesPage struct{ Codes []string }

func (s *Recovery) showCodes(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return s.codesPage(q, nil)
}

// shown gives the codes to a browser that has come to them; at tells what it is
// at otherwise.
func (s *Recovery) shown(q *web.Request) (codes []string, other web.Reply, err error) {
	w, _, err := s.at(q.Context(), q.Cookie(Cookie))
	switch {
	case errors.Is(err, errGone):
		return nil, startOver(), nil
	case err != nil:
		return nil, web.Reply{}, err
	case w.kind != ForAll || !w.draft.Ready:
		return nil, web.Redirect("/recover/second"), nil
	}
	return w.draft.Recovery, web.Reply{}, nil
}

func (s *Recovery) codesPage(q *web.Request, wrong error) (web.Reply, error) {
	codes, other, err := s.shown(q)
	if err != nil || codes == nil {
		return other, err
	}
	return show(func(sh page.Shell) templ.Component { return newCodes(sh, CodesPage{codes}) }).Fix(wrong), nil
}

func (s *Recovery) codesFile(q *web.Request, _ access.Visitor) (web.Reply, error) {
	codes, other, err := s.shown(q)
	if err != nil || codes == nil {
		return other, err
	}
	text := q.T("enroll.recovery.title") + "\n\n"
	for _, c := range codes {
		text += c + "\n"
	}
	return web.Bytes("text/plain; charset=utf-8", "recovery-codes.txt", []byte(text)), nil
}

func (s *Recovery) keep(q *web.Request, v access.Visitor) (web.Reply, error) {
	err := s.Keep(q.Context(), v, q.Cookie(Cookie), q.Ticked("saved"))
	if errors.Is(err, errGone) {
		return startOver(), nil
	}
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict { // the code was used or taken back meanwhile
		return show(notStarted), nil
	}
	if shown, ok := explained(err); ok {
		return s.codesPage(q, shown)
	}
	return web.Redirect("/recover/wait").Cookie(Cookie, q.Cookie(Cookie), 2*Wait), err
}

// OwnPage tells a signed-in person that somebody is getting back into their account.
type OwnPage struct {
	Runs  bool
	Until string
}

func (s *Recovery) showOwn(q *web.Request, c access.Chart) (web.Reply, error) {
	var p OwnPage
	err := s.DB.View(q.Context(), func(tx *store.Tx) error {
		w, err := s.running(q.Context(), tx, c.Account())
		if errors.Is(err, errGone) {
			return nil
		}
		p.Runs = err == nil
		if !w.until.IsZero() {
			p.Until = (page.Shell{Lang: q.Lang, Clinic: s.Clinic.Now()}).Moment(w.until)
		}
		return err
	})
	return show(func(sh page.Shell) templ.Component {
		if q.Ask("done") != "" {
			sh.Done = sh.T("recovery.own.done")
		}
		return own(sh, p)
	}), err
}

func (s *Recovery) stopOwn(q *web.Request, c access.Chart) (web.Reply, error) {
	err := s.StopOwn(q.Context(), c)
	if fault.Is(err, fault.NotFound) { // ended meanwhile
		return web.Redirect("/account/regain"), nil
	}
	return web.Redirect("/account/regain?done=1"), err
}
