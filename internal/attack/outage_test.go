package attack

import (
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/web"
)

// T58: the disk runs full under a portal at work. What it cannot keep it refuses
// with 503, what it acknowledged is there, and when there is room again it goes
// on without a restart.
func TestT58FullDisk(t *testing.T) {
	dir := smallDisk(t, "12m,nr_inodes=64")
	w := open(t, "sqlite:"+filepath.Join(dir, "portico.db"))
	w.c.Move(time.Minute)
	patient, visitor := w.role("patient"), cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
	var acked []string
	ask := func() int {
		name := surname()
		got := w.do(ask{method: "POST", path: "/enroll/request", cookies: visitor,
			form: with(merge(born, say("given", "Ada", "family", name, "email", name+"@example.com", "reach", "email")), w.key(web.VisitorCookie, visitor[web.VisitorCookie]))})
		if got.Code == 303 {
			acked = append(acked, name)
		}
		return got.Code
	}
	page := func(path string) *httptest.ResponseRecorder {
		return w.do(askOf(path, patient))
	}
	for range 20 {
		if got := ask(); got != 303 {
			t.Fatalf("with room: %d", got)
		}
	}
	ballast := fillUp(t, dir)
	refused := 0
	for range 60 {
		switch got := ask(); got {
		case 503:
			refused++
		case 303: // there was room for it in what is already reserved
		default:
			t.Errorf("on a full disk a form is answered %d", got)
		}
	}
	if refused < 30 {
		t.Errorf("only %d of 60 were refused: the disk was not full", refused)
	}
	if got := page("/home"); got.Code != 503 || got.Header().Get("Retry-After") == "" {
		t.Errorf("a patient's page, which must write its line, answers %d", got.Code)
	}
	if got := page("/signin"); got.Code != 200 {
		t.Errorf("a page that writes nothing answers %d", got.Code)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != 303 {
		t.Errorf("with room again: %d", got)
	}
	if got := page("/home"); got.Code != 200 {
		t.Errorf("with room again the patient's page answers %d", got.Code)
	}
	// No file can be made any more: none is needed.
	for i := 0; ; i++ {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint("file", i)))
		if err != nil {
			break
		}
		f.Close()
	}
	if got := ask(); got != 303 {
		t.Errorf("on a disk that takes no more files a form is answered %d", got)
	}
	if n := len(w.list(`SELECT id FROM identity_request`)); n != len(acked) {
		t.Errorf("%d requests were acknowledged, %d are there", len(acked), n)
	}
	if got := w.one(`SELECT integrity_check FROM pragma_integrity_check`); got != "ok" {
		t.Errorf("integrity: %s", got)
	}
	if r := must(w.app.Trail.Verify(ctx, duty, "")); r.First != nil {
		t.Errorf("the audit log: %v", r.First)
	}
	t.Logf("%d acknowledged, %d refused", len(acked), refused)
}

func askOf(path string, c cookies) ask { return ask{method: "GET", path: path, cookies: c} }

// smallDisk mounts a file system of that size, where this may be done.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("needs root on Linux, to mount a small file system")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	return dir
}

// fillUp takes what is left of a disk and gives the file that does.
func fillUp(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{64 << 10, 512} {
		for b := make([]byte, size); ; {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
	f.Close()
	return f.Name()
}

// cluster is a server of PostgreSQL of the test's own, which it may crash.
type cluster struct {
	t        *testing.T
	bin, dir string
	as       []string
	port     int
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if p, err := exec.LookPath("pg_ctl"); err == nil {
		found = append(found, p)
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
	c.do("initdb", "-D", c.dir+"/data", "-U", "portico", "-E", "UTF8", "--no-locale", "--auth=trust", "--no-sync")
	t.Cleanup(func() { c.command("pg_ctl", "stop", "-D", c.dir+"/data", "-m", "immediate", "-w").Run() })
	c.start()
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
		fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=120 -c wal_writer_delay=10s", c.port, c.dir))
}

// crash ends the server as if it had been killed: without a word to anybody.
func (c *cluster) crash() { c.do("pg_ctl", "stop", "-D", c.dir+"/data", "-m", "immediate", "-w") }

// T60: the database server dies under load and comes back, again and again. The
// portal refuses meanwhile, goes on by itself afterwards, and holds all that it
// acknowledged.
func TestT60DatabaseDies(t *testing.T) {
	c := newCluster(t)
	w := open(t, fmt.Sprintf("postgres://portico@127.0.0.1:%d/postgres?sslmode=disable", c.port))
	var mu sync.Mutex
	acked, refused, odd := map[string][]string{}, 0, map[string]int{}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for n := 0; !stop.Load(); n++ {
				kind, id, err := "session", "", error(nil)
				if worker%2 == 0 {
					id, err = w.killedSession()
				} else {
					kind = "message"
					id, err = w.killedMessage(worker<<20 | n)
				}
				mu.Lock()
				if err == nil {
					acked[kind] = append(acked[kind], id)
				} else {
					refused++
				}
				mu.Unlock()
				if err != nil {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	member := w.role("patient")
	wg.Go(func() { // somebody reads a page all the while
		for !stop.Load() {
			if got := w.do(askOf("/home", member)); got.Code != 200 && got.Code != 503 {
				mu.Lock()
				odd[fmt.Sprint(got.Code, " ", got.Header().Get("Location"))]++
				mu.Unlock()
			}
			time.Sleep(2 * time.Millisecond)
		}
	})
	for range size(2, 50) {
		time.Sleep(300 * time.Millisecond)
		c.crash()
		time.Sleep(50 * time.Millisecond)
		c.start()
		if err := healed(w); err != nil {
			t.Errorf("after the server came back: %v", err)
		}
	}
	stop.Store(true)
	wg.Wait()
	for what, n := range odd {
		t.Errorf("%d times a page answered %s", n, what)
	}
	w.everythingStored(acked)
	if _, err := w.app.Trail.Seal(ctx, duty); err != nil {
		t.Errorf("sealing: %v", err)
	}
	if r := must(w.app.Trail.Verify(ctx, duty, "")); r.First != nil {
		t.Errorf("the audit log: %v", r.First)
	}
	t.Logf("acknowledged: %d sessions, %d messages; refused: %d", len(acked["session"]), len(acked["message"]), refused)
	if len(acked["session"]) < 20 || len(acked["message"]) < 20 || refused == 0 {
		t.Error("there was no load, or nothing died")
	}
}

// healed waits until a write goes through again.
func healed(w *world) (err error) {
	for range 1000 {
		if _, err = w.killedSession(); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(errors.New("nothing can be written"), err)
}
