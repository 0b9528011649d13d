package scheduling

import "testing"

func TestAClinicianIsKnownByName(t *testing.T) {
	all := []Clinician{{ID: "a", Name: "Amelia Reyes, MD", Active: true}, {ID: "b", Name: "Dr. Peter Lindqvist", Active: true}, {ID: "c", Name: "Mia Lee", Active: true}, {ID: "d", Name: "Mia Lee, NP", Active: true}, {ID: "e", Name: "Old Hand"}}
	for name, want := range map[string]string{"Dr. Amelia Reyes": "a", "amelia reyes, Family medicine": "a", "Peter Lindqvist": "b", "Dra. Amelia  Reyes": "a",
		"Reyes": "", "": "", "Dr.": "", "Mia Lee": "", "Old Hand": "", "Amelia Reyes-Ortiz": ""} {
		if got := byName(all, []string{name}); string(got) != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
