package attack

import (
	"bytes"
	"image"
	"image/jpeg"
	"maps"
	"net/url"
	"sync/atomic"
	"time"

	"portico/internal/access"
	"portico/internal/checkin"
	"portico/internal/ids"
	"portico/internal/scheduling"
)

// The lines of checking in before a visit.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/visits/{id}/checkin":       (*world).nearVisit,
		"/visits/{id}/checkin/photo": (*world).cardShown,
		"/staff/checkins/{id}":       (*world).checkedIn,
		"/staff/checkins/{id}/photo": (*world).cardShown,
	})
	for _, step := range []string{checkin.Contacts, checkin.Emergency, checkin.Insurance, checkin.Card, checkin.Health} {
		samples["/visits/{id}/checkin/"+step] = (*world).nearVisit
	}
	maps.Copy(forms, map[string]form{
		"POST /visits/{id}/checkin":           {apart: (*world).allSteps},
		"POST /visits/{id}/checkin/contacts":  {send: say("email_right", "no", "email", "new@example.com", "phone_right", "no", "phone", "312-555-0100", "address_right", "no", "address", "9 Oak Street")},
		"POST /visits/{id}/checkin/emergency": {send: say("emergency_right", "no", "emergency_name", "Rosa", "emergency_relation", "Sister", "emergency_phone", "312-555-0101")},
		"POST /visits/{id}/checkin/insurance": {send: say("insurance_right", "no", "insurance_plan", "Lake Health", "insurance_member", "H1", "insurance_group", "G2")},
		"POST /visits/{id}/checkin/card":      {},
		"POST /visits/{id}/checkin/health":    {send: say("medicines_right", "no", "medicines", "Aspirin", "allergies_right", "no", "allergies", "Nuts")},
		"POST /staff/checkins/{id}":           {send: say("as", "accepted"), apart: (*world).toSettle},
	})
}

// nears counts visits that are near, so that none meets another of its patient.
var nears atomic.Int64

// nearVisit is a booked visit that its patient can check in for.
func (w *world) nearVisit(of person) string {
	w.t.Helper()
	o := w.office()
	start := w.app.DB.Now().Truncate(time.Hour).Add(5*time.Hour + time.Duration(nears.Add(1)%300)*10*time.Minute)
	return string(must(w.app.Visits.BookFor(ctx, w.proof("front_desk", access.BookVisitsFor), of.id,
		scheduling.Pick{Type: o.kind, Clinician: o.clinician, Place: o.place, Start: start}, "")))
}

// checking opens a person's chart to check in.
func (w *world) checking(of person) access.Chart {
	w.t.Helper()
	c, _, err := w.app.Gate.Chart(ctx, w.signedIn(of), access.CheckIn, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// cardShown is a visit before which a person sent a picture of their card.
func (w *world) cardShown(of person) string {
	w.t.Helper()
	id := w.nearVisit(of)
	var b bytes.Buffer
	w.ok(jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	w.ok(w.app.CheckIns.Picture(ctx, w.checking(of), ids.Appointment(id), map[checkin.Side][]byte{checkin.Front: b.Bytes()}))
	return id
}

func (w *world) fillSteps(of person, id string) {
	w.t.Helper()
	t := checkin.Typed{}
	for _, k := range []string{"email", "phone", "address", "emergency", "insurance", "medicines", "allergies"} {
		t[k+"_right"] = []string{"yes"}
	}
	c := w.checking(of)
	for _, part := range []string{checkin.Contacts, checkin.Emergency, checkin.Insurance, checkin.Card, checkin.Health} {
		w.ok(w.app.CheckIns.Save(ctx, c, ids.Appointment(id), part, t))
	}
}

// allSteps does every step of a check-in of one's own.
func (w *world) allSteps(id string) url.Values {
	w.fillSteps(w.own, id)
	return nil
}

// checkedIn is a visit for which somebody checked in, with something new.
func (w *world) checkedIn(of person) string {
	w.t.Helper()
	id, c := w.nearVisit(of), w.checking(of)
	w.fillSteps(of, id)
	w.ok(w.app.CheckIns.Save(ctx, c, ids.Appointment(id), checkin.Emergency, checkin.Typed{"emergency_name": {"Rosa"}}))
	w.ok(w.app.CheckIns.Send(ctx, c, ids.Appointment(id)))
	return id
}

// toSettle is what the desk can accept of a check-in.
func (w *world) toSettle(id string) url.Values {
	return say("change", w.one(`SELECT id FROM checkin_change WHERE appointment_id = $1`, id))
}

// The lines of questionnaires and consents.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/visits/{id}/checkin/form/{form}":       (*world).formAsked,
		"/visits/{id}/checkin/consent/{consent}": (*world).consentAsked,
		"/staff/forms/form/{id}":                 func(w *world, _ person) string { return w.newForm() },
		"/staff/forms/kinds/{id}":                (*world).kind,
	})
	maps.Copy(forms, map[string]form{
		"POST /visits/{id}/checkin/form/{form}":       {send: say("q1", "Fine.", "shown", "q1")},
		"POST /visits/{id}/checkin/consent/{consent}": {send: say("read", "yes", "name", "Wanda Walker")},
		"POST /staff/forms":                           {send: say("json", smallForm, "builtin", "")},
		"POST /staff/forms/kinds/{id}":                {many: []string{"need"}, made: func(w *world, _ person) state { return state{send: say("need", "form:"+w.newForm())} }},
		"POST /staff/forms/consent":                   {made: func(w *world, _ person) state { return state{send: say("of", w.newConsent())} }, send: say("title_en", "Care", "title_es", "Atención", "body_en", "I agree.", "body_es", "Acepto.")},
	})
}

const smallForm = `{"resourceType":"Questionnaire","title":"How are you","item":[{"linkId":"a","type":"string","text":"How are you?"}]}`

func (w *world) newForm() string {
	w.t.Helper()
	return string(must(w.app.CheckIns.AddForm(ctx, w.proof("administrator", access.SetForms), []byte(smallForm))))
}

func (w *world) newConsent() string {
	w.t.Helper()
	return string(must(w.app.CheckIns.AddConsent(ctx, w.proof("administrator", access.SetForms), "", checkin.Consent{
		Title: checkin.Words{"en": "Care", "es": "Atención"}, Body: checkin.Words{"en": "I agree.", "es": "Acepto."}})))
}

// needing makes a visit of a kind that asks for something.
func (w *world) needing(of person, part string) string {
	w.t.Helper()
	id := w.nearVisit(of)
	kind := ids.VisitType(w.one(`SELECT type_id FROM appointment WHERE id = $1`, id))
	w.ok(w.app.CheckIns.Choose(ctx, w.proof("administrator", access.SetForms), kind, []string{part}))
	return id
}

// formAsked is a visit with a questionnaire to fill in.
func (w *world) formAsked(of person) string {
	f := w.newForm()
	return w.needing(of, "form:"+f) + " " + f
}

// consentAsked is a visit with a text to sign.
func (w *world) consentAsked(of person) string {
	c := w.newConsent()
	return w.needing(of, "consent:"+c) + " " + c
}
