package attack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"portico/internal/access"
	"portico/internal/store"
	"portico/internal/web"
)

// brokenFolder tells the child process where its portal is.
const brokenFolder = "PORTICO_BROKEN_FOLDER"

// TestBrokenDiskServer is no test: it is the portal whose disk TestT58BrokenDisk
// breaks. It does what it is told, line by line, and says what came of it.
func TestBrokenDiskServer(t *testing.T) {
	folder := os.Getenv(brokenFolder)
	if folder == "" {
		t.Skip("runs only as a child process")
	}
	// Faults are counted for each kind of call and each thread: what this one writes is written by one, and
	// what the database's writer writes too.
	runtime.LockOSThread()
	w := startAt(t, "sqlite:"+filepath.Join(folder, "portico.db"), folder, 0)
	w.h = w.app.Router.Handler()
	serial.Store(int64(os.Getpid()) << 20)
	w.steady()
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); fmt.Println("done") {
		switch in.Text() {
		case "ask":
			w.asksWhileBroken()
		case "seal":
			_, err := w.app.Trail.Seal(ctx, duty)
			fmt.Println("sealed", err == nil)
		}
	}
}

// steady binds the writer to its thread. A checkpoint after every few pages brings
// the database file into the count, beside its log.
func (w *world) steady() {
	w.change(func(tx *store.Tx) error {
		runtime.LockOSThread()
		_, err := tx.Exec(ctx, `PRAGMA wal_autocheckpoint = 20`)
		return err
	})
}

// asksWhileBroken sends forms, first alone, then several at once.
func (w *world) asksWhileBroken() {
	var wg sync.WaitGroup
	for worker := range 4 {
		ask := func() {
			source := access.SourceOf(address())
			got := w.requestFrom(string(source))
			switch body := got.Body.String(); {
			case got.Code == 303:
				fmt.Println("ack", source)
			case got.Code == 503 && got.Header().Get("Retry-After") != "" && strings.Contains(body, "The portal is very busy"):
				fmt.Println("refused", source)
			default:
				fmt.Println("odd", got.Code, got.Header().Get("Location"), strings.ReplaceAll(fmt.Sprintf("%.200s", mainPart.FindString(body)), "\n", " "))
			}
		}
		if worker == 0 {
			ask()
			continue
		}
		wg.Go(ask)
	}
	if got := w.do(askOf("/signin", nil)); got.Code != 200 {
		fmt.Println("odd a page that writes nothing answers", got.Code)
	}
	wg.Wait()
}

// diskFault is how a disk fails: the calls that do, with what, whether they go on
// failing, and which of them is the first.
type diskFault struct {
	calls, error string
	on           string // "+" if it lasts
	files        []string
}

// strace are the arguments for it.
func (f diskFault) strace(folder, log string, at int) []string {
	args := []string{"-f", "-o", log, "-e", "trace=" + f.calls, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d%s", f.calls, f.error, at, f.on)}
	for _, file := range f.files {
		args = append(args, "-P", filepath.Join(folder, file))
	}
	return args
}

var (
	anyWrite   = "pwrite64,pwritev,write,writev,ftruncate"
	anySync    = "fsync,fdatasync"
	ofDatabase = []string{"portico.db", "portico.db-wal", "portico.db-shm"}
	ofLog      = []string{"audit-checkpoints.log"}
)

// T58: calls that write or flush fail, one alone or all from there on: the disk is
// broken, or has turned read-only. The portal refuses with 503, keeps what it
// acknowledged and nothing by half, and goes on by itself when the disk does; then
// it is killed, and what it left must be sound. A few calls by default; each of
// the first 200 writes and flushes with PORTICO_ATTACK=long.
func TestT58BrokenDisk(t *testing.T) {
	needStrace(t)
	folder := t.TempDir()
	w := startAt(t, "sqlite:"+filepath.Join(folder, "portico.db"), folder, 0)
	w.app.Close()
	faults := []diskFault{
		{anyWrite, "EIO", "", ofDatabase},
		{anySync, "EIO", "", ofDatabase},
		{anyWrite, "ENOSPC", "", ofDatabase},
		{anyWrite, "EROFS", "+", ofDatabase}, // it has turned read-only
		{anySync, "EIO", "+", ofDatabase},
		{anyWrite, "EIO", "+", ofLog}, // the signed heads alone
		{anySync, "EIO", "+", ofLog},
	}
	acked, refused := []string{}, []string{}
	first := []int{2, 12}
	rounds := size(len(first), 200)
	var server *brokenServer
	for n := range rounds {
		if n%20 == 0 {
			if server != nil {
				server.ends(&acked, &refused)
			}
			server = startBroken(t, folder)
		}
		at := n + 1
		if !long {
			at = first[n]
		}
		for _, f := range faults {
			server.under(f, at)
		}
	}
	server.ends(&acked, &refused)
	t.Logf("%d faults, each at %d calls; %d requests acknowledged, %d refused", len(faults), rounds, len(acked), len(refused))
	if len(acked) < rounds || len(refused) < rounds {
		t.Error("nothing failed, or nothing worked")
	}
}

// T58: the disk fails while the portal starts for the first time and makes its
// tables. It starts or says that it cannot; the next start, with the disk in order,
// finds nothing by half. Two calls by default; each of the first 200 writes and
// flushes with PORTICO_ATTACK=long.
func TestT58BrokenDiskAtStart(t *testing.T) {
	needStrace(t)
	started, ended := 0, 0
	all := map[string]int{} // calls that a start makes, by kind, once one has ended before the one that was to fail
	for n := range size(2, 400) {
		at := n/2 + 1
		if !long {
			at = []int{150, 20}[n]
		}
		calls := []string{anyWrite, anySync}[n%2]
		if most, known := all[calls]; known && at > most {
			continue
		}
		folder, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
		f := diskFault{calls, "EIO", []string{"", "+"}[n/2%2], ofDatabase}
		cmd := exec.Command("strace", append(f.strace(folder, log, at), os.Args[0], "-test.run=^TestBrokenDiskServer$")...)
		cmd.Env = append(os.Environ(), brokenFolder+"="+folder)
		out, err := cmd.CombinedOutput() // there is nothing to do for it: it ends
		if b, _ := os.ReadFile(log); !strings.Contains(string(b), "(INJECTED)") {
			if long && at > 10 && strings.HasPrefix(string(out), "ready") {
				all[calls] = at - 1
				continue
			}
			t.Fatalf("no call failed: %v %s", err, out)
		}
		switch {
		case strings.HasPrefix(string(out), "ready"):
			started++
		case err != nil && !strings.Contains(string(out), "panic"):
			ended++
		default:
			t.Errorf("%s at call %d: %v %s", f.error, at, err, out)
		}
		w := startAt(t, "sqlite:"+filepath.Join(folder, "portico.db"), folder, 0)
		w.killedPatient()
		w.sound("sqlite", nil)
		w.app.Close()
	}
	t.Logf("%d started in spite of it, %d did not; a start makes %v calls at most", started, ended, slices.Collect(maps.Values(all)))
	if ended == 0 {
		t.Error("nothing failed")
	}
}

// brokenServer is the child and what it said.
type brokenServer struct {
	t              *testing.T
	folder         string
	cmd            *exec.Cmd
	in             io.WriteCloser
	out            *bufio.Scanner
	acked, refused []string
}

func startBroken(t *testing.T, folder string) *brokenServer {
	t.Helper()
	s := &brokenServer{t: t, folder: folder, cmd: exec.Command(os.Args[0], "-test.run=^TestBrokenDiskServer$")}
	s.cmd.Env = append(os.Environ(), brokenFolder+"="+folder)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	s.out = bufio.NewScanner(out)
	for s.out.Scan() {
		if s.out.Text() == "ready" {
			return s
		}
	}
	t.Fatal("the portal did not start")
	return nil
}

// tell has the child do something and gives what it says: word by word.
func (s *brokenServer) tell(what string) (said map[string][]string) {
	s.t.Helper()
	said = map[string][]string{}
	fmt.Fprintln(s.in, what)
	for s.out.Scan() {
		word, rest, _ := strings.Cut(s.out.Text(), " ")
		if word == "done" {
			s.acked, s.refused = append(s.acked, said["ack"]...), append(s.refused, said["refused"]...)
			return said
		}
		said[word] = append(said[word], rest)
	}
	s.t.Fatalf("the portal ended by itself: %v", said)
	return nil
}

// under breaks the disk from its at-th call on, and mends it.
func (s *brokenServer) under(f diskFault, at int) {
	s.t.Helper()
	heads := slices.Equal(f.files, ofLog)
	if heads && at > 1 { // a head is one write and one flush
		return
	}
	s.tell("ask") // there is something to seal
	what := fmt.Sprintf("%s of %s at call %d%s of %v", f.error, f.calls, at, f.on, f.files)
	mend := s.breakDisk(f, at)
	tries := 1 + at/20 // as many as it takes to come to that call
	sealed := "true"
	var said map[string][]string
	if heads {
		sealed = s.tell("seal")["sealed"][0]
	} else {
		for range tries {
			if said = s.tell("ask"); len(said["refused"]) > 0 {
				break
			}
		}
	}
	var more map[string][]string
	if f.on == "+" && !heads {
		more = s.tell("ask")
	}
	hit := mend()
	switch {
	case heads && (hit == 0 || sealed == "true"):
		s.t.Errorf("%s: %d calls failed, sealed: %s", what, hit, sealed)
	case !heads && hit == 0:
		s.t.Errorf("%s: no call failed", what)
	case more != nil && len(more["refused"]) != 4:
		s.t.Errorf("%s: while it lasts %d of 4 requests are refused: %v", what, len(more["refused"]), more)
	}
	after := s.tell("ask")
	if len(after["ack"]) != 4 {
		s.t.Errorf("%s: with the disk in order again %d of 4 requests are taken: %v", what, len(after["ack"]), after)
	}
	for _, odd := range slices.Concat(said["odd"], more["odd"], after["odd"]) {
		s.t.Errorf("%s: %s", what, odd)
	}
	if got := s.tell("seal")["sealed"][0]; got != "true" {
		s.t.Errorf("%s: afterwards the log is not sealed", what)
	}
}

// ends kills the child and looks at what it left.
func (s *brokenServer) ends(acked, refused *[]string) {
	s.t.Helper()
	s.cmd.Process.Kill()
	s.cmd.Wait()
	w := startAt(s.t, "sqlite:"+filepath.Join(s.folder, "portico.db"), s.folder, 0)
	defer w.app.Close()
	w.sound("sqlite", map[string][]string{"request": s.acked})
	*acked, *refused = append(*acked, s.acked...), append(*refused, s.refused...)
	w.everythingStored(map[string][]string{"request": *acked})
	// What was refused is not there.
	extra := map[string]bool{}
	for _, source := range w.list(`SELECT source FROM audit_entry WHERE action = 'enroll.request_made'`) {
		extra[source] = true
	}
	for _, source := range *acked {
		delete(extra, source)
	}
	if len(extra) > 0 {
		s.t.Errorf("%d requests are there that were refused: %v", len(extra), slices.Collect(maps.Keys(extra)))
	}
}

var attached = regexp.MustCompile(`strace: Process \d+ attached`)

// breakDisk has calls of the child fail by strace, until what it gives is called;
// that tells how many did.
func (s *brokenServer) breakDisk(f diskFault, at int) (mend func() int) {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "calls")
	letGo, err := trace(append(f.strace(s.folder, log, at), "-p", fmt.Sprint(s.cmd.Process.Pid))...)
	if err != nil {
		s.t.Fatalf("strace: %v", err)
	}
	return func() int {
		letGo()
		b, _ := os.ReadFile(log)
		return strings.Count(string(b), "(INJECTED)")
	}
}

// needStrace skips where calls cannot be made to fail. That strace is not installed
// is a failure in CI; that the kernel or a container forbids it is nothing a test
// run could mend.
func needStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("strace is not installed (scripts/need strace)")
		}
		t.Skip("strace is not installed (scripts/need strace)")
	}
	idle := exec.Command("sleep", "60") // it is tried on something harmless
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { idle.Process.Kill(); idle.Wait() }()
	letGo, err := trace("-o", filepath.Join(t.TempDir(), "calls"), "-e", "trace=none", "-p", fmt.Sprint(idle.Process.Pid))
	if err != nil {
		t.Skipf("strace may not be used here: %v", err)
	}
	letGo()
}

// trace attaches strace to a process.
func trace(args ...string) (letGo func(), err error) {
	cmd := exec.Command("strace", args...)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(said)
	line, _ := in.ReadString('\n')
	go io.Copy(io.Discard, in)
	letGo = func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() }
	if !attached.MatchString(line) {
		letGo()
		return nil, errors.New(strings.TrimSpace(line))
	}
	return letGo, nil
}

// requestFrom asks for a code online, from an address.
func (w *world) requestFrom(source string) *httptest.ResponseRecorder {
	c := cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
	name := surname()
	return w.do(ask{method: "POST", path: "/enroll/request", cookies: c, header: map[string]string{"X-Forwarded-For": source},
		form: with(merge(born, say("given", "Ada", "family", name, "email", name+"@example.com", "reach", "email")), w.key(web.VisitorCookie, c[web.VisitorCookie]))})
}
