package results

import (
	"cmp"
	"strconv"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/web"
)

// Mount registers this room's routes.
func (s *Results) Mount(r *web.Router) {
	r.PatientNav(page.NavItem{Path: "/results", Icon: "flask-conical", TextKey: "results.nav"})
	r.Patient("GET /results", access.SeeResults, s.showList)
	r.PatientForm("POST /results", access.SeeResults, s.search)
	r.Patient("GET /results/settings", access.ChooseRelease, s.showChoice)
	r.PatientForm("POST /results/settings", access.ChooseRelease, s.choose)
	r.Patient("GET /results/{id}", access.SeeResults, s.showOne)
	r.PatientForm("POST /results/{id}/show", access.SeeResults, s.show)
	r.Patient("GET /results/{id}/history", access.SeeResults, s.showHistory)
	r.Patient("GET /results/{id}/file", access.SeeResults, s.file)
}

func (s *Results) showList(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.listPage(r, c, s.opened(c, r.Ask("s")), nil)
}

// search takes the form and leads to the page of what was found.
func (s *Results) search(r *web.Request, c access.Chart) (web.Reply, error) {
	f := Filter{Words: r.Text("words"), Group: r.Text("group"), From: r.Text("from"), To: r.Text("to"), Out: r.Ticked("out")}
	if r.Ticked("clear") {
		f = Filter{}
	}
	if _, err := f.query(s.zone()); err != nil {
		return s.listPage(r, c, f, err)
	}
	return web.Redirect(s.address(c, f)), nil
}

// listPage shows the results a filter finds; with what is wrong with the filter
// it shows them all.
func (s *Results) listPage(r *web.Request, c access.Chart, f Filter, wrong error) (web.Reply, error) {
	ask := f
	if wrong != nil {
		ask = Filter{}
	}
	found, err := s.List(r.Context(), c, ask)
	if fault.Fixable(err) && wrong == nil {
		return s.listPage(r, c, f, err)
	}
	if err != nil {
		return web.Reply{}, err
	}
	p := ListPage{Filter: f, Items: found.Items, Filtered: ask.asks(), Later: f.After != ""}
	if found.Next.After != "" {
		p.Next = s.address(c, found.Next)
	}
	return web.Show(func(s page.Shell) templ.Component { return list(s, p) }).Fix(wrong), nil
}

func (s *Results) showOne(r *web.Request, c access.Chart) (web.Reply, error) {
	o, err := s.Open(r.Context(), c, ids.Resource(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	if o.Shut() {
		return shut(o), nil
	}
	return web.Show(func(s page.Shell) templ.Component { return result(s, ResultPage{o}) }), nil
}

func shut(o Opened) web.Reply {
	return web.Show(func(s page.Shell) templ.Component { return gate(s, GatePage{o.Item}) })
}

func (s *Results) show(r *web.Request, c access.Chart) (web.Reply, error) {
	id := r.PathValue("id")
	return web.Redirect("/results/" + id), s.Show(r.Context(), c, ids.Resource(id))
}

func (s *Results) showHistory(r *web.Request, c access.Chart) (web.Reply, error) {
	n, _ := strconv.Atoi(r.Ask("page")) // no number is the first page
	o, err := s.Over(r.Context(), c, ids.Resource(r.PathValue("id")), n)
	if err != nil {
		return web.Reply{}, err
	}
	if o.Shut() {
		return shut(o), nil
	}
	return web.Show(func(s page.Shell) templ.Component { return historyPage(s, HistoryPage{o}) }), nil
}

// file hands out what came with a report. Its bytes come from outside: they are
// saved, not opened, and what a browser may run in them runs nowhere.
func (s *Results) file(r *web.Request, c access.Chart) (web.Reply, error) {
	n, err := strconv.Atoi(cmp.Or(r.Ask("n"), "0"))
	if err != nil {
		return web.Reply{}, fault.Missing()
	}
	f, err := s.Attachment(r.Context(), c, ids.Resource(r.PathValue("id")), n)
	return handed(f, n), err
}

// handed gives out a file of others: saved, not opened.
func handed(f record.File, n int) web.Reply {
	return web.Outside(f.MIME(), "result-"+strconv.Itoa(n+1)+f.Extension(), f.Data)
}

func (s *Results) showChoice(r *web.Request, c access.Chart) (web.Reply, error) {
	wait, err := s.Choice(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	return choicePage(ChoicePage{Wait: wait, Saved: r.Ask("saved") != ""}), nil
}

func choicePage(p ChoicePage) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		if p.Saved {
			s.Done = s.T("results.choice.saved")
		}
		return choice(s, p)
	})
}

func (s *Results) choose(r *web.Request, c access.Chart) (web.Reply, error) {
	answer := r.Text("wait")
	if answer != "no" && answer != "yes" {
		wait, err := s.Choice(r.Context(), c)
		return choicePage(ChoicePage{Wait: wait}).Fix(fault.Bad("wait", "results.choice.needed")), err
	}
	return web.Redirect("/results/settings?saved=1"), s.Choose(r.Context(), c, answer == "yes")
}
