package sharing

import (
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/record"
)

// A copy for reading writes values as the pages do: units in common signs, dates in
// words, and why there is none.
func TestValuesInACopyReadAsOnPages(t *testing.T) {
	w := words{lang.Es, time.UTC}
	for want, m := range map[string]record.Measure{
		"426 m/6 min":        {Value: "426", Unit: "m/(6.min)", UnitCode: "m/(6.min)"},
		"2 puntos":           {Value: "2", Unit: "{score}", UnitCode: "{score}"},
		"5 cigarettes":       {Value: "5", Unit: "{cigarettes}"},
		"97%":                {Value: "97", Unit: "%", UnitCode: "%"},
		"<0.1 mg/dL":         {Comparator: "<", Value: "0.1", Unit: "mg/dL", UnitCode: "mg/dL"},
		"1 de marzo de 2026": {Value: "2026-03-01"},
		"Positive":           {Value: "Positive"},
	} {
		if got := w.value(m); got != want {
			t.Errorf("%+v reads %q, want %q", m, got, want)
		}
	}
	none := &item{Row: record.Row{Kind: "Observation", State: "Unknown"}}
	if got := w.absent(none); got != "No se envió un valor: no se sabe" {
		t.Errorf("what was not sent reads %q", got)
	}
	if got := w.absent(&item{Row: record.Row{Kind: "Condition", State: "active"}}); got != "" {
		t.Errorf("a condition's state is told as an absent value: %q", got)
	}
}
