package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/page"
	"portico/internal/web"
)

func (c *Console) mountRequests(d desk) {
	d.place("GET /staff/requests", access.ReviewRequests, c.requests, page.NavItem{Path: "/staff/requests", Icon: "shield-check", TextKey: "console.nav.requests"})
	d.page("GET /staff/requests/{id}", access.ReviewRequests, c.request)
	d.form("POST /staff/requests/{id}/call", access.ReviewRequests, c.call)
	d.form("POST /staff/requests/{id}/approve", access.ReviewRequests, c.approve)
	d.form("POST /staff/requests/{id}/reject", access.ReviewRequests, c.reject)
	d.form("POST /staff/requests/{id}/ask", access.ReviewRequests, c.askMore)
	d.form("POST /staff/requests/{id}/flag", access.ReviewRequests, c.flag)
}

// RequestsPage is the queue of identity requests.
type RequestsPage struct {
	Tab   enroll.Tab
	Tabs  []page.Tab
	Find  string
	Table page.TableSpec
	Next  string
}

func (c *Console) requests(q *web.Request, d access.Desk) (web.Reply, error) {
	p := RequestsPage{Tab: enroll.Tab(q.Ask("tab")), Find: q.Ask("reference")}
	if p.Tab == "" {
		p.Tab = enroll.TabOpen
	}
	list, err := c.queue(q, d, p.Tab, q.Ask("after"))
	if err != nil {
		return web.Reply{}, err
	}
	if p.Find != "" {
		if list, err = c.byReference(q, d, p.Tab, p.Find); err != nil {
			return web.Reply{}, err
		}
	}
	p.Table = c.requestTable(q, list.Rows, "requestlist")
	p.Tabs = requestTabs(q, p.Tab, list.Counts)
	if list.Next != "" {
		p.Next = "/staff/requests?" + url.Values{"tab": {string(p.Tab)}, "after": {list.Next}}.Encode()
	}
	return c.show(q, q.T("console.requests.title"), func(s page.Shell) templ.Component { return requests(s, p) }), nil
}

func requestTabs(q *web.Request, now enroll.Tab, counts map[enroll.Tab]int) []page.Tab {
	var out []page.Tab
	for _, t := range []enroll.Tab{enroll.TabOpen, enroll.TabAsked, enroll.TabFlagged, enroll.TabMine, enroll.TabClosed} {
		text := q.T("desk.tab.mine")
		if t != enroll.TabMine {
			text = q.T("console.tab." + string(t))
		}
		out = append(out, page.Tab{Href: "/staff/requests?tab=" + string(t), Text: text, Count: counts[t], Now: t == now})
	}
	return out
}

func (c *Console) queue(q *web.Request, d access.Desk, tab enroll.Tab, after string) (enroll.RequestList, error) {
	if tab == enroll.TabMine {
		return c.Enroll.Mine(q.Context(), d, after)
	}
	return c.Enroll.Requests(q.Context(), d, enroll.RequestFilter{Tab: tab, After: after})
}

// parts bounds how far byReference looks: a queue of a thousand is no queue any more.
const parts = 40

// byReference looks in a tab for the number that the person was given. Who a
// request is from lies sealed, so the queue cannot be asked for a name; the
// person on the phone has the number.
func (c *Console) byReference(q *web.Request, d access.Desk, tab enroll.Tab, typed string) (enroll.RequestList, error) {
	want := plain(typed)
	var out enroll.RequestList
	after := ""
	for range parts {
		list, err := c.queue(q, d, tab, after)
		if err != nil {
			return out, err
		}
		out.Counts = list.Counts
		for _, r := range list.Rows {
			if strings.Contains(plain(r.Reference), want) {
				out.Rows = append(out.Rows, r)
			}
		}
		if after = list.Next; after == "" {
			break
		}
	}
	return out, nil
}

// plain is a reference without what people put between its signs.
func plain(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "", "O", "0", "o", "0").Replace(s))
}

func (c *Console) requestTable(q *web.Request, rows []enroll.RequestRow, id string) page.TableSpec {
	s := c.words(q)
	t := page.TableSpec{ID: id, Caption: s.T("console.requests.title"), HideCaption: true, Empty: s.T("console.requests.none"),
		Columns: []page.Column{{Text: s.T("console.requests.person")}, {Text: s.T("console.patients.born")}, {Text: s.T("console.requests.why")},
			{Text: s.T("desk.requests.reference")}, {Text: s.T("desk.requests.waiting")}, {Text: s.T("console.requests.state")}}}
	decided := slices.ContainsFunc(rows, func(r enroll.RequestRow) bool { return !undecided(r.State) })
	if decided {
		t.Columns[4].Text = s.T("console.requests.came")
	}
	for _, r := range rows {
		name := r.Name
		if name == "" {
			name = s.T("console.requests.erased")
		}
		came := waited(s, c.DB.Now().Sub(r.Came))
		if decided {
			came = s.Date(r.Came)
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: name, Href: "/staff/requests/" + string(r.ID)}, {Text: born(s, r.Birth)},
			{Text: why(s, r)}, {Text: r.Reference}, {Text: came}, requestState(s, r)})
	}
	return t
}

// undecided tells whether staff can still do something about a request.
func undecided(s enroll.RequestState) bool {
	return s == enroll.New || s == enroll.Open || s == enroll.Asked || s == enroll.Calling
}

func requestState(s page.Shell, r enroll.RequestRow) page.Cell {
	switch {
	case undecided(r.State) && r.Flagged:
		return page.Cell{Text: s.T("console.requests.flagged"), Tone: page.Bad}
	case undecided(r.State) && r.Second:
		return page.Cell{Text: s.T("console.requests.second"), Tone: page.Warn}
	case r.State == enroll.Approved || r.State == enroll.Matched:
		return page.Cell{Text: s.T("console.rstate." + string(r.State)), Tone: page.OK}
	case undecided(r.State):
		return page.Cell{Text: s.T("console.rstate." + string(r.State)), Tone: page.Info}
	}
	return page.Cell{Text: s.T("console.rstate." + string(r.State)), Tone: page.Plain}
}

// why says why a request needs a person, and how often it was sent.
func why(s page.Shell, r enroll.RequestRow) string {
	t := s.T("console.why." + string(r.Why))
	if strings.HasPrefix(t, "console.") {
		t = s.T("console.why.other")
	}
	if r.Again > 0 {
		t += ". " + s.T("desk.requests.again", r.Again)
	}
	return t
}
