package attack

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/web"
)

// resident is the memory of this process in MiB, 0 where that cannot be known.
func resident() int {
	b, err := os.ReadFile("/proc/self/statm")
	var pages, held int
	if _, serr := fmt.Sscan(string(b), &pages, &held); err != nil || serr != nil {
		return 0
	}
	return held * os.Getpagesize() >> 20
}

// T21: a flood of sign-ins, each of which would cost 25 ms and 19 MiB. It is
// turned away at once; other pages go on, and the memory stays where it is.
func TestT21LoginFlood(t *testing.T) { each(t, loginFlood) }

func loginFlood(t *testing.T, w *world) {
	member := w.role("patient")
	runtime.GC()
	debug.FreeOSMemory()
	began, peak := resident(), atomic.Int64{}
	var done atomic.Bool
	var wg sync.WaitGroup
	var took []time.Duration
	wg.Go(func() {
		for i := 0; !done.Load(); i++ {
			peak.Store(max(peak.Load(), int64(resident())))
			at := time.Now()
			path := []string{"/signin", "/home", "/enroll", "/results"}[i%4]
			if got := w.do(ask{method: "GET", path: path, cookies: member}); got.Code != 200 {
				t.Errorf("in the flood %s answers %d", path, got.Code)
			}
			took = append(took, time.Since(at))
			time.Sleep(10 * time.Millisecond)
		}
	})
	var full, wrong, odd atomic.Int64
	sign := func(i int) {
		c := cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
		name := fmt.Sprint("nobody.", i)
		if i%3 == 0 {
			name = w.own.userName
		}
		got := w.do(ask{method: "POST", path: "/signin", cookies: c, form: with(say("username", name, "password", "wrong password x", "next", ""), w.key(web.VisitorCookie, c[web.VisitorCookie]))})
		switch {
		case got.Code == 503 && got.Header().Get("Retry-After") != "":
			full.Add(1)
		case got.Code == 422:
			wrong.Add(1)
		default:
			odd.Add(1)
		}
	}
	flood := 500 // a second
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var crowd sync.WaitGroup
	for round := range size(2, 60) {
		for i := range flood {
			crowd.Go(func() { sign(round*flood + i) })
		}
		<-tick.C
	}
	crowd.Wait()
	done.Store(true)
	wg.Wait()
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	t.Logf("%d turned away, %d hashed; %d other pages, p95 %v; memory %d MiB before, %d at most", full.Load(), wrong.Load(), len(took), p95, began, peak.Load())
	if full.Load() == 0 || wrong.Load() == 0 || odd.Load() > 0 {
		t.Errorf("%d turned away, %d hashed, %d answered otherwise", full.Load(), wrong.Load(), odd.Load())
	}
	if peak.Load() > 400 {
		t.Errorf("%d MiB of memory", peak.Load())
	}
	// Beside other work than this the short run proves little about time.
	if long && p95 > 300*time.Millisecond {
		t.Errorf("other pages took %v (p95)", p95)
	}
}
