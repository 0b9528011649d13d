package access_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/store"
	"portico/internal/testkit"
)

// raise raises a chart's session and gives the new token.
func raise(db *store.DB, g *access.Gate, c access.Chart) (token string, err error) {
	err = db.Change(ctx, c.Did(audit.SessionRaised, ""), func(tx *store.Tx) (err error) {
		token, err = g.Raise(ctx, tx, c)
		return err
	})
	return token, err
}

func TestRaiseLivesTenMinutes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, k *clock.Fake) {
		g := &access.Gate{DB: db}
		token := signIn(t, db, g, "acc_1")
		c, _, err := g.RaisedChart(ctx, token, access.SeeHome, "GET /x", visitor)
		if !errors.Is(err, access.ErrNotRaised) || c.Raised() {
			t.Fatalf("signing in counts as a raise: %v", err)
		}
		if err := c.NeedRaised(access.SeeHome); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("an operation without a raise: %v", err)
		}
		if lines(t, db, audit.ConfirmAsked, audit.Refused) != 1 || lines(t, db, audit.ChartOpened, audit.Done) != 0 {
			t.Error("the log says that the page was opened")
		}
		if token, err = raise(db, g, c); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			move time.Duration
			want error
		}{{0, nil}, {access.RaisedFor - time.Second, nil}, {time.Second, access.ErrNotRaised}} {
			k.Move(step.move)
			c, live, err := g.RaisedChart(ctx, token, access.SeeHome, "GET /x", visitor)
			if !errors.Is(err, step.want) || c.Raised() != (step.want == nil) || !errors.Is(c.NeedRaised(access.SeeHome), step.want) {
				t.Errorf("after %v more: %v, raised %v", step.move, err, c.Raised())
			}
			if err := c.NeedRaised(access.ChangeDisplay); !fault.Is(err, fault.Denied) {
				t.Errorf("a raise gives another permission: %v", err)
			}
			if live.Expires.IsZero() {
				t.Error("a page that was not opened moves no clock")
			}
		}
		// What needs no raise goes on as before.
		if _, _, err := g.Chart(ctx, token, access.SeeHome, "GET /home", visitor); err != nil {
			t.Error(err)
		}
	})
}

// T26: what was planted or copied before the raise opens nothing after it.
func TestT26RaiseGivesANewToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		g := &access.Gate{DB: db}
		old := signIn(t, db, g, "acc_1")
		c, _, err := g.Chart(ctx, old, access.ConfirmSelf, "x", visitor)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var tokens []string
		var lost atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				token, err := raise(db, g, c)
				switch {
				case err == nil:
					mu.Lock()
					tokens = append(tokens, token)
					mu.Unlock()
				case errors.Is(err, access.ErrNoSession):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(tokens) != 1 || lost.Load() != 7 {
			t.Fatalf("%d of 8 raises with one token went through", len(tokens))
		}
		if _, _, err := g.Chart(ctx, old, access.SeeHome, "x", visitor); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("the token from before: %v", err)
		}
		if _, err := g.Peek(ctx, old); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("the token from before, peeking: %v", err)
		}
		raised, _, err := g.RaisedChart(ctx, tokens[0], access.SeeHome, "x", visitor)
		if err != nil || raised.Session() != c.Session() {
			t.Errorf("the new token: %v", err)
		}
		other := signIn(t, db, g, "acc_1")
		if o, _, err := g.Chart(ctx, other, access.SeeHome, "x", visitor); err != nil || o.Raised() {
			t.Errorf("another session of the account is raised too (%v)", err)
		}
		if err := db.Change(ctx, test, func(tx *store.Tx) error { return g.EndSession(ctx, tx, raised, "test") }); err != nil {
			t.Fatal(err)
		}
		if _, err := raise(db, g, raised); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("an ended session was raised: %v", err)
		}
	})
}
