package sharing

import (
	"portico/internal/secret"
	"portico/internal/vault"
)

// Keyed lists what this room keeps under the clinic's keys. The files behind a
// link are sealed under the link's own key, which is nowhere kept.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "download_file", Key: []string{"download_id", "build", "place"}, Sealed: []vault.Sealed{{Column: "sealed", Place: sealedIn,
			Row: func(r vault.Row) string { return r.Text("download_id") + "/" + r.Text("build") + "/" + r.Text("place") }}}},
		{Name: "share_link", Key: []string{"id"}, OneWay: []vault.OneWay{
			{Column: "passcode_hash", Key: secret.KeyOfPassword, Live: "t.ended_at IS NULL", Until: "until the link ends"}}},
	}
}
