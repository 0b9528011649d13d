package ingest_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/ingest"
	"portico/internal/record"
	"portico/internal/store"
)

// A bulk export (HL7 Bulk Data Access) has one file for each type, one resource on
// a line, and no bundle says what belongs together. Binaries and Provenances do not
// say whom they are about: what refers to them, or what they refer to, does.
func TestABulkExportKeepsWhatBelongsTogether(t *testing.T) {
	note := func(id, subject, file string) string {
		return `{"resourceType":"DocumentReference","id":"` + id + `","status":"current","type":{"text":"Note"},"subject":{"reference":"` + subject +
			`"},"content":[{"attachment":{"contentType":"text/plain","url":"Binary/` + file + `"}}]}`
	}
	binary := func(id, text string) string {
		return `{"resourceType":"Binary","id":"` + id + `","contentType":"text/plain","data":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}`
	}
	source := func(id string, of ...string) string {
		var to []string
		for _, o := range of {
			to = append(to, `{"reference":"`+o+`"}`)
		}
		return `{"resourceType":"Provenance","id":"` + id + `","target":[` + strings.Join(to, ",") + `],"recorded":"2026-01-05T10:00:00Z","agent":[{"who":{"display":"Lab"}}]}`
	}
	export := map[string]string{
		"Binary.ndjson":            binary("f1", "ana's words") + "\n" + binary("f2", "ben's words") + "\n",
		"DocumentReference.ndjson": note("d1", "Patient/a", "f1") + "\n" + note("d2", "Patient/b", "f2") + "\n",
		"Observation.ndjson":       observation("o1", "Patient/a", "6.1") + "\n" + observation("o2", "Patient/b", "7.2") + "\n",
		"Patient.ndjson":           patient("a", "1001") + "\n" + patient("b", "1002") + "\n",
		"Provenance.ndjson":        source("v1", "Observation/o1", "DocumentReference/d1") + "\n" + source("v2", "Observation/o2") + "\n" + source("v3", "Observation/o1", "Observation/o2") + "\n",
	}
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		dir := write(t, export)
		rep := files(t, door, dir)
		for who, want := range map[string]string{"1001": "ana's words", "1002": "ben's words"} {
			p := patientOf(t, door, who)
			said, told := read(t, door, p)
			if said != want || told != 1 {
				t.Errorf("%s: the note says %q, %d statements on where it comes from", who, said, told)
			}
		}
		// One that speaks of two people belongs to neither.
		if rep.Refused() != 1 || len(rep.Told) != 1 || rep.Told[0].File != "Provenance.ndjson" || rep.Told[0].Line != 3 && rep.Told[0].Entry != 3 {
			t.Errorf("refused: %+v", rep.Told)
		}
		if again := files(t, door, dir); again.Wrote() {
			t.Errorf("again: %+v", again.Records.Tally)
		}
	})
}

// read gives what a patient's only note says and how many Provenances they have.
func read(t *testing.T, door *ingest.Door, p ids.Patient) (said string, told int) {
	t.Helper()
	who := duty.For(p)
	err := door.DB.View(ctx, func(tx *store.Tx) error {
		var notes []record.Doc
		if err := record.Documents(ctx, tx, who, []string{"DocumentReference", "Provenance"}, func(d record.Doc) error {
			if d.Type == "Provenance" {
				told++
			} else {
				notes = append(notes, d)
			}
			return nil
		}); err != nil {
			return err
		}
		for _, d := range notes {
			f, err := record.Files(ctx, tx, who, d)
			if err != nil {
				return err
			}
			if len(f) > 0 {
				said += f[0].Words()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said, told
}
