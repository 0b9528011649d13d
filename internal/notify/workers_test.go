package notify

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// A worker is killed at each point of the work; what it left behind is exactly
// what a crash leaves, and another worker goes on.
func TestKilledWorkerLosesNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		points := map[string]func(ids.Message){
			"after the lease":     func(id ids.Message) { d.take(ctx, access.NewDuty("notify.send"), id) },
			"after handing over":  func(id ids.Message) { m, _, _ := d.take(ctx, access.NewDuty("notify.send"), id); d.handOver(ctx, m) },
			"in the settling":     func(id ids.Message) { m, _, _ := d.take(ctx, access.NewDuty("notify.send"), id); d.handOver(ctx, m) },
			"before the lease":    func(ids.Message) {},
			"settled, job undone": func(id ids.Message) { d.deliver(ctx, access.NewDuty("notify.send"), id) },
		}
		for name, die := range points {
			before := d.mails.Distinct()
			d.queue(mailTo(fmt.Sprintf("p%d@example.org", before), LetterSent{}))
			var id ids.Message
			if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) (err error) {
				if id, err = store.Get(ctx, tx, store.One[ids.Message], `SELECT id FROM outbox WHERE state = 'queued'`); err != nil {
					return err
				}
				// The dead worker's claim of the job stands until its lease ends.
				_, err = tx.Exec(ctx, `UPDATE job SET state = 'running', attempt = 1, ready_at = $1`, store.Time(tx.Now.Add(2*time.Minute)))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			die(id)
			d.workFor(10*time.Minute, 20*time.Second)
			if d.mails.Distinct() != before+1 || d.in("sent") != before+1 {
				t.Errorf("killed %s: %d arrived, %d sent", name, d.mails.Distinct()-before, d.in("sent")-before)
			}
		}
		if n := len(d.mails.Taken()) - d.mails.Distinct(); n > 2 {
			t.Errorf("%d copies", n) // only the two deaths after handing over
		}
	})
}

func TestTwoWorkersNeverHoldOneMessage(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Slow(30 * time.Millisecond)
		for i := range 5 {
			d.queue(mailTo(fmt.Sprintf("p%d@example.org", i), LetterSent{}))
			var id ids.Message
			if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
				id, err = store.Get(ctx, tx, store.One[ids.Message], `SELECT id FROM outbox WHERE state = 'queued'`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var busy atomic.Int32
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					switch err := d.deliver(ctx, access.NewDuty("notify.send"), id); {
					case errors.Is(err, errBusy):
						busy.Add(1)
					case err != nil:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if busy.Load() == 0 {
				t.Error("nobody found the message taken")
			}
		}
		d.workFor(5*time.Minute, 30*time.Second)
		if len(d.mails.Taken()) != 5 || d.in("sent") != 5 {
			t.Errorf("%d taken, %d sent", len(d.mails.Taken()), d.in("sent"))
		}
	})
}
