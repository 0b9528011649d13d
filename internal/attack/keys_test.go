package attack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/vault"
	"portico/internal/web"
)

const rotatedFile = "PORTICO_ROTATED_FILE"

// beside opens the portal once more on the same database with the keys of a file,
// as another server or a command would.
func beside(t testing.TB, address, file string, c clock.Clock) *world {
	t.Helper()
	cfg := settings(t, address)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.SecretKey, cfg.SecretKeyFile, cfg.DataDir = strings.TrimSpace(string(b)), file, filepath.Dir(file)
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, c: clock.At(testkit.Noon), log: &journal{}, desks: map[string]desk{}, held: map[string]cookies{}, made: map[string]string{}}
	w.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil)), Clock: c, Demo: true, Base: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.app.Close() })
	w.h = w.app.Router.Handler()
	return w
}

func keyFile(t testing.TB) string {
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(secret.NewSecret()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serving lets a portal follow the keys, as Serve does, until the test ends.
func (w *world) serving() {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.app.Vault.Watch(ctx) })
	w.t.Cleanup(func() { cancel(); wg.Wait() })
}

// A17: the key changes while two servers answer fifty requests a second and write:
// nobody sees an error, every row reads the same afterwards, without the old key
// wherever the old key is not needed by a hash.
func TestKeyChangesUnderLoad(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			address := testkit.MigratedSQLite(t)
			if engine == "postgres" {
				address = testkit.MigratedPostgres(t)
			}
			file := keyFile(t)
			c := clock.At(testkit.Noon)
			one := beside(t, address, file, c)
			one.c = c
			one.hash = must(one.app.Hasher.Hash(ctx, password))
			one.own, one.other = one.member(), one.member()
			people := []person{one.own, one.other}
			for range size(150, 5000) {
				people = append(people, one.newcomer())
			}
			one.unnumbered("1 new")
			one.importFault(one.own)
			one.correction(one.own)
			two, command := beside(t, address, file, c), beside(t, address, file, c)
			one.serving()
			two.serving()
			before := must(command.app.Vault.Verify(ctx, duty))
			old := command.app.Keys.Current()

			stop := one.loaded(t, two, people)
			var said bytes.Buffer
			began := time.Now()
			if err := command.app.RotateKeys(ctx, &said); err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
			took := time.Since(began)
			sent, slowest := stop()
			t.Logf("%d rows, %v; %d requests meanwhile, the slowest %v", before, took, sent, slowest)
			// A busy machine loses beats; a run at full size has one to itself.
			if rate := float64(sent) / took.Seconds(); rate < float64(size(15, 45)) {
				t.Errorf("only %.0f requests a second", rate)
			}
			new := command.app.Keys.Current()
			if new == old || one.app.Keys.Current() != new || two.app.Keys.Current() != new {
				t.Fatal("not all write with the new key")
			}
			one.underNewKey(t, address, file, old, people)
		})
	}
}

// underNewKey checks what must hold after a change of key.
func (w *world) underNewKey(t *testing.T, address, file, old string, people []person) {
	t.Helper()
	if must(w.app.Vault.Again(ctx, duty)) {
		t.Errorf("rows are left under the old key: %+v", must(w.app.Vault.Needs(ctx, duty))[old])
	}
	w.unnumbered("0 new")
	w.work() // what waits in the outbox is sent
	err := w.app.Vault.Retire(ctx, duty, old)
	var need vault.NeedError
	if !errors.As(err, &need) || !strings.Contains(err.Error(), "account.password_hash: 3") {
		t.Fatalf("the old key was retired though passwords need it: %v", err)
	}
	// Its owner signs in: the hash is made anew. Here that is done by hand.
	w.hash = must(w.app.Hasher.Hash(ctx, password))
	w.change(func(tx *store.Tx) error {
		for _, q := range []string{`UPDATE account SET password_hash = '` + w.hash + `'`, `DELETE FROM recovery_code`,
			`UPDATE activation_code SET state = 'expired' WHERE state = 'issued'`, `DELETE FROM enrolment`} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	var said bytes.Buffer
	if err := w.app.RetireKey(ctx, old, &said); err != nil {
		t.Fatal(err)
	}
	alone := beside(t, address, file, w.c)
	if held := alone.app.Keys.Held(); len(held) != 1 {
		t.Fatalf("the file still holds %v", held)
	}
	must(alone.app.Vault.Verify(ctx, duty))
	strange := vault.New(vault.Parts{DB: w.app.DB, Keys: testkit.Keys(t), Tables: alone.app.Vault.Tables})
	if _, err := strange.Verify(ctx, duty); !errors.Is(err, secret.ErrSealed) { // the check can fail
		t.Errorf("another key opens the rows: %v", err)
	}
	for _, p := range people {
		if got, err := alone.app.Registry.Numbered(ctx, duty, p.number); err != nil || got != p.id {
			t.Fatalf("number %s leads to %q, %v", p.number, got, err)
		}
	}
	if r := must(alone.app.Trail.Check(ctx, duty, "")); r.First != nil {
		t.Errorf("the audit log: %s", r.First)
	}
}

// unnumbered imports somebody without a number, who is known by name and birth date.
func (w *world) unnumbered(want string) {
	w.t.Helper()
	rep, err := w.app.Registry.ImportCSV(ctx, duty, "people.csv", strings.NewReader("number,last,first,dob\n,Nobody,Nora,1971-02-03\n"), registry.Options{}, nil)
	if got := fmt.Sprint(rep.New, " new"); err != nil || got != want || rep.Refused > 0 {
		w.t.Errorf("import: %v %+v", err, rep)
	}
}

// loaded sends fifty requests a second, by turns to two servers, until it is
// stopped; any answer that is an error fails the test.
func (w *world) loaded(t *testing.T, two *world, people []person) (stop func() (sent int, slowest time.Duration)) {
	patient := cookies{web.SessionCookie: w.signedIn(w.own)}
	clerk := cookies{web.StaffCookie: w.at("front_desk").token}
	desk := w.proof("front_desk", access.IssueCodes)
	var n, slow atomic.Int64
	deeds := []func(on *world, i int) error{
		func(on *world, _ int) error { return on.fine("/home", patient) },
		func(on *world, _ int) error { return on.fine("/results", patient) },
		func(on *world, _ int) error { return on.fine("/account", patient) },
		func(on *world, i int) error {
			return on.fine("/staff/patients/"+string(people[i%len(people)].id), clerk)
		},
		func(on *world, i int) error {
			p := people[i%len(people)]
			got, err := on.app.Registry.Numbered(ctx, duty, p.number)
			if err == nil && got != p.id {
				err = errors.New("a number leads to somebody else")
			}
			return err
		},
		func(on *world, _ int) error { _, err := on.killedRequest(0); return err },
		func(on *world, i int) error { _, err := on.killedMessage(i); return err },
		func(on *world, i int) error {
			id, err := on.app.Enroll.Issue(ctx, desk, enroll.Order{Patient: people[2+i%(len(people)-2)].id, By: enroll.ByHand})
			if err == nil {
				_, err = on.app.Enroll.Reveal(ctx, desk, id)
			}
			return err
		},
	}
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			on := []*world{w, two}[i%2]
			wg.Go(func() {
				began := time.Now()
				if err := deeds[i/2%len(deeds)](on, i); err != nil {
					t.Errorf("request %d: %v", i, err)
				}
				n.Add(1)
				for took := int64(time.Since(began)); ; {
					if was := slow.Load(); took <= was || slow.CompareAndSwap(was, took) {
						break
					}
				}
			})
		}
	})
	return func() (int, time.Duration) {
		close(end)
		wg.Wait()
		return int(n.Load()), time.Duration(slow.Load())
	}
}

func (w *world) fine(path string, c cookies) error {
	if got := w.do(ask{method: "GET", path: path, cookies: c}); got.Code != 200 {
		return fmt.Errorf("%s answered %d", path, got.Code)
	}
	return nil
}

// A key that a running server cannot read does not become the one that writes.
func TestKeyWaitsForEveryServer(t *testing.T) {
	address, file := testkit.MigratedSQLite(t), keyFile(t)
	c := clock.At(testkit.Noon)
	// A second machine has a copy of the file, as it was.
	copied := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(copied, must(os.ReadFile(file)), 0o600); err != nil {
		t.Fatal(err)
	}
	far, command := beside(t, address, copied, c), beside(t, address, file, c)
	far.serving()
	for far.one(`SELECT CAST(COUNT(*) AS TEXT) FROM vault_holder`) == "0" {
		time.Sleep(10 * time.Millisecond)
	}
	old := command.app.Keys.Current()
	var said bytes.Buffer
	if err := command.app.AddKey(ctx, &said); err != nil {
		t.Fatal(err)
	}
	var new string
	for _, id := range command.app.Keys.Held() {
		if id != old {
			new = id
		}
	}
	err := command.app.Vault.Rotate(ctx, duty, new)
	if lack, ok := errors.AsType[vault.LackError](err); !ok || lack.Lack != 1 || command.app.Keys.Current() != old {
		t.Fatalf("rotated before everybody could read: %v", err)
	}
	if err := os.WriteFile(copied, must(os.ReadFile(file)), 0o600); err != nil {
		t.Fatal(err)
	}
	far.app.Vault.Wake()
	for err != nil {
		time.Sleep(20 * time.Millisecond)
		if err = command.app.Vault.Rotate(ctx, duty, new); err != nil && !strings.Contains(err.Error(), "do not hold") {
			t.Fatal(err)
		}
	}
	// Whoever comes with the wrong keys does not start at all.
	cfg := settings(t, address)
	if _, err := app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: c, Demo: true, Base: &url.URL{Scheme: "https", Host: host}}); err == nil || !strings.Contains(err.Error(), new) {
		t.Errorf("started with keys this database does not know: %v", err)
	}
}

// TestRotatingServer is no test: it is the process that TestKillWhileKeyChanges kills.
func TestRotatingServer(t *testing.T) {
	address := os.Getenv(killedDatabase)
	if address == "" || os.Getenv(rotatedFile) == "" {
		t.Skip("runs only as a child process")
	}
	w := beside(t, address, os.Getenv(rotatedFile), clock.System{})
	if err := w.app.RotateKeys(ctx, os.Stdout); err != nil {
		t.Fatal(err)
	}
	fmt.Println("Rotated")
}

// Killed with SIGKILL in the middle, again and again, the change of key goes on
// where it was: one new key, every row under it.
func TestKillWhileKeyChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			address := testkit.MigratedSQLite(t)
			if engine == "postgres" {
				address = testkit.MigratedPostgres(t)
			}
			file := keyFile(t)
			w := beside(t, address, file, clock.System{})
			w.corrections(size(12_000, 100_000))
			first := w.app.Keys.Current()
			kills := 0
			for done := false; !done; kills++ {
				if done = rotateAndKill(t, address, file); kills > 200 {
					t.Fatal("it never ends")
				}
				after := beside(t, address, file, clock.System{})
				if after.app.Keys.Current() != first && !must(after.app.Vault.Unfinished(ctx)) {
					done = true // killed while it said so
				}
				after.app.Close()
			}
			after := beside(t, address, file, clock.System{})
			if held := after.app.Keys.Held(); len(held) != 2 {
				t.Errorf("%d kills left %d keys", kills, len(held))
			}
			must(after.app.Vault.Verify(ctx, duty))
			if left := must(after.app.Vault.Needs(ctx, duty))[first]; len(left) > 0 {
				t.Errorf("left under the old key: %+v", left)
			}
			t.Logf("killed %d times", kills-1)
		})
	}
}

// corrections writes sealed rows about nobody.
func (w *world) corrections(n int) {
	for from := 0; from < n; from += 500 {
		w.change(func(tx *store.Tx) error {
			var rows [][]any
			for range min(500, n-from) {
				id := ids.NewCorrection()
				rows = append(rows, []any{id, "pat_x", "acc_x", id, w.app.Keys.Seal("records.wanted", string(id), []byte("The date is wrong.")), "refused",
					w.app.Keys.Seal("records.answer", string(id), []byte("It is right.")), store.Time(tx.Now), "stf_x"})
			}
			return tx.Insert(ctx, `INSERT INTO correction (id, patient_id, account_id, resource_id, wanted, state, answer, asked_at, staff_id) VALUES `, rows, "")
		})
	}
}

// rotateAndKill runs the change of key in a process of its own and kills it once
// it is at the rows; true if it was faster.
func rotateAndKill(t *testing.T, address, file string) (done bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestRotatingServer$")
	cmd.Env = append(os.Environ(), killedDatabase+"="+address, rotatedFile+"="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var whole strings.Builder
	began := false
	for in := bufio.NewScanner(out); in.Scan(); {
		whole.WriteString(in.Text() + "\n")
		if strings.Contains(in.Text(), "Putting every row") {
			began = true
			time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() })
		}
		done = done || in.Text() == "Rotated"
	}
	cmd.Wait()
	if !began {
		t.Fatalf("the process ended by itself:\n%.2000s", whole.String())
	}
	return done
}
