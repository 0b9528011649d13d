package account

import (
	"portico/internal/secret"
	"portico/internal/vault"
)

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "account", Key: []string{"id"}, OneWay: []vault.OneWay{
			{Column: "password_hash", Key: secret.KeyOfPassword, Live: "t.state <> 'closed'", Until: "until its owner signs in, or chooses another password"}}},
		{Name: "account_factor", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: factorPlace}},
			Marks: []vault.Mark{
				{Column: "mark", Purpose: totpMark, Of: func(r vault.Row) string { return string(r.Plain("sealed")) }},
				{Column: "mark", Purpose: contactMark, Of: func(r vault.Row) string { return fold(string(r.Plain("sealed"))) }},
			}},
		{Name: "account_draft", Key: []string{"session_id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: draftPlace, Row: func(r vault.Row) string { return r.Text("id") }}},
			With:   map[string]string{"id": "t.id"}},
		{Name: "account_contact", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "sealed", Place: contactPlace}}},
		{Name: "recovery_code", Key: []string{"account_id", "code_hash"}, OneWay: []vault.OneWay{
			{Column: "code_hash", Purpose: "account.recovery", Live: "t.used_at IS NULL", Until: "until it is used, or its owner makes new ones"}}},
		{Name: "one_time_code", Key: []string{"id"}, OneWay: []vault.OneWay{
			{Column: "code_mac", Purpose: "account.code", Live: "t.used_at IS NULL AND t.ended_at IS NULL", Until: "until it is used or runs out, within a day"}}},
	}
}
