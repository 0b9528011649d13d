package terms

import (
	"errors"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// deskPath is the editor's place in the rail.
const deskPath = "/staff/terms"

// MountDesk registers the administrators' pages.
func (t *Terms) MountDesk(r *web.Router) {
	r.StaffNav(page.NavItem{Path: deskPath, Icon: "file-text", TextKey: "terms.desk.nav"})
	show := func(pattern string, h web.StaffFunc) { r.Staff(pattern, access.ManageTerms, h) }
	form := func(pattern string, h web.StaffFunc) { r.StaffForm(pattern, access.ManageTerms, h) }
	show("GET /staff/terms", t.showShelves)
	form("POST /staff/terms/drafts", t.begin)
	form("POST /staff/terms/retract", t.retract)
	show("GET /staff/terms/drafts/{id}", t.showDraft)
	for _, l := range lang.All {
		show("GET /staff/terms/drafts/{id}/"+string(l), t.showText(l))
		form("POST /staff/terms/drafts/{id}/"+string(l), t.save(l))
		show("GET /staff/terms/drafts/{id}/preview/"+string(l), t.showPreview(l, false))
		show("GET /staff/terms/drafts/{id}/preview/"+string(l)+"/accept", t.showPreview(l, true))
	}
	form("POST /staff/terms/drafts/{id}/publish", t.issue)
	form("POST /staff/terms/drafts/{id}/drop", t.drop)
	show("GET /staff/terms/accepted", t.showSigned)
	form("POST /staff/terms/accepted", t.askSigned)
	r.StaffRaised("GET /staff/terms/accepted.csv", access.ManageTerms, t.saveSigned)
}

// doneTexts are what a page can say after something was done; the address names
// one of them.
var doneTexts = map[string]string{"saved": "terms.desk.done.saved", "dropped": "terms.desk.done.dropped", "issued": "terms.desk.done.issued",
	"planned": "terms.desk.done.planned", "retracted": "terms.desk.done.retracted"}

func staffPage(q *web.Request, title string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T(title))
		if key, ok := doneTexts[q.Ask("done")]; ok && len(s.Problems) == 0 {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

// lost turns a Conflict into a problem of the page it happened on.
func lost(err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		return fault.Bad("", f.Text)
	}
	return err
}

func (t *Terms) showShelves(q *web.Request, d access.Desk) (web.Reply, error) {
	return t.shelvesPage(q, d, nil)
}

func (t *Terms) shelvesPage(q *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	shelves, err := t.Shelves(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	p := ShelvesPage{Shelves: shelves}
	return staffPage(q, "terms.desk.title", func(s page.Shell) templ.Component { return shelvesView(s, p) }).Fix(wrong), nil
}

func (t *Terms) begin(q *web.Request, d access.Desk) (web.Reply, error) {
	id, err := t.Begin(q.Context(), d, Kind(q.Text("kind")))
	return web.Redirect(draftPath(id)), err
}

func (t *Terms) retract(q *web.Request, d access.Desk) (web.Reply, error) {
	err := lost(t.Retract(q.Context(), d, Kind(q.Text("kind"))))
	if fault.Fixable(err) {
		return t.shelvesPage(q, d, err)
	}
	return web.Redirect(deskPath + "?done=retracted"), err
}

func draftPath(id ids.Draft) string { return deskPath + "/drafts/" + url.PathEscape(string(id)) }

func draftID(q *web.Request) ids.Draft { return ids.Draft(q.PathValue("id")) }

func (t *Terms) showDraft(q *web.Request, d access.Desk) (web.Reply, error) {
	return t.draftPage(q, d, DraftPage{}, nil)
}

func (t *Terms) draftPage(q *web.Request, d access.Desk, p DraftPage, wrong error) (web.Reply, error) {
	var err error
	if p.Draft, err = t.Read(q.Context(), d, draftID(q)); err != nil {
		return web.Reply{}, err
	}
	p.Uneven = shape(p.Draft.Text[lang.En].Body) != shape(p.Draft.Text[lang.Es].Body)
	return staffPage(q, p.Draft.Kind.title(), func(s page.Shell) templ.Component { return draftView(s.BackTo(deskPath), p) }).Fix(wrong), nil
}

func (t *Terms) showText(l lang.Lang) web.StaffFunc {
	return func(q *web.Request, d access.Desk) (web.Reply, error) {
		draft, err := t.Read(q.Context(), d, draftID(q))
		if err != nil {
			return web.Reply{}, err
		}
		if draft.State != Open { // its own page says what became of it
			return web.Redirect(draftPath(draft.ID)), nil
		}
		now := draft.Text[l]
		return t.textPage(q, TextPage{Draft: draft, Lang: l, Over: now.Rev, Text: now.Text}), nil
	}
}

func (t *Terms) textPage(q *web.Request, p TextPage) web.Reply {
	return staffPage(q, p.Draft.Kind.title(), func(s page.Shell) templ.Component { return textView(s.BackTo(draftPath(p.Draft.ID)), p) })
}

// save keeps a text. When somebody else saved in the meantime both texts are
// shown, the sender's in the form, and sending it again is a decision.
func (t *Terms) save(l lang.Lang) web.StaffFunc {
	return func(q *web.Request, d access.Desk) (web.Reply, error) {
		w := Writing{Draft: draftID(q), Lang: l, Over: number(q.Text("over")), Text: Text{Title: q.Text("title"), Change: q.Text("change"), Body: q.Text("body")}}
		err := t.Save(q.Context(), d, w)
		if err == nil {
			return web.Redirect(draftPath(w.Draft) + "?done=saved"), nil
		}
		conflict := fault.Is(err, fault.Conflict)
		if !conflict && !fault.Fixable(err) {
			return web.Reply{}, err
		}
		draft, rerr := t.Read(q.Context(), d, w.Draft)
		if rerr != nil {
			return web.Reply{}, rerr
		}
		p := TextPage{Draft: draft, Lang: l, Over: w.Over, Text: w.Text}
		if !conflict {
			return t.textPage(q, p).Fix(err), nil
		}
		if draft.State == Open {
			p.Over, p.Theirs = draft.Text[l].Rev, draft.Text[l]
		}
		return t.textPage(q, p).Fix(lost(err)).Status(409), nil
	}
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

// showPreview shows a draft as its readers will see it: the page of the text, or
// the page on which it is accepted, in the frame of patients and the language of
// the text.
func (t *Terms) showPreview(l lang.Lang, accepting bool) web.StaffFunc {
	return func(q *web.Request, d access.Desk) (web.Reply, error) {
		draft, err := t.Read(q.Context(), d, draftID(q))
		if err != nil {
			return web.Reply{}, err
		}
		text := draft.Text[l].Text.fill(t.Clinic.Now())
		var all []Document
		if err := t.DB.View(q.Context(), func(tx *store.Tx) (err error) {
			all, err = versions(q.Context(), tx)
			return err
		}); err != nil {
			return web.Reply{}, err
		}
		doc := Document{Kind: draft.Kind, Version: next(highest(all, draft.Kind), true), Lang: l, Title: text.Title, Body: text.Body, Change: text.Change, Published: t.DB.Now()}
		return web.Show(func(s page.Shell) templ.Component {
			s.Banner = s.T("terms.preview")
			s.Lang, s.Other, s.Nav, s.Wide, s.Person, s.SignOut, s.Counts = l, "", nil, false, "", "", nil
			s.Audience = page.Patient
			if accepting {
				return accept(s, AcceptPage{Docs: []Document{doc}, Next: "/home", Preview: true})
			}
			return document(s, DocumentPage{Doc: doc})
		}), nil
	}
}

func (t *Terms) issue(q *web.Request, d access.Desk) (web.Reply, error) {
	p := DraftPage{Material: q.Text("material"), When: q.Text("when"), Day: q.Text("day"), Time: q.Text("time")}
	o := Order{Draft: draftID(q), Seen: map[lang.Lang]int64{}, Material: p.Material == "yes"}
	for _, l := range lang.All {
		o.Seen[l] = number(q.Text("seen-" + string(l)))
	}
	err := p.order(&o, t.zone())
	if err == nil {
		err = lost(t.Issue(q.Context(), d, o))
	}
	if fault.Fixable(err) {
		return t.draftPage(q, d, p, err)
	}
	done := "issued"
	if !o.From.IsZero() {
		done = "planned"
	}
	return web.Redirect(deskPath + "?done=" + done), err
}

// order reads what was chosen on the page.
func (p DraftPage) order(o *Order, zone *time.Location) error {
	var bad *fault.Fault
	if p.Material != "yes" && p.Material != "no" {
		bad = bad.And("material", "terms.issue.material.needed")
	}
	switch p.When {
	case "now":
	case "later":
		at, err := time.ParseInLocation("2006-01-02 15:04", p.Day+" "+p.Time, zone)
		if err != nil {
			bad = bad.And("day", "terms.issue.day.bad")
		}
		o.From = at
	default:
		bad = bad.And("when", "terms.issue.when.needed")
	}
	return bad.OrNil()
}

func (t *Terms) zone() *time.Location { return page.ZoneOf(t.Clinic) }

func (t *Terms) drop(q *web.Request, d access.Desk) (web.Reply, error) {
	err := lost(t.Drop(q.Context(), d, draftID(q)))
	if fault.Fixable(err) {
		return t.draftPage(q, d, DraftPage{}, err)
	}
	return web.Redirect(deskPath + "?done=dropped"), err
}

// errDay is what an unreadable day of the filter is.
var errDay = errors.New("no day")

func day(text string, zone *time.Location, add int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, errDay
	}
	return at.AddDate(0, 0, add), nil
}
