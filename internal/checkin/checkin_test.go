package checkin_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/checkin"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/scheduling"
)

func problems(err error) (out []string) {
	for _, p := range fault.Problems(err) {
		out = append(out, p.Field+" "+p.Text)
	}
	return out
}

// What a patient says is different goes to the desk and changes nothing else; the
// visit is checked in.
func TestWhatIsDifferentGoesToTheDesk(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		r.wantSaid(r.Send(ctx, c, id), "", "checkin.undone")
		r.wantSaid(r.Save(ctx, c, id, checkin.Contacts, checkin.Typed{"email_right": {"no"}}), "email", "checkin.write")
		r.fill(c, id, map[string]checkin.Typed{
			checkin.Contacts:  {"email_right": {"no"}, "email": {"ana.ruiz@example.org"}, "address_right": {"yes"}},
			checkin.Insurance: {"insurance_plan": {"Lake Health"}, "insurance_member": {"H-77"}},
		})
		r.ok(r.Send(ctx, c, id))
		r.ok(r.Send(ctx, c, id)) // a second click

		d := r.desk("front_desk", access.ReviewCheckIns)
		list, err := r.Waiting(ctx, d, false)
		r.ok(err)
		if len(list) != 1 || list[0].Count != 2 || list[0].Visit.Name != "Ana Ruiz" || list[0].Visit.Not != checkin.NotAgain {
			t.Fatalf("the desk's list: %+v", list)
		}
		o, err := r.Look(ctx, d.For(access.SeeCheckIns), id)
		r.ok(err)
		got := map[string]checkin.Change{}
		for _, k := range o.Changes {
			got[k.What] = k
		}
		if k := got["email"]; k.Was != "Ana@example.com" || k.Now != "ana.ruiz@example.org" || k.State != checkin.Waiting {
			t.Errorf("e-mail: %+v", k)
		}
		if k := got["insurance"]; k.Was != "" || k.Now != "Lake Health\nH-77" {
			t.Errorf("insurance: %+v", k)
		}

		r.ok(r.Settle(ctx, d, id, got["email"].ID, checkin.Accepted))
		r.ok(r.Settle(ctx, d, id, got["email"].ID, checkin.Accepted)) // a second click
		r.wantSaid(r.Settle(ctx, d, id, got["email"].ID, checkin.Refused), "", "checkin.desk.moved")
		r.wantSaid(r.Settle(ctx, d, id, "rvw_none", checkin.Refused), "", "checkin.desk.moved")
		r.wantSaid(r.Settle(ctx, d, id, got["insurance"].ID, "maybe"), "", "checkin.desk.choose")
		if n := r.count(`SELECT COUNT(*) FROM patient_contact WHERE patient_id = $1`, r.ana); n != 1 {
			t.Errorf("%d contacts on file: the index was changed", n)
		}
		for action, want := range map[string]int{"checkin.saved": 5, "checkin.sent": 1, "checkin.settled": 2} {
			if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND patient_id = $2 AND outcome = 'done'`, action, r.ana); n < want {
				t.Errorf("%d lines of %s, want %d", n, action, want)
			}
		}
	})
}

// Whoever may not check in is told why, and nothing is written.
func TestWhenNobodyCanCheckIn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c, early := r.chart(r.ana), r.visit(r.ana, 9*24*time.Hour)
		typed := steps[checkin.Contacts]
		r.wantSaid(r.Save(ctx, c, early, checkin.Contacts, typed), "", "checkin.not.early")

		soon := r.visit(r.ana, 30*time.Hour)
		r.fill(c, soon, nil)
		r.ok(r.app.Visits.CancelFor(ctx, r.desk("front_desk", access.BookVisitsFor), soon, "The doctor is ill."))
		r.wantSaid(r.Save(ctx, c, soon, checkin.Contacts, typed), "", "checkin.not.finished")
		r.wantSaid(r.Send(ctx, c, soon), "", "checkin.not.finished")
		m, err := r.See(ctx, c, soon)
		r.ok(err)
		if m.Open() != "" {
			t.Error("what was filled in got lost when the visit was cancelled")
		}

		over := r.visit(r.ana, 5*time.Hour)
		r.clock.Move(6 * time.Hour)
		r.wantSaid(r.Send(ctx, r.chart(r.ana), over), "", "checkin.not.started")

		// Somebody else's visit answers as one that is not there.
		ben := r.chart(r.ben)
		for _, id := range []ids.Appointment{early, "apt_none"} {
			_, see := r.See(ctx, ben, id)
			_, photo := r.Photo(ctx, ben, id, checkin.Front)
			for _, err := range []error{see, photo, r.Save(ctx, ben, id, checkin.Contacts, typed), r.Send(ctx, ben, id), r.Picture(ctx, ben, id, nil)} {
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s answers %v", id, err)
				}
			}
		}
		if n := r.count(`SELECT COUNT(*) FROM checkin`); n != 1 {
			t.Errorf("%d check-ins, want the one that was begun", n)
		}
		// A proof for something else opens nothing.
		if _, err := r.Look(ctx, r.desk("front_desk", access.ReviewCheckIns), early); !fault.Is(err, fault.Denied) {
			t.Errorf("a proof for another task: %v", err)
		}
	})
}

// A visit that moves takes its check-in along: it is sent again, what was settled is
// not asked again, and what was different is asked once.
func TestAMovedVisitIsCheckedInAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		r.fill(c, id, map[string]checkin.Typed{checkin.Emergency: {"emergency_name": {"Rosa"}}, checkin.Health: {"allergies": {"Nuts"}}})
		r.ok(r.Send(ctx, c, id))
		d := r.desk("front_desk", access.ReviewCheckIns)
		o, err := r.Look(ctx, d.For(access.SeeCheckIns), id)
		r.ok(err)
		for _, k := range o.Changes {
			if k.What == "allergies" {
				r.ok(r.Settle(ctx, d, id, k.ID, checkin.Refused))
			}
		}
		r.ok(r.app.Visits.MoveFor(ctx, r.desk("front_desk", access.BookVisitsFor), id,
			scheduling.Pick{Clinician: r.doctor, Place: r.place, Start: r.clock.Now().Truncate(time.Hour).Add(40 * time.Hour)}))
		r.ok(r.Save(ctx, c, id, checkin.Emergency, checkin.Typed{"emergency_name": {"Luz"}}))
		r.ok(r.Send(ctx, c, id))
		o, err = r.Look(ctx, d.For(access.SeeCheckIns), id)
		r.ok(err)
		var got []string
		for _, k := range o.Changes {
			got = append(got, k.Now+" "+string(k.State))
		}
		if strings.Join(got, ", ") != "Nuts refused, Luz waiting" {
			t.Errorf("the desk has %v", got)
		}
	})
}

// Of two tabs that send at the same moment one does it, and both are told that it is
// done.
func TestTwoTabsSendOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		r.fill(c, id, map[string]checkin.Typed{checkin.Emergency: {"emergency_name": {"Rosa"}}})
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() { errs[i] = r.Send(ctx, c, id) })
		}
		all.Wait()
		r.ok(errors.Join(errs...))
		if n := r.count(`SELECT COUNT(*) FROM checkin_change`); n != 1 {
			t.Errorf("the desk is asked %d times", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM appointment_event WHERE what = 'checked_in'`); n != 1 {
			t.Errorf("checked in %d times", n)
		}
	})
}

// Pictures are sealed; a good one is kept beside one that is not; the other patient
// and the desk without the task see none.
func TestPicturesOfTheCard(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		var b bytes.Buffer
		r.ok(jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 40)), nil))
		err := r.Picture(ctx, c, id, map[checkin.Side][]byte{checkin.Front: b.Bytes(), checkin.Back: []byte("<svg onload=alert(1)>")})
		r.wantSaid(err, "card_back", "checkin.photo.kind")
		a, err := r.Ask(ctx, c, id, checkin.Card)
		r.ok(err)
		if len(a.Sides) != 1 || a.Steps[3].Done {
			t.Errorf("sides %v, done %v", a.Sides, a.Steps[3].Done)
		}
		r.ok(r.Picture(ctx, c, id, nil))
		kept, err := r.Photo(ctx, c, id, checkin.Front)
		r.ok(err)
		desk, err := r.DeskPhoto(ctx, r.desk("clinician", access.SeeCheckIns), id, checkin.Front)
		r.ok(err)
		if size, err := jpeg.DecodeConfig(bytes.NewReader(kept)); err != nil || size.Width != 60 || !bytes.Equal(kept, desk) {
			t.Errorf("the picture kept: %+v, %v", size, err)
		}
		if n := r.count(`SELECT COUNT(*) FROM checkin_photo WHERE sealed NOT LIKE '1.%'`); n != 0 {
			t.Error("a picture is not sealed")
		}
		if _, err := r.DeskPhoto(ctx, r.desk("administrator", access.SetSchedule), id, checkin.Front); !fault.Is(err, fault.Denied) {
			t.Errorf("an administrator: %v", err)
		}
	})
}

// asks makes the rig's kind of visit ask for the PHQ-9 and a consent.
func (r *rig) asks() (ids.Form, ids.Consent) {
	r.t.Helper()
	d := r.desk("administrator", access.SetForms)
	form, err := r.AddForm(ctx, d, checkin.PHQ9)
	r.ok(err)
	consent, err := r.AddConsent(ctx, d, "", checkin.Consent{Title: checkin.Words{"en": "Care", "es": "Atención"}, Body: checkin.Words{"en": "I agree.", "es": "Acepto."}})
	r.ok(err)
	r.ok(r.Choose(ctx, d, r.kind, []string{"form:" + string(form), "consent:" + string(consent), "form:frm_none"}))
	return form, consent
}

// phq are answers to the PHQ-9, all "not at all" but for the question about
// self-harm.
func phq(harm string) checkin.Typed {
	t := checkin.Typed{"shown": {"q2 q3 q4 q5 q6 q7 q8 q9 q10"}, "q10": {harm}}
	for _, q := range strings.Fields("q2 q3 q4 q5 q6 q7 q8 q9") {
		t[q] = []string{"1"}
	}
	return t
}

// Answers go into the record once they are sent; answers that open another question
// are not the end; what a person says about self-harm reaches the desk at once, even
// if the rest of the page is not right.
func TestAnswersReachTheRecordAndTheDesk(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		form, consent := r.asks()
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		r.fill(c, id, nil)
		bad := phq("2")
		delete(bad, "q2")
		_, err := r.SaveForm(ctx, c, id, form, bad)
		r.wantSaid(err, "q2", "checkin.form.answer")
		if m, err := r.See(ctx, c, id); err != nil || !m.Alarm || m.Steps[5].Done {
			t.Fatalf("after an answer about self-harm: %+v %v", m, err)
		}
		if n := r.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'checkin_alarm'`); n == 0 {
			t.Error("nobody was told")
		}
		d := r.desk("front_desk", access.ReviewCheckIns)
		if list, err := r.Waiting(ctx, d, false); err != nil || len(list) != 1 {
			t.Errorf("the desk's list before sending: %v %v", list, err)
		}
		more, err := r.SaveForm(ctx, c, id, form, phq("2"))
		r.ok(err)
		if !more {
			t.Error("the question that was opened was not asked")
		}
		r.wantSaid(r.Send(ctx, c, id), "", "checkin.undone")
		whole := phq("2")
		whole["shown"][0] += " q11"
		whole["q11"] = []string{"1"}
		more, err = r.SaveForm(ctx, c, id, form, whole)
		r.ok(err)
		if more {
			t.Error("still open")
		}
		r.wantSaid(r.Sign(ctx, c, id, consent, "A", false, "es"), "read", "checkin.consent.read")
		r.ok(r.Sign(ctx, c, id, consent, "Ana Ruiz", true, "es"))
		r.ok(r.Sign(ctx, c, id, consent, "Somebody Else", true, "en")) // a second tab changes nothing
		r.ok(r.Send(ctx, c, id))
		for range 2 { // a job may run twice
			r.ok(r.app.Jobs.Drain(ctx))
		}
		if n := r.count(`SELECT COUNT(*) FROM resource WHERE type = 'QuestionnaireResponse' AND patient_id = $1`, r.ana); n != 1 {
			t.Errorf("%d responses in the record", n)
		}
		o, err := r.Look(ctx, d.For(access.SeeCheckIns), id)
		r.ok(err)
		if len(o.Filled) != 1 || o.Filled[0].Score.Sum != 1 || o.Filled[0].Score.Band != "minimal" {
			t.Errorf("the desk reads %+v", o.Filled)
		}
		if len(o.Signed) != 1 || o.Signed[0].Name != "Ana Ruiz" || !o.Signed[0].Holds() || o.Signed[0].Lang != "es" {
			t.Errorf("signed: %+v", o.Signed)
		}
		if n := r.count(`SELECT COUNT(*) FROM checkin_signature WHERE name NOT LIKE '1.%'`); n != 0 {
			t.Error("a name is not sealed")
		}
	})
}

// A new version takes the place of the old one wherever that was asked for; what was
// signed stays as it was. What a visit does not ask for is not there.
func TestVersionsOfFormsAndConsents(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		form, consent := r.asks()
		c, id := r.chart(r.ana), r.visit(r.ana, 20*time.Hour)
		r.ok(r.Sign(ctx, c, id, consent, "Ana Ruiz", true, "en"))
		d := r.desk("administrator", access.SetForms)
		newer, err := r.AddForm(ctx, d, checkin.PHQ9)
		r.ok(err)
		next := checkin.Consent{Title: checkin.Words{"en": "Care", "es": "Atención"}, Body: checkin.Words{"en": "I agree anew.", "es": "Acepto."}}
		again, err := r.AddConsent(ctx, d, consent, next)
		r.ok(err)
		_, err = r.AddConsent(ctx, d, consent, next)
		r.wantSaid(err, "", "checkin.consent.moved")
		_, err = r.AddConsent(ctx, d, "", checkin.Consent{Title: next.Title, Body: checkin.Words{"en": "x"}})
		r.wantSaid(err, "body_es", "checkin.consent.empty")
		m, err := r.See(ctx, c, id)
		r.ok(err)
		if got := m.Steps[5].Part + " " + m.Steps[6].Part; got != "form:"+string(newer)+" consent:"+string(again) || m.Steps[6].Done {
			t.Errorf("asked for %s", got)
		}
		o, err := r.Look(ctx, r.desk("clinician", access.SeeCheckIns), id)
		r.ok(err)
		if len(o.Signed) != 1 || o.Signed[0].Consent.Body["en"] != "I agree." || !o.Signed[0].Holds() {
			t.Errorf("signed: %+v", o.Signed)
		}
		ben := r.chart(r.ben)
		_, old := r.AskForm(ctx, c, id, form)
		_, strange := r.AskForm(ctx, ben, id, newer)
		_, save := r.SaveForm(ctx, ben, id, newer, phq("1"))
		for _, err := range []error{old, strange, save, r.Sign(ctx, ben, id, again, "Ben", true, "en"), r.Sign(ctx, c, id, "cns_none", "Ana", true, "en"), r.Choose(ctx, d, "vty_none", nil)} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("got %v", err)
			}
		}
	})
}
