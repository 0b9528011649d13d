package page

import (
	"testing"
	"time"

	"portico/internal/lang"
)

// A time of day stays on one line: "9:00" alone at the end of one says nothing.
func TestATimeOfDayStaysWhole(t *testing.T) {
	at := time.Date(2026, 11, 27, 21, 5, 0, 0, time.UTC)
	for l, want := range map[lang.Lang]string{lang.En: "9:05\u00a0p.m.", lang.Es: "9:05\u00a0p.\u00a0m."} {
		s := testShell(l)
		if got := s.Clock(at); got != want {
			t.Errorf("%s: %q", l, got)
		}
		if got := s.Moment(at); got != l.Date(at)+", "+want {
			t.Errorf("%s: %q", l, got)
		}
	}
}
