package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/staff"
	"portico/internal/trail"
	"portico/internal/web"
)

// mountOffice adds the pages of administrators and auditors, and the lists of
// what went wrong.
func (c *Console) mountOffice(r *web.Router) {
	r.Staff("GET /staff/undelivered", access.SeeUndelivered, c.undelivered)
	r.StaffNav(page.NavItem{Path: "/staff/undelivered", Icon: "mail", TextKey: "console.nav.undelivered"})
	r.StaffForm("POST /staff/undelivered/{id}", access.SeeUndelivered, c.settleMessage)
	r.Staff("GET /staff/frozen", access.ReviewRequests, c.frozen)
	r.StaffNav(page.NavItem{Path: "/staff/frozen", Icon: "shield-alert", TextKey: "console.nav.frozen"})
	r.StaffForm("POST /staff/frozen/{id}", access.ReviewRequests, c.settleFrozen)

	r.Staff("GET /staff/people", access.ManageStaff, c.people)
	r.StaffNav(page.NavItem{Path: "/staff/people", Icon: "user-round", TextKey: "console.nav.people"})
	r.StaffForm("POST /staff/people", access.ManageStaff, c.invite)
	r.Staff("GET /staff/people/{id}", access.ManageStaff, c.person)
	r.StaffForm("POST /staff/people/{id}/roles", access.ManageStaff, c.roles)
	r.StaffForm("POST /staff/people/{id}/link", access.ManageStaff, c.link)
	r.StaffForm("POST /staff/people/{id}/disable", access.ManageStaff, c.disable)
	r.StaffForm("POST /staff/people/{id}/enable", access.ManageStaff, c.enable)

	r.Staff("GET /staff/audit", access.ReadAudit, c.audit)
	r.StaffNav(page.NavItem{Path: "/staff/audit", Icon: "scroll-text", TextKey: "console.nav.audit"})
	r.Staff("GET /staff/audit.csv", access.ReadAudit, c.auditCSV)
}

// office are the home page's entries of what this person oversees.
func (c *Console) office(q *web.Request, d access.Desk) (out []page.Row) {
	add := func(t access.Task, href, icon, title string) {
		if d.May(t) {
			out = append(out, page.Row{Href: href, Icon: icon, Title: q.T(title), Text: q.T(title + ".text")})
		}
	}
	add(access.SeeUndelivered, "/staff/undelivered", "mail", "console.home.undelivered")
	add(access.ReviewRequests, "/staff/frozen", "shield-alert", "console.home.frozen")
	add(access.ManageStaff, "/staff/people", "user-round", "console.home.people")
	add(access.ReadAudit, "/staff/audit", "scroll-text", "console.home.audit")
	return out
}

// Entry is a line of a list with one thing to do about it.
type Entry struct {
	Title, Text string
	Action      string
	Hidden      []page.Hidden
	Buttons     []page.ButtonSpec
}

// ListPage is a list of such lines.
type ListPage struct {
	Title, Lead, Empty string
	Entries            []Entry
}

func (c *Console) undelivered(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := c.Outbox.Undelivered(q.Context(), d)
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p := ListPage{Title: q.T("console.undelivered.title"), Lead: q.T("console.undelivered.lead"), Empty: q.T("console.undelivered.none")}
	for _, m := range all {
		e := Entry{Title: q.T("console.undelivered.line", q.T("console.channel."+string(m.Channel)), s.Moment(m.Failed)), Text: q.T("console.undelivered.why", m.Why),
			Action: "/staff/undelivered/" + string(m.ID), Buttons: []page.ButtonSpec{{Text: q.T("console.undelivered.done"), Kind: page.Second}}}
		p.Entries = append(p.Entries, e)
	}
	return show("console.undelivered.title", func(s page.Shell) templ.Component { return entries(s, p) }), err
}

func (c *Console) settleMessage(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect("/staff/undelivered"), absent(c.Outbox.Settle(q.Context(), d, ids.Message(q.PathValue("id"))))
}

func (c *Console) frozen(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := c.Accounts.Waiting(q.Context(), d)
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p := ListPage{Title: q.T("console.frozen.title"), Lead: q.T("console.frozen.lead"), Empty: q.T("console.frozen.none")}
	for _, f := range all {
		who, err := c.named(q, f.Patient)
		if err != nil {
			return web.Reply{}, err
		}
		p.Entries = append(p.Entries, Entry{Title: who.Name, Text: q.T("console.frozen.since", s.Moment(f.At)), Action: "/staff/frozen/" + string(f.Account),
			Buttons: []page.ButtonSpec{{Text: q.T("console.frozen.restore"), Kind: page.Second, Name: "to", Value: string(account.Active)},
				{Text: q.T("console.frozen.close"), Kind: page.Danger, Name: "to", Value: string(account.Closed)}}})
	}
	return show("console.frozen.title", func(s page.Shell) templ.Component { return entries(s, p) }), err
}

func (c *Console) settleFrozen(q *web.Request, d access.Desk) (web.Reply, error) {
	to := account.State(q.Text("to"))
	if to != account.Active && to != account.Closed {
		return web.Reply{}, errMissing
	}
	return web.Redirect("/staff/frozen"), c.Accounts.Settle(q.Context(), d, ids.Account(q.PathValue("id")), to)
}

// PeoplePage lists the staff, with the form for a new one.
type PeoplePage struct {
	Table       page.TableSpec
	Name, Email string
	Roles       map[access.Role]bool
	Who         *staff.Person
	Facts       []page.Fact
}

func (c *Console) people(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.peoplePage(q, d, PeoplePage{}, nil)
}

func roleWords(q *web.Request, roles []access.Role) string {
	var words []string
	for _, r := range roles {
		words = append(words, q.T("console.role."+string(r)))
	}
	return strings.Join(words, ", ")
}

func (c *Console) peoplePage(q *web.Request, d access.Desk, p PeoplePage, wrong error) (web.Reply, error) {
	all, err := c.Staff.People(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	p.Table = page.TableSpec{ID: "stafflist", Caption: q.T("console.people.title"), HideCaption: true,
		Columns: []page.Column{{Text: q.T("console.people.name")}, {Text: q.T("console.people.email")}, {Text: q.T("console.people.roles")}, {Text: q.T("console.people.state")}}}
	tones := map[staff.State]page.Tone{staff.Active: page.OK, staff.Invited: page.Info, staff.Disabled: page.Warn}
	for _, s := range all {
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: s.Name, Href: "/staff/people/" + string(s.ID)}, {Text: s.Email}, {Text: roleWords(q, s.Roles)},
			{Text: q.T("console.pstate." + string(s.State)), Tone: tones[s.State]}})
	}
	return show("console.people.title", func(s page.Shell) templ.Component { return people(s, p) }).Fix(wrong), nil
}

func ticked(q *web.Request) (roles []access.Role, set map[access.Role]bool) {
	set = map[access.Role]bool{}
	for _, r := range staff.AllRoles() {
		if q.Ticked("role_" + string(r)) {
			roles, set[r] = append(roles, r), true
		}
	}
	return roles, set
}

func (c *Console) invite(q *web.Request, d access.Desk) (web.Reply, error) {
	n := staff.Newcomer{Name: q.Text("name"), Email: q.Text("email"), Lang: q.Lang}
	p := PeoplePage{Name: n.Name, Email: n.Email}
	n.Roles, p.Roles = ticked(q)
	id, err := c.Staff.Invite(q.Context(), d, n)
	if bad, ok := refused(err); ok {
		return c.peoplePage(q, d, p, bad)
	}
	return web.Redirect("/staff/people/" + url.PathEscape(string(id))), err
}

func (c *Console) person(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.personPage(q, d, nil)
}

func (c *Console) personPage(q *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	who, err := c.Staff.Person(q.Context(), d, ids.Staff(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p := PeoplePage{Who: &who, Roles: map[access.Role]bool{}, Facts: []page.Fact{{Label: q.T("console.people.email"), Value: who.Email},
		{Label: q.T("console.people.state"), Value: q.T("console.pstate." + string(who.State))}}}
	if !who.SignedIn.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: q.T("console.people.last"), Value: s.Moment(who.SignedIn)})
	}
	if !who.Link.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: q.T("console.people.link"), Value: s.Moment(who.Link)})
	}
	for _, r := range who.Roles {
		p.Roles[r] = true
	}
	return show("console.people.title", func(s page.Shell) templ.Component { return person(s.Called(who.Name).BackTo("/staff/people"), p) }).Fix(wrong), nil
}

// done sends a change's page: the person again, or what was wrong.
func (c *Console) done(q *web.Request, d access.Desk, err error) (web.Reply, error) {
	if bad, ok := refused(err); ok {
		return c.personPage(q, d, bad)
	}
	return web.Redirect("/staff/people/" + url.PathEscape(q.PathValue("id"))), absent(err)
}

func (c *Console) roles(q *web.Request, d access.Desk) (web.Reply, error) {
	roles, _ := ticked(q)
	return c.done(q, d, c.Staff.ChangeRoles(q.Context(), d, ids.Staff(q.PathValue("id")), roles))
}

func (c *Console) link(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.done(q, d, c.Staff.Renew(q.Context(), d, ids.Staff(q.PathValue("id")), q.Lang))
}

func (c *Console) disable(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.done(q, d, c.Staff.Disable(q.Context(), d, ids.Staff(q.PathValue("id"))))
}

func (c *Console) enable(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.done(q, d, c.Staff.Enable(q.Context(), d, ids.Staff(q.PathValue("id"))))
}

// AuditPage is the audit log with its filter.
type AuditPage struct {
	Who, Whom, Action, From, To string
	Actions                     []page.Option
	Table                       page.TableSpec
	Next, CSV                   string
}

// filter reads the auditor's conditions; days are the clinic's.
func (c *Console) filter(q *web.Request) (f trail.Filter, p AuditPage, wrong error) {
	p = AuditPage{Who: q.Ask("who"), Whom: q.Ask("whom"), Action: q.Ask("action"), From: q.Ask("from"), To: q.Ask("to")}
	f = trail.Filter{Who: p.Who, Whom: p.Whom, Action: audit.Action(p.Action), After: q.Ask("after")}
	zone := time.UTC
	if c.Clinic != nil && c.Clinic.Zone != nil {
		zone = c.Clinic.Zone
	}
	day := func(field, text string, add int) (t time.Time) {
		if text == "" {
			return t
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			wrong = fault.Bad(field, "console.audit.day.bad")
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", p.From, 0), day("to", p.To, 1)
	if _, known := audit.Sentences[f.Action]; f.Action != "" && !known {
		wrong = fault.Bad("action", "console.audit.action.bad")
	}
	return f, p, wrong
}

func (c *Console) audit(q *web.Request, d access.Desk) (web.Reply, error) {
	f, p, wrong := c.filter(q)
	p.Actions = actionOptions()
	p.Table = page.TableSpec{ID: "auditlist", Caption: q.T("console.audit.title"), HideCaption: true, Empty: q.T("console.audit.none"),
		Columns: []page.Column{{Text: q.T("console.audit.at")}, {Text: q.T("console.audit.who")}, {Text: q.T("console.audit.what")}, {Text: q.T("console.audit.whom")}, {Text: q.T("console.audit.how")}}}
	if wrong == nil {
		found, err := c.Trail.Search(q.Context(), d, f)
		if err != nil {
			return web.Reply{}, err
		}
		s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
		for _, l := range found.Lines {
			who := l.Name
			if who == "" {
				who = strings.TrimSpace(string(l.Actor) + " " + l.ActorID)
			}
			p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: s.Moment(l.At)}, {Text: who}, {Text: audit.Sentences[l.Action]}, {Text: l.Patient},
				{Text: strings.TrimSpace(string(l.Outcome) + " " + l.Detail)}})
		}
		v := q.URL.Query()
		v.Del("lang")
		v.Del("after")
		p.CSV = "/staff/audit.csv?" + v.Encode()
		if found.Next != "" {
			v.Set("after", found.Next)
			p.Next = "/staff/audit?" + v.Encode()
		}
	}
	return show("console.audit.title", func(s page.Shell) templ.Component { return auditLog(s, p) }).Fix(wrong), nil
}

func actionOptions() []page.Option {
	var out []page.Option
	for _, a := range audit.Actions() {
		out = append(out, page.Option{Value: string(a), Text: string(a)})
	}
	return out
}

func (c *Console) auditCSV(q *web.Request, d access.Desk) (web.Reply, error) {
	f, _, wrong := c.filter(q)
	if wrong != nil {
		return web.Reply{}, wrong
	}
	b, err := c.Trail.Export(q.Context(), d, f)
	return web.Bytes("text/csv; charset=utf-8", "audit.csv", b), err
}
