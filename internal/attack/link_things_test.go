package attack

import (
	"strings"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// visitLink is the token of a link by which a person answers for a visit.
func (w *world) visitLink(of person) (token string) {
	w.t.Helper()
	id := ids.Appointment(w.visit(of))
	o := must(w.app.Visits.Look(ctx, w.proof("front_desk", access.SeeSchedule), id))
	w.change(func(tx *store.Tx) error {
		path, err := w.app.Visits.Invite(ctx, tx, id, o.Visit.Start)
		token = strings.TrimPrefix(path, "/v/")
		return err
	})
	return token
}
