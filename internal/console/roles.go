package console

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/page"
	"portico/internal/staff"
	"portico/internal/web"
)

func (c *Console) mountRoles(d desk) {
	d.page("GET /staff/roles", access.SeeDesk, c.showRoles)
}

// RolesPage says who may do what. It is made of access.Roles, which is what the
// gate asks, so that it cannot say anything else than what holds.
type RolesPage struct {
	Mine  string // the reader's roles
	Roles []RoleCard
	Tasks page.TableSpec
}

// RoleCard is one role with what it may do and, for those who may know, who has it.
type RoleCard struct {
	ID, Title, Text string
	May             []string
	People          []page.Row
	Named           bool
	Mine            bool // the reader has it
}

// tag marks the reader's own role.
func (r RoleCard) tag(s page.Shell) string {
	if r.Mine {
		return s.T("office.roles.yours")
	}
	return ""
}

// taskWord is one sentence about a task.
func taskWord(s page.Shell, t access.Task) string { return s.T("office.task." + string(t)) }

// tasksOf lists each task once, in the order of the roles that may do it.
func tasksOf(roles []access.Role) []access.Task {
	var out []access.Task
	for _, r := range roles {
		for _, t := range access.Roles[r] {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// mayDo says in sentences what roles allow.
func mayDo(s page.Shell, roles []access.Role) []string {
	var out []string
	for _, t := range tasksOf(roles) {
		out = append(out, taskWord(s, t))
	}
	return out
}

func (c *Console) showRoles(q *web.Request, d access.Desk) (web.Reply, error) {
	s := c.words(q)
	p := RolesPage{Tasks: page.TableSpec{ID: "tasks", Caption: s.T("office.roles.tasks"), HideCaption: true,
		Columns: []page.Column{{Text: s.T("office.roles.task")}, {Text: s.T("console.people.roles")}}}}
	people, err := c.namedPeople(q, d)
	if err != nil {
		return web.Reply{}, err
	}
	var mine []string
	for _, r := range staff.AllRoles() {
		k := RoleCard{ID: "role-" + string(r), Title: roleWord(s, r), Text: s.T("console.role." + string(r) + ".text"), May: mayDo(s, []access.Role{r}), Named: people != nil}
		for _, w := range people {
			if w.State == staff.Active && w.Has(r) {
				row := page.Row{Title: w.Name}
				if d.May(access.ManageStaff) {
					row.Href = "/staff/people/" + string(w.ID)
				}
				k.People = append(k.People, row)
			}
		}
		if d.Has(r) {
			mine, k.Mine = append(mine, k.Title), true
		}
		p.Roles = append(p.Roles, k)
	}
	p.Mine = strings.Join(mine, ", ")
	for _, t := range tasksOf(staff.AllRoles()) {
		var who []string
		for _, r := range staff.AllRoles() {
			if slices.Contains(access.Roles[r], t) {
				who = append(who, roleWord(s, r))
			}
		}
		p.Tasks.Rows = append(p.Tasks.Rows, []page.Cell{{Text: taskWord(s, t)}, {Text: strings.Join(who, ", ")}})
	}
	return c.show(q, q.T("office.roles.title"), func(s page.Shell) templ.Component { return roles(s, p) }), nil
}

// namedPeople are the staff, for those whose task it is to know them; nil for others.
func (c *Console) namedPeople(q *web.Request, d access.Desk) ([]staff.Person, error) {
	for _, t := range []access.Task{access.ManageStaff, access.ReadAudit} {
		if d.May(t) {
			return c.Staff.People(q.Context(), d.For(t))
		}
	}
	return nil, nil
}
