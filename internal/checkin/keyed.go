package checkin

import "portico/internal/vault"

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	second := func(column string) func(vault.Row) string {
		return func(r vault.Row) string { return r.Text("appointment_id") + "/" + r.Text(column) }
	}
	return []vault.Table{
		{Name: "checkin_part", Key: []string{"appointment_id", "part"}, Sealed: []vault.Sealed{{Column: "body", Place: sealPart, Row: second("part")}}},
		{Name: "checkin_photo", Key: []string{"appointment_id", "side"}, Sealed: []vault.Sealed{{Column: "sealed", Place: sealPhoto, Row: second("side")}}},
		{Name: "checkin_signature", Key: []string{"appointment_id", "consent_id"}, Sealed: []vault.Sealed{{Column: "name", Place: sealName, Row: second("consent_id")}}},
		{Name: "checkin_change", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "was", Place: sealWas}, {Column: "now", Place: sealNow}}},
	}
}
