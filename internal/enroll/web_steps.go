package enroll

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/web"
)

// stepFault answers an error of a step: at another page, correctable, or not.
func (e *Room) stepFault(q *web.Request, a access.Applicant, form web.Reply, err error) (web.Reply, error) {
	if early(err) {
		return e.astray(q, a, err)
	}
	return again(form, err)
}

// UserPage asks for user name and password.
type UserPage struct {
	UserName string
	Strength *page.Strength
}

func (p UserPage) draw(s page.Shell) templ.Component { return user(s, p) }

func (e *Room) showUser(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, _, err := e.step(q.Context(), a, stepUser)
	if err != nil {
		return e.astray(q, a, err)
	}
	return show(UserPage{UserName: p.Draft.UserName}.draw), nil
}

func (e *Room) user(q *web.Request, a access.Applicant) (web.Reply, error) {
	p := UserPage{UserName: q.Text("username")}
	err := e.ChooseUser(q.Context(), a, p.UserName, q.Raw("password"), q.Raw("again"), q.Lang)
	if err != nil {
		return e.stepFault(q, a, show(func(s page.Shell) templ.Component {
			if q.Raw("password") != "" {
				p.Strength = e.strength(s, q.Raw("password"), p.UserName)
			}
			return p.draw(s)
		}), err)
	}
	return web.Redirect(paths[stepSecond]), nil
}

// strength says how good a password is, in words.
func (e *Room) strength(s page.Shell, pw, userName string) *page.Strength {
	score := e.Credentials.Strength(pw, Maker{UserName: userName})
	words := [...]string{s.T("account.strength.0"), s.T("account.strength.1"), s.T("account.strength.2"), s.T("account.strength.3"), s.T("account.strength.4")}
	return &page.Strength{Score: score, Text: words[min(max(score, 0), 4)]}
}

// SecondPage asks which second step it shall be.
type SecondPage struct {
	How   SecondKind
	Phone bool // texts and calls can be had
	Mail  bool
}

func (e *Room) secondPage(k SecondKind) SecondPage {
	return SecondPage{How: k, Phone: e.offers(BySecondText), Mail: e.offers(BySecondEmail)}
}

func (p SecondPage) draw(s page.Shell) templ.Component { return second(s, p) }

func (e *Room) showSecond(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, _, err := e.step(q.Context(), a, stepSecond)
	if err != nil {
		return e.astray(q, a, err)
	}
	return show(e.secondPage(p.Draft.Second).draw), nil
}

func (e *Room) chooseSecond(q *web.Request, a access.Applicant) (web.Reply, error) {
	k := SecondKind(web.OneOf(q.Text("how"), string(BySecondApp), string(BySecondEmail), string(BySecondText), string(BySecondVoice)))
	if err := e.ChooseSecond(q.Context(), a, k); err != nil {
		return e.stepFault(q, a, show(e.secondPage(k).draw), err)
	}
	if k == BySecondApp {
		return web.Redirect("/enroll/second/app"), nil
	}
	return web.Redirect("/enroll/second/contact"), nil
}

// AppPage shows the secret for an authenticator app and asks for its first code.
type AppPage struct{ Key string }

func (p AppPage) draw(s page.Shell) templ.Component { return authenticator(s, p) }

func (e *Room) appSecret(ctx context.Context, a access.Applicant) (progress, error) {
	p, _, err := e.step(ctx, a, stepSecond)
	if err == nil && (p.Draft.Second != BySecondApp || len(p.Draft.Secret) == 0) {
		err = errEarly
	}
	return p, err
}

// key writes the secret in groups of four, to be typed.
func (p progress) key() string { return groups(secret.TOTPText(p.Draft.Secret), 4) }

func (e *Room) showApp(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, err := e.appSecret(q.Context(), a)
	if err != nil {
		return e.astray(q, a, err)
	}
	return show(AppPage{strings.ReplaceAll(p.key(), "-", " ")}.draw), nil
}

// appImage is the QR code of the secret, as a picture from a route of its own:
// the pages may not hold data: addresses.
func (e *Room) appImage(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, err := e.appSecret(q.Context(), a)
	if err != nil {
		return web.Reply{}, fault.Missing()
	}
	issuer := "Portal"
	if e.Clinic != nil && e.Clinic.Now().Name != "" {
		issuer = e.Clinic.Now().Name
	}
	png, err := qrcode.Encode(secret.OTPAuthURL(issuer, p.Draft.UserName, p.Draft.Secret), qrcode.Medium, 400)
	return web.Bytes("image/png", "", png), err
}

func (e *Room) app(q *web.Request, a access.Applicant) (web.Reply, error) {
	err := e.ProveApp(q.Context(), a, q.Text("code"))
	if err == nil {
		return web.Redirect(paths[stepRecovery]), nil
	}
	p, serr := e.appSecret(q.Context(), a)
	if serr != nil {
		return e.astray(q, a, serr)
	}
	return e.stepFault(q, a, show(AppPage{strings.ReplaceAll(p.key(), "-", " ")}.draw), err)
}

// ContactPage asks for the e-mail address or phone number of the second step.
type ContactPage struct {
	Kind  SecondKind
	Value string
}

func (p ContactPage) draw(s page.Shell) templ.Component { return contactPage(s, p) }

func (e *Room) secondContact(ctx context.Context, a access.Applicant) (ContactPage, progress, error) {
	p, _, err := e.step(ctx, a, stepSecond)
	if err == nil && (p.Draft.Second == BySecondApp || p.Draft.Second == "") {
		err = errEarly
	}
	c := ContactPage{Kind: p.Draft.Second, Value: p.Draft.Contact}
	if c.Value == "" {
		for _, k := range p.Draft.Proven {
			if (k.Channel == notify.Mail) == (c.Kind == BySecondEmail) {
				c.Value = k.Value
			}
		}
	}
	return c, p, err
}

func (e *Room) showContact(q *web.Request, a access.Applicant) (web.Reply, error) {
	c, _, err := e.secondContact(q.Context(), a)
	if err != nil {
		return e.astray(q, a, err)
	}
	return show(c.draw), nil
}

func (e *Room) contactForm(q *web.Request, a access.Applicant) (web.Reply, error) {
	c, _, err := e.secondContact(q.Context(), a)
	if err != nil {
		return e.astray(q, a, err)
	}
	c.Value = q.Text("contact")
	done, err := e.SetContact(q.Context(), a, c.Value)
	if err != nil {
		return e.stepFault(q, a, show(c.draw), err)
	}
	if done {
		return web.Redirect(paths[stepRecovery]), nil
	}
	return web.Redirect("/enroll/second/code"), nil
}

// SetUpPage asks for the digits that went to the contact of the second step.
type SetUpPage struct {
	Kind SecondKind
	To   string // what the person typed a moment ago
}

func (p SetUpPage) draw(s page.Shell) templ.Component { return setUp(s, p) }

func (e *Room) showSetUp(q *web.Request, a access.Applicant) (web.Reply, error) {
	c, p, err := e.secondContact(q.Context(), a)
	if err == nil && p.Draft.Contact == "" {
		err = errEarly
	}
	if err != nil {
		return e.astray(q, a, err)
	}
	sp := SetUpPage{c.Kind, lang.Phone(p.Draft.Contact)}
	return show(func(s page.Shell) templ.Component {
		if q.Ask("again") != "" {
			s.Done = s.T("enroll.setup.again.done")
		}
		return sp.draw(s)
	}), nil
}

func (e *Room) setUp(q *web.Request, a access.Applicant) (web.Reply, error) {
	c, p, err := e.secondContact(q.Context(), a)
	if err != nil {
		return e.astray(q, a, err)
	}
	form := show(SetUpPage{c.Kind, lang.Phone(p.Draft.Contact)}.draw)
	if q.Text("do") == "again" {
		if err := e.SendAgain(q.Context(), a); err != nil {
			return e.stepFault(q, a, form, atField(err, "contact", "code"))
		}
		return web.Redirect("/enroll/second/code?again=1"), nil
	}
	if err := e.ProveContact(q.Context(), a, q.Text("code")); err != nil {
		return e.stepFault(q, a, form, err)
	}
	return web.Redirect(paths[stepRecovery]), nil
}

// atField moves problems at one field to another that the page has.
func atField(err error, from, to string) error {
	if f, ok := fault.As(err); ok {
		for i := range f.Problems {
			if f.Problems[i].Field == from {
				f.Problems[i].Field = to
			}
		}
	}
	return err
}

// RecoveryPage shows the recovery codes.
type RecoveryPage struct{ Codes []string }

func (p RecoveryPage) draw(s page.Shell) templ.Component { return recovery(s, p) }

func (e *Room) showRecovery(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, _, err := e.step(q.Context(), a, stepRecovery)
	if err != nil {
		return e.astray(q, a, err)
	}
	return show(RecoveryPage{p.Draft.Recovery}.draw), nil
}

// recoveryFile is the recovery codes as a plain text file.
func (e *Room) recoveryFile(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, _, err := e.step(q.Context(), a, stepRecovery)
	if err != nil {
		return e.astray(q, a, err)
	}
	name := ""
	if e.Clinic != nil {
		name = e.Clinic.Now().Name
	}
	text := q.T("enroll.recovery.file", name, p.Draft.UserName) + "\r\n\r\n" + strings.Join(p.Draft.Recovery, "\r\n") + "\r\n"
	return web.Bytes("text/plain; charset=utf-8", "recovery-codes.txt", []byte(text)), nil
}

func (e *Room) recovery(q *web.Request, a access.Applicant) (web.Reply, error) {
	err := e.SaveRecovery(q.Context(), a, q.Ticked("saved"))
	if err == nil {
		return web.Redirect(paths[stepTerms]), nil
	}
	p, _, serr := e.step(q.Context(), a, stepRecovery)
	if serr != nil {
		return e.astray(q, a, serr)
	}
	return e.stepFault(q, a, show(RecoveryPage{p.Draft.Recovery}.draw), err)
}

// TermsPage shows both documents, to be read and accepted one by one.
type TermsPage struct {
	Documents      []Document
	Terms, Privacy bool
}

func (p TermsPage) draw(s page.Shell) templ.Component { return terms(s, p) }

func (p TermsPage) shown() string {
	var out []string
	for _, d := range p.Documents {
		out = append(out, string(d.ID))
	}
	return strings.Join(out, ",")
}

func (e *Room) documents(ctx context.Context, l lang.Lang) (docs []Document, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		docs, err = e.Terms.Current(ctx, tx, l)
		return err
	})
	return docs, err
}

func (e *Room) showTerms(q *web.Request, a access.Applicant) (web.Reply, error) {
	if _, _, err := e.step(q.Context(), a, stepTerms); err != nil {
		return e.astray(q, a, err)
	}
	docs, err := e.documents(q.Context(), q.Lang)
	return show(TermsPage{Documents: docs}.draw), err
}

func (e *Room) terms(q *web.Request, a access.Applicant) (web.Reply, error) {
	c := Consent{Terms: q.Ticked("terms"), Privacy: q.Ticked("privacy"), Lang: q.Lang}
	if e.Set.DeviceName != "" {
		c.Device = q.Cookie(e.Set.DeviceName)
	}
	for id := range strings.SplitSeq(q.Text("documents"), ",") {
		c.Documents = append(c.Documents, ids.Document(id))
	}
	f, err := e.Finish(q.Context(), a, c)
	switch {
	case err == nil:
		return finished(f), nil
	case err == errTaken, err == errCodeGone:
		return stopped(err), nil
	case early(err):
		return e.astray(q, a, err)
	case fault.Is(err, fault.Invalid) && fault.Problems(err)[0].Field == "username":
		return show(UserPage{}.draw).Fix(err), nil
	}
	docs, derr := e.documents(q.Context(), q.Lang)
	if derr != nil {
		return web.Reply{}, derr
	}
	return again(show(TermsPage{Documents: docs, Terms: c.Terms, Privacy: c.Privacy}.draw), err)
}

// finished begins the signed-in session: a new token in another cookie, and the
// half-way one gone.
func finished(f Finished) web.Reply {
	r := web.Redirect("/enroll/done").Cookie(web.SessionCookie, f.Token, 0).Cookie(web.EnrolCookie, "", -1).Cookie(web.VisitorCookie, "", -1)
	if f.Cookie.Name != "" {
		r = r.Cookie(f.Cookie.Name, f.Cookie.Value, f.Cookie.Life)
	}
	return r
}

// StopPage ends the way for a reason that only somebody who is proven may know.
type StopPage struct{ Taken bool }

func stopped(err error) web.Reply {
	p := StopPage{Taken: err == errTaken}
	return show(func(s page.Shell) templ.Component { return stop(s, p) }).Status(409)
}

func (e *Room) showDone(*web.Request, access.Chart) (web.Reply, error) {
	return show(func(s page.Shell) templ.Component { return done(s) }), nil
}
