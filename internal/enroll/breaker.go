package enroll

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/store"
)

// The breaker. A limit per client and per number does not see one birth date
// tried on every number from ten thousand addresses: 100,000 numbers hold about
// three people of each birth date. So all misses are counted together, and when
// there are many more than usual everyone on this way has to do some work first
// (NIST SP 800-63A asks for means against automated attacks; ASVS 2.4.1). What
// the page then answers stays the same. Code and birth date are not touched.
const (
	pulseSpan   = 10 * time.Minute
	leastMisses = 50
	timesUsual  = 5
	usualSpan   = 7 * 24 * time.Hour
	// calm is how long misses must stay below the limit before the breaker goes off.
	calm = 30 * time.Minute
)

// threshold is how many misses in ten minutes are too many.
func threshold(usual int) int { return max(leastMisses, timesUsual*usual) }

// median of the misses in each ten minutes of the last week; spans without any
// count as zero.
func median(perSpan map[int64]int, spans int) int {
	all := make([]int, max(spans, len(perSpan)))
	i := 0
	for _, n := range perSpan {
		all[i] = n
		i++
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// pulse counts a try and whether it missed, and trips the breaker when there
// were too many misses. Its work is the same for a hit and a miss.
func (e *Room) pulse(ctx context.Context, tx *store.Tx, missed bool) error {
	n := 0
	if missed {
		n = 1
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO enroll_pulse (minute_at, tried, missed) VALUES ($1, 1, $2)
		ON CONFLICT (minute_at) DO UPDATE SET tried = enroll_pulse.tried + 1, missed = enroll_pulse.missed + $2`,
		store.Time(tx.Now.Truncate(time.Minute)), n); err != nil {
		return err
	}
	over, err := tooMany(ctx, tx)
	if err != nil || !over {
		return err
	}
	return e.trip(ctx, tx)
}

func tooMany(ctx context.Context, tx *store.Tx) (bool, error) {
	missed, err := store.Get(ctx, tx, store.One[int], `SELECT CAST(COALESCE(SUM(missed), 0) AS BIGINT) FROM enroll_pulse WHERE minute_at > $1`, store.Time(tx.Now.Add(-pulseSpan)))
	if err != nil {
		return false, err
	}
	usual, err := store.Get(ctx, tx, store.One[int], `SELECT missed FROM enroll_usual WHERE name = 'median'`)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return false, err
	}
	return missed > threshold(usual), nil
}

// trip turns the breaker on and raises one alarm: the unique index lets one of
// many through.
func (e *Room) trip(ctx context.Context, tx *store.Tx) error {
	id := ids.New[string]("brk")
	n, err := tx.Exec(ctx, `INSERT INTO enroll_breaker (id, state, since_at) VALUES ($1, 'on', $2) ON CONFLICT (state) WHERE state = 'on' DO NOTHING`, id, store.Time(tx.Now))
	if err != nil || n == 0 {
		return err
	}
	tx.Log(audit.Entry{Action: audit.BreakerTripped, Outcome: audit.Done, Actor: audit.ByDuty, ActorID: "enroll.breaker", Object: id})
	return alarmJob.Enqueue(ctx, tx, alarmArgs{id})
}

// alarmArgs name the outage of calm that is to be told.
type alarmArgs struct{ ID string }

// alarmJob tells the administrators once that the breaker tripped.
var alarmJob = jobs.Kind[alarmArgs]{Name: "enroll.alarm"}

func (e *Room) alarm(ctx context.Context, d access.Duty, a alarmArgs) error {
	return e.DB.Change(ctx, d.Did(audit.NoticeQueued, a.ID), func(tx *store.Tx) error {
		return e.Outbox.ToStaff(ctx, tx, func(roles []access.Role) bool { return slices.Contains(roles, access.Administrator) }, "",
			notify.BreakerTripped{At: tx.Now}, a.ID)
	})
}

// guarded tells whether the breaker is on.
func (e *Room) guarded(ctx context.Context) (on bool, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		_, on, err = breaker(ctx, tx)
		return err
	})
	return on, err
}

func breaker(ctx context.Context, tx *store.Tx) (since time.Time, on bool, err error) {
	t, err := store.Get(ctx, tx, store.One[store.Time], `SELECT since_at FROM enroll_breaker WHERE state = 'on'`)
	if errors.Is(err, store.ErrNone) {
		return time.Time{}, false, nil
	}
	return t.Std(), err == nil, err
}

// Breaker tells staff whether the breaker is on, and since when: a banner of
// the console.
func (e *Room) Breaker(ctx context.Context, d access.Desk) (since time.Time, on bool, err error) {
	if d.Staff() == "" {
		return time.Time{}, false, d.Need(access.SeeDesk)
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		since, on, err = breaker(ctx, tx)
		return err
	})
	return since, on, err
}

// watchJob measures what is usual and turns the breaker off when it is calm.
var watchJob = jobs.Kind[struct{}]{Name: "enroll.watch", Every: 5 * time.Minute}

func (e *Room) watch(ctx context.Context, _ access.Duty, _ struct{}) error {
	return e.DB.Housekeep(ctx, "enroll", func(tx *store.Tx) error {
		perSpan := map[int64]int{}
		type pulse struct {
			at     store.Time
			missed int
		}
		all, err := store.List(ctx, tx, func(r store.Row) (p pulse, err error) { return p, r.Scan(&p.at, &p.missed) },
			`SELECT minute_at, missed FROM enroll_pulse WHERE minute_at > $1`, store.Time(tx.Now.Add(-usualSpan)))
		if err != nil {
			return err
		}
		quiet := true
		for _, p := range all {
			perSpan[p.at.Std().Unix()/int64(pulseSpan/time.Second)] += p.missed
		}
		usual := median(perSpan, int(usualSpan/pulseSpan))
		for span, n := range perSpan {
			if n > threshold(usual) && tx.Now.Sub(time.Unix(span*int64(pulseSpan/time.Second), 0)) < calm+pulseSpan {
				quiet = false
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO enroll_usual (name, missed, at) VALUES ('median', $1, $2)
			ON CONFLICT (name) DO UPDATE SET missed = $1, at = $2`, usual, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM enroll_pulse WHERE minute_at <= $1`, store.Time(tx.Now.Add(-usualSpan))); err != nil || !quiet {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE enroll_breaker SET state = 'over', over_at = $1 WHERE state = 'on' AND since_at <= $2`, store.Time(tx.Now), store.Time(tx.Now.Add(-calm)))
		return err
	})
}
