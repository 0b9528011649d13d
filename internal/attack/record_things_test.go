package attack

import (
	"fmt"
	"net/url"
	"strings"

	"portico/internal/access"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/results"
	"portico/internal/store"
)

// taken takes a resource of a person's in, written with %[1]s for its id at the
// sender, and gives its identifier.
func (w *world) taken(of person, kind, resource string) string {
	w.t.Helper()
	b := record.Batch{Source: "attack", People: map[string]ids.Patient{"Patient/p": of.id}}
	id := fmt.Sprintf("x%d", next())
	for r, err := range fhir.Read("attack.json", strings.NewReader(fmt.Sprintf(resource, id)), fhir.ForHTTP) {
		if err != nil {
			w.t.Fatal(err)
		}
		b.Resources = append(b.Resources, r)
	}
	if rep := must(w.app.Record.Take(ctx, duty, b)); rep.New != 1 {
		w.t.Fatalf("%+v", rep)
	}
	return w.one(`SELECT resource_id FROM resource_name WHERE name = $1`, "attack|"+kind+"/"+id)
}

// entry is a note with a file.
func (w *world) entry(of person) string {
	return w.taken(of, "DocumentReference", `{"resourceType":"DocumentReference","id":"%[1]s","status":"current","type":{"text":"Note"},"subject":{"reference":"Patient/p"},
		"date":"2026-01-05T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":"SGVsbG8="}}]}`)
}

// correction is a request that waits for an answer.
func (w *world) correction(of person) string {
	m := w.member()
	c, _, err := w.app.Gate.Chart(ctx, w.signedIn(m), access.AskCorrection, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(must(w.app.Records.Ask(ctx, c, ids.Resource(w.entry(m)), "This is not mine.")))
}

// result is a value of a person's record.
func (w *world) result(of person) string {
	return w.taken(of, "Observation", `{"resourceType":"Observation","id":"%[1]s","status":"final","category":[{"coding":[{"code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}]},"subject":{"reference":"Patient/p"},"valueInteger":5}`)
}

// reportWithFile is a report of a person's record that a file came with. It opens
// at once: the person does not wait for a comment.
func (w *world) reportWithFile(of person) string {
	w.t.Helper()
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM result_choice WHERE patient_id = $1`, of.id)
		return err
	})
	return w.taken(of, "DiagnosticReport", `{"resourceType":"DiagnosticReport","id":"%[1]s","status":"final","code":{"text":"X-ray"},"category":[{"coding":[{"code":"RAD"}]}],
		"subject":{"reference":"Patient/p"},"presentedForm":[{"contentType":"text/plain","data":"aGVsbG8="}]}`)
}

// chose is somebody who has chosen before when to see results.
func (w *world) chose(of person) state {
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO result_choice (patient_id, wait, account_id, chosen_at) VALUES ($1, FALSE, $2, $3)
			ON CONFLICT (patient_id) DO UPDATE SET wait = excluded.wait`, of.id, of.account, store.Time(tx.Now))
		return err
	})
	return state{}
}

// deskSeen names the state of a result that a clinician has read. Jobs that wait
// are cleared away: one for the same moment would not be queued again.
func (w *world) deskSeen(id string) url.Values {
	w.t.Helper()
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM job WHERE kind = 'result.notice'`)
		return err
	})
	c := must(w.app.Results.Case(ctx, w.proof("clinician", access.ReleaseResults), ids.Resource(id)))
	return say("seen", c.Seen)
}

// heldBack holds a result, so that it can be released.
func (w *world) heldBack(id string) url.Values {
	w.t.Helper()
	h := results.Hold{On: ids.Resource(id), Why: "call", Seen: w.deskSeen(id).Get("seen")}
	if err := w.app.Results.Hold(ctx, w.proof("clinician", access.ReleaseResults), h); err != nil {
		w.t.Fatal(err)
	}
	return w.deskSeen(id)
}

// newRule are the fields of a rule for a test that has none.
func (w *world) newRule(person) state { return state{send: say("code", fmt.Sprintf("%d-2", next()))} }

// testRule is a rule for one test that can be dropped.
func (w *world) testRule(person) state {
	w.t.Helper()
	code := fmt.Sprintf("%d-1", next())
	if err := w.app.Results.SetRule(ctx, w.proof("clinician", access.SetReleaseRules), results.Rule{Code: code, Title: "A test", How: results.AtOnce}); err != nil {
		w.t.Fatal(err)
	}
	return state{send: say("code", code)}
}
