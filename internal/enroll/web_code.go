package enroll

import (
	"errors"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// CodePage asks for an activation code with the birth date.
type CodePage struct {
	Token string // of the link that was opened: the code is known
	Code  string
	Birth Date
}

func (p CodePage) draw(s page.Shell) templ.Component { return code(s, p) }

func (p CodePage) action() string {
	if p.Token != "" {
		return linkPath(p.Token)
	}
	return "/enroll/code"
}

func (e *Room) showCode(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(CodePage{}.draw), nil
}

// showLink opens the form with the code known. It asks the database nothing:
// mail scanners open links, and nobody may learn from it which codes exist.
func (e *Room) showLink(q *web.Request, _ access.Visitor) (web.Reply, error) {
	t := q.PathValue("token")
	if !linkToken(t) {
		return web.Reply{}, fault.Missing()
	}
	return show(CodePage{Token: t}.draw), nil
}

// linkToken tells whether t looks like a link's token: 43 symbols of base64url.
func linkToken(t string) bool {
	if len(t) != 43 {
		return false
	}
	for _, c := range t {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func (e *Room) code(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := CodePage{Token: q.PathValue("token"), Code: q.Text("code"), Birth: typedDate(q, "birth")}
	if p.Token != "" && !linkToken(p.Token) {
		return web.Reply{}, fault.Missing()
	}
	var bad *fault.Fault
	if p.Token == "" && p.Code == "" {
		bad = bad.And("code", "enroll.code.missing")
	} else if _, ok := parsePhrase(p.Code); p.Token == "" && !ok {
		bad = bad.And("code", "enroll.code.form")
	}
	birth, err := p.Birth.birth("birth", e.local(e.DB.Now()))
	if bad, err = gather(bad, err); err != nil {
		return web.Reply{}, err
	}
	if bad != nil {
		return again(show(p.draw), bad)
	}
	o, err := e.OpenCode(q.Context(), v, CodeTry{Code: p.Code, Token: p.Token, Birth: birth, Lang: q.Lang})
	if err != nil {
		return again(show(p.draw), p.at(err))
	}
	return entered(o), nil
}

// at moves a problem with the code to the birth date, the only field there is
// on the page a link opens.
func (p CodePage) at(err error) error {
	f, ok := fault.As(err)
	if !ok || p.Token == "" {
		return err
	}
	for i := range f.Problems {
		if f.Problems[i].Field == "code" {
			f.Problems[i] = fault.Problem{Field: "birth", Text: "enroll.link.wrong"}
		}
	}
	return f
}

// backPath is where somebody with an account goes on. Room recovery answers it.
const backPath = "/recover/anew"

// entered leads on from a right code.
func entered(o Opening) web.Reply {
	to := paths[stepUser]
	switch {
	case o.Late:
		to = "/enroll/expired"
	case o.Back:
		to = backPath
	}
	return web.Redirect(to).Cookie(web.EnrolCookie, o.Token, 0)
}

// SpokenPage asks for a code that was read out, with the number of the request.
type SpokenPage struct {
	Reference, Code string
	Birth           Date
}

func (p SpokenPage) draw(s page.Shell) templ.Component { return spoken(s, p) }

func (e *Room) showSpoken(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(SpokenPage{}.draw), nil
}

func (e *Room) spoken(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := SpokenPage{Reference: q.Text("reference"), Code: q.Text("code"), Birth: typedDate(q, "birth")}
	var bad *fault.Fault
	if _, ok := parseSpoken(p.Reference); !ok {
		bad = bad.And("reference", "enroll.reference.form")
	}
	if _, ok := parseSpoken(p.Code); !ok {
		bad = bad.And("code", "enroll.spoken.form")
	}
	birth, err := p.Birth.birth("birth", e.local(e.DB.Now()))
	if bad, err = gather(bad, err); err != nil {
		return web.Reply{}, err
	}
	if bad != nil {
		return again(show(p.draw), bad)
	}
	o, err := e.OpenCode(q.Context(), v, CodeTry{Reference: p.Reference, Code: p.Code, Birth: birth, Lang: q.Lang})
	if err != nil {
		return again(show(p.draw), err)
	}
	return entered(o), nil
}

// ExpiredPage says that a code is too old, to somebody who typed it with the
// right birth date.
type ExpiredPage struct{}

func (p ExpiredPage) draw(s page.Shell) templ.Component { return expired(s, p) }

func (e *Room) showExpired(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, err := e.read(q.Context(), a)
	if err != nil || p.Way != byExpired {
		return e.astray(q, a, errors.Join(err, errEarly))
	}
	return show(ExpiredPage{}.draw), nil
}

func (e *Room) anew(q *web.Request, a access.Applicant) (web.Reply, error) {
	if err := e.SendAnew(q.Context(), a); err != nil {
		return e.astray(q, a, err)
	}
	return web.Redirect("/enroll/anew").Cookie(web.EnrolCookie, "", -1), nil
}

func (e *Room) showAnew(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(func(s page.Shell) templ.Component { return anew(s) }), nil
}

// RequestPage asks for the details of somebody without a code.
type RequestPage struct {
	Claim Claim
	Birth Date
}

func (p RequestPage) draw(s page.Shell) templ.Component { return requestForm(s, p) }

func (e *Room) showRequest(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Same(RequestPage{}.draw), nil
}

func (e *Room) request(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := RequestPage{Birth: typedDate(q, "birth"), Claim: Claim{
		Given: q.Text("given"), Family: q.Text("family"), Former: q.Text("former"), Sex: web.OneOf(q.Text("sex"), "female", "male", "other", "unknown"),
		Street: q.Text("address_street"), Unit: q.Text("address_unit"), City: q.Text("address_city"), State: q.Text("address_state"), Zip: q.Text("address_zip"),
		Email: q.Text("email"), Phone: q.Text("phone"), Number: q.Text("number"), Reach: web.OneOf(q.Text("reach"), "email", "phone", "post"),
	}}
	var bad *fault.Fault
	birth, err := p.Birth.birth("birth", e.local(e.DB.Now()))
	if bad, err = gather(bad, err); err != nil {
		return web.Reply{}, err
	}
	p.Claim.Birth = birth
	if bad == nil {
		token, err := e.Ask(q.Context(), v, p.Claim, q.Lang)
		if err != nil {
			return again(show(p.draw), err)
		}
		return web.Redirect("/enroll/sent").Cookie(web.EnrolCookie, token, 0), nil
	}
	return again(show(p.draw), p.Claim.with(bad, e.local(e.DB.Now())))
}

// with adds what else is wrong with a claim to a problem of its birth date, so
// that everything is said at once, in the order of the page.
func (c Claim) with(birth *fault.Fault, today time.Time) error {
	c.Birth = "0001-01-01" // said already
	f, ok := fault.As(c.check(today))
	if !ok {
		return birth
	}
	out := &fault.Fault{Kind: fault.Invalid, Text: f.Text}
	put := false
	for _, p := range f.Problems {
		if !put && p.Field != "given" && p.Field != "family" && p.Field != "former" {
			out.Problems, put = append(out.Problems, birth.Problems...), true
		}
		out.Problems = append(out.Problems, p)
	}
	if !put {
		out.Problems = append(out.Problems, birth.Problems...)
	}
	return out
}

// SentPage says that a request arrived, with its number.
type SentPage struct{ Reference string }

func (e *Room) showSent(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, err := e.read(q.Context(), a)
	if err != nil || p.Way != byRequest {
		return e.astray(q, a, errors.Join(err, errEarly))
	}
	sp := SentPage{groups(p.Draft.Reference, 4)}
	return show(func(s page.Shell) templ.Component { return sent(s, sp) }), nil
}
