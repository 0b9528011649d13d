package account

import (
	"strings"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/web"
)

// mountSteps registers the pages of second steps and recovery codes.
func (s *Accounts) mountSteps(r *web.Router) {
	const p = access.SecureAccount
	r.Patient("GET /account/steps", access.SeeAccount, s.showSteps)
	r.PatientRaised("GET /account/steps/add", p, s.showAddStep)
	r.PatientRaisedForm("POST /account/steps/add", p, s.addStep)
	r.PatientRaised("GET /account/steps/contact", p, s.showStepContact)
	r.PatientRaisedForm("POST /account/steps/contact", p, s.stepContact)
	r.PatientRaised("GET /account/steps/confirm", p, s.showProveStep)
	r.PatientRaised("GET /account/steps/confirm/qr", p, s.stepImage)
	r.PatientRaisedForm("POST /account/steps/confirm", p, s.proveStep)
	r.PatientRaisedForm("POST /account/steps/confirm/send", p, s.sendStepCode)
	r.PatientRaised("GET /account/steps/{id}", p, s.showOneStep)
	r.PatientRaisedForm("POST /account/steps/{id}/first", p, s.putFirst)
	r.PatientRaisedForm("POST /account/steps/{id}/remove", p, s.removeStep)
	r.PatientRaised("GET /account/recovery", p, s.showRecovery)
	r.PatientRaisedForm("POST /account/recovery", p, s.makeRecovery)
	r.PatientRaised("GET /account/recovery/codes", p, s.showCodes)
	r.PatientRaised("GET /account/recovery/codes/file", p, s.codesFile)
	r.PatientRaisedForm("POST /account/recovery/codes", p, s.keepRecovery)
}

func (s *Accounts) showSteps(r *web.Request, c access.Chart) (web.Reply, error) {
	all, codes, err := s.Steps(r.Context(), c)
	done := map[string]string{"added": "account.steps.done.added", "removed": "account.steps.done.removed", "first": "account.steps.done.first", "codes": "account.steps.done.codes", "recovered": "account.steps.done.recovered"}
	if err != nil {
		return web.Reply{}, err
	}
	st, err := s.held(r.Context(), c, codes)
	return show(r, done, func(sh page.Shell) templ.Component {
		return stepList(sh, StepListPage{Methods: all, Codes: codes, Passkeys: st.Has, Can: s.Passkeys != nil})
	}), err
}

func (s *Accounts) showAddStep(*web.Request, access.Chart) (web.Reply, error) {
	return s.addStepPage(""), nil
}

func (s *Accounts) addStepPage(how Kind) web.Reply {
	p := AddStepPage{How: how, Mail: s.Outbox.Offers(notify.Mail), Phone: s.Outbox.Offers(notify.Text), Passkey: s.Passkeys != nil}
	return web.Show(func(sh page.Shell) templ.Component { return addStep(sh, p) })
}

// kindOfStep reads which second step a form or address speaks of.
func kindOfStep(s string) (Kind, bool) {
	switch k := Kind(s); k {
	case Mail, SMS, Voice, TOTP:
		return k, true
	}
	return "", false
}

func (s *Accounts) addStep(r *web.Request, c access.Chart) (web.Reply, error) {
	k, ok := kindOfStep(r.Text("how"))
	switch {
	case r.Text("how") == string(passkeyKind) && s.Passkeys != nil:
		return web.Redirect("/account/passkeys/add"), nil
	case !ok || k.channel() != "" && !s.Outbox.Offers(k.channel()):
		return s.addStepPage("").Fix(fault.Bad("how", "account.display.choose")), nil
	case k == TOTP:
		return web.Redirect("/account/steps/confirm"), s.AddStep(r.Context(), c, TOTP, "")
	}
	return web.Redirect("/account/steps/contact?how=" + string(k)), nil
}

func (s *Accounts) showStepContact(r *web.Request, _ access.Chart) (web.Reply, error) {
	k, ok := kindOfStep(r.Ask("how"))
	if !ok || k == TOTP {
		return web.Redirect("/account/steps/add"), nil
	}
	return stepContactPage(StepContactPage{Kind: k}), nil
}

func stepContactPage(p StepContactPage) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return stepContact(sh, p) })
}

func (s *Accounts) stepContact(r *web.Request, c access.Chart) (web.Reply, error) {
	k, ok := kindOfStep(r.Text("how"))
	if !ok || k == TOTP {
		return web.Redirect("/account/steps/add"), nil
	}
	err := s.AddStep(r.Context(), c, k, r.Text("contact"))
	if shown, ok := explained(err); ok {
		return stepContactPage(StepContactPage{k, r.Text("contact")}).Fix(shown), nil
	}
	return web.Redirect("/account/steps/confirm"), err
}

func (s *Accounts) showProveStep(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.proveStepPage(r, c, nil)
}

// proveStepPage asks for the code of what was begun, with what was wrong.
func (s *Accounts) proveStepPage(r *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	d, err := s.draftOf(r.Context(), c, false)
	if !begun(err) {
		return web.Redirect("/account/steps/add"), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	p := ProveStepPage{Kind: d.kind, To: d.plain, Unsent: d.unsent}
	if d.kind == TOTP {
		p.To, p.Key = "", spaced(secret.TOTPText([]byte(d.plain)))
	}
	sent := map[string]string{"again": "account.steps.sent"}
	return show(r, sent, func(sh page.Shell) templ.Component { return proveStep(sh, p) }).Fix(wrong), nil
}

// spaced writes a secret in groups of four, to be typed.
func spaced(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// stepImage is the QR code of the secret, as a picture from a route of its own:
// the pages may not hold data: addresses.
func (s *Accounts) stepImage(r *web.Request, c access.Chart) (web.Reply, error) {
	d, err := s.draftOf(r.Context(), c, false)
	if !begun(err) || (err == nil && d.kind != TOTP) {
		return web.Reply{}, fault.Missing()
	}
	if err != nil {
		return web.Reply{}, err
	}
	a, _, err := s.maker(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	issuer := "Portal"
	if s.Clinic != nil && s.Clinic.Now().Name != "" {
		issuer = s.Clinic.Now().Name
	}
	png, err := qrcode.Encode(secret.OTPAuthURL(issuer, a.name, []byte(d.plain)), qrcode.Medium, 400)
	return web.Bytes("image/png", "", png), err
}

func (s *Accounts) proveStep(r *web.Request, c access.Chart) (web.Reply, error) {
	if r.Text("code") == "" {
		return s.proveStepPage(r, c, fault.Bad("code", "account.code.needed"))
	}
	err := s.ProveStep(r.Context(), c, r.Text("code"))
	if !begun(err) {
		return web.Redirect("/account/steps/add"), nil
	}
	if shown, ok := explained(err); ok {
		return s.proveStepPage(r, c, shown)
	}
	return web.Redirect("/account/steps?done=added"), err
}

func (s *Accounts) sendStepCode(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.SendStepCode(r.Context(), c)
	if !begun(err) {
		return web.Redirect("/account/steps/add"), nil
	}
	if shown, ok := explained(err); ok {
		return s.proveStepPage(r, c, shown)
	}
	return web.Redirect("/account/steps/confirm?done=again"), err
}

func (s *Accounts) showOneStep(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.oneStepPage(r, c, nil)
}

func (s *Accounts) oneStepPage(r *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	all, codes, err := s.Steps(r.Context(), c)
	for i, m := range all {
		if m.ID == r.PathValue("id") {
			st, err := s.held(r.Context(), c, codes)
			p := OneStepPage{Method: m, First: i == 0, Only: len(all) == 1 && !st.Enough}
			return web.Show(func(sh page.Shell) templ.Component { return oneStep(sh, p) }).Fix(wrong), err
		}
	}
	if err == nil {
		err = fault.Missing()
	}
	return web.Reply{}, err
}

func (s *Accounts) putFirst(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/account/steps?done=first"), s.PutFirst(r.Context(), c, ids.Factor(r.PathValue("id")))
}

func (s *Accounts) removeStep(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.RemoveStep(r.Context(), c, ids.Factor(r.PathValue("id")))
	if fault.Fixable(err) {
		return s.oneStepPage(r, c, err)
	}
	return web.Redirect("/account/steps?done=removed"), err
}

func (s *Accounts) showRecovery(r *web.Request, c access.Chart) (web.Reply, error) {
	_, codes, err := s.Steps(r.Context(), c)
	return web.Show(func(sh page.Shell) templ.Component { return recovery(sh, RecoveryPage{Left: codes}) }), err
}

func (s *Accounts) makeRecovery(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/account/recovery/codes"), s.MakeRecovery(r.Context(), c)
}

func (s *Accounts) showCodes(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.codesPage(r, c, nil)
}

func (s *Accounts) codesPage(r *web.Request, c access.Chart, wrong error) (web.Reply, error) {
	codes, err := s.shownRecovery(r.Context(), c)
	if !begun(err) {
		return web.Redirect("/account/recovery"), nil
	}
	return web.Show(func(sh page.Shell) templ.Component { return newCodes(sh, NewCodesPage{codes}) }).Fix(wrong), err
}

// codesFile is the recovery codes as a plain text file.
func (s *Accounts) codesFile(r *web.Request, c access.Chart) (web.Reply, error) {
	codes, err := s.shownRecovery(r.Context(), c)
	if !begun(err) {
		return web.Redirect("/account/recovery"), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	a, _, err := s.maker(r.Context(), c)
	name := ""
	if s.Clinic != nil {
		name = s.Clinic.Now().Name
	}
	text := r.T("enroll.recovery.file", name, a.name) + "\r\n\r\n" + strings.Join(codes, "\r\n") + "\r\n"
	return web.Bytes("text/plain; charset=utf-8", "recovery-codes.txt", []byte(text)), err
}

func (s *Accounts) keepRecovery(r *web.Request, c access.Chart) (web.Reply, error) {
	err := s.KeepRecovery(r.Context(), c, r.Ticked("saved"))
	if !begun(err) {
		return web.Redirect("/account/recovery"), nil
	}
	if fault.Fixable(err) {
		return s.codesPage(r, c, err)
	}
	return web.Redirect("/account/steps?done=codes"), err
}
