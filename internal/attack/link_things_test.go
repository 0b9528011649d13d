package attack

import (
	"strings"

	"portico/internal/access"
	"portico/internal/agenda"
	"portico/internal/ids"
	"portico/internal/secret"
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

// calendar is an address from which programs read a person's visits, and its secret.
func (w *world) calendar(of person) (id, token string) {
	w.t.Helper()
	session := w.signedIn(of)
	w.raise(session)
	c, _, err := w.app.Gate.RaisedChart(ctx, session, access.SeeVisits, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	// An account has few at once; the oldest make room.
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE calendar_feed SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL AND id NOT IN (
			SELECT id FROM calendar_feed WHERE account_id = $1 AND ended_at IS NULL ORDER BY made_at DESC, id LIMIT 3)`, of.account, store.Time(tx.Now))
		return err
	})
	address := must(w.app.Agenda.Make(ctx, c, agenda.ShowsBusy, ""))
	token = strings.TrimSuffix(address[strings.Index(address, "/calendar/")+len("/calendar/"):], "/visits.ics")
	return w.one(`SELECT id FROM calendar_feed WHERE token_hash = $1`, secret.TokenHash(token)), token
}

func (w *world) calendarID(of person) string {
	id, _ := w.calendar(of)
	return id
}

func (w *world) calendarToken(of person) string {
	_, token := w.calendar(of)
	return token
}
