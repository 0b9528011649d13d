package console

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/web"
)

const contactsPath = "/staff/contacts"

// mountContacts adds the review of contacts that patients have proven.
func (c *Console) mountContacts(d desk) {
	d.place("GET /staff/contacts", access.ReviewContacts, c.contacts, page.NavItem{Path: contactsPath, Icon: "id-card", TextKey: "office.contacts.nav"})
	d.page("GET /staff/contacts/{id}", access.ReviewContacts, c.contact)
	d.form("POST /staff/contacts/{id}", access.ReviewContacts, c.settleContact)
}

// ContactsPage lists contacts that wait.
type ContactsPage struct{ Table page.TableSpec }

// provenKind names a proven contact's kind.
func provenKind(s page.Shell, k account.ContactKind) string {
	if k == account.ByEmail {
		return s.T("console.contact.email")
	}
	return s.T("console.contact.mobile")
}

func (c *Console) contacts(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := c.Accounts.ProposedContacts(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	rows := make([]enroll.CodeRow, len(all))
	for i, k := range all {
		rows[i].Patient = k.Patient
	}
	names, err := c.names(q.Context(), rows)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p := ContactsPage{page.TableSpec{ID: "contactslist", Caption: s.T("office.contacts.title"), HideCaption: true, Empty: s.T("office.contacts.none"),
		Columns: []page.Column{{Text: s.T("console.codes.patient")}, {Text: s.T("desk.contact.kind")}, {Text: s.T("office.contacts.new")}, {Text: s.T("desk.requests.waiting")}}}}
	for _, k := range all {
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: names[k.Patient], Href: contactsPath + "/" + string(k.ID)}, {Text: provenKind(s, k.Kind)},
			{Text: k.Hint()}, {Text: waited(s, c.DB.Now().Sub(k.At))}})
	}
	return c.show(q, q.T("office.contacts.title"), func(s page.Shell) templ.Component { return contacts(s, p) }), nil
}

// ContactPage is one proven contact beside what the chart says.
type ContactPage struct {
	ID      account.ContactID
	Name    string
	Proven  []page.Fact
	Chart   []page.Fact
	To, Why string
}

func (c *Console) contact(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.contactPage(q, d, "", "", nil)
}

func (c *Console) contactPage(q *web.Request, d access.Desk, to, why string, wrong error) (web.Reply, error) {
	k, err := c.Accounts.ProposedContact(q.Context(), d, account.ContactID(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	who, err := c.named(q, k.Patient)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	shown := k.Value
	if k.Kind == account.ByPhone {
		shown = lang.Phone(k.Value)
	}
	p := ContactPage{ID: k.ID, Name: who.Name, To: to, Why: why,
		Proven: []page.Fact{{Label: provenKind(s, k.Kind), Value: shown}, {Label: s.T("office.contacts.proven"), Value: s.Moment(k.At)}}}
	if d.May(access.FindPatients) {
		on, err := c.Registry.Show(q.Context(), d.For(access.FindPatients), k.Patient)
		if err != nil {
			return web.Reply{}, err
		}
		p.Chart = c.chartSays(s, on)
	}
	return c.show(q, q.T("office.contacts.one"), func(s page.Shell) templ.Component { return contact(s.BackTo(contactsPath), p) }).Fix(wrong), nil
}

// chartSays are the contacts on file.
func (c *Console) chartSays(s page.Shell, r registry.Patient) []page.Fact {
	var out []page.Fact
	for _, k := range r.Contacts {
		value := k.Value
		if k.Kind != registry.Email {
			value = lang.Phone(k.Value)
		}
		out = append(out, page.Fact{Label: contactKind(s, k.Kind), Value: value + " (" + s.T("console.contact.since", s.Date(k.Since)) + ")"})
	}
	return out
}

func (c *Console) settleContact(q *web.Request, d access.Desk) (web.Reply, error) {
	to, why := q.Text("to"), q.Text("why")
	var v account.Verdict
	switch to {
	case "replace", "add":
		v = account.Verdict{Take: true, Replace: to == "replace"}
	case "reject":
		v.Why = why
	default:
		return c.contactPage(q, d, to, why, fault.Bad("to", "office.contacts.choose"))
	}
	err := c.Accounts.SettleContact(q.Context(), d, account.ContactID(q.PathValue("id")), v)
	switch {
	case fault.Is(err, fault.Invalid):
		return c.contactPage(q, d, to, why, err)
	case fault.Is(err, fault.Conflict): // a colleague was faster
		return web.Redirect(contactsPath + "?done=late"), nil
	}
	done := "taken"
	if !v.Take {
		done = "left"
	}
	return web.Redirect(contactsPath + "?done=" + done), err
}

func contactReasons(s page.Shell) []page.Option {
	var out []page.Option
	for _, w := range account.Reasons {
		out = append(out, page.Option{Value: w, Text: s.T("office.contacts.why." + w)})
	}
	return out
}
