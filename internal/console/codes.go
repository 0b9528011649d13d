package console

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

func (c *Console) mountCodes(d desk) {
	d.place("GET /staff/codes", access.IssueCodes, c.codes, page.NavItem{Path: "/staff/codes", Icon: "key-round", TextKey: "console.nav.codes"})
	d.page("GET /staff/codes/{id}", access.IssueCodes, c.code)
	d.form("POST /staff/codes/{id}/show", access.IssueCodes, c.showCode)
	d.form("POST /staff/codes/{id}/letter", access.IssueCodes, c.letter)
	d.form("POST /staff/codes/{id}/revoke", access.IssueCodes, c.revoke)
}

// expiring is the tab of codes that end within three days.
const expiring = "expiring"

// listed are the tabs of the list of codes.
var listed = []enroll.State{enroll.Issued, enroll.Opened, expiring, enroll.Suspended, enroll.Used, enroll.Expired, enroll.Superseded, enroll.Revoked}

// CodesPage is the list of codes.
type CodesPage struct {
	Tabs  []page.Tab
	Table page.TableSpec
	Next  string
}

func (c *Console) codes(q *web.Request, d access.Desk) (web.Reply, error) {
	state := enroll.State(q.Ask("state"))
	if state == "" {
		state = enroll.Issued
	}
	list, err := c.codeList(q, d, state)
	if err != nil {
		return web.Reply{}, err
	}
	if list.Counts[expiring], err = c.Enroll.CountExpiring(q.Context(), d); err != nil {
		return web.Reply{}, err
	}
	var p CodesPage
	for _, t := range listed {
		text := q.T("desk.codes.expiring")
		if t != expiring {
			text = q.T("console.state." + string(t))
		}
		p.Tabs = append(p.Tabs, page.Tab{Href: "/staff/codes?state=" + string(t), Text: text, Count: list.Counts[t], Now: t == state})
	}
	if p.Table, err = c.codeTable(q, list.Rows, true); err != nil {
		return web.Reply{}, err
	}
	if list.Next != "" {
		p.Next = "/staff/codes?" + url.Values{"state": {string(state)}, "after": {list.Next}}.Encode()
	}
	return c.show(q, q.T("console.codes.title"), func(s page.Shell) templ.Component { return codes(s, p) }), nil
}

func (c *Console) codeList(q *web.Request, d access.Desk, state enroll.State) (enroll.CodeList, error) {
	if state == expiring {
		return c.Enroll.Expiring(q.Context(), d, q.Ask("after"))
	}
	return c.Enroll.Codes(q.Context(), d, enroll.CodeFilter{State: state, After: q.Ask("after")})
}

// codeTable lists codes, with their patients' names if whose is set.
func (c *Console) codeTable(q *web.Request, rows []enroll.CodeRow, whose bool) (page.TableSpec, error) {
	t := page.TableSpec{ID: "codelist", Caption: q.T("console.codes.title"), HideCaption: true, Empty: q.T("console.codes.none"),
		Columns: []page.Column{{Text: q.T("console.codes.code")}}}
	if whose {
		t.Columns = append(t.Columns, page.Column{Text: q.T("console.codes.patient")})
	}
	t.Columns = append(t.Columns, page.Column{Text: q.T("console.codes.by")}, page.Column{Text: q.T("console.codes.state")}, page.Column{Text: q.T("console.codes.issued")},
		page.Column{Text: q.T("console.codes.expires")}, page.Column{Text: q.T("console.codes.tries")})
	names, err := c.names(q.Context(), rows)
	if err != nil {
		return t, err
	}
	s := c.words(q)
	for _, r := range rows {
		line := []page.Cell{{Text: hint(s, r), Href: "/staff/codes/" + string(r.ID)}}
		if whose {
			line = append(line, page.Cell{Text: names[r.Patient], Href: "/staff/patients/" + string(r.Patient)})
		}
		t.Rows = append(t.Rows, append(line, page.Cell{Text: s.T("console.by." + string(r.By))}, page.Cell{Text: s.T("console.state." + string(r.State)), Tone: tone(r.State)},
			page.Cell{Text: s.Moment(r.Issued)}, page.Cell{Text: s.Moment(r.Expires)}, page.Cell{Text: s.T("console.codes.tries.n", r.Tries)}))
	}
	return t, nil
}

// hint is what may be seen of a code: its selector, which opens nothing. A
// spoken code is found by the number of its request.
func hint(s page.Shell, r enroll.CodeRow) string {
	if r.By == enroll.ByPhone || r.By == enroll.ByText {
		return s.T("console.codes.spoken")
	}
	return r.Hint + "…"
}

func tone(s enroll.State) page.Tone {
	switch s {
	case enroll.Issued, enroll.Opened:
		return page.Info
	case enroll.Used:
		return page.OK
	case enroll.Suspended:
		return page.Bad
	}
	return page.Plain
}

// names finds the names to a list of codes. The patient table is shared for reading.
func (c *Console) names(ctx context.Context, rows []enroll.CodeRow) (map[ids.Patient]string, error) {
	out := map[ids.Patient]string{}
	var args []any
	for _, r := range rows {
		if _, seen := out[r.Patient]; !seen {
			out[r.Patient] = ""
			args = append(args, string(r.Patient))
		}
	}
	if len(args) == 0 {
		return out, nil
	}
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.List(ctx, tx, func(row store.Row) (struct{}, error) {
			var id ids.Patient
			var given, family string
			err := row.Scan(&id, &given, &family)
			out[id] = strings.TrimSpace(given + " " + family)
			return struct{}{}, err
		}, `SELECT id, given, family FROM patient WHERE id IN (`+store.In(1, len(args))+`)`, args...)
		return err
	})
	return out, err
}

// named gives a patient's name for a page about their codes.
func (c *Console) named(q *web.Request, id ids.Patient) (PatientPage, error) {
	names, err := c.names(q.Context(), []enroll.CodeRow{{Patient: id}})
	if err != nil {
		return PatientPage{}, err
	}
	if names[id] == "" {
		return PatientPage{}, fault.Missing()
	}
	return PatientPage{ID: id, Name: names[id]}, nil
}

// patientCodes adds a patient's codes, and which of them is live.
func (c *Console) patientCodes(q *web.Request, d access.Desk, p *PatientPage) error {
	list, err := c.Enroll.Codes(q.Context(), d.For(access.IssueCodes), enroll.CodeFilter{Patient: p.ID})
	if err != nil {
		return err
	}
	for _, r := range list.Rows {
		if live(r.State) {
			p.Live = &r
			break
		}
	}
	p.Codes, err = c.codeTable(q, list.Rows, false)
	return err
}

func live(s enroll.State) bool { return s == enroll.Issued || s == enroll.Opened }

// CodePage is one code; Shown is set for the one time it is shown.
type CodePage struct {
	Row     enroll.CodeRow
	Patient PatientPage
	Facts   []page.Fact
	New     bool
	Live    bool
	Paper   bool // by letter or by hand: there is a letter to print
	Sealed  bool // it can still be shown, or its letter printed, to whoever made it
	Shown   *enroll.Revealed
	Spoken  []string
}

func (c *Console) code(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.codePage(q, d, nil, nil)
}

func (c *Console) codePage(q *web.Request, d access.Desk, shown *enroll.Revealed, wrong error) (web.Reply, error) {
	row, err := c.Enroll.Code(q.Context(), d, ids.Code(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, absent(err)
	}
	p := CodePage{Row: row, Shown: shown, New: q.Ask("new") != "", Live: live(row.State), Paper: row.By == enroll.ByLetter || row.By == enroll.ByHand}
	p.Sealed = p.Live && !row.Shown && row.By != enroll.ByEmail && row.By != enroll.ByText && row.Issuer == string(d.Staff())
	if p.Patient, err = c.named(q, row.Patient); err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	p.Facts = []page.Fact{{Label: s.T("console.codes.patient"), Value: p.Patient.Name}, {Label: s.T("console.codes.code"), Value: hint(s, row)},
		{Label: s.T("console.codes.by"), Value: s.T("console.by." + string(row.By))},
		{Label: s.T("console.codes.state"), Part: page.Tag(s.T("console.state."+string(row.State)), tone(row.State))},
		{Label: s.T("console.codes.issued"), Value: s.Moment(row.Issued)}, {Label: s.T("console.codes.expires"), Value: s.Moment(row.Expires)},
		{Label: s.T("console.codes.tries"), Value: s.T("console.codes.tries.n", row.Tries)}}
	if !row.Used.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: s.T("desk.code.used"), Value: s.Moment(row.Used)})
	}
	if shown != nil {
		p.Spoken = notify.Spell(q.Lang, shown.Text)
	}
	return c.show(q, q.T("console.code.title"), func(s page.Shell) templ.Component {
		if q.Method == "POST" {
			s.Other = "" // this page cannot be asked for again
		}
		return code(s.BackTo("/staff/patients/"+string(row.Patient)), p)
	}).Fix(wrong), nil
}

// reveal takes the one look at a code that was just made.
func (c *Console) reveal(q *web.Request, d access.Desk, use func(enroll.Revealed) (web.Reply, error)) (web.Reply, error) {
	r, err := c.Enroll.Reveal(q.Context(), d, ids.Code(q.PathValue("id")))
	if bad, ok := refused(err); ok {
		return c.codePage(q, d, nil, bad)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return use(r)
}

func (c *Console) showCode(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.reveal(q, d, func(r enroll.Revealed) (web.Reply, error) { return c.codePage(q, d, &r, nil) })
}

// letter hands the letter over as a file. Its name says nothing about anybody.
func (c *Console) letter(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.reveal(q, d, func(r enroll.Revealed) (web.Reply, error) {
		if len(r.Letter) == 0 {
			return web.Reply{}, fault.Missing()
		}
		return web.Bytes("application/pdf", "letter.pdf", r.Letter), nil
	})
}

func (c *Console) revoke(q *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Code(q.PathValue("id"))
	err := c.Enroll.Revoke(q.Context(), d, id)
	if bad, ok := refused(err); ok {
		return c.codePage(q, d, nil, bad)
	}
	return web.Redirect("/staff/codes/" + url.PathEscape(string(id)) + "?done=revoked"), err
}
