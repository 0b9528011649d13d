package console_test

import (
	"strings"
	"testing"

	"portico/internal/store"
)

// What is wrong says which field it is about, and stands open where the form is folded.
func TestProblemsNameTheirFields(t *testing.T) {
	k := open(t)
	b, _ := k.hire("Ada Admin", "administrator")
	list := b.Get("/staff/schedule/closures").Submit("#closure").Want(422, "Closed days").Text(".errsum")
	if !strings.Contains(list, "Reason: Fill this in. First day: Write a day.") || strings.Contains(list, "Last day") {
		t.Errorf("an empty closure: %q", list)
	}
	p := b.Get("/staff/schedule/clinicians/new").Submit("#clinician", "name", "Dr. Lee").Want(200, "Dr. Lee")
	if h1 := b.Get(p.Path).Submit("#clinician", "name", "").Want(422, "").Text("h1"); h1 != "Dr. Lee" {
		t.Errorf("over the form with an empty name stands %q", h1)
	}
	list = b.Get("/staff/forms/consent").Submit("#consent").Want(422, "Consent").Text(".errsum")
	if !strings.Contains(list, "Title in English: ") || !strings.Contains(list, "Text in Spanish: ") {
		t.Errorf("an empty consent: %q", list)
	}
	k.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, args, state, ready_at, attempt, why, created_at) VALUES ('job_1', 'enroll.match', '{}', 'parked', $1, 9, 'mail_451', $1)`, store.Time(tx.Now))
		return err
	})
	if p := b.Get("/staff/jobs").Submit(`form[action$="/drop"]`).Want(422, "Failed work"); !p.Has("details[open] #why-job_1-error") {
		t.Error("what is wrong with dropping work is folded away")
	}
}
