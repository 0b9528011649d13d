package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/web"
)

// FindPage is the search for a patient.
type FindPage struct {
	Name, Number     string
	Day, Month, Year string
	Asked            bool
	Table            page.TableSpec
	Next             string
}

// birth reads a date of birth in three fields, "" if nothing was typed.
func birth(day, month, year string) (string, error) {
	if day == "" && month == "" && year == "" {
		return "", nil
	}
	d, err1 := strconv.Atoi(day)
	m, err2 := strconv.Atoi(month)
	y, err3 := strconv.Atoi(year)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if err1 != nil || err2 != nil || err3 != nil || t.Day() != d || int(t.Month()) != m || y < 1880 || y > 2200 {
		return "", fault.Bad("birth", "console.patients.birth.bad")
	}
	return t.Format(time.DateOnly), nil
}

// born writes a stored date of birth for people.
func born(s page.Shell, date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return s.Lang.Date(t)
}

func (c *Console) find(q *web.Request, d access.Desk) (web.Reply, error) {
	p := FindPage{Name: q.Ask("name"), Number: q.Ask("number"), Day: q.Ask("birth_day"), Month: q.Ask("birth_month"), Year: q.Ask("birth_year")}
	date, bad := birth(p.Day, p.Month, p.Year)
	p.Asked = p.Name != "" || p.Number != "" || date != ""
	if bad == nil && p.Asked {
		found, err := c.Registry.Find(q.Context(), d, registry.Query{Name: p.Name, Birth: date, Number: p.Number, After: q.Ask("after")})
		if err != nil {
			return web.Reply{}, err
		}
		p.Table = foundTable(q, found.People)
		if found.Next != "" {
			v := q.URL.Query()
			v.Set("after", found.Next)
			v.Del("lang")
			p.Next = "/staff/patients?" + v.Encode()
		}
	}
	return show("console.patients.title", func(s page.Shell) templ.Component { return find(s, p) }).Fix(bad), nil
}

func foundTable(q *web.Request, people []registry.Found) page.TableSpec {
	t := page.TableSpec{ID: "found", Caption: q.T("console.patients.found"), Empty: q.T("console.patients.none"),
		Columns: []page.Column{{Text: q.T("console.patients.name")}, {Text: q.T("console.patients.born")}, {Text: q.T("console.patients.sex")}, {Text: q.T("console.patients.note")}}}
	for _, f := range people {
		note := page.Cell{}
		switch {
		case f.Dead:
			note = page.Cell{Text: q.T("console.patients.dead"), Tone: page.Warn}
		case f.Restricted:
			note = page.Cell{Text: q.T("console.patients.restricted"), Tone: page.Warn}
		case !f.Active:
			note = page.Cell{Text: q.T("console.patients.inactive"), Tone: page.Warn}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: strings.TrimSpace(f.Family + ", " + f.Given), Href: "/staff/patients/" + string(f.ID)},
			{Text: born(page.Shell{Lang: q.Lang}, f.Birth)}, {Text: sex(q, f.Sex)}, note})
	}
	return t
}

func sex(q *web.Request, s string) string {
	switch s {
	case "female":
		return q.T("console.sex.female")
	case "male":
		return q.T("console.sex.male")
	case "other":
		return q.T("console.sex.other")
	}
	return q.T("console.sex.unknown")
}

// PatientPage is one patient at the desk.
type PatientPage struct {
	ID      ids.Patient
	Name    string
	Facts   []page.Fact
	Contact []page.Fact
	Account bool
	Dead    bool
	Live    *enroll.CodeRow
	Codes   page.TableSpec
}

func (c *Console) patient(q *web.Request, d access.Desk) (web.Reply, error) {
	p, err := c.patientPage(q, d, ids.Patient(q.PathValue("id")))
	return show("console.patient.title", func(s page.Shell) templ.Component {
		return patient(s.Called(p.Name).BackTo("/staff/patients"), p)
	}), err
}

func (c *Console) patientPage(q *web.Request, d access.Desk, id ids.Patient) (p PatientPage, err error) {
	r, err := c.Registry.Show(q.Context(), d, id)
	if err != nil {
		return p, absent(err)
	}
	p = PatientPage{ID: r.ID, Name: strings.TrimSpace(r.Given + " " + r.Family), Dead: r.Dead()}
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p.Facts = patientFacts(s, r, q)
	for _, k := range r.Contacts {
		p.Contact = append(p.Contact, page.Fact{Label: q.T("console.contact." + string(k.Kind)), Value: k.Value + " · " + q.T("console.contact.since", s.Date(k.Since))})
	}
	if p.Account, err = c.hasAccount(q.Context(), r.ID); err != nil {
		return p, err
	}
	if d.May(access.IssueCodes) {
		err = c.patientCodes(q, d, &p)
	}
	return p, err
}

func patientFacts(s page.Shell, r registry.Patient, q *web.Request) []page.Fact {
	facts := []page.Fact{{Label: q.T("console.patients.born"), Value: born(s, r.Birth)}, {Label: q.T("console.patients.sex"), Value: sex(q, r.Sex)}}
	var numbers, former []string
	for _, n := range r.Numbers {
		numbers = append(numbers, n.Value)
	}
	for _, n := range r.Names {
		if n.Usage != registry.Current {
			former = append(former, n.Full())
		}
	}
	label := q.T("console.patients.number")
	if s.Clinic != nil && s.Clinic.NumberLabel[q.Lang] != "" {
		label = s.Clinic.NumberLabel[q.Lang]
	}
	facts = append(facts, page.Fact{Label: label, Value: strings.Join(numbers, ", ")})
	if len(former) > 0 {
		facts = append(facts, page.Fact{Label: q.T("console.patient.former"), Value: strings.Join(former, ", ")})
	}
	if r.Language != "" {
		facts = append(facts, page.Fact{Label: q.T("console.patient.language"), Value: r.Language})
	}
	for _, a := range r.Addresses {
		if a.Usage == registry.Current {
			facts = append(facts, page.Fact{Label: q.T("console.patient.address"), Value: strings.Join(append(a.Lines, strings.TrimSpace(a.City+", "+a.State+" "+a.PostalCode)), ", ")})
			break
		}
	}
	if r.Dead() {
		facts = append(facts, page.Fact{Label: q.T("console.patient.died"), Value: s.Date(r.Deceased)})
	}
	return facts
}

// IssuePage asks how a code shall reach the patient.
type IssuePage struct {
	Patient PatientPage
	By      string
}

func (c *Console) askIssue(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.issuePage(q, d, q.Ask("by"), nil)
}

func (c *Console) issuePage(q *web.Request, d access.Desk, by string, wrong error) (web.Reply, error) {
	// The page is opened to issue; looking at the person is part of that task.
	row, err := c.named(q, ids.Patient(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	p := IssuePage{Patient: row, By: by}
	if err := c.patientCodes(q, d, &p.Patient); err != nil {
		return web.Reply{}, err
	}
	return show("console.issue.title", func(s page.Shell) templ.Component {
		return issue(s.BackTo("/staff/patients/"+string(row.ID)), p)
	}).Fix(wrong), nil
}

func (c *Console) issue(q *web.Request, d access.Desk) (web.Reply, error) {
	by := q.Text("by")
	o := enroll.Order{Patient: ids.Patient(q.PathValue("id")), By: enroll.Channel(by), Large: by == "large"}
	switch by {
	case "large":
		o.By = enroll.ByLetter
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
