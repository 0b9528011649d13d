package enroll

import (
	"encoding/base64"
	"strings"

	"portico/internal/secret"
	"portico/internal/vault"
)

// Keyed lists what this room keeps under the clinic's keys.
func Keyed() []vault.Table {
	return []vault.Table{
		{Name: "activation_code", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "shown", Place: shownPlace}},
			OneWay: []vault.OneWay{
				{Column: "secret_hash", Purpose: "enroll.code", Key: keyOfCode, Live: "t.state IN ('issued', 'opened')", Until: "until it is used or ends, in three weeks at most"},
				{Column: "sent_to", Purpose: "enroll.sent", Lasting: true, Until: "until the oldest key is retired; then a code proves no contact"}}},
		{Name: "enrolment", Key: []string{"verification_id"},
			Sealed: []vault.Sealed{{Column: "draft", Place: draftPlace}},
			OneWay: []vault.OneWay{{Column: "digits_hash", Purpose: "enroll.digits", Until: "until the account is opened or given up, within hours"}}},
		{Name: "identity_request", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "claim", Place: claimPlace}},
			Marks: []vault.Mark{
				{Column: "person_key", Purpose: personIndex, Of: func(r vault.Row) string { return personText(claimed(r)) },
					Until: "until the request is swept away, where its details are erased"},
				{Column: "person_key", Purpose: patientIndex, Of: func(r vault.Row) string { return r.Text("patient") }},
			},
			With: map[string]string{"patient": "t.patient_id"}},
		{Name: "request_note", Key: []string{"id"}, Sealed: []vault.Sealed{{Column: "note", Place: notePlace}}},
	}
}

func claimed(r vault.Row) (c Claim) {
	r.JSON("claim", &c)
	return c
}

// keyOfCode reads the key from "salt.mac".
func keyOfCode(stored string) string {
	_, b64, _ := strings.Cut(stored, ".")
	mac, err := base64.RawStdEncoding.DecodeString(b64)
	if err != nil {
		return ""
	}
	return secret.KeyOfMAC(mac)
}
