package scheduling

import (
	"testing"

	"portico/internal/fault"
	"portico/internal/store"
)

func TestACalendarGetsWhatStands(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ann := r.patient("ann")
		id := r.book(ann, r.pick(r.lee, monday.Add(7), 9, 0))
		later := r.book(ann, r.pick(r.lee, monday.Add(9), 9, 0))
		gone := r.book(ann, r.pick(r.lee, monday.Add(8), 9, 0))
		r.book(r.patient("bob"), r.pick(r.ortiz, monday.Add(7), 9, 0))
		if err := r.Cancel(ctx, ann, gone, ""); err != nil {
			t.Fatal(err)
		}
		if err := r.Move(ctx, ann, id, r.pick(r.lee, monday.Add(7), 10, 0)); err != nil {
			t.Fatal(err)
		}
		r.hold(ann, r.pick(r.ortiz, monday.Add(10), 9, 0))
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			all, err := r.Since(ctx, tx, ann.Patient(), r.clock.Now(), 10)
			if err != nil || len(all) != 2 || all[0].ID != later || all[1].ID != id || all[1].Version != 2 || all[1].At.Address != "1 Main St" ||
				!all[1].Start.Equal((monday.Add(7)).at(10*60, zone)) {
				t.Errorf("%v %+v", err, all)
			}
			if one, err := r.Since(ctx, tx, ann.Patient(), all[1].Start, 10); err != nil || len(one) != 1 {
				t.Errorf("those after the first: %v %+v", err, one)
			}
			if one, err := r.Since(ctx, tx, ann.Patient(), r.clock.Now(), 1); err != nil || len(one) != 1 {
				t.Errorf("at most one: %v %+v", err, one)
			}
			if d, err := r.Ahead(ctx, tx, ann.Patient(), id); err != nil || d.At.Name != "Main Street" {
				t.Errorf("%v %+v", err, d)
			}
			if _, err := r.Ahead(ctx, tx, "pat_bob", id); !fault.Is(err, fault.NotFound) {
				t.Errorf("somebody else's: %v", err)
			}
			if _, err := r.Ahead(ctx, tx, ann.Patient(), gone); !fault.Is(err, fault.NotFound) {
				t.Errorf("a cancelled one: %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
