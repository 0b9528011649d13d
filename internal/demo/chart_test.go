package demo

import (
	"encoding/json"
	"testing"
)

// The same seed makes the same records, and each kind of thing is in a long one.
func TestChartsDependOnTheSeedAlone(t *testing.T) {
	p := People(1, 3)
	a, b := Chart(p[0], 1, true), Chart(p[0], 1, true)
	other := Chart(p[0], 2, true)
	if len(a) != len(b) || len(a) < 100 {
		t.Fatalf("%d resources, then %d", len(a), len(b))
	}
	differs := 0
	kinds := map[string]int{}
	for i := range a {
		if string(a[i].Raw) != string(b[i].Raw) {
			t.Errorf("%s differs", a[i].ID)
		}
		if string(a[i].Raw) != string(other[i].Raw) {
			differs++
		}
		if !json.Valid(a[i].Raw) {
			t.Errorf("%s is not JSON", a[i].ID)
		}
		kinds[a[i].Type]++
	}
	if differs == 0 {
		t.Error("another seed makes the same record")
	}
	for _, k := range []string{"Observation", "DiagnosticReport", "Condition", "MedicationRequest", "AllergyIntolerance", "Immunization", "Procedure", "Encounter",
		"DocumentReference", "CareTeam", "CarePlan", "Goal", "Coverage", "Device", "FamilyMemberHistory", "ImagingStudy"} {
		if kinds[k] == 0 {
			t.Errorf("no %s", k)
		}
	}
}
