package records

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

func (s *Records) mountStaff(r *web.Router) {
	r.Staff("GET /staff/corrections", access.ReviewCorrections, s.showWaiting)
	r.StaffNav(page.NavItem{Path: "/staff/corrections", Icon: "square-pen", TextKey: "records.desk.nav"})
	r.StaffQueue("/staff/corrections", access.ReviewCorrections, web.Counted(`SELECT COUNT(*) FROM correction WHERE state = 'asked'`))
	r.Staff("GET /staff/corrections/{id}", access.ReviewCorrections, s.showReview)
	r.StaffForm("POST /staff/corrections/{id}", access.ReviewCorrections, s.settle)
}

// WaitingPage is the desk's list of requests for corrections.
type WaitingPage struct {
	Settled bool
	Tabs    []page.Tab
	Table   page.TableSpec
}

func (s *Records) showWaiting(r *web.Request, d access.Desk) (web.Reply, error) {
	p := WaitingPage{Settled: r.Ask("tab") == "settled"}
	list, names, err := s.Waiting(r.Context(), d, p.Settled)
	if err != nil {
		return web.Reply{}, err
	}
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		p.Tabs = []page.Tab{{Href: "/staff/corrections", Text: sh.T("records.desk.waiting"), Now: !p.Settled},
			{Href: "/staff/corrections?tab=settled", Text: sh.T("records.desk.settled"), Now: p.Settled}}
		p.Table = waitingTable(sh, list, names)
		if done {
			sh.Done = sh.T("records.desk.done")
		}
		return waiting(sh, p)
	}), nil
}

func waitingTable(s page.Shell, list []Correction, names map[ids.Patient]string) page.TableSpec {
	t := page.TableSpec{ID: "corrections", Caption: s.T("records.desk.title"), HideCaption: true, Empty: s.T("records.desk.none"),
		Columns: []page.Column{{Text: s.T("records.desk.patient")}, {Text: s.T("records.desk.asked")}, {Text: s.T("records.desk.until")}, {Text: s.T("records.desk.state")}}}
	for _, k := range list {
		t.Rows = append(t.Rows, []page.Cell{{Text: names[k.Patient], Href: "/staff/corrections/" + string(k.ID)}, {Text: s.Date(k.Asked)}, {Text: s.Date(k.Until)},
			{Text: s.T("records.correct.state." + string(k.State)), Tone: k.tone()}})
	}
	return t
}

func (k Correction) tone() page.Tone {
	switch k.State {
	case Asked:
		return page.Info
	case Corrected:
		return page.OK
	}
	return page.Plain
}

// ReviewPage is one request beside the item.
type ReviewPage struct {
	Correction Correction
	Item       Item
	As, Answer string
}

func (s *Records) showReview(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.reviewPage(r, d, "", "", nil)
}

func (s *Records) reviewPage(r *web.Request, d access.Desk, as, answer string, wrong error) (web.Reply, error) {
	k, it, err := s.Review(r.Context(), d, ids.Correction(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component {
		return review(s.BackTo("/staff/corrections"), ReviewPage{k, it, as, answer})
	}).Fix(wrong), nil
}

func (s *Records) settle(r *web.Request, d access.Desk) (web.Reply, error) {
	as, answer := r.Text("as"), r.Text("answer")
	err := s.Settle(r.Context(), d, ids.Correction(r.PathValue("id")), State(as), answer)
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		err = fault.Bad("", f.Text)
	}
	if fault.Fixable(err) {
		return s.reviewPage(r, d, as, answer, err)
	}
	return web.Redirect("/staff/corrections?done=1"), err
}
