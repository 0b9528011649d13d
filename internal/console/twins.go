package console

import (
	"cmp"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// twinsTable lists people with two accounts; it stands on the page of locked
// accounts, for one of the two is.
func (c *Console) twinsTable(q *web.Request, d access.Desk) (page.TableSpec, error) {
	all, err := c.Accounts.Twins(q.Context(), d)
	if err != nil {
		return page.TableSpec{}, err
	}
	s := c.words(q)
	t := page.TableSpec{ID: "twinlist", Caption: s.T("desk.twins.title"), HideCaption: true, Empty: s.T("desk.twins.none"),
		Columns: []page.Column{{Text: s.T("console.codes.patient")}, {Text: s.T("desk.twins.held")}, {Text: s.T("desk.twins.kept")}, {Text: s.T("desk.requests.waiting")}}}
	if len(all) == 0 {
		return t, nil
	}
	rows := make([]enroll.CodeRow, len(all))
	for i, w := range all {
		rows[i].Patient = w.Patient
	}
	names, err := c.names(q.Context(), rows)
	if err != nil {
		return t, err
	}
	for _, w := range all {
		t.Rows = append(t.Rows, []page.Cell{{Text: names[w.Patient], Href: "/staff/twins/" + string(w.Held.ID)},
			{Text: w.Held.Name}, {Text: cmp.Or(w.Kept.Name, s.T("desk.twins.gone"))}, {Text: waited(s, c.DB.Now().Sub(w.Since))}})
	}
	return t, nil
}

// TwinPage asks which of a person's two accounts stays.
type TwinPage struct {
	ID         ids.Account
	Name       string
	Held, Kept account.TwinAccount
	Stays      string
}

// about tells one of the accounts from the other.
func (p TwinPage) about(s page.Shell, a account.TwinAccount) string {
	return s.T("desk.twins.about", s.Date(a.Opened), s.Date(a.Last))
}

// choices are the accounts that may stay.
func (p TwinPage) choices(s page.Shell) []page.Choice {
	out := []page.Choice{{Value: string(p.Held.ID), Title: s.T("desk.twins.stays.held", p.Held.Name), Text: p.about(s, p.Held)}}
	if p.Kept.ID != "" {
		out = append(out, page.Choice{Value: string(p.Kept.ID), Title: s.T("desk.twins.stays.kept", p.Kept.Name), Text: p.about(s, p.Kept)})
	}
	return out
}

func (c *Console) twin(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.twinPage(q, d, "", nil)
}

func (c *Console) twinPage(q *web.Request, d access.Desk, stays string, wrong error) (web.Reply, error) {
	all, err := c.Accounts.Twins(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	for _, w := range all {
		if string(w.Held.ID) != q.PathValue("id") {
			continue
		}
		who, err := c.named(q, w.Patient)
		if err != nil {
			return web.Reply{}, err
		}
		p := TwinPage{w.Held.ID, who.Name, w.Held, w.Kept, stays}
		return c.show(q, q.T("desk.twins.one"), func(s page.Shell) templ.Component { return twin(s.BackTo("/staff/frozen"), p) }).Fix(wrong), nil
	}
	return web.Reply{}, fault.Missing()
}

func (c *Console) settleTwin(q *web.Request, d access.Desk) (web.Reply, error) {
	stays := q.Text("stays")
	if stays == "" {
		return c.twinPage(q, d, "", fault.Bad("stays", "desk.twins.choose"))
	}
	err := c.Accounts.SettleTwin(q.Context(), d, ids.Account(q.PathValue("id")), ids.Account(stays))
	if fault.Is(err, fault.Conflict) { // a colleague was faster
		return web.Redirect("/staff/frozen?done=late"), nil
	}
	return web.Redirect("/staff/frozen?done=twin"), err
}
