package scheduling

import (
	"errors"
	"testing"

	"portico/internal/fault"
)

// A process that dies between holding and booking leaves a row, no more: another one
// books it, or lets it go when its minutes are over.
func TestAProcessThatDiedLosesNoTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		first, second := r.hold(ana, r.pick(r.lee, monday, 9, 0)), r.hold(r.patient("ben"), r.pick(r.lee, monday, 10, 0))
		again := New(r.Parts)
		if err := again.Confirm(ctx, ana, first, ""); err != nil {
			t.Errorf("what was held before the process died: %v", err)
		}
		r.clock.Move(holdFor)
		if err := again.Expire(ctx, duty); err != nil {
			t.Fatal(err)
		}
		if r.count(`appointment WHERE id = $1 AND state = 'released'`, second) != 1 || r.count(`appointment WHERE id = $1 AND state = 'booked'`, first) != 1 {
			t.Error("a time was lost, or is kept for nobody")
		}
	})
}

// A booking of which nobody can be told is none: it is refused whole, and what was
// held is still held.
func TestWhatCannotBeToldIsNotBooked(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id, down := r.hold(ana, r.pick(r.lee, monday, 9, 0)), errors.New("the outbox is down")
		r.out.down = down
		if err := r.Confirm(ctx, ana, id, ""); !errors.Is(err, down) {
			t.Errorf("booked: %v", err)
		}
		r.out.down = nil
		if err := r.Confirm(ctx, ana, id, ""); err != nil {
			t.Errorf("tried again: %v", err)
		}
		r.out.down = down
		if err := r.Move(ctx, ana, id, r.pick(r.lee, monday.Add(1), 9, 0)); !errors.Is(err, down) {
			t.Errorf("moved: %v", err)
		}
		if n := r.count(`appointment WHERE state = 'booked' AND day = $1`, string(monday)); n != 1 {
			t.Error("a move that failed took the old time")
		}
		if n := r.count(`appointment_event WHERE what = 'moved'`); n != 0 {
			t.Error("its history tells of a move that was none")
		}
	})
}

// Hours that are taken out while somebody books: what was promised is kept, what was
// only offered is refused.
func TestHoursAreTakenOutWhileSomebodyBooks(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id := r.hold(ana, r.pick(r.lee, monday, 9, 0))
		r.sql(`DELETE FROM schedule_block WHERE clinician_id = $1`, r.lee)
		_, err := r.Hold(ctx, r.patient("ben"), r.pick(r.lee, monday, 10, 0))
		r.wantWhy(err, WhyClosed)
		if err := r.Confirm(ctx, ana, id, ""); err != nil {
			t.Fatal(err)
		}
		r.wantWhy(r.Move(ctx, ana, id, r.pick(r.lee, monday, 10, 0)), WhyClosed)
		if n := r.count(`appointment WHERE id = $1 AND state = 'booked'`, id); n != 1 {
			t.Error("the visit was lost with the hours")
		}
		// A kind that is given up while somebody books, too.
		next := r.hold(ana, r.pick(r.ortiz, monday, 11, 0))
		r.sql(`UPDATE visit_type SET active = FALSE`)
		if err := r.Confirm(ctx, ana, next, ""); err != nil {
			t.Errorf("held before its kind was given up: %v", err)
		}
		if _, err := r.Find(ctx, ana, Query{Type: r.exam}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a kind that was given up is offered: %v", err)
		}
	})
}
