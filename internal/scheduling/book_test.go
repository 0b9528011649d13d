package scheduling

import (
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

func TestHoldThenBook(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana, ben := r.patient("ana"), r.patient("ben")
		p := r.pick(r.lee, monday, 9, 0)
		id := r.hold(ana, p)
		_, err := r.Hold(ctx, ben, p)
		r.wantWhy(err, WhyTaken)
		_, err = r.Hold(ctx, ben, r.pick(r.lee, monday, 9, 30)) // within what comes after the first
		r.wantWhy(err, WhyTaken)
		if err := r.Confirm(ctx, ben, id, ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's hold: %v", err)
		}
		for range 2 { // a double click books once
			if err := r.Confirm(ctx, ana, id, "My knee hurts"); err != nil {
				t.Fatal(err)
			}
		}
		if len(r.out.told) != 1 || r.out.told[0].What != Booked {
			t.Errorf("told %+v", r.out.told)
		}
		if n := r.count(`appointment WHERE reason LIKE '%knee%'`); n != 0 {
			t.Error("a reason stands in clear")
		}
	})
}

func TestHoldLastsFiveMinutes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana, ben := r.patient("ana"), r.patient("ben")
		p := r.pick(r.lee, monday, 9, 0)
		id := r.hold(ana, p)
		r.clock.Move(holdFor - time.Second)
		_, err := r.Hold(ctx, ben, p)
		r.wantWhy(err, WhyTaken)
		r.clock.Move(time.Second)
		r.wantWhy(r.Confirm(ctx, ana, id, ""), WhyOver)
		if got := r.starts(Query{Type: r.exam, Clinician: r.lee, Want: 1}, ben); got[0] != "lee Mon 09:00" {
			t.Errorf("a time whose hold is over is not offered: %v", got)
		}
		r.book(ben, p)
		r.wantWhy(r.Confirm(ctx, ana, id, ""), WhyOver)
		if n := r.count(`appointment_cell WHERE appointment_id = $1`, id); n != 0 {
			t.Errorf("%d cells are taken by a hold that is over", n)
		}
	})
}

func TestExpireLetsGo(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.hold(r.patient("ana"), r.pick(r.lee, monday, 9, 0))
		r.clock.Move(holdFor)
		if err := r.Expire(ctx, duty); err != nil {
			t.Fatal(err)
		}
		if n := r.count(`appointment WHERE id = $1 AND state = 'released'`, id); n != 1 {
			t.Error("not released")
		}
		if n := r.count(`appointment_cell`); n != 0 {
			t.Errorf("%d cells left", n)
		}
	})
}

func TestOnePersonHoldsOneTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		first := r.hold(ana, r.pick(r.lee, monday, 9, 0))
		r.hold(ana, r.pick(r.ortiz, monday, 9, 0)) // the same hour: the first was let go
		r.wantWhy(r.Confirm(ctx, ana, first, ""), WhyOther)
		r.book(r.patient("ben"), r.pick(r.lee, monday, 9, 0))
	})
}

func TestRefusalsHaveReasons(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		try := func(want Why, p Pick) {
			t.Helper()
			_, err := r.Hold(ctx, ana, p)
			r.wantWhy(err, want)
		}
		good := r.pick(r.lee, monday, 9, 0)
		late := good
		late.Start = r.clock.Now().Add(-time.Hour).Truncate(cellMinutes * time.Minute)
		try(WhyPast, late)
		soon := good
		soon.Start = r.clock.Now().Add(55 * time.Minute).Truncate(cellMinutes * time.Minute)
		try(WhySoon, soon)
		try(WhyFar, r.pick(r.lee, monday.Add(7*13), 9, 0))
		try(WhyClosed, r.pick(r.lee, monday, 9, 5))   // not a start of the kind
		try(WhyClosed, r.pick(r.lee, monday, 11, 45)) // would end after the week does
		try(WhyClosed, r.pick(r.lee, monday.Add(-1).Add(7), 9, 0))
		odd := good
		odd.Start = odd.Start.Add(time.Second)
		try(WhyClosed, odd)
		video := good
		video.Video = true
		try(WhyType, video)
		stranger := good
		stranger.Clinician = "cln_nobody"
		try(WhyType, stranger)
		elsewhere := good
		elsewhere.Place = "plc_elsewhere"
		try(WhyClosed, elsewhere)
		r.sql(`INSERT INTO schedule_closure (id, clinician_id, place_id, first_day, last_day, from_minute, until_minute, why) VALUES ('cls_1', '', '', $1, $1, 0, 1440, 'Holiday')`, string(monday))
		try(WhyClosed, good)
		r.sql(`DELETE FROM schedule_closure`)
		r.out.shut[ana.Patient()] = true
		try(WhyPerson, good)
		r.out.shut[ana.Patient()] = false
		r.sql(`UPDATE visit_type SET direct = FALSE`)
		try(WhyRequest, good)
		r.sql(`UPDATE visit_type SET direct = TRUE, open_most = 1, day_most = 1`)
		r.book(ana, good)
		try(WhyMany, r.pick(r.ortiz, monday, 9, 0))
		r.sql(`UPDATE visit_type SET open_most = 0`)
		try(WhyDay, r.pick(r.lee, monday, 10, 0))
		try(WhyYours, r.pick(r.ortiz, monday, 9, 15))
		if _, err := r.Hold(ctx, ana, Pick{Type: "vty_none", Start: good.Start}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a kind that is not there: %v", err)
		}
	})
}

func TestManyWantOneTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const racers = 8
		rounds := 6
		if long {
			rounds = 1000
		}
		var who []access.Chart
		for i := range racers {
			who = append(who, r.patient(string(rune('a'+i))))
		}
		for round := range rounds {
			p := r.pick(r.lee, monday.Add(round%5), 9+round/5%2, 0)
			var wg sync.WaitGroup
			errs, booked := make([]error, racers), make([]ids.Appointment, racers)
			for i, c := range who {
				wg.Go(func() {
					id, err := r.Hold(ctx, c, p)
					if err == nil {
						err = r.Confirm(ctx, c, id, "")
					}
					errs[i], booked[i] = err, id
				})
			}
			wg.Wait()
			won, winner := 0, 0
			for i, err := range errs {
				switch {
				case err == nil:
					won++
					winner = i
				case Refused(err) != WhyTaken:
					t.Errorf("a loser got %v", err)
				}
			}
			if n := r.count(`appointment WHERE state = 'booked' AND starts_at = $1`, store.Time(p.Start)); won != 1 || n != 1 {
				t.Fatalf("round %d: %d won, %d booked", round, won, n)
			}
			if err := r.Cancel(ctx, who[winner], booked[winner], ""); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever writes a visit, the database itself refuses a second one at the time.
func TestTheDatabaseRefusesOverlaps(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id := r.book(ana, r.pick(r.lee, monday, 9, 0))
		r.addPatient("pat_zoe")
		copyOf := func(clinician, patient string, shift int64) error {
			return r.db.Change(ctx, duty.Did("visit.booked", "test"), func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `
					INSERT INTO appointment (id, patient_id, home_id, type_id, clinician_id, place_id, room_id, video, state, day, starts_at, ends_at, first_cell, end_cell, busy_first, busy_end, reason, note, ended_by, ended_why, version, made_at, changed_at)
					SELECT $1, $2, $2, type_id, $3, place_id, room_id, video, 'booked', day, starts_at, ends_at, first_cell + $4, end_cell + $4, busy_first + $4, busy_end + $4, '', '', '', '', 0, made_at, changed_at
					FROM appointment WHERE id = $5`, ids.NewAppointment(), patient, clinician, shift, id)
				return err
			})
		}
		for name, err := range map[string]error{
			"the clinician twice":        copyOf("cln_lee", "pat_zoe", 0),
			"the clinician's last cell":  copyOf("cln_lee", "pat_zoe", 7),
			"the patient twice":          copyOf("cln_ortiz", "pat_ana", 0),
			"the patient's last minutes": copyOf("cln_ortiz", "pat_ana", 5),
		} {
			if !store.IsUnique(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := copyOf("cln_lee", "pat_zoe", 8); err != nil { // 30 minutes and 10 after them
			t.Errorf("the next time: %v", err)
		}
		err := r.db.Change(ctx, duty.Did("visit.moved", "test"), func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE appointment SET busy_first = busy_first - 8, first_cell = first_cell - 8, end_cell = end_cell - 8, busy_end = busy_end - 8 WHERE patient_id = 'pat_zoe'`)
			return err
		})
		if !store.IsUnique(err) {
			t.Errorf("moved onto another: %v", err)
		}
	})
}

func TestMoveIsOneStep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana, ben := r.patient("ana"), r.patient("ben")
		id := r.book(ana, r.pick(r.lee, monday.Add(2), 9, 0))
		r.book(ben, r.pick(r.ortiz, monday.Add(2), 10, 0))
		r.wantWhy(r.Move(ctx, ana, id, r.pick(r.ortiz, monday.Add(2), 10, 15)), WhyTaken)
		if n := r.count(`appointment WHERE id = $1 AND clinician_id = $2 AND state = 'booked'`, id, r.lee); n != 1 {
			t.Fatal("the old time was lost")
		}
		if err := r.Move(ctx, ben, id, r.pick(r.lee, monday.Add(3), 9, 0)); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's visit: %v", err)
		}
		// Fifteen minutes later overlaps its own time, which counts as free.
		if err := r.Move(ctx, ana, id, r.pick(r.lee, monday.Add(2), 9, 15)); err != nil {
			t.Fatal(err)
		}
		r.book(r.patient("zoe"), r.pick(r.lee, monday.Add(2), 10, 0))
		if err := r.Move(ctx, ana, id, r.pick(r.ortiz, monday.Add(3), 9, 0)); err != nil {
			t.Fatal(err)
		}
		if got := r.starts(Query{Type: r.exam, Clinician: r.lee, From: monday.Add(2), Want: 1}, ben); got[0] != "lee Wed 09:00" {
			t.Errorf("the time left behind is not offered: %v", got)
		}
		if n := r.count(`appointment_event WHERE appointment_id = $1 AND what = 'moved'`, id); n != 2 {
			t.Errorf("%d moves in its history", n)
		}
		if last := r.out.told[len(r.out.told)-1]; !last.Moved || last.Version != 3 {
			t.Errorf("told %+v", last)
		}
	})
}

func TestCutOff(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		id := r.book(ana, r.pick(r.lee, monday.Add(1), 9, 0))
		start := monday.Add(1).at(9*60, zone)
		r.clock.Move(start.Add(-24*time.Hour + time.Second).Sub(r.clock.Now()))
		ana = r.patient("ana")
		r.wantWhy(r.Cancel(ctx, ana, id, ""), WhyCutOff)
		r.wantWhy(r.Move(ctx, ana, id, r.pick(r.lee, monday.Add(3), 9, 0)), WhyCutOff)
		r.clock.Move(-time.Second)
		if err := r.Cancel(ctx, ana, id, "I am away"); err != nil {
			t.Fatal(err)
		}
		if err := r.Cancel(ctx, ana, id, "again"); err != nil {
			t.Errorf("cancelled twice: %v", err)
		}
		r.wantWhy(r.Move(ctx, ana, id, r.pick(r.lee, monday.Add(3), 9, 0)), WhyFinished)
		if n := r.count(`appointment WHERE id = $1 AND state = 'cancelled' AND ended_by = 'patient'`, id); n != 1 {
			t.Error("the row does not say who ended it")
		}
		if n := r.count(`appointment_cell`); n != 0 {
			t.Errorf("%d cells are still taken", n)
		}
		r.book(r.patient("ben"), r.pick(r.lee, monday.Add(1), 11, 30))
	})
}

func TestOperationsWantTheirPermission(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var none access.Chart
		_, herr := r.Hold(ctx, none, Pick{})
		_, ferr := r.Find(ctx, none, Query{})
		for _, err := range []error{herr, ferr, r.Confirm(ctx, none, "x", ""), r.LetGo(ctx, none), r.Move(ctx, none, "x", Pick{}), r.Cancel(ctx, none, "x", "")} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("got %v", err)
			}
		}
	})
}
