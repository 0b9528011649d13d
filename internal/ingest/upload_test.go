package ingest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ingest"
	"portico/internal/testkit"
	"portico/internal/web"
)

// clerk is somebody of a role at work on a task.
func (p *portal) clerk(role string, task access.Task, raised bool) access.Desk {
	p.t.Helper()
	b := testkit.Serve(p.t, p.mount)
	p.signIn(b, role)
	token := b.Cookie(web.StaffCookie)
	if raised {
		testkit.RaiseStaff(p.t, p.door.DB, token)
	}
	d, _, err := p.gate.Desk(ctx, token, task, "test", access.NewVisitor("test", "test"))
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// foreign is a patient of the clinic as another clinic has them.
const foreign = `{"resourceType":"Patient","id":"77","identifier":[{"system":"http://valley.example","value":"V-77"}],"name":[{"family":"Riveraa","given":["Ana"]}],"birthDate":"1980-02-01",
	"telecom":[{"system":"email","value":"thief@example.com"}],"address":[{"line":["1 Else Street"],"city":"Elsewhere"}]}`

// A clerk brings in a file about the patient they name: FHIR as a bundle or by
// lines, a document, each also packed. The patient index stays as it is.
func TestAClerkBringsInAFile(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		files(t, p.door, write(t, map[string]string{"p.json": patient("a", "1001"), "q.json": patient("b", "1002")}))
		d, ana := p.clerk("records", access.TakeImports, true), patientOf(t, p.door, "1001")
		state := func() [4]int {
			return [4]int{count(t, p.door.DB, "patient"), count(t, p.door.DB, "patient_contact"), count(t, p.door.DB, "patient_number"), count(t, p.door.DB, "patient_name")}
		}
		before := state()
		sent := func(from string, file []byte) string {
			t.Helper()
			run, err := p.door.Upload(ctx, d, ingest.Sent{Number: "1001", From: from, File: file})
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		whole := bundle("collection", foreign, observation("o1", "Patient/77", "6.1"), observation("o2", "Patient/nobody", "9"))
		sent("Valley Hospital", []byte(whole))
		sent("Valley Hospital", zip(t, whole)) // again, packed
		sent("Valley Hospital", []byte(strings.ReplaceAll(foreign, "\n", "")+"\n"+observation("o3", "Patient/77", "6.3")))
		if _, err := p.door.Upload(ctx, d, ingest.Sent{Number: "1002", From: "Valley Hospital", // calls everybody 77
			File: []byte(bundle("collection", strings.NewReplacer("Riveraa", "Riverab", "1980-02-01", "1980-02-02").Replace(foreign), observation("o1", "Patient/77", "5.5")))}); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, p.door, patientOf(t, p.door, "1002")); len(got) != 1 || got[0].Value != "5.5" {
			t.Errorf("another patient of the same sender has %+v", got)
		}
		sent("Lake Hospital", []byte(bundle("transaction", foreign, observation("o1", "Patient/77", "7.1")))) // its own names
		run := sent("Lake Hospital", zip(t, document("9-9", "Riveraa", "19800201", "5")))                     // a number of theirs
		if got := rows(t, p.door, ana); len(got) != 4 {
			t.Errorf("the chart has %+v", got)
		}
		if now := state(); now != before {
			t.Errorf("the patient index was %v and is %v", before, now)
		}
		look := p.clerk("records", access.SeeImports, false)
		if faults, _, err := p.door.Registry.Faulty(ctx, look); err != nil || len(faults) != 2 || !strings.HasPrefix(faults[0].File, "Valley Hospital ") {
			t.Errorf("faults %+v, %v", faults, err)
		}
		runs, err := p.door.Runs(ctx, look)
		if n := slices.IndexFunc(runs, func(r ingest.Run) bool { return r.ID == run }); err != nil || n < 0 || runs[n].New != 2 {
			t.Errorf("runs %+v, %v", runs, err)
		}
		if n := count(t, p.door.DB, "audit_entry WHERE action = 'record.taken' AND actor = 'staff' AND patient_id = '"+string(ana)+"' AND object = 'Lake Hospital'"); n != 2 {
			t.Errorf("%d audit lines name the clerk", n)
		}
	})
}

func TestAFileThatIsNotForTheChartIsRefusedWhole(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		files(t, p.door, write(t, map[string]string{"p.json": patient("a", "1001"), "q.json": patient("b", "1002")}))
		d := p.clerk("records", access.TakeImports, true)
		about := func(number string) string {
			return bundle("collection", foreign, patient("b", number), observation("o1", "Patient/77", "6.1"))
		}
		before := count(t, p.door.DB, "resource") + count(t, p.door.DB, "ingest_person") + count(t, p.door.DB, "ingest_run")
		for name, c := range map[string]struct {
			number, from, file, field, key string
		}{
			"another's number":   {"1002", "V", bundle("collection", foreign, observation("o1", "Patient/77", "6")), "file", "ingest.upload.other"},
			"no such number":     {"4711", "V", bundle("collection", foreign), "number", "ingest.upload.number.unknown"},
			"two people":         {"1001", "V", about("1002"), "file", "ingest.upload.other"},
			"nobody":             {"1001", "V", observation("o1", "Patient/77", "6"), "file", "ingest.upload.nobody"},
			"no birth date":      {"1001", "V", strings.Replace(foreign, "1980-02-01", "1980", 1), "file", "registry.import.partial_birth"},
			"cut off":            {"1001", "V", bundle("collection", foreign, observation("o1", "Patient/77", "6"))[:600], "file", "registry.import.truncated"},
			"another's document": {"1001", "V", document("1001", "Riverab", "19800201", "5"), "file", "ingest.upload.other"},
			"a document's birth": {"1001", "V", document("1001", "Riveraa", "1980", "5"), "file", "ingest.upload.other"},
			"hostile XML":        {"1001", "V", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><ClinicalDocument xmlns="urn:hl7-org:v3">&a;</ClinicalDocument>`, "file", "ingest.ccda.doctype"},
			"a picture":          {"1001", "V", "\x89PNG\r\n", "file", "ingest.upload.file.kind"},
			"no file":            {"1001", "V", "", "file", "ingest.upload.file.none"},
			"no sender":          {"1001", " ", foreign, "from", "ingest.upload.from.bad"},
		} {
			_, err := p.door.Upload(ctx, d, ingest.Sent{Number: c.number, From: c.from, File: []byte(c.file)})
			if got := fault.Problems(err); len(got) != 1 || got[0].Field != c.field || got[0].Text != c.key {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		good := ingest.Sent{Number: "1001", From: "V", File: []byte(foreign)}
		if _, err := p.door.Upload(ctx, p.clerk("records", access.TakeImports, false), good); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("without proving anew: %v", err)
		}
		if _, err := p.door.Upload(ctx, p.clerk("administrator", access.SeeDesk, true), good); !fault.Is(err, fault.Denied) {
			t.Errorf("another role: %v", err)
		}
		if after := count(t, p.door.DB, "resource") + count(t, p.door.DB, "ingest_person") + count(t, p.door.DB, "ingest_run"); after != before {
			t.Error("something of a refused file came in")
		}
	})
}
