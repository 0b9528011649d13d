package record_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
)

func TestTheSameBatchTwiceWritesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		if rep := take(t, s, observation("o", "a", "6.40")); rep.New != 1 {
			t.Fatalf("first: %+v", rep)
		}
		lines := func() int {
			return view(t, db, func(tx *store.Tx) (int, error) {
				return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action = 'record.taken'`)
			})
		}
		before := lines()
		if rep := take(t, s, observation("o", "a", "6.40")); rep.Unchanged != 1 || rep.New != 0 {
			t.Errorf("second: %+v", rep)
		}
		if lines() != before || before != 1 {
			t.Errorf("%d audit lines, then %d", before, lines())
		}
		rows := list(t, db, duty.For(ana), record.Query{Section: record.Results})
		if len(rows) != 1 || rows[0].Value != "6.40" || rows[0].Unit != "%" || !rows[0].Abnormal || rows[0].Low != "4.0" || rows[0].Group != record.Laboratory {
			t.Errorf("rows %+v", rows)
		}
		if n := len(list(t, db, duty.For(ben), record.Query{})); n != 0 {
			t.Errorf("ben sees %d rows of ana", n)
		}
	})
}

func TestANewVersionKeepsTheOldOne(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		dated := func(value, at string) string {
			return strings.Replace(observation("o", "a", value), `"status"`, `"meta":{"lastUpdated":"`+at+`"},"status"`, 1)
		}
		take(t, s, dated("6.4", "2026-03-01T10:00:00Z"))
		c.Move(time.Hour)
		if rep := take(t, s, dated("6.9", "2026-03-02T10:00:00Z")); rep.Changed != 1 {
			t.Fatalf("%+v", rep)
		}
		c.Move(time.Hour)
		// One that was made before comes late: the newest stays, history has all.
		if rep := take(t, s, dated("6.1", "2026-02-27T10:00:00Z")); rep.Older != 1 {
			t.Fatalf("%+v", rep)
		}
		if rep := take(t, s, dated("6.1", "2026-02-27T10:00:00Z")); rep.Unchanged != 1 {
			t.Errorf("the late one again: %+v", rep)
		}
		row := list(t, db, duty.For(ana), record.Query{})[0]
		if row.Value != "6.9" {
			t.Errorf("newest is %q", row.Value)
		}
		old := view(t, db, func(tx *store.Tx) ([]record.Doc, error) { return record.History(ctx, tx, duty.Whole(ana), row.ID) })
		var values []string
		for _, d := range old {
			values = append(values, fhir.Parse(d.Raw).Get("valueQuantity").Get("value").Number())
		}
		if strings.Join(values, " ") != "6.1 6.4" {
			t.Errorf("history %v", values)
		}
	})
}

func TestReferencesAreFollowedInAnyOrder(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		report := `{"resourceType":"DiagnosticReport","id":"r","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"Panel"},
			"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-01","encounter":{"reference":"Encounter/e"},
			"performer":[{"reference":"Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99"}],"result":[{"reference":"Observation/o"},{"reference":"Observation/oo"}]}`
		take(t, s, observation("o", "a", "5"), report)
		take(t, s, observation("oo", "a", "6"))
		take(t, s, `{"resourceType":"Practitioner","id":"p","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99"}],"name":[{"family":"Reed","given":["Ada"],"prefix":["Dr."]}]}`)
		rows := list(t, db, duty.For(ana), record.Query{Section: record.Results})
		if len(rows) != 1 || rows[0].Title != "Panel" || rows[0].Who != "Dr. Ada Reed" {
			t.Fatalf("stand-alone rows %+v", rows)
		}
		if in := list(t, db, duty.For(ana), record.Query{Parent: rows[0].ID}); len(in) != 2 {
			t.Errorf("%d members", len(in))
		}
		doc := view(t, db, func(tx *store.Tx) (record.Doc, error) { return record.Document(ctx, tx, duty.For(ana), rows[0].ID) })
		if got := member(t, doc.Raw, "subject", "reference"); got != "Patient/pat-ana" {
			t.Errorf("subject %q", got)
		}
		if got := member(t, doc.Raw, "id"); got != string(rows[0].ID) {
			t.Errorf("id %q", got)
		}
		if to := fhir.Parse(doc.Raw).Get("encounter").Reference(); to.Type != "Encounter" || !strings.HasPrefix(to.ID, "fhr-") {
			t.Errorf("encounter %+v", to)
		}
	})
}

func TestAnotherPatientsResourcesAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		take(t, s, observation("o", "a", "5"), observation("bb", "b", "7"))
		refused := func(name string, b record.Batch, path, key string) {
			t.Helper()
			rep, err := s.Take(ctx, duty, b)
			if err != nil || rep.Refused != 1 || rep.Refusals[0].Path != path || rep.Refusals[0].Key != key {
				t.Errorf("%s: %+v, %v", name, rep, err)
			}
		}
		one := batch(t, observation("xxx", "b", "5"))
		one.Patient = ana
		refused("in ana's bundle", one, "subject", "record.refused.other_patient")
		refused("moved", batch(t, observation("o", "b", "5")), "id", "record.refused.taken")
		refused("unknown", batch(t, observation("yyy", "c", "5")), "subject", "record.refused.unknown_patient")
		refused("member of another", batch(t, `{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{"text":"Panel"},
			"subject":{"reference":"Patient/a"},"result":[{"reference":"Observation/bb"}]}`), "result", "record.refused.other_patient")
		refused("about nobody", batch(t, `{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"}}`), "subject", "record.refused.nobody")
		// A's report names an observation that then turns out to be B's.
		take(t, s, `{"resourceType":"DiagnosticReport","id":"q","status":"final","code":{"text":"Panel"},"subject":{"reference":"Patient/a"},"result":[{"reference":"Observation/late"}]}`)
		refused("came late as another's", batch(t, observation("late", "b", "5")), "id", "record.refused.taken")
	})
}

func TestHeldRowsSayNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		take(t, s, observation("o", "a", "6.4"))
		first := list(t, db, duty.Whole(ana), record.Query{})[0]
		id, was := first.ID, record.Release{At: first.ReleaseAt, Why: first.ReleaseWhy}
		opens := c.Now().Add(time.Hour)
		if err := db.Change(ctx, duty.Did("result.held", string(id)), func(tx *store.Tx) error {
			return record.SetRelease(ctx, tx, duty.Whole(ana), id, was, record.Release{At: opens, Why: "review"})
		}); err != nil {
			t.Fatal(err)
		}
		look := func() (record.Row, error) {
			row := list(t, db, duty.For(ana), record.Query{})[0]
			return row, db.View(ctx, func(tx *store.Tx) error { _, err := record.Document(ctx, tx, duty.For(ana), id); return err })
		}
		c.Move(time.Hour - time.Millisecond)
		row, err := look()
		if !row.Held || row.Value != "" || row.Flag != "" || row.Abnormal || row.Range != "" || !fault.Is(err, fault.NotFound) {
			t.Errorf("a moment before: %+v, %v", row, err)
		}
		for _, q := range []record.Query{{Abnormal: true}, {Words: "6.4"}} {
			if n := len(list(t, db, duty.For(ana), q)); n != 0 {
				t.Errorf("%+v finds what is held", q)
			}
		}
		c.Move(time.Millisecond)
		if row, err := look(); row.Held || row.Value != "6.4" || err != nil {
			t.Errorf("at its time: %+v, %v", row, err)
		}
	})
}

func TestTwoBatchesAtOnceNameAResourceOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := s.Take(ctx, duty, batch(t, observation("o", "a", "5"), observation("oo", "a", "6"))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(list(t, db, duty.For(ana), record.Query{})); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

// Every chart of the sample data comes in, and what stays byte for byte does.
func TestRealCharts(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/fhir-*/*.json*")
	if len(files) == 0 {
		t.Skip("../shared/data is not here")
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		var all record.Report
		chart := files[:min(len(files), 12)]
		chart = append(chart, files[len(files)-3:]...)
		for _, f := range chart {
			b := record.Batch{Source: "sample", People: map[string]ids.Patient{}}
			for r, err := range fhir.Read(f, open(t, f), fhir.ForFiles) {
				if err != nil {
					continue
				}
				if r.Type == "Patient" {
					p := ids.NewPatient()
					b.People[r.FullURL], b.People["Patient/"+r.ID], b.Patient = p, p, p
					continue
				}
				b.Resources = append(b.Resources, r)
			}
			rep, err := s.Take(ctx, duty, b)
			if err != nil {
				t.Fatal(f, err)
			}
			all.Add(rep)
		}
		for _, r := range all.Refusals[:min(20, len(all.Refusals))] {
			t.Logf("refused: %+v", r)
		}
		if all.New < 1000 || all.Refused > all.New/100 {
			t.Errorf("%d new, %d refused", all.New, all.Refused)
		}
		t.Logf("%d new, %d refused, passed %v", all.New, all.Refused, all.Passed)
	})
}

func open(t testing.TB, file string) *os.File {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Messages come twice, late, and in the wrong order; what was corrected stays so.
func TestALateMessageDoesNotUndoACorrection(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		first := observation("o", "a", "6.4")
		early := strings.Replace(observation("o", "a", "6.0"), `"final"`, `"preliminary"`, 1)
		corrected := strings.Replace(observation("o", "a", "6.9"), `"final"`, `"corrected"`, 1)
		take(t, s, first)
		take(t, s, corrected)
		if rep := take(t, s, first); rep.Unchanged != 1 {
			t.Errorf("the first again: %+v", rep)
		}
		if rep := take(t, s, early); rep.Older != 1 {
			t.Errorf("the preliminary one, late: %+v", rep)
		}
		if rep := take(t, s, early, first, corrected); rep.Unchanged != 3 {
			t.Errorf("all again: %+v", rep)
		}
		rows := list(t, db, duty.For(ana), record.Query{})
		if len(rows) != 1 || rows[0].Value != "6.9" {
			t.Errorf("rows %+v", rows)
		}
		issued := strings.Replace(observation("p", "a", "5.1"), `"status"`, `"issued":"2026-03-02T10:00:00Z","status"`, 1)
		before := strings.Replace(observation("p", "a", "5.0"), `"status"`, `"issued":"2026-03-01T10:00:00Z","status"`, 1)
		if rep := take(t, s, issued, before); rep.New != 1 || rep.Older != 1 {
			t.Errorf("by the moment they were issued: %+v", rep)
		}
	})
}

// marksOf writes what a chart of a test gets, newest first.
func marksOf(t *testing.T, db *store.DB, who access.Reading, read func(context.Context, *store.Tx, access.Reading, string, string) ([]record.Mark, error), code string) string {
	t.Helper()
	var out []string
	for _, m := range view(t, db, func(tx *store.Tx) ([]record.Mark, error) { return read(ctx, tx, who, "http://loinc.org", code) }) {
		out = append(out, strings.Trim(m.Code+" "+m.Comparator+m.Number+m.Unit, " "))
	}
	return strings.Join(out, ", ")
}

// What a chart draws follows its value: into its next version, out of view with an
// error, into another chart, and it opens when the value does.
func TestMarksFollowTheirValue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		pressure := `{"resourceType":"Observation","id":"bp","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/a"},
			"effectiveDateTime":"2026-01-05","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg"}},
			{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg"}}]}`
		take(t, s, observation("o", "a", "6.4"), observation("oo", "a", "6.9"), pressure)
		want := func(when string, who access.Reading, want string) {
			t.Helper()
			if got := marksOf(t, db, who, record.Trend, "4548-4"); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		want("at first", duty.For(ana), "6.9%, 6.4%")
		if got := marksOf(t, db, duty.For(ana), record.TrendParts, "85354-9"); got != "8480-6 120mmHg, 8462-4 80mmHg" {
			t.Errorf("parts %q", got)
		}
		want("ben's", duty.For(ben), "")
		take(t, s, observation("o", "a", "6.5"), strings.Replace(observation("oo", "a", "6.9"), "final", "entered-in-error", 1))
		want("corrected and in error", duty.For(ana), "6.5%")
		take(t, s, strings.Replace(observation("o", "a", "6.5"), "final", "cancelled", 1))
		want("cancelled", duty.For(ana), "%")
		take(t, s, observation("o", "a", "6.6"))
		row := list(t, db, duty.For(ana), record.Query{Code: "4548-4"})[0]
		was := record.Release{At: row.ReleaseAt, Why: row.ReleaseWhy}
		change := func(f func(*store.Tx) error) {
			t.Helper()
			if err := db.Change(ctx, duty.Did(audit.ResultHeld, "o"), f); err != nil {
				t.Fatal(err)
			}
		}
		change(func(tx *store.Tx) error {
			return record.SetRelease(ctx, tx, duty.Whole(ana), row.ID, was, record.Release{At: tx.Now.Add(time.Hour), Why: "hold", Sensitive: true})
		})
		want("held", duty.For(ana), "")
		want("held, to staff", duty.Whole(ana), "6.6%")
		c.Move(time.Hour)
		want("open again", duty.For(ana), "6.6%")
		change(func(tx *store.Tx) error { return record.Follow(ctx, tx, ana, ben) })
		want("joined", duty.For(ana), "")
		want("joined", duty.For(ben), "6.6%")
	})
}

// Charts that were there before marks were kept get theirs from the migration.
func TestTheMigrationMakesTheSameMarks(t *testing.T) {
	ddl, err := os.ReadFile("../store/migrations/0036_record_value.sql")
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.Split(string(ddl), "\n\n")[2:]
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		s := &record.Records{DB: db}
		take(t, s, observation("o", "a", "6.4"), strings.Replace(observation("oo", "a", "6.5"), "final", "entered-in-error", 1),
			strings.Replace(strings.Replace(observation("ooo", "a", "6.6"), "final", "cancelled", 1), `"a"`, `"b"`, 1), `{"resourceType":"Observation","id":"bp","status":"final",
			"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-05","component":[
			{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"comparator":">","unit":"mmHg"}}]}`)
		all := func() []string {
			return view(t, db, func(tx *store.Tx) ([]string, error) {
				return store.List(ctx, tx, store.One[string], `
					SELECT CONCAT_WS('|', patient_id, code, system, sort_at, resource_id, place, part, title, comparator, num, unit, unit_code,
						CASE WHEN abnormal THEN 'out' END, at_text, CASE WHEN sensitive THEN 'care' END, release_at)
					FROM record_value ORDER BY sort_at, resource_id, place`)
			})
		}
		want := all()
		if err := db.Change(ctx, duty.Did(audit.RecordsTaken, "test"), func(tx *store.Tx) error {
			for _, q := range append([]string{`DELETE FROM record_value`}, fill...) {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, all()); diff != "" || len(want) != 4 {
			t.Errorf("%d marks; -taken in +migrated:\n%s", len(want), diff)
		}
	})
}
