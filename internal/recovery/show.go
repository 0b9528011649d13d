package recovery

import "portico/internal/page"

// in names a second step or way.
func (w Way) in(s page.Shell) string {
	switch w.Kind {
	case "email":
		return s.T("recovery.way.email", w.Hint)
	case "sms":
		return s.T("recovery.way.sms", w.Hint)
	case "voice":
		return s.T("recovery.way.voice", w.Hint)
	case "totp":
		return s.T("recovery.way.totp")
	case "passkey":
		return s.T("recovery.way.passkey")
	}
	return s.T("account.method.recovery")
}

func (w Way) icon() string {
	switch w.Kind {
	case "email":
		return "mail"
	case "sms":
		return "smartphone"
	case "voice":
		return "phone"
	case "totp":
		return "shield-check"
	}
	return "key-round"
}

// offer is the button that asks for this way.
func (w Way) offer(s page.Shell) string {
	switch w.Kind {
	case "email":
		return s.T("recovery.offer.email", w.Hint)
	case "sms":
		return s.T("recovery.offer.sms", w.Hint)
	case "voice":
		return s.T("recovery.offer.voice", w.Hint)
	case "totp":
		return s.T("recovery.offer.totp")
	}
	return s.T("recovery.offer.recovery")
}

func (p DevicePage) options(s page.Shell) []page.Choice {
	out := make([]page.Choice, len(p.Steps))
	for i, w := range p.Steps {
		out[i] = page.Choice{Value: w.ID, Title: w.in(s)}
	}
	return out
}

func (p ProvePage) lead(s page.Shell) string {
	if p.Now.ID == "" {
		if p.Kind == ForStep {
			return s.T("recovery.prove.two")
		}
		return s.T("recovery.prove.lead")
	}
	if p.Unsent {
		return s.T("recovery.prove.unsent")
	}
	switch p.Now.Kind {
	case "email":
		return s.T("account.step.email", p.Now.Hint)
	case "sms":
		return s.T("account.step.sms", p.Now.Hint)
	case "voice":
		return s.T("account.step.voice", p.Now.Hint)
	case "totp":
		return s.T("account.step.totp")
	}
	return s.T("account.step.recovery")
}

// barred says why some second steps are not offered.
func (p ProvePage) barred(s page.Shell) string {
	if p.Came == "email" {
		return s.T("recovery.prove.barred.email")
	}
	return s.T("recovery.prove.barred.phone")
}

func (p ProvePage) none(s page.Shell) string {
	switch {
	case p.Kind == ForStep:
		return s.T("recovery.prove.none.two")
	case p.Came == "email":
		return s.T("recovery.prove.none.email")
	}
	return s.T("recovery.prove.none.phone")
}

func (p ProvePage) hint(s page.Shell) string {
	if p.Now.Kind == "totp" {
		return s.T("account.step.totp.hint")
	}
	return s.T("account.step.hint", 10)
}

func (p ProvePage) resend(s page.Shell) string {
	if p.Now.Kind == "voice" {
		return s.T("account.step.call")
	}
	return s.T("account.step.resend")
}

func (p ProvePage) others() []Way {
	var out []Way
	for _, w := range p.Ways {
		if w.ID != p.Now.ID {
			out = append(out, w)
		}
	}
	return out
}

func (p ProvePage) otherTitle(s page.Shell) string {
	if p.Now.ID == "" {
		return s.T("recovery.prove.choose")
	}
	return s.T("account.step.other")
}

func (p DonePage) title(s page.Shell) string {
	if p.Step {
		return s.T("recovery.done.step")
	}
	return s.T("recovery.done.password")
}

func (p SecondPage) lead(s page.Shell) string {
	if p.Anew {
		return s.T("recovery.second.anew")
	}
	return s.T("recovery.second.lead")
}

func (p SecondPage) options(s page.Shell) []page.Choice {
	out := []page.Choice{{Value: "totp", Title: s.T("enroll.second.app"), Text: s.T("enroll.second.app.text"), Tag: s.T("enroll.second.strong"), TagTone: page.OK}}
	basic := func(v, key string) {
		out = append(out, page.Choice{Value: v, Title: s.T(key), Text: s.T(key + ".text"), Tag: s.T("enroll.second.basic"), TagTone: page.Plain})
	}
	if p.Mail {
		basic("email", "enroll.second.email")
	}
	if p.Phone {
		basic("sms", "enroll.second.sms")
		basic("voice", "enroll.second.voice")
	}
	return out
}

func (p SecondCodePage) title(s page.Shell) string {
	if p.Kind == "totp" {
		return s.T("enroll.app.title")
	}
	return s.T("enroll.setup.title")
}

func (p SecondCodePage) lead(s page.Shell) string {
	switch {
	case p.Kind == "totp":
		return s.T("enroll.app.lead")
	case p.Unsent:
		return s.T("recovery.prove.unsent")
	case p.Kind == "voice":
		return s.T("enroll.setup.voice", p.To)
	}
	return s.T("enroll.setup.lead", p.To)
}

func (p SecondCodePage) hint(s page.Shell) string {
	if p.Kind == "totp" {
		return s.T("enroll.app.hint")
	}
	return s.T("account.step.hint", 10)
}

func (p SecondCodePage) resend(s page.Shell) string {
	if p.Kind == "voice" {
		return s.T("account.step.call")
	}
	return s.T("account.step.resend")
}
