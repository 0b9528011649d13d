package scheduling

import (
	"context"
	"errors"
	"testing"

	"portico/internal/ids"
	"portico/internal/store"
)

// failing is an outbox that takes some messages and then does not answer, or whose
// server dies: what was queued in the same transaction is gone with it.
type failing struct {
	*outside
	left int
}

var errDown = errors.New("the outbox is down")

func (f *failing) VisitReminder(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment, r Reminder) error {
	if f.left--; f.left < 0 {
		return errDown
	}
	return f.outside.VisitReminder(ctx, tx, p, id, r)
}

// Nothing is doubled and nothing lost when the outbox is down or the process dies
// between queueing and writing down: both are one transaction, and the next run does
// what the first did not finish.
func TestRemindersOutliveTheOutbox(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		day := monday.Add(14)
		for i, name := range []string{"ann", "bea", "cal"} {
			r.book(r.patient(name), r.pick(r.lee, day, 9, i*45))
		}
		r.at(day.Add(-7), 9)
		good := r.out
		for _, n := range []int{0, 1, 2} {
			r.Teller = &failing{&outside{}, n}
			if err := r.Remind(ctx, duty); !errors.Is(err, errDown) {
				t.Fatalf("after %d: %v", n, err)
			}
			if k := r.count(`visit_reminder`); k != 0 {
				t.Errorf("%d reminders are written down that were not queued", k)
			}
			if k := r.count(`visit_link`); k != 3 {
				t.Errorf("%d links, of which no message was queued", k-3)
			}
		}
		gone, stop := context.WithCancel(ctx)
		stop()
		if err := r.Remind(gone, duty); err == nil {
			t.Error("a run whose process ends says that all is well")
		}
		r.Teller = good
		r.remind("once the outbox is back", 3)
	})
}

// On the days on which clocks change, visits and reminders keep to the clock on the
// clinic's wall.
func TestRemindersOnDaysTheClockChanges(t *testing.T) {
	for name, change := range map[string]Day{"ahead": "2026-03-08", "back": "2026-11-01"} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				visit := change.Add(1) // a Monday
				r.clock.Move(change.Add(-20).at(12*60, zone).Sub(r.clock.Now()))
				r.book(r.patient("ann"), r.pick(r.lee, visit, 9, 0))
				r.at(change, 8) // the wall says eight, one day before
				r.remind("before nine", 0)
				r.at(change, 9)
				r.remind("at nine", 1)
				got := r.out.reminded[0]
				if at := got.Start.In(zone); at.Hour() != 9 || !got.Expires.Equal(change.at(20*60, zone)) || got.Expires.In(zone).Hour() != 20 {
					t.Errorf("%+v", got)
				}
				r.at(change.Add(8), 9)
				r.remind("a week later", 1)
			})
		})
	}
}
