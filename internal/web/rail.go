package web

import (
	"context"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/store"
)

// Queue writes a query of one number: how much work waits at now at a place of
// the staff's rail. It runs inside a larger one, so its arguments go through a.
type Queue = func(a *store.Args, now time.Time) string

// Counted is a queue whose query takes no arguments.
func Counted(query string) Queue {
	return func(*store.Args, time.Time) string { return query }
}

// queue is work that waits at a place.
type queue struct {
	path  string
	task  access.Task
	count func(d access.Desk) Queue
}

// StaffQueue puts the number of what waits beside a place of the rail, on every
// staff page, for those who may do its task.
func (r *Router) StaffQueue(path string, t access.Task, q Queue) {
	r.StaffOwn(path, t, func(access.Desk) Queue { return q })
}

// StaffOwn is StaffQueue for a number that is each person's own.
func (r *Router) StaffOwn(path string, t access.Task, q func(access.Desk) Queue) {
	r.queues = append(r.queues, queue{path, t, q})
}

// waiting counts what waits for somebody in one query, by place.
func (r *Router) waiting(ctx context.Context, d access.Desk) (map[string]int, error) {
	var mine []queue
	for _, q := range r.queues {
		if d.May(q.task) {
			mine = append(mine, q)
		}
	}
	if len(mine) == 0 {
		return nil, nil
	}
	found, to := make([]int, len(mine)), make([]any, len(mine))
	err := r.db.View(ctx, func(tx *store.Tx) error {
		a := &store.Args{}
		var parts []string
		for i, q := range mine {
			parts, to[i] = append(parts, "("+q.count(d)(a, tx.Now)+")"), &found[i]
		}
		_, err := store.Get(ctx, tx, func(in store.Row) (struct{}, error) { return struct{}{}, in.Scan(to...) }, `SELECT `+strings.Join(parts, ", "), a.All()...)
		return err
	})
	out := map[string]int{}
	for i, q := range mine {
		out[q.path] += found[i]
	}
	return out, err
}
