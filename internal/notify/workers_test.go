package notify

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// T55: workers are killed at each point of the work; what they left behind is exactly
// what a crash leaves, and another worker goes on. Every message arrives and is settled
// once; only deaths between handing over and settling send a copy, with the same
// identifier. A thousand deaths at each point in a long run.
func TestKilledWorkerLosesNothing(t *testing.T) {
	deaths := 5
	if os.Getenv("PORTICO_ATTACK") != "" {
		deaths = 1000
	}
	eachDesk(t, func(t *testing.T, d *desk) {
		duty := access.NewDuty("notify.send")
		taken := func(id ids.Message) row {
			m, wanted, err := d.take(ctx, duty, id)
			if err != nil || !wanted {
				t.Fatalf("not taken: %v", err)
			}
			return m
		}
		given := func(id ids.Message) row {
			m := taken(id)
			if _, err := d.handOver(ctx, m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		killed := errors.New("killed")
		copies := 0
		for _, at := range []struct {
			point string
			twice bool // what was handed over is sent again
			die   func(ids.Message)
		}{
			{"before the lease", false, func(ids.Message) {}},
			{"after the lease", false, func(id ids.Message) { taken(id) }},
			{"after handing over", true, func(id ids.Message) { given(id) }},
			{"in the settling", true, func(id ids.Message) {
				m := given(id)
				if err := d.DB.Change(ctx, duty.Did(audit.NoticeSent, string(id)), func(tx *store.Tx) error {
					held, err := settle(ctx, tx, m, ending{state: "sent"})
					if err != nil || !held {
						t.Errorf("not settled: %v", err)
					}
					return killed
				}); !errors.Is(err, killed) {
					t.Fatal(err)
				}
			}},
			{"settled, job undone", false, func(id ids.Message) {
				if err := d.deliver(ctx, duty, id); err != nil {
					t.Fatal(err)
				}
			}},
		} {
			before := d.mails.Distinct()
			for i := range deaths {
				d.queue(mailTo(fmt.Sprintf("p%d@example.org", before+i), LetterSent{}))
			}
			for _, id := range d.abandoned() {
				at.die(id)
			}
			d.workFor(10*time.Minute, 20*time.Second)
			arrived := before + deaths
			if d.mails.Distinct() != arrived || d.in("sent") != arrived {
				t.Errorf("killed %s: %d of %d arrived, %d sent", at.point, d.mails.Distinct()-before, deaths, d.in("sent")-before)
			}
			if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.sent'`); n != arrived {
				t.Errorf("killed %s: %d lines in the audit log, not %d", at.point, n, arrived)
			}
			if at.twice {
				copies += deaths
			}
			if n := len(d.mails.Taken()) - d.mails.Distinct(); n != copies {
				t.Errorf("killed %s: %d copies so far, not %d", at.point, n, copies)
			}
		}
		t.Logf("%d deaths at each of 5 points: %d messages, %d copies", deaths, d.mails.Distinct(), copies)
	})
}

// abandoned lists the queued messages, whose jobs a worker has claimed that died: its
// claim stands until its lease ends.
func (d *desk) abandoned() (all []ids.Message) {
	d.t.Helper()
	if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) (err error) {
		if all, err = store.List(ctx, tx, store.One[ids.Message], `SELECT id FROM outbox WHERE state = 'queued'`); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE job SET state = 'running', attempt = 1, ready_at = $1`, store.Time(tx.Now.Add(2*time.Minute)))
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return all
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
