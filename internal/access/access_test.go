package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	visitor = access.NewVisitor("192.0.2.7", "Firefox · Linux")
	test    = access.NewDuty("test").Did(audit.DemoMade, "")
)

// signIn opens a session and gives its token.
func signIn(t *testing.T, db *store.DB, g *access.Gate, account ids.Account) (token string) {
	t.Helper()
	if err := db.Change(ctx, test, func(tx *store.Tx) (err error) {
		token, _, err = g.StartSession(ctx, tx, access.SignedIn{Account: account, Patient: ids.Patient("pat_" + account), Source: "192.0.2.7"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return token
}

// hire adds an active staff user and gives a session token.
func hire(t *testing.T, db *store.DB, g *access.Gate, roles string) (id ids.Staff, token string) {
	t.Helper()
	id = ids.NewStaff()
	if err := db.Change(ctx, test, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, $3, 'active', $4)`,
			id, string(id)+"@example.org", roles, store.Time(tx.Now)); err != nil {
			return err
		}
		var err error
		token, err = g.StartStaffSession(ctx, tx, id, visitor)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id, token
}

func lines(t *testing.T, db *store.DB, action audit.Action, outcome audit.Outcome) (n int) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND outcome = $2`, string(action), string(outcome))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpeningAChartWritesALine(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		g := &access.Gate{DB: db}
		token := signIn(t, db, g, "acc_1")
		c, live, err := g.Chart(ctx, token, access.SeeHome, "GET /home", visitor)
		if err != nil || c.Patient() != "pat_acc_1" || !c.Can(access.SeeHome) || c.Can(access.ChangeDisplay) {
			t.Fatalf("%+v %v", c, err)
		}
		if live.Expires.Sub(testkit.Noon) != access.Absolute {
			t.Errorf("ends after %v", live.Expires.Sub(testkit.Noon))
		}
		if n := lines(t, db, audit.ChartOpened, audit.Done); n != 1 {
			t.Errorf("%d lines", n)
		}
		if err := c.Need(access.ChangeDisplay); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for looking may change: %v", err)
		}
	})
}

// T29: a session in a browser that others use too ends after five minutes without use,
// to the second, in every way a session is looked at; in use it goes on.
func TestSharedSessionsEndSooner(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		g := &access.Gate{DB: db}
		var shared string
		if err := db.Change(ctx, test, func(tx *store.Tx) (err error) {
			shared, _, err = g.StartSession(ctx, tx, access.SignedIn{Account: "acc_1", Patient: "pat_acc_1", Source: "192.0.2.7", Shared: true})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		own := signIn(t, db, g, "acc_1")
		listed := func() (n int) {
			chart, _, err := g.Chart(ctx, own, access.SeeHome, "GET /home", visitor)
			if err == nil {
				err = db.View(ctx, func(tx *store.Tx) error {
					all, err := g.Sessions(ctx, tx, chart)
					n = len(all)
					return err
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		c.Move(access.IdleShared - time.Second)
		_, live, err := g.Chart(ctx, shared, access.SeeHome, "GET /home", visitor)
		if err != nil || live.Spell != access.IdleShared || !live.Idle.Equal(c.Now().Add(access.IdleShared)) || listed() != 2 {
			t.Fatalf("%+v, %v", live, err)
		}
		c.Move(access.IdleShared - time.Second)
		if live, err := g.Peek(ctx, shared); err != nil || !live.Idle.Equal(c.Now().Add(time.Second)) {
			t.Errorf("a second before its end: %+v, %v", live, err)
		}
		c.Move(time.Second)
		if _, err := g.Peek(ctx, shared); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("after five minutes: %v", err)
		}
		if _, err := g.Extend(ctx, shared, visitor); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("extended after its end: %v", err)
		}
		if _, _, err := g.Chart(ctx, shared, access.SeeHome, "GET /home", visitor); !errors.Is(err, access.ErrNoSession) || listed() != 1 {
			t.Errorf("%v; %d sessions", err, listed())
		}
		c.Move(-time.Minute) // a clock set back opens nothing again
		if _, err := g.Peek(ctx, shared); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("open again: %v", err)
		}
	})
}

// Idle and absolute end to the second, and asking how long is left moves neither.
func TestSessionsEndOnTime(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		g := &access.Gate{DB: db}
		open := func(token string) error {
			_, _, err := g.Chart(ctx, token, access.SeeHome, "GET /home", visitor)
			return err
		}
		idle := signIn(t, db, g, "acc_1")
		for range 15 {
			c.Move(time.Minute - time.Millisecond)
			if _, err := g.Peek(ctx, idle); err != nil {
				t.Fatal(err)
			}
		}
		c.Move(15*time.Millisecond - time.Second)
		if err := open(idle); err != nil {
			t.Fatalf("a second before the idle end: %v", err)
		}
		c.Move(access.Idle)
		if err := open(idle); !errors.Is(err, access.ErrNoSession) {
			t.Fatalf("at the idle end: %v", err)
		}
		busy := signIn(t, db, g, "acc_2")
		for range 12*6 - 1 {
			c.Move(10 * time.Minute)
			if err := open(busy); err != nil {
				t.Fatal(err)
			}
		}
		c.Move(10*time.Minute - time.Second)
		if err := open(busy); err != nil {
			t.Fatalf("a second before the absolute end: %v", err)
		}
		c.Move(time.Second)
		if err := open(busy); !errors.Is(err, access.ErrNoSession) {
			t.Fatalf("at the absolute end: %v", err)
		}
	})
}

func TestEndedSessionsOpenNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		g := &access.Gate{DB: db}
		mine, too, other := signIn(t, db, g, "acc_1"), signIn(t, db, g, "acc_1"), signIn(t, db, g, "acc_2")
		if err := db.Change(ctx, test, func(tx *store.Tx) error {
			n, err := g.EndSessions(ctx, tx, "acc_1", "test")
			if n != 2 {
				t.Errorf("%d ended", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for token, want := range map[string]error{mine: access.ErrNoSession, too: access.ErrNoSession, other: nil, "": access.ErrNoSession, "garbage": access.ErrNoSession} {
			if _, _, err := g.Chart(ctx, token, access.SeeHome, "GET /home", visitor); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
}

// Nothing stored opens a session (a stolen backup), and no kind of token opens
// another kind of session.
func TestTokensAreStoredNowhereAndFitOneKind(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		g := &access.Gate{DB: db}
		patient := signIn(t, db, g, "acc_1")
		_, staff := hire(t, db, g, "front_desk")
		var enrol string
		if err := db.Change(ctx, test, func(tx *store.Tx) (err error) {
			enrol, _, err = g.StartVerification(ctx, tx, visitor, "pat_1", access.Proven)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		tries := map[string][]string{"patient": {staff, enrol}, "staff": {patient, enrol}, "enrol": {patient, staff}}
		if err := db.View(ctx, func(tx *store.Tx) error {
			for _, table := range []string{"session", "staff_session", "verification_session"} {
				stored, err := store.List(ctx, tx, store.One[string], `SELECT token_hash FROM `+table)
				if err != nil {
					return err
				}
				for kind := range tries {
					tries[kind] = append(tries[kind], stored...)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for kind, tokens := range tries {
			for _, token := range tokens {
				var err error
				switch kind {
				case "patient":
					_, _, err = g.Chart(ctx, token, access.SeeHome, "GET /home", visitor)
				case "staff":
					_, _, err = g.Desk(ctx, token, access.SeeDesk, "GET /staff", visitor)
				case "enrol":
					_, err = g.Applicant(ctx, token, visitor)
				}
				if !errors.Is(err, access.ErrNoSession) {
					t.Errorf("a foreign or stored token opened a %s session: %v", kind, err)
				}
			}
		}
	})
}

func TestDeskFollowsRolesAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		g := &access.Gate{DB: db}
		id, token := hire(t, db, g, "front_desk")
		set := func(column, value string) {
			if err := db.Change(ctx, test, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE staff SET `+column+` = $2 WHERE id = $1`, id, value)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		desk := func(task access.Task) error {
			d, _, err := g.Desk(ctx, token, task, "GET /staff", visitor)
			if err == nil && d.Need(task) != nil {
				t.Errorf("a desk for %s cannot do it", task)
			}
			return err
		}
		if err := desk(access.IssueCodes); err != nil {
			t.Fatal(err)
		}
		if err := desk(access.ReadAudit); !fault.Is(err, fault.Denied) {
			t.Errorf("a clerk reads the audit log: %v", err)
		}
		if n := lines(t, db, audit.PageRefused, audit.Refused); n != 1 {
			t.Errorf("%d lines about the refusal", n)
		}
		set("roles", "auditor")
		if err := desk(access.IssueCodes); !fault.Is(err, fault.Denied) {
			t.Errorf("a role taken away still works: %v", err)
		}
		set("state", "disabled")
		if err := desk(access.ReadAudit); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("a disabled person is still in: %v", err)
		}
	})
}

// An applicant's token changes when they prove who they are, and dies with the
// end of the verification; of two ends at once one counts.
func TestVerificationSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		g := &access.Gate{DB: db}
		var first, second string
		change := func(f func(tx *store.Tx) error) error { return db.Change(ctx, test, f) }
		if err := change(func(tx *store.Tx) (err error) {
			first, _, err = g.StartVerification(ctx, tx, visitor, "", access.Requested)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		a, err := g.Applicant(ctx, first, visitor)
		if err != nil || a.Level() != access.Requested || a.Patient() != "" {
			t.Fatalf("%+v %v", a, err)
		}
		if err := change(func(tx *store.Tx) (err error) {
			second, a, err = g.Prove(ctx, tx, a, "pat_1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Applicant(ctx, first, visitor); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("the token from before the proof still works: %v", err)
		}
		c.Move(access.Resume - time.Second)
		if err := change(func(tx *store.Tx) error { return g.KeepVerification(ctx, tx, a) }); err != nil {
			t.Fatal(err)
		}
		c.Move(access.Resume - time.Second)
		if a, err = g.Applicant(ctx, second, visitor); err != nil || a.Patient() != "pat_1" || a.Level() != access.Proven {
			t.Fatalf("a second before the pause ends: %+v %v", a, err)
		}
		end := func() error { return change(func(tx *store.Tx) error { return g.EndVerification(ctx, tx, a) }) }
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := end(); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("ended twice: %v", err)
		}
	})
}

func TestSources(t *testing.T) {
	for in, want := range map[string][2]string{
		"203.0.113.9":            {"203.0.113.9/32", "203.0.113.0/24"},
		"::ffff:203.0.113.9":     {"203.0.113.9/32", "203.0.113.0/24"},
		"2001:db8:1:2:3:4:5:6":   {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":           {"fe80::/64", "fe80::/48"},
		"not an address":         {"unknown", "unknown"},
		"":                       {"unknown", "unknown"},
		strings.Repeat("9", 999): {"unknown", "unknown"},
	} {
		if s := access.SourceOf(in); s.Narrow() != want[0] || s.Wide() != want[1] {
			t.Errorf("%.30q: %s, %s", in, s.Narrow(), s.Wide())
		}
	}
}

func TestZeroProofsProveNothing(t *testing.T) {
	if (access.Chart{}).Did(audit.ChartOpened, "").Valid() || (access.Desk{}).Did(audit.StaffViewed, "").Valid() ||
		(access.Visitor{}).Did(audit.SignInTried, "").Valid() || (access.Applicant{}).Did(audit.EnrolStep, "").Valid() || (access.Duty{}).Did(audit.DemoMade, "").Valid() {
		t.Error("a zero proof makes a valid audit entry")
	}
	if (access.Chart{}).Need("") == nil || (access.Desk{}).Need("") == nil {
		t.Error("a zero proof may do something")
	}
}

// No role may both hand out codes and read or hide what was logged about it.
func TestRolesAreKeptApart(t *testing.T) {
	for r := range access.Roles {
		held := []access.Role{r}
		if access.May(held, access.IssueCodes) && (access.May(held, access.ReadAudit) || access.May(held, access.ManageStaff)) {
			t.Errorf("%s issues codes and oversees itself", r)
		}
	}
}

// A chart opened without a task is reviewed by somebody else than who opened it.
func TestWhoIsLeftToReview(t *testing.T) {
	clinician, both, auditor, desk := []access.Role{access.Clinician}, []access.Role{access.Clinician, access.Administrator}, []access.Role{access.Auditor}, []access.Role{access.FrontDesk}
	for name, x := range map[string]struct {
		people [][]access.Role
		want   bool
	}{
		"nobody": {nil, false}, "nobody opens": {[][]access.Role{desk, auditor}, false}, "nobody reviews": {[][]access.Role{clinician, desk}, true},
		"one opens and reviews": {[][]access.Role{both}, true}, "beside a colleague": {[][]access.Role{both, clinician}, true},
		"two of them": {[][]access.Role{both, both}, false}, "an auditor": {[][]access.Role{both, auditor}, false},
	} {
		if got := access.Unreviewed(x.people); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
