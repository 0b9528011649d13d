package waiting

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{{Name: "wish", Key: []string{"id"}, Sealed: []vault.Sealed{
		{Column: "reason", Place: sealReason}, {Column: "note", Place: sealNote}, {Column: "ended_why", Place: sealEnded}}}}
}
