package record

import (
	"slices"

	"portico/internal/fhir"
)

// shared are the types that belong to no patient. Everybody's record may refer to
// them.
var shared = []string{"Practitioner", "PractitionerRole", "Organization", "OrganizationAffiliation", "Location", "HealthcareService",
	"Endpoint", "Medication", "Substance", "Questionnaire", "Schedule", "Slot"}

// passed are the types of FHIR's own definitions. They say nothing about anybody
// and are not kept.
var passed = []string{"StructureDefinition", "SearchParameter", "ValueSet", "CodeSystem", "CapabilityStatement", "OperationDefinition",
	"ImplementationGuide", "ConceptMap", "NamingSystem", "CompartmentDefinition", "StructureMap", "GraphDefinition", "MessageDefinition",
	"TerminologyCapabilities", "Parameters", "OperationOutcome", "Bundle", "Group", "Subscription", "AuditEvent"}

// Shared tells whether resources of a type belong to no patient.
func Shared(kind string) bool { return slices.Contains(shared, kind) }

// ownerElements are where a resource says whose it is.
var ownerElements = []string{"subject", "patient", "beneficiary", "for", "individual", "participant.actor"}

// owner gives the references by which a resource says whose it is: FHIR's patient
// compartment (hl7.org/fhir/R4/compartmentdefinition-patient.html), narrowed to
// the one patient a record is of.
func owner(n fhir.Node) []fhir.Node {
	for _, key := range ownerElements[:5] {
		if r := n.Get(key); r.Get("reference").Exists() {
			return []fhir.Node{r}
		}
	}
	var out []fhir.Node
	for _, p := range n.Get("participant").List() { // Appointment, AppointmentResponse
		if r := p.Get("actor"); fhirType(r) == "Patient" {
			out = append(out, r)
		}
	}
	return out
}

func fhirType(ref fhir.Node) string {
	r := ref.Reference()
	return r.Type
}
