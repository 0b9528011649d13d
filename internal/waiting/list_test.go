package waiting_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/waiting"
)

func (k *clinic) await(c access.Chart, visit ids.Appointment) ids.Wish {
	k.t.Helper()
	return must(k, func() (ids.Wish, error) {
		return k.Await(ctx, c, waiting.Asking{Kind: k.exam, Visit: visit, Clinician: k.lee})
	})
}

// scarce leaves one time of Dr. Lee's on the third day and one on the eighth.
func (k *clinic) scarce() {
	k.t.Helper()
	d := k.desk("administrator", access.SetSchedule)
	day := func(n int) scheduling.Day { return scheduling.Day(k.at(n, 12, 0).Format(time.DateOnly)) }
	for _, c := range []scheduling.Closure{{First: day(0), Last: day(2), Until: 24 * 60}, {First: day(4), Last: day(7), Until: 24 * 60}, {First: day(9), Last: day(100), Until: 24 * 60},
		{First: day(3), Last: day(8), From: 9*60 + 30, Until: 24 * 60}} {
		c.Clinician, c.Why = k.lee, "Away"
		k.ok(k.app.Visits.Shut(ctx, d, c))
	}
}

func TestTheFirstToTakeItHasIt(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		owner, ana, ben := k.patient("owner"), k.patient("ana"), k.patient("ben")
		k.scarce()
		visit := k.book(owner, k.lee, k.at(3, 9, 0))
		later := k.book(ana, k.lee, k.at(8, 9, 0))
		a, b := k.await(ana, later), k.await(ben, "")
		if again := k.await(ana, later); again != a {
			t.Error("asked twice, two places")
		}
		k.work()
		k.ok(k.app.Visits.Cancel(ctx, owner, visit, ""))
		k.work()
		mine, his := k.offers(ana, a), k.offers(ben, b)
		if len(mine) != 1 || len(his) != 1 || !mine[0].Time.Start.Equal(his[0].Time.Start) {
			t.Fatalf("offers %+v and %+v", mine, his)
		}
		if k.told("ana", "A time is free") == 0 {
			t.Error("not told of the time")
		}
		if _, err := k.Accept(ctx, ben, a, mine[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's offer: %v", err)
		}
		for range 2 {
			if got, err := k.Accept(ctx, ana, a, mine[0].ID); err != nil || got != later {
				t.Fatalf("%v %v", got, err)
			}
		}
		// Before any job has written it down.
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ben, b) }); len(m.Offers) != 0 || !m.Lost {
			t.Errorf("a time that is gone is still offered: %+v", m.Offers)
		}
		if w := must(k, func() (w []waiting.Waits, err error) {
			err = k.app.DB.View(ctx, func(tx *store.Tx) error { w, err = k.Of(ctx, tx, ben.Patient()); return err })
			return w, err
		}); len(w) != 1 || w[0].Choose {
			t.Errorf("the list of visits offers it: %+v", w)
		}
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ana, a) }); !m.Moved() {
			t.Errorf("the winner's visit did not move: %+v", m.Events)
		}
		_, err := k.Accept(ctx, ben, b, his[0].ID)
		k.wantWhy(err, waiting.WhyGone)
		if k.told("ben", "The time has gone") != 1 {
			t.Error("not told that it has gone")
		}
		_, err = k.Accept(ctx, ben, b, his[0].ID)
		k.wantWhy(err, waiting.WhyGone)
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ben, b) }); m.Wish.State != waiting.Open {
			t.Errorf("Ben lost the place: %+v", m.Wish)
		}
		if n := k.count(`appointment WHERE patient_id = $1 AND state = 'booked'`, ana.Patient()); n != 1 {
			t.Errorf("%d visits after a move", n)
		}
		// The old time is offered in turn.
		k.work()
		if his := k.offers(ben, b); len(his) != 1 {
			t.Errorf("offers of the old time %+v", his)
		}
		if k.lines(audit.VisitMoved, ana) == 0 || k.lines(audit.VisitOffered, ben) == 0 || k.lines(audit.VisitAwaited, ben) == 0 {
			t.Error("a line is missing in the log")
		}
	})
}

// Twelve people and their second windows press the button at one moment: one has the
// time, the others keep what they had.
func TestOneWinnerOfManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		start := k.at(10, 9, 0)
		type racer struct {
			c     access.Chart
			wish  ids.Wish
			had   ids.Appointment
			offer ids.Offer
		}
		var all []racer
		for i := range 12 {
			c := k.patient("racer" + strconv.Itoa(i))
			r := racer{c: c, had: k.book(c, k.ortiz, k.at(20+i, 9, 0))}
			r.wish = must(k, func() (ids.Wish, error) {
				return k.Await(ctx, c, waiting.Asking{Visit: r.had, Clinician: k.lee})
			})
			r.offer = k.offer(r.wish, k.lee, start)
			all = append(all, r)
		}
		var won sync.Map
		var race sync.WaitGroup
		for _, r := range all {
			for range 2 {
				race.Go(func() {
					_, err := k.Accept(ctx, r.c, r.wish, r.offer)
					if err == nil {
						won.Store(r.wish, true)
					} else if why := waiting.Refused(err); why != waiting.WhyGone {
						t.Errorf("an answer that nobody understands: %v", err)
					}
				})
			}
		}
		race.Wait()
		winners := 0
		won.Range(func(any, any) bool { winners++; return true })
		if n := k.count(`appointment WHERE clinician_id = $1 AND starts_at = $2 AND state = 'booked'`, k.lee, stamp(start)); winners != 1 || n != 1 {
			t.Errorf("%d winners, %d visits", winners, n)
		}
		for _, r := range all {
			if n := k.count(`appointment WHERE id = $1 AND state = 'booked'`, r.had); n != 1 {
				t.Error("somebody lost their visit")
			}
		}
		k.work()
		if n := k.count(`wish_offer WHERE state = 'lost'`); n != len(all)-1 {
			t.Errorf("%d were told that it has gone", n)
		}
	})
}

func TestOffersAreBoundedAndRunOut(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		var wishes []ids.Wish
		var people []access.Chart
		for i := range 7 {
			c := k.patient("p" + strconv.Itoa(i))
			people = append(people, c)
			wishes = append(wishes, k.await(c, k.book(c, k.lee, k.at(2+i, 9, 0))))
		}
		k.ok(k.Sweep(ctx, duty))
		if n := k.count(`wish_offer WHERE state = 'open'`); n == 0 {
			t.Fatal("nothing was offered")
		}
		for _, w := range wishes {
			if n := k.count(`wish_offer WHERE state = 'open' AND wish_id = $1`, w); n > 1 {
				t.Errorf("%d times at once", n)
			}
		}
		if n := k.count(`(SELECT clinician_id FROM wish_offer WHERE state = 'open' GROUP BY clinician_id, starts_at HAVING COUNT(*) > 5) AS crowd`); n != 0 {
			t.Error("a time was offered to a crowd")
		}
		for range 4 {
			k.c.Move(13 * time.Hour)
			k.ok(k.Sweep(ctx, duty))
		}
		if n := k.count(`wish_offer WHERE state = 'over'`); n == 0 {
			t.Error("no offer ran out")
		}
		if n := k.count(`(SELECT wish_id FROM wish_offer GROUP BY wish_id, clinician_id, starts_at HAVING COUNT(*) > 1) AS again`); n != 0 {
			t.Error("a time was offered again to who did not answer")
		}
		// Who gave the visit up waits no longer.
		k.ok(k.app.Visits.Cancel(ctx, people[6], visitIn(k, people[6]), ""))
		k.ok(k.Sweep(ctx, duty))
		if n := k.count(`wish WHERE id = $1 AND state = 'lapsed'`, wishes[6]); n != 1 {
			t.Error("still on the list")
		}
	})
}

func TestRefusalsOfTheList(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana, ben := k.patient("ana"), k.patient("ben")
		visit := k.book(ben, k.lee, k.at(5, 9, 0))
		if _, err := k.Await(ctx, ana, waiting.Asking{Visit: visit}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's visit: %v", err)
		}
		for i := range 3 {
			k.await(ana, k.book(ana, k.ortiz, k.at(5+i, 10, 0)))
		}
		_, err := k.Await(ctx, ana, waiting.Asking{Visit: k.book(ana, k.lee, k.at(9, 11, 0))})
		k.wantWhy(err, waiting.WhyPlaces)
		w := k.await(ben, visit)
		o := k.offer(w, k.lee, k.at(4, 9, 0))
		k.ok(k.app.Visits.Move(ctx, ben, visit, scheduling.Pick{Clinician: k.lee, Place: k.main, Start: k.at(3, 9, 0)}))
		_, err = k.Accept(ctx, ben, w, o)
		k.wantWhy(err, waiting.WhyVisit)
		k.wantWhy(k.Propose(ctx, k.clerk(), w, []string{k.code(k.lee, k.at(2, 9, 0))}), waiting.WhyList)
		k.ok(k.Book(ctx, k.clerk(), w, []string{k.code(k.lee, k.at(2, 9, 0))}))
		if n := k.count(`appointment WHERE id = $1 AND starts_at = $2`, visit, stamp(k.at(2, 9, 0))); n != 1 {
			t.Error("the visit did not move")
		}
		_, err = k.Await(ctx, ben, waiting.Asking{Visit: cancelled(k, ben, visit)})
		k.wantWhy(err, waiting.WhyVisit)
	})
}
