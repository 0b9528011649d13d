package notify

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/limit"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/mailbox"
)

// ahead is the real clock, moved: leases of killed workers are over for the next.
type ahead time.Duration

func (a ahead) Now() time.Time { return clock.System{}.Now().Add(time.Duration(a)) }

// TestWorkerProcess is no test of its own: it is the process that
// TestKilledProcessLosesNothing starts and kills.
func TestWorkerProcess(t *testing.T) {
	address, server := os.Getenv("NOTIFY_TEST_DATABASE"), os.Getenv("NOTIFY_TEST_MAIL")
	if address == "" {
		t.Skip("started by TestKilledProcessLosesNothing")
	}
	round, _ := strconv.Atoi(os.Getenv("NOTIFY_TEST_ROUND"))
	db, err := store.Open(ctx, address, ahead(time.Duration(round)*10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := NewSMTP("smtp://"+server, "portal@riverside.example", func() string { return "Clinic" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := testkit.Keys(t)
	o, err := New(Parts{DB: db, Keys: keys, Limits: &limit.Limiter{DB: db, Keys: keys}, Clinic: clinic(t), Mail: smtp,
		Base: &url.URL{Scheme: "https", Host: "portal.riverside.example"}})
	if err != nil {
		t.Fatal(err)
	}
	r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
	r.Poll = 5 * time.Millisecond
	o.Work(r)
	fmt.Println("working")
	r.Run(context.Background(), 2)
}

// A process that sends is killed with SIGKILL at a random moment, again and
// again: every message arrives, and copies carry one identifier. A few rounds
// by default, a thousand with PORTICO_ATTACK set.
func TestKilledProcessLosesNothing(t *testing.T) {
	rounds, messages := 12, 150
	if os.Getenv("PORTICO_ATTACK") != "" {
		rounds, messages = 1000, 20000
	} else if testing.Short() {
		rounds, messages = 3, 40 // beside the race detector, which watches each new process
	}
	addresses := map[string]string{"sqlite": testkit.MigratedSQLite(t)}
	if os.Getenv("PORTICO_TEST_POSTGRES") != "" || os.Getenv("CI") != "" {
		addresses["postgres"] = testkit.MigratedPostgres(t)
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(ctx, address, clock.System{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			d := newDesk(t, db, clock.At(testkit.Noon))
			for i := range messages {
				m := mailTo(fmt.Sprintf("p%d@example.org", i), LetterSent{})
				m.Expires = time.Now().Add(24 * 365 * time.Hour)
				d.queue(m)
			}
			d.mails.Slow(time.Millisecond)
			kills := 0
			for ; d.in("sent") < messages && kills < 20*rounds; kills++ {
				// The last process may work in peace.
				life := time.Duration(20+rand.IntN(120)) * time.Millisecond
				if kills >= rounds {
					life = 5 * time.Second
				}
				work(t, address, d.mails, kills, life)
			}
			copies := len(d.mails.Taken()) - d.mails.Distinct()
			t.Logf("%d kills, %d copies of %d messages", kills, copies, messages)
			if d.mails.Distinct() != messages || d.in("sent") != messages {
				t.Errorf("%d of %d arrived, %d sent", d.mails.Distinct(), messages, d.in("sent"))
			}
			if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.sent'`); n != messages {
				t.Errorf("%d lines in the audit log", n)
			}
			if copies > 2*kills { // two workers, each with one message in hand
				t.Errorf("%d copies after %d kills", copies, kills)
			}
		})
	}
}

// work runs the worker process and kills it after life.
func work(t *testing.T, address string, mails *mailbox.Server, round int, life time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWorkerProcess$")
	cmd.Env = append(os.Environ(), "NOTIFY_TEST_DATABASE="+address, "NOTIFY_TEST_MAIL="+mails.Addr(), "NOTIFY_TEST_ROUND="+strconv.Itoa(round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 8)) // "working"
	time.Sleep(life)
	cmd.Process.Kill()
	cmd.Wait()
}
