// Package jobs is durable background work.
//
// A room declares a Kind with its arguments' type, enqueues it in the
// transaction that needs it, and registers a worker. Work runs at least once:
// after a crash its lease runs out and another worker takes it, so a worker
// first asks whether its work is still wanted. Arguments are identifiers only.
// A job that keeps failing is parked, where staff can see it, let it run again or
// drop it; why it failed is kept without anything that could be somebody's.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// Kind is a sort of job and the type of its arguments. Every, if not zero,
// makes the job come back by itself after it ran.
type Kind[A any] struct {
	Name  string
	Every time.Duration
}

// Options say when and how often.
type Options struct {
	At     time.Time // not before; zero is now
	Unique string    // at most one waiting job of the kind with this key
}

// Enqueue adds a job in the caller's transaction.
func (k Kind[A]) Enqueue(ctx context.Context, tx *store.Tx, args A, opts ...Options) error {
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	if o.At.IsZero() {
		o.At = tx.Now
	}
	b, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("job %s: %w", k.Name, err)
	}
	var unique any
	if o.Unique != "" {
		unique = o.Unique
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO job (id, kind, args, state, ready_at, attempt, unique_key, created_at)
		VALUES ($1, $2, $3, 'waiting', $4, 0, $5, $6)
		ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND state = 'waiting' DO NOTHING`,
		ids.NewJob(), k.Name, string(b), store.Time(o.At), unique, store.Time(tx.Now))
	return err
}

// Worker does one job. A nil error ends the job. Permanent(err) parks it at once.
type Worker[A any] func(ctx context.Context, d access.Duty, args A) error

// Permanent marks an error that trying again cannot mend.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Handle registers the worker for a kind.
func Handle[A any](r *Runner, k Kind[A], w Worker[A]) {
	if _, dup := r.kinds[k.Name]; dup {
		panic("two workers for job " + k.Name)
	}
	r.kinds[k.Name] = handler{every: k.Every, run: func(ctx context.Context, raw string) error {
		var a A
		if err := json.Unmarshal([]byte(raw), &a); err != nil {
			return Permanent(errors.New("arguments are not readable"))
		}
		return w(ctx, access.NewDuty(k.Name), a)
	}}
}

type handler struct {
	every time.Duration
	run   func(ctx context.Context, args string) error
}
