package record

import (
	"slices"
	"strings"

	"portico/internal/fhir"
)

const loinc = "http://loinc.org"

// project makes the read-model row of a resource, and the parts of its value. A
// row without a section is not listed: it stands behind others (provenance,
// specimens) or belongs to nobody.
func project(n fhir.Node, kind string) (Row, []Measure) {
	r := Row{Kind: kind, Status: n.Get("status").Line(), Section: sectionOf[kind]}
	r.named(n.Get("code").Concept())
	r.At = firstWhen(n, "effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime", "authoredOn", "date", "issued",
		"recordedDate", "started", "created", "dateTime", "recorded", "whenHandedOver", "whenPrepared", "startDate", "assertedDate")
	r.period(n, "effectivePeriod", "performedPeriod", "period", "onsetPeriod", "occurrencePeriod", "servicedPeriod", "billablePeriod")
	r.Who = whoOf(n)
	r.Place = placeOf(n)
	r.Gone = r.Status == "entered-in-error"
	var parts []Measure
	if f, ok := projections[kind]; ok {
		parts = f(n, &r)
	} else if _, listed := sectionOf[kind]; !listed && !Shared(kind) {
		r.Section = Other
	}
	if r.Title == "" && r.Section != "" && r.Section != Medications {
		r.Title = firstText(n, "title", "description", "name", "display", "text")
	}
	if r.At.Text == "" {
		r.At = n.Get("meta").Get("lastUpdated").When()
	}
	return r, parts
}

// sectionOf places each type; "" for those that have no row of their own.
var sectionOf = map[string]Section{
	"Observation": Results, "DiagnosticReport": Results, "ImagingStudy": Results,
	"Condition": Conditions, "MedicationRequest": Medications, "MedicationStatement": Medications, "MedicationDispense": Medications,
	"MedicationAdministration": Medications, "AllergyIntolerance": Allergies, "Immunization": Immunizations, "ImmunizationRecommendation": Immunizations,
	"Procedure": Procedures, "Encounter": Visits, "DocumentReference": Notes, "Composition": Notes, "ClinicalImpression": Notes,
	"CareTeam": CareTeam, "CarePlan": Plans, "Goal": Plans, "Coverage": Insurance, "Device": Devices, "DeviceUseStatement": Devices,
	"FamilyMemberHistory": Family, "Claim": Claims, "ClaimResponse": Claims, "ExplanationOfBenefit": Claims,
	"Provenance": "", "Specimen": "", "Binary": "", "Media": "", "Account": "", "List": "", "Patient": "",
}

var projections = map[string]func(fhir.Node, *Row) []Measure{
	"Observation": observation, "DiagnosticReport": diagnosticReport, "ImagingStudy": imagingStudy,
	"Condition": conditionRow, "AllergyIntolerance": allergy, "Immunization": immunization, "ImmunizationRecommendation": recommendation,
	"MedicationRequest": medication, "MedicationStatement": medication, "MedicationDispense": medication, "MedicationAdministration": medication,
	"Encounter": encounter, "DocumentReference": note, "Composition": note, "CareTeam": careTeam, "CarePlan": carePlan, "Goal": goal,
	"Coverage": coverage, "Device": device, "FamilyMemberHistory": family, "Claim": claim, "ExplanationOfBenefit": claim,
	"RelatedPerson": relatedPerson, "QuestionnaireResponse": questionnaire, "Appointment": appointment, "Consent": consent,
}

// named takes title, system and code from a concept: the LOINC code where there
// is one, since that is what tests are compared by.
func (r *Row) named(c fhir.Concept) {
	r.Title = c.Words()
	k := c.First()
	if code := c.In(loinc); code != "" {
		k = fhir.Coding{System: loinc, Code: code}
	}
	r.System, r.Code = k.System, k.Code
}

// period takes beginning and end from the first period there is.
func (r *Row) period(n fhir.Node, keys ...string) {
	for _, k := range keys {
		p := n.Get(k)
		if !p.Exists() {
			continue
		}
		if w := p.Get("start").When(); w.Text != "" && (r.At.Text == "" || k != "period") {
			r.At = w
		}
		r.Until = p.Get("end").Line()
		return
	}
}

func firstWhen(n fhir.Node, keys ...string) fhir.When {
	for _, k := range keys {
		if v := n.Get(k); v.Exists() && !v.IsObject() && !v.IsList() {
			if w := v.When(); w.Text != "" {
				return w
			}
		}
	}
	return fhir.When{}
}

func firstText(n fhir.Node, keys ...string) string {
	for _, k := range keys {
		v := n.Get(k)
		switch {
		case !v.Exists():
		case v.IsList():
			for _, e := range v.List() {
				if e.IsObject() {
					if t := firstText(e, "text"); t != "" {
						return t
					}
				} else if t := e.Line(); t != "" {
					return t
				}
			}
		case v.IsObject():
			if t := v.Concept().Words(); t != "" {
				return t
			}
		default:
			if t := v.Line(); t != "" {
				return t
			}
		}
	}
	return ""
}

// whoElements and placeElements are where a resource names a person or place, the
// most telling first; a reference's label completes it when pages are read.
var (
	whoElements   = []string{"requester", "performer", "performer.actor", "participant.individual", "author", "asserter", "recorder", "provider", "resultsInterpreter", "payor"}
	placeElements = []string{"location.location", "location", "serviceProvider", "custodian", "managingOrganization", "facility"}
)

func whoOf(n fhir.Node) string   { return display(n, whoElements) }
func placeOf(n fhir.Node) string { return display(n, placeElements) }

// display gives what the first reference at one of the paths is called there.
func display(n fhir.Node, paths []string) string {
	for _, p := range paths {
		for _, v := range at(n, p) {
			if v.IsObject() {
				if r := v.Reference(); r.Display != "" {
					return r.Display
				}
			}
		}
	}
	return ""
}

// at gives the values at a dotted path, going through arrays.
func at(n fhir.Node, path string) []fhir.Node {
	key, rest, more := strings.Cut(path, ".")
	var out []fhir.Node
	for _, v := range listOf(n.Get(key)) {
		switch {
		case !more:
			out = append(out, v)
		case v.IsObject():
			out = append(out, at(v, rest)...)
		}
	}
	return out
}

// firstRef is the identifier of the first reference at one of the elements.
func (t *taking) firstRef(in *incoming, elements []string) string {
	for _, e := range elements {
		if id := t.refID(in, e); id != "" {
			return string(id)
		}
	}
	return ""
}

// visitElement is where a type names the visit it belongs to.
func visitElement(kind string) string {
	switch kind {
	case "DocumentReference":
		return "context.encounter"
	case "MedicationDispense", "MedicationAdministration", "MedicationStatement":
		return "context"
	case "Claim", "ExplanationOfBenefit":
		return "item.encounter"
	}
	return "encounter"
}

// categories gives all codes of a resource's categories.
func categories(n fhir.Node) []string {
	var out []string
	for _, c := range listOf(n.Get("category")) {
		for _, k := range c.Concept().Codings {
			out = append(out, k.Code)
		}
	}
	return out
}

// category is the one a resource is searched by.
func category(n fhir.Node) string {
	if c := categories(n); len(c) > 0 {
		return c[0]
	}
	return ""
}

func has(list []string, any ...string) bool {
	return slices.ContainsFunc(any, func(s string) bool { return slices.Contains(list, s) })
}

// labelOf is what a shared resource is called.
func labelOf(n fhir.Node, kind string) string {
	switch kind {
	case "Practitioner":
		return personName(n.Get("name"))
	case "Medication":
		return n.Get("code").Concept().Words()
	case "PractitionerRole":
		who := n.Get("practitioner").Reference().Display
		role := ""
		if list := listOf(n.Get("specialty")); len(list) > 0 {
			role = list[0].Concept().Words()
		}
		return strings.Trim(who+", "+role, ", ")
	}
	return firstText(n, "name", "title", "description")
}

// personName writes the first name that is not an old one.
func personName(names fhir.Node) string {
	for _, n := range listOf(names) {
		if n.Get("use").Text() == "old" {
			continue
		}
		if t := n.Get("text").Line(); t != "" {
			return t
		}
		parts := append(n.Get("prefix").Texts(), n.Get("given").Texts()...)
		parts = append(parts, n.Get("family").Line())
		return strings.TrimSpace(strings.Join(parts, " "))
	}
	return ""
}
