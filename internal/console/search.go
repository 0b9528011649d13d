package console

import (
	"portico/internal/access"
	"portico/internal/registry"
	"portico/internal/secret"
)

// searchPlace is what a sealed search is sealed for.
const searchPlace = "console.search"

// sealSearch makes the address of a search: its words are sealed, so that no
// name stands in histories and logs, and bound to the staff session.
func (c *Console) sealSearch(d access.Desk, q registry.Query) string {
	return c.Keys.SealQuery(searchPlace, string(d.Session()), "/staff/patients", q)
}

// openSearch reads the search of an address; ok is false for none, one of
// another session, and one that was made up.
func (c *Console) openSearch(d access.Desk, sealed string) (q registry.Query, ok bool) {
	return secret.OpenQuery[registry.Query](c.Keys, searchPlace, string(d.Session()), sealed)
}
