package record

import (
	"slices"

	"portico/internal/fhir"
)

// sensitiveLabels are security labels that ask for care: sensitivity codes of HL7
// v3 ActCode (_InformationSensitivityPolicy) and the two strictest of HL7 v3
// Confidentiality. Source: hl7.org/fhir/R4/valueset-security-labels.html.
var sensitiveLabels = []string{
	"BH", "COGN", "DVD", "EMOTDIS", "ETH", "ETHUD", "GDIS", "HIV", "MENCAT", "MH", "MST", "OPIOIDUD", "PREGNANT", "PSY", "PSYTHPN",
	"SCA", "SDV", "SEX", "SPI", "STD", "SUD", "TBOO", "VIO", "R", "V",
}

// labelled tells whether the sender marked a resource as sensitive.
func labelled(n fhir.Node) bool {
	for _, l := range n.Get("meta").Get("security").List() {
		if slices.Contains(sensitiveLabels, l.Get("code").Text()) {
			return true
		}
	}
	return false
}
