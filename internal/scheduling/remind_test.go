package scheduling

import (
	"testing"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

// at moves the clock to a time of the clinic's.
func (r *rig) at(d Day, hour int) {
	r.t.Helper()
	r.clock.Move(d.at(hour*60, zone).Sub(r.clock.Now()))
}

// remind runs the job twice, as after a crash, and wants n reminders in all so far.
func (r *rig) remind(what string, n int) {
	r.t.Helper()
	for range 2 {
		if err := r.Remind(ctx, duty); err != nil {
			r.t.Fatal(err)
		}
	}
	if got := len(r.out.reminded); got != n {
		r.t.Errorf("%s: %d reminders, want %d", what, got, n)
	}
}

func TestAVisitIsRemindedOfSevenThreeAndOneDaysBefore(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.patient("ann")
		day := monday.Add(14)
		id := r.book(c, r.pick(r.lee, day, 9, 0))
		gone := r.book(c, r.pick(r.lee, day, 10, 0))
		if err := r.Cancel(ctx, c, gone, ""); err != nil {
			t.Fatal(err)
		}
		r.remind("two weeks before", 0)
		r.at(day.Add(-7), 8)
		r.remind("before nine", 0)
		r.at(day.Add(-7), 9)
		r.remind("seven days before", 1)
		if got := r.out.reminded[0]; got.Days != 7 || !got.Start.Equal(day.at(9*60, zone)) || !got.Expires.Equal(day.Add(-7).at(remindUntil, zone)) {
			t.Errorf("reminder %+v", got)
		}
		r.at(day.Add(-3), 20)
		r.remind("in the evening", 1)
		r.at(day.Add(-3), 19)
		r.remind("three days before", 2)
		c = r.patient("ann")
		if err := r.Move(ctx, c, id, r.pick(r.ortiz, day, 11, 0)); err != nil {
			t.Fatal(err)
		}
		r.remind("just moved", 2)
		r.at(day.Add(-1), 10)
		r.remind("one day before", 3)
		if got := r.out.reminded[2]; !got.Start.Equal(day.at(11*60, zone)) {
			t.Errorf("reminder of the old time: %+v", got)
		}
	})
}

func TestAVisitBookedAfterAMarkSkipsIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		day := monday.Add(7)
		r.at(day.Add(-7), 12)
		r.book(r.patient("ann"), r.pick(r.lee, day, 9, 0))
		r.remind("booked on the day of the mark", 0)
		r.at(day.Add(-3), 9)
		r.remind("the next mark", 1)
	})
}

func TestRemindersGoInBatches(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		day := monday.Add(14)
		r.addPatient("pat_bob")
		for i := range remindBatch + 3 {
			start := day.at(i*20, zone)
			from := cellOf(start)
			r.sql(`INSERT INTO appointment (id, patient_id, home_id, type_id, clinician_id, place_id, room_id, video, state, day, starts_at, ends_at,
					first_cell, end_cell, busy_first, busy_end, reason, note, ended_by, ended_why, version, made_at, changed_at)
				VALUES ($1, 'pat_bob', 'pat_bob', $2, $3, $4, '', FALSE, 'booked', $5, $6, $7, $8, $9, $8, $9, '', '', '', '', 1, $10, $10)`,
				ids.NewAppointment(), r.exam, r.lee, r.main, string(day), store.Time(start), store.Time(start.Add(20*time.Minute)), int64(from), int64(from+4), store.Time(r.clock.Now()))
		}
		r.at(day.Add(-7), 9)
		r.remind("more than one batch", remindBatch+3)
	})
}
