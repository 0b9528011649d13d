package demo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"portico/internal/fhir"
)

// fields is one FHIR resource, or a part of one.
type fields = map[string]any

// chart makes one person's record as a clinic's EHR would send it.
type chart struct {
	p   Person
	r   *rand.Rand
	n   int
	out []fhir.Resource
}

// Chart gives a person's resources, deterministic for the person and the seed.
// The first of the cast have long records with everything in them; the others a
// short one.
func Chart(p Person, seed uint64, whole bool) []fhir.Resource {
	h := fnv.New64a()
	h.Write([]byte(p.Number))
	c := &chart{p: p, r: rand.New(rand.NewPCG(seed, h.Sum64()))}
	c.coverage()
	if whole {
		c.long()
	} else {
		c.short()
	}
	return c.out
}

// add finishes a resource and gives a reference to it.
func (c *chart) add(kind string, f fields) fields {
	c.n++
	id := fmt.Sprintf("%s-%d", c.p.Number, c.n)
	f["resourceType"], f["id"] = kind, id
	for _, key := range []string{"subject", "patient", "beneficiary"} {
		if _, ok := f[key]; ok {
			f[key] = fields{"reference": "Patient/" + c.p.Number}
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // maps, strings and numbers only
	}
	c.out = append(c.out, fhir.Resource{Type: kind, ID: id, Raw: raw, File: "demo", Entry: c.n})
	return fields{"reference": kind + "/" + id}
}

func concept(system, code, display string) fields {
	return fields{"coding": []fields{{"system": system, "code": code, "display": display}}, "text": display}
}

func coded(system, code string) fields {
	return fields{"coding": []fields{{"system": system, "code": code}}}
}

const (
	loincSystem = "http://loinc.org"
	snomed      = "http://snomed.info/sct"
	rxnorm      = "http://www.nlm.nih.gov/research/umls/rxnorm"
	cvx         = "http://hl7.org/fhir/sid/cvx"
	ucum        = "http://unitsofmeasure.org"
	hl7         = "http://terminology.hl7.org/CodeSystem/"
)

// zone is where the synthetic clinic stands, in winter time.
var zone = time.FixedZone("", -5*60*60)

// day is a moment so many days before the clinic's data was last touched, at an
// hour of the clinic's day.
func day(ago int, hour int) string {
	y, m, d := Base.AddDate(0, 0, -ago).Date()
	return time.Date(y, m, d, hour, 0, 0, 0, zone).Format(time.RFC3339)
}

// clinicians are who works at the synthetic clinic.
var clinicians = []struct{ id, given, family, prefix, kind string }{
	{"prac-1", "Amelia", "Reyes", "Dr.", "Family medicine"},
	{"prac-2", "Jonah", "Abbott", "Dr.", "Cardiology"},
	{"prac-3", "Mei", "Sung", "Dr.", "Radiology"},
	{"prac-4", "Tara", "Whitlock", "", "Nurse practitioner"},
}

// Shared gives the clinic's own resources: who works there, where, what it prescribes.
func Shared() []fhir.Resource {
	c := &chart{p: Person{Number: "clinic"}}
	put := func(kind, id string, f fields) {
		f["resourceType"], f["id"] = kind, id
		raw, _ := json.Marshal(f)
		c.out = append(c.out, fhir.Resource{Type: kind, ID: id, Raw: raw, File: "demo"})
	}
	put("Organization", "org-1", fields{"name": "Riverside Family Clinic"})
	put("Organization", "org-lab", fields{"name": "Valley Reference Laboratory"})
	put("Location", "loc-1", fields{"name": "Riverside Family Clinic, Main Street"})
	for _, w := range clinicians {
		name := fields{"family": w.family, "given": []string{w.given}}
		if w.prefix != "" {
			name["prefix"] = []string{w.prefix}
		}
		put("Practitioner", w.id, fields{"name": []fields{name}})
	}
	put("Medication", "med-1", fields{"code": concept(rxnorm, "860975", "metformin 500 mg extended-release tablet")})
	return c.out
}

func doctor(n int) fields { return fields{"reference": "Practitioner/" + clinicians[n].id} }
func clinicOrg() fields   { return fields{"reference": "Organization/org-1"} }

func (c *chart) visit(ago int, code, title, reason string, doc int) fields {
	f := fields{"status": "finished", "class": fields{"system": hl7 + "v3-ActCode", "code": "AMB", "display": "ambulatory"},
		"type": []fields{concept(snomed, code, title)}, "subject": nil, "participant": []fields{{"individual": doctor(doc)}},
		"period": fields{"start": day(ago, 9), "end": day(ago, 10)}, "location": []fields{{"location": fields{"reference": "Location/loc-1"}}}, "serviceProvider": clinicOrg()}
	if reason != "" {
		f["reasonCode"] = []fields{{"text": reason}}
	}
	return c.add("Encounter", f)
}

// test is a laboratory test with its usual range.
type test struct {
	code, name, unit, ucum string
	low, high              string
	value                  string
}

// lab sends one value; flag "" where it is in range.
func (c *chart) lab(ago int, visit fields, t test, flag, status string) fields {
	f := fields{"status": status, "category": []fields{coded(hl7+"observation-category", "laboratory")}, "code": concept(loincSystem, t.code, t.name),
		"subject": nil, "encounter": visit, "effectiveDateTime": day(ago, 9), "issued": day(ago, 17), "performer": []fields{{"reference": "Organization/org-lab"}}}
	if t.value != "" {
		f["valueQuantity"] = amount(t.value, t.unit, t.ucum)
	}
	limits := fields{}
	if t.low != "" {
		limits["low"] = amount(t.low, t.unit, t.ucum)
	}
	if t.high != "" {
		limits["high"] = amount(t.high, t.unit, t.ucum)
	}
	if len(limits) > 0 {
		f["referenceRange"] = []fields{limits}
	}
	if flag != "" {
		f["interpretation"] = []fields{coded(hl7+"v3-ObservationInterpretation", flag)}
	}
	return c.add("Observation", f)
}

func amount(value, unit, code string) fields {
	return fields{"value": json.Number(value), "unit": unit, "system": ucum, "code": code}
}

func (c *chart) report(ago int, visit fields, category, code, title string, results []fields, more fields) fields {
	f := fields{"status": "final", "category": []fields{coded(hl7+"v2-0074", category)}, "code": concept(loincSystem, code, title), "subject": nil,
		"encounter": visit, "effectiveDateTime": day(ago, 9), "issued": day(ago, 17), "performer": []fields{doctor(0)}}
	if len(results) > 0 {
		f["result"] = results
	}
	for k, v := range more {
		f[k] = v
	}
	return c.add("DiagnosticReport", f)
}

func (c *chart) vital(ago int, visit fields, code, name, value, unit, code2 string) {
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "vital-signs")}, "code": concept(loincSystem, code, name),
		"subject": nil, "encounter": visit, "effectiveDateTime": day(ago, 9), "valueQuantity": amount(value, unit, code2)})
}

func (c *chart) pressure(ago int, visit fields, up, down int) {
	part := func(code, name string, v int) fields {
		return fields{"code": concept(loincSystem, code, name), "valueQuantity": amount(fmt.Sprint(v), "mmHg", "mm[Hg]")}
	}
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "vital-signs")},
		"code": concept(loincSystem, "85354-9", "Blood pressure panel"), "subject": nil, "encounter": visit, "effectiveDateTime": day(ago, 9),
		"component": []fields{part("8480-6", "Systolic blood pressure", up), part("8462-4", "Diastolic blood pressure", down)}})
}

func (c *chart) problem(code, title, state string, ago int) fields {
	f := fields{"clinicalStatus": coded(hl7+"condition-clinical", state), "verificationStatus": coded(hl7+"condition-ver-status", "confirmed"),
		"category": []fields{coded(hl7+"condition-category", "problem-list-item")}, "code": concept(snomed, code, title), "subject": nil,
		"onsetDateTime": Base.AddDate(0, 0, -ago).Format("2006-01"), "recordedDate": day(ago, 9), "recorder": doctor(0)}
	if state == "resolved" {
		f["abatementDateTime"] = Base.AddDate(0, 0, -ago+30).Format(time.DateOnly)
	}
	return c.add("Condition", f)
}

func (c *chart) allergy(code, title, criticality, reaction string) {
	c.add("AllergyIntolerance", fields{"clinicalStatus": coded(hl7+"allergyintolerance-clinical", "active"),
		"verificationStatus": coded(hl7+"allergyintolerance-verification", "confirmed"), "code": concept(snomed, code, title), "patient": nil,
		"criticality": criticality, "recordedDate": day(2200, 9), "reaction": []fields{{"manifestation": []fields{{"text": reaction}}}}})
}

func (c *chart) medicine(code, title, dose, status string, ago, refills int, reason fields) fields {
	f := fields{"status": status, "intent": "order", "subject": nil, "authoredOn": day(ago, 10), "requester": doctor(0),
		"dosageInstruction": []fields{{"text": dose}}, "dispenseRequest": fields{"numberOfRepeatsAllowed": refills}}
	if code == "" {
		f["medicationReference"] = fields{"reference": "Medication/med-1"}
	} else {
		f["medicationCodeableConcept"] = concept(rxnorm, code, title)
	}
	if reason != nil {
		f["reasonReference"] = []fields{reason}
	}
	return c.add("MedicationRequest", f)
}

func (c *chart) shot(ago int, code, title, lot string) {
	c.add("Immunization", fields{"status": "completed", "vaccineCode": concept(cvx, code, title), "patient": nil, "occurrenceDateTime": Base.AddDate(0, 0, -ago).Format(time.DateOnly),
		"primarySource": true, "lotNumber": lot, "location": fields{"reference": "Location/loc-1"}, "performer": []fields{{"actor": doctor(3)}}})
}

func (c *chart) note(ago int, visit fields, code, title, text string) {
	c.add("DocumentReference", fields{"status": "current", "docStatus": "final", "type": concept(loincSystem, code, title),
		"category": []fields{coded("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note")}, "subject": nil,
		"date": day(ago, 11), "author": []fields{doctor(0)}, "custodian": clinicOrg(), "context": fields{"encounter": []fields{visit}},
		"content": []fields{{"attachment": fields{"contentType": "text/plain", "data": base64.StdEncoding.EncodeToString([]byte(text)), "title": title}}}})
}

func (c *chart) coverage() {
	c.add("Coverage", fields{"status": "active", "type": fields{"text": "Health plan"}, "subscriberId": "HP" + c.p.Number[len(c.p.Number)-5:], "beneficiary": nil,
		"relationship": coded(hl7+"subscriber-relationship", "self"), "period": fields{"start": Base.AddDate(-2, 0, 0).Format(time.DateOnly)},
		"payor": []fields{{"display": "Commonwealth Health Plan"}}})
}

// short is the record of somebody who comes once a year.
func (c *chart) short() {
	v := c.visit(60+c.r.IntN(600), "185349003", "Check-up", "", c.r.IntN(2))
	c.pressure(60, v, 108+c.r.IntN(40), 64+c.r.IntN(25))
	c.shot(120+c.r.IntN(200), "150", "Influenza vaccine, injectable, quadrivalent", "FL"+fmt.Sprint(1000+c.r.IntN(9000)))
	if c.r.IntN(3) == 0 {
		c.allergy("91936005", "Penicillin", "high", "Rash")
	}
	c.lab(60, v, test{"2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "70", "99", fmt.Sprint(72 + c.r.IntN(26))}, "", "final")
}
