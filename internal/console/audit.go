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
	"portico/internal/secret"
	"portico/internal/trail"
	"portico/internal/web"
)

func (c *Console) mountAudit(d desk) {
	d.place("GET /staff/audit", access.ReadAudit, c.audit, page.NavItem{Path: auditPath, Icon: "scroll-text", TextKey: "console.nav.audit"})
	d.form("POST /staff/audit", access.ReadAudit, c.askAudit)
	d.raised("GET /staff/audit.csv", access.ReadAudit, c.auditCSV)
}

const auditPath = "/staff/audit"

// AuditPage is the audit log with its filter.
type AuditPage struct {
	Asked    conditions
	Actions  []page.Option
	Kinds    []page.Option
	Outcomes []page.Option
	Staff    []page.Option
	Status   trail.Status
	Late     bool
	Table    page.TableSpec
	Next     string
	CSV      string
}

// conditions are what a filter asks for, as it was typed.
type conditions struct {
	Who, Staff, Whom, Action, Kind, Outcome, Object, Source string `json:",omitempty"`
	From, FromTime, To, ToTime                              string `json:",omitempty"` // days and times of the clinic
	Sort                                                    string `json:",omitempty"`
	Up                                                      bool   `json:",omitempty"`
	After                                                   string `json:",omitempty"`
}

// filterPlace is what sealed conditions are sealed for.
const filterPlace = "console.audit"

// sealFilter makes the address of a search: what somebody looks for in the log
// tells about patients, so it is sealed and bound to the staff session.
func (c *Console) sealFilter(d access.Desk, path string, k conditions) string {
	if k == (conditions{}) {
		return path
	}
	return c.Keys.SealQuery(filterPlace, string(d.Session()), path, k)
}

// asked reads the conditions of an address: sealed ones of this session, or an
// identifier of somebody that a line of the log led to.
func (c *Console) asked(q *web.Request, d access.Desk) conditions {
	if sealed := q.Ask("s"); sealed != "" {
		k, _ := secret.OpenQuery[conditions](c.Keys, filterPlace, string(d.Session()), sealed)
		return k
	}
	return conditions{Who: q.Ask("who"), Whom: q.Ask("whom")}
}

// filter reads conditions; days are the clinic's.
func (c *Console) filter(k conditions) (trail.Filter, error) {
	f := trail.Filter{Who: k.Who, Whom: k.Whom, Action: audit.Action(k.Action), Group: trail.Group(k.Kind), Outcome: audit.Outcome(k.Outcome), Object: k.Object,
		Source: k.Source, Sort: trail.Field(k.Sort), Up: k.Up, After: k.After}
	if k.Staff != "" {
		f.Who = k.Staff
	}
	var bad *fault.Fault
	f.From, bad = c.moment(bad, "from", k.From, k.FromTime, 0)
	f.To, bad = c.moment(bad, "to", k.To, k.ToTime, 1)
	if _, known := audit.Sentences[f.Action]; f.Action != "" && !known {
		bad = bad.And("action", "console.audit.action.bad")
	}
	return f, bad.OrNil()
}

// moment reads a day and perhaps a time of the clinic; a day alone means its
// beginning, or for the end of a time the day after it.
func (c *Console) moment(bad *fault.Fault, field, day, clock string, add int) (time.Time, *fault.Fault) {
	zone := page.ZoneOf(c.Clinic)
	switch {
	case day == "" && clock == "":
		return time.Time{}, bad
	case day == "":
		return time.Time{}, bad.And(field, "office.audit.time.day")
	}
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return time.Time{}, bad.And(field, "console.audit.day.bad")
	}
	if clock == "" {
		return t.AddDate(0, 0, add), bad
	}
	t, err = time.ParseInLocation(time.DateOnly+" 15:04", day+" "+clock, zone)
	if err != nil {
		return time.Time{}, bad.And(field+"_time", "office.audit.time.bad")
	}
	return t.Add(time.Duration(add) * time.Minute), bad
}

// askAudit takes the filter and leads to the page with it.
func (c *Console) askAudit(q *web.Request, d access.Desk) (web.Reply, error) {
	k := conditions{Who: q.Text("who"), Staff: q.Text("staff"), Whom: q.Text("whom"), Action: q.Text("action"), Kind: q.Text("kind"), Outcome: q.Text("outcome"),
		Object: q.Text("object"), Source: q.Text("source"), From: q.Text("from"), FromTime: q.Text("from_time"), To: q.Text("to"), ToTime: q.Text("to_time")}
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
	return web.Redirect(c.sealFilter(d, auditPath, k)), nil
}

func (c *Console) audit(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.auditPage(q, d, c.asked(q, d), nil)
}

func (c *Console) auditPage(q *web.Request, d access.Desk, k conditions, wrong error) (web.Reply, error) {
	s := c.words(q)
	p := AuditPage{Asked: k, Actions: actionOptions(s), Kinds: kindOptions(s), Outcomes: outcomeOptions(s)}
	var err error
	if p.Status, err = c.Trail.Status(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	if p.Staff, err = c.staffOptions(q, d); err != nil {
		return web.Reply{}, err
	}
	p.Late = p.Status.Late(c.DB.Now())
	f, bad := c.filter(k)
	if wrong == nil {
		wrong = bad
	}
	if wrong == nil {
		found, err := c.Trail.Search(q.Context(), d, f)
		if fault.Fixable(err) {
			wrong = err
		} else if err != nil {
			return web.Reply{}, err
		}
		p.Table = c.auditTable(s, d, k, found.Lines)
		all := k
		all.After = ""
		p.CSV = c.sealFilter(d, auditPath+".csv", all)
		if found.Next != "" {
			next := k
			next.After = found.Next
			p.Next = c.sealFilter(d, auditPath, next)
		}
	}
	return c.show(q, q.T("console.audit.title"), func(s page.Shell) templ.Component { return auditLog(s, p) }).Fix(wrong), nil
}

func (c *Console) auditTable(s page.Shell, d access.Desk, k conditions, lines []trail.Line) page.TableSpec {
	t := page.TableSpec{ID: "auditlist", Caption: s.T("console.audit.title"), HideCaption: true, Empty: s.T("console.audit.none"),
		Columns: []page.Column{c.ordered(d, k, s.T("console.audit.at"), trail.ByTime), c.ordered(d, k, s.T("console.audit.who"), trail.ByWho),
			c.ordered(d, k, s.T("console.audit.what"), trail.ByAction), c.ordered(d, k, s.T("console.audit.how"), trail.ByOutcome),
			c.ordered(d, k, s.T("console.audit.whom"), trail.ByWhom), c.ordered(d, k, s.T("office.audit.object"), trail.ByObject),
			c.ordered(d, k, s.T("desk.audit.source"), trail.BySource)}}
	for _, l := range lines {
		whom := page.Cell{}
		if l.Patient != "" {
			whom = page.Cell{Text: l.Patient, Href: auditPath + "?" + url.Values{"whom": {l.Patient}}.Encode()}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: s.Moment(l.At)}, actor(s, l), {Part: deed(s, l)}, ended(s, l.Outcome), whom, {Text: l.Object}, {Text: l.Source}})
	}
	return t
}

// ordered is a column's head, which orders the lines by it, the other way round if
// they are.
func (c *Console) ordered(d access.Desk, k conditions, text string, by trail.Field) page.Column {
	col := page.Column{Text: text}
	here := trail.Field(k.Sort) == by
	next := k
	next.Sort, next.Up, next.After = string(by), by != trail.ByTime, ""
	if here {
		next.Up = !k.Up
		if col.Sort = "descending"; k.Up {
			col.Sort = "ascending"
		}
	}
	col.Href = c.sealFilter(d, auditPath, next)
	return col
}

// ended says how it ended.
func ended(s page.Shell, o audit.Outcome) page.Cell {
	switch o {
	case audit.Refused:
		return page.Cell{Text: s.T("desk.outcome.refused"), Tone: page.Warn}
	case audit.Failed:
		return page.Cell{Text: s.T("desk.outcome.failed"), Tone: page.Bad}
	}
	return page.Cell{Text: s.T("office.outcome.done")}
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
	return page.Cell{Text: text, Href: auditPath + "?" + url.Values{"who": {l.ActorID}}.Encode()}
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

func kindOptions(s page.Shell) []page.Option {
	var out []page.Option
	for _, k := range trail.Groups() {
		out = append(out, page.Option{Value: string(k), Text: s.T("office.kind." + string(k))})
	}
	return out
}

func outcomeOptions(s page.Shell) []page.Option {
	var out []page.Option
	for _, o := range []audit.Outcome{audit.Done, audit.Refused, audit.Failed} {
		out = append(out, page.Option{Value: string(o), Text: ended(s, o).Text})
	}
	return out
}

// staffOptions are the people whose doings can be asked for by name.
func (c *Console) staffOptions(q *web.Request, d access.Desk) ([]page.Option, error) {
	all, err := c.namedPeople(q, d)
	var out []page.Option
	for _, w := range all {
		out = append(out, page.Option{Value: string(w.ID), Text: w.Name})
	}
	return out, err
}

func (c *Console) auditCSV(q *web.Request, d access.Desk) (web.Reply, error) {
	k := c.asked(q, d)
	f, err := c.filter(k)
	if fault.Fixable(err) {
		return c.auditPage(q, d, k, err)
	}
	write, err := c.Trail.Export(q.Context(), d, f)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Stream("text/csv; charset=utf-8", "audit.csv", -1, write), nil
}
