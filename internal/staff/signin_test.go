package staff_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/secret"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
)

// T17: a code is good once, and one step beside the present at most.
func TestAuthenticatorCodeIsGoodOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		half := func() string {
			token, err := k.Enter(ctx, visitor("192.0.2.1"), staff.Entry{Email: " ANA@example.org", Password: password})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		for off, want := range map[int]bool{-2: false, 2: false} {
			code := secret.TOTP(ana.key, c.Now().Add(time.Duration(off)*30*time.Second))
			if _, err := k.Finish(ctx, visitor("192.0.2.1"), half(), code); (err == nil) != want {
				t.Errorf("%+d steps: %v", off, err)
			}
		}
		code := k.code(ana)
		in, err := k.Finish(ctx, visitor("192.0.2.1"), half(), code[:3]+" "+code[3:])
		if err != nil || in.Session == "" {
			t.Fatal(err)
		}
		if _, err := k.Finish(ctx, visitor("192.0.2.1"), half(), code); !fault.Fixable(err) {
			t.Errorf("the same code again: %v", err)
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.signed_in' AND actor = 'staff' AND actor_id = $1`, string(ana.id)); n != 1 {
			t.Errorf("%d sign-ins on record", n)
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.tried' AND outcome = 'refused' AND detail = 'code'`); n != 3 {
			t.Errorf("%d wrong codes on record", n)
		}
	})
}

// T14 for staff: one code, many submissions at once, one session.
func TestOneCodeOneSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		for range 10 {
			var tokens []string
			for range 5 {
				token, err := k.Enter(ctx, visitor("192.0.2.1"), staff.Entry{Email: ana.email, Password: password})
				if err != nil {
					t.Fatal(err)
				}
				tokens = append(tokens, token, token)
			}
			code := k.code(ana)
			var in atomic.Int32
			var wg sync.WaitGroup
			for _, token := range tokens {
				wg.Go(func() {
					if _, err := k.Finish(ctx, visitor("192.0.2.1"), token, code); err == nil {
						in.Add(1)
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 {
				t.Fatalf("%d sessions from one code", in.Load())
			}
			c.Move(2 * time.Hour) // out of the waits the others earned
		}
	})
}

func TestHalfWaySignInEnds(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		v := visitor("192.0.2.1")
		half := func() string {
			token, err := k.Enter(ctx, v, staff.Entry{Email: ana.email, Password: password})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		token := half()
		for range 5 {
			if _, err := k.Finish(ctx, v, token, "000000"); !fault.Fixable(err) {
				t.Fatal(err)
			}
		}
		if _, err := k.Finish(ctx, v, token, k.code(ana)); err != staff.ErrGone {
			t.Errorf("the sixth code: %v", err)
		}
		late := half()
		c.Move(10 * time.Minute)
		if _, err := k.Finish(ctx, v, late, k.code(ana)); err != staff.ErrGone {
			t.Errorf("after ten minutes: %v", err)
		}
		cancelled := half()
		if err := k.Cancel(ctx, v, cancelled); err != nil {
			t.Fatal(err)
		}
		if err := k.Waiting(ctx, v, cancelled); err != staff.ErrGone {
			t.Errorf("cancelled: %v", err)
		}
		for _, made := range []string{"", "x", strings.Repeat("A", 43)} {
			if _, err := k.Finish(ctx, v, made, k.code(ana)); err != staff.ErrGone {
				t.Errorf("%q: %v", made, err)
			}
		}
	})
}

// Five in a row from one address earn a wait, and the right password does not
// shorten it; the answer never changes.
func TestWrongPasswordsEarnWaits(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		try := func(email, pw string) string {
			_, err := k.Enter(ctx, visitor("198.51.100.7"), staff.Entry{Email: email, Password: pw})
			return fmt.Sprint(err)
		}
		wrong := try(ana.email, "not the password")
		for email, want := range map[string]string{"nobody@example.org": wrong, "": wrong, ana.email: wrong} {
			if got := try(email, "not the password"); got != want {
				t.Errorf("%q answers %q, others %q", email, got, want)
			}
		}
		for range 4 {
			c.Move(10 * time.Second)
			try(ana.email, "not the password")
		}
		if got := try(ana.email, password); got != wrong {
			t.Errorf("in the wait the right password answers %q", got)
		}
		c.Move(2 * time.Hour)
		if got := try(ana.email, password); got != "<nil>" {
			t.Errorf("after the wait: %q", got)
		}
		if got := try(ana.email, strings.Repeat("x", 5000)); got != wrong {
			t.Errorf("a very long password: %q", got)
		}
	})
}

// T23 for staff: an address of somebody who works here cannot be told from another by
// the time that the answer takes.
func TestStaffCannotBeFoundOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		pairs := size(60, 5000)
		var real []person
		for i := range pairs/30 + 1 { // fewer than 100 failures each, or the stop would hide the check
			real = append(real, k.hire(fmt.Sprintf("person-%04d@example.org", i), access.FrontDesk))
		}
		n := 0
		a := testkit.Alike{Surface: "sign-in of staff", Kinds: []string{"nobody", "somebody"}, Pairs: pairs, Try: func(i int, kind string) time.Duration {
			email := real[i%len(real)].email
			if kind == "nobody" {
				email = "x" + email
				c.Move(13 * time.Hour)
			}
			n++
			began := time.Now()
			_, err := k.Enter(ctx, visitor(address(n)), staff.Entry{Email: email, Password: "not the password"})
			took := time.Since(began)
			if !fault.Fixable(err) {
				t.Fatal(err)
			}
			return took
		}}
		if long {
			a.Load = func(n int) {
				k.Enter(ctx, visitor(address(1<<20+n)), staff.Entry{Email: fmt.Sprintf("other-%d@example.org", n), Password: "not the password"})
				time.Sleep(20 * time.Millisecond)
			}
		}
		a.Check(t)
	})
}

// address is the ith of many client addresses.
func address(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255) }

// long tells whether the attacks run at full size.
var long = os.Getenv("PORTICO_ATTACK") == "long"

func size(short, full int) int {
	if long {
		return full
	}
	return short
}

// T20 for staff: strangers cannot keep the clinic's own people out.
func TestStrangersCannotLockStaffOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		if _, err := k.enter(ana, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		for i := range 120 {
			k.Enter(ctx, visitor(fmt.Sprintf("203.0.113.%d", i)), staff.Entry{Email: ana.email, Password: "guess"})
			c.Move(time.Hour)
		}
		if _, err := k.Enter(ctx, visitor("198.51.100.1"), staff.Entry{Email: ana.email, Password: password}); !fault.Fixable(err) {
			t.Errorf("after a hundred failures a strange address is let in: %v", err)
		}
		if _, err := k.enter(ana, "192.0.2.1"); err != nil {
			t.Errorf("the known address is kept out: %v", err)
		}
		// The known address has a counter of its own.
		for range 10 {
			k.Enter(ctx, visitor("192.0.2.1"), staff.Entry{Email: ana.email, Password: "guess"})
		}
		if _, err := k.enter(ana, "192.0.2.1"); !fault.Fixable(err) {
			t.Errorf("ten failures at the known address: %v", err)
		}
		c.Move(15 * time.Minute)
		if _, err := k.enter(ana, "192.0.2.1"); err != nil {
			t.Errorf("after a quarter of an hour: %v", err)
		}
	})
}

func TestAddressesAreSlowed(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	var last error
	for i := range 21 {
		_, last = k.Enter(ctx, visitor("203.0.113.9"), staff.Entry{Email: fmt.Sprintf("p%d@example.org", i), Password: "x"})
	}
	if !fault.Is(last, fault.TooMany) {
		t.Errorf("the 21st in a minute: %v", last)
	}
}

// T27: nothing in the database opens a session.
func TestNothingStoredAuthenticates(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana := k.hire("ana@example.org", access.FrontDesk)
		if _, err := k.enter(ana, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		var stored []string
		if err := db.View(ctx, func(tx *store.Tx) error {
			for _, q := range []string{`SELECT token_hash FROM staff_session`, `SELECT id FROM staff_session`, `SELECT token_hash FROM staff_setup`,
				`SELECT token_hash FROM staff_attempt`, `SELECT password_hash FROM staff_credential`, `SELECT sealed FROM staff_credential`} {
				some, err := store.List(ctx, tx, store.One[string], q)
				if err != nil {
					return err
				}
				stored = append(stored, some...)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(stored) < 6 {
			t.Fatalf("%d values", len(stored))
		}
		for _, s := range stored {
			if strings.Contains(s, password) || strings.Contains(s, string(ana.key)) {
				t.Error("a secret stands in the database in clear")
			}
			if _, _, err := k.Gate.Desk(ctx, s, access.SeeDesk, "GET /x", visitor("192.0.2.1")); err != access.ErrNoSession {
				t.Errorf("a stored value is a session: %v", err)
			}
			if _, err := k.Finish(ctx, visitor("192.0.2.1"), s, k.code(ana)); err != staff.ErrGone {
				t.Errorf("a stored value is a half-way sign-in: %v", err)
			}
			if _, err := k.Opened(ctx, visitor("192.0.2.1"), s); !fault.Is(err, fault.NotFound) {
				t.Errorf("a stored value is a link: %v", err)
			}
		}
	})
}
