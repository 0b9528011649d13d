package waiting_test

import (
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/scheduling"
	"portico/internal/waiting"
)

func TestARequestIsAnsweredWithTimes(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana, ben := k.patient("ana"), k.patient("ben")
		id := k.request(ana)
		if n := k.count(`wish WHERE reason LIKE '%knee%'`); n != 0 {
			t.Error("a reason stands in clear")
		}
		nine, ten := k.at(7, 9, 0), k.at(8, 10, 0)
		k.ok(k.Propose(ctx, k.clerk(), id, []string{k.code(k.lee, ten), k.code(k.ortiz, nine)}))
		if k.told("ana", "Choose a time") != 1 {
			t.Error("not told of the times")
		}
		// What is held for a request takes time of the clinician and of the patient.
		_, err := k.app.Visits.Hold(ctx, ben, scheduling.Pick{Type: k.exam, Clinician: k.ortiz, Place: k.main, Start: nine})
		k.wantWhy(err, waiting.WhyTaken)
		_, err = k.app.Visits.Hold(ctx, ana, scheduling.Pick{Type: k.exam, Clinician: k.lee, Place: k.main, Start: nine})
		k.wantWhy(err, "yours")
		// Looking for another visit does not let go of them.
		k.book(ana, k.lee, k.at(9, 9, 0))
		offers := k.offers(ana, id)
		if len(offers) != 2 || !offers[0].Time.Start.Equal(nine) {
			t.Fatalf("offers %+v", offers)
		}
		kept := offers[0].Kept
		if err := k.app.Visits.Confirm(ctx, ana, kept, ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("a proposed time was booked past its request: %v", err)
		}
		if _, err := k.Accept(ctx, ben, id, offers[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's request: %v", err)
		}
		for range 2 { // a double click books once
			visit, err := k.Accept(ctx, ana, id, offers[0].ID)
			if err != nil || visit != kept {
				t.Fatalf("%v %v", visit, err)
			}
		}
		if v, err := k.app.Visits.Visit(ctx, ana, kept); err != nil || v.Visit.State != scheduling.Booked || v.Visit.Reason != "My knee hurts" {
			t.Errorf("%+v %v", v.Visit, err)
		}
		k.book(ben, k.lee, ten) // the other time is free again
		_, err = k.Accept(ctx, ana, id, offers[1].ID)
		k.wantWhy(err, waiting.WhyAnswered)
		k.wantWhy(k.Propose(ctx, k.clerk(), id, []string{k.code(k.lee, nine)}), waiting.WhyAnswered)
		for a, n := range map[audit.Action]int{audit.VisitRequested: 1, audit.VisitProposed: 1} {
			if got := k.lines(a, ana); got != n {
				t.Errorf("%d lines of %s", got, a)
			}
		}
		if k.told("ana", "Your visit is booked") == 0 {
			t.Error("not told that it is booked")
		}
	})
}

func TestARequestIsBookedDeclinedOrTakenBack(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana, ben, cy := k.patient("ana"), k.patient("ben"), k.patient("cy")
		d := k.clerk()
		a, b, c := k.request(ana), k.request(ben), k.request(cy)
		nine := k.at(7, 9, 0)
		k.wantWhy(k.Book(ctx, d, a, nil), waiting.WhyOne)
		k.wantWhy(k.Book(ctx, d, a, []string{k.code(k.lee, nine), k.code(k.lee, nine)}), waiting.WhyOne)
		k.wantWhy(k.Book(ctx, d, a, []string{k.code(k.lee, k.at(7, 8, 0))}), "closed")
		k.ok(k.Book(ctx, d, a, []string{k.code(k.lee, nine)}))
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ana, a) }); m.Wish.State != waiting.Booked || m.Wish.Visit == "" {
			t.Errorf("%+v", m.Wish)
		}
		k.wantWhy(k.Book(ctx, d, b, []string{k.code(k.lee, nine)}), waiting.WhyTaken)

		k.ok(k.Propose(ctx, d, b, []string{k.code(k.lee, k.at(7, 10, 0))}))
		if err := k.Decline(ctx, d, b, "x"); !fault.Is(err, fault.Invalid) {
			t.Errorf("declined without a reason: %v", err)
		}
		k.ok(k.Decline(ctx, d, b, "See your family doctor first."))
		if k.told("ben", "answered your request") != 1 || k.told("ben", "family doctor") != 0 {
			t.Error("told too little or too much")
		}
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ben, b) }); m.Wish.EndedWhy != "See your family doctor first." || len(m.Offers) != 0 {
			t.Errorf("%+v", m)
		}
		k.book(ana, k.lee, k.at(7, 10, 0)) // what was held for Ben is free

		k.ok(k.Propose(ctx, d, c, []string{k.code(k.lee, k.at(7, 11, 0))}))
		if err := k.Withdraw(ctx, ben, c); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's request: %v", err)
		}
		for range 2 {
			k.ok(k.Withdraw(ctx, cy, c))
		}
		k.wantWhy(k.Pass(ctx, cy, c, ""), waiting.WhyAnswered)
		if n := k.count(`appointment_cell WHERE resource = $1`, cy.Patient()); n != 0 {
			t.Errorf("%d cells are still taken", n)
		}
	})
}

func TestProposedTimesRunOut(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana := k.patient("ana")
		id := k.request(ana)
		k.ok(k.Propose(ctx, k.clerk(), id, []string{k.code(k.lee, k.at(7, 9, 0))}))
		o := k.offers(ana, id)[0]
		k.c.Move(48*time.Hour - time.Second)
		k.ok(k.Sweep(ctx, duty))
		if len(k.offers(ana, id)) != 1 {
			t.Fatal("let go too early")
		}
		k.c.Move(time.Second)
		_, err := k.Accept(ctx, ana, id, o.ID)
		k.wantWhy(err, waiting.WhyOver)
		for range 2 {
			k.ok(k.Sweep(ctx, duty))
		}
		if k.told("ana", "ran out") != 1 {
			t.Error("not told once")
		}
		k.book(k.patient("ben"), k.lee, o.Time.Start)
		if m := must(k, func() (waiting.Mine, error) { return k.Open(ctx, ana, id) }); m.Wish.State != waiting.Lapsed {
			t.Errorf("%+v", m.Wish)
		}
		k.request(ana) // may ask again
	})
}

func TestNoneSuits(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana := k.patient("ana")
		id := k.request(ana)
		k.ok(k.Propose(ctx, k.clerk(), id, []string{k.code(k.lee, k.at(7, 9, 0))}))
		k.ok(k.Pass(ctx, ana, id, "Only after school"))
		o := must(k, func() (waiting.One, error) { return k.Look(ctx, k.clerk(), id, waiting.Query{}) })
		if o.Wish.State != waiting.Open || o.Wish.Note != "Only after school" || o.Wish.Reason != "My knee hurts" || len(o.Times) == 0 {
			t.Errorf("%+v", o.Wish)
		}
		k.book(k.patient("ben"), k.lee, k.at(7, 9, 0))
	})
}

func TestRefusalsOfRequests(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		ana, d := k.patient("ana"), k.clerk()
		ask := func(a waiting.Asking) error {
			a.Reason = "My knee hurts"
			_, err := k.Ask(ctx, ana, a)
			return err
		}
		k.wantWhy(ask(waiting.Asking{Kind: k.exam}), waiting.WhyDirect)
		k.wantWhy(ask(waiting.Asking{Kind: k.surgery, Video: true}), waiting.WhyKind)
		k.wantWhy(ask(waiting.Asking{Kind: k.surgery, Clinician: "cln_nobody"}), waiting.WhyKind)
		k.wantWhy(ask(waiting.Asking{Kind: k.surgery, Place: "plc_nowhere"}), waiting.WhyKind)
		if err := ask(waiting.Asking{Kind: "vty_none"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a forged kind: %v", err)
		}
		if _, err := k.Ask(ctx, ana, waiting.Asking{Kind: k.surgery, Reason: strings.Repeat("x", 501)}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a long reason: %v", err)
		}
		_, err := k.Await(ctx, ana, waiting.Asking{Kind: k.surgery})
		k.wantWhy(err, waiting.WhyAsk)
		id := k.request(ana)
		k.wantWhy(ask(waiting.Asking{Kind: k.surgery}), waiting.WhyRequests)
		nine := k.at(7, 9, 0)
		k.wantWhy(k.Propose(ctx, d, id, nil), waiting.WhyThree)
		k.wantWhy(k.Propose(ctx, d, id, []string{"1", "2", "3", "4"}), waiting.WhyThree)
		k.wantWhy(k.Propose(ctx, d, id, []string{k.code(k.lee, nine), k.code(k.ortiz, nine)}), waiting.WhyClash)
		if err := k.Propose(ctx, d, id, []string{"nonsense"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a forged time: %v", err)
		}
		k.wantWhy(k.Propose(ctx, d, id, []string{k.code(k.lee, k.at(0, 9, 0))}), waiting.WhySoon)
		if err := k.Book(ctx, k.desk("auditor", access.BookVisitsFor), id, nil); err == nil {
			t.Error("an auditor answered a request")
		}
		if err := k.Book(ctx, d, "wsh_none", nil); !fault.Is(err, fault.NotFound) {
			t.Errorf("an absent request: %v", err)
		}
		_, err = k.Accept(ctx, ana, id, "wof_none")
		k.wantWhy(err, waiting.WhyOver)
		for range 9 { // the tenth of the day was the first
			k.ok(k.Withdraw(ctx, ana, id))
			id = k.request(ana)
		}
		k.ok(k.Withdraw(ctx, ana, id))
		k.wantWhy(ask(waiting.Asking{Kind: k.surgery}), waiting.WhyOften)
		var empty ids.Wish
		if err := k.Withdraw(ctx, ana, empty); !fault.Is(err, fault.NotFound) {
			t.Errorf("nothing was taken back: %v", err)
		}
	})
}
