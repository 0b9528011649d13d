package fhir

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParsePatient(t *testing.T) {
	raw := `{"resourceType":"Patient","id":"7","active":false,
	 "meta":{"lastUpdated":"2026-01-02T03:04:05.678-05:00","security":[{"code":"R"}]},
	 "extension":[{"url":"other"},{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"}],
	 "identifier":[{"system":"urn:x","value":" 0012-34 ","use":"usual","type":{"coding":[{"system":"local","code":"EPI"},{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}}],
	 "name":[{"use":"official","family":"de la Cruz","given":["Ana",null,"María"],"suffix":["Jr."]},{"use":"maiden","family":"López","period":{"end":"2010"}}],
	 "telecom":[{"system":"phone","value":"555-186-2275","use":"mobile","rank":1,"period":{"start":"2020-05"}},{"system":"email","value":"a@b.example","rank":0.5}],
	 "gender":"female","birthDate":"1962-04-09","_birthDate":{"extension":[]},
	 "deceasedDateTime":"2017-06-18T11:06:44+02:00",
	 "address":[{"use":"home","line":["616 Elm St","Apt 2"],"city":"Worcester","state":"MA","postalCode":"01545","country":"US"}],
	 "communication":[{"language":{"coding":[{"code":"en-US"}]}},{"language":{"coding":[{"code":"es"}]},"preferred":true},{"language":{"text":"nah"}}],
	 "multipleBirthInteger":2,
	 "link":[{"other":{"reference":"Patient/8"},"type":"replaces"},{"other":{"identifier":{"value":"99"}},"type":"replaced-by"}]}`
	day := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	want := Patient{
		ID: "7", Gender: "female", BirthSex: "F", Birth: "1962-04-09", MultiBirth: true, Restricted: true,
		Deceased: true, DeceasedAt: time.Date(2017, 6, 18, 9, 6, 44, 0, time.UTC),
		Updated:     time.Date(2026, 1, 2, 8, 4, 5, 678e6, time.UTC),
		Identifiers: []Identifier{{System: "urn:x", Value: "0012-34", Use: "usual", Type: "MR"}},
		Names: []Name{{Use: "official", Family: "de la Cruz", Given: []string{"Ana", "María"}, Suffix: []string{"Jr."}},
			{Use: "maiden", Family: "López", Period: Period{End: day(2010, 1)}}},
		Telecom: []Telecom{{System: "phone", Value: "555-186-2275", Use: "mobile", Rank: 1, Period: Period{Start: day(2020, 5)}},
			{System: "email", Value: "a@b.example"}},
		Addresses: []Address{{Use: "home", Lines: []string{"616 Elm St", "Apt 2"}, City: "Worcester", State: "MA", PostalCode: "01545", Country: "US"}},
		Languages: []Language{{"en-US", false}, {"es", true}, {"nah", false}},
		Links:     []Link{{Type: "replaces", Reference: "Patient/8"}, {Type: "replaced-by", Identifier: Identifier{Value: "99"}}},
	}
	got, err := ParsePatient([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParsePatientRefuses(t *testing.T) {
	tests := []struct{ raw, want string }{
		{`{"name":[{"family":"A"}],"birthDate":"1962-04"}`, "birthDate: birth date incomplete"},
		{`{"name":[{"family":"A"}],"birthDate":"1962"}`, "birthDate: birth date incomplete"},
		{`{"name":[{"family":"A"}],"birthDate":"1962-13"}`, "birthDate: this is not a date"},
		{`{"name":[{"family":"A"}],"birthDate":"1962-02-30"}`, "birthDate: this is not a date"},
		{`{"name":[{"family":"A"}],"birthDate":"04/09/1962"}`, "birthDate: this is not a date"},
		{`{"name":[{"family":"A"}],"birthDate":19620409}`, "birthDate: this is not the kind of value FHIR asks for"},
		{`{"name":[{"family":"A"}]}`, "birthDate: birth date missing"},
		{`{"birthDate":"1962-04-09"}`, "name: name missing"},
		{`{"name":[{"use":"old"}],"birthDate":"1962-04-09"}`, "name: name missing"},
		{`{"name":{"family":"A"},"birthDate":"1962-04-09"}`, "name: this is not the kind of value FHIR asks for"},
		{`{"name":[{"family":["A"]}],"birthDate":"1962-04-09"}`, "name[0].family: this is not the kind of value FHIR asks for"},
		{`{"name":[{"family":"A"}],"birthDate":"1962-04-09","telecom":[{"period":{"start":"soon"}}]}`, "telecom[0].period.start: this is not a date"},
	}
	for _, tt := range tests {
		if _, err := ParsePatient([]byte(tt.raw)); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.raw, err, tt.want)
		}
	}
	if _, err := ParsePatient([]byte(`{"link":[{"type":"replaced-by","other":{"reference":"Patient/1"}}]}`)); err != nil {
		t.Errorf("a replaced record needs neither name nor birth date: %v", err)
	}
}
