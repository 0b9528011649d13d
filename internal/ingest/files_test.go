package ingest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/ingest"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// each runs f on an empty clinic on both databases.
func each(t *testing.T, f func(t *testing.T, door *ingest.Door, c *clock.Fake)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newDoor(t, db), c) })
}

func newDoor(t testing.TB, db *store.DB) *ingest.Door {
	r := &registry.Room{DB: db, Keys: testkit.Keys(t), Region: "US", Follower: follower{}}
	return &ingest.Door{DB: db, Registry: r, Records: &record.Records{DB: db}, Limit: &limit.Limiter{DB: db, Keys: r.Keys},
		Clinic: &page.Clinic{Name: "Riverside Family Clinic", Zone: time.UTC}}
}

// write makes files in a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func files(t *testing.T, door *ingest.Door, paths ...string) ingest.Report {
	t.Helper()
	rep, err := door.Files(ctx, duty, ingest.Order{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func count(t *testing.T, db *store.DB, from string) (n int) {
	t.Helper()
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], "SELECT COUNT(*) FROM "+from)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// patientOf finds a patient by number.
func patientOf(t *testing.T, door *ingest.Door, number string) (p ids.Patient) {
	t.Helper()
	err := door.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = door.Registry.PatientByNumber(ctx, tx, number)
		return err
	})
	if err != nil {
		t.Fatalf("patient %s: %v", number, err)
	}
	return p
}

func rows(t *testing.T, door *ingest.Door, p ids.Patient) (out []record.Row) {
	t.Helper()
	err := door.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, _, err = record.List(ctx, tx, duty.For(p), record.Query{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func patient(id, number string) string {
	return `{"resourceType":"Patient","id":"` + id + `","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"http://clinic.example/mrn","value":"` + number +
		`"}],"name":[{"family":"Rivera` + id + `","given":["Ana"]}],"birthDate":"1980-02-0` + number[len(number)-1:] + `"}`
}

func observation(id, subject, value string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}],"text":"Hemoglobin A1c"},` +
		`"subject":{"reference":"` + subject + `"},"effectiveDateTime":"2026-01-05","valueQuantity":{"value":` + value + `,"unit":"%"}}`
}

func bundle(kind string, entries ...string) string {
	var e []string
	for _, r := range entries {
		e = append(e, `{"resource":`+r+`}`)
	}
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(e, ",") + `]}`
}

// Bulk exports have a file for each type, and nothing says which comes first.
func TestPeopleComeFirstWhateverTheFilesAreCalled(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		dir := write(t, map[string]string{
			"Observation.ndjson": observation("o1", "Patient/a", "6.1") + "\n" + observation("o2", "Patient/b", "7.2") + "\n",
			"Patient.ndjson":     patient("a", "1001") + "\n" + patient("b", "1002") + "\n",
		})
		rep := files(t, door, dir)
		if rep.People.New != 2 || rep.Records.New != 2 || rep.Refused() != 0 {
			t.Fatalf("%+v", rep)
		}
		if got := rows(t, door, patientOf(t, door, "1002")); len(got) != 1 || got[0].Value != "7.2" {
			t.Errorf("rows of the second: %+v", got)
		}
	})
}

func TestTheSameFilesAgainWriteNothing(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		dir := write(t, map[string]string{
			"chart.json": bundle("transaction", patient("a", "1001"), observation("o1", "Patient/a", "6.1"), observation("o2", "Patient/stranger", "6")),
		})
		first := files(t, door, dir)
		if first.Records.New != 1 || first.Records.Refused != 1 {
			t.Fatalf("first: %+v", first)
		}
		state := func() [4]int {
			return [4]int{count(t, door.DB, "audit_entry"), count(t, door.DB, "resource_version"), count(t, door.DB, "ingest_run"), count(t, door.DB, "import_fault")}
		}
		before := state()
		if before[2] != 1 || before[3] != 1 {
			t.Errorf("runs and faults: %v", before)
		}
		if rep := files(t, door, dir); rep.Wrote() || state() != before {
			t.Errorf("second: %+v, %v then %v", rep, before, state())
		}
	})
}

// The next export need not name the people again.
func TestLaterFilesFindEarlierPeople(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"p.json": patient("a", "1001")}))
		rep := files(t, door, write(t, map[string]string{
			"o.ndjson": observation("o1", "http://ehr.example/fhir/Patient/a/_history/3", "6.1") + "\n" + observation("o2", "Patient?identifier=http://clinic.example/mrn|1001", "6.2"),
		}))
		if rep.Records.New != 2 || rep.Refused() != 0 {
			t.Fatalf("%+v", rep)
		}
		other, err := door.Files(ctx, duty, ingest.Order{Source: "other", Paths: []string{write(t, map[string]string{"o.json": observation("o3", "Patient/a", "9")})}})
		if err != nil || other.Records.Refused != 1 {
			t.Errorf("another source's Patient/a: %+v %v", other, err)
		}
	})
}

// A bundle about one patient holds nothing about another, known or not.
func TestAnotherPatientInABundleIsRefused(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"b.json": patient("b", "1002")}))
		rep := files(t, door, write(t, map[string]string{
			"chart.json": bundle("collection", patient("a", "1001"), observation("o1", "Patient/b", "6.1"), observation("o2", "Patient/a", "6.2")),
		}))
		if rep.Records.New != 1 || len(rep.Told) != 1 || rep.Told[0].Key != "record.refused.other_patient" || rep.Told[0].Entry != 2 {
			t.Fatalf("%+v", rep)
		}
		if got := rows(t, door, patientOf(t, door, "1002")); len(got) != 0 {
			t.Errorf("the other patient got %+v", got)
		}
	})
}

// Two systems may both have a Patient/a. What the second one's refers to is not
// certain, so nothing of it is filed under the first.
func TestANameDoesNotChangeWhomItStandsFor(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"a.json": patient("a", "1001")}))
		other := strings.ReplaceAll(patient("a", "1002"), "Rivera", "Quiroga")
		rep := files(t, door, write(t, map[string]string{"b.json": bundle("collection", other, observation("o1", "Patient/a", "6.1"))}))
		var keys []string
		for _, f := range rep.Told {
			keys = append(keys, f.Key)
		}
		if rep.Records.New != 0 || strings.Join(keys, " ") != "ingest.refused.reused record.refused.unknown_patient" {
			t.Errorf("%v %+v", keys, rep)
		}
	})
}

func TestReportNamesPlacesAndNoValues(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		dir := write(t, map[string]string{"chart.json": bundle("collection", patient("a", "1001"), observation("secret-id", "Patient/stranger", "6.25"))})
		var out bytes.Buffer
		rep := files(t, door, dir)
		rep.Write(&out)
		if !strings.Contains(out.String(), "refused:  chart.json: line 1: entry 2: subject: It is about a patient who has not come in.") {
			t.Error(out.String())
		}
		for _, v := range []string{"stranger", "6.25", "secret-id", "Rivera"} {
			if strings.Contains(out.String(), v) {
				t.Errorf("the report tells %q", v)
			}
		}
	})
}

// A tenth of the sample charts, with the lists of hospitals and practitioners.
func TestSampleChartsComeInOnce(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no sample data beside the project")
	}
	charts, _ := filepath.Glob(filepath.Join(dir, "fhir-synthea", "C*.json.gz"))
	lists, _ := filepath.Glob(filepath.Join(dir, "fhir-synthea", "*Information*.json.gz"))
	paths := append(append(charts, lists...), filepath.Join(dir, "fhir-uscore"))
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		rep := files(t, door, paths...)
		if rep.Refused() != 0 || rep.Records.New < 3000 {
			t.Fatalf("%+v %+v", rep.Records.Tally, rep.Told)
		}
		if again := files(t, door, paths...); again.Wrote() || again.Records.Unchanged != rep.Records.All() {
			t.Errorf("again: %+v", again.Records.Tally)
		}
		if n := count(t, door.DB, "record_row WHERE sort_at = '' AND section = 'results'"); n != 0 {
			t.Errorf("%d results without a date", n)
		}
		// The charts are old and name no profiles; what can be proven of them is.
		for what, want := range map[string]bool{
			"code = '72166-2' AND section <> 'social'":              false, // smoking is no test result
			"code = '72166-2' AND section = 'social'":               true,
			"section = 'vitals' AND code IN ('85354-9', '55284-4')": true,
			"section = 'results' AND grp = 'survey'":                false,
			"section = 'results' AND grp = 'laboratory'":            true,
			"section = 'conditions' AND state = 'active'":           true,
			"section = 'conditions' AND state = 'resolved'":         true,
			"section = 'conditions' AND state = ''":                 false,
		} {
			if n := count(t, door.DB, "record_row WHERE "+what); n > 0 != want {
				t.Errorf("%d rows with %s", n, what)
			}
		}
	})
}
