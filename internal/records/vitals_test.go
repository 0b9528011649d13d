package records_test

import (
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/record"
)

func pressure(id, day, high, low string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Blood pressure"},
		"subject":{"reference":"Patient/a"},"effectiveDateTime":"` + day + `","component":[
		{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}],"text":"Systolic"},"valueQuantity":{"value":` + high + `,"unit":"mmHg","code":"mm[Hg]","system":"http://unitsofmeasure.org"}},
		{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}],"text":"Diastolic"},"valueQuantity":{"value":` + low + `,"unit":"mmHg","code":"mm[Hg]","system":"http://unitsofmeasure.org"}}]}`
}

// A measurement leads to its chart over time; what cannot be drawn does not, nor one
// that was taken once.
func TestAMeasurementLeadsToItsHistory(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(pressure("1", "2025-01-05", "131", "82"), pressure("2", "2026-01-05", "128", "80"), condition("c", "a", "Cough"), visit,
			`{"resourceType":"Observation","id":"t","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8361-8"}],"text":"Position"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2024-01-05","valueString":"Sitting"}`,
			`{"resourceType":"Observation","id":"h","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"9843-4"}],"text":"Head size"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2024-01-05","valueQuantity":{"value":51,"unit":"cm"}}`)
		b := r.browser(ana)
		f, err := r.Section(ctx, r.chart(ana, access.SeeRecords), record.Vitals, "")
		if err != nil || len(f.Rows) != 4 {
			t.Fatalf("%+v, %v", f.Rows, err)
		}
		for _, row := range f.Rows {
			got := b.Get("/records/item/" + string(row.ID)).Has(`a[href="/results/` + string(row.ID) + `/history"]`)
			if want := strings.Contains(row.Title, "pressure"); got != want {
				t.Errorf("%s leads to its history: %v", row.Title, got)
			}
		}
		if b.Get("/records/item/" + string(r.first(ana, record.Conditions).ID)).Has(`a[href$="/history"]`) {
			t.Error("an illness leads to a chart")
		}
	})
}
