package checkin

import (
	"slices"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/web"
)

// setupPath is where administrators set what visits ask for.
const setupPath = "/staff/forms"

func (s *CheckIns) mountSetup(r *web.Router) {
	r.StaffNav(page.NavItem{Path: setupPath, Icon: "clipboard-list", TextKey: "checkin.setup.nav"})
	r.Staff("GET "+setupPath, access.SetForms, s.showSetup)
	r.StaffUpload("POST "+setupPath, access.SetForms, mostForm, s.uploadForm)
	r.Staff("GET "+setupPath+"/form/{id}", access.SetForms, s.showPreview)
	r.Staff("GET "+setupPath+"/kinds/{id}", access.SetForms, s.showKind)
	r.StaffForm("POST "+setupPath+"/kinds/{id}", access.SetForms, s.kindForm)
	r.Staff("GET "+setupPath+"/consent", access.SetForms, s.showText)
	r.StaffForm("POST "+setupPath+"/consent", access.SetForms, s.textForm)
}

// SetupPage is what visits ask for.
type SetupPage struct {
	Setup Setup
	JSON  string
}

func (s *CheckIns) showSetup(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.setupPage(r, d, "", nil)
}

func (s *CheckIns) setupPage(r *web.Request, d access.Desk, json string, wrong error) (web.Reply, error) {
	u, err := s.Setup(r.Context(), d)
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done && wrong == nil {
			sh.Done = sh.T("checkin.desk.done")
		}
		return setup(sh, SetupPage{u, json})
	}).Fix(wrong), err
}

func (s *CheckIns) uploadForm(r *web.Request, d access.Desk) (web.Reply, error) {
	raw, err := r.File("file")
	if err != nil {
		return web.Reply{}, err
	}
	json := r.Text("json")
	switch {
	case r.Text("builtin") == "phq9":
		raw = PHQ9
	case len(raw) == 0:
		raw = []byte(json)
	}
	if len(raw) == 0 {
		return s.setupPage(r, d, "", fault.Bad("file", "checkin.setup.file.none"))
	}
	_, err = s.AddForm(r.Context(), d, raw)
	if fault.Fixable(err) {
		return s.setupPage(r, d, json, err)
	}
	return web.Redirect(setupPath + "?done=1"), err
}

// PreviewPage is a questionnaire as patients see it, with every question.
type PreviewPage struct{ Form Form }

func (p PreviewPage) all() map[string]bool {
	out := map[string]bool{}
	p.Form.walk(func(it, _ *Item) { out[it.Link] = true })
	return out
}

func (s *CheckIns) showPreview(r *web.Request, d access.Desk) (web.Reply, error) {
	f, err := s.Form(r.Context(), d, ids.Form(r.PathValue("id")))
	return web.Show(func(sh page.Shell) templ.Component {
		return preview(sh.BackTo(setupPath), PreviewPage{f.copies(nil, true)})
	}), err
}

// KindPage is what one kind of visit asks for.
type KindPage struct {
	Kind    Kind
	Offered []Need
	Chosen  []string
}

func (s *CheckIns) showKind(r *web.Request, d access.Desk) (web.Reply, error) {
	u, err := s.Setup(r.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	i := slices.IndexFunc(u.Kinds, func(k Kind) bool { return string(k.ID) == r.PathValue("id") })
	if i < 0 {
		return web.Reply{}, fault.Missing()
	}
	p := KindPage{Kind: u.Kinds[i], Offered: u.Offered}
	for _, n := range u.Needs[p.Kind.ID] {
		p.Chosen = append(p.Chosen, n.part())
	}
	return web.Show(func(sh page.Shell) templ.Component { return kindNeeds(sh.BackTo(setupPath), p) }), nil
}

func (s *CheckIns) kindForm(r *web.Request, d access.Desk) (web.Reply, error) {
	err := s.Choose(r.Context(), d, ids.VisitType(r.PathValue("id")), r.PostForm["need"])
	return web.Redirect(setupPath + "?done=1"), err
}

// ConsentEditPage is the next version of a text, or a new one.
type ConsentEditPage struct {
	Of      ids.Consent
	Consent Consent
}

func (s *CheckIns) showText(r *web.Request, d access.Desk) (web.Reply, error) {
	p := ConsentEditPage{Of: ids.Consent(r.Ask("of"))}
	if p.Of != "" {
		var err error
		if p.Consent, err = s.Text(r.Context(), d, p.Of); err != nil {
			return web.Reply{}, err
		}
	}
	return s.textPage(p, nil), nil
}

func (s *CheckIns) textPage(p ConsentEditPage, wrong error) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return consentEdit(sh.BackTo(setupPath), p) }).Fix(wrong)
}

func (s *CheckIns) textForm(r *web.Request, d access.Desk) (web.Reply, error) {
	p := ConsentEditPage{Of: ids.Consent(r.Text("of")), Consent: Consent{Title: Words{}, Body: Words{}}}
	for _, l := range lang.All {
		p.Consent.Title[l], p.Consent.Body[l] = r.Text("title_"+string(l)), r.Text("body_"+string(l))
	}
	_, err := s.AddConsent(r.Context(), d, p.Of, p.Consent)
	if fault.Fixable(err) {
		return s.textPage(p, err), nil
	}
	return web.Redirect(setupPath + "?done=1"), err
}
