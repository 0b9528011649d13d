package secret

import (
	"encoding/json"
	"net/url"
)

// SealQuery makes the address of a list: what somebody looks for tells about
// health or about people, so it stands in no address, history or log as it is. It
// is sealed for place and bound to the session; v has nothing but texts, numbers
// and truths in it.
func (k *Keyring) SealQuery(place, session, path string, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // not of what v may have
	}
	return path + "?" + url.Values{"s": {k.Seal(place, session, b)}}.Encode()
}

// OpenQuery reads what SealQuery put in an address; ok is false for none, for one
// of another session, and for one that was made up.
func OpenQuery[T any](k *Keyring, place, session, sealed string) (v T, ok bool) {
	b, err := k.Open(place, session, sealed)
	if sealed == "" || err != nil || json.Unmarshal(b, &v) != nil {
		var none T
		return none, false
	}
	return v, true
}
