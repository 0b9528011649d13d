package account

import (
	"cmp"
	"portico/internal/page"
)

// recoveryKind stands for the recovery codes among the second steps.
const recoveryKind Kind = "recovery"

// name says in words what a second step is.
func (m Method) name(s page.Shell) string {
	switch m.Kind {
	case Mail:
		return s.T("account.method.email", m.Hint)
	case SMS:
		return s.T("account.method.sms", m.Hint)
	case Voice:
		return s.T("account.method.voice", m.Hint)
	case TOTP:
		return s.T("account.method.totp")
	case passkeyKind:
		return s.T("account.method.passkey")
	}
	return s.T("account.method.recovery")
}

// offer is the button that changes to this second step.
func (m Method) offer(s page.Shell) string {
	switch m.Kind {
	case Mail:
		return s.T("account.offer.email", m.Hint)
	case SMS:
		return s.T("account.offer.sms", m.Hint)
	case Voice:
		return s.T("account.offer.voice", m.Hint)
	case TOTP:
		return s.T("account.offer.totp")
	case passkeyKind:
		return s.T("account.offer.passkey")
	}
	return s.T("account.offer.recovery")
}

func (m Method) icon() string {
	switch m.Kind {
	case Mail:
		return "mail"
	case SMS:
		return "smartphone"
	case Voice:
		return "phone"
	case TOTP:
		return "shield-check"
	case passkeyKind:
		return "fingerprint-pattern"
	}
	return "key-round"
}

// unsent tells whether the page asks for a code that did not go out.
func (p StepPage) unsent() bool { return p.Unsent && p.Now.Kind.channel() != "" }

func (p StepPage) lead(s page.Shell) string {
	if p.unsent() {
		return ""
	}
	switch p.Now.Kind {
	case Mail:
		return s.T("account.step.email", p.Now.Hint)
	case SMS:
		return s.T("account.step.sms", p.Now.Hint)
	case Voice:
		return s.T("account.step.voice", p.Now.Hint)
	case TOTP:
		return s.T("account.step.totp")
	case passkeyKind:
		return s.T("account.step.passkey")
	}
	return s.T("account.step.recovery")
}

func (p StepPage) hint(s page.Shell) string {
	if p.Now.Kind == TOTP {
		return s.T("account.step.totp.hint")
	}
	return s.T("account.step.hint", int(CodeLife.Minutes()))
}

func (p StepPage) resend(s page.Shell) string {
	if p.Now.Kind == Voice {
		return s.T("account.step.call")
	}
	return s.T("account.step.resend")
}

func (HomePage) greeting(s page.Shell) string {
	if s.Person == "" {
		return s.T("account.home.hello")
	}
	return s.T("account.home.hello.name", s.Person)
}

func (p HomePage) last(s page.Shell) string {
	if p.Last.IsZero() {
		return s.T("account.home.first")
	}
	if p.LastAgent == "" {
		return s.Moment(p.Last)
	}
	return s.T("account.home.last.from", s.Moment(p.Last), p.LastAgent)
}

func (p NotMePage) title(s page.Shell) string {
	if p.Done {
		return s.T("account.notme.done")
	}
	return s.T("account.notme.title")
}

// newRows lists what is new for the home page.
func (p HomePage) newRows(s page.Shell) []page.Row {
	out := make([]page.Row, len(p.News))
	for i, n := range p.News {
		out[i] = page.Row{Href: n.Path, Icon: "flask-conical", Title: cmp.Or(n.Title(s.Lang), s.T("account.home.results.one")), Text: s.Date(n.At)}
	}
	return out
}
