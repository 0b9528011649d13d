package account

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/store"
	"portico/internal/testkit"
)

// address is the ith of many client addresses.
func address(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255) }

// T19: many accounts, the passwords that leaked elsewhere, from many addresses.
// One person reused theirs.
func TestT19SprayingStopsAtTheSecondStep(t *testing.T) { each(t, spray) }

func spray(t *testing.T, r *rig) {
	users, passwords := size(8, 1000), size(12, 100)
	var ms []member
	for i := range users {
		ms = append(ms, r.join(fmt.Sprintf("member-%04d", i)))
	}
	reused := ms[users/2]
	leaked := make([]string, passwords)
	for i := range leaked {
		leaked[i] = fmt.Sprintf("leaked password %d", i)
	}
	leaked[passwords/3] = reused.pw
	hits, tries := 0, 0
	for i, pw := range leaked {
		for j, m := range ms {
			if pw == goodPassword && m.name != reused.name {
				continue // all test accounts have one hash; only one of them counts as reused
			}
			token, err := r.enter(from(address((i*users+j)%2000)), m, pw, "")
			if tries++; fault.Is(err, fault.TooMany) {
				continue
			}
			if err == nil {
				hits++
				if m.name != reused.name || r.opens(token) {
					t.Errorf("%s is open", m.name)
				}
			}
		}
		r.clock.Move(2 * time.Hour)
	}
	if hits != 1 || r.count(`SELECT COUNT(*) FROM session`) != 0 {
		t.Errorf("%d passwords found in %d tries, %d sessions", hits, tries, r.count(`SELECT COUNT(*) FROM session`))
	}
	if r.sent.digits(reused.mail) == "" {
		t.Error("the owner learned nothing")
	}
	r.drain()
	if n := r.sent.kinds()["signin_unfinished"]; n != 2 || !r.told(reused, "signin_unfinished") { // e-mail and phone
		t.Errorf("%d messages say that the password is known", n)
	}
	if n := r.sent.kinds()["password_locked"]; n < users-1 {
		t.Errorf("%d owners were told of the tries", n)
	}
}

// T20: a stranger floods one account with wrong passwords; its owner signs in
// from the browser they always use.
func TestT20FloodDoesNotLockTheOwnerOut(t *testing.T) { each(t, floodBeside) }

func floodBeside(t *testing.T, r *rig) {
	m := r.join("sunny.harbor")
	dev := r.deviceFor(m)
	stop := make(chan struct{})
	var flood atomic.Int64
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			tick := time.NewTicker(80 * time.Millisecond) // four of them: 50 in a second
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				r.enter(from(address(w*10_000+i)), m, "wrong password x", "")
				flood.Add(1)
			}
		})
	}
	var took []time.Duration
	failed := 0
	end := time.Now().Add(time.Duration(size(3, 600)) * time.Second)
	for time.Now().Before(end) {
		began := time.Now()
		if _, err := r.enter(sofa, m, m.pw, dev); err != nil {
			failed++
			t.Logf("owner: %v", err)
		}
		took = append(took, time.Since(began))
		r.clock.Move(time.Minute)
		time.Sleep(100 * time.Millisecond)
	}
	close(stop)
	wg.Wait()
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	t.Logf("%d sign-ins of the owner beside %d wrong ones: p95 %v", len(took), flood.Load(), p95)
	if failed*100 > len(took) || p95 > 2*time.Second {
		t.Errorf("%d of %d failed, p95 %v", failed, len(took), p95)
	}
	if _, err := r.enter(from("192.0.2.9"), m, m.pw, ""); kindOf(err) != wrongSignIn {
		t.Errorf("and a stranger with the right password: %v", err)
	}
}

var (
	formKey   = regexp.MustCompile(`name="_form" value="[^"]*"`)
	cookieVal = regexp.MustCompile(`=[^;]*`)
)

// plainly is an answer with what is random in it, and the name typed, taken out.
func plainly(p *testkit.Page, typed string) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Status)
	for _, k := range slices.Sorted(maps.Keys(p.Header)) {
		for _, v := range p.Header[k] {
			if k == "Set-Cookie" {
				v = cookieVal.ReplaceAllString(v, "=…")
			}
			if k != "Date" && k != "Content-Length" { // the length follows the name typed; the body is compared
				fmt.Fprintln(&b, k, v)
			}
		}
	}
	b.WriteString(strings.ReplaceAll(formKey.ReplaceAllString(p.Body, ""), `value="`+typed+`"`, "NAME"))
	return b.String()
}

// T21: whoever would find the queue of passwords full is turned away before the
// database is asked anything. A browser that its owner has used gets in, and one of
// somebody else's does not take its place.
func TestT21AFullHouseAsksNoDatabase(t *testing.T) { each(t, fullHouse) }

func fullHouse(t *testing.T, r *rig) {
	m, other := r.join("sunny.harbor"), r.join("quiet.meadow")
	device, theirs := r.signIn(m, "").Device, r.signIn(other, "").Device
	for range 5000 { // more than it holds
		if _, err := r.Hasher.Admit(); err != nil {
			break
		}
	}
	try := func(device string) (queries int, err error) {
		_, err = r.Enter(store.Counting(ctx, &queries), sofa, Entry{UserName: m.name, Password: m.pw, Device: device})
		return queries, err
	}
	for _, d := range []string{"", "dev_forged.AAAA"} {
		if n, err := try(d); !fault.Is(err, fault.Unavailable) || n > 0 {
			t.Errorf("with %q: %v, after %d queries", d, err, n)
		}
	}
	for range 40 { // more than the door of known browsers holds
		if _, err := try(theirs); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("another's browser: %v", err)
		}
	}
	if _, err := try(device); err != nil {
		t.Errorf("the owner's browser: %v", err)
	}
}

// T23: from outside, an account that exists cannot be told from one that does
// not: not by bytes, headers and cookies, not by time.
func TestT23NamesCannotBeFoundOut(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	b := r.serve()
	pairs := size(80, 5000)
	var real []member
	for i := range pairs/30 + 1 { // fewer than 100 failures each, or the stop would hide the check
		real = append(real, r.join(fmt.Sprintf("member-%04d", i)))
	}
	frozen := r.join("frozen-0000")
	if err := r.change(func(tx *storeTx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET state = 'frozen' WHERE id = $1`, frozen.id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	n := 0
	try := func(name string) (string, time.Duration) {
		o := b.Other()
		n++
		o.Header.Set("X-Forwarded-For", address(n))
		_, v := o.Get("/signin").Fields("#signin")
		v.Set("username", name)
		v.Set("password", "wrong password x")
		began := time.Now()
		p := o.Post("/signin", v)
		took := time.Since(began)
		return plainly(p, name), took
	}
	var first string
	var hashed, bare []float64
	testkit.Alike{Surface: "sign-in", Kinds: []string{"none", "real", "frozen"}, Pairs: pairs,
		Try: func(i int, who string) time.Duration {
			name := map[string]string{"none": fmt.Sprintf("nobody-%04d", i%len(real)), "real": real[i%len(real)].name, "frozen": frozen.name}[who]
			body, took := try(name)
			if first == "" {
				first = body
			}
			if body != first {
				t.Fatalf("%s can be told:\n%s\n---\n%s", who, body, first)
			}
			if who == "none" {
				if i < 40 { // a name left out is answered without hashing
					_, short := try("")
					hashed, bare = append(hashed, float64(took)), append(bare, float64(short))
				}
				c.Move(13 * time.Hour)
			}
			return took
		},
		Load: besides(func(i int) {
			r.enter(from(address(1<<20+i)), member{name: fmt.Sprint("other-", i)}, "wrong password x", "")
			time.Sleep(20 * time.Millisecond)
		}),
	}.Check(t)
	if a := testkit.AUC(hashed, bare); a < 0.9 {
		t.Errorf("the measure is blind: a missing hash gives AUC %.3f", a)
	}
}

// besides gives work to be done beside a measurement, in a long run.
func besides(work func(n int)) func(int) {
	if !long {
		return nil
	}
	return work
}

// T23: changing one's e-mail address tells nothing about whether somebody else has
// that address, on file or for their second step.
func TestT23AContactTellsNothing(t *testing.T) { each(t, contactTellsNothing) }

func contactTellsNothing(t *testing.T, r *rig) {
	var others []member
	for i := range 20 {
		others = append(others, r.join(fmt.Sprintf("member-%04d", i)))
	}
	var c access.Chart
	testkit.Alike{Surface: "change of contact", Kinds: []string{"nobody's", "somebody's"}, Pairs: size(60, 5000),
		Try: func(i int, kind string) time.Duration {
			to := others[i%len(others)].mail
			if kind == "nobody's" {
				to = "x" + to
			}
			if i%20 == 0 { // a person changes theirs only so often
				r.clock.Move(25 * time.Hour)
				m := r.join(fmt.Sprint("asking-", kind[:4], "-", i))
				c = r.reaching(r.signIn(m, "").Session, true)
			}
			r.clock.Move(time.Second)
			began := time.Now()
			err := r.AskContact(ctx, c, ByEmail, to)
			took := time.Since(began)
			if err != nil {
				t.Fatal(err)
			}
			return took
		},
		Load: besides(func(i int) { r.enter(from(address(1<<20+i)), member{name: fmt.Sprint("other-", i)}, "", "") }),
	}.Check(t)
}
