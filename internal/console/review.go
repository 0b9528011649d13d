package console

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/web"
)

// RequestPage is one request beside the patients who may be behind it.
type RequestPage struct {
	Case    enroll.Case
	Claim   []page.Fact
	Matches []Match // those of this page, best first
	Rest    Rest
	Other   bool // only the decisions that choose nobody
	Doubles page.TableSpec
	Log     []page.Row
	Open    bool
	Phones  []page.Option

	// What was typed, for a form shown again.
	By, Patient, Number, Words, Question, Why, Contact string
	Call                                               enroll.Call
}

// beside is how many candidates a page sets beside the claim: each item of each is
// said in words, and ten of them would weigh more than a page may.
const beside = 2

// Rest says which candidates the page shows, where there are more.
type Rest struct {
	First, Last, Of int
	From            string // "?from=3", "" for the best ones
	Next            string // address of the next ones, "" for none
	Back            string // address of the best ones, "" where they are shown
}

// part picks the candidates of one page; from is as it stands in the address.
func part(all []enroll.Candidate, path, from string) ([]enroll.Candidate, Rest) {
	at, err := strconv.Atoi(from)
	if err != nil || at < 0 || at >= len(all) {
		at = 0
	}
	end := min(at+beside, len(all))
	r := Rest{First: at + 1, Last: end, Of: len(all)}
	if end < len(all) {
		r.Next = path + "?from=" + strconv.Itoa(end)
	}
	if at > 0 {
		r.From, r.Back = "?from="+strconv.Itoa(at), path
	}
	return all[at:end], r
}

// Match is one candidate, set beside the claim item by item.
type Match struct {
	ID      ids.Patient
	Name    string
	Apart   string // what tells them from another of the same name: number, birth date, address
	Score   string
	Tone    page.Tone
	Items   []Item
	Warns   []string
	Account bool
	Two     bool // their record asks for two people
}

// Item is one thing the record knows, with how it fits what the person says.
type Item struct {
	Label    string
	Values   []string
	Verdicts []Verdict
}

// Verdict is one finding in words.
type Verdict struct {
	Word string
	Tone page.Tone
	Text string
}

func (c *Console) request(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.requestPage(q, d, RequestPage{}, nil)
}

// requestPage draws the request again with what was typed in p.
func (c *Console) requestPage(q *web.Request, d access.Desk, p RequestPage, wrong error) (web.Reply, error) {
	found, err := c.Enroll.Request(q.Context(), d, ids.Request(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	s := c.words(q)
	p.Case, p.Open, p.Claim = found, undecided(found.State), claimFacts(s, found.Claim)
	some, rest := part(found.Candidates, "/staff/requests/"+url.PathEscape(string(found.ID)), q.Ask("from"))
	p.Rest, p.Other = rest, rest.Of > beside && q.Ask("other") != ""
	if p.Other {
		some, p.Rest.From = nil, "?other=1"
	}
	for _, k := range some {
		p.Matches = append(p.Matches, matchOf(s, k))
		for _, t := range k.Person.Contacts {
			if t.Kind != enroll.Email {
				p.Phones = append(p.Phones, page.Option{Value: string(k.Person.ID) + " " + t.ID,
					Text: k.Person.Name() + ": " + lang.Phone(t.Value) + " (" + s.T("console.contact.since", s.Date(t.Since)) + ")"})
			}
		}
	}
	p.Doubles = c.requestTable(q, found.Doubles, "doubles")
	if p.Log, err = c.logRows(q, found.Log); err != nil {
		return web.Reply{}, err
	}
	return c.show(q, q.T("console.request.title"), func(s page.Shell) templ.Component { return request(s.BackTo("/staff/requests"), p) }).Fix(wrong), nil
}

// logRows say who did what about a request.
func (c *Console) logRows(q *web.Request, log []enroll.LogLine) ([]page.Row, error) {
	names, err := c.colleagues(q.Context(), log)
	if err != nil {
		return nil, err
	}
	s := c.words(q)
	var out []page.Row
	for _, l := range log {
		title := s.T("console.log." + l.What)
		what, _, _ := strings.Cut(l.Detail, ":")
		for _, key := range []string{"console.outcome." + what, "console.by." + what, "console.reject." + what} {
			if t := s.T(key); t != key {
				title += ": " + t
				break
			}
		}
		text := s.T("desk.log.by", s.Moment(l.At), names[l.Staff])
		if l.Note != "" {
			text += " " + l.Note
		}
		out = append(out, page.Row{Icon: "history", Title: title, Text: text})
	}
	return out, nil
}

func claimFacts(s page.Shell, k enroll.Claim) []page.Fact {
	var out []page.Fact
	add := func(label, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, page.Fact{Label: label, Value: value})
		}
	}
	add(s.T("console.patients.name"), k.Given+" "+k.Family)
	add(s.T("console.patient.former"), k.Former)
	add(s.T("console.patients.born"), born(s, k.Birth))
	if k.Sex != "" {
		add(s.T("console.patients.sex"), sex(s, k.Sex))
	}
	add(s.NumberLabel(), k.Number)
	place := strings.TrimSpace(k.City + " " + k.State + " " + k.Zip)
	add(s.T("console.patient.address"), strings.Join(filled(k.Street, k.Unit, place), ", "))
	add(s.T("console.contact.email"), k.Email)
	add(s.T("console.contact.phone"), lang.Phone(k.Phone))
	if k.Reach != "" {
		add(s.T("console.request.reach"), s.T("console.reach."+k.Reach))
	}
	return out
}

func filled(all ...string) []string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func matchOf(s page.Shell, k enroll.Candidate) Match {
	m := Match{ID: k.Person.ID, Name: k.Person.Name(), Account: k.Account, Two: k.Person.Restricted, Score: s.T("console.score.weak"), Tone: page.Warn}
	switch {
	case k.Score >= 70:
		m.Score, m.Tone = s.T("console.score.strong"), page.OK
	case k.Score >= 40:
		m.Score, m.Tone = s.T("console.score.possible"), page.Info
	}
	m.Apart = strings.Join(filled(k.Person.Number, born(s, k.Person.Birth), strings.Join(k.Person.Address, ", ")), " · ") // the number first: it breaks nowhere there
	var mails, phones []string
	for _, t := range k.Person.Contacts {
		since := " (" + s.T("console.contact.since", s.Date(t.Since)) + ")"
		if t.Kind == enroll.Email {
			mails = append(mails, masked(registry.Email, t.Value)+since)
		} else {
			phones = append(phones, lang.Phone(t.Value)+since)
		}
	}
	said := map[string][]Verdict{}
	for _, r := range k.Reasons {
		if r.About == "person" {
			m.Warns = append(m.Warns, s.T(r.Text, r.Args...))
			continue
		}
		said[r.About] = append(said[r.About], verdict(s, r))
	}
	item := func(label, about string, values ...string) {
		if values = filled(values...); len(values) > 0 || len(said[about]) > 0 {
			m.Items = append(m.Items, Item{label, values, said[about]})
		}
	}
	item(s.T("console.patients.name"), "name", k.Person.Names...)
	item(s.T("console.patients.born"), "birth", born(s, k.Person.Birth))
	item(s.T("console.patients.sex"), "sex", sex(s, k.Person.Sex))
	item(s.NumberLabel(), "number", k.Person.Number)
	item(s.T("console.patient.address"), "address", strings.Join(k.Person.Address, ", "))
	item(s.T("console.contact.email"), "email", mails...)
	item(s.T("console.contact.phone"), "phone", phones...)
	return m
}

var verdictTones = map[string]page.Tone{"agrees": page.OK, "close": page.Info, "differs": page.Bad, "warns": page.Warn, "unsaid": page.Plain}

func verdict(s page.Shell, r enroll.Reason) Verdict {
	return Verdict{Word: s.T("console.verdict." + r.Verdict), Tone: verdictTones[r.Verdict], Text: s.T(r.Text, r.Args...)}
}

// decided sends a decision's page: the request again, or the form with what was wrong.
func (c *Console) decided(q *web.Request, d access.Desk, p RequestPage, done string, err error) (web.Reply, error) {
	if bad, ok := refused(err); ok {
		return c.requestPage(q, d, p, bad)
	}
	return web.Redirect("/staff/requests/" + url.PathEscape(q.PathValue("id")) + "?done=" + done), err
}

func requestID(q *web.Request) ids.Request { return ids.Request(q.PathValue("id")) }

func (c *Console) call(q *web.Request, d access.Desk) (web.Reply, error) {
	patient, contact, _ := strings.Cut(q.Text("contact"), " ")
	k := enroll.Call{Patient: ids.Patient(patient), Contact: contact, Outcome: q.Text("outcome"), Evidence: q.Text("evidence"), Note: q.Text("note")}
	err := c.Enroll.LogCall(q.Context(), d, requestID(q), k)
	return c.decided(q, d, RequestPage{Call: k, Contact: q.Text("contact")}, "called", err)
}

// another stands for a patient who is not among the candidates.
const another = "another"

func (c *Console) approve(q *web.Request, d access.Desk) (web.Reply, error) {
	p := RequestPage{By: q.Text("by"), Patient: q.Text("patient"), Number: q.Text("number")}
	a := enroll.Approval{Patient: ids.Patient(p.Patient), By: enroll.Channel(p.By)}
	if p.By == "large" {
		a.By, a.Large = enroll.ByLetter, true
	}
	var err error
	if p.Patient == another {
		a.Patient, err = c.chosen(q, d, p.Number)
	}
	var id ids.Code
	if err == nil {
		id, err = c.Enroll.Approve(q.Context(), d, requestID(q), a)
	}
	if err == nil && id != "" {
		return web.Redirect("/staff/codes/" + url.PathEscape(string(id)) + "?new=1"), nil
	}
	return c.decided(q, d, p, "first", err)
}

// chosen finds the patient whom staff found themselves, by number.
func (c *Console) chosen(q *web.Request, d access.Desk, number string) (ids.Patient, error) {
	if number == "" {
		return "", fault.Bad("number", "desk.approve.number")
	}
	found, err := c.Registry.Find(q.Context(), d.For(access.FindPatients), registry.Query{Number: number})
	if err != nil {
		return "", err
	}
	if len(found.People) != 1 {
		return "", fault.Bad("number", "desk.approve.nobody")
	}
	return found.People[0].ID, nil
}

func (c *Console) reject(q *web.Request, d access.Desk) (web.Reply, error) {
	why := q.Text("why")
	return c.decided(q, d, RequestPage{Why: why}, "rejected", c.Enroll.Reject(q.Context(), d, requestID(q), why))
}

func (c *Console) askMore(q *web.Request, d access.Desk) (web.Reply, error) {
	question := q.Text("question")
	return c.decided(q, d, RequestPage{Question: question}, "asked", c.Enroll.AskMore(q.Context(), d, requestID(q), question))
}

func (c *Console) flag(q *web.Request, d access.Desk) (web.Reply, error) {
	words := q.Text("words")
	return c.decided(q, d, RequestPage{Words: words}, "flagged", c.Enroll.Flag(q.Context(), d, requestID(q), words))
}

// choices are whom to choose from in approving.
func (p RequestPage) choices(s page.Shell) []page.Choice {
	var out []page.Choice
	for _, m := range p.Matches {
		text := m.Apart
		if m.Account {
			text = s.T("enroll.issue.account")
		}
		out = append(out, page.Choice{Value: string(m.ID), Title: m.Name, Text: text, Tag: m.Score, TagTone: m.Tone, Disabled: m.Account})
	}
	return append(out, page.Choice{Value: another, Title: s.T("desk.approve.another"), Text: s.T("desk.approve.another.text")})
}
