package page

import (
	"testing"
	"time"

	"portico/internal/fhir"
	"portico/internal/lang"
)

// Spanish sets an article before the day of a month, and before nothing less precise.
func TestADayInsideASentence(t *testing.T) {
	for text, want := range map[string][2]string{
		"1974-03-29": {"March 29, 1974", "el 29 de marzo de 1974"}, "1974-03-29T10:00:00Z": {"March 29, 1974", "el 29 de marzo de 1974"},
		"1974-03": {"March 1974", "marzo de 1974"}, "1974": {"1974", "1974"}, "": {"", ""},
	} {
		for i, l := range lang.All {
			if got := testShell(l).TheDay(fhir.At(text)); got != want[i] {
				t.Errorf("%s of %q: %q, want %q", l, text, got, want[i])
			}
		}
	}
}

// A value that is a date, a moment or a span reads as one; everything else as it came.
func TestAValueThatIsADate(t *testing.T) {
	s := Shell{Lang: lang.Es, Clinic: &Clinic{Zone: time.FixedZone("", -4*3600)}}
	for value, want := range map[string]string{
		"2026-03-01": "1 de marzo de 2026", "2026-03-01T14:30:00Z": "1 de marzo de 2026, 10:30\u00a0a.\u00a0m.", "2026-03-01 – 2026-03-04": "1 de marzo de 2026 – 4 de marzo de 2026",
		"2026-13-45": "2026-13-45", "2026": "2026", "4548-4": "4548-4", "Positive": "Positive", "3.5 – 5.1": "3.5 – 5.1", "1:128": "1:128", "13:05:00": "13:05:00", "": "",
	} {
		if got := s.Dated(value); got != want {
			t.Errorf("%q reads %q, want %q", value, got, want)
		}
	}
}
