package diary

import (
	"strings"
	"testing"
	"time"

	"portico/internal/scheduling"
	"portico/internal/store"
)

func TestAVisitStandsInTheRecordAsItStandsInTheCalendar(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id, err := r.Visits.Hold(ctx, r.ana, pick(at(9, 0)))
		if err != nil {
			t.Fatal(err)
		}
		r.work()
		if n := len(r.docs("Appointment")); n != 0 {
			t.Errorf("a time that is only held stands in the record %d times", n)
		}
		if err := r.Visits.Confirm(ctx, r.ana, id, "headache"); err != nil {
			t.Fatal(err)
		}
		want := func(what, status, slot, start string, versions int) {
			t.Helper()
			r.work()
			all, slots := r.docs("Appointment"), r.docs("Slot")
			if len(all) != 1 || len(slots) != 1 || len(r.docs("Schedule")) != 1 || len(r.docs("Practitioner")) != 1 {
				t.Fatalf("%s: %d appointments, %d slots", what, len(all), len(slots))
			}
			a := all[0]
			if a.Get("status").Text() != status || slots[0].Get("status").Text() != slot || !strings.HasPrefix(a.Get("start").Text(), "2026-06-10T"+start) || !strings.HasPrefix(slots[0].Get("start").Text(), "2026-06-10T"+start) {
				t.Errorf("%s: %s %s, slot %s", what, a.Get("status").Text(), a.Get("start").Text(), slots[0].Get("status").Text())
			}
			if n := r.count(`resource_version v JOIN resource d ON d.id = v.resource_id WHERE d.type = 'Appointment'`); n != versions {
				t.Errorf("%s: %d versions were replaced, want %d", what, n, versions)
			}
		}
		want("booked", "booked", "busy", "09:00", 0)
		a := r.docs("Appointment")[0]
		if i := a.Get("identifier").List()[0]; i.Get("system").Text() != "https://portal.example/visits" || i.Get("value").Text() != string(id) {
			t.Error("the visit's own identifier is missing")
		}
		who := map[string]string{}
		for _, p := range a.Get("participant").List() {
			who[p.Get("actor").Reference().Type] = p.Get("actor").Get("display").Text()
		}
		if len(who) != 3 || who["Practitioner"] != "Dr. Mia Lee" || who["Location"] != "Main Street" {
			t.Errorf("participants %v", who)
		}
		if n := r.count(`resource WHERE body LIKE '%headache%'`); n > 0 {
			t.Error("the patient's words stand in the record")
		}
		r.clock.Move(time.Minute)
		if err := r.Visits.Move(ctx, r.ana, id, pick(at(10, 0))); err != nil {
			t.Fatal(err)
		}
		want("moved", "booked", "busy", "10:00", 1)
		r.clock.Move(time.Minute)
		if err := r.Visits.Move(ctx, r.ana, id, pick(at(9, 0))); err != nil {
			t.Fatal(err)
		}
		want("moved back", "booked", "busy", "09:00", 2)
		r.clock.Move(time.Minute)
		if err := r.Visits.Cancel(ctx, r.ana, id, ""); err != nil {
			t.Fatal(err)
		}
		want("cancelled", "cancelled", "free", "09:00", 3)
		if got := r.docs("Appointment")[0].Get("cancelationReason").Concept().Code(); got != "pat" {
			t.Errorf("cancelled by %q", got)
		}
		// A job that runs again, as after a crash, writes nothing.
		if err := r.Write(ctx, duty, id); err != nil {
			t.Fatal(err)
		}
		want("again", "cancelled", "free", "09:00", 3)
		if n := r.count(`audit_entry WHERE action = 'visit.mirrored'`); n != 4 {
			t.Errorf("%d lines in the audit log", n)
		}
	})
}

func TestAClinicianWhoIsRenamedIsSoInTheRecord(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		name := func() string {
			r.work()
			return r.docs("Practitioner")[0].Get("name").List()[0].Get("text").Text()
		}
		for n, want := range []string{"Dr. Mia Lee", "Dr. Mia Lee Ortiz", "Dr. Mia Lee"} {
			r.sql(`UPDATE clinician SET name = $1`, want)
			r.book(at(9+n, 0))
			if got := name(); got != want {
				t.Errorf("called %q, want %q", got, want)
			}
			r.clock.Move(time.Minute)
		}
	})
}

// Each state that takes time has its word in FHIR, or the record would keep saying
// what was before.
func TestEachStateHasItsWordInFHIR(t *testing.T) {
	for _, s := range []scheduling.State{scheduling.Booked, scheduling.CheckedIn, scheduling.Arrived, scheduling.Fulfilled, scheduling.Cancelled, scheduling.NoShow} {
		if statuses[s].visit == "" || statuses[s].slot == "" {
			t.Errorf("%s has none", s)
		}
	}
	each(t, func(t *testing.T, r *rig) {
		r.book(at(9, 0))
		for s, f := range statuses {
			r.clock.Move(time.Second)
			r.sql(`UPDATE appointment SET state = $1, version = version + 1, changed_at = $2`, string(s), store.Time(r.clock.Now()))
			if err := r.Write(ctx, duty, r.only()); err != nil {
				t.Fatal(err)
			}
			a := r.docs("Appointment")[0]
			if a.Get("status").Text() != f.visit {
				t.Errorf("%s is %q in the record", s, a.Get("status").Text())
			}
		}
	})
}
