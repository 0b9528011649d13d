package scheduling

import (
	"testing"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
)

// What is not in use any more is not offered, and what was booked before stays: staff
// see it before the change, and afterwards among what stands outside the week.
func TestWhatIsGivenUpKeepsItsVisits(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id := r.book(ana, r.pick(r.lee, monday, 9, 0))
		set, see, desk := r.colleague("administrator", access.SetSchedule), r.clerkFor(access.SeeSchedule), r.clerkFor(access.BookVisitsFor)
		left := func(ch Change) int {
			t.Helper()
			v, err := r.Touches(ctx, set, ch)
			if err != nil {
				t.Fatal(err)
			}
			return len(v)
		}
		for what, ch := range map[string]Change{"a clinician": {Clinician: r.lee}, "a place": {Place: r.main}, "a kind": {Type: r.exam}} {
			if left(ch) != 1 {
				t.Errorf("%s: %d visits are named before it is given up", what, left(ch))
			}
		}
		if left(Change{Clinician: r.ortiz})+left(Change{Place: "plc_none"})+left(Change{Type: "vty_none"}) != 0 {
			t.Error("a change touches visits that are none of its own")
		}
		outside := func(want int) {
			t.Helper()
			v, err := r.Outside(ctx, see)
			if err != nil || len(v) != want {
				t.Errorf("%d visits stand outside the week, want %d (%v)", len(v), want, err)
			}
		}
		outside(0)
		for _, table := range []string{"clinician", "place"} {
			r.sql(`UPDATE ` + table + ` SET active = FALSE WHERE id IN ('cln_lee', 'plc_main')`)
			outside(1)
			_, err := r.Hold(ctx, ana, r.pick(r.lee, monday, 10, 0))
			r.wantWhy(err, map[string]Why{"clinician": WhyType, "place": WhyClosed}[table])
			if got := r.starts(Query{Type: r.exam, Clinician: r.lee}, ana); len(got) != 0 {
				t.Errorf("of a %s that is given up there are times: %v", table, got)
			}
			r.sql(`UPDATE ` + table + ` SET active = TRUE`)
		}
		r.sql(`UPDATE visit_type SET active = FALSE`)
		outside(0)
		r.staysWhere(t, ana, id, WhyType)
		if f, err := r.FindFor(ctx, desk, ana.Patient(), Query{Type: r.exam, Moving: id}); err != nil || f.Count() == 0 {
			t.Errorf("staff find no other time for it: %v", err)
		}
		if _, err := r.FindFor(ctx, desk, ana.Patient(), Query{Type: r.exam}); !fault.Is(err, fault.NotFound) {
			t.Errorf("staff are offered a kind that is given up: %v", err)
		}
		if err := r.MoveFor(ctx, desk, id, r.pick(r.ortiz, monday.Add(1), 9, 0)); err != nil {
			t.Errorf("staff cannot move it: %v", err)
		}
	})
}

// staysWhere wants the visit to be one that its patient can cancel and not move.
func (r *rig) staysWhere(t *testing.T, c access.Chart, id ids.Appointment, why Why) {
	t.Helper()
	m, err := r.Visit(ctx, c, id)
	if err != nil || m.Stays != why || m.Cannot != "" {
		t.Errorf("stays: %q, cannot: %q (%v)", m.Stays, m.Cannot, err)
	}
	r.wantWhy(r.Move(ctx, c, id, r.pick(r.lee, monday.Add(2), 9, 0)), why)
}

// A visit whose time the clinic finds is not moved by its patient, who can give it up.
func TestAVisitTheClinicBooksIsMovedByTheClinic(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id := r.book(ana, r.pick(r.lee, monday.Add(1), 9, 0))
		r.sql(`UPDATE visit_type SET direct = FALSE`)
		r.staysWhere(t, ana, id, WhyRequest)
		if err := r.Cancel(ctx, ana, id, ""); err != nil {
			t.Errorf("it cannot be cancelled either: %v", err)
		}
	})
}

// Who picks in a second window is told so in the first, and not that the time ran out.
func TestTheFirstWindowKnowsOfTheSecond(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		first := r.hold(ana, r.pick(r.lee, monday, 9, 0))
		r.hold(ana, r.pick(r.lee, monday, 10, 0))
		r.wantWhy(r.Confirm(ctx, ana, first, ""), WhyOther)
		if m, err := r.Visit(ctx, ana, first); err != nil || m.Gone != WhyOther {
			t.Errorf("%q (%v)", m.Gone, err)
		}
		r.clock.Move(holdFor)
		r.wantWhy(r.Confirm(ctx, ana, first, ""), WhyOver)
	})
}
