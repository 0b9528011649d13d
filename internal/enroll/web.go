package enroll

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// Mount registers the room's routes.
func (e *Room) Mount(r *web.Router) {
	r.Visitor("GET /enroll", e.showChoice)
	r.Visitor("GET /enroll/number", e.showNumber)
	r.VisitorForm("POST /enroll/number", e.number)
	r.Visitor("GET /enroll/code", e.showCode)
	r.VisitorForm("POST /enroll/code", e.code)
	r.Visitor("GET /a/{token}", e.showLink)
	r.VisitorForm("POST /a/{token}", e.code)
	r.Visitor("GET /enroll/phone", e.showSpoken)
	r.VisitorForm("POST /enroll/phone", e.spoken)
	r.Visitor("GET /enroll/request", e.showRequest)
	r.VisitorForm("POST /enroll/request", e.request)
	r.Visitor("GET /enroll/anew", e.showAnew)

	r.Enrolling("GET /enroll/sent", access.Requested, e.showSent)
	r.Enrolling("GET /enroll/confirm", access.Requested, e.showConfirm)
	r.EnrollingForm("POST /enroll/confirm", access.Requested, e.confirm)
	r.Enrolling("GET /enroll/expired", access.Matched, e.showExpired)
	r.EnrollingForm("POST /enroll/expired", access.Matched, e.anew)

	r.Enrolling("GET /enroll/user", access.Proven, e.showUser)
	r.EnrollingForm("POST /enroll/user", access.Proven, e.user)
	r.Enrolling("GET /enroll/second", access.Proven, e.showSecond)
	r.EnrollingForm("POST /enroll/second", access.Proven, e.chooseSecond)
	r.Enrolling("GET /enroll/second/app", access.Proven, e.showApp)
	r.Enrolling("GET /enroll/second/app.png", access.Proven, e.appImage)
	r.EnrollingForm("POST /enroll/second/app", access.Proven, e.app)
	r.Enrolling("GET /enroll/second/contact", access.Proven, e.showContact)
	r.EnrollingForm("POST /enroll/second/contact", access.Proven, e.contactForm)
	r.Enrolling("GET /enroll/second/code", access.Proven, e.showSetUp)
	r.EnrollingForm("POST /enroll/second/code", access.Proven, e.setUp)
	r.Enrolling("GET /enroll/recovery", access.Proven, e.showRecovery)
	r.Enrolling("GET /enroll/recovery.txt", access.Proven, e.recoveryFile)
	r.EnrollingForm("POST /enroll/recovery", access.Proven, e.recovery)
	r.Enrolling("GET /enroll/terms", access.Proven, e.showTerms)
	r.EnrollingForm("POST /enroll/terms", access.Proven, e.terms)

	r.Patient("GET /enroll/done", access.SeeHome, e.showDone)
}

// again redraws a form with what is wrong; what nobody can correct is handed on.
func again(r web.Reply, err error) (web.Reply, error) {
	if f, ok := fault.As(err); ok && len(f.Problems) > 0 {
		return r.Fix(err), nil
	}
	return web.Reply{}, err
}

// astray leads somebody who is at the wrong page to theirs.
func (e *Room) astray(q *web.Request, a access.Applicant, err error) (web.Reply, error) {
	if errors.Is(err, access.ErrNoSession) {
		return web.Redirect("/enroll?again=1").Cookie(web.EnrolCookie, "", -1), nil
	}
	if !errors.Is(err, errEarly) {
		return web.Reply{}, err
	}
	p, err := e.read(q.Context(), a)
	if err != nil {
		return web.Redirect("/enroll?again=1").Cookie(web.EnrolCookie, "", -1), nil
	}
	return web.Redirect(e.place(a, p)), nil
}

// place is the page an applicant has got to.
func (e *Room) place(a access.Applicant, p progress) string {
	switch {
	case p.Way == byRequest:
		return "/enroll/sent"
	case p.Way == byExpired:
		return "/enroll/expired"
	case a.Level() != access.Proven:
		return "/enroll/confirm"
	}
	return paths[p.Draft.next()]
}

// Date is a date as it was typed.
type Date struct{ Day, Month, Year string }

func typedDate(q *web.Request, name string) Date {
	return Date{q.Text(name + "_day"), q.Text(name + "_month"), q.Text(name + "_year")}
}

func (d Date) spec(s page.Shell, name string) page.DateSpec {
	return page.DateSpec{Name: name, Label: s.T("enroll.birth.label"), Day: d.Day, Month: d.Month, Year: d.Year}
}

// birth reads a date of birth; what is wrong with it stands at field name.
func (d Date) birth(name string, today time.Time) (string, error) {
	if d.Day == "" && d.Month == "" && d.Year == "" {
		return "", fault.Bad(name, "enroll.birth.missing")
	}
	if len(d.Year) != 4 {
		return "", fault.Bad(name, "enroll.birth.year")
	}
	n := func(s string) int {
		if strings.Trim(s, "0123456789") != "" || len(s) > 4 {
			return 0
		}
		v, _ := strconv.Atoi(s)
		return v
	}
	t := time.Date(n(d.Year), time.Month(n(d.Month)), n(d.Day), 0, 0, 0, 0, time.UTC)
	switch {
	case n(d.Year) == 0 || t.Year() != n(d.Year) || int(t.Month()) != n(d.Month) || t.Day() != n(d.Day):
		return "", fault.Bad(name, "enroll.birth.form")
	case t.Format(time.DateOnly) > today.Format(time.DateOnly):
		return "", fault.Bad(name, "enroll.birth.future")
	case t.Year() < today.Year()-oldestYear:
		return "", fault.Bad(name, "enroll.birth.old")
	}
	return t.Format(time.DateOnly), nil
}

func show(draw func(page.Shell) templ.Component) web.Reply { return web.Show(draw) }

// ChoicePage offers the three ways.
type ChoicePage struct {
	Again bool // a session ran out
	Age   int  // youngest age for an account of one's own
}

func (e *Room) showChoice(q *web.Request, _ access.Visitor) (web.Reply, error) {
	p := ChoicePage{Again: q.Ask("again") != "", Age: e.Set.MinAge}
	return show(func(s page.Shell) templ.Component { return choice(s, p) }), nil
}

// NumberPage asks for patient number and birth date.
type NumberPage struct {
	Number string
	Birth  Date
	Work   int // bits of work while the breaker is on, 0 for none
}

func (p NumberPage) draw(s page.Shell) templ.Component { return number(s, p) }

func (e *Room) showNumber(q *web.Request, _ access.Visitor) (web.Reply, error) {
	on, err := e.guarded(q.Context())
	p := NumberPage{}
	if on {
		p.Work = e.Set.WorkBits
	}
	return show(p.draw), err
}

func (e *Room) number(q *web.Request, v access.Visitor) (web.Reply, error) {
	p := NumberPage{Number: q.Text("number"), Birth: typedDate(q, "birth")}
	on, err := e.guarded(q.Context())
	if err != nil {
		return web.Reply{}, err
	}
	if on {
		p.Work = e.Set.WorkBits
	}
	var bad *fault.Fault
	if bare(p.Number) == "" {
		bad = bad.And("number", "enroll.number.missing")
	}
	bad = tooLong(bad, "number", p.Number, maxNumber)
	birth, err := p.Birth.birth("birth", e.local(e.DB.Now()))
	if bad, err = gather(bad, err); err != nil {
		return web.Reply{}, err
	}
	if bad != nil {
		return again(show(p.draw), bad)
	}
	if on && !worked(q.PostFormValue(page.FormKeyField), q.Text("work"), p.Work) {
		return again(show(p.draw), fault.Bad("", "enroll.work.again"))
	}
	token, err := e.TryNumber(q.Context(), v, NumberTry{Number: p.Number, Birth: birth, Lang: q.Lang})
	if err != nil {
		return again(show(p.draw), err)
	}
	return web.Redirect("/enroll/confirm").Cookie(web.EnrolCookie, token, 0), nil
}

// ConfirmPage asks for the digits that went to the contact on file, if any did.
// It has nothing to show that could differ.
type ConfirmPage struct{}

func (p ConfirmPage) draw(s page.Shell) templ.Component { return confirm(s, p) }

func (e *Room) showConfirm(q *web.Request, a access.Applicant) (web.Reply, error) {
	p, err := e.read(q.Context(), a)
	if err != nil || p.Way != byNumber || a.Level() == access.Proven {
		return e.astray(q, a, errors.Join(err, errEarly))
	}
	s := ConfirmPage{}
	return show(func(sh page.Shell) templ.Component {
		if q.Ask("again") != "" {
			sh.Done = sh.T("enroll.confirm.asked")
		}
		return s.draw(sh)
	}), nil
}

func (e *Room) confirm(q *web.Request, a access.Applicant) (web.Reply, error) {
	if a.Level() == access.Proven {
		return e.astray(q, a, errEarly)
	}
	if q.Text("do") == "again" {
		if err := e.AskAgain(q.Context(), a); err != nil {
			return again(show(ConfirmPage{}.draw), err)
		}
		return web.Redirect("/enroll/confirm?again=1"), nil
	}
	token, err := e.Confirm(q.Context(), a, q.Text("code"))
	if errors.Is(err, access.ErrNoSession) {
		return e.astray(q, a, err)
	}
	if err != nil {
		return again(show(ConfirmPage{}.draw), err)
	}
	return web.Redirect(paths[stepUser]).Cookie(web.EnrolCookie, token, 0), nil
}
