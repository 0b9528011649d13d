package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/trail"
	"portico/internal/web"
)

func (c *Console) mountAudit(d desk) {
	d.place("GET /staff/audit", access.ReadAudit, c.audit, page.NavItem{Path: "/staff/audit", Icon: "scroll-text", TextKey: "console.nav.audit"})
	d.form("POST /staff/audit", access.ReadAudit, c.askAudit)
	d.page("GET /staff/audit.csv", access.ReadAudit, c.auditCSV)
}

// AuditPage is the audit log with its filter.
type AuditPage struct {
	Who, Whom, Action, From, To string
	Actions                     []page.Option
	Status                      trail.Status
	Late                        bool
	Table                       page.TableSpec
	Next, CSV                   string
}

// conditions are what a filter asks for, as they stand in an address.
type conditions struct{ Who, Whom, Action, From, To string }

func (k conditions) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"who": k.Who, "whom": k.Whom, "action": k.Action, "from": k.From, "to": k.To} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// filter reads conditions; days are the clinic's.
func (c *Console) filter(k conditions) (trail.Filter, error) {
	f := trail.Filter{Who: k.Who, Whom: k.Whom, Action: audit.Action(k.Action)}
	zone := time.UTC
	if c.Clinic != nil && c.Clinic.Zone != nil {
		zone = c.Clinic.Zone
	}
	var bad *fault.Fault
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			bad = bad.And(field, "console.audit.day.bad")
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", k.From, 0), day("to", k.To, 1)
	if _, known := audit.Sentences[f.Action]; f.Action != "" && !known {
		bad = bad.And("action", "console.audit.action.bad")
	}
	return f, bad.OrNil()
}

// askAudit takes the filter and leads to the page with it. A patient's number is
// turned into their identifier first, so that it stands in no address.
func (c *Console) askAudit(q *web.Request, d access.Desk) (web.Reply, error) {
	k := conditions{q.Text("who"), q.Text("whom"), q.Text("action"), q.Text("from"), q.Text("to")}
	if _, err := c.filter(k); err != nil {
		return c.auditPage(q, d, k, err)
	}
	if k.Whom != "" {
		id, err := c.Trail.Whom(q.Context(), d, k.Whom)
		if fault.Fixable(err) {
			return c.auditPage(q, d, k, err)
		}
		if err != nil {
			return web.Reply{}, err
		}
		k.Whom = string(id)
	}
	return web.Redirect("/staff/audit?" + k.values().Encode()), nil
}

func asked(q *web.Request) conditions {
	return conditions{q.Ask("who"), q.Ask("whom"), q.Ask("action"), q.Ask("from"), q.Ask("to")}
}

func (c *Console) audit(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.auditPage(q, d, asked(q), nil)
}

func (c *Console) auditPage(q *web.Request, d access.Desk, k conditions, wrong error) (web.Reply, error) {
	s := c.words(q)
	p := AuditPage{Who: k.Who, Whom: k.Whom, Action: k.Action, From: k.From, To: k.To, Actions: actionOptions(s)}
	var err error
	if p.Status, err = c.Trail.Status(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	p.Late = p.Status.Late(c.DB.Now())
	f, bad := c.filter(k)
	if wrong == nil {
		wrong = bad
	}
	if wrong == nil {
		f.After = q.Ask("after")
		found, err := c.Trail.Search(q.Context(), d, f)
		if fault.Fixable(err) {
			wrong = err
		} else if err != nil {
			return web.Reply{}, err
		}
		p.Table = c.auditTable(s, found.Lines)
		v := k.values()
		p.CSV = "/staff/audit.csv?" + v.Encode()
		if found.Next != "" {
			v.Set("after", found.Next)
			p.Next = "/staff/audit?" + v.Encode()
		}
	}
	return c.show(q, q.T("console.audit.title"), func(s page.Shell) templ.Component { return auditLog(s, p) }).Fix(wrong), nil
}

func (c *Console) auditTable(s page.Shell, lines []trail.Line) page.TableSpec {
	t := page.TableSpec{ID: "auditlist", Caption: s.T("console.audit.title"), HideCaption: true, Empty: s.T("console.audit.none"),
		Columns: []page.Column{{Text: s.T("console.audit.at")}, {Text: s.T("console.audit.who")}, {Text: s.T("console.audit.what")}, {Text: s.T("console.audit.whom")}, {Text: s.T("desk.audit.source")}}}
	for _, l := range lines {
		whom := page.Cell{}
		if l.Patient != "" {
			whom = page.Cell{Text: l.Patient, Href: "/staff/audit?" + conditions{Whom: l.Patient}.values().Encode()}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: s.Moment(l.At)}, actor(s, l), {Part: deed(s, l)}, whom, {Text: l.Source}})
	}
	return t
}

// actor names who did it, leading to all that they did.
func actor(s page.Shell, l trail.Line) page.Cell {
	text := l.Name
	if text == "" {
		text = strings.TrimSpace(s.T("desk.actor."+string(l.Actor)) + " " + l.ActorID)
	}
	if l.ActorID == "" {
		return page.Cell{Text: text}
	}
	return page.Cell{Text: text, Href: "/staff/audit?" + conditions{Who: l.ActorID}.values().Encode()}
}

// action says in words what was done.
func action(s page.Shell, a audit.Action) string { return s.T("desk.action." + string(a)) }

func actionOptions(s page.Shell) []page.Option {
	var out []page.Option
	for _, a := range audit.Actions() {
		out = append(out, page.Option{Value: string(a), Text: action(s, a)})
	}
	return out
}

func (c *Console) auditCSV(q *web.Request, d access.Desk) (web.Reply, error) {
	k := asked(q)
	f, err := c.filter(k)
	var b []byte
	if err == nil {
		b, err = c.Trail.Export(q.Context(), d, f)
	}
	if fault.Fixable(err) {
		return c.auditPage(q, d, k, err)
	}
	return web.Bytes("text/csv; charset=utf-8", "audit.csv", b), err
}
