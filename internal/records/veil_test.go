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
	if tag := rowsOf(s, listing{Found: Found{Rows: []record.Row{row}}, Mixed: true})[0].Tag; tag != "" {
		t.Errorf("its tag says %q", tag)
	}
	row.Sensitive = false
	if got := line(s, row, nil); !strings.Contains(got, "4711") {
		t.Errorf("another one says %q", got)
	}
}

// The record for schools has no column that is empty, and no empty cell.
func TestAPrintedImmunizationRecordHasNoEmptyCells(t *testing.T) {
	s := page.Shell{Lang: lang.Es, Clinic: &page.Clinic{Written: "en"}}
	shot := record.Row{Section: record.Immunizations, Kind: "Immunization", Measure: record.Measure{Title: "Tdap"}}
	if columns, rows := shots(s, []record.Row{shot}); len(columns) != 2 || rows[0][0].Lang != "en" || rows[0][1].Text != "Sin dato" {
		t.Errorf("%d columns, %+v", len(columns), rows)
	}
	known := shot
	known.Value = "B-17"
	columns, rows := shots(s, []record.Row{shot, known})
	if len(columns) != 3 || len(rows[0]) != 3 || rows[0][2].Text != "Sin dato" || rows[1][2].Text != "B-17" {
		t.Errorf("%d columns, %+v", len(columns), rows)
	}
}
