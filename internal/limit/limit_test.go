package limit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/limit"
	"portico/internal/store"
	"portico/internal/testkit"
)

var ctx = context.Background()

func TestHitCountsPerWindow(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		l := &limit.Limiter{DB: db, Keys: testkit.Keys(t)}
		r := limit.Rule{Name: "r", Max: 3, Per: time.Hour}
		for i := 1; i <= 5; i++ {
			got, err := l.Hit(ctx, r, "k")
			if err != nil || got.N != i || got.Over != (i > 3) {
				t.Fatalf("hit %d: %+v %v", i, got, err)
			}
		}
		c.Move(time.Hour)
		if got, _ := l.Hit(ctx, r, "k"); got.N != 1 || got.Over {
			t.Errorf("a new window began with %+v", got)
		}
		if got, _ := l.Hit(ctx, r, "other"); got.N != 1 {
			t.Errorf("another key began with %+v", got)
		}
	})
}

func TestDistinctCountsMembersOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		l := &limit.Limiter{DB: db, Keys: testkit.Keys(t)}
		r := limit.Rule{Name: "d", Max: 3, Per: time.Hour}
		for i := range 8 {
			for range 2 {
				got, err := l.Distinct(ctx, r, "k", fmt.Sprint("m", i))
				if err != nil || got.Over != (i >= 3) {
					t.Fatalf("member %d: %+v %v", i, got, err)
				}
			}
			c.Move(time.Second)
		}
		if got, _ := l.Distinct(ctx, r, "k", "m0"); got.Over {
			t.Error("a member that was within is now over")
		}
		c.Move(2 * time.Hour)
		if got, _ := l.Distinct(ctx, r, "k", "m9"); got.Over {
			t.Error("a new window is over at once")
		}
	})
}

func TestWaitsDoubleAndStop(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		l := &limit.Limiter{DB: db, Keys: testkit.Keys(t)}
		w := limit.Waits{Name: "w", Free: 2, First: time.Second, Most: 4 * time.Second, Stop: 8}
		want := []time.Duration{0, 0, 1, 2, 4, 4, 4}
		for i, d := range want {
			if err := l.Begin(ctx, w, "x", "k"); err != nil {
				t.Fatalf("try %d refused: %v", i+1, err)
			}
			if d *= time.Second; d > 0 {
				if err := l.Begin(ctx, w, "x", "k"); !fault.Is(err, fault.TooMany) {
					t.Fatalf("try %d: no wait after it: %v", i+1, err)
				}
				c.Move(d - time.Microsecond)
				if err := l.Begin(ctx, w, "x", "k"); !fault.Is(err, fault.TooMany) {
					t.Fatalf("try %d: wait too short", i+1)
				}
				c.Move(time.Microsecond)
			}
		}
		if err := l.Begin(ctx, w, "x", "k"); err != nil {
			t.Fatal(err)
		}
		c.Move(24 * 365 * time.Hour)
		if err := l.Begin(ctx, w, "x", "k"); !fault.Is(err, fault.TooMany) {
			t.Error("the hard stop did not hold")
		}
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error { return l.Clear(ctx, tx, w, "k") }); err != nil {
			t.Fatal(err)
		}
		if err := l.Begin(ctx, w, "x", "k"); err != nil {
			t.Errorf("cleared, but refused: %v", err)
		}
	})
}
