package console

import (
	"encoding/json"
	"net/url"

	"portico/internal/access"
	"portico/internal/registry"
)

// searchPlace is what a sealed search is sealed for.
const searchPlace = "console.search"

// sealSearch makes the address of a search: its words are sealed, so that no
// name stands in histories and logs, and bound to the staff session.
func (c *Console) sealSearch(d access.Desk, q registry.Query) string {
	b, err := json.Marshal(q)
	if err != nil {
		panic(err) // strings only
	}
	return "/staff/patients?" + url.Values{"s": {c.Keys.Seal(searchPlace, string(d.Session()), b)}}.Encode()
}

// openSearch reads the search of an address; ok is false for none, one of
// another session, and one that was made up.
func (c *Console) openSearch(d access.Desk, sealed string) (q registry.Query, ok bool) {
	if sealed == "" {
		return q, false
	}
	b, err := c.Keys.Open(searchPlace, string(d.Session()), sealed)
	if err != nil {
		return q, false
	}
	return q, json.Unmarshal(b, &q) == nil
}
