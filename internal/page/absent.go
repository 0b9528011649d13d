package page

import "strings"

// absentNames are the displays of the codes that say why a value is absent, where they
// are not the code itself with blanks (hl7.org/fhir/R4/valueset-data-absent-reason.html).
var absentNames = map[string]string{"asked-but-unknown": "asked-unknown", "temporarily-unknown": "temp-unknown", "asked-but-declined": "asked-declined"}

const absentKey = "page." + "absent."

// Absent says in our words why a value is absent; a reason that is of no closed set
// stays as it was sent.
func Absent(s Shell, reason string) string {
	code := strings.ReplaceAll(strings.ToLower(reason), " ", "-")
	if c, ok := absentNames[code]; ok {
		code = c
	}
	if key := absentKey + code; s.T(key) != key {
		return s.T(key)
	}
	return reason
}
