package attack

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/web"
)

var arbitrary = regexp.MustCompile(`[A-Za-z0-9_-]{32,}`)

// T1: patient numbers are tried with birth dates from everywhere, slowly enough
// to stay under the breaker. Some are right. No answer differs from another, no
// account opens, and nobody is written to more than three times a day.
func TestT1NumbersOpenNothing(t *testing.T) {
	w := lite(t)
	people := make([]person, size(9, 70))
	for i := range people {
		people[i] = w.newcomer()
	}
	tries := size(300, 20_000)
	accounts := len(w.list(`SELECT id FROM account`))
	var answer, page string
	right := 0
	for i := range tries {
		number, day := fmt.Sprint("MR-X", i), "1"
		if i%(tries/(4*len(people))) == 0 { // four times for each of them
			number = people[right%len(people)].number
			right++
		} else if i%7 == 0 { // a real number with another date
			number, day = people[i%len(people)].number, fmt.Sprint(2+i%27)
		}
		c := cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
		got := w.do(ask{method: "POST", path: "/enroll/number", cookies: c, form: with(merge(born, say("number", number, "birth_day", day)), w.key(web.VisitorCookie, c[web.VisitorCookie]))})
		w.c.Move(15 * time.Second) // 40 in ten minutes: the breaker stays out of it
		seen := arbitrary.ReplaceAllString(plain(got, "-"), "*")
		if answer == "" {
			answer = seen
		}
		if seen != answer {
			t.Fatalf("try %d of %s is answered otherwise: %s", i, number, parting(seen, answer))
		}
		for _, k := range got.Result().Cookies() {
			c[k.Name] = k.Value
		}
		if i%5 == 0 {
			w.work()
		}
		next := arbitrary.ReplaceAllString(plain(w.do(ask{method: "GET", path: "/enroll/confirm", cookies: c}), "-"), "*")
		if page == "" {
			page = next
		}
		if next != page {
			t.Fatalf("after try %d of %s the page is another: %s", i, number, parting(next, page))
		}
	}
	w.work()
	if n := len(w.list(`SELECT id FROM account`)); n != accounts {
		t.Errorf("%d accounts were opened", n-accounts)
	}
	if n := len(w.list(`SELECT id FROM verification_session WHERE level >= 3`)); n != 0 {
		t.Errorf("%d sessions are proven", n)
	}
	most := 0
	for _, p := range people {
		perDay := map[string]int{}
		for _, at := range w.list(`SELECT CAST(created_at AS TEXT) FROM outbox WHERE kind = 'confirmation_code' AND state <> 'withdrawn' AND patient_id = '` + string(p.id) + `'`) {
			perDay[at[:10]]++
		}
		for _, n := range perDay {
			most = max(most, n)
		}
	}
	t.Logf("%d tries, %d right; %d codes a day at most to one person", tries, right, most)
	if most < 1 || most > 4 { // a day of the calendar is parts of two windows of 24 hours
		t.Errorf("up to %d codes in a day to one person", most)
	}
}

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
func TestT21LoginFlood(t *testing.T) {
	w := lite(t)
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
