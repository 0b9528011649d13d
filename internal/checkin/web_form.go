package checkin

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

func (s *CheckIns) mountForms(r *web.Router) {
	r.Patient("GET /visits/{id}/checkin/form/{form}", access.CheckIn, s.showForm)
	r.PatientForm("POST /visits/{id}/checkin/form/{form}", access.CheckIn, s.formForm)
	r.Patient("GET /visits/{id}/checkin/consent/{consent}", access.CheckIn, s.showConsent)
	r.PatientForm("POST /visits/{id}/checkin/consent/{consent}", access.CheckIn, s.consentForm)
}

// FormPage is a questionnaire to fill in.
type FormPage struct {
	Asked FormAsked
	Typed Typed
	More  bool // answers opened further questions
}

func (s *CheckIns) showForm(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.formPage(r, c, nil, nil)
}

func (s *CheckIns) formPage(r *web.Request, c access.Chart, t Typed, wrong error) (web.Reply, error) {
	a, err := s.AskForm(r.Context(), c, visitID(r), ids.Form(r.PathValue("form")))
	if err != nil {
		return web.Reply{}, err
	}
	if a.Visit.Not != "" && wrong == nil {
		return web.Redirect(below(a.Visit.ID, "")), nil
	}
	p := FormPage{Asked: a, Typed: a.Typed, More: len(a.Typed) > 0 && a.Typed.Get(wholeField) == "" && wrong == nil}
	if t != nil {
		p.Asked.show(t)
		p.Typed = t
	}
	return web.Show(func(sh page.Shell) templ.Component {
		sh.Problems = p.about(sh)
		return form(sh.BackTo(below(a.Visit.ID, "")), p)
	}).Fix(wrong), nil
}

// about gives what is wrong with the question that each of it is about: nine times
// "Answer this question" would lead nobody anywhere.
func (p FormPage) about(sh page.Shell) []fault.Problem {
	out := slices.Clone(sh.Problems)
	for i := range out {
		longest := 0
		p.Asked.Form.walk(func(it, _ *Item) {
			if (out[i].Field == it.Name || strings.HasPrefix(out[i].Field, it.Name+"_")) && len(it.Name) > longest {
				longest, out[i].About = len(it.Name), it.label(sh)
			}
		})
	}
	return out
}

func (s *CheckIns) formForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Form(r.PathValue("form"))
	a, err := s.AskForm(r.Context(), c, visitID(r), id)
	if err != nil {
		return web.Reply{}, err
	}
	t := Typed{langField: {string(r.Lang)}}
	for f := range a.Whole.counts(nil) {
		t[f] = []string{r.Text(f)}
		if more := strings.TrimSuffix(f, countEnd) + moreEnd; r.Text(more) != "" {
			t[more] = []string{"yes"}
		}
	}
	for _, f := range a.Whole.copies(t, true).fields() {
		for _, v := range r.PostForm[f] {
			if v = strings.TrimSpace(strings.ReplaceAll(store.Clean(v), "\r\n", "\n")); v != "" && len(t[f]) < mostOptions {
				t[f] = append(t[f], v)
			}
		}
	}
	more, err := s.saveForm(r.Context(), c, a, t)
	part := needForm + ":" + string(id)
	switch {
	case fault.Fixable(err):
		return s.formPage(r, c, t, err)
	case more:
		return web.Redirect(below(a.Visit.ID, strings.Replace(part, ":", "/", 1)) + "#more"), err
	}
	return web.Redirect(below(a.Visit.ID, a.After(part))), err
}

// hidden are the fields of a page that nobody sees.
func (p FormPage) hidden() []page.Hidden {
	out := []page.Hidden{{Name: shownField, Value: p.shown()}}
	for name, n := range p.Asked.Whole.counts(p.Typed) {
		out = append(out, page.Hidden{Name: name, Value: n})
	}
	slices.SortFunc(out, func(a, b page.Hidden) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// shown names the questions of a page.
func (p FormPage) shown() string {
	var out []string
	p.Asked.Form.walk(func(it, _ *Item) {
		if it.asks() && p.Asked.On[it.Link] {
			out = append(out, it.Name)
		}
	})
	return strings.Join(out, " ")
}

// fresh tells whether a question was not on the page before.
func (p FormPage) fresh(it Item) bool {
	return p.More && !slices.Contains(strings.Fields(p.Typed.Get(shownField)), it.Name)
}

// ConsentPage is a text to sign.
type ConsentPage struct {
	Asked ConsentAsked
	Name  string
	Read  bool
}

func (s *CheckIns) showConsent(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.consentPage(r, c, "", false, nil)
}

func (s *CheckIns) consentPage(r *web.Request, c access.Chart, name string, read bool, wrong error) (web.Reply, error) {
	a, err := s.AskConsent(r.Context(), c, visitID(r), ids.Consent(r.PathValue("consent")))
	if err != nil {
		return web.Reply{}, err
	}
	if a.Visit.Not != "" && wrong == nil {
		return web.Redirect(below(a.Visit.ID, "")), nil
	}
	return web.Show(func(sh page.Shell) templ.Component {
		return consent(sh.BackTo(below(a.Visit.ID, "")), ConsentPage{a, name, read})
	}).Fix(wrong), nil
}

func (s *CheckIns) consentForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Consent(r.PathValue("consent"))
	a, err := s.AskConsent(r.Context(), c, visitID(r), id)
	if err != nil {
		return web.Reply{}, err
	}
	name, read := r.Text("name"), r.Ticked("read")
	if a.Signed.Name == "" {
		err = s.sign(r.Context(), c, a, name, read, r.Lang)
	}
	if fault.Fixable(err) {
		return s.consentPage(r, c, name, read, err)
	}
	return web.Redirect(below(a.Visit.ID, a.After(needConsent+":"+string(id)))), err
}
