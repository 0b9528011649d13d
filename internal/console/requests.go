package console

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// RequestsPage is the queue of identity requests.
type RequestsPage struct {
	Tabs  []page.Tab
	Table page.TableSpec
	Next  string
}

func (c *Console) requests(q *web.Request, d access.Desk) (web.Reply, error) {
	tab := enroll.Tab(q.Ask("tab"))
	if tab == "" {
		tab = enroll.TabOpen
	}
	list, err := c.Enroll.Requests(q.Context(), d, enroll.RequestFilter{Tab: tab, After: q.Ask("after")})
	if err != nil {
		return web.Reply{}, err
	}
	q.Counts(map[string]int{"/staff/requests": list.Counts[enroll.TabOpen]})
	p := RequestsPage{Table: c.requestTable(q, list.Rows, "requestlist")}
	for _, t := range enroll.Tabs {
		p.Tabs = append(p.Tabs, page.Tab{Href: "/staff/requests?tab=" + string(t), Text: q.T("console.tab." + string(t)), Count: list.Counts[t], Now: t == tab})
	}
	if list.Next != "" {
		p.Next = "/staff/requests?" + url.Values{"tab": {string(tab)}, "after": {list.Next}}.Encode()
	}
	return show("console.requests.title", func(s page.Shell) templ.Component { return requests(s, p) }), nil
}

func (c *Console) requestTable(q *web.Request, rows []enroll.RequestRow, id string) page.TableSpec {
	t := page.TableSpec{ID: id, Caption: q.T("console.requests.title"), HideCaption: true, Empty: q.T("console.requests.none"),
		Columns: []page.Column{{Text: q.T("console.requests.person")}, {Text: q.T("console.patients.born")}, {Text: q.T("console.requests.why")}, {Text: q.T("console.requests.came")}, {Text: q.T("console.requests.state")}}}
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	for _, r := range rows {
		name := r.Name
		if name == "" {
			name = q.T("console.requests.erased")
		}
		state := page.Cell{Text: q.T("console.rstate." + string(r.State)), Tone: page.Info}
		switch {
		case r.Flagged:
			state = page.Cell{Text: q.T("console.requests.flagged"), Tone: page.Bad}
		case r.Second:
			state = page.Cell{Text: q.T("console.requests.second"), Tone: page.Warn}
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: name, Href: "/staff/requests/" + string(r.ID)}, {Text: born(s, r.Birth)},
			{Text: why(q, r.Why)}, {Text: s.Moment(r.Came)}, state})
	}
	return t
}

// why says why a request needs a person.
func why(q *web.Request, w enroll.Why) string {
	if t := q.T("console.why." + string(w)); !strings.HasPrefix(t, "console.") {
		return t
	}
	return q.T("console.why.other")
}

// RequestPage is one request beside the patients who may be behind it.
type RequestPage struct {
	Case    enroll.Case
	Claim   []page.Fact
	Matches []Match
	Doubles page.TableSpec
	Log     []page.Row
	Open    bool
	By      string
	Patient string
	Phones  []page.Option
	Call    enroll.Call
	Words   string
	Why     string
}

// Match is one candidate in words.
type Match struct {
	ID      ids.Patient
	Name    string
	Score   string
	Tone    page.Tone
	Facts   []page.Fact
	Reasons []page.Row
	Account bool
	Two     bool
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
	p.Case = found
	p.Open = found.State == enroll.Open || found.State == enroll.Asked || found.State == enroll.Calling || found.State == enroll.New
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p.Claim = c.claimFacts(q, s, found.Claim)
	for _, k := range found.Candidates {
		p.Matches = append(p.Matches, c.matchOf(q, s, k))
		for _, t := range k.Person.Contacts {
			if t.Kind != enroll.Email {
				p.Phones = append(p.Phones, page.Option{Value: string(k.Person.ID) + " " + t.ID,
					Text: k.Person.Name() + ": " + t.Value + " (" + q.T("console.contact.since", s.Date(t.Since)) + ")"})
			}
		}
	}
	p.Doubles = c.requestTable(q, found.Doubles, "doubles")
	for _, l := range found.Log {
		what, _, _ := strings.Cut(l.Detail, ":")
		title := q.T("console.log." + l.What)
		if t := q.T("console.outcome." + what); !strings.HasPrefix(t, "console.") {
			title += ": " + t
		}
		p.Log = append(p.Log, page.Row{Icon: "history", Title: title, Text: strings.TrimSpace(s.Moment(l.At) + " " + l.Note)})
	}
	return show("console.request.title", func(s page.Shell) templ.Component { return request(s.BackTo("/staff/requests"), p) }).Fix(wrong), nil
}

func (c *Console) claimFacts(q *web.Request, s page.Shell, k enroll.Claim) []page.Fact {
	var out []page.Fact
	add := func(key, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, page.Fact{Label: q.T(key), Value: value})
		}
	}
	add("console.patients.name", k.Given+" "+k.Family)
	add("console.patient.former", k.Former)
	add("console.patients.born", born(s, k.Birth))
	if k.Sex != "" {
		add("console.patients.sex", sex(q, k.Sex))
	}
	add("console.patients.number", k.Number)
	add("console.patient.address", strings.Join(strings.Fields(strings.Join([]string{k.Street, k.Unit, k.City, k.State, k.Zip}, " ")), " "))
	add("console.contact.email", k.Email)
	add("console.contact.phone", k.Phone)
	if k.Reach != "" {
		add("console.request.reach", q.T("console.reach."+k.Reach))
	}
	return out
}

func (c *Console) matchOf(q *web.Request, s page.Shell, k enroll.Candidate) Match {
	m := Match{ID: k.Person.ID, Name: k.Person.Name(), Account: k.Account, Two: k.Person.Restricted, Score: q.T("console.score.weak"), Tone: page.Warn}
	switch {
	case k.Score >= 70:
		m.Score, m.Tone = q.T("console.score.strong"), page.OK
	case k.Score >= 40:
		m.Score, m.Tone = q.T("console.score.possible"), page.Info
	}
	m.Facts = []page.Fact{{Label: q.T("console.patients.born"), Value: born(s, k.Person.Birth)}, {Label: q.T("console.patients.number"), Value: k.Person.Number}}
	if len(k.Person.Address) > 0 {
		m.Facts = append(m.Facts, page.Fact{Label: q.T("console.patient.address"), Value: strings.Join(k.Person.Address, ", ")})
	}
	for _, t := range k.Person.Contacts {
		m.Facts = append(m.Facts, page.Fact{Label: q.T("console.contact." + string(t.Kind)), Value: t.Value + " · " + q.T("console.contact.since", s.Date(t.Since))})
	}
	icons := map[string]string{"agrees": "check", "close": "info", "differs": "x", "unsaid": "circle-question-mark", "warns": "triangle-alert"}
	tones := map[string]page.Tone{"agrees": page.OK, "close": page.Info, "differs": page.Bad, "warns": page.Warn}
	for _, r := range k.Reasons {
		m.Reasons = append(m.Reasons, page.Row{Icon: icons[r.Verdict], Tone: tones[r.Verdict], Title: q.T("console.verdict." + r.Verdict), Text: q.T(r.Text, r.Args...)})
	}
	return m
}

// after sends a decision's page: the request again, or the form with what was wrong.
func (c *Console) after(q *web.Request, d access.Desk, p RequestPage, err error) (web.Reply, error) {
	if bad, ok := refused(err); ok {
		return c.requestPage(q, d, p, bad)
	}
	return web.Redirect("/staff/requests/" + url.PathEscape(q.PathValue("id"))), err
}

func (c *Console) call(q *web.Request, d access.Desk) (web.Reply, error) {
	patient, contact, _ := strings.Cut(q.Text("contact"), " ")
	k := enroll.Call{Patient: ids.Patient(patient), Contact: contact, Outcome: q.Text("outcome"), Evidence: q.Text("evidence"), Note: q.Text("note")}
	err := c.Enroll.LogCall(q.Context(), d, ids.Request(q.PathValue("id")), k)
	return c.after(q, d, RequestPage{Call: k}, err)
}

func (c *Console) approve(q *web.Request, d access.Desk) (web.Reply, error) {
	by := q.Text("by")
	a := enroll.Approval{Patient: ids.Patient(q.Text("patient")), By: enroll.Channel(by)}
	if by == "large" {
		a.By, a.Large = enroll.ByLetter, true
	}
	id, err := c.Enroll.Approve(q.Context(), d, ids.Request(q.PathValue("id")), a)
	if err == nil && id != "" {
		return web.Redirect("/staff/codes/" + url.PathEscape(string(id)) + "?new=1"), nil
	}
	return c.after(q, d, RequestPage{By: by, Patient: string(a.Patient)}, err)
}

func (c *Console) reject(q *web.Request, d access.Desk) (web.Reply, error) {
	why := q.Text("why")
	return c.after(q, d, RequestPage{Why: why}, c.Enroll.Reject(q.Context(), d, ids.Request(q.PathValue("id")), why))
}

func (c *Console) askMore(q *web.Request, d access.Desk) (web.Reply, error) {
	words := q.Text("words")
	return c.after(q, d, RequestPage{Words: words}, c.Enroll.AskMore(q.Context(), d, ids.Request(q.PathValue("id")), words))
}

func (c *Console) flag(q *web.Request, d access.Desk) (web.Reply, error) {
	words := q.Text("words")
	return c.after(q, d, RequestPage{Words: words}, c.Enroll.Flag(q.Context(), d, ids.Request(q.PathValue("id")), words))
}

// choices are the candidates to choose from in approving.
func (p RequestPage) choices() []page.Choice {
	var out []page.Choice
	for _, m := range p.Matches {
		out = append(out, page.Choice{Value: string(m.ID), Title: m.Name, Text: m.Facts[0].Value, Tag: m.Score, TagTone: m.Tone, Disabled: m.Account})
	}
	return out
}
