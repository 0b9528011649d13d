package console

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/web"
)

func (c *Console) mountPatients(d desk) {
	d.place("GET /staff/patients", access.FindPatients, c.find, page.NavItem{Path: "/staff/patients", Icon: "users-round", TextKey: "console.nav.patients"})
	d.form("POST /staff/patients", access.FindPatients, c.search)
	d.page("GET /staff/patients/{id}", access.FindPatients, c.patient)
	d.page("GET /staff/patients/{id}/issue", access.IssueCodes, c.askIssue)
	d.form("POST /staff/patients/{id}/issue", access.IssueCodes, c.issue)
}

// FindPage is the search for a patient.
type FindPage struct {
	Name, Number     string
	Day, Month, Year string
	Asked            bool
	Table            page.TableSpec
	Next             string
}

// search takes the form and leads to the page of what was found.
func (c *Console) search(q *web.Request, d access.Desk) (web.Reply, error) {
	p := FindPage{Name: q.Text("name"), Number: q.Text("number"), Day: q.Text("birth_day"), Month: q.Text("birth_month"), Year: q.Text("birth_year")}
	date, bad := birth(p.Day, p.Month, p.Year)
	if bad == nil && p.Name == "" && p.Number == "" && date == "" {
		bad = fault.Bad("name", "desk.patients.nothing")
	}
	if bad != nil {
		return c.findPage(q, p).Fix(bad), nil
	}
	return web.Redirect(c.sealSearch(d, registry.Query{Name: p.Name, Birth: date, Number: p.Number})), nil
}

func (c *Console) find(q *web.Request, d access.Desk) (web.Reply, error) {
	ask, ok := c.openSearch(d, q.Ask("s"))
	if !ok {
		return c.findPage(q, FindPage{}), nil
	}
	p := FindPage{Name: ask.Name, Number: ask.Number, Asked: true}
	if t, err := time.Parse(time.DateOnly, ask.Birth); err == nil {
		p.Day, p.Month, p.Year = t.Format("2"), t.Format("1"), t.Format("2006")
	}
	found, err := c.Registry.Find(q.Context(), d, ask)
	if err != nil {
		return web.Reply{}, err
	}
	p.Table = foundTable(c.words(q), found.People)
	if found.Next != "" {
		ask.After = found.Next
		p.Next = c.sealSearch(d, ask)
	}
	return c.findPage(q, p), nil
}

func (c *Console) findPage(q *web.Request, p FindPage) web.Reply {
	return c.show(q, q.T("console.patients.title"), func(s page.Shell) templ.Component { return find(s, p) })
}

func foundTable(s page.Shell, people []registry.Found) page.TableSpec {
	t := page.TableSpec{ID: "found", Caption: s.T("console.patients.found"), Empty: s.T("console.patients.none"),
		Columns: []page.Column{{Text: s.T("console.patients.name")}, {Text: s.T("console.patients.born")}, {Text: s.T("console.patients.sex")}, {Text: s.T("console.patients.note")}}}
	for _, f := range people {
		note := page.Cell{}
		switch {
		case f.Dead:
			note = page.Cell{Text: s.T("console.patients.dead"), Tone: page.Warn}
		case f.Restricted:
			note = page.Cell{Text: s.T("console.patients.restricted"), Tone: page.Warn}
		case !f.Active:
			note = page.Cell{Text: s.T("console.patients.inactive"), Tone: page.Warn}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: strings.TrimSpace(f.Family + ", " + f.Given), Href: "/staff/patients/" + string(f.ID)},
			{Text: born(s, f.Birth)}, {Text: sex(s, f.Sex)}, note})
	}
	return t
}

// PatientPage is one patient at the desk.
type PatientPage struct {
	ID        ids.Patient
	Name      string
	Facts     []page.Fact
	Contacts  page.TableSpec
	Account   bool
	Help      bool // this person may help somebody back in
	Dead      bool
	Young     bool
	Inactive  bool
	Live      *enroll.CodeRow
	Codes     page.TableSpec
	MayBook   bool // visits
	Issues    bool // the reader may make codes
	Emergency bool // the reader may open the chart without a task
}

// may tells whether a code can be made at all.
func (p PatientPage) may() bool { return !p.Account && !p.Dead && !p.Young && !p.Inactive }

// why says what stands in the way of a code.
func (p PatientPage) why(s page.Shell) (string, page.Tone) {
	switch {
	case p.Dead:
		return s.T("enroll.issue.dead"), page.Warn
	case p.Account:
		return s.T("console.patient.account"), page.OK
	case p.Inactive:
		return s.T("enroll.issue.inactive"), page.Warn
	case p.Young:
		return s.T("enroll.issue.young"), page.Warn
	}
	return "", ""
}

func (c *Console) patient(q *web.Request, d access.Desk) (web.Reply, error) {
	r, err := c.Registry.Show(q.Context(), d, ids.Patient(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	s := c.words(q)
	p := c.standing(s, r)
	p.Facts = patientFacts(s, r)
	p.MayBook = d.May(access.BookVisitsFor) && !p.Dead && !p.Inactive
	p.Contacts = c.contactTable(s, r)
	if p.Account, err = c.hasAccount(q.Context(), r.ID); err != nil {
		return web.Reply{}, err
	}
	p.Help = d.May(access.HelpRecover)
	p.Emergency, p.Issues = d.May(access.OpenCharts), d.May(access.IssueCodes)
	if p.Issues {
		if err := c.patientCodes(q, d, &p); err != nil {
			return web.Reply{}, err
		}
	}
	return c.show(q, q.T("console.patient.title"), func(s page.Shell) templ.Component { return patient(s.BackTo("/staff/patients"), p) }), nil
}

// standing is what of a person decides whether they can be given a code.
func (c *Console) standing(s page.Shell, r registry.Patient) PatientPage {
	now := c.DB.Now()
	if s.Clinic != nil && s.Clinic.Zone != nil {
		now = now.In(s.Clinic.Zone)
	}
	years := age(r.Birth, now)
	return PatientPage{ID: r.ID, Name: strings.TrimSpace(r.Given + " " + r.Family), Dead: r.Dead(), Inactive: !r.Active, Young: years >= 0 && years < c.Enroll.Set.MinAge}
}

// hasAccount tells whether a patient has an account of their own.
func (c *Console) hasAccount(ctx context.Context, p ids.Patient) (has bool, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		has, err = c.Accounts.Exists(ctx, tx, p)
		return err
	})
	return has, err
}

func (c *Console) contactTable(s page.Shell, r registry.Patient) page.TableSpec {
	t := page.TableSpec{ID: "contactlist", Caption: s.T("console.patient.contacts"), HideCaption: true, Empty: s.T("console.patient.nocontact"),
		Columns: []page.Column{{Text: s.T("desk.contact.kind")}, {Text: s.T("desk.contact.value")}, {Text: s.T("desk.contact.since")}}}
	for _, k := range r.Contacts {
		since := page.Cell{Text: s.Date(k.Since)}
		if c.DB.Now().Sub(k.Since) < registry.ContactAge {
			since = page.Cell{Text: s.T("desk.contact.new", s.Date(k.Since)), Tone: page.Warn}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: contactKind(s, k.Kind)}, {Text: masked(k.Kind, k.Value)}, since})
	}
	return t
}

func contactKind(s page.Shell, k registry.Kind) string {
	switch k {
	case registry.Email:
		return s.T("console.contact.email")
	case registry.Mobile:
		return s.T("console.contact.mobile")
	}
	return s.T("console.contact.phone")
}

func patientFacts(s page.Shell, r registry.Patient) []page.Fact {
	facts := []page.Fact{{Label: s.T("console.patients.born"), Value: born(s, r.Birth)}, {Label: s.T("console.patients.sex"), Value: sex(s, r.Sex)}}
	var numbers, older, names []string
	for _, n := range r.Numbers {
		if n.Usage == registry.Current {
			numbers = append(numbers, n.Value)
		} else {
			older = append(older, n.Value)
		}
	}
	for _, n := range r.Names {
		if n.Usage != registry.Current {
			names = append(names, n.Full())
		}
	}
	add := func(label string, values []string) {
		if len(values) > 0 {
			facts = append(facts, page.Fact{Label: label, Value: strings.Join(values, ", ")})
		}
	}
	add(s.NumberLabel(), numbers)
	add(s.T("desk.patient.older"), older)
	add(s.T("console.patient.former"), names)
	if r.Language != "" {
		add(s.T("console.patient.language"), []string{language(s, r.Language)})
	}
	for _, a := range r.Addresses {
		if a.Usage == registry.Current {
			add(s.T("console.patient.address"), append(a.Lines, strings.TrimSpace(a.City+", "+a.State+" "+a.PostalCode)))
			break
		}
	}
	if r.Dead() {
		add(s.T("console.patient.died"), []string{s.Date(r.Deceased)})
	}
	return facts
}

// IssuePage asks how a code shall reach the patient.
type IssuePage struct {
	Patient PatientPage
	By      string
}

func (c *Console) askIssue(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.issuePage(q, d, "", nil)
}

func (c *Console) issuePage(q *web.Request, d access.Desk, by string, wrong error) (web.Reply, error) {
	p := IssuePage{By: by}
	r, err := c.Registry.Show(q.Context(), d.For(access.FindPatients), ids.Patient(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	p.Patient = PatientPage{ID: r.ID, Name: strings.TrimSpace(r.Given + " " + r.Family)}
	if err := c.patientCodes(q, d, &p.Patient); err != nil {
		return web.Reply{}, err
	}
	return c.show(q, q.T("console.issue.title"), func(s page.Shell) templ.Component {
		return issue(s.BackTo("/staff/patients/"+string(p.Patient.ID)), p)
	}).Fix(wrong), nil
}

func (c *Console) issue(q *web.Request, d access.Desk) (web.Reply, error) {
	by := q.Text("by")
	o := enroll.Order{Patient: ids.Patient(q.PathValue("id")), By: enroll.Channel(by)}
	switch by {
	case "large":
		o.By, o.Large = enroll.ByLetter, true
	case "letter", "email", "handover":
	default:
		return c.issuePage(q, d, by, fault.Bad("by", "enroll.issue.channel"))
	}
	id, err := c.Enroll.Issue(q.Context(), d, o)
	if shown, ok := refused(err); ok {
		return c.issuePage(q, d, by, shown)
	}
	return web.Redirect("/staff/codes/" + url.PathEscape(string(id)) + "?new=1"), err
}
