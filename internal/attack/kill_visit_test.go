package attack

import (
	"fmt"
	"math/rand/v2"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// killedChart is somebody's calendar, in a session of its own.
func (w *world) killedChart(of ids.Patient) (c access.Chart, err error) {
	var token string
	if err := w.app.DB.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) (err error) {
		token, _, err = w.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc_killed"), Patient: of, Source: "192.0.2.7"})
		return err
	}); err != nil {
		return c, err
	}
	c, _, err = w.app.Gate.Chart(ctx, token, access.BookVisits, "test", visitor())
	return c, err
}

// killedPick is a time of the one office there is, among few, so that people meet.
func (w *world) killedPick() scheduling.Pick {
	start := w.app.DB.Now().Truncate(time.Hour).Add(48*time.Hour + time.Duration(rand.IntN(600))*10*time.Minute)
	return scheduling.Pick{Type: ids.VisitType(w.one(`SELECT id FROM visit_type`)), Clinician: ids.Clinician(w.one(`SELECT id FROM clinician`)), Place: ids.Place(w.one(`SELECT id FROM place`)), Start: start}
}

// killedVisit holds a time, and confirms it.
func (w *world) killedVisit(of ids.Patient, confirm bool) (string, error) {
	c, err := w.killedChart(of)
	if err != nil {
		return "", err
	}
	id, err := w.app.Visits.Hold(ctx, c, w.killedPick())
	if err == nil && confirm {
		err = w.app.Visits.Confirm(ctx, c, id, "")
	}
	return string(id), err
}

// heldTime is a time that was held when its process was killed.
type heldTime struct {
	id  ids.Appointment
	of  ids.Patient
	who scheduling.Pick
}

// heldStand looks at the times that were held when the process was killed: the
// first is confirmed, as its patient would who comes back in time; the others stay.
func (w *world) heldStand() (left []heldTime) {
	w.t.Helper()
	w.ok(w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		left, err = store.List(ctx, tx, func(r store.Row) (h heldTime, err error) {
			return h, r.Scan(&h.id, &h.of, &h.who.Type, &h.who.Clinician, &h.who.Place, (*store.Time)(&h.who.Start))
		}, `SELECT id, patient_id, type_id, clinician_id, place_id, starts_at FROM appointment WHERE state = 'held' AND held_until > $1 ORDER BY id`, store.Time(tx.Now))
		return err
	}))
	if len(left) == 0 {
		return nil
	}
	c := must(w.killedChart(left[0].of))
	if err := w.app.Visits.Confirm(ctx, c, left[0].id, ""); err != nil {
		w.t.Errorf("a time held by a process that was killed cannot be confirmed: %v", err)
	}
	if got := w.one(`SELECT state FROM appointment WHERE id = $1`, left[0].id); got != "booked" {
		w.t.Errorf("it is %s", got)
	}
	return left[1:]
}

// heldAreOver demands that times held by processes that were killed are free again,
// once for whoever takes them, and for their old holder no more.
func (w *world) heldAreOver(held []heldTime) {
	w.t.Helper()
	if len(held) == 0 {
		w.t.Error("nothing was held when a process was killed")
	}
	other := must(w.killedChart(ids.Patient(w.one(`SELECT id FROM patient ORDER BY id DESC LIMIT 1`))))
	for _, h := range held {
		if w.one(`SELECT state FROM appointment WHERE id = $1`, h.id) == "booked" {
			continue // its patient came back in a later round
		}
		if err := w.app.Visits.Confirm(ctx, must(w.killedChart(h.of)), h.id, ""); scheduling.Refused(err) != scheduling.WhyOver {
			w.t.Errorf("a hold that is over was confirmed: %v", err)
		}
	}
	h := held[len(held)-1]
	for i, want := range []scheduling.Why{"", scheduling.WhyTaken} {
		id, err := w.app.Visits.Hold(ctx, []access.Chart{other, must(w.killedChart(h.of))}[i], h.who)
		if err == nil {
			err = w.app.Visits.Confirm(ctx, other, id, "")
		}
		if scheduling.Refused(err) != want || want == "" && err != nil {
			w.t.Errorf("%d: the time of a hold that is over: %v, want %q", i, err, want)
		}
	}
	if n := w.one(fmt.Sprintf(`SELECT CAST(COUNT(*) AS TEXT) FROM appointment WHERE state IN ('held', 'booked') AND clinician_id = '%s' AND starts_at = $1`, h.who.Clinician), store.Time(h.who.Start)); n != "1" {
		w.t.Errorf("%s have it", n)
	}
}
