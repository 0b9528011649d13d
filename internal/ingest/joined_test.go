package ingest_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/ingest"
	"portico/internal/record"
	"portico/internal/store"
)

// follower is what app joins: health records follow the patient index.
type follower struct{}

func (follower) Follow(ctx context.Context, tx *store.Tx, rec, person ids.Patient) error {
	return record.Follow(ctx, tx, rec, person)
}

// replaced is a patient's record that another took the place of.
func replaced(id, number, by string) string {
	return strings.TrimSuffix(patient(id, number), "}") + `,"link":[{"type":"replaced-by","other":{"reference":"Patient/` + by + `"}}]}`
}

func values(t *testing.T, door *ingest.Door, p ids.Patient) string {
	var out []string
	for _, r := range rows(t, door, p) {
		out = append(out, r.Value)
	}
	return strings.Join(out, " ")
}

func TestRecordsFollowJoinedPatients(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		all := map[string]string{"a.json": bundle("collection", patient("a", "1001"), observation("o1", "Patient/a", "6.1")),
			"b.json": bundle("collection", patient("b", "1002"), observation("o2", "Patient/b", "7.2"))}
		dir := write(t, all)
		files(t, door, dir)
		a, b := patientOf(t, door, "1001"), patientOf(t, door, "1002")
		files(t, door, write(t, map[string]string{"join.json": replaced("a", "1001", "b")}))
		if patientOf(t, door, "1001") != b {
			t.Fatal("the patients are not joined")
		}
		if values(t, door, a) != "" || len(rows(t, door, b)) != 2 {
			t.Fatalf("joined: %q and %q", values(t, door, a), values(t, door, b))
		}
		for _, r := range rows(t, door, b) {
			err := door.DB.View(ctx, func(tx *store.Tx) error {
				doc, err := record.Document(ctx, tx, duty.Whole(b), r.ID)
				if got := fhir.Parse(doc.Raw).Get("subject").Get("reference").Text(); got != "Patient/"+b.Logical() {
					t.Errorf("a document of the chart is about %s", got)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		// What the sender still calls Patient/a comes to the same chart, once.
		late := write(t, map[string]string{"late.ndjson": observation("o1", "Patient/a", "6.1") + "\n" + observation("o3", "Patient/a", "8.3")})
		if rep := files(t, door, late); rep.Records.New != 1 || rep.Records.Unchanged != 1 || rep.Refused() != 0 {
			t.Fatalf("after joining: %+v %+v", rep.Records.Tally, rep.Told)
		}
		if len(rows(t, door, b)) != 3 {
			t.Errorf("joined: %q", values(t, door, b))
		}
		// Parting puts back what came for each, also what came meanwhile.
		files(t, door, write(t, map[string]string{"part.json": patient("a", "1001")}))
		if got := len(rows(t, door, a)); got != 2 || values(t, door, b) != "7.2" {
			t.Errorf("parted: %q and %q", values(t, door, a), values(t, door, b))
		}
		if n := count(t, door.DB, "resource_link WHERE patient_id = '"+string(b)+"' AND from_id IN (SELECT id FROM resource WHERE home_id = '"+string(a)+"')"); n != 0 {
			t.Errorf("%d links stayed behind", n)
		}
		if rep := files(t, door, dir, late); rep.Wrote() {
			t.Errorf("again: %+v", rep.Records.Tally)
		}
	})
}

// Results that come in while the records are joined are not left in the old chart.
func TestNothingIsLeftBehindWhenRecordsAreJoinedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		files(t, door, write(t, map[string]string{"p.ndjson": patient("a", "1001") + "\n" + patient("b", "1002")}))
		a, b := patientOf(t, door, "1001"), patientOf(t, door, "1002")
		var wg sync.WaitGroup
		for i := range 12 {
			dir := write(t, map[string]string{"o.json": observation("o"+strconv.Itoa(i), "Patient/a", "6."+strconv.Itoa(i))})
			wg.Go(func() {
				if rep, err := door.Files(ctx, duty, ingest.Order{Paths: []string{dir}}); err != nil || rep.Records.New != 1 {
					t.Errorf("%+v %v", rep, err)
				}
			})
			if i == 5 {
				join := write(t, map[string]string{"join.json": replaced("a", "1001", "b")})
				wg.Go(func() {
					if _, err := door.Files(ctx, duty, ingest.Order{Paths: []string{join}}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if n := len(rows(t, door, a)); n != 0 || len(rows(t, door, b)) != 12 {
			t.Errorf("%d left behind, %d followed", n, len(rows(t, door, b)))
		}
	})
}
