package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const (
	ana = ids.Patient("pat_ana")
	ben = ids.Patient("pat_ben")
)

// batch makes a batch about ana and ben out of resources as JSON.
func batch(t *testing.T, resources ...string) record.Batch {
	t.Helper()
	b := record.Batch{Source: "lab", People: map[string]ids.Patient{"Patient/a": ana, "urn:uuid:a": ana, "Patient/b": ben}}
	for i, r := range resources {
		for res, err := range fhir.Read("test.json", strings.NewReader(r), fhir.ForHTTP) {
			if err != nil {
				t.Fatal(err)
			}
			res.Entry = i + 1
			b.Resources = append(b.Resources, res)
		}
	}
	return b
}

// take takes resources in and wants none refused.
func take(t *testing.T, s *record.Records, resources ...string) record.Report {
	t.Helper()
	rep, err := s.Take(ctx, duty, batch(t, resources...))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Refusals {
		t.Errorf("refused: %+v", r)
	}
	return rep
}

func observation(id, patient, value string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","category":[{"coding":[{"code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}]},"subject":{"reference":"Patient/%s"},
		"effectiveDateTime":"2026-01-0%d","valueQuantity":{"value":%s,"unit":"%%","system":"http://unitsofmeasure.org","code":"%%"},
		"referenceRange":[{"low":{"value":4.0,"unit":"%%"},"high":{"value":5.6,"unit":"%%"}}]}`, id, patient, len(id), value)
}

// view reads in a transaction and stops the test at an error.
func view[T any](t *testing.T, db *store.DB, f func(*store.Tx) (T, error)) (out T) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) { out, err = f(tx); return err }); err != nil {
		t.Fatal(err)
	}
	return out
}

func list(t *testing.T, db *store.DB, who access.Reading, q record.Query) []record.Row {
	t.Helper()
	return view(t, db, func(tx *store.Tx) ([]record.Row, error) {
		rows, _, err := record.List(ctx, tx, who, q)
		return rows, err
	})
}

func member(t *testing.T, raw json.RawMessage, path ...string) string {
	t.Helper()
	n := fhir.Parse(raw)
	for _, p := range path {
		n = n.Get(p)
	}
	return n.Line()
}
