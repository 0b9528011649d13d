package results

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "result_decision", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "sealed", Place: decisionPlace}}},
		{Name: "result_comment", Key: []string{"id", "version"}, Sealed: []vault.Sealed{{Column: "sealed", Place: commentPlace,
			Row: func(r vault.Row) string { return r.Text("id") + "/" + r.Text("version") }}}},
	}
}
