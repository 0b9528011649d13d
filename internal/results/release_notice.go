package results

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/record"
	"portico/internal/store"
)

// Teller tells patients that something is new, and takes back what was not sent
// yet. It decides whether there is anybody to tell: an account that can be used,
// of a person who lives and whose record is their own.
type Teller interface {
	// NewResult queues one message to each contact; told is false if there is
	// nobody to tell. key makes it unique.
	NewResult(ctx context.Context, tx *store.Tx, p ids.Patient, key string) (told bool, err error)
	// Opened takes back what waits to be sent: the person has looked.
	Opened(ctx context.Context, tx *store.Tx, p ids.Patient) error
}

// NoticeArgs name the patient whose results are looked at again.
type NoticeArgs struct{ Patient ids.Patient }

// Notice tells a patient that something is new, if that is still so when it runs.
var Notice = jobs.Kind[NoticeArgs]{Name: "result.notice"}

const (
	// oldAfter is how old a result is, on arrival, that nobody is told of.
	oldAfter = 30 * 24 * time.Hour
	// settling is how long after a chart's first arrival more of it may come in.
	settling = 24 * time.Hour
)

// Arrivals watches what comes in and queues notices. It satisfies record.Watcher.
type Arrivals struct{}

// Arrived queues a job for each patient something new came in for, when it may
// be seen. Old history, and the first arrival of a whole chart, queue none.
func (Arrivals) Arrived(ctx context.Context, tx *store.Tx, rows []record.Arrival) error {
	at := map[ids.Patient][]time.Time{}
	for _, a := range rows {
		if newsworthy(a.Row, tx.Now) {
			at[a.Row.Patient] = append(at[a.Row.Patient], a.Row.ReleaseAt)
		}
	}
	for p, times := range at {
		first, err := firstChart(ctx, tx, p)
		if err != nil {
			return err
		}
		if first {
			continue
		}
		for _, t := range times {
			if err := enqueueNotice(ctx, tx, p, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func newsworthy(r record.Row, now time.Time) bool {
	return r.Section == record.Results && !r.Gone && (r.At.Time.IsZero() || now.Sub(r.At.Time) < oldAfter)
}

// firstChart tells whether a patient's record is only just coming in as a whole:
// nothing was there a day ago, and there is history in it.
func firstChart(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	return store.Get(ctx, tx, store.One[bool], `
		SELECT NOT EXISTS (SELECT 1 FROM record_row WHERE patient_id = $1 AND received_at < $2)
			AND EXISTS (SELECT 1 FROM record_row WHERE patient_id = $1 AND sort_at <> '' AND sort_at < $3)`,
		p, store.Time(tx.Now.Add(-settling)), tx.Now.Add(-oldAfter).UTC().Format(sortLayout))
}

// enqueueNotice queues a look at a patient's results at a moment; one job for
// each moment, whatever comes in for it.
func enqueueNotice(ctx context.Context, tx *store.Tx, p ids.Patient, at time.Time) error {
	if at.Before(tx.Now) {
		at = tx.Now
	}
	key := string(p)
	if at.After(tx.Now) {
		key += ":" + at.UTC().Format(time.RFC3339)
	}
	return Notice.Enqueue(ctx, tx, NoticeArgs{p}, jobs.Options{At: at, Unique: key})
}

// Work registers this room's workers.
func (s *Results) Work(r *jobs.Runner) { jobs.Handle(r, Notice, s.notice) }

// notice tells a patient once that something they may see and have not opened
// came since they were last told. Told lately, they are told at the end of their
// peace. The note of telling and the message commit together, so that a job run
// twice tells once.
func (s *Results) notice(ctx context.Context, d access.Duty, args NoticeArgs) error {
	if s.Teller == nil {
		return nil
	}
	p := args.Patient
	var last telling
	var newest time.Time
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if last, err = lastTold(ctx, tx, p); err != nil {
			return err
		}
		newest, err = unopened(ctx, tx, p, last.covered)
		return err
	}); err != nil || newest.IsZero() {
		return err
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := d.Did(audit.NoticeQueued, "").On(string(p)).With("new_result")
		peace := time.Duration(s.NoticeHours) * time.Hour
		if ends := last.at.Add(peace); !last.at.IsZero() && ends.After(tx.Now) {
			return e.With("new_result_later"), Notice.Enqueue(ctx, tx, args, jobs.Options{At: ends, Unique: string(p) + ":later"})
		}
		n, err := tx.Exec(ctx, `
			INSERT INTO result_notice (patient_id, told_at, covered_at) VALUES ($1, $2, $3)
			ON CONFLICT (patient_id) DO UPDATE SET told_at = excluded.told_at, covered_at = excluded.covered_at WHERE result_notice.told_at <= $4`,
			p, store.Time(tx.Now), store.Time(newest), store.Time(tx.Now.Add(-peace)))
		if err != nil {
			return e, err
		}
		if n == 0 {
			return e, errTold
		}
		ok, err := s.Teller.NewResult(ctx, tx, p, "result.notice:"+string(p)+":"+tx.Now.UTC().Format(time.RFC3339Nano))
		if err == nil && !ok {
			err = errTold
		}
		return e, err
	})
	if errors.Is(err, errTold) {
		return nil
	}
	return err
}

// errTold means that there is nobody to tell, or another worker has told them.
var errTold = errors.New("nobody to tell")

// telling is when a patient was last told, and up to when what they were told of
// could first be seen; zero for never.
type telling struct{ at, covered time.Time }

func lastTold(ctx context.Context, tx *store.Tx, p ids.Patient) (telling, error) {
	t, err := store.Get(ctx, tx, func(in store.Row) (telling, error) {
		var at, covered store.Time
		err := in.Scan(&at, &covered)
		return telling{at.Std(), covered.Std()}, err
	}, `SELECT told_at, covered_at FROM result_notice WHERE patient_id = $1`, p)
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	return t, err
}

// unopened gives when the newest of a patient's results that became visible, or
// was changed, after covered, and that nobody has opened in that version, could
// first be seen; zero if there is none. What is older than a held result can be
// is not news.
func unopened(ctx context.Context, tx *store.Tx, p ids.Patient, covered time.Time) (time.Time, error) {
	if earliest := tx.Now.Add(-oldAfter); covered.Before(earliest) {
		covered = earliest
	}
	t, err := store.Get(ctx, tx, store.One[store.Time], `
		SELECT MAX(CASE WHEN r.release_at > r.changed_at THEN r.release_at ELSE r.changed_at END) FROM record_row r
		WHERE r.patient_id = $1 AND r.section = 'results' AND NOT r.gone AND r.release_at <= $2 AND (r.release_at > $3 OR r.changed_at > $3)
			AND (r.sort_at = '' OR r.sort_at >= $4)
			AND NOT EXISTS (SELECT 1 FROM result_seen v WHERE v.resource_id = r.resource_id AND v.last_at >= r.changed_at)`,
		p, store.Time(tx.Now), store.Time(covered), tx.Now.Add(-oldAfter-Cap).UTC().Format(sortLayout))
	return t.Std(), err
}
