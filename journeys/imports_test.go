package journeys

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/demo"
	"portico/internal/ingest"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// faulty are files that another program got wrong, and by which sentence the
// records clerk is told; canary stands where a sentence must not repeat it.
var faulty = map[string]struct{ file, key string }{
	"01-cut.json":      {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"canary"`, "registry.import.truncated"},
	"02-text.json":     {`{"resourceType": canary}`, "registry.import.syntax"},
	"03-empty.json":    {``, "registry.import.empty"},
	"04-history.json":  {`{"resourceType":"Bundle","type":"history","entry":[]}`, "registry.import.wrong_bundle"},
	"05-deep.json":     {`{"resourceType":"Patient","extension":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "registry.import.too_deep"},
	"06-twice.json":    {`{"resourceType":"Patient","id":"a","id":"canary"}`, "registry.import.duplicate_key"},
	"07-birth.json":    {`{"resourceType":"Patient","id":"i7","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"I7"}],"name":[{"family":"Canary","given":["Ann"]}]}`, "registry.import.no_birth"},
	"08-half.json":     {`{"resourceType":"Patient","id":"i8","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"I8"}],"name":[{"family":"Canary","given":["Ann"]}],"birthDate":"1970"}`, "registry.import.partial_birth"},
	"09-stranger.json": {`{"resourceType":"Observation","id":"o9","status":"final","code":{"text":"canary"},"subject":{"reference":"Patient/nobody-sent"}}`, "record.refused.unknown_patient"},
	"10-nobody.json":   {`{"resourceType":"Condition","id":"c10","code":{"text":"canary"}}`, "record.refused.nobody"},
	"11-two.json": {`{"resourceType":"Bundle","type":"collection","entry":[
		{"resource":{"resourceType":"Patient","id":"i11","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"I11"}],"name":[{"family":"Lopez","given":["Ann"]}],"birthDate":"1970-01-02"}},
		{"resource":{"resourceType":"Patient","id":"j11","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"J11"}],"name":[{"family":"Ito","given":["Ben"]}],"birthDate":"1971-03-04"}},
		{"resource":{"resourceType":"Encounter","id":"e11","status":"finished","subject":{"reference":"Patient/j11"}}},
		{"resource":{"resourceType":"Observation","id":"o11","status":"final","code":{"text":"canary"},"subject":{"reference":"Patient/i11"},"encounter":{"reference":"Encounter/e11"}}}]}`, "record.refused.other_patient"},
	"13-doctype.xml": {`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "canary">]><ClinicalDocument xmlns="urn:hl7-org:v3">&a;</ClinicalDocument>`, "ingest.ccda.doctype"},
	"14-other.xml":   {`<note>canary</note>`, "ingest.ccda.not_document"},
	"15-cut.xml":     {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>canary`, "ingest.ccda.truncated"},
}

// misdelivered imports files that are wrong.
func (c *clinic) misdelivered(t *testing.T) {
	t.Helper()
	dir, d, ctx := t.TempDir(), access.NewDuty("journeys"), context.Background()
	for name, f := range faulty {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(f.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := c.app.Ingest.Files(ctx, d, ingest.Order{Paths: []string{dir}}); err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	if r, err := c.app.Ingest.Documents(ctx, d, ingest.Order{Paths: []string{dir}}); err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
}

// missent is a message of a feed that cannot be used; its sender is told why.
func (c *clinic) missent(t *testing.T) {
	t.Helper()
	_, token, err := c.app.Ingest.AddFeedByDuty(context.Background(), access.NewDuty("journeys"), "Riverside laboratory")
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequest(http.MethodPost, c.base+"/feeds/fhir", strings.NewReader(faulty["09-stranger.json"].file))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	q.Header.Set("Content-Type", "application/fhir+json")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	said, err := io.ReadAll(a.Body)
	if want := lang.En.T("record.refused.unknown_patient"); err != nil || a.StatusCode != 422 || !strings.Contains(string(said), want) || strings.Contains(string(said), "canary") {
		t.Errorf("the feed is answered %d: %s, %v", a.StatusCode, said, err)
	}
}

// readsFaults is the records clerk on the page of imports: each fault by file and
// place, in a sentence that repeats nothing of the record; one is taken off.
func (c *clinic) readsFaults(t *testing.T, b *chrome.Tab, l lang.Lang) {
	t.Helper()
	b.Open("/staff/imports").Want(l.T("ingest.imports.title")).Says("Riverside laboratory")
	for file, f := range faulty {
		card := ""
		b.Eval(`[...document.querySelectorAll("#faults ~ .card")].map(c => c.textContent).find(t => t.includes("`+file+`")) || ""`, &card)
		if !strings.Contains(card, l.T(f.key)) {
			t.Errorf("%s is told as %q", file, card)
		}
	}
	if b.Shows("canary") || b.Shows("Canary") {
		t.Error("the page of imports repeats a value")
	}
	n := b.Count("#faults ~ .card")
	b.Eval(`[...document.querySelectorAll("#faults ~ .card")].find(c => c.textContent.includes("15-cut.xml")).querySelector("summary").click()`, nil)
	b.Screenshot("imports-settle").FollowIn("#faults ~ .card:has([open])", l.T("ingest.faults.off"))
	b.Want(l.T("ingest.imports.title")).Says(l.T("ingest.done.settled"))
	if left := b.Count("#faults ~ .card"); left != n-1 {
		t.Errorf("%d faults are left of %d", left, n)
	}
	c.misdelivered(t) // the same files again: what was taken off is told again, nothing twice
	if left := b.Open("/staff/imports").Count("#faults ~ .card"); left != n {
		t.Errorf("after the same files came again there are %d faults, not %d", left, n)
	}
}

// bringsIn is the records clerk with a file that a patient was given elsewhere:
// first for the wrong person, then for the right one, who finds it in the record.
func (c *clinic) bringsIn(t *testing.T, b, patient *chrome.Tab, l lang.Lang, who demo.AccountCard) {
	t.Helper()
	b.Open("/staff/imports").Want(l.T("ingest.imports.title")).Follow(l.T("ingest.upload.title"))
	b.Want(l.T("staff.confirm.title")).Fill("code", c.totp(t, c.cards.Staff[5].Secret)).Follow(l.T("staff.confirm.go"))
	file := []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"77","name":[{"family":"` + who.Family + `","given":["` + who.Given + `"]}],"birthDate":"` + who.Birth + `"}},
		{"resource":{"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"Hay fever from ` + string(l) + `"},"subject":{"reference":"Patient/77"},"onsetDateTime":"2019-04"}}]}`)
	other := c.someone()
	b.Want(l.T("ingest.upload.title")).Fill("number", other.Number).Fill("from", "Valley Hospital").Attach("file", "chart.json", "application/json", file).Screenshot("upload").Follow(l.T("ingest.upload.button"))
	b.Want(l.T("ingest.upload.title")).Says(l.T("ingest.upload.other")).Screenshot("upload-other")
	b.Fill("number", who.Number).Attach("file", "chart.json", "application/json", file).Follow(l.T("ingest.upload.button"))
	b.Want(l.T("ingest.imports.title")).Says(l.T("ingest.upload.done")).Says("Valley Hospital").Screenshot("upload-done")
	patient.Open("/records/part?of=conditions").Want(l.T("records.section.conditions")).Says("Hay fever from " + string(l))
	patient.Follow("Hay fever from " + string(l))
	patient.Want("Hay fever from " + string(l)).Screenshot("upload-read")
}
