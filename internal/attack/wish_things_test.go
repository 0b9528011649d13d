package attack

import (
	"net/url"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/waiting"
)

// wishful are the fields that a request and a place on the waiting list share.
var wishful = say("visit", "", "how", "", "who", "", "place", "", "day_0", "", "day_1", "yes", "day_2", "", "day_3", "", "day_4", "", "day_5", "", "day_6", "", "part_morning", "yes", "part_afternoon", "", "part_evening", "")

// closedKind is a kind of visit of an office that patients do not book themselves.
func (w *world) closedKind() office {
	o := w.office()
	d := w.proof("administrator", access.SetSchedule)
	o.kind = must(w.app.Visits.SaveType(ctx, d, scheduling.VisitType{Name: scheduling.Both{En: "Surgery", Es: "Cirugía"}, Minutes: 10, Step: 5, InPerson: true, Horizon: 700, Active: true, Who: []ids.Clinician{o.clinician}}))
	return o
}

// wishAsked is a request of a person, in the queue.
func (w *world) wishAsked(of person) string {
	c, _, err := w.app.Gate.Chart(ctx, w.signedIn(of), access.BookVisits, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	w.forgetWishes(of)
	return string(must(w.app.Waiting.Ask(ctx, c, waiting.Asking{Kind: w.closedKind().kind, Reason: "My knee."})))
}

// wishProposed is one to which the clinic has proposed a time.
func (w *world) wishProposed(of person) string {
	id := w.wishAsked(of)
	w.ok(w.app.Waiting.Propose(ctx, w.proof("front_desk", access.BookVisitsFor), ids.Wish(id), w.timeFor(id)["time"]))
	return id
}

// timeFor is a time that staff can give a wish: of its own kind.
func (w *world) timeFor(id string) url.Values {
	w.t.Helper()
	o := office{kind: ids.VisitType(w.one(`SELECT type_id FROM wish WHERE id = $1`, id))}
	o.clinician = ids.Clinician(w.one(`SELECT clinician_id FROM visit_type_clinician WHERE type_id = $1`, string(o.kind)))
	o.place = ids.Place(w.one(`SELECT place_id FROM schedule_block WHERE clinician_id = $1 ORDER BY weekday LIMIT 1`, string(o.clinician)))
	return say("time", code(w.pick(o)))
}

// proposed is the time that was proposed to a wish.
func (w *world) proposed(id string) url.Values {
	return say("offer", w.one(`SELECT id FROM wish_offer WHERE wish_id = $1 ORDER BY made_at DESC LIMIT 1`, id))
}

// askable and awaitable are kinds of visit to ask for and to wait for.
func (w *world) askable(of person) state {
	w.forgetWishes(of)
	return state{send: say("kind", string(w.closedKind().kind))}
}

func (w *world) awaitable(of person) state {
	w.forgetWishes(of)
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE wish SET state = 'withdrawn' WHERE patient_id = $1 AND kind = 'earlier'`, of.id)
		return err
	})
	return state{send: say("kind", string(w.office().kind))}
}

// forgetWishes makes what was asked before count for nothing today.
func (w *world) forgetWishes(of person) {
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE wish SET made_at = $2 WHERE patient_id = $1`, of.id, store.Time(tx.Now.AddDate(0, 0, -2)))
		return err
	})
}
