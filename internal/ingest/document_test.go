package ingest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portico/internal/ccda"
	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ingest"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/store"
)

// document is a clinical document about the patient with a number.
func document(number, family, birth, version string) string {
	return `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="doc` + version + `"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summarization of Episode Note"/><title>Visit summary ` + version + `</title>
<effectiveTime value="2026010` + version + `093000-0500"/><languageCode code="en-US"/><setId root="1.2.3" extension="set"/><versionNumber value="` + version + `"/>
<recordTarget><patientRole><id root="1.9.9" extension="` + number + `"/><patient><name><given>Ana</given><family>` + family + `</family></name>
<administrativeGenderCode code="F"/><birthTime value="` + birth + `"/></patient></patientRole></recordTarget>
<author><time value="20260105"/><assignedAuthor><assignedPerson><name><given>Amelia</given><family>Reyes</family></name></assignedPerson></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><name>Lakeside Hospital</name></representedCustodianOrganization></assignedCustodian></custodian>
<component><structuredBody><component><section><title>Allergies</title><text>None known</text></section></component></structuredBody></component></ClinicalDocument>`
}

func documents(t *testing.T, door *ingest.Door, paths ...string) ingest.Report {
	t.Helper()
	rep, err := door.Documents(ctx, duty, ingest.Order{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestADocumentComesInWhole(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"p.json": patient("a", "1001")}))
		p := patientOf(t, door, "1001")
		text := document("1001", "Riveraa", "19800201", "5")
		dir := write(t, map[string]string{"visit.xml": text, "readme.txt": "no document"})
		if rep := documents(t, door, dir); rep.Refused() != 0 || rep.Records.New != 2 || rep.People.Files != 1 {
			t.Fatalf("%+v", rep)
		}
		got := rows(t, door, p)
		if len(got) != 1 || got[0].Section != record.Notes || got[0].Title == "" || got[0].At.Text != "2026-01-05T09:30:00-05:00" {
			t.Fatalf("%+v", got)
		}
		if kept := binary(t, door, got[0]); kept != text {
			t.Errorf("kept %d of %d bytes", len(kept), len(text))
		}
		if rep := documents(t, door, dir); rep.Wrote() {
			t.Errorf("again: %+v", rep.Records.Tally)
		}
		// A new version takes the place of the old one; an old one that comes late does not.
		documents(t, door, write(t, map[string]string{"v6.xml": document("1001", "Riveraa", "19800201", "6")}))
		documents(t, door, write(t, map[string]string{"v4.xml": document("1001", "Riveraa", "19800201", "4")}))
		if got = rows(t, door, p); len(got) != 1 || got[0].At.Text != "2026-01-06T09:30:00-05:00" {
			t.Errorf("versions: %+v", got)
		}
	})
}

// binary reads the bytes a document's row leads to.
func binary(t *testing.T, door *ingest.Door, row record.Row) string {
	t.Helper()
	var text string
	err := door.DB.View(ctx, func(tx *store.Tx) error {
		doc, err := record.Document(ctx, tx, duty.Whole(row.Patient), row.ID)
		if err != nil {
			return err
		}
		url := fhir.Parse(doc.Raw).Get("content").List()[0].Get("attachment").Get("url").Text()
		body, err := store.Get(ctx, tx, store.One[string], `SELECT body FROM resource WHERE id = $1 AND patient_id = $2`, strings.TrimPrefix(url, "Binary/"), row.Patient)
		if err != nil {
			return err
		}
		_, data, _ := strings.Cut(body, `"data":"`)
		data, _, _ = strings.Cut(data, `"`)
		b, err := base64.StdEncoding.DecodeString(data)
		text = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A document belongs to the visit whose number it carries, if that is one visit of
// its own patient; a date, another patient's visit and two visits of one number
// decide nothing.
func TestADocumentBelongsToTheVisitOfItsNumber(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		about := func(id, root, extension string) string {
			text := strings.ReplaceAll(document("1001", "Riveraa", "19800201", "5"), `extension="set"`, `extension="`+id+`"`)
			text = strings.Replace(text, `extension="doc5"`, `extension="doc-`+id+`"`, 1)
			return strings.Replace(text, "<component><structuredBody>", `<componentOf><encompassingEncounter><id root="`+root+`" extension="`+extension+`"/><effectiveTime><low value="20260105"/></effectiveTime></encompassingEncounter></componentOf><component><structuredBody>`, 1)
		}
		visit := func(id, who, identifier string) string {
			return `{"resourceType":"Encounter","id":"` + id + `","status":"finished","class":{"code":"AMB"},"identifier":[` + identifier + `],"subject":{"reference":"Patient/` + who + `"},"period":{"start":"2026-01-05T09:00:00Z"}}`
		}
		early := write(t, map[string]string{"early.xml": about("early", "1.5.5", "700")})
		files(t, door, write(t, map[string]string{"p.json": patient("a", "1001"), "q.json": patient("b", "1002")}))
		documents(t, door, early)
		files(t, door, write(t, map[string]string{"v.json": visit("v", "a", `{"system":"urn:oid:1.5.5","value":"700"}`), "w.json": visit("w", "b", `{"system":"urn:oid:1.5.5","value":"701"}`),
			"x.json": visit("x", "a", `{"system":"urn:oid:1.5.5","value":"702"}`), "y.json": visit("y", "a", `{"system":"urn:oid:1.5.5","value":"702"}`),
			"z.json": visit("z", "a", `{"system":"urn:ietf:rfc:3986","value":"urn:uuid:0e4c1c2a-0000-4000-8000-00000000abcd"}`)}))
		rep := documents(t, door, write(t, map[string]string{"its.xml": about("its", "1.5.5", "700"), "other.xml": about("other", "1.5.5", "701"), "two.xml": about("two", "1.5.5", "702"),
			"none.xml": about("none", "1.5.5", "703"), "root.xml": about("root", "1.5.6", "700"), "uuid.xml": strings.Replace(about("uuid", "0E4C1C2A-0000-4000-8000-00000000ABCD", "GONE"), ` extension="GONE"`, "", 1)}))
		if rep.Refused() != 0 {
			t.Fatalf("%+v", rep.Records.Refusals)
		}
		linked := func() (n int) {
			for _, r := range rows(t, door, patientOf(t, door, "1001")) {
				if r.Section == record.Notes && r.Visit != "" {
					n++
				}
			}
			return n
		}
		if n := linked(); n != 2 {
			t.Errorf("%d documents belong to a visit, not 2", n)
		}
		if documents(t, door, early); linked() != 3 {
			t.Errorf("sent again after its visit: %d", linked())
		}
		if rep := documents(t, door, early); rep.Wrote() {
			t.Errorf("sent once more it writes: %+v", rep.Records.Tally)
		}
	})
}

// Whose a document is must be certain: a number alone may be mistyped.
func TestADocumentOfAnybodyElseWaits(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"p.json": patient("a", "1001")}))
		for name, text := range map[string]string{
			"number.xml": document("1002", "Riveraa", "19800201", "5"),
			"name.xml":   document("1001", "Quiroga", "19800201", "5"),
			"birth.xml":  document("1001", "Riveraa", "19800301", "5"),
			"year.xml":   document("1001", "Riveraa", "1980", "5"),
		} {
			rep := documents(t, door, write(t, map[string]string{name: text}))
			if rep.Records.New != 0 || len(rep.Told) != 1 || rep.Told[0].Key != "ingest.ccda.nobody_known" || rep.Told[0].File != name {
				t.Errorf("%s: %+v", name, rep)
			}
		}
		if n := count(t, door.DB, "import_fault"); n != 4 {
			t.Errorf("%d faults kept", n)
		}
	})
}

func TestEachReasonHasASentence(t *testing.T) {
	for _, r := range ccda.Reasons() {
		if !lang.Has("ingest.ccda." + string(r)) {
			t.Errorf("no sentence for %s", r)
		}
	}
}

func TestADocumentByFeed(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		token := p.token("Hospital")
		p.fhir(token, patient("a", "1001"))
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write([]byte(document("1001", "Riveraa", "19800201", "5")))
		w.Close()
		if rec := p.send(token, "application/xml; charset=utf-8", &z, "Content-Encoding", "gzip"); rec.Code != 200 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		if got := rows(t, p.door, patientOf(t, p.door, "1001")); len(got) != 1 {
			t.Errorf("%+v", got)
		}
		if rec := p.send(token, "application/xml", strings.NewReader(document("1002", "Riveraa", "19800201", "5"))); rec.Code != 422 {
			t.Errorf("nobody's: %d %s", rec.Code, rec.Body)
		}
	})
}

// Every sample document is taken, or refused with a sentence; none stops the rest.
func TestSampleDocuments(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "ccda")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no sample data beside the project")
	}
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		rep := documents(t, door, dir)
		if rep.People.Files < 400 || rep.Records.New != 0 {
			t.Errorf("%d files, %+v", rep.People.Files, rep.Records.Tally)
		}
		for _, f := range rep.Told {
			if !lang.Has(f.Key) {
				t.Errorf("%s: no sentence %q", f.File, f.Key)
			}
		}
	})
}
