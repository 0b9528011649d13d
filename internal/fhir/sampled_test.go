package fhir

import (
	"math"
	"strings"
	"testing"
)

// Values are origin and factor times what was sent; what could not be measured is a
// gap, and what is interleaved is taken apart.
func TestWhatADeviceSampled(t *testing.T) {
	read := func(text string) (Sampled, bool) { return Parse([]byte(text)).Sampled() }
	s, ok := read(`{"origin":{"value":2048,"unit":"mV"},"period":2,"factor":1.5,"dimensions":2,"data":"0 E 2 -4 U 1e1"}`)
	if !ok || s.Unit != "mV" || s.Period != 2 || s.Lost != 2 || len(s.Lines) != 2 {
		t.Fatalf("%+v %v", s, ok)
	}
	gap := math.NaN()
	for i, want := range [][]float64{{2048, 2051, gap}, {gap, 2042, 2063}} {
		for j, v := range want {
			if got := s.Lines[i][j]; got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Errorf("line %d has %v, want %v", i, s.Lines[i], want)
			}
		}
	}
	if s, ok := read(`{"origin":{"code":"mm[Hg]"},"data":"1 2"}`); !ok || s.Unit != "mm[Hg]" || s.Period != 0 || s.Lines[0][1] != 2 {
		t.Errorf("with the least that can be sent: %+v %v", s, ok)
	}
	for _, bad := range []string{`{}`, `{"data":""}`, `{"data":"E U L"}`, `{"data":"1 two"}`, `{"data":"1 NaN"}`, `{"data":"1 Inf"}`, `{"data":"1 1e999"}`,
		`{"data":"1","dimensions":0}`, `{"data":"1","dimensions":-1}`, `{"data":"1","dimensions":1.5}`, `{"data":"1","dimensions":1000000}`, `{"data":"1","dimensions":"2"}`,
		`{"data":"1e99","factor":1e99}`, `{"data":1}`, `{"data":["1"]}`, `{"data":"` + strings.Repeat("1 ", mostSampled/2+1) + `"}`} {
		if s, ok := read(bad); ok && !strings.Contains(bad, `"2"`) {
			t.Errorf("%.60s is read as %+v", bad, s)
		}
	}
}

func FuzzSampled(f *testing.F) {
	f.Add(`{"origin":{"value":1},"period":2,"factor":3,"dimensions":2,"data":"1 2 E 3"}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := Parse([]byte(text)).Sampled()
		if !ok {
			return
		}
		for _, line := range s.Lines {
			for _, v := range line {
				if math.IsInf(v, 0) {
					t.Errorf("%q gives %v", text, v)
				}
			}
		}
	})
}
