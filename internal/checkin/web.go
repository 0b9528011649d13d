package checkin

import (
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// Mount registers the patient's routes.
func (s *CheckIns) Mount(r *web.Router) {
	r.Patient("GET /visits/{id}/checkin", access.CheckIn, s.showAll)
	r.PatientForm("POST /visits/{id}/checkin", access.CheckIn, s.sendForm)
	for _, part := range []string{Contacts, Emergency, Insurance, Health} {
		r.Patient("GET /visits/{id}/checkin/"+part, access.CheckIn, s.showStep(part))
		r.PatientForm("POST /visits/{id}/checkin/"+part, access.CheckIn, s.stepForm(part))
	}
	r.Patient("GET /visits/{id}/checkin/card", access.CheckIn, s.showStep(Card))
	r.PatientUpload("POST /visits/{id}/checkin/card", access.CheckIn, 2*mostPhoto, s.cardForm)
	s.mountForms(r)
	r.Patient("GET /visits/{id}/checkin/photo", access.CheckIn, s.showPhoto)
}

func visitID(r *web.Request) ids.Appointment { return ids.Appointment(r.PathValue("id")) }

// below is the address of a page of a visit's check-in.
func below(id ids.Appointment, path string) string {
	if path != "" {
		path = "/" + path
	}
	return "/visits/" + string(id) + "/checkin" + path
}

// AllPage is a check-in with all its steps.
type AllPage struct{ Mine Mine }

func (s *CheckIns) showAll(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.allPage(r, c, nil)
}

func (s *CheckIns) allPage(r *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	m, err := s.See(r.Context(), c, visitID(r))
	return web.Show(func(sh page.Shell) templ.Component {
		return all(sh.BackTo("/visits/"+string(m.Visit.ID)), AllPage{m})
	}).Fix(wrong), err
}

func (s *CheckIns) sendForm(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.Send(r.Context(), c, visitID(r))
	if fault.Fixable(err) {
		return s.allPage(r, c, err)
	}
	return web.Redirect(below(visitID(r), "")), err
}

// StepPage is one step.
type StepPage struct {
	Asked Asked
	Typed Typed
}

type patientPage = func(*web.Request, access.Chart) (web.Reply, error)

func (s *CheckIns) showStep(part string) patientPage {
	return func(r *web.Request, c access.Chart) (web.Reply, error) { return s.stepPage(r, c, part, nil, nil) }
}

// stepPage shows a step; once it cannot be changed any more, the page of all
// steps says why, unless something was just typed that must not get lost.
func (s *CheckIns) stepPage(r *web.Request, c access.Chart, part string, t Typed, wrong error) (web.Reply, error) {
	a, err := s.Ask(r.Context(), c, visitID(r), part)
	if err != nil {
		return web.Reply{}, err
	}
	if a.Visit.Not != "" && wrong == nil {
		return web.Redirect(below(a.Visit.ID, "")), nil
	}
	if t == nil {
		t = a.Typed
	}
	return web.Show(func(sh page.Shell) templ.Component {
		return step(sh.BackTo(below(a.Visit.ID, "")), StepPage{a, t})
	}).Fix(wrong), nil
}

func (s *CheckIns) stepForm(part string) patientPage {
	return func(r *web.Request, c access.Chart) (web.Reply, error) {
		a, err := s.Ask(r.Context(), c, visitID(r), part)
		if err != nil {
			return web.Reply{}, err
		}
		t := Typed{}
		for _, f := range fields(a.Questions) {
			if v := strings.ReplaceAll(r.Text(f), "\r\n", "\n"); v != "" {
				t[f] = []string{v}
			}
		}
		err = s.save(r.Context(), c, a, t)
		if fault.Fixable(err) {
			return s.stepPage(r, c, part, t, err)
		}
		return web.Redirect(below(a.Visit.ID, a.After(part))), err
	}
}

func (s *CheckIns) cardForm(r *web.Request, c access.Chart) (web.Reply, error) {
	a, err := s.Ask(r.Context(), c, visitID(r), Card)
	if err != nil {
		return web.Reply{}, err
	}
	sent := map[Side][]byte{}
	for _, side := range []Side{Front, Back} {
		if sent[side], err = r.File("card_" + string(side)); err != nil {
			return web.Reply{}, err
		}
	}
	err = s.Picture(r.Context(), c, a.Visit.ID, sent)
	if fault.Fixable(err) {
		return s.stepPage(r, c, Card, nil, err)
	}
	if len(sent[Front])+len(sent[Back]) > 0 { // shown once more, to see that they can be read
		return web.Redirect(below(a.Visit.ID, Card)), err
	}
	return web.Redirect(below(a.Visit.ID, a.After(Card))), err
}

func (s *CheckIns) showPhoto(r *web.Request, c access.Chart) (web.Reply, error) {
	b, err := s.Photo(r.Context(), c, visitID(r), askedSide(r))
	return web.Bytes("image/jpeg", "", b), err
}

// askedSide is the side of the card a page asks for, the front if it does not say.
func askedSide(r *web.Request) Side {
	if side := Side(r.Ask("side")); side != "" {
		return side
	}
	return Front
}
