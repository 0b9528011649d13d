package recovery

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "recovery_ask", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "sealed", Place: askPlace}}},
		{Name: "recovery", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "draft", Place: draftPlace}}},
		{Name: "recovery_call", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "sealed", Place: callPlace}}},
	}
}
