package records

import (
	"strings"
	"testing"

	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/record"
)

// A timeline says of a sensitive result that it is there, and no value.
func TestALineOfASensitiveResultSaysNoValue(t *testing.T) {
	s := page.Shell{Lang: lang.En}
	row := record.Row{Section: record.Results, Kind: "Observation", Sensitive: true, Measure: record.Measure{Title: "HIV 1 RNA", Value: "4711", Abnormal: true}}
	if got := line(s, row, []record.Measure{{Title: "Part", Value: "4711"}}); strings.Contains(got, "4711") || got != s.T("records.veiled") {
		t.Errorf("it says %q", got)
	}
	if tag := rowsOf(s, Found{Rows: []record.Row{row}}, true)[0].Tag; tag != "" {
		t.Errorf("its tag says %q", tag)
	}
	row.Sensitive = false
	if got := line(s, row, nil); !strings.Contains(got, "4711") {
		t.Errorf("another one says %q", got)
	}
}
