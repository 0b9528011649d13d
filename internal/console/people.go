package console

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/staff"
	"portico/internal/web"
)

func (c *Console) mountPeople(d desk) {
	d.place("GET /staff/people", access.ManageStaff, c.people, page.NavItem{Path: "/staff/people", Icon: "user-round", TextKey: "console.nav.people"})
	d.form("POST /staff/people", access.ManageStaff, c.invite)
	d.page("GET /staff/people/{id}", access.ManageStaff, c.person)
	d.form("POST /staff/people/{id}/roles", access.ManageStaff, c.roles)
	d.form("POST /staff/people/{id}/link", access.ManageStaff, c.link)
	d.form("POST /staff/people/{id}/sessions", access.ManageStaff, c.endSessions)
	d.form("POST /staff/people/{id}/disable", access.ManageStaff, c.disable)
	d.form("POST /staff/people/{id}/enable", access.ManageStaff, c.enable)
}

// PeoplePage lists the staff, with the form for a new one.
type PeoplePage struct {
	Table       page.TableSpec
	Name, Email string
	Roles       []string
	Unreviewed  bool // somebody may open charts that nobody else could review
}

// PersonPage is one member of the staff.
type PersonPage struct {
	Who   staff.Person
	Self  bool
	Facts []page.Fact
	Roles []string
	May   []string // sentences: what the roles they have now allow

	Passkeys bool // this portal has them
}

func roleWord(s page.Shell, r access.Role) string { return s.T("console.role." + string(r)) }

// roleChoices are all roles with what each may do.
func roleChoices(s page.Shell) []page.Choice {
	var out []page.Choice
	for _, r := range staff.AllRoles() {
		out = append(out, page.Choice{Value: string(r), Title: roleWord(s, r), Text: s.T("console.role." + string(r) + ".text")})
	}
	return out
}

func (c *Console) people(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.peoplePage(q, d, PeoplePage{}, nil)
}

var stateTones = map[staff.State]page.Tone{staff.Active: page.OK, staff.Invited: page.Info, staff.Disabled: page.Warn}

func (c *Console) peoplePage(q *web.Request, d access.Desk, p PeoplePage, wrong error) (web.Reply, error) {
	all, err := c.Staff.People(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p.Unreviewed = staff.Unreviewed(all)
	p.Table = page.TableSpec{ID: "stafflist", Caption: s.T("console.people.title"), HideCaption: true,
		Columns: []page.Column{{Text: s.T("console.people.name")}, {Text: s.T("console.people.email")}, {Text: s.T("console.people.roles")}, {Text: s.T("console.people.state")}, {Text: s.T("console.people.last")}}}
	for _, w := range all {
		var roles []string
		for _, r := range w.Roles {
			roles = append(roles, roleWord(s, r))
		}
		last := s.T("desk.people.never")
		if !w.SignedIn.IsZero() {
			last = s.Moment(w.SignedIn)
		}
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: w.Name, Href: "/staff/people/" + string(w.ID)}, {Text: w.Email}, {Text: strings.Join(roles, ", ")},
			{Text: s.T("console.pstate." + string(w.State)), Tone: stateTones[w.State]}, {Text: last}})
	}
	return c.show(q, q.T("console.people.title"), func(s page.Shell) templ.Component { return people(s, p) }).Fix(wrong), nil
}

// ticked are the roles chosen in a form.
func ticked(q *web.Request) (roles []access.Role, values []string) {
	for _, v := range q.PostForm["roles"] {
		roles, values = append(roles, access.Role(v)), append(values, v)
	}
	return roles, values
}

func (c *Console) invite(q *web.Request, d access.Desk) (web.Reply, error) {
	n := staff.Newcomer{Name: q.Text("name"), Email: q.Text("email"), Lang: q.Lang}
	p := PeoplePage{Name: n.Name, Email: n.Email}
	n.Roles, p.Roles = ticked(q)
	id, err := c.Staff.Invite(q.Context(), d, n)
	if bad, ok := refused(err); ok {
		return c.peoplePage(q, d, p, bad)
	}
	return web.Redirect("/staff/people/" + url.PathEscape(string(id)) + "?done=invited"), err
}

func (c *Console) person(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.personPage(q, d, nil, nil)
}

func (c *Console) personPage(q *web.Request, d access.Desk, roles []string, wrong error) (web.Reply, error) {
	who, err := c.Staff.Person(q.Context(), d, ids.Staff(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	s := c.words(q)
	p := PersonPage{Who: who, Self: who.ID == d.Staff(), Passkeys: c.Staff.Passkeys != nil, Roles: roles, Facts: []page.Fact{{Label: s.T("console.people.email"), Value: who.Email},
		{Label: s.T("console.people.state"), Part: page.Tag(s.T("console.pstate."+string(who.State)), stateTones[who.State])}}}
	if !who.SignedIn.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: s.T("console.people.last"), Value: s.Moment(who.SignedIn)})
	}
	if who.State == staff.Active {
		p.May = mayDo(s, who.Roles)
		p.Facts = append(p.Facts, page.Fact{Label: s.T("office.people.open"), Value: strconv.Itoa(who.Open)})
	}
	if !who.Link.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: s.T("console.people.link"), Value: s.Moment(who.Link)})
	}
	if wrong == nil {
		for _, r := range who.Roles {
			p.Roles = append(p.Roles, string(r))
		}
	}
	return c.show(q, who.Name, func(s page.Shell) templ.Component { return person(s.BackTo("/staff/people"), p) }).Fix(wrong), nil
}

// changed sends a change's page: the person again, or what was wrong.
func (c *Console) changed(q *web.Request, d access.Desk, roles []string, done string, err error) (web.Reply, error) {
	if bad, ok := refused(err); ok {
		return c.personPage(q, d, roles, bad)
	}
	return web.Redirect("/staff/people/" + url.PathEscape(q.PathValue("id")) + "?done=" + done), absent(err)
}

func (c *Console) roles(q *web.Request, d access.Desk) (web.Reply, error) {
	roles, values := ticked(q)
	err := c.Staff.ChangeRoles(q.Context(), d, ids.Staff(q.PathValue("id")), roles)
	return c.changed(q, d, values, "roles", err)
}

func (c *Console) link(q *web.Request, d access.Desk) (web.Reply, error) {
	err := c.Staff.Renew(q.Context(), d, ids.Staff(q.PathValue("id")), q.Lang)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid { // its field is on another page
		err = &fault.Fault{Kind: fault.Invalid, Text: f.Text, Problems: []fault.Problem{{Text: f.Problems[0].Text}}}
	}
	return c.changed(q, d, nil, "linked", err)
}

func (c *Console) endSessions(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.changed(q, d, nil, "out", c.Staff.EndSessions(q.Context(), d, ids.Staff(q.PathValue("id"))))
}

func (c *Console) disable(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.changed(q, d, nil, "disabled", c.Staff.Disable(q.Context(), d, ids.Staff(q.PathValue("id"))))
}

func (c *Console) enable(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.changed(q, d, nil, "enabled", c.Staff.Enable(q.Context(), d, ids.Staff(q.PathValue("id"))))
}
