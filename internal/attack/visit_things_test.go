package attack

import (
	"fmt"
	"net/url"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/scheduling"
)

// office is a clinician of their own, seen each day at any hour, with a kind of
// visit that nobody else does: what is made here meets nothing else.
type office struct {
	place     ids.Place
	clinician ids.Clinician
	kind      ids.VisitType
}

func (w *world) office() office {
	w.t.Helper()
	d, s, n := w.proof("administrator", access.SetSchedule), w.app.Visits, next()
	var o office
	o.place = must(s.SavePlace(ctx, d, scheduling.Place{Name: fmt.Sprintf("Place %d", n), Active: true}))
	o.clinician = must(s.SaveClinician(ctx, d, scheduling.Clinician{Name: "Dr. Attacked", Active: true}))
	for day := time.Sunday; day <= time.Saturday; day++ {
		w.ok(s.AddBlock(ctx, d, scheduling.Block{Clinician: o.clinician, Place: o.place, InPerson: true, Weekday: day, Until: 24 * 60, EveryWeeks: 1, First: "2020-01-01"}))
	}
	o.kind = must(s.SaveType(ctx, d, scheduling.VisitType{Name: scheduling.Both{En: "Check-up", Es: "Revisión"}, Minutes: 10, Step: 5, InPerson: true, Direct: true, Horizon: 700, Active: true, Who: []ids.Clinician{o.clinician}}))
	return o
}

// pick is a time of the office that no other pick of these tests meets: counted from
// one day however far the clock has gone, with room for anotherTime in between.
func (w *world) pick(o office) scheduling.Pick {
	if w.picksFrom.IsZero() {
		w.picksFrom = w.app.DB.Now().Truncate(24 * time.Hour).Add(60 * 24 * time.Hour)
	}
	start := w.picksFrom.Add(time.Duration(next()%9000) * 20 * time.Minute)
	return scheduling.Pick{Type: o.kind, Clinician: o.clinician, Place: o.place, Start: start}
}

func code(p scheduling.Pick) string {
	return fmt.Sprintf("%s %s person %d", p.Clinician, p.Place, p.Start.Unix())
}

// visit is a booked visit of a person.
func (w *world) visit(of person) string {
	d := w.proof("front_desk", access.BookVisitsFor)
	return string(must(w.app.Visits.BookFor(ctx, d, of.id, w.pick(w.office()), "")))
}

// heldVisit is a time that a person has picked.
func (w *world) heldVisit(of person) string {
	c, _, err := w.app.Gate.Chart(ctx, w.signedIn(of), access.BookVisits, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(must(w.app.Visits.Hold(ctx, c, w.pick(w.office()))))
}

// picks are the fields of a time to pick.
func (w *world) picks(person) state {
	o := w.office()
	return state{send: say("type", string(o.kind), "time", code(w.pick(o)))}
}

// anotherTime is a time that a visit can be moved to: of its own clinician and kind.
func (w *world) anotherTime(id string) url.Values {
	w.t.Helper()
	d := w.proof("front_desk", access.SeeSchedule)
	o, err := w.app.Visits.Look(ctx, d, ids.Appointment(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return say("time", code(scheduling.Pick{Clinician: o.Visit.Clinician, Place: o.Visit.Place, Start: o.Visit.Start.Add(24*time.Hour + 10*time.Minute)}))
}

// place, clinician and kind are parts of the schedule.
func (w *world) place(person) string     { return string(w.office().place) }
func (w *world) clinician(person) string { return string(w.office().clinician) }
func (w *world) kind(person) string      { return string(w.office().kind) }

// hours are the fields of new hours of a clinician.
func (w *world) hours(person) state { return state{send: say("place", string(w.office().place))} }

// ownHours are hours of the clinician that can be taken out.
func (w *world) ownHours(id string) url.Values {
	return say("block", w.one(`SELECT id FROM schedule_block WHERE clinician_id = $1 ORDER BY weekday LIMIT 1`, id))
}

// shut is a closed day.
func (w *world) shut(person) state {
	w.ok(w.app.Visits.Shut(ctx, w.proof("administrator", access.SetSchedule), scheduling.Closure{Clinician: w.office().clinician, First: "2030-07-04", Last: "2030-07-04", Until: 24 * 60, Why: "Holiday"}))
	return state{send: say("closure", w.one(`SELECT id FROM schedule_closure ORDER BY id DESC LIMIT 1`))}
}

// newPlaceName gives a place or clinician a name that nobody else has.
func (w *world) newPlaceName(person) state {
	return state{send: say("name", fmt.Sprintf("Place %d", next()))}
}
