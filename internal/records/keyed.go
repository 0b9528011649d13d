package records

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{{Name: "correction", Key: []string{"id"}, Sealed: []vault.Sealed{
		{Column: "wanted", Place: sealWanted}, {Column: "answer", Place: sealAnswer}}}}
}
