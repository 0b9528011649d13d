package emergency

import (
	"cmp"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/web"
)

const (
	listPath = "/staff/emergencies"
	ownPath  = "/staff/chart"
)

// Mount registers the pages.
func (e *Emergencies) Mount(r *web.Router) {
	r.Staff("GET /staff/patients/{id}/emergency", access.OpenCharts, e.ask)
	r.StaffForm("POST /staff/patients/{id}/emergency", access.OpenCharts, e.open)
	r.Staff("GET "+ownPath, access.OpenCharts, e.own)
	r.StaffNav(page.NavItem{Path: ownPath, Icon: "shield-alert", TextKey: "emergency.own.nav", Waiting: true})
	r.StaffOwn(ownPath, access.OpenCharts, func(d access.Desk) web.Queue {
		return func(a *store.Args, now time.Time) string { return access.OwnOpenings(d, a, now) }
	})
	r.Staff("GET /staff/chart/{id}", access.OpenCharts, e.chart)
	r.Staff("GET /staff/chart/{id}/entry/{entry}", access.OpenCharts, e.entry)
	r.Staff("GET /staff/chart/{id}/entry/{entry}/file", access.OpenCharts, e.file)
	r.StaffForm("POST /staff/chart/{id}/end", access.OpenCharts, e.end)
	r.Staff("GET /staff/emergencies", access.ReviewOpenings, e.list)
	r.StaffNav(page.NavItem{Path: listPath, Icon: "shield-alert", TextKey: "emergency.nav"})
	r.StaffQueue(listPath, access.ReviewOpenings, web.Counted(access.OpeningsWaiting))
	r.StaffForm("POST /staff/emergencies/{id}", access.ReviewOpenings, e.review)
}

// AskPage asks for reason and code.
type AskPage struct {
	Patient ids.Patient
	Name    string
	Reason  string
	Over    bool   // the hour of an opening has just run out
	Closed  bool   // it was just closed
	App     bool   // a code of the authenticator shows who they are
	SignOn  string // where they show it anew instead, "" for nowhere
	Raised  bool   // they have just done so
	Alone   bool   // nobody else could review it
}

// ready tells whether the form can be sent, or holds what was typed.
func (p AskPage) ready() bool { return p.App || p.Raised || p.Reason != "" }

func (p AskPage) path() string { return "/staff/patients/" + string(p.Patient) + "/emergency" }

func (e *Emergencies) ask(q *web.Request, d access.Desk) (web.Reply, error) {
	return e.askPage(q, d, AskPage{Over: q.Ask("over") != "", Closed: q.Ask("closed") != ""}, nil)
}

func (e *Emergencies) askPage(q *web.Request, d access.Desk, p AskPage, wrong error) (web.Reply, error) {
	var err error
	p.Patient = ids.Patient(q.PathValue("id"))
	if p.Name, err = e.called(q.Context(), p.Patient); err != nil {
		return web.Reply{}, err
	}
	p.Raised = d.Raised()
	if p.App, p.SignOn, err = e.Staff.Ways(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	if p.Alone, err = e.alone(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T("emergency.ask.title")).BackTo("/staff/patients/" + string(p.Patient))
		if p.Closed && wrong == nil {
			s.Done = s.T("emergency.closed")
		}
		return ask(s, p)
	}).Fix(wrong), nil
}

func (e *Emergencies) open(q *web.Request, d access.Desk) (web.Reply, error) {
	reason := q.Text("reason")
	id, err := e.Open(q.Context(), d, ids.Patient(q.PathValue("id")), reason, q.Text("code"))
	f, ok := fault.As(err)
	if ok && (f.Kind == fault.Invalid || f.Kind == fault.TooMany) {
		if f.Kind == fault.TooMany {
			err = fault.Bad("code", "emergency.bad.tries")
		}
		return e.askPage(q, d, AskPage{Reason: reason}, err)
	}
	return web.Redirect("/staff/chart/" + url.PathEscape(string(id))), err
}

// OwnPage lists the charts that somebody has open.
type OwnPage struct{ Open []page.Row }

// own leads back to the chart that the person has open, or lists several.
func (e *Emergencies) own(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := e.OpenNow(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	if len(all) == 1 {
		return web.Redirect(chartPath(all[0].ID)), nil
	}
	return web.Show(func(s page.Shell) templ.Component {
		var p OwnPage
		for _, c := range all {
			p.Open = append(p.Open, page.Row{Href: chartPath(c.ID), Icon: "shield-alert", Title: cmp.Or(c.Name, c.Number), Text: strings.Trim(c.Number+" · "+s.T("emergency.chart.until", s.Moment(c.Ends)), " ·")})
		}
		return own(s.Called(s.T("emergency.own.title")), p)
	}), nil
}

// ChartPage is one page of an open chart.
type ChartPage struct {
	Chart
	Parts []page.Tab
	Table page.TableSpec
	Next  string
}

func (e *Emergencies) chart(q *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Emergency(q.PathValue("id"))
	c, err := e.Read(q.Context(), d, id, record.Section(q.Ask("of")), q.Ask("after"))
	if err != nil {
		return over(c.Opening, err)
	}
	return web.Show(func(s page.Shell) templ.Component {
		return chart(s.Called(s.T("emergency.chart.title")), e.chartPage(s, c))
	}), nil
}

// over leads from a chart whose hour is over to where it can be opened anew.
func over(o access.Opening, err error) (web.Reply, error) {
	if errors.Is(err, access.ErrOver) {
		return web.Redirect("/staff/patients/" + string(o.Patient) + "/emergency?over=1"), nil
	}
	return web.Reply{}, err
}

func (e *Emergencies) readEntry(q *web.Request, d access.Desk) (Entry, error) {
	return e.ReadEntry(q.Context(), d, ids.Emergency(q.PathValue("id")), ids.Resource(q.PathValue("entry")))
}

func (e *Emergencies) entry(q *web.Request, d access.Desk) (web.Reply, error) {
	x, err := e.readEntry(q, d)
	if err != nil {
		return over(x.Opening, err)
	}
	return web.Show(func(s page.Shell) templ.Component {
		return entry(s.Called(s.T("emergency.chart.title")).BackTo(chartPath(x.Opening.ID)+"?of="+string(x.Row.Section)), x)
	}), nil
}

// file hands out what came with an entry. Its bytes come from outside: they are saved,
// not opened, and what a browser may run in them runs nowhere.
func (e *Emergencies) file(q *web.Request, d access.Desk) (web.Reply, error) {
	n, err := strconv.Atoi(q.Ask("n"))
	if err != nil && q.Ask("n") != "" {
		return web.Reply{}, fault.Missing()
	}
	x, err := e.readEntry(q, d)
	if err != nil {
		return over(x.Opening, err)
	}
	if n < 0 || n >= len(x.Files) {
		return web.Reply{}, fault.Missing()
	}
	f := x.Files[n]
	return web.Outside(f.MIME(), "document-"+strconv.Itoa(n+1)+f.Extension(), f.Data), nil
}

func chartPath(id ids.Emergency) string { return "/staff/chart/" + string(id) }

// path is an entry's own address.
func (x Entry) path() string { return chartPath(x.Opening.ID) + "/entry/" + string(x.Row.ID) }

func (e *Emergencies) chartPage(s page.Shell, c Chart) ChartPage {
	p := ChartPage{Chart: c}
	base := chartPath(c.Opening.ID)
	for _, x := range sections {
		if c.Counts[x] > 0 {
			p.Parts = append(p.Parts, page.Tab{Href: base + "?of=" + string(x), Text: s.T("records.section." + string(x)), Count: c.Counts[x], Now: x == c.Section})
		}
	}
	p.Table = page.TableSpec{ID: "chartlist", Caption: s.T("emergency.chart.title"), HideCaption: true, Empty: s.T("emergency.chart.none"),
		Columns: []page.Column{{Text: s.T("emergency.chart.what")}, {Text: s.T("emergency.chart.value")}, {Text: s.T("emergency.chart.when")}, {Text: s.T("emergency.chart.who")}}}
	for _, r := range c.Rows {
		title := page.Cell{Text: r.Title, Href: Entry{Opening: c.Opening, Row: r}.path()}
		if r.Gone {
			title.Text = s.T("emergency.chart.gone", r.Title)
		}
		p.Table.Rows = append(p.Table.Rows, []page.Cell{title, e.Say(s, r, c.Parts[r.ID]), {Text: s.When(r.At)}, {Text: r.Who}})
	}
	if c.Next != "" {
		p.Next = base + "?" + url.Values{"of": {string(c.Section)}, "after": {c.Next}}.Encode()
	}
	return p
}

func (e *Emergencies) end(q *web.Request, d access.Desk) (web.Reply, error) {
	p, err := e.Close(q.Context(), d, ids.Emergency(q.PathValue("id")))
	return web.Redirect("/staff/patients/" + url.PathEscape(string(p)) + "/emergency?closed=1"), err
}

// CaseCard is one opening as a reviewer sees it.
type CaseCard struct {
	Case
	Facts []page.Fact
	Late  bool
}

// CasesPage lists openings.
type CasesPage struct {
	Tabs  []page.Tab
	Done  bool
	Cases []CaseCard
}

func (e *Emergencies) list(q *web.Request, d access.Desk) (web.Reply, error) {
	return e.listPage(q, d, nil)
}

func (e *Emergencies) listPage(q *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	done := q.Ask("tab") == "done"
	all, err := e.Cases(q.Context(), d, done)
	if err != nil {
		return web.Reply{}, err
	}
	saved := q.Ask("done") != ""
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T("emergency.list.title"))
		if saved && wrong == nil {
			s.Done = s.T("emergency.list.saved")
		}
		p := CasesPage{Done: done, Tabs: []page.Tab{{Href: listPath, Text: s.T("emergency.list.waiting"), Now: !done}, {Href: listPath + "?tab=done", Text: s.T("emergency.list.done"), Now: done}}}
		for _, c := range all {
			p.Cases = append(p.Cases, e.card(s, d, c))
		}
		return cases(s, p)
	}).Fix(wrong), nil
}

func (e *Emergencies) card(s page.Shell, d access.Desk, c Case) CaseCard {
	facts := []page.Fact{{Label: s.T("emergency.case.who"), Value: c.Who}, {Label: s.T("emergency.case.at"), Value: s.Moment(c.At)},
		{Label: s.T("emergency.case.patient"), Value: c.Name}, {Label: s.NumberLabel(), Value: c.Number}, {Label: s.T("emergency.case.reason"), Value: c.Reason}}
	if d.May(access.ReadAudit) {
		facts[2].ChangeHref, facts[2].ChangeText = "/staff/audit?"+url.Values{"whom": {string(c.Patient)}}.Encode(), s.T("emergency.case.log")
	}
	if c.Verdict != "" {
		facts = append(facts, page.Fact{Label: s.T("emergency.case.verdict"), Value: s.T("emergency.verdict." + c.Verdict)}, page.Fact{Label: s.T("emergency.case.reviewed"), Value: s.Moment(c.Reviewed)})
	} else {
		facts = append(facts, page.Fact{Label: s.T("emergency.case.until"), Value: s.Moment(c.At.Add(access.ReviewWithin))})
	}
	return CaseCard{c, facts, c.Late(e.DB.Now())}
}

func (e *Emergencies) review(q *web.Request, d access.Desk) (web.Reply, error) {
	id := q.PathValue("id")
	err := e.Review(q.Context(), d, ids.Emergency(id), q.Text("verdict-"+id))
	f, ok := fault.As(err)
	switch {
	case ok && f.Kind == fault.Invalid:
		return e.listPage(q, d, fault.Bad("verdict-"+id, "emergency.bad.verdict"))
	case ok && f.Kind == fault.Conflict:
		return e.listPage(q, d, fault.Bad("", f.Text))
	}
	return web.Redirect(listPath + "?done=1"), err
}

func verdicts(s page.Shell) []page.Choice {
	var out []page.Choice
	for _, v := range Verdicts {
		out = append(out, page.Choice{Value: v, Title: s.T("emergency.verdict." + v), Text: s.T("emergency.verdict." + v + ".text")})
	}
	return out
}
