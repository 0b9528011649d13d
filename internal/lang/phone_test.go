package lang_test

import (
	"testing"

	"portico/internal/lang"
)

func TestPhone(t *testing.T) {
	for number, want := range map[string]string{
		"+14135550100": "(413) 555-0100", "+14135550100x12": "(413) 555-0100 x12", "413-555-0100": "413-555-0100",
		"+525555550100": "+525555550100", "+1413555010": "+1413555010", "+1413555010a": "+1413555010a", "": "",
	} {
		if got := lang.Phone(number); got != want {
			t.Errorf("%s is written %s, not %s", number, got, want)
		}
	}
}
