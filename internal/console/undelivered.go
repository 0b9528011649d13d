package console

import (
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/web"
)

const undeliveredPath = "/staff/undelivered"

// mountUndelivered adds the list of messages that did not arrive.
func (c *Console) mountUndelivered(d desk) {
	d.place("GET /staff/undelivered", access.SeeUndelivered, c.undelivered, page.NavItem{Path: undeliveredPath, Icon: "mail", TextKey: "console.nav.undelivered"})
	d.form("POST /staff/undelivered/again", access.SeeUndelivered, c.sendAllAgain)
	d.page("GET /staff/undelivered/{id}", access.SeeUndelivered, c.undeliveredOne)
	d.form("POST /staff/undelivered/{id}", access.SeeUndelivered, c.settleMessage)
	d.form("POST /staff/undelivered/{id}/again", access.SeeUndelivered, c.sendAgain)
}

// UndeliveredPage lists what did not arrive, and what can be sent again in one go.
type UndeliveredPage struct {
	Outages []OutageCard
	Table   page.TableSpec
	Full    bool // there may be more than the list shows
}

// OutageCard offers to send again what one outage kept back.
type OutageCard struct {
	ID, By, Title, Text, Button string
}

func (c *Console) undelivered(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := c.Outbox.Undelivered(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p := UndeliveredPage{Full: len(all) == notify.MostUndelivered, Table: page.TableSpec{ID: "undeliveredlist", Caption: s.T("console.undelivered.title"), HideCaption: true,
		Empty: s.T("console.undelivered.none"), Columns: []page.Column{{Text: s.T("office.undelivered.what")}, {Text: s.T("office.undelivered.for")},
			{Text: s.T("office.undelivered.by")}, {Text: s.T("office.undelivered.failed")}, {Text: s.T("office.undelivered.why")}}}}
	if p.Outages, err = c.outageCards(q, d); err != nil {
		return web.Reply{}, err
	}
	names := map[ids.Patient]string{}
	if d.May(access.FindPatients) {
		rows := make([]enroll.CodeRow, len(all))
		for i, m := range all {
			rows[i].Patient = m.Patient
		}
		if names, err = c.names(q.Context(), rows); err != nil {
			return web.Reply{}, err
		}
	}
	for _, m := range all {
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: s.T("desk.kind." + m.Kind), Href: undeliveredPath + "/" + string(m.ID)},
			{Text: whose(s, m, names)}, {Text: s.T("console.channel." + string(m.Channel))}, {Text: s.Moment(m.Failed)}, {Text: reason(s, m)}})
	}
	return c.show(q, q.T("console.undelivered.title"), func(s page.Shell) templ.Component { return undelivered(s, p) }), nil
}

// whose says who was to get a message, as far as the reader may know.
func whose(s page.Shell, m notify.Undelivered, names map[ids.Patient]string) string {
	switch {
	case names[m.Patient] != "":
		return names[m.Patient]
	case m.Patient != "":
		return s.T("office.undelivered.patient")
	case strings.HasPrefix(m.Kind, "request_"):
		return s.T("office.undelivered.asker")
	}
	return s.T("office.undelivered.colleague")
}

func (c *Console) outageCards(q *web.Request, d access.Desk) (out []OutageCard, err error) {
	all, err := c.Outbox.Outages(q.Context(), d)
	s := c.words(q)
	for _, u := range all {
		by, title := "phone", s.T("office.undelivered.outage.phone", u.N)
		if u.Mail {
			by, title = "mail", s.T("office.undelivered.outage.mail", u.N)
		}
		out = append(out, OutageCard{"outage-" + by, by, title, s.T("office.undelivered.outage.text", s.Moment(u.First), s.Moment(u.Last)), s.T("office.undelivered.outage.button", u.N)})
	}
	return out, err
}

// reason says in words why a message did not arrive.
func reason(s page.Shell, m notify.Undelivered) string {
	switch why := m.Why; {
	case why == "daily_cap":
		return s.T("desk.reason.cap")
	case why == "too_late":
		return s.T("desk.reason.late")
	case why == "in_doubt":
		return s.T("desk.reason.doubt")
	case why == "not_set_up", strings.HasSuffix(why, "_settings"), why == "mail_from", strings.HasPrefix(why, "mail_53"), strings.HasPrefix(why, "phone_401"), strings.HasPrefix(why, "phone_403"):
		return s.T("desk.reason.settings")
	case strings.HasPrefix(why, "mail_bounced"):
		return s.T("desk.reason.bounced")
	case strings.HasPrefix(why, "mail_5"), why == "mail_address", strings.HasPrefix(why, "phone_400"), strings.HasPrefix(why, "phone_undelivered"):
		return s.T("desk.reason.address")
	case strings.HasPrefix(why, "mail_"), strings.HasPrefix(why, "phone_"):
		return s.T("desk.reason.other")
	}
	return s.T("desk.reason.inside")
}

// UndeliveredOnePage is one message that did not arrive.
type UndeliveredOnePage struct {
	ID      ids.Message
	Title   string
	Facts   []page.Fact
	Ways    []page.Choice
	To      string // the way chosen
	Barrier string // why it cannot be sent again, in words
	How     string // the way of dealing with it chosen
}

func (c *Console) undeliveredOne(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.undeliveredOnePage(q, d, UndeliveredOnePage{}, nil)
}

func (c *Console) undeliveredOnePage(q *web.Request, d access.Desk, p UndeliveredOnePage, wrong error) (web.Reply, error) {
	f, err := c.Outbox.Failed(q.Context(), d, ids.Message(q.PathValue("id")))
	if fault.Is(err, fault.Conflict) {
		return web.Redirect(undeliveredPath + "?done=faster"), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p.ID, p.Title = f.ID, s.T("desk.kind."+f.Kind)
	if p.Facts, err = c.messageFacts(q, d, f); err != nil {
		return web.Reply{}, err
	}
	if f.Not != "" {
		p.Barrier = s.T("office.undelivered.not." + string(f.Not))
	}
	for _, w := range f.Ways {
		text := s.T("office.undelivered.way.other")
		if w.Same {
			text = s.T("office.undelivered.way.same")
			if p.To == "" && wrong == nil {
				p.To = w.Key
			}
		}
		p.Ways = append(p.Ways, page.Choice{Value: w.Key, Title: s.T("console.channel."+string(w.Channel)) + ": " + hinted(w.Contact), Text: text})
	}
	return c.show(q, p.Title, func(s page.Shell) templ.Component { return undeliveredOne(s.BackTo(undeliveredPath), p) }).Fix(wrong), nil
}

// hinted shows enough of a contact to know it again, and no more: who sends again
// need not learn it.
func hinted(k notify.Contact) string {
	if k.Channel == notify.Mail {
		return account.Mask(account.Mail, k.To)
	}
	return account.Mask(account.SMS, k.To)
}

func (c *Console) messageFacts(q *web.Request, d access.Desk, f notify.Failure) ([]page.Fact, error) {
	s := c.words(q)
	who := page.Fact{Label: s.T("office.undelivered.for")}
	names := map[ids.Patient]string{}
	if f.Patient != "" && d.May(access.FindPatients) {
		var err error
		if names, err = c.names(q.Context(), []enroll.CodeRow{{Patient: f.Patient}}); err != nil {
			return nil, err
		}
		who.ChangeHref, who.ChangeText = "/staff/patients/"+string(f.Patient), s.T("desk.undelivered.patient")
	}
	who.Value = whose(s, f.Undelivered, names)
	to := s.T("console.channel." + string(f.Channel))
	if f.To.To != "" {
		to += ": " + hinted(f.To)
	}
	tries := s.T("office.jobs.times", f.Tries)
	if f.Resent > 0 {
		tries += ". " + s.T("office.undelivered.resent", f.Resent)
	}
	return []page.Fact{who, {Label: s.T("office.undelivered.to"), Value: to}, {Label: s.T("office.undelivered.written"), Value: s.Moment(f.Caused)},
		{Label: s.T("office.undelivered.failed"), Value: s.Moment(f.Failed)}, {Label: s.T("office.undelivered.why"), Value: reason(s, f.Undelivered)},
		{Label: s.T("office.undelivered.code"), Value: f.Why}, {Label: s.T("office.jobs.tries"), Value: tries}}, nil
}

func dealtOptions(s page.Shell) []page.Option {
	var out []page.Option
	for _, w := range notify.Dealt {
		out = append(out, page.Option{Value: w, Text: s.T("office.undelivered.how." + w)})
	}
	return out
}

func (c *Console) settleMessage(q *web.Request, d access.Desk) (web.Reply, error) {
	how := q.Text("how")
	err := c.Outbox.Settle(q.Context(), d, ids.Message(q.PathValue("id")), how)
	return c.afterMessage(q, d, UndeliveredOnePage{How: how}, "settled", err)
}

func (c *Console) sendAgain(q *web.Request, d access.Desk) (web.Reply, error) {
	to := q.Text("to")
	if to == "" {
		to = "none" // which no contact is called: nothing is chosen for the clerk
	}
	err := c.Outbox.Again(q.Context(), d, ids.Message(q.PathValue("id")), to)
	return c.afterMessage(q, d, UndeliveredOnePage{To: q.Text("to")}, "resent", err)
}

// afterMessage leads back to the list, or shows the message again with what is wrong.
func (c *Console) afterMessage(q *web.Request, d access.Desk, p UndeliveredOnePage, done string, err error) (web.Reply, error) {
	switch {
	case fault.Is(err, fault.Invalid):
		return c.undeliveredOnePage(q, d, p, err)
	case fault.Is(err, fault.Conflict): // a colleague was faster
		done, err = "faster", nil
	}
	return web.Redirect(undeliveredPath + "?done=" + done), absent(err)
}

func (c *Console) sendAllAgain(q *web.Request, d access.Desk) (web.Reply, error) {
	_, err := c.Outbox.AllAgain(q.Context(), d, q.Text("by") == "mail")
	return web.Redirect(undeliveredPath + "?done=allagain"), err
}
