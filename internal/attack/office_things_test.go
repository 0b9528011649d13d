package attack

import "maps"

// The lines of the pages for administrators and auditors.
func init() {
	maps.Copy(forms, map[string]form{
		"POST /staff/people/{id}/sessions": {},
	})
}
