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
	"portico/internal/fault"
	"portico/internal/ids"
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

// Failed work is run again or dropped once, by whose task it is, and never beside
// the same work that waits.
func TestFailedJobsAreSettledOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		bad := true
		jobs.Handle(r, kind, func(context.Context, access.Duty, args) error {
			if bad {
				return jobs.Permanent(errors.New("no"))
			}
			return nil
		})
		d := deskOf(t, db, access.SeeJobs)
		park := func(unique string) jobs.Parked {
			t.Helper()
			add(t, db, args{1}, jobs.Options{Unique: unique})
			if err := r.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			all, err := r.Failed(ctx, d)
			if err != nil || len(all) != 1 || all[0].Kind != "test.kind" || all[0].Why != "no" || all[0].Tries != 1 || all[0].Gave.IsZero() {
				t.Fatalf("%+v %v", all, err)
			}
			return all[0]
		}
		one := park("x")
		for _, wrong := range []access.Desk{{}, deskOf(t, db, access.SeeDesk)} {
			_, err := r.Failed(ctx, wrong)
			for _, err := range []error{err, r.Retry(ctx, wrong, one.ID), r.Drop(ctx, wrong, one.ID, "broken")} {
				if !fault.Is(err, fault.Denied) {
					t.Errorf("without the task: %v", err)
				}
			}
		}
		add(t, db, args{1}, jobs.Options{Unique: "x", At: c.Now().Add(time.Hour)})
		if err := r.Retry(ctx, d, one.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("beside the same work: %v", err)
		}
		if err := r.Drop(ctx, d, one.ID, "because"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a reason that is none: %v", err)
		}
		if err := r.Drop(ctx, d, one.ID, "pointless"); err != nil {
			t.Fatal(err)
		}
		two := park("")
		errs := make(chan error, 4)
		for i := range 4 {
			go func() {
				if i%2 == 0 {
					errs <- r.Retry(ctx, d, two.ID)
				} else {
					errs <- r.Drop(ctx, d, two.ID, "broken")
				}
			}()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else if !fault.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d settled it", won)
		}
	})
}

// deskOf lends an administrator's proof for a task.
func deskOf(t *testing.T, db *store.DB, task access.Task) access.Desk {
	t.Helper()
	g := &access.Gate{DB: db}
	id, v := ids.NewStaff(), access.NewVisitor("192.0.2.1", "test")
	var token string
	if err := db.Housekeep(ctx, "test", func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Dana', $2, 'administrator', 'active', $3)`, id, string(id)+"@example.org", store.Time(tx.Now)); err == nil {
			token, err = g.StartStaffSession(ctx, tx, id, v)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d, _, err := g.Desk(ctx, token, task, "GET /x", v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
