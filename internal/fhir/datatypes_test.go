package fhir

import "testing"

func TestWordsHaveNoSemanticTags(t *testing.T) {
	for in, want := range map[string]string{
		"Acute bronchitis (disorder)":                     "Acute bronchitis",
		"Injection of tendon (regime/therapy)":            "Injection of tendon",
		"Influenza (H1N1)":                                "Influenza (H1N1)",
		"Cough (dry) (finding)":                           "Cough (dry)",
		"(disorder)":                                      "(disorder)",
		"Hepatitis B vaccine (recombinant)":               "Hepatitis B vaccine (recombinant)",
		"Protein [Mass/volume] in Serum or Plasma (urea)": "Protein [Mass/volume] in Serum or Plasma (urea)",
	} {
		if got := (Concept{Text: in}).Words(); got != want {
			t.Errorf("%s: %s", in, got)
		}
		if got := (Concept{Codings: []Coding{{Display: in}}}).Words(); got != want {
			t.Errorf("display %s: %s", in, got)
		}
	}
}
