package attack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
	"portico/internal/testkit"
)

// Where the process that will be killed finds its database, its folder and how
// far its clock is ahead: leases of the one before are over for the next.
const (
	killedDatabase = "PORTICO_KILLED_DATABASE"
	killedFolder   = "PORTICO_KILLED_FOLDER"
	killedRound    = "PORTICO_KILLED_ROUND"
)

// ahead is the machine's clock, moved.
type ahead time.Duration

func (a ahead) Now() time.Time { return clock.System{}.Now().Add(time.Duration(a)) }

func startAt(t testing.TB, address, folder string, round int) *world {
	t.Helper()
	cfg := settings(t, address)
	cfg.DataDir = folder
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, log: &journal{}, desks: map[string]desk{}, held: map[string]cookies{}, made: map[string]string{}}
	var err error
	w.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil)), Clock: ahead(time.Duration(round) * 20 * time.Minute), Demo: true, Base: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestKilledServer is no test: it is the process that TestKillUnderLoad kills. It
// does everything at once and says what was acknowledged, a line for each.
func TestKilledServer(t *testing.T) {
	address := os.Getenv(killedDatabase)
	if address == "" {
		t.Skip("runs only as a child process")
	}
	var round int
	fmt.Sscan(os.Getenv(killedRound), &round)
	w := startAt(t, address, os.Getenv(killedFolder), round)
	serial.Store(int64(round+1) * 1_000_000)
	desk := w.proof("front_desk", access.IssueCodes)
	var people []ids.Patient
	for _, id := range w.list(`SELECT id FROM patient ORDER BY id`) {
		people = append(people, ids.Patient(id))
	}
	var out sync.Mutex
	say := func(kind string, id any) {
		out.Lock()
		defer out.Unlock()
		fmt.Printf("ack %s %v\n", kind, id)
	}
	deeds := map[string]func(n int) (string, error){
		"session": func(int) (string, error) { return w.killedSession() },
		"code": func(int) (string, error) {
			id, err := w.app.Enroll.Issue(ctx, desk, enroll.Order{Patient: people[rand.IntN(len(people))], By: enroll.ByHand})
			return string(id), err
		},
		"request": func(n int) (string, error) { return w.killedRequest(n) },
		"message": func(n int) (string, error) { return w.killedMessage(n) },
		"visit":   func(n int) (string, error) { return w.killedVisit(people[n>>20], true) },
		"held":    func(n int) (string, error) { return w.killedVisit(people[2+n>>20], false) },
	}
	for kind, deed := range deeds {
		for worker := range 2 {
			go func() {
				for i := 0; ; i++ {
					if id, err := deed(worker<<20 | i); err == nil {
						say(kind, id)
					} else {
						fmt.Printf("not %s %v\n", kind, err)
					}
				}
			}()
		}
	}
	go w.app.Jobs.Run(context.Background(), 2) // sends, matches and seals meanwhile
	fmt.Println("working")
	for {
		w.app.Trail.Seal(ctx, duty)
		time.Sleep(10 * time.Millisecond)
	}
}

// killedSession signs somebody in: the session of an account, with its line.
func (w *world) killedSession() (id string, err error) {
	err = w.app.DB.Change(ctx, duty.Did("signin.done", ""), func(tx *store.Tx) error {
		_, s, err := w.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: "acc_killed", Patient: "pat_killed", Source: "192.0.2.7"})
		id = string(s)
		return err
	})
	return id, err
}

// killedRequest asks for a code online; what is acknowledged is the address it came from.
func (w *world) killedRequest(int) (string, error) {
	v := visitor()
	_, err := w.app.Enroll.Ask(ctx, v, enroll.Claim{Given: "Kim", Family: surname(), Birth: "1970-01-01", Email: "kim@example.com", Reach: "email"}, lang.En)
	return string(v.Source()), err
}

// killedMessage queues a message under a key of its own.
func (w *world) killedMessage(n int) (string, error) {
	key := fmt.Sprint("killed:", next(), ":", n)
	err := w.app.DB.Change(ctx, duty.Did("notice.queued", key), func(tx *store.Tx) error {
		got, err := w.app.Outbox.Send(ctx, tx, notify.Message{To: fmt.Sprintf("k%d.%d@example.org", next(), n), Channel: notify.Mail, Lang: lang.En, Key: key, Account: ids.Account(key), Notice: notify.LetterSent{}})
		if err == nil && got != notify.Queued {
			err = fmt.Errorf("%s", got)
		}
		return err
	})
	return key, err
}

// T57: a server killed with SIGKILL in the middle of everything at once: what it
// acknowledged is there, whole, once; the audit log checks; the file is sound. A
// few kills by default, 10,000 with PORTICO_ATTACK=long.
func TestKillUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			folder := t.TempDir()
			address := "sqlite:" + filepath.Join(folder, "portico.db")
			if engine == "postgres" {
				address = testkit.Postgres(t)
			}
			w := startAt(t, address, folder, 0)
			for range 30 {
				w.killedPatient()
			}
			w.office()
			w.app.Close()
			all, held := map[string][]string{}, []heldTime(nil)
			rounds := size(4, 10_000)
			for round := range rounds {
				acked := killServer(t, address, folder, round)
				w := startAt(t, address, folder, round)
				w.sound(engine, acked)
				held = append(held, w.heldStand()...)
				w.app.Close()
				for kind, list := range acked {
					all[kind] = append(all[kind], list...)
				}
			}
			w = startAt(t, address, folder, rounds)
			defer w.app.Close()
			w.everythingStored(all)
			w.heldAreOver(held)
			w.everythingSent(all["message"])
			watch := &watched{TB: t} // the check can fail
			w.t = watch
			w.everythingStored(map[string][]string{"session": {"ses_none"}})
			if watch.errors == 0 {
				t.Error("a loss was not noticed")
			}
			t.Logf("%d kills; acknowledged: %d sessions, %d codes, %d requests, %d messages, %d visits; %d holds outlived their process", rounds, len(all["session"]), len(all["code"]), len(all["request"]), len(all["message"]), len(all["visit"]), len(held))
			for _, kind := range []string{"session", "code", "request", "message", "visit", "held"} {
				if len(all[kind]) < rounds {
					t.Errorf("only %d of kind %s: there was no load", len(all[kind]), kind)
				}
			}
		})
	}
}

// killedPatient is somebody to issue codes for.
func (w *world) killedPatient() { w.c = clock.At(w.app.DB.Now()); w.newcomer() }

// killServer runs the child for a moment, kills it, and gives what it acknowledged.
func killServer(t *testing.T, address, folder string, round int) map[string][]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledServer$")
	cmd.Env = append(os.Environ(), killedDatabase+"="+address, killedFolder+"="+folder, fmt.Sprint(killedRound, "=", round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[string][]string{}
	in := bufio.NewReader(out)
	first, kinds := "", map[string]bool{}
	var whole strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil { // killed, perhaps in the middle of a line, which then counts for nothing
			break
		}
		whole.WriteString(line)
		word := strings.Fields(line)
		if len(word) == 3 && word[0] == "ack" {
			acked[word[1]] = append(acked[word[1]], word[2])
			kinds[word[1]] = true
		}
		if len(kinds) == 6 && first == "" { // all are at work
			first = line
			time.AfterFunc(time.Duration(rand.IntN(250_000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	io.Copy(io.Discard, out)
	cmd.Wait()
	if first == "" {
		t.Fatalf("the process ended by itself:\n%.2000s", whole.String())
	}
	return acked
}

// sound checks the database and the audit log.
func (w *world) sound(engine string, acked map[string][]string) {
	w.t.Helper()
	if engine == "sqlite" {
		if got := w.one(`SELECT integrity_check FROM pragma_integrity_check`); got != "ok" {
			w.t.Fatalf("integrity: %s", got)
		}
	}
	if _, err := w.app.Trail.Seal(ctx, duty); err != nil {
		w.t.Fatalf("sealing after the kill: %v", err)
	}
	if r, err := w.app.Trail.Verify(ctx, duty, ""); err != nil || r.First != nil || r.Lost > 0 {
		w.t.Fatalf("the audit log: %v %+v", err, r)
	}
	w.everythingStored(acked)
	// Nothing is there by half: each row has its line, each line its row.
	for what, query := range map[string]string{
		"codes without a line":        `SELECT c.id FROM activation_code c WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.object = c.id AND e.action = 'code.issued')`,
		"lines without a code":        `SELECT e.object FROM audit_entry e WHERE e.action = 'code.issued' AND NOT EXISTS (SELECT 1 FROM activation_code c WHERE c.id = e.object)`,
		"requests without a line":     `SELECT r.id FROM identity_request r WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.object = r.id AND e.action = 'enroll.request_made')`,
		"new requests without a job":  `SELECT r.id FROM identity_request r WHERE r.state = 'new' AND NOT EXISTS (SELECT 1 FROM job j WHERE j.args LIKE '%' || r.id || '%')`,
		"patients with two codes":     `SELECT patient_id FROM activation_code WHERE state IN ('issued', 'opened') GROUP BY patient_id HAVING COUNT(*) > 1`,
		"messages without their line": `SELECT o.account_id FROM outbox o WHERE o.account_id LIKE 'killed:%' AND NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.object = o.account_id)`,
		"times given twice":           `SELECT a.id FROM appointment a JOIN appointment b ON b.clinician_id = a.clinician_id AND b.day = a.day AND b.id > a.id AND b.busy_first < a.busy_end AND a.busy_first < b.busy_end WHERE a.state IN ('held', 'booked') AND b.state IN ('held', 'booked')`,
		"visits without their cells":  `SELECT a.id FROM appointment a WHERE a.state IN ('held', 'booked') AND NOT EXISTS (SELECT 1 FROM appointment_cell c WHERE c.appointment_id = a.id)`,
		"cells of no visit":           `SELECT c.appointment_id FROM appointment_cell c JOIN appointment a ON a.id = c.appointment_id WHERE a.state NOT IN ('held', 'booked')`,
		"visits without a line":       `SELECT a.id FROM appointment a WHERE a.state = 'booked' AND NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.object = a.id AND e.action = 'visit.booked')`,
		"bookings without a visit":    `SELECT e.object FROM audit_entry e WHERE e.action = 'visit.booked' AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.id = e.object AND a.state = 'booked')`,
		"lines without their message": `SELECT e.object FROM audit_entry e WHERE e.action = 'notice.queued' AND e.object LIKE 'killed:%' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.account_id = e.object)`,
	} {
		if rows := w.list(query); len(rows) > 0 {
			w.t.Errorf("%d %s, e.g. %s", len(rows), what, rows[0])
		}
	}
}

// everythingStored demands a row for all that was acknowledged.
func (w *world) everythingStored(acked map[string][]string) {
	w.t.Helper()
	for kind, query := range map[string]string{"session": `SELECT id FROM session`, "code": `SELECT id FROM activation_code`,
		"request": `SELECT source FROM audit_entry WHERE action = 'enroll.request_made'`, "message": `SELECT account_id FROM outbox WHERE account_id <> ''`,
		"visit": `SELECT id FROM appointment WHERE state = 'booked'`, "held": `SELECT id FROM appointment WHERE state IN ('held', 'released', 'booked')`} {
		have := map[string]int{}
		for _, id := range w.list(query) {
			have[id]++
		}
		for _, id := range acked[kind] {
			if have[id] != 1 {
				w.t.Errorf("an acknowledged %s is stored %d times: %s", kind, have[id], id)
			}
		}
	}
}

// everythingSent lets the outbox work in peace and demands that all went out, once.
func (w *world) everythingSent(keys []string) {
	w.t.Helper()
	w.work()
	left := w.list(`SELECT id FROM outbox WHERE account_id LIKE 'killed:%' AND state <> 'sent'`)
	if len(left) > 0 {
		w.t.Errorf("%d messages were never sent", len(left))
	}
	twice := w.list(`SELECT recipient FROM demo_message WHERE recipient LIKE 'k%@example.org' GROUP BY recipient HAVING COUNT(*) > 1`)
	if len(twice) > 0 {
		w.t.Errorf("%d messages were sent twice", len(twice))
	}
	if len(keys) == 0 {
		w.t.Error("no message was queued")
	}
}
