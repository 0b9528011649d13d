package console

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/web"
)

// mountTroubles adds the list of accounts that their owners locked.
func (c *Console) mountTroubles(d desk) {
	d.place("GET /staff/frozen", access.ReviewRequests, c.frozen, page.NavItem{Path: "/staff/frozen", Icon: "shield-alert", TextKey: "console.nav.frozen"})
	d.page("GET /staff/frozen/{id}", access.ReviewRequests, c.frozenOne)
	d.form("POST /staff/frozen/{id}", access.ReviewRequests, c.settleFrozen)
	d.page("GET /staff/twins/{id}", access.ReviewRequests, c.twin)
	d.form("POST /staff/twins/{id}", access.ReviewRequests, c.settleTwin)
}

// FrozenPage lists accounts locked by "this was not me", and people with two.
type FrozenPage struct{ Table, Twins page.TableSpec }

func (c *Console) frozen(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := c.Accounts.Waiting(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p := FrozenPage{Table: page.TableSpec{ID: "frozenlist", Caption: s.T("console.frozen.title"), HideCaption: true, Empty: s.T("console.frozen.none"),
		Columns: []page.Column{{Text: s.T("console.codes.patient")}, {Text: s.T("desk.frozen.cause")}, {Text: s.T("desk.requests.waiting")}, {Text: s.T("desk.frozen.opened")}}}}
	rows := make([]enroll.CodeRow, len(all))
	for i, f := range all {
		rows[i].Patient = f.Patient
	}
	names, err := c.names(q.Context(), rows)
	if err != nil {
		return web.Reply{}, err
	}
	for _, f := range all {
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: names[f.Patient], Href: "/staff/frozen/" + string(f.Account)}, {Text: cause(s, f.Cause)},
			{Text: waited(s, c.DB.Now().Sub(f.At))}, {Text: s.Date(f.Opened)}})
	}
	if p.Twins, err = c.twinsTable(q, d); err != nil {
		return web.Reply{}, err
	}
	return c.show(q, q.T("console.frozen.title"), func(s page.Shell) templ.Component { return frozen(s, p) }), nil
}

// cause says which message the owner answered with "this was not me".
func cause(s page.Shell, code string) string {
	switch code {
	case "opened":
		return s.T("desk.cause.opened")
	case "code_reused":
		return s.T("desk.cause.code_reused")
	case "second_step":
		return s.T("desk.cause.second_step")
	case "copy_made":
		return s.T("desk.cause.copy_made")
	case "link_made":
		return s.T("desk.cause.link_made")
	case "link_opened":
		return s.T("desk.cause.link_opened")
	case "changed":
		return s.T("desk.cause.changed")
	case "recovery":
		return s.T("desk.cause.recovery")
	}
	return s.T("desk.cause.new_browser")
}

// FrozenOnePage asks what becomes of one locked account.
type FrozenOnePage struct {
	ID    ids.Account
	Name  string
	Facts []page.Fact
	To    string
}

func (c *Console) frozenOne(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.frozenPage(q, d, "", nil)
}

func (c *Console) frozenPage(q *web.Request, d access.Desk, to string, wrong error) (web.Reply, error) {
	all, err := c.Accounts.Waiting(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	for _, f := range all {
		if string(f.Account) != q.PathValue("id") {
			continue
		}
		who, err := c.named(q, f.Patient)
		if err != nil {
			return web.Reply{}, err
		}
		facts := []page.Fact{{Label: s.T("desk.frozen.cause"), Value: cause(s, f.Cause)}, {Label: s.T("desk.frozen.since"), Value: s.Moment(f.At)}, {Label: s.T("desk.frozen.opened"), Value: s.Moment(f.Opened)}}
		if d.May(access.FindPatients) {
			facts = append(facts, page.Fact{Label: s.T("console.codes.patient"), Value: who.Name, ChangeHref: "/staff/patients/" + string(f.Patient), ChangeText: s.T("desk.frozen.see")})
			on, err := c.Registry.Show(q.Context(), d.For(access.FindPatients), f.Patient)
			if err != nil {
				return web.Reply{}, err
			}
			facts = append(facts, numbersOnFile(s, on)...)
		}
		p := FrozenOnePage{f.Account, who.Name, facts, to}
		return c.show(q, q.T("desk.frozen.one"), func(s page.Shell) templ.Component { return frozenOne(s.BackTo("/staff/frozen"), p) }).Fix(wrong), nil
	}
	return web.Reply{}, fault.Missing()
}

// numbersOnFile are the numbers that staff may call.
func numbersOnFile(s page.Shell, r registry.Patient) []page.Fact {
	var out []page.Fact
	for _, k := range r.Contacts {
		if k.Kind != registry.Email {
			out = append(out, page.Fact{Label: contactKind(s, k.Kind), Value: lang.Phone(k.Value) + " (" + s.T("console.contact.since", s.Date(k.Since)) + ")"})
		}
	}
	if len(out) == 0 {
		out = []page.Fact{{Label: s.T("console.contact.phone"), Value: s.T("console.call.none")}}
	}
	return out
}

func (c *Console) settleFrozen(q *web.Request, d access.Desk) (web.Reply, error) {
	to := account.State(q.Text("to"))
	done := map[account.State]string{account.Active: "restored", account.Closed: "closed"}[to]
	if done == "" {
		return c.frozenPage(q, d, "", fault.Bad("to", "desk.frozen.choose"))
	}
	err := c.Accounts.Settle(q.Context(), d, ids.Account(q.PathValue("id")), to)
	if f, ok := fault.As(err); ok && f.Text == "account.twin.first" {
		return c.frozenPage(q, d, string(to), fault.Bad("to", f.Text))
	}
	if fault.Is(err, fault.Conflict) { // a colleague was faster
		return web.Redirect("/staff/frozen?done=late"), nil
	}
	return web.Redirect("/staff/frozen?done=" + done), err
}
