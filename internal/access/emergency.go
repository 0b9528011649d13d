package access

import (
	"context"
	"errors"
	"time"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

const (
	// EmergencyFor is how long a chart stays open that was opened without a task
	// (product.md 13). It does not slide.
	EmergencyFor = 60 * time.Minute
	// ReviewWithin is in what time somebody else has looked at each (security.md A14).
	ReviewWithin = 72 * time.Hour
)

// Opening is a chart that a staff user opened without a task.
type Opening struct {
	ID       ids.Emergency
	Staff    ids.Staff
	Patient  ids.Patient
	Reason   string // sealed by whoever opened it
	At       time.Time
	Ends     time.Time
	Ended    time.Time // by the person themselves, zero if not
	Reviewed time.Time // zero while it waits
	Verdict  string
}

// Over tells whether the chart is closed again.
func (o Opening) Over(now time.Time) bool { return !o.Ended.IsZero() || !now.Before(o.Ends) }

// Late tells whether the review is overdue.
func (o Opening) Late(now time.Time) bool {
	return o.Reviewed.IsZero() && now.Sub(o.At) > ReviewWithin
}

// Unreviewed tells whether there is somebody who may open charts without a task
// while nobody else could review it; people are the roles of each person who can
// sign in.
func Unreviewed(people [][]Role) bool {
	opens, reviews, both := 0, 0, 0
	for _, roles := range people {
		open, review := May(roles, OpenCharts), May(roles, ReviewOpenings)
		if open {
			opens++
		}
		if review {
			reviews++
		}
		if open && review {
			both++
		}
	}
	return opens > 0 && reviews == 0 || reviews == 1 && both == 1
}

const openingColumns = `id, staff_id, patient_id, reason, opened_at, ends_at, ended_at, reviewed_at, COALESCE(verdict, '')`

func scanOpening(r store.Row) (o Opening, err error) {
	var at, ends, ended, reviewed store.Time
	err = r.Scan(&o.ID, &o.Staff, &o.Patient, &o.Reason, &at, &ends, &ended, &reviewed, &o.Verdict)
	o.At, o.Ends, o.Ended, o.Reviewed = at.Std(), ends.Std(), ended.Std(), reviewed.Std()
	return o, err
}

// OpenUnasked opens a patient's chart for the desk's person without a task, in the
// caller's transaction: o has its ID, Patient and Reason. The caller has made sure
// that the person is who they are, has sealed the reason, and raises the alarm in
// the same transaction. Signing in again within the hour does not close it.
func (g *Gate) OpenUnasked(ctx context.Context, tx *store.Tx, d Desk, o Opening) (Opening, error) {
	if err := d.Need(OpenCharts); err != nil {
		return Opening{}, err
	}
	if o.ID == "" || o.Patient == "" || o.Reason == "" {
		return Opening{}, fault.Missing()
	}
	o.Staff, o.At, o.Ends = d.staff, tx.Now, tx.Now.Add(EmergencyFor)
	_, err := tx.Exec(ctx, `INSERT INTO chart_opening (id, staff_id, patient_id, reason, opened_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		o.ID, o.Staff, o.Patient, o.Reason, store.Time(o.At), store.Time(o.Ends))
	return o, err
}

// Unasked proves that the desk's person opened this chart without a task less
// than an hour ago and has not closed it, and writes the line that says so before
// anything is read; part says which part of the chart. Somebody else's opening is
// fault.NotFound; one that is over gives itself with ErrOver.
func (g *Gate) Unasked(ctx context.Context, d Desk, id ids.Emergency, part string) (Opened, Opening, error) {
	if err := d.Need(OpenCharts); err != nil {
		return Opened{}, Opening{}, err
	}
	var o Opening
	over := false
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var err error
		o, err = store.Get(ctx, tx, scanOpening, `SELECT `+openingColumns+` FROM chart_opening WHERE id = $1 AND staff_id = $2`, id, d.staff)
		if errors.Is(err, store.ErrNone) {
			err = fault.Missing()
		}
		e := d.Did(audit.RecordOpened, part).On(string(o.Patient)).With("emergency")
		if over = o.Over(tx.Now); over {
			e = e.As(audit.Refused)
		}
		return e, err
	})
	if err == nil && over {
		err = ErrOver
	}
	if err != nil {
		return Opened{}, o, err
	}
	return Opened{patient: o.Patient, desk: d, whole: true}, o, nil
}

// ErrOver means that the hour of a chart opened without a task is over.
var ErrOver = errors.New("the opening is over")

// CloseUnasked ends an opening of the desk's own person before its hour is over.
func (g *Gate) CloseUnasked(ctx context.Context, tx *store.Tx, d Desk, id ids.Emergency) (ids.Patient, error) {
	if err := d.Need(OpenCharts); err != nil {
		return "", err
	}
	p, err := store.Get(ctx, tx, store.One[ids.Patient], `
		UPDATE chart_opening SET ended_at = $3 WHERE id = $1 AND staff_id = $2 AND ended_at IS NULL AND ends_at > $3 RETURNING patient_id`, id, d.staff, store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return p, err
}

// Openings lists charts opened without a task: those that wait for a review,
// oldest first, or with done those reviewed, newest first.
func (g *Gate) Openings(ctx context.Context, tx *store.Tx, d Desk, done bool) ([]Opening, error) {
	if err := d.Need(ReviewOpenings); err != nil {
		return nil, err
	}
	q := `SELECT ` + openingColumns + ` FROM chart_opening WHERE reviewed_at IS NULL ORDER BY opened_at, id LIMIT 200`
	if done {
		q = `SELECT ` + openingColumns + ` FROM chart_opening WHERE reviewed_at IS NOT NULL ORDER BY opened_at DESC, id LIMIT 200`
	}
	return store.List(ctx, tx, scanOpening, q)
}

// OpeningsWaiting is the query of how many openings wait for a review.
const OpeningsWaiting = `SELECT COUNT(*) FROM chart_opening WHERE reviewed_at IS NULL`

// openBy are the charts that somebody has open without a task.
func openBy(s ids.Staff, a *store.Args, now time.Time) string {
	return ` FROM chart_opening WHERE staff_id = ` + a.Add(s) + ` AND ends_at > ` + a.Time(now) + ` AND ended_at IS NULL`
}

// OwnOpenings is the query of how many charts the desk's person has open without a
// task.
func OwnOpenings(d Desk, a *store.Args, now time.Time) string {
	return `SELECT COUNT(*)` + openBy(d.staff, a, now)
}

// OpenNow lists the charts that the desk's person has open without a task, the one
// that closes first on top.
func (g *Gate) OpenNow(ctx context.Context, tx *store.Tx, d Desk) ([]Opening, error) {
	if err := d.Need(OpenCharts); err != nil {
		return nil, err
	}
	a := &store.Args{}
	q := `SELECT ` + openingColumns + openBy(d.staff, a, tx.Now) + ` ORDER BY ends_at, id LIMIT 50`
	return store.List(ctx, tx, scanOpening, q, a.All()...)
}

// CountOpenings tells how many wait for a review, and how many of them are overdue.
func (g *Gate) CountOpenings(ctx context.Context, tx *store.Tx) (waiting, late int, err error) {
	_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) { return struct{}{}, r.Scan(&waiting, &late) }, `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN opened_at < $1 THEN 1 ELSE 0 END), 0) FROM chart_opening WHERE reviewed_at IS NULL`,
		store.Time(tx.Now.Add(-ReviewWithin)))
	return waiting, late, err
}

// Review keeps what somebody thinks of an opening. One's own is a Conflict, and so
// is one that somebody else has reviewed.
func (g *Gate) Review(ctx context.Context, tx *store.Tx, d Desk, id ids.Emergency, verdict string) (ids.Patient, error) {
	if err := d.Need(ReviewOpenings); err != nil {
		return "", err
	}
	o, err := store.Get(ctx, tx, scanOpening, `SELECT `+openingColumns+` FROM chart_opening WHERE id = $1`, id)
	switch {
	case errors.Is(err, store.ErrNone):
		return "", fault.Missing()
	case err != nil:
		return "", err
	case o.Staff == d.staff:
		return "", fault.Lost("emergency.bad.own")
	}
	n, err := tx.Exec(ctx, `UPDATE chart_opening SET reviewed_at = $2, reviewer_id = $3, verdict = $4 WHERE id = $1 AND reviewed_at IS NULL`, id, store.Time(tx.Now), d.staff, verdict)
	if err == nil && n != 1 {
		err = fault.Lost("emergency.bad.late")
	}
	return o.Patient, err
}
