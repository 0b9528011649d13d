package registry

import (
	"testing"
	"time"

	"portico/internal/fhir"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFromFHIR(t *testing.T) {
	past := fhir.Period{End: now.AddDate(-1, 0, 0)}
	got := FromFHIR(fhir.Patient{
		ID: "7", Active: true, Birth: "1962-04-09", Gender: "female", Deceased: true,
		Identifiers: []fhir.Identifier{{System: "http://hl7.org/fhir/sid/us-ssn", Value: "999-30-7608"}, {Type: "DL", Value: "S1"},
			{System: "urn:a", Value: "1", Use: "old"}, {System: "urn:a", Value: "2"}},
		Names: []fhir.Name{{Use: "nickname", Given: []string{"Annie"}}, {Use: "maiden", Family: "Ruiz"}, {Use: "anonymous", Family: "X"},
			{Use: "official", Family: "Roe", Given: []string{"Ann"}, Period: past}, {Use: "usual", Text: "Doe, Ann Mary"}},
		Telecom: []fhir.Telecom{{System: "phone", Value: "1", Use: "old"}, {System: "phone", Value: "2", Use: "mobile"}, {System: "fax", Value: "3"},
			{System: "email", Value: "a@b.example", Period: past}, {System: "sms", Value: "4"}, {System: "phone", Value: "5", Period: fhir.Period{Start: now.AddDate(-2, 0, 0)}}},
		Addresses: []fhir.Address{{Use: "old", City: "A"}, {City: "B"}},
		Languages: []fhir.Language{{Code: "en-US"}, {Code: "es", Preferred: true}},
		Links:     []fhir.Link{{Type: "replaced-by", Reference: "Patient/8"}},
	}, now)
	want := Incoming{
		Ref: "7", Active: true, Birth: "1962-04-09", Sex: "female", Language: "es", Deceased: now, DeathUndated: true,
		Numbers:   []Number{{"urn:a", "1", Former}, {"urn:a", "2", Current}},
		Names:     []Name{{Current, "Ann Mary", "Doe", ""}, {Alias, "Annie", "", ""}, {Former, "", "Ruiz", ""}, {Former, "Ann", "Roe", ""}},
		Contacts:  []Contact{{Kind: Mobile, Value: "2", Use: "mobile"}, {Kind: Mobile, Value: "4"}, {Kind: Phone, Value: "5", Since: now.AddDate(-2, 0, 0)}},
		Addresses: []Address{{Usage: Current, City: "B"}, {Usage: Former, City: "A"}},
		Links:     []Link{{Kind: ReplacedBy, Ref: "Patient/8"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// An undated death is not news every day.
func TestUndatedDeathIsNoChange(t *testing.T) {
	p := fhir.Patient{ID: "7", Active: true, Birth: "1962-04-09", Deceased: true, Names: []fhir.Name{{Family: "Doe", Given: []string{"Ann"}}}}
	r := &Room{Keys: newKeys2(t), Region: "US"}
	a, _, _ := r.prepare(FromFHIR(p, now), now)
	b, _, _ := r.prepare(FromFHIR(p, now.Add(24*time.Hour)), now.Add(24*time.Hour))
	if a.hash != b.hash {
		t.Error("the same record has two hashes")
	}
}
