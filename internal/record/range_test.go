package record

import (
	"testing"

	"portico/internal/fhir"
)

// A range that is a value says both of its ends; where one is missing, the other is a
// limit and no number.
func TestARangeAsAValue(t *testing.T) {
	for text, want := range map[string]Measure{
		`{"low":{"value":5,"unit":"mg","code":"mg"},"high":{"value":10,"unit":"mg","code":"mg"}}`: {Value: "5 – 10", Unit: "mg", UnitCode: "mg"},
		`{"low":{"value":5},"high":{"value":10,"unit":"mg","code":"mg"}}`:                         {Value: "5 – 10", Unit: "mg", UnitCode: "mg"},
		`{"low":{"value":5,"unit":"mg","code":"mg"}}`:                                             {Value: "5", Comparator: ">=", Unit: "mg", UnitCode: "mg"},
		`{"high":{"value":10,"unit":"mg","code":"mg"}}`:                                           {Value: "10", Comparator: "<=", Unit: "mg", UnitCode: "mg"},
		`{"low":{"value":500,"unit":"mg"},"high":{"value":1,"unit":"g"}}`:                         {Value: "500 mg – 1 g"},
		`{}`: {},
	} {
		if got := measure(fhir.Parse([]byte(`{"valueRange":` + text + `}`))); got != want {
			t.Errorf("%s is %+v, want %+v", text, got, want)
		}
	}
}
