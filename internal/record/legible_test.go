package record

import "testing"

func TestLegible(t *testing.T) {
	for _, c := range []struct {
		text, low, high, want string
	}{
		{"27.075187166402603", "", "", "27.08"},
		{"142.5747590551853", "136", "145", "142.6"},
		{"-2.5689280488935755", "", "", "-2.569"},
		{"0.00123456789", "", "", "0.001235"},
		{"123456.789012", "", "", "123457"},
		{"0.00000", "", "", "0.00000"},
		{"118.123456/76.98765", "", "", "118.1/76.99"},
		{"3.51234567 – 5.10987654", "", "", "3.512 – 5.110"},
		// What laboratories send stays as sent.
		{"6.4", "", "", "6.4"},
		{"0.0125", "", "", "0.0125"},
		{"1.0000", "", "", "1.0000"},
		{"Positive, 1.5 mg", "", "", "Positive, 1.5 mg"},
		// On the right side of a limit, whatever it takes.
		{"5.69998", "4", "5.7", "5.69998"},
		{"5.70000001", "4", "5.7", "5.70000001"},
		{"3.49999", "3.5", "", "3.49999"},
		{"5.70000", "4", "5.7", "5.700"},
		// No numbers of a measurement.
		{"1.2.840.10008.5.1", "", "", "1.2.840.10008.5.1"},
		{"v2.10000", "", "", "v2.10000"},
		{"2.16.840.1.113883.4.3.25", "", "", "2.16.840.1.113883.4.3.25"},
		{"12.34567.8", "", "", "12.34567.8"},
	} {
		if got := Legible(c.text, c.low, c.high); got != c.want {
			t.Errorf("%s between %q and %q: %s, want %s", c.text, c.low, c.high, got, c.want)
		}
	}
}

// A blood pressure is read systolic first, in whatever order it was sent.
func TestBloodPressureIsSystolicFirst(t *testing.T) {
	low, high := Measure{Code: "8462-4", Value: "80", Unit: "mm[Hg]"}, Measure{Code: "8480-6", Value: "120", Unit: "mm[Hg]"}
	for _, parts := range [][]Measure{{low, high}, {high, low}} {
		var r Row
		if r.together(parts); r.Value != "120/80" {
			t.Errorf("%v: %s", parts, r.Value)
		}
	}
}
