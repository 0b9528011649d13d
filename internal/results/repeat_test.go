package results

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"portico/internal/fault"
	"portico/internal/record"
	"portico/internal/store"
)

// document is a note of ana's; its file says data in base64.
func document(id, data string, more ...string) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"status":"current","type":{"text":"Biopsy note %[1]s"},"subject":{"reference":"Patient/a"},"date":"2026-01-09T10:00:00Z",
		"content":[{"attachment":{"contentType":"text/plain","data":%[2]q}}]%[3]s}`, id, data, strings.Join(append([]string{""}, more...), ","))
}

const (
	biopsy  = "Y2FuYXJ5IGJpb3BzeQ==" // canary biopsy
	another = "c29tZXRoaW5nIGVsc2U="
)

// A text that is held as a report is not open as a note: whether the note bears
// the report's identifier, refers to it or has the same file, and whichever comes
// first. It opens with the report, is taken back with it, and another note is not touched.
func TestANoteThatRepeatsAHeldReportIsHeldToo(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		named := document("named", another, `"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:r1"}]`)
		r.take(named, document("same", biopsy), report("r1", "a", "Biopsy", r.today(), `"presentedForm":[{"contentType":"text/plain","data":"`+biopsy+`"}]`),
			document("refers", another, `"context":{"related":[{"reference":"DiagnosticReport/r1"}]}`), document("other", another))
		notes := []string{"DocumentReference/named", "DocumentReference/same", "DocumentReference/refers"}
		want := func(when string, held bool) {
			t.Helper()
			for _, n := range append(notes, "DiagnosticReport/r1") {
				if r.held(n) != held {
					t.Errorf("%s: %s is held: %v", when, n, !held)
				}
			}
			if r.held("DocumentReference/other") {
				t.Errorf("%s: a note that repeats nothing is held", when)
			}
		}
		want("arrived", true)
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			_, err := record.Document(ctx, tx, duty.For(ana), r.id("DocumentReference/same"))
			return err
		}); !fault.Is(err, fault.NotFound) {
			t.Errorf("the text of a held report: %v", err)
		}
		r.clock.Move(time.Hour)
		r.take(strings.Replace(named, `"status":"current"`, `"status":"superseded"`, 1))
		want("a new version of the note", true)
		c := r.caseOf("DiagnosticReport/r1")
		if err := r.Release(ctx, r.doctor(), Opening{On: c.ID, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		want("released", false)
		c = r.caseOf("DiagnosticReport/r1")
		if err := r.Hold(ctx, r.doctor(), Hold{On: c.ID, Why: HoldReasons[0], Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		want("taken back", true)
		c = r.caseOf("DiagnosticReport/r1")
		if err := r.Mark(ctx, r.doctor(), c.ID, true, c.Seen); err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			if !r.whole(n).Sensitive {
				t.Errorf("%s repeats what is sensitive", n)
			}
		}
		r.clock.Move(Cap)
		want("at the cap", false)
	})
}

// A note that came shortly before its report waits for it; one that the patient could
// read for long is not taken away because a report comes.
func TestANoteWaitsForAReportThatComesLater(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		for _, c := range []struct {
			id    string
			later time.Duration
			held  bool
		}{{"soon", time.Minute, true}, {"late", 2 * time.Hour, false}} {
			r.take(document(c.id, another, `"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:of-`+c.id+`"}]`))
			if r.held("DocumentReference/" + c.id) {
				t.Errorf("%s is held without a report", c.id)
			}
			r.clock.Move(c.later)
			r.take(report("of-"+c.id, "a", "Biopsy", r.today()))
			if got := r.held("DocumentReference/" + c.id); got != c.held || !r.held("DiagnosticReport/of-"+c.id) {
				t.Errorf("%s is held: %v", c.id, got)
			}
		}
	})
}

// The same text in another batch of the same import is found too, whichever comes first.
func TestANoteRepeatsAReportOfAnotherBatch(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		r.take(document("before", biopsy), document("other", another))
		r.clock.Move(time.Minute)
		r.take(report("r1", "a", "Biopsy", r.today(), `"presentedForm":[{"contentType":"text/plain","data":"`+biopsy+`"}]`))
		r.clock.Move(time.Minute)
		r.take(document("after", biopsy))
		for n, want := range map[string]bool{"before": true, "after": true, "other": false} {
			if got := r.held("DocumentReference/" + n); got != want {
				t.Errorf("%s is held: %v", n, got)
			}
		}
		r.take(document("before", biopsy), document("after", biopsy)) // nothing new
		r.clock.Move(Cap)
		if r.held("DocumentReference/before") || r.held("DocumentReference/after") {
			t.Error("a note is held beyond the cap")
		}
	})
}

// A report that is open but for one sensitive value keeps its files back; so does a
// note that repeats it.
func TestANoteOfAPartlyOpenReportWaits(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.mixed()
		r.take(document("n", "Y2FuYXJ5", `"context":{"related":[{"reference":"DiagnosticReport/p"}]}`))
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		if r.held(panelName) || !r.held("DocumentReference/n") {
			t.Errorf("the report is held: %v, its note: %v", r.held(panelName), r.held("DocumentReference/n"))
		}
		if err := r.opensUp("Observation/h"); err != nil {
			t.Fatal(err)
		}
		if r.held("DocumentReference/n") {
			t.Error("the note stays shut")
		}
	})
}
