package scheduling

import (
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/fault"
)

func TestAClinicianIsKnownByName(t *testing.T) {
	all := []Clinician{{ID: "a", Name: "Amelia Reyes, MD", Active: true}, {ID: "b", Name: "Dr. Peter Lindqvist", Active: true}, {ID: "c", Name: "Mia Lee", Active: true}, {ID: "d", Name: "Mia Lee, NP", Active: true}, {ID: "e", Name: "Old Hand"}}
	for name, want := range map[string]string{"Dr. Amelia Reyes": "a", "amelia reyes, Family medicine": "a", "Peter Lindqvist": "b", "Dra. Amelia  Reyes": "a",
		"Reyes": "", "": "", "Dr.": "", "Mia Lee": "", "Old Hand": "", "Amelia Reyes-Ortiz": ""} {
		if got := byName(all, []string{name}); string(got) != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// What a patient's browser is sent to must be a page of the web and nothing else.
func TestAVideoAddressIsOfTheWeb(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		desk := r.colleague("administrator", access.SetSchedule)
		k := Clinician{ID: r.lee, Name: "Dr. Lee", Active: true}
		for _, bad := range []string{"javascript:alert(1)", "http://video.example/lee", "//video.example/lee", "https://", "https://clinic@video.example/lee", "data:text/html,x", "video.example", "https://video.example/" + strings.Repeat("a", maxAddress)} {
			k.VideoURL = bad
			if _, err := r.SaveClinician(ctx, desk, k); !fault.Fixable(err) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		for _, good := range []string{"https://video.example/lee?room=7", ""} {
			k.VideoURL = good
			if _, err := r.SaveClinician(ctx, desk, k); err != nil {
				t.Fatal(err)
			}
			if n := r.count(`clinician WHERE id = $1 AND video_url = $2`, r.lee, good); n != 1 {
				t.Errorf("%q was not kept", good)
			}
		}
	})
}
