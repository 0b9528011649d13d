package staff

import (
	"portico/internal/secret"
	"portico/internal/vault"
)

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "staff_credential", Key: []string{"staff_id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: sealedPlace}},
			OneWay: []vault.OneWay{{Column: "password_hash", Key: secret.KeyOfPassword, Until: "until its owner signs in, or is set up anew"}}},
		{Name: "staff_setup", Key: []string{"id"}, OneWay: []vault.OneWay{
			{Column: "password_hash", Key: secret.KeyOfPassword, Live: "t.used_at IS NULL AND t.ended_at IS NULL", Until: "until the link is used or swept away, a month at most"}}},
		{Name: "staff_place", Key: []string{"staff_id", "place_hash"}, OneWay: []vault.OneWay{
			{Column: "place_hash", Purpose: "staff.place", Lasting: true, Until: "until the oldest key is retired; then known addresses are strange once"}}},
	}
}
