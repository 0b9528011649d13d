package clinic

import (
	"cmp"
	"context"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// deskPath is the profile's place in the rail.
const deskPath = "/staff/clinic"

// MountDesk registers the administrators' pages.
func (r *Room) MountDesk(router *web.Router) {
	router.StaffNav(page.NavItem{Path: deskPath, Icon: "settings", TextKey: "clinic.nav"})
	show := func(pattern string, h web.StaffFunc) { router.Staff(pattern, access.ManageClinic, h) }
	form := func(pattern string, h web.StaffFunc) {
		router.StaffForm(pattern, access.ManageClinic, h)
	}
	show("GET /staff/clinic", r.showForm)
	router.StaffUpload("POST /staff/clinic", access.ManageClinic, mostUpload, r.propose)
	show("GET /staff/clinic/preview", r.showPreview)
	show("GET /staff/clinic/preview.css", r.previewFile)
	show("GET /staff/clinic/preview.png", r.previewFile)
	show("GET /staff/clinic/sample", r.sample)
	form("POST /staff/clinic/publish", r.publish)
	form("POST /staff/clinic/drop", r.drop)
	show("GET /staff/clinic/history", r.showHistory)
	form("POST /staff/clinic/again", r.again)
	r.mountWords(show, form)
}

// doneTexts are what a page can say after something was done; the address names
// one of them.
var doneTexts = map[string]string{"published": "clinic.done.published", "dropped": "clinic.done.dropped", "again": "clinic.done.again", "worded": "clinic.done.worded"}

func staffPage(q *web.Request, title string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T(title))
		if key, ok := doneTexts[q.Ask("done")]; ok && len(s.Problems) == 0 {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

func (r *Room) showForm(q *web.Request, d access.Desk) (web.Reply, error) {
	e, err := r.Edit(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	return r.formPage(q, e, nil), nil
}

func (r *Room) formPage(q *web.Request, e Editing, wrong error) web.Reply {
	p := FormPage{Editing: e, Settings: r.Defaults, Colour: r.Colour, Sample: r.sampled(e.Draft.Name, e.Draft.Phone, e.Draft.Colour)}
	return staffPage(q, "clinic.title", func(s page.Shell) templ.Component { return formView(s, p) }).Fix(wrong)
}

func (r *Room) propose(q *web.Request, d access.Desk) (web.Reply, error) {
	p, err := sent(q)
	if err != nil {
		return web.Reply{}, err
	}
	err = r.Propose(q.Context(), d, p)
	if !fault.Fixable(err) {
		return web.Redirect(deskPath + "/preview"), err
	}
	e, rerr := r.Edit(q.Context(), d)
	if rerr != nil {
		return web.Reply{}, rerr
	}
	p.Draft.Logo = e.Draft.Logo
	e.Draft = p.Draft
	return r.formPage(q, e, err), nil
}

func sent(q *web.Request) (Proposal, error) {
	each := func(name string) map[lang.Lang]string {
		out := map[lang.Lang]string{}
		for _, l := range lang.All {
			out[l] = q.Text(name + "-" + string(l))
		}
		return out
	}
	p := Proposal{NoLogo: q.Ticked("nologo")}
	p.Over = number(q.Text("over"))
	p.Profile = Profile{Name: q.Text("name"), Phone: q.Text("phone"), Emergency: q.Text("emergency"), Address: q.Text("address"), Colour: q.Text("colour"),
		Hours: each("hours"), NumberLabel: each("label"), Welcome: each("welcome")}
	var err error
	p.Logo, err = q.File("logo")
	return p, err
}

func number(s string) int64 {
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<40 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// sampled is the piece of a page that shows name, phone and colour as they are typed.
func (r *Room) sampled(name, phone, colour string) Sample {
	p := Profile{Name: name, Phone: phone, Colour: colour}.tidy()
	s := Sample{Name: cmp.Or(p.Name, r.Defaults.Name), Phone: cmp.Or(p.Phone, r.Defaults.Phone)}
	p.Colour = cmp.Or(p.Colour, strings.ToUpper(r.Colour))
	if bad, ok := fault.As(p.checkColour(nil)); ok {
		s.Wrong = bad.Problems
	}
	var err error
	if s.Light, s.Dark, err = page.Swatches(p.Colour); err == nil && p.Colour != "" {
		s.Contrast, _ = page.CheckColour(p.Colour) // the same text was a colour just now
	}
	return s
}

// sample shows what is typed, for the script that asks while somebody types.
func (r *Room) sample(q *web.Request, _ access.Desk) (web.Reply, error) {
	p := r.sampled(q.Ask("name"), q.Ask("phone"), q.Ask("colour"))
	return staffPage(q, "clinic.preview.title", func(s page.Shell) templ.Component { return samplePage(s.BackTo(deskPath), p) }), nil
}

// proposed is the clinic as the staff user's draft would make it.
func (r *Room) proposed(ctx context.Context, d access.Desk) (Editing, *state, error) {
	e, err := r.Edit(ctx, d)
	if err != nil {
		return e, nil, err
	}
	var s *state
	err = r.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = r.dressed(ctx, tx, e.Draft.Profile)
		return err
	})
	return e, s, err
}

// showPreview shows pieces of pages in the look of the draft, in the frame that
// visitors see.
func (r *Room) showPreview(q *web.Request, d access.Desk) (web.Reply, error) {
	return r.previewPage(q, d, nil)
}

func (r *Room) previewPage(q *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	e, st, err := r.proposed(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	p := PreviewPage{Editing: e, Dark: q.Ask("look") == "dark", In: q.Lang}
	if l, ok := lang.Parse(q.Ask("in")); ok && q.Ask("in") != "" {
		p.In = l
	}
	look := *st.clinic
	if look.ThemeCSS != "" {
		look.ThemeCSS = deskPath + "/preview.css"
	}
	if e.Draft.Logo != "" {
		look.Logo = deskPath + "/preview.png"
	}
	if colour := e.Draft.Colour; colour != "" {
		if p.Colour, err = page.CheckColour(colour); err != nil {
			return web.Reply{}, err
		}
	}
	return web.Show(func(s page.Shell) templ.Component {
		p.Own = s.Lang
		s = s.Called(s.T("clinic.preview.title"))
		s.Clinic, s.Lang, s.Other, s.Nav, s.Counts, s.Wide, s.Person, s.SignOut = &look, p.In, "", nil, nil, false, "", ""
		s.Audience, s.Theme = page.Visitor, "light"
		if p.Dark {
			s.Theme = "dark"
		}
		return previewView(s, p)
	}).Fix(wrong), nil
}

// previewFile gives the files of a draft, which have no name of their own yet.
func (r *Room) previewFile(q *web.Request, d access.Desk) (web.Reply, error) {
	_, st, err := r.proposed(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	path, builtIn := st.clinic.ThemeCSS, "desk.css" // which changes no colour
	if q.URL.Path == deskPath+"/preview.png" {
		path, builtIn = st.clinic.Logo, "mark.svg"
	}
	if path == "" {
		return web.Redirect(page.Asset(builtIn)), nil
	}
	f := st.files[path[len("/clinic/"):]]
	return web.Bytes(f.Mime, "", f.Body), nil
}

// lost turns a Conflict into a problem of the page it happened on.
func lost(err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		return fault.Bad("", f.Text)
	}
	return err
}

func (r *Room) publish(q *web.Request, d access.Desk) (web.Reply, error) {
	err := lost(r.Publish(q.Context(), d))
	if fault.Fixable(err) {
		e, rerr := r.Edit(q.Context(), d)
		if rerr != nil {
			return web.Reply{}, rerr
		}
		return r.formPage(q, e, err).Status(409), nil
	}
	return web.Redirect(deskPath + "?done=published"), err
}

func (r *Room) drop(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect(deskPath + "?done=dropped"), r.Drop(q.Context(), d)
}

func (r *Room) showHistory(q *web.Request, d access.Desk) (web.Reply, error) {
	past, err := r.History(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	return staffPage(q, "clinic.history.title", func(s page.Shell) templ.Component {
		return historyView(s.BackTo(deskPath), HistoryPage{past})
	}), nil
}

func (r *Room) again(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect(deskPath + "?done=again"), r.Again(q.Context(), d, number(q.Text("rev")))
}
