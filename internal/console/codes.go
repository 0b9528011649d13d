package console

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// listed are the tabs of the list of codes.
var listed = []enroll.State{enroll.Issued, enroll.Opened, enroll.Suspended, enroll.Used, enroll.Expired, enroll.Superseded, enroll.Revoked}

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
	list, err := c.Enroll.Codes(q.Context(), d, enroll.CodeFilter{State: state, After: q.Ask("after")})
	if err != nil {
		return web.Reply{}, err
	}
	var p CodesPage
	for _, t := range listed {
		p.Tabs = append(p.Tabs, page.Tab{Href: "/staff/codes?state=" + string(t), Text: q.T("console.state." + string(t)), Count: list.Counts[t], Now: t == state})
	}
	if p.Table, err = c.codeTable(q, list.Rows, true); err != nil {
		return web.Reply{}, err
	}
	if list.Next != "" {
		p.Next = "/staff/codes?" + url.Values{"state": {string(state)}, "after": {list.Next}}.Encode()
	}
	return show("console.codes.title", func(s page.Shell) templ.Component { return codes(s, p) }), nil
}

// codeTable lists codes, with their patients' names if whose is set.
func (c *Console) codeTable(q *web.Request, rows []enroll.CodeRow, whose bool) (page.TableSpec, error) {
	t := page.TableSpec{ID: "codelist", Caption: q.T("console.codes.title"), HideCaption: true, Empty: q.T("console.codes.none"),
		Columns: []page.Column{{Text: q.T("console.codes.code")}}}
	if whose {
		t.Columns = append(t.Columns, page.Column{Text: q.T("console.codes.patient")})
	}
	for _, k := range []string{"console.codes.by", "console.codes.state", "console.codes.issued", "console.codes.expires", "console.codes.tries"} {
		t.Columns = append(t.Columns, page.Column{Text: q.T(k)})
	}
	names, err := c.names(q.Context(), rows)
	if err != nil {
		return t, err
	}
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	for _, r := range rows {
		line := []page.Cell{{Text: hint(q, r), Href: "/staff/codes/" + string(r.ID)}}
		if whose {
			line = append(line, page.Cell{Text: names[r.Patient], Href: "/staff/patients/" + string(r.Patient)})
		}
		line = append(line, page.Cell{Text: q.T("console.by." + string(r.By))}, page.Cell{Text: q.T("console.state." + string(r.State)), Tone: tone(r.State)},
			page.Cell{Text: s.Moment(r.Issued)}, page.Cell{Text: s.Moment(r.Expires)}, page.Cell{Text: q.T("console.codes.tries.n", r.Tries)})
		t.Rows = append(t.Rows, line)
	}
	return t, nil
}

func hint(q *web.Request, r enroll.CodeRow) string {
	if r.Hint == "" {
		return q.T("console.codes.spoken")
	}
	return r.Hint + "-…"
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
	return page.Warn
}

// names finds the names to a list of codes. The patient table is shared for reading.
func (c *Console) names(ctx context.Context, rows []enroll.CodeRow) (map[ids.Patient]string, error) {
	out := map[ids.Patient]string{}
	if len(rows) == 0 {
		return out, nil
	}
	var args []any
	for _, r := range rows {
		if _, seen := out[r.Patient]; !seen {
			out[r.Patient] = ""
			args = append(args, string(r.Patient))
		}
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
		return PatientPage{}, errMissing
	}
	return PatientPage{ID: id, Name: names[id]}, nil
}

// patientCodes adds a patient's codes, and which of them is live.
func (c *Console) patientCodes(q *web.Request, d access.Desk, p *PatientPage) error {
	list, err := c.Enroll.Codes(q.Context(), d.Also(access.IssueCodes), enroll.CodeFilter{Patient: p.ID})
	if err != nil {
		return err
	}
	for _, r := range list.Rows {
		if r.State == enroll.Issued || r.State == enroll.Opened {
			p.Live = &r
			break
		}
	}
	p.Codes, err = c.codeTable(q, list.Rows, false)
	return err
}

// CodePage is one code; Shown is set for the one time it is shown.
type CodePage struct {
	Row     enroll.CodeRow
	Patient PatientPage
	Facts   []page.Fact
	New     bool
	Live    bool
	Paper   bool
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
	p := CodePage{Row: row, Shown: shown, New: q.Ask("new") != "", Live: row.State == enroll.Issued || row.State == enroll.Opened,
		Paper: row.By == enroll.ByLetter || row.By == enroll.ByHand}
	if p.Patient, err = c.named(q, row.Patient); err != nil {
		return web.Reply{}, err
	}
	s := page.Shell{Lang: q.Lang, Clinic: c.Clinic}
	p.Facts = []page.Fact{{Label: q.T("console.codes.patient"), Value: p.Patient.Name}, {Label: q.T("console.codes.by"), Value: q.T("console.by." + string(row.By))},
		{Label: q.T("console.codes.state"), Value: q.T("console.state." + string(row.State))}, {Label: q.T("console.codes.issued"), Value: s.Moment(row.Issued)},
		{Label: q.T("console.codes.expires"), Value: s.Moment(row.Expires)}, {Label: q.T("console.codes.tries"), Value: q.T("console.codes.tries.n", row.Tries)}}
	if shown != nil {
		p.Spoken = notify.Spell(q.Lang, shown.Text)
	}
	return show("console.code.title", func(s page.Shell) templ.Component {
		return code(s.BackTo("/staff/patients/"+string(row.Patient)), p)
	}).Fix(wrong), nil
}

func (c *Console) showCode(q *web.Request, d access.Desk) (web.Reply, error) {
	r, err := c.Enroll.Reveal(q.Context(), d, ids.Code(q.PathValue("id")))
	if bad, ok := refused(err); ok {
		return c.codePage(q, d, nil, bad)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return c.codePage(q, d, &r, nil)
}

func (c *Console) letter(q *web.Request, d access.Desk) (web.Reply, error) {
	r, err := c.Enroll.Reveal(q.Context(), d, ids.Code(q.PathValue("id")))
	if bad, ok := refused(err); ok {
		return c.codePage(q, d, nil, bad)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Bytes("application/pdf", "letter.pdf", r.Letter), nil
}

func (c *Console) revoke(q *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Code(q.PathValue("id"))
	err := c.Enroll.Revoke(q.Context(), d, id)
	if bad, ok := refused(err); ok {
		return c.codePage(q, d, nil, bad)
	}
	return web.Redirect("/staff/codes/" + url.PathEscape(string(id))), err
}
