package page

import "strings"

// absentNames are the displays of the codes that say why a value is absent, where they
// are not the code itself with blanks (hl7.org/fhir/R4/valueset-data-absent-reason.html).
var absentNames = map[string]string{"asked-but-unknown": "asked-unknown", "temporarily-unknown": "temp-unknown", "asked-but-declined": "asked-declined"}

// Absent says in our words why a value is absent; a reason that is of no closed set
// stays as it was sent.
func Absent(s Shell, reason string) string {
	code := strings.ReplaceAll(strings.ToLower(reason), " ", "-")
	if c, ok := absentNames[code]; ok {
		code = c
	}
	if t := s.T("page.absent." + code); t != "page.absent."+code {
		return t
	}
	return reason
}
