package checkin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
)

// alarmed is the change that says that somebody thinks of hurting themselves.
const alarmed = "alarm"

// asks tells whether the check-in has a step.
func (m Mine) asks(part string) bool {
	return slices.ContainsFunc(m.Steps, func(st Step) bool { return st.Part == part })
}

// FormAsked is a questionnaire as it is filled in.
type FormAsked struct {
	Mine
	Form  Form // with the copies of what repeats
	Whole Form // as it was uploaded
	Typed Typed
	On    map[string]bool // which items are asked, given what was saved
}

// AskForm opens a questionnaire that the visit asks for.
func (s *CheckIns) AskForm(ctx context.Context, c access.Chart, id ids.Appointment, form ids.Form) (a FormAsked, err error) {
	if a.Mine, err = s.See(ctx, c, id); err != nil {
		return a, err
	}
	part := needForm + ":" + string(form)
	if !a.asks(part) {
		return a, fault.Missing()
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a.Whole, err = formByID(ctx, tx, form)
		return err
	})
	a.Whole.Zone = page.ZoneOf(s.Clinic)
	a.show(a.typed[part])
	return a, err
}

// show lays the form out for what was typed.
func (a *FormAsked) show(t Typed) {
	a.Typed, a.Form = t, a.Whole.copies(t, true)
	a.On = a.Form.open(t)
}

// open says which items a page shows for what was typed; what is wrong or missing
// in it does not matter yet.
func (f Form) open(t Typed) map[string]bool {
	a := Answers{}
	f.walk(func(it, _ *Item) {
		if given, wrong := it.read(t, f.Zone); it.asks() && wrong == "" && len(given) > 0 {
			a[it.Link] = given
		}
	})
	return f.enabled(a)
}

// SaveForm keeps answers; more tells that they opened further questions. If they
// say that somebody thinks of hurting themselves, the desk is told at once, not
// only when the check-in is sent.
func (s *CheckIns) SaveForm(ctx context.Context, c access.Chart, id ids.Appointment, form ids.Form, t Typed) (more bool, err error) {
	a, err := s.AskForm(ctx, c, id, form)
	if err != nil {
		return false, err
	}
	return s.saveForm(ctx, c, a, t)
}

// saveForm is SaveForm of a questionnaire that was opened.
func (s *CheckIns) saveForm(ctx context.Context, c access.Chart, a FormAsked, t Typed) (more bool, err error) {
	id, form := a.Visit.ID, a.Form.ID
	written := a.Whole.copies(t, false)
	answers, whole, bad := written.read(t)
	alarm := written.alarms(answers)
	switch {
	case a.Visit.Not != "":
		return false, refuse(a.Visit.Not)
	case bad != nil && !alarm:
		return false, bad
	}
	if bad == nil && a.Whole.grow(t) {
		whole = false
	}
	if whole {
		t[wholeField] = []string{"yes"}
	}
	part := needForm + ":" + string(form)
	err = s.saving(ctx, c, id, part, func(tx *store.Tx) error {
		// What was answered before something else was wrong may matter most.
		if alarm {
			if err := s.alarm(ctx, tx, id, form); err != nil {
				return err
			}
		}
		if bad != nil {
			return nil
		}
		return s.putPart(ctx, tx, id, part, t)
	})
	if err == nil {
		err = bad
	}
	return !whole, err
}

// alarm tells the desk, on its list and by e-mail, once for each check-in.
func (s *CheckIns) alarm(ctx context.Context, tx *store.Tx, id ids.Appointment, form ids.Form) error {
	all, err := s.changes(ctx, tx, id)
	if err != nil || slices.ContainsFunc(all, func(k Change) bool { return k.What == alarmed }) {
		return err
	}
	if err := s.putChange(ctx, tx, Change{Visit: id, What: alarmed, Now: string(form)}); err != nil {
		return err
	}
	may := func(roles []access.Role) bool { return access.May(roles, access.SeeCheckIns) }
	return s.Outbox.ToStaff(ctx, tx, may, "", notify.CheckInAlarm{At: tx.Now, Link: notify.Path(deskPath + "/" + string(id))}, "checkin:"+string(id))
}

// ConsentAsked is a text to sign.
type ConsentAsked struct {
	Mine
	Consent Consent
	Signed  Signature // zero if it was not signed yet
}

// AskConsent opens a text that the visit asks to be signed.
func (s *CheckIns) AskConsent(ctx context.Context, c access.Chart, id ids.Appointment, consent ids.Consent) (a ConsentAsked, err error) {
	if a.Mine, err = s.See(ctx, c, id); err != nil {
		return a, err
	}
	if !a.asks(needConsent + ":" + string(consent)) {
		return a, fault.Missing()
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if a.Consent, err = consentByID(ctx, tx, consent); err != nil {
			return err
		}
		all, err := s.signatures(ctx, tx, id)
		for _, g := range all {
			if g.Consent.ID == consent {
				a.Signed = g
			}
		}
		return err
	})
	return a, err
}

// Sign keeps that a text was signed by typing a name: by whom, when, in which
// language, with the hash of what was read. Signing again changes nothing.
func (s *CheckIns) Sign(ctx context.Context, c access.Chart, id ids.Appointment, consent ids.Consent, name string, read bool, l lang.Lang) error {
	a, err := s.AskConsent(ctx, c, id, consent)
	if err != nil {
		return err
	}
	return s.sign(ctx, c, a, name, read, l)
}

// sign is Sign of a text that was opened.
func (s *CheckIns) sign(ctx context.Context, c access.Chart, a ConsentAsked, name string, read bool, l lang.Lang) error {
	id, consent := a.Visit.ID, a.Consent.ID
	var bad *fault.Fault
	if !read {
		bad = bad.And("read", "checkin.consent.read")
	}
	switch n := len([]rune(name)); {
	case n < 2:
		bad = bad.And("name", "checkin.consent.name")
	case n > maxLine:
		bad = bad.And("name", "checkin.long", maxLine)
	}
	switch {
	case a.Visit.Not != "":
		return refuse(a.Visit.Not)
	case bad != nil:
		return bad
	}
	part := needConsent + ":" + string(consent)
	return s.saving(ctx, c, id, part, func(tx *store.Tx) error {
		tx.Log(c.Did(audit.CheckInSigned, string(consent)))
		if _, err := tx.Exec(ctx, `INSERT INTO checkin_signature (appointment_id, consent_id, account_id, language, name, text_hash, agent, signed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (appointment_id, consent_id) DO NOTHING`,
			id, consent, c.Account(), string(l), s.Keys.Seal(sealName, partName(id, string(consent)), []byte(name)), a.Consent.hash(l), c.Agent(), store.Time(tx.Now)); err != nil {
			return err
		}
		return s.putPart(ctx, tx, id, part, Typed{})
	})
}

// FileArgs name the check-in whose answers go into the record.
type FileArgs struct{ Visit ids.Appointment }

// File puts the answers to questionnaires into the record.
var File = jobs.Kind[FileArgs]{Name: "checkin.file"}

// Work registers the room's jobs.
func (s *CheckIns) Work(r *jobs.Runner) { jobs.Handle(r, File, s.file) }

// file takes the answers of a check-in that was sent into the record as FHIR
// QuestionnaireResponses; the same answers again write nothing.
func (s *CheckIns) file(ctx context.Context, d access.Duty, args FileArgs) error {
	var v Visit
	b := record.Batch{Source: sender}
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if v, err = s.visit(ctx, tx, args.Visit); err != nil {
			return err
		}
		at, err := sentAt(ctx, tx, args.Visit)
		if err != nil || at.IsZero() {
			return err
		}
		typed, err := s.parts(ctx, tx, args.Visit)
		if err != nil {
			return err
		}
		filled, err := filled(ctx, tx, typed, page.ZoneOf(s.Clinic))
		for _, f := range filled {
			id := strings.ReplaceAll(string(args.Visit)+"-"+string(f.Form.ID), "_", "-")
			raw, err := f.Form.response(f.Answers, v.Patient, id, at, f.Lang)
			if err != nil {
				return err
			}
			b.Resources = append(b.Resources, fhir.Resource{Type: "QuestionnaireResponse", ID: id, Raw: raw})
		}
		return err
	})
	if err != nil || len(b.Resources) == 0 {
		return err
	}
	b.Patient, b.People = v.Patient, map[string]ids.Patient{"Patient/" + string(v.Patient): v.Patient}
	rep, err := s.Record.Take(ctx, d, b)
	if err == nil && rep.Refused > 0 {
		err = errors.New("the record refused answers of a check-in: " + rep.Refusals[0].Key)
	}
	return err
}

// Filled is a questionnaire with its answers.
type Filled struct {
	Form    Form
	Answers Answers
	Lang    lang.Lang
	Score   Score
	Scored  bool
}

// langField keeps the language in which a questionnaire was read.
const langField = "lang"

// filled are the questionnaires among what is saved of a check-in.
func filled(ctx context.Context, tx *store.Tx, typed map[string]Typed, zone *time.Location) (out []Filled, err error) {
	for part, t := range typed {
		form, ok := strings.CutPrefix(part, needForm+":")
		if !ok {
			continue
		}
		f, err := formByID(ctx, tx, ids.Form(form))
		if err != nil {
			return nil, err
		}
		f.Zone = zone
		f = f.copies(t, false)
		x := Filled{Form: f, Lang: lang.En}
		if l, ok := lang.Parse(t.Get(langField)); ok {
			x.Lang = l
		}
		// What was saved to the end was right then; what was left open has answers too.
		x.Answers, _, _ = f.read(t)
		x.Score, x.Scored = f.score(x.Answers)
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Filled) int { return strings.Compare(string(a.Form.ID), string(b.Form.ID)) })
	return out, nil
}
