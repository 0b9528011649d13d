package attack

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cluster is a server of PostgreSQL of the test's own, which it may crash.
type cluster struct {
	t        *testing.T
	bin, dir string
	as       []string
	port     int
}

// newCluster makes a server with an empty database, and starts it.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := roomForCluster(t)
	c.do("initdb", "-D", c.dir+"/data", "-U", "portico", "-E", "UTF8", "--no-locale", "--auth=trust", "--no-sync")
	c.start()
	return c
}

// roomForCluster finds PostgreSQL's programs, a folder and a port.
func roomForCluster(t *testing.T) *cluster {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if p, err := exec.LookPath("pg_ctl"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil { // the other programs stand beside it
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("PostgreSQL is not installed (scripts/need postgres)")
		}
		t.Skip("PostgreSQL is not installed (scripts/need postgres)")
	}
	slices.Sort(found)
	c := &cluster{t: t, bin: filepath.Dir(found[len(found)-1]), dir: t.TempDir()}
	if os.Getuid() == 0 { // it refuses to run as root
		user := "nobody"
		if exec.Command("id", "postgres").Run() == nil {
			user = "postgres"
		}
		c.as = []string{"runuser", "-u", user, "--"}
		// Parents of the folder belong to root and are closed.
		c.dir, _ = os.MkdirTemp("", "portico-cluster")
		t.Cleanup(func() { os.RemoveAll(c.dir) })
		if err := exec.Command("chown", user, c.dir).Run(); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	t.Cleanup(func() { c.command("pg_ctl", "stop", "-D", c.dir+"/data", "-m", "immediate", "-w").Run() })
	return c
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	all := append(append(slices.Clone(c.as), filepath.Join(c.bin, name)), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Dir = "/"
	return cmd
}

func (c *cluster) do(name string, args ...string) {
	c.t.Helper()
	log := filepath.Join(c.t.TempDir(), "log") // not a pipe: the server would keep it open
	f, err := os.Create(log)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	cmd := c.command(name, args...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Run(); err != nil {
		b, _ := os.ReadFile(log)
		c.t.Fatalf("%s: %v\n%s", name, err, b)
	}
}

// start begins the server as a clinic runs it, but for flushing to the disk: what
// dies here is the server, not the machine.
func (c *cluster) start() {
	c.t.Helper()
	c.do("pg_ctl", "start", "-D", c.dir+"/data", "-l", c.dir+"/log", "-w", "-t", "60", "-o",
		fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=120 -c wal_writer_delay=10s -c wal_keep_size=256MB -c wal_retrieve_retry_interval=200ms", c.port, c.dir))
}

// crash ends the server as if it had been killed: without a word to anybody.
func (c *cluster) crash() { c.do("pg_ctl", "stop", "-D", c.dir+"/data", "-m", "immediate", "-w") }

// load is what goes on while a server dies, and what came of it.
type load struct {
	w       *world
	mu      sync.Mutex
	acked   map[string][]string
	refused int
	odd     map[string]int
	stop    atomic.Bool
	wg      sync.WaitGroup
}

// work has several write at once, each after a pause, and somebody read a page all the while.
func work(w *world, workers int, pause time.Duration) *load {
	l := &load{w: w, acked: map[string][]string{}, odd: map[string]int{}}
	for worker := range workers {
		l.wg.Go(func() {
			for n := 0; !l.stop.Load(); n++ {
				l.write(worker, n)
				time.Sleep(pause)
			}
		})
	}
	member := w.role("patient")
	l.wg.Go(func() {
		for !l.stop.Load() {
			if got := w.do(askOf("/home", member)); got.Code != 200 && got.Code != 503 {
				l.mu.Lock()
				l.odd[fmt.Sprint(got.Code, " ", got.Header().Get("Location"))]++
				l.mu.Unlock()
			}
			time.Sleep(2*time.Millisecond + pause)
		}
	})
	return l
}

func (l *load) write(worker, n int) {
	kind, id, err := "session", "", error(nil)
	if worker%2 == 0 {
		id, err = l.w.killedSession()
	} else {
		kind = "message"
		id, err = l.w.killedMessage(worker<<20 | n)
	}
	l.mu.Lock()
	if err == nil {
		l.acked[kind] = append(l.acked[kind], id)
	} else {
		l.refused++
	}
	l.mu.Unlock()
	if err != nil {
		time.Sleep(5 * time.Millisecond)
	}
}

// ends stops it and demands all that was acknowledged, and a log that checks.
func (l *load) ends() {
	w := l.w
	w.t.Helper()
	l.stop.Store(true)
	l.wg.Wait()
	for what, n := range l.odd {
		w.t.Errorf("%d times a page answered %s", n, what)
	}
	w.everythingStored(l.acked)
	if _, err := w.app.Trail.Seal(ctx, duty); err != nil {
		w.t.Errorf("sealing: %v", err)
	}
	if r := must(w.app.Trail.Verify(ctx, duty, "")); r.First != nil {
		w.t.Errorf("the audit log: %v", r.First)
	}
	w.t.Logf("acknowledged: %d sessions, %d messages; refused: %d", len(l.acked["session"]), len(l.acked["message"]), l.refused)
	if len(l.acked["session"]) < 20 || len(l.acked["message"]) < 20 || l.refused == 0 {
		w.t.Error("there was no load, or nothing died")
	}
}

// T60: the database server dies under load and comes back, again and again. The
// portal refuses meanwhile, goes on by itself afterwards, and holds all that it
// acknowledged.
func TestT60DatabaseDies(t *testing.T) {
	c := newCluster(t)
	w := open(t, fmt.Sprintf("postgres://portico@127.0.0.1:%d/postgres?sslmode=disable", c.port))
	l := work(w, 6, 0)
	for range size(2, 50) {
		time.Sleep(300 * time.Millisecond)
		c.crash()
		time.Sleep(50 * time.Millisecond)
		c.start()
		if err := healed(w); err != nil {
			t.Errorf("after the server came back: %v", err)
		}
	}
	l.ends()
}

// healed waits until a write goes through again.
func healed(w *world) (err error) {
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if _, err = w.killedSession(); err == nil {
			return nil
		}
	}
	return errors.Join(errors.New("nothing can be written"), err)
}
