package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

const (
	// lease is how long a worker may hold a job before another may take it.
	lease = 2 * time.Minute
	// most is how often a job is tried before it is parked: with the waits
	// below the last try comes about two days after the first.
	most = 16
	// batch is how many jobs one claim takes.
	batch = 8
)

// Runner claims jobs and hands them to their workers.
type Runner struct {
	DB    *store.DB
	Log   *slog.Logger
	Poll  time.Duration // how often to look; 0 means every second
	kinds map[string]handler
	seen  atomic.Int64 // the latest time seen, in seconds
}

// NewRunner makes a Runner without workers.
func NewRunner(db *store.DB, log *slog.Logger) *Runner {
	return &Runner{DB: db, Log: log, kinds: map[string]handler{}}
}

// Kinds lists the registered kinds in order.
func (r *Runner) Kinds() []string {
	var out []string
	for k := range r.kinds {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Run works until ctx ends, then finishes what it has begun.
func (r *Runner) Run(ctx context.Context, workers int) {
	if err := r.Schedule(ctx); err != nil {
		r.Log.Error("jobs: schedule", "err", err)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { r.loop(ctx) })
	}
	wg.Wait()
}

func (r *Runner) loop(ctx context.Context) {
	poll := r.Poll
	if poll == 0 {
		poll = time.Second
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		n, err := r.Once(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("jobs: claim", "err", err)
		}
		wait := poll
		if n > 0 {
			wait = 0
		}
		t.Reset(wait)
	}
}

// Schedule makes sure that each recurring kind has a waiting job, and that none
// waits for a time that a clock set back has moved far away.
func (r *Runner) Schedule(ctx context.Context) error {
	return r.DB.Housekeep(ctx, "jobs", func(tx *store.Tx) error {
		if err := r.hasten(ctx, tx); err != nil {
			return err
		}
		for name, h := range r.kinds {
			if h.every == 0 {
				continue
			}
			if err := (Kind[struct{}]{Name: name}).Enqueue(ctx, tx, struct{}{}, Options{Unique: "every"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// hasten brings forward what waits longer than it can have been meant to: work
// that was asked for at once, a lease, a wait after a failure, a recurring job.
// What was put off to a moment on purpose waits for that moment.
func (r *Runner) hasten(ctx context.Context, tx *store.Tx) error {
	now := store.Time(tx.Now)
	if _, err := tx.Exec(ctx, `UPDATE job SET ready_at = $1, created_at = $1 WHERE state = 'waiting' AND attempt = 0 AND ready_at > $2 AND created_at = ready_at`, now, store.Time(tx.Now.Add(lease))); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE job SET ready_at = $1 WHERE state = 'running' AND ready_at > $2`, now, store.Time(tx.Now.Add(2*lease))); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE job SET ready_at = $1 WHERE state = 'waiting' AND attempt > 0 AND ready_at > $2`, now, store.Time(tx.Now.Add(Backoff(most)+lease))); err != nil {
		return err
	}
	for name, h := range r.kinds {
		if h.every == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE job SET ready_at = $1 WHERE state = 'waiting' AND kind = $3 AND unique_key = 'every' AND ready_at > $2`, now, store.Time(tx.Now.Add(h.every+lease)), name); err != nil {
			return err
		}
	}
	return nil
}

// watchClock notices that the machine's clock was set back since the last look.
func (r *Runner) watchClock(ctx context.Context) error {
	now := r.DB.Now().Unix()
	if before := r.seen.Swap(now); before-now <= int64(lease/time.Second) {
		return nil
	}
	r.Log.Warn("jobs: the clock was set back")
	return r.Schedule(ctx)
}

// Drain runs what is ready until nothing is, for tests and commands.
func (r *Runner) Drain(ctx context.Context) error {
	for {
		n, err := r.Once(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}

type claimed struct {
	id      ids.Job
	kind    string
	args    string
	attempt int
}

// Once claims up to a batch of ready jobs, runs them one after the other and
// tells how many it took.
func (r *Runner) Once(ctx context.Context) (int, error) {
	if err := r.watchClock(ctx); err != nil {
		return 0, err
	}
	claimedAt := r.DB.Now()
	jobs, err := r.claim(ctx)
	if err != nil {
		return 0, err
	}
	for _, j := range jobs {
		// What was claimed is finished even when the server is asked to stop.
		ctx := context.WithoutCancel(ctx)
		if held, err := r.renew(ctx, j, claimedAt); err != nil || !held {
			continue // the lease ran out behind a slow neighbour: whoever took it has it
		}
		r.work(ctx, j)
	}
	return len(jobs), nil
}

// fresh is how long after claiming a batch its leases need no renewal.
const fresh = 5 * time.Second

// renew gives a job of a batch its full lease when its turn comes; false if
// another worker has taken it meanwhile.
func (r *Runner) renew(ctx context.Context, j claimed, since time.Time) (held bool, err error) {
	if r.DB.Now().Sub(since) < fresh {
		return true, nil
	}
	err = r.DB.Housekeep(ctx, "jobs", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE job SET ready_at = $3 WHERE id = $1 AND state = 'running' AND attempt = $2`, j.id, j.attempt, store.Time(tx.Now.Add(lease)))
		held = n == 1
		return err
	})
	return held, err
}

// claim takes ready jobs and those whose lease ran out. The condition stands
// again outside the sub-select: on PostgreSQL another worker may have changed
// the row between the two.
func (r *Runner) claim(ctx context.Context) ([]claimed, error) {
	var out []claimed
	err := r.DB.View(ctx, func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM (SELECT 1 FROM job WHERE state IN ('waiting', 'running') AND ready_at <= $1 LIMIT 1) AS ready`, store.Time(tx.Now))
		if n == 0 {
			return errors.Join(err, errIdle)
		}
		return err
	})
	if errors.Is(err, errIdle) {
		return nil, nil // the common case costs no write
	}
	if err != nil {
		return nil, err
	}
	err = r.DB.Housekeep(ctx, "jobs", func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, func(row store.Row) (j claimed, err error) {
			return j, row.Scan(&j.id, &j.kind, &j.args, &j.attempt)
		}, `
			UPDATE job SET state = 'running', attempt = attempt + 1, ready_at = $2
			WHERE state IN ('waiting', 'running') AND ready_at <= $1 AND id IN (
				SELECT id FROM job WHERE state IN ('waiting', 'running') AND ready_at <= $1
				ORDER BY ready_at, id LIMIT `+fmt.Sprint(batch)+tx.LockClause()+`)
			RETURNING id, kind, args, attempt`, store.Time(tx.Now), store.Time(tx.Now.Add(lease)))
		return err
	})
	return out, err
}

var errIdle = errors.New("nothing to do")

func (r *Runner) work(ctx context.Context, j claimed) {
	ctx, cancel := context.WithTimeout(ctx, lease-10*time.Second)
	defer cancel()
	h, known := r.kinds[j.kind]
	err := errors.New("no worker for this kind")
	if known {
		err = r.safely(ctx, h, j)
	}
	if err == nil {
		err = r.finish(ctx, j, h.every)
	} else {
		r.Log.Warn("jobs: failed", "job", j.id, "kind", j.kind, "attempt", j.attempt, "err", err)
		err = r.fail(ctx, j, h.every, err)
	}
	if err != nil {
		r.Log.Error("jobs: settle", "job", j.id, "kind", j.kind, "err", err)
	}
}

func (r *Runner) safely(ctx context.Context, h handler, j claimed) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h.run(ctx, j.args)
}

// finish ends a job unless its lease was lost meanwhile to another attempt.
func (r *Runner) finish(ctx context.Context, j claimed, every time.Duration) error {
	return r.DB.Housekeep(ctx, "jobs", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM job WHERE id = $1 AND state = 'running' AND attempt = $2`, j.id, j.attempt)
		if err != nil || n == 0 || every == 0 {
			return err
		}
		return (Kind[struct{}]{Name: j.kind}).Enqueue(ctx, tx, struct{}{}, Options{Unique: "every", At: tx.Now.Add(every)})
	})
}

// Backoff is how long to wait after the nth failed try: 10 s doubling to 6 h.
func Backoff(n int) time.Duration {
	d := 10 * time.Second
	for i := 1; i < n && d < 6*time.Hour; i++ {
		d *= 2
	}
	return min(d, 6*time.Hour)
}

func (r *Runner) fail(ctx context.Context, j claimed, every time.Duration, cause error) error {
	return r.DB.Housekeep(ctx, "jobs", func(tx *store.Tx) error {
		_, gaveUp := errors.AsType[permanent](cause)
		if every == 0 && (gaveUp || j.attempt >= most) {
			_, err := tx.Exec(ctx, `UPDATE job SET state = 'parked', why = $3, parked_at = $4 WHERE id = $1 AND state = 'running' AND attempt = $2`, j.id, j.attempt, plain(cause), store.Time(tx.Now))
			return err
		}
		// A recurring job never parks: it tries again at its own pace at the latest.
		wait := Backoff(j.attempt)
		if every > 0 {
			wait = min(wait, every)
		}
		_, err := tx.Exec(ctx, `UPDATE job SET state = 'waiting', ready_at = $3, why = $4 WHERE id = $1 AND state = 'running' AND attempt = $2`,
			j.id, j.attempt, store.Time(tx.Now.Add(wait)), plain(cause))
		if store.IsUnique(err) { // a fresh one of the kind waits already
			return fmt.Errorf("superseded: %w", err)
		}
		return err
	})
}
