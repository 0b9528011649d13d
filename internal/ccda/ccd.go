package ccda

import (
	"strings"
	"time"
)

// CCD is what a Continuity of Care Document is written from. Write puts in every
// section the standard requires, be it to say that nothing is known.
type CCD struct {
	ID              ID
	SetID           ID  // the same in all versions; zero if there is one only
	Version         int // from 1; 0 if there is one only
	Title           string
	Created         time.Time
	Language        string // "en-US"
	Confidentiality string // N, R or V; N if ""
	Patient         Patient
	Author          Author // At is when it was written; Created if unknown
	Custodian       Organization
	Care            Period // the time whose care it tells about

	Allergies, Medications, Problems, Results, Vitals, Social Part // always written
	Procedures, Immunizations, Encounters, Plan               Part // left out when they have neither title nor rows
}

// Part is one section: a table to read, and the same coded, row by row. The
// words are the caller's, in the language of the document.
type Part struct {
	Title   string // the English name of the section if ""
	Empty   string // what stands in place of a table without rows; "No information." if ""
	Columns []string
	Rows    []Line
}

// Line is one row of a Part.
type Line struct {
	Cells []string // as many as columns; a line break stays one
	Entry Entry
}

// Entry is a row coded. What a section has no use for is ignored; what is
// missing is written as unknown.
type Entry struct {
	ID   ID
	Code Code // what it is: the test, the drug, the condition; the first cell in words if zero

	// State is active, completed, aborted, suspended, cancelled, held or new.
	// Otherwise it is what is usual for the section.
	State string

	// When is from when to when a condition lasted or a drug was taken, and Low
	// alone for what happens once.
	When Period

	Value Value // of results, vitals, social history

	// Group is the same in neighbouring results of one panel and in vitals
	// taken together; Panel says which panel.
	Group string
	Panel Code

	Reaction, Severity Code   // of allergies
	Route              Code   // of medications
	Dose               Value  // of medications: Number and Unit
	Lot                string // of immunizations
	NotGiven           bool   // of immunizations: refused or put off
	Place              string // of encounters
}

// Value is what was found. The first of Number, Code, Text that is set counts.
type Value struct {
	Number  string // decimal, as sent: "7.0" is not "7"
	Compare string // <, <=, > or >= before Number
	Unit    string // UCUM
	Code    Code
	Text    string

	Low, High string // reference range in Unit
	Range     string // reference range in words
	Flag      string // HL7 interpretation code: H, L, HH, LL, A, N …
}

// System gives the OID of a code system for the URL that FHIR has for it; "" if
// it is not one of the common ones. Source: terminology.hl7.org, code systems.
func System(url string) string {
	if oid, ok := strings.CutPrefix(url, "urn:oid:"); ok {
		return oid
	}
	return systems[url]
}

var systems = map[string]string{
	"http://snomed.info/sct":                                             "2.16.840.1.113883.6.96",
	"http://loinc.org":                                                   "2.16.840.1.113883.6.1",
	"http://www.nlm.nih.gov/research/umls/rxnorm":                        "2.16.840.1.113883.6.88",
	"http://hl7.org/fhir/sid/icd-10-cm":                                  "2.16.840.1.113883.6.90",
	"http://hl7.org/fhir/sid/icd-9-cm":                                   "2.16.840.1.113883.6.103",
	"http://www.cms.gov/Medicare/Coding/ICD10":                           "2.16.840.1.113883.6.4",
	"http://www.ama-assn.org/go/cpt":                                     "2.16.840.1.113883.6.12",
	"http://hl7.org/fhir/sid/cvx":                                        "2.16.840.1.113883.12.292",
	"http://hl7.org/fhir/sid/ndc":                                        "2.16.840.1.113883.6.69",
	"http://unitsofmeasure.org":                                          "2.16.840.1.113883.6.8",
	"http://www.ada.org/cdt":                                             "2.16.840.1.113883.6.13",
	"http://terminology.hl7.org/CodeSystem/v3-ActCode":                   "2.16.840.1.113883.5.4",
	"http://terminology.hl7.org/CodeSystem/v3-NullFlavor":                "2.16.840.1.113883.5.1008",
	"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": "2.16.840.1.113883.5.83",
	"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets":           "2.16.840.1.113883.6.285",
	"http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration":     "2.16.840.1.113883.5.112",
	"http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl":                 "2.16.840.1.113883.3.26.1.1",
}

// systemNames are for people who read the XML.
var systemNames = map[string]string{
	"2.16.840.1.113883.6.96": "SNOMED CT", "2.16.840.1.113883.6.1": "LOINC", "2.16.840.1.113883.6.88": "RxNorm", "2.16.840.1.113883.6.90": "ICD-10-CM",
	"2.16.840.1.113883.6.12": "CPT", "2.16.840.1.113883.12.292": "CVX", "2.16.840.1.113883.5.4": "ActCode", "2.16.840.1.113883.5.1": "AdministrativeGender",
	"2.16.840.1.113883.5.25": "Confidentiality",
}
