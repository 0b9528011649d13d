package console

import (
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/page"
	"portico/internal/staff"
	"portico/internal/web"
)

// Number is one number of the day; it leads to the list it counts.
type Number struct {
	Figure, Text, Href string
	Rail               bool // the figure is what the rail counts at Href: it is asked for once
}

// figure is what to show.
func (n Number) figure(s page.Shell) string {
	if n.Rail {
		return strconv.Itoa(s.Counts[n.Href])
	}
	return n.Figure
}

// HomePage is the desk's first page.
type HomePage struct {
	Breaker bool
	Since   time.Time
	Late    bool // the audit log is not being sealed
	Broken  bool // the last check of the audit log found something wrong
	Checked time.Time
	Opened  int // charts opened without a task that wait for a review
	Overdue int // of these
	Day     []Number
	Numbers []Number
	Queue   page.TableSpec // the oldest requests
	Review  bool
	Find    bool
	Places  []page.Row
}

func (c *Console) home(q *web.Request, d access.Desk) (web.Reply, error) {
	p := HomePage{Review: d.May(access.ReviewRequests), Find: d.May(access.FindPatients)}
	var err error
	if p.Since, p.Breaker, err = c.Enroll.Breaker(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	for _, add := range []func(*web.Request, access.Desk, *HomePage) error{c.requestNumbers, c.codeNumbers, c.troubleNumbers, c.roomNumbers, c.officeNumbers, c.dayNumbers} {
		if err := add(q, d, &p); err != nil {
			return web.Reply{}, err
		}
	}
	if c.Staff.Passkeys != nil {
		p.Places = append(p.Places, page.Row{Href: "/staff/account", Icon: "fingerprint-pattern", Title: q.T("passkey.own.title"), Text: q.T("console.home.own.text")})
	}
	return c.show(q, q.T("console.home.title"), func(s page.Shell) templ.Component { return home(s, p) }), nil
}

func (p *HomePage) add(n int, text, href string) {
	p.Numbers = append(p.Numbers, Number{Figure: strconv.Itoa(n), Text: text, Href: href})
}

// queueShown is how many of the oldest requests the first page shows.
const queueShown = 5

func (c *Console) requestNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	if !p.Review {
		return nil
	}
	list, err := c.Enroll.Requests(q.Context(), d.For(access.ReviewRequests), enroll.RequestFilter{Tab: enroll.TabOpen})
	if err != nil {
		return err
	}
	s := c.words(q)
	p.add(list.Counts[enroll.TabOpen], q.T("desk.home.requests"), "/staff/requests")
	longest := Number{Figure: "–", Text: q.T("desk.home.longest"), Href: "/staff/requests"}
	if len(list.Rows) > 0 {
		longest.Figure = waited(s, c.DB.Now().Sub(list.Rows[0].Came))
	}
	p.Numbers = append(p.Numbers, longest)
	p.add(list.Counts[enroll.TabFlagged], q.T("desk.home.second"), "/staff/requests?tab=flagged")
	p.Queue = c.requestTable(q, list.Rows[:min(queueShown, len(list.Rows))], "queue")
	p.Queue.Empty = q.T("desk.home.queue.none")
	return nil
}

func (c *Console) codeNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	if !d.May(access.IssueCodes) {
		return nil
	}
	d = d.For(access.IssueCodes)
	soon, err := c.Enroll.CountExpiring(q.Context(), d)
	if err != nil {
		return err
	}
	list, err := c.Enroll.Codes(q.Context(), d, enroll.CodeFilter{State: enroll.Suspended})
	if err != nil {
		return err
	}
	p.add(soon, q.T("desk.home.expiring"), "/staff/codes?state="+expiring)
	p.add(list.Counts[enroll.Suspended], q.T("desk.home.suspended"), "/staff/codes?state=suspended")
	return nil
}

func (c *Console) troubleNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	if d.May(access.SeeUndelivered) {
		p.Numbers = append(p.Numbers, Number{Text: q.T("desk.home.undelivered"), Href: "/staff/undelivered", Rail: true})
	}
	if d.May(access.ReviewContacts) {
		p.Numbers = append(p.Numbers, Number{Text: q.T("office.home.contacts"), Href: contactsPath, Rail: true})
	}
	if !p.Review {
		return nil
	}
	locked, err := c.Accounts.Waiting(q.Context(), d.For(access.ReviewRequests))
	if err == nil {
		p.add(len(locked), q.T("desk.home.frozen"), "/staff/frozen")
	}
	return err
}

// roomNumbers are what waits in the rooms of others, as the rail counts it.
func (c *Console) roomNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	for _, n := range []struct {
		task       access.Task
		text, href string
	}{
		{access.ReleaseResults, "office.home.results", "/staff/results"},
		{access.BookVisitsFor, "office.home.visits", "/staff/schedule"},
		{access.ReviewCheckIns, "office.home.checkins", "/staff/checkins"},
		{access.ReviewCorrections, "office.home.corrections", "/staff/corrections"},
		{access.SeeImports, "office.home.imports", "/staff/imports"},
	} {
		if d.May(n.task) {
			p.Numbers = append(p.Numbers, Number{Text: q.T(n.text), Href: n.href, Rail: true})
		}
	}
	return nil
}

// officeNumbers are those of administrators and auditors.
func (c *Console) officeNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	if d.May(access.ManageStaff) {
		active, invited, err := c.headCount(q.Context(), d.For(access.ManageStaff))
		if err != nil {
			return err
		}
		p.add(active, q.T("desk.home.active"), "/staff/people")
		p.add(invited, q.T("desk.home.invited"), "/staff/people")
		p.Places = append(p.Places, page.Row{Href: "/staff/people", Icon: "user-round", Title: q.T("console.home.people"), Text: q.T("console.home.people.text")})
	}
	if d.May(access.ReadAudit) {
		st, err := c.Trail.Status(q.Context(), d.For(access.ReadAudit))
		if err != nil {
			return err
		}
		p.Late, p.Broken, p.Checked = st.Late(c.DB.Now()), st.Broken(), st.Checked
		p.add(int(st.Sealed), q.T("desk.home.sealed"), "/staff/audit")
		p.add(st.Waiting, q.T("desk.home.unsealed"), "/staff/audit")
		p.Places = append(p.Places, page.Row{Href: "/staff/audit", Icon: "scroll-text", Title: q.T("console.home.audit"), Text: q.T("console.home.audit.text")})
	}
	return nil
}

func (c *Console) headCount(ctx context.Context, d access.Desk) (active, invited int, err error) {
	all, err := c.Staff.People(ctx, d)
	for _, s := range all {
		switch s.State {
		case staff.Active:
			active++
		case staff.Invited:
			invited++
		}
	}
	return active, invited, err
}
