package emergency

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{{Name: "chart_opening", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "reason", Place: reasonPlace}}}}
}
