package attack

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
