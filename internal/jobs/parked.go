package jobs

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Parked is a job that was given up.
type Parked struct {
	ID      ids.Job
	Kind    string
	Why     string // what went wrong, without data
	Tries   int
	Created time.Time
	Gave    time.Time // when it was given up; zero for one of an older version
}

// Reasons are why a failed job may be dropped.
var Reasons = []string{"done_by_hand", "pointless", "broken"}

// mostParked is how many the list shows. Beyond that something is broken for all
// of them, and the oldest are enough to see it.
const mostParked = 200

// Failed lists the jobs that were given up, oldest first.
func (r *Runner) Failed(ctx context.Context, d access.Desk) (out []Parked, err error) {
	if err := d.Need(access.SeeJobs); err != nil {
		return nil, err
	}
	err = r.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, func(row store.Row) (p Parked, err error) {
			var created, gave store.Time
			err = row.Scan(&p.ID, &p.Kind, &p.Why, &p.Tries, &created, &gave)
			p.Created, p.Gave = created.Std(), gave.Std()
			return p, err
		}, `SELECT id, kind, COALESCE(why, ''), attempt, created_at, parked_at FROM job WHERE state = 'parked' ORDER BY created_at, id LIMIT $1`, mostParked)
		return err
	})
	return out, err
}

// FailedWaiting is the query of how many jobs were given up.
const FailedWaiting = `SELECT COUNT(*) FROM job WHERE state = 'parked'`

// CountFailed is the number of jobs that were given up.
func CountFailed(ctx context.Context, tx *store.Tx) (int, error) {
	return store.Get(ctx, tx, store.One[int], FailedWaiting)
}

// Retry lets a failed job run again, from its first try. One that somebody else
// has dealt with is fault.NotFound; where the same work waits already, a Conflict.
func (r *Runner) Retry(ctx context.Context, d access.Desk, id ids.Job) error {
	if err := d.Need(access.SeeJobs); err != nil {
		return err
	}
	err := r.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		kind, err := store.Get(ctx, tx, store.One[string], `
			UPDATE job SET state = 'waiting', attempt = 0, ready_at = $2, parked_at = NULL WHERE id = $1 AND state = 'parked' RETURNING kind`, id, store.Time(tx.Now))
		return d.Did(audit.JobRetried, string(id)).With(kind), gone(err)
	})
	if store.IsUnique(err) {
		return fault.Lost("office.jobs.waits")
	}
	return err
}

// Drop gives a failed job up for good. What it should have done does not happen.
func (r *Runner) Drop(ctx context.Context, d access.Desk, id ids.Job, why string) error {
	if err := d.Need(access.SeeJobs); err != nil {
		return err
	}
	return r.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		kind, err := store.Get(ctx, tx, store.One[string], `DELETE FROM job WHERE id = $1 AND state = 'parked' RETURNING kind`, id)
		if err == nil && !slices.Contains(Reasons, why) {
			return audit.Entry{}, fault.Bad("why", "office.jobs.why.choose")
		}
		return d.Did(audit.JobDropped, string(id)).With(kind + ":" + why), gone(err)
	})
}

func gone(err error) error {
	if errors.Is(err, store.ErrNone) {
		return fault.Missing()
	}
	return err
}

// values are parts of an error's text that could be somebody's: quoted words,
// addresses, and figures long enough for a number or a date. Our own errors hold
// none; those of drivers and servers may repeat what they were given.
var values = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`|«[^»]*»|\\S*@\\S*|\\+?\\d[\\d\\-/.: ]{3,}\\d|=\\S+")

const longestWhy = 300

// plain makes an error's text fit to be kept and shown.
func plain(err error) string {
	s := []rune(values.ReplaceAllString(store.Clean(err.Error()), "…"))
	return string(s[:min(len(s), longestWhy)])
}
