package account

import (
	"portico/internal/access"
	"portico/internal/page"
)

// in says in words what happened.
func (e event) in(s page.Shell) string {
	if key, ok := eventTexts[e]; ok {
		return s.T(key)
	}
	return s.T("account.event.other")
}

var eventTexts = map[event]string{
	opened: "account.event.opened", signedIn: "account.event.signed_in", newBrowser: "account.event.new_browser",
	locked: "account.event.locked", halfWay: "account.event.half_way", recovered: "account.event.recovery_code",
	disowned: "account.event.disowned", restored: "account.event.restored", heldBack: "account.event.held",
	sessionEnded: "account.event.session_ended", othersEnded: "account.event.others_ended", forgotten: "account.event.browser_forgotten",
	"password": "account.event.password", "step_added": "account.event.step_added", "step_removed": "account.event.step_removed",
	"step_first": "account.event.step_first", "recovery": "account.event.recovery", "contact_asked": "account.event.contact_asked",
	"contact": "account.event.contact", "browser_kept": "account.event.browser_kept", "browser_copied": "account.event.browser_copied",
	"closed": "account.event.closed", "recovery_link": "account.event.recovery_link", "recovery_begun": "account.event.recovery_begun",
	"recovery_granted": "account.event.recovery_granted", "recovery_wait": "account.event.recovery_wait", "recovery_stopped": "account.event.recovery_stopped",
	"password_reset": "account.event.password_reset", "step_replaced": "account.event.step_replaced", "renewed": "account.event.renewed",
	"passkey_added": "account.event.passkey_added", "passkey_removed": "account.event.passkey_removed",
	"passkey_copied": "account.event.passkey_copied",
	"calendar_made":  "account.event.calendar_made",
}

// agent names a browser, or says that it is unknown.
func agent(s page.Shell, name string) string {
	if name == "" {
		return s.T("account.browser.unknown")
	}
	return name
}

// place is where a session comes from, as far as its address tells.
func place(s page.Shell, from access.Source) string {
	if from == "" || from == "unknown" {
		return s.T("account.devices.nowhere")
	}
	return s.T("account.devices.address", string(from))
}

// safety are the places about signing in.
func (p HubPage) safety(s page.Shell) []page.Row {
	return []page.Row{
		{Href: "/account/password", Icon: "lock", Title: s.T("account.hub.password"), Text: s.T("account.hub.password.since", s.Date(p.PasswordAt))},
		{Href: "/account/steps", Icon: "shield-check", Title: s.T("account.steps.title"), Text: s.T("account.hub.steps", len(p.Methods))},
		{Href: "/account/recovery", Icon: "key-round", Title: s.T("account.method.recovery"), Text: s.T("account.steps.codes", p.Codes)},
		{Href: "/account/devices", Icon: "monitor", Title: s.T("account.devices.title"), Text: s.T("account.hub.devices", p.Sessions)},
		{Href: "/account/history", Icon: "history", Title: s.T("account.history.title"), Text: s.T("account.hub.history")},
	}
}

func (p HubPage) you(s page.Shell) []page.Row {
	return []page.Row{
		{Href: "/account/contacts", Icon: "mail", Title: s.T("account.contact.title"), Text: s.T("account.hub.contact")},
		{Href: "/account/display", Icon: "languages", Title: s.T("account.display.title"), Text: s.T("account.display.lead")},
	}
}

func (p HubPage) agreements(s page.Shell) []page.Row {
	return []page.Row{
		{Href: "/account/terms", Icon: "file-text", Title: s.T("account.agreed.title"), Text: s.T("account.hub.agreed")},
		{Href: "/account/kept", Icon: "inbox", Title: s.T("account.kept.title"), Text: s.T("account.hub.kept")},
		{Href: "/account/close", Icon: "ban", Title: s.T("account.close.title"), Text: s.T("account.hub.close")},
	}
}

// rows are the lines of a history as a table.
func (p HistoryPage) rows(s page.Shell) [][]page.Cell {
	out := make([][]page.Cell, len(p.Lines))
	for i, h := range p.Lines {
		out[i] = []page.Cell{{Text: s.Moment(h.At)}, {Text: h.What.in(s)}, {Text: h.Agent}}
		if h.Agent == "" {
			out[i][2].Text = s.T("account.history.nobody")
		}
	}
	return out
}

func (p HistoryPage) last() string { return p.Lines[len(p.Lines)-1].ID }

func (p AgreedPage) rows(s page.Shell) [][]page.Cell {
	out := make([][]page.Cell, len(p.Documents))
	for i, d := range p.Documents {
		out[i] = []page.Cell{{Text: d.Title, Href: "/documents/" + string(d.Document)}, {Text: d.Version}, {Text: s.Moment(d.At)}}
	}
	return out
}
