package notify

import (
	"fmt"
	"testing"
	"time"

	"portico/internal/testkit/phone"
)

func TestNobodyIsBombed(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		outcomes := map[Outcome]int{}
		for i := range 10000 {
			if i%500 == 0 {
				d.c.Move(11 * time.Minute)
			}
			outcomes[d.queue(mailTo(someone, code))]++
		}
		d.work()
		// 10 in 24 hours, whatever was asked for.
		if outcomes[Queued] != 10 || len(d.mails.Taken()) != 10 || outcomes[OverBudget] != 9990 {
			t.Errorf("%v, %d taken", outcomes, len(d.mails.Taken()))
		}
		if d.in("sent") != 10 || d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 {
			t.Error("the content of refused messages is kept")
		}
		if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.queued'`); n == 0 || n > 50 {
			t.Errorf("%d lines in the audit log", n)
		}
	})
}

func TestDayCapIsExact(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for i := range 300 {
			d.queue(textTo(fmt.Sprintf("+1555010%04d", i), code))
		}
		d.work()
		if n := len(d.calls.Taken()); n != 100 || d.in("sent") != 100 || d.in("failed") != 200 {
			t.Errorf("%d taken of a cap of 100, %d sent, %d failed", n, d.in("sent"), d.in("failed"))
		}
		d.c.Move(25 * time.Hour)
		d.queue(textTo("+15550109999", code))
		d.work()
		if n := len(d.calls.Taken()); n != 101 {
			t.Errorf("the next day: %d", n)
		}
	})
}

// A provider that is down costs nothing, however often it is tried; one that
// takes messages without saying so is charged for each.
func TestCapCountsWhatMayBeBilled(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.DailyCap = 3
		d.calls.Be(phone.Unavailable)
		d.queue(textTo("+15550100001", code))
		d.workFor(5*time.Minute, 10*time.Second)
		d.calls.Be(phone.Well)
		d.workFor(10*time.Minute, time.Minute)
		d.queue(textTo("+15550100002", code))
		d.work()
		if n := len(d.calls.Taken()); n != 2 {
			t.Fatalf("%d taken", n)
		}
		d.calls.Be(phone.TakeAndDrop)
		d.queue(textTo("+15550100003", code))
		d.workFor(time.Hour, time.Minute)
		if n := len(d.calls.Taken()); n != 3 || d.in("failed") != 1 {
			t.Errorf("%d taken of a cap of 3, %d failed", n, d.in("failed"))
		}
	})
}

func TestTextInDoubtIsNotRepeatedForever(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.calls.Be(phone.TakeAndDrop)
		d.queue(textTo("+15550100003", code))
		d.workFor(3*time.Hour, time.Minute)
		if n := len(d.calls.Taken()); n != doubts || d.in("failed") != 1 {
			t.Errorf("%d copies, %d failed", n, d.in("failed"))
		}
	})
}
