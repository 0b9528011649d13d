package results

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// deskPath is the desk's place in the rail.
const deskPath = "/staff/results"

// MountDesk registers the staff's pages.
func (s *Results) MountDesk(r *web.Router) {
	r.StaffNav(page.NavItem{Path: deskPath, Icon: "flask-conical", TextKey: "results.desk.nav"})
	r.StaffQueue(deskPath, access.ReleaseResults, s.pending)
	r.Staff("GET /staff/results", access.ReleaseResults, s.showDesk)
	r.Staff("GET /staff/results/{id}", access.ReleaseResults, s.showCase)
	r.Staff("GET /staff/results/{id}/file", access.ReleaseResults, s.caseFile)
	r.StaffForm("POST /staff/results/{id}/comment", access.ReleaseResults, s.comment)
	r.StaffForm("POST /staff/results/{id}/release", access.ReleaseResults, s.releaseNow)
	r.StaffForm("POST /staff/results/{id}/hold", access.ReleaseResults, s.hold)
	r.StaffForm("POST /staff/results/{id}/mark", access.ReleaseResults, s.mark)
	r.Staff("GET /staff/results/rules", access.SetReleaseRules, s.showRules)
	r.StaffForm("POST /staff/results/rules", access.SetReleaseRules, s.setRule)
	r.StaffForm("POST /staff/results/rules/drop", access.SetReleaseRules, s.dropRule)
}

// doneTexts are what a page can say after something was done; the address names
// one of them.
var doneTexts = map[string]string{
	"commented": "results.desk.done.commented", "both": "results.desk.done.both", "released": "results.desk.done.released", "held": "results.desk.done.held",
	"marked": "results.desk.done.marked", "unmarked": "results.desk.done.unmarked", "rule": "results.desk.done.rule", "dropped": "results.desk.done.dropped",
}

// staffPage answers with a page of the desk.
func staffPage(q *web.Request, title string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T(title))
		if key, ok := doneTexts[q.Ask("done")]; ok && len(s.Problems) == 0 {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

func (s *Results) showDesk(q *web.Request, d access.Desk) (web.Reply, error) {
	tab := Tab(q.Ask("tab"))
	if !slices.Contains(Tabs, tab) {
		tab = TabReview
	}
	list, err := s.Desk(q.Context(), d, tab, q.Ask("after"))
	if err != nil {
		return web.Reply{}, err
	}
	p := DeskPage{Tab: tab, List: list, Rules: d.May(access.SetReleaseRules), Days: s.CriticalDays}
	if list.Next != "" {
		p.Next = deskPath + "?" + url.Values{"tab": {string(tab)}, "after": {list.Next}}.Encode()
	}
	return staffPage(q, "results.desk.title", func(s page.Shell) templ.Component { return desk(s, p) }), nil
}

func (s *Results) showCase(q *web.Request, d access.Desk) (web.Reply, error) {
	return s.casePage(q, d, CasePage{Comment: ids.Comment(q.Ask("edit"))}, nil)
}

func (s *Results) caseFile(q *web.Request, d access.Desk) (web.Reply, error) {
	n, err := strconv.Atoi(cmp.Or(q.Ask("n"), "0"))
	if err != nil {
		return web.Reply{}, fault.Missing()
	}
	f, err := s.CaseFile(q.Context(), d, ids.Resource(q.PathValue("id")), n)
	return handed(f, n), err
}

// casePage draws one result, again with what was typed if that was wrong.
func (s *Results) casePage(q *web.Request, d access.Desk, p CasePage, wrong error) (web.Reply, error) {
	c, err := s.Case(q.Context(), d, ids.Resource(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	p.Case, p.Now, p.Find, p.Zone = c, s.DB.Now(), d.May(access.FindPatients), s.zone()
	known := false
	for _, k := range c.Comments {
		if k.ID == p.Comment && k.Mine {
			known, p.Version = true, k.Version
			if wrong == nil {
				p.Text = k.Comment.Text
			}
		}
	}
	if !known {
		p.Comment, p.Version = "", 0
	}
	return staffPage(q, "results.desk.case.title", func(s page.Shell) templ.Component { return deskCase(s.BackTo(deskPath), p) }).Fix(wrong), nil
}

// settled leads on after a decision, or shows the result again with what was
// wrong or what changed meanwhile.
func (s *Results) settled(q *web.Request, d access.Desk, p CasePage, done string, err error) (web.Reply, error) {
	f, ok := fault.As(err)
	switch {
	case ok && f.Kind == fault.Invalid:
		return s.casePage(q, d, p, err)
	case ok && f.Kind == fault.Conflict:
		return s.casePage(q, d, p, fault.Bad("", f.Text))
	}
	return web.Redirect(deskPath + "/" + url.PathEscape(q.PathValue("id")) + "?done=" + done), err
}

func (s *Results) comment(q *web.Request, d access.Desk) (web.Reply, error) {
	version, _ := strconv.ParseInt(q.Text("version"), 10, 64)
	c := Draft{On: ids.Resource(q.PathValue("id")), Text: q.PostFormValue("text"), ID: ids.Comment(q.Text("comment")), Version: version,
		Release: q.Ticked("release"), Seen: q.Text("seen")}
	done := "commented"
	if c.Release {
		done = "both"
	}
	return s.settled(q, d, CasePage{Text: c.Text, Comment: c.ID, Release: c.Release}, done, s.Comment(q.Context(), d, c))
}

func (s *Results) releaseNow(q *web.Request, d access.Desk) (web.Reply, error) {
	w := Opening{On: ids.Resource(q.PathValue("id")), Seen: q.Text("seen")}
	with := q.PostForm["with"]
	for _, id := range with {
		w.With = append(w.With, ids.Resource(id))
	}
	return s.settled(q, d, CasePage{With: with}, "released", s.Release(q.Context(), d, w))
}

func (s *Results) hold(q *web.Request, d access.Desk) (web.Reply, error) {
	h := Hold{On: ids.Resource(q.PathValue("id")), Why: q.Text("why"), Note: q.Text("note"), Seen: q.Text("seen")}
	p := CasePage{Why: h.Why, Note: h.Note, Until: q.Text("until")}
	if p.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, p.Until, s.zone())
		if err != nil {
			return s.casePage(q, d, p, fault.Bad("until", "results.desk.hold.until.bad"))
		}
		h.Until = day
	}
	return s.settled(q, d, p, "held", s.Hold(q.Context(), d, h))
}

func (s *Results) mark(q *web.Request, d access.Desk) (web.Reply, error) {
	sensitive, done := q.Text("to") == "sensitive", "unmarked"
	if sensitive {
		done = "marked"
	}
	return s.settled(q, d, CasePage{}, done, s.Mark(q.Context(), d, ids.Resource(q.PathValue("id")), sensitive, q.Text("seen")))
}

func (s *Results) showRules(q *web.Request, d access.Desk) (web.Reply, error) {
	return s.rulesPage(q, d, RulesPage{Rule: Rule{Class: q.Ask("class"), Code: q.Ask("code")}}, nil)
}

func (s *Results) rulesPage(q *web.Request, d access.Desk, p RulesPage, wrong error) (web.Reply, error) {
	list, err := s.ReleaseRules(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	p.List = list
	if wrong == nil {
		asked := p.Rule
		p.Rule = Rule{How: AtOnce}
		for _, r := range slices.Concat(list.Classes, list.Codes) {
			if r.Class == asked.Class && r.Code == asked.Code {
				p.Rule = r
			}
		}
	}
	return staffPage(q, "results.desk.rules.title", func(s page.Shell) templ.Component { return deskRules(s.BackTo(deskPath), p) }).Fix(wrong), nil
}

func (s *Results) setRule(q *web.Request, d access.Desk) (web.Reply, error) {
	hours, _ := strconv.Atoi(q.Text("hours"))
	r := Rule{Class: q.Text("class"), Code: q.Text("code"), Title: q.Text("title"), How: How(q.Text("how")), Hours: hours, Sensitive: q.Ticked("sensitive")}
	err := s.SetRule(q.Context(), d, r)
	if fault.Fixable(err) {
		return s.rulesPage(q, d, RulesPage{Rule: r}, err)
	}
	return web.Redirect(deskPath + "/rules?done=rule"), err
}

func (s *Results) dropRule(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect(deskPath + "/rules?done=dropped"), s.DropRule(q.Context(), d, q.Text("code"))
}
