package notify

import "portico/internal/vault"

// Keyed lists what the outbox keeps under the clinic's keys.
func Keyed() []vault.Table {
	const live = "t.state IN ('queued', 'sending')"
	return []vault.Table{{Name: "outbox", Key: []string{"id"},
		Sealed: []vault.Sealed{{Column: "sealed", Place: place}},
		OneWay: []vault.OneWay{
			{Column: "unique_key", Purpose: uniqueKey, Live: live, Until: "until the message is sent"},
			{Column: "withdraw_key", Purpose: withdrawKey, Live: live, Until: "until the message is sent"},
		}}}
}
