package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/store"
	"portico/internal/testkit"
)

type args struct{ N int }

var (
	ctx  = context.Background()
	kind = jobs.Kind[args]{Name: "test.kind"}
)

func add(t *testing.T, db *store.DB, a args, o ...jobs.Options) {
	t.Helper()
	if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error { return kind.Enqueue(ctx, tx, a, o...) }); err != nil {
		t.Fatal(err)
	}
}

func left(t *testing.T, db *store.DB, state string) (n int) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM job WHERE state = $1`, state)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestManyWorkersRunEachJobOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		for i := range 100 {
			add(t, db, args{i})
		}
		var ran [100]atomic.Int32
		var wg sync.WaitGroup
		for range 5 {
			r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
			jobs.Handle(r, kind, func(_ context.Context, _ access.Duty, a args) error { ran[a.N].Add(1); return nil })
			wg.Go(func() {
				if err := r.Drain(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range ran {
			if n := ran[i].Load(); n != 1 {
				t.Errorf("job %d ran %d times", i, n)
			}
		}
		if left(t, db, "waiting")+left(t, db, "running") != 0 {
			t.Error("jobs are left")
		}
	})
}

func TestFailedJobWaitsThenParks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		add(t, db, args{1})
		tries := 0
		r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(r, kind, func(context.Context, access.Duty, args) error { tries++; return errors.New("down") })
		for range 40 {
			if err := r.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			c.Move(6 * time.Hour)
		}
		if tries != 16 || left(t, db, "parked") != 1 {
			t.Errorf("%d tries, %d parked", tries, left(t, db, "parked"))
		}
	})
}

// A worker that dies keeps its job only until the lease ends.
func TestDeadWorkersJobComesBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		add(t, db, args{1})
		dead := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(dead, kind, func(context.Context, access.Duty, args) error {
			// The process "dies" here: the row stays as a claim would leave it.
			return db.Housekeep(ctx, "test", func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE job SET attempt = attempt + 1`)
				return err
			})
		})
		if _, err := dead.Once(ctx); err != nil {
			t.Fatal(err)
		}
		ran := 0
		r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(r, kind, func(context.Context, access.Duty, args) error { ran++; return nil })
		r.Drain(ctx)
		if ran != 0 {
			t.Fatal("the lease did not hold")
		}
		c.Move(3 * time.Minute)
		r.Drain(ctx)
		if ran != 1 {
			t.Fatalf("ran %d times after the lease", ran)
		}
	})
}

func TestUniqueJobWaitsOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		for range 3 {
			add(t, db, args{1}, jobs.Options{Unique: "k"})
		}
		if n := left(t, db, "waiting"); n != 1 {
			t.Errorf("%d waiting", n)
		}
	})
}

// A worker that was slow over the first job of its batch leaves the others to
// whoever took them when their lease ran out.
func TestSlowWorkerLosesTheRestOfItsBatch(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		for i := range 3 {
			add(t, db, args{i})
			c.Move(time.Second)
		}
		var ran [3]int
		quick := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(quick, kind, func(_ context.Context, _ access.Duty, a args) error { ran[a.N]++; return nil })
		slow := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(slow, kind, func(_ context.Context, _ access.Duty, a args) error {
			ran[a.N]++
			c.Move(3 * time.Minute)
			return quick.Drain(ctx)
		})
		if _, err := slow.Once(ctx); err != nil {
			t.Fatal(err)
		}
		if ran[0] < 1 || ran[1] != 1 || ran[2] != 1 {
			t.Errorf("ran %v times", ran)
		}
	})
}
