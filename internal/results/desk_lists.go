package results

import (
	"context"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// Tab is one of the desk's lists.
type Tab string

const (
	TabReview    Tab = "review"    // held until somebody decides, or until the cap
	TabSoon      Tab = "soon"      // opens within soonIs
	TabCritical  Tab = "critical"  // critical, visible, and never opened
	TabCorrected Tab = "corrected" // corrected or amended lately
	TabSensitive Tab = "sensitive"
)

// Tabs are the lists in their order.
var Tabs = []Tab{TabReview, TabSoon, TabCritical, TabCorrected, TabSensitive}

const (
	soonIs = 72 * time.Hour
	// lately is how long corrections stay on their list.
	lately = 14 * 24 * time.Hour
	// criticalFor is how long a critical result that nobody opened stays on its
	// list; a chart of ten years that comes in must not fill it.
	criticalFor = 90 * 24 * time.Hour
	perDesk     = 50
	mostCounted = 999
)

// Waiting is one line of a list.
type Waiting struct {
	ID            ids.Resource
	Given, Family string
	Title         string
	Group         string // "notes" for a note
	Received      time.Time
	Changed       time.Time
	ReleaseAt     time.Time
	Why           string
	Critical      bool
	Sensitive     bool
	at            time.Time // what the list is ordered by
}

// WaitingList is one page of a list, and how long each list is.
type WaitingList struct {
	Rows   []Waiting
	Counts map[Tab]int // up to mostCounted
	Next   string      // cursor, "" at the end
}

// alone leaves out values whose report is held too: one decision is for all.
const alone = ` AND (r.parent_id = '' OR NOT EXISTS (SELECT 1 FROM record_row u WHERE u.resource_id = r.parent_id AND u.release_at > `

// condition says what is on a list.
func (s *Results) condition(a *store.Args, t Tab, now time.Time) string {
	const base = ` r.section IN ('results', 'notes') AND NOT r.gone AND `
	switch t {
	case TabReview:
		return base + `r.release_at > ` + a.Time(now) + ` AND (r.release_why IN ('after_review', 'wait') OR r.release_why LIKE 'hold%')` + alone + a.Time(now) + `))`
	case TabSoon:
		return base + `r.release_at > ` + a.Time(now) + ` AND r.release_at <= ` + a.Time(now.Add(soonIs)) + alone + a.Time(now) + `))`
	case TabCritical:
		return base + `r.critical AND r.release_at <= ` + a.Time(now.Add(-time.Duration(s.CriticalDays)*24*time.Hour)) + ` AND r.release_at >= ` + a.Time(now.Add(-criticalFor)) +
			` AND r.sort_at >= ` + a.Add(now.Add(-criticalFor).UTC().Format(sortLayout)) + ` AND p.deceased_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM result_seen v WHERE v.resource_id = r.resource_id)`
	case TabCorrected:
		return base + `r.status IN ('corrected', 'amended', 'appended') AND r.changed_at >= ` + a.Time(now.Add(-lately))
	}
	return base + `r.sensitive`
}

// sortLayout is how rows write their clinical moment.
const sortLayout = "2006-01-02T15:04:05.000Z"

// order says by what a list is ordered, and whether the newest stands first.
func (t Tab) order() (column string, newest bool) {
	switch t {
	case TabCorrected:
		return "r.changed_at", true
	case TabSensitive:
		return "r.received_at", true
	}
	return "r.release_at", false
}

// Desk reads a page of one of the lists.
func (s *Results) Desk(ctx context.Context, d access.Desk, t Tab, after string) (WaitingList, error) {
	if err := d.Need(access.ReleaseResults); err != nil {
		return WaitingList{}, err
	}
	var out WaitingList
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if out.Counts, err = s.counts(ctx, tx, Tabs); err != nil {
			return err
		}
		a := &store.Args{}
		where := s.condition(a, t, tx.Now)
		column, newest := t.order()
		op, dir := ">", "ASC"
		if newest {
			op, dir = "<", "DESC"
		}
		if at, id, ok := cursor(after); ok {
			where += ` AND (` + column + ` ` + op + ` ` + a.Time(at) + ` OR (` + column + ` = ` + a.Time(at) + ` AND r.resource_id ` + op + ` ` + a.Add(id) + `))`
		}
		out.Rows, err = store.List(ctx, tx, scanWaiting, `
			SELECT r.resource_id, p.given, p.family, CASE WHEN r.title = '' THEN COALESCE(l.label, '') ELSE r.title END,
				CASE WHEN r.section = 'notes' THEN 'notes' ELSE r.grp END, r.received_at, r.changed_at, r.release_at, r.release_why, r.critical, r.sensitive, `+column+`
			FROM record_row r JOIN patient p ON p.id = r.patient_id LEFT JOIN resource_label l ON l.resource_id = r.title_id
			WHERE`+where+` ORDER BY `+column+` `+dir+`, r.resource_id `+dir+` LIMIT `+a.Add(perDesk+1), a.All()...)
		return err
	})
	if len(out.Rows) > perDesk {
		out.Rows = out.Rows[:perDesk]
		last := out.Rows[perDesk-1]
		out.Next = last.at.UTC().Format(time.RFC3339Nano) + "~" + string(last.ID)
	}
	return out, err
}

func scanWaiting(in store.Row) (Waiting, error) {
	var w Waiting
	var received, changed, release, at store.Time
	err := in.Scan(&w.ID, &w.Given, &w.Family, &w.Title, &w.Group, &received, &changed, &release, &w.Why, &w.Critical, &w.Sensitive, &at)
	w.Received, w.Changed, w.ReleaseAt, w.at = received.Std(), changed.Std(), release.Std(), at.Std()
	return w, err
}

func cursor(s string) (at time.Time, id string, ok bool) {
	left, id, found := strings.Cut(s, "~")
	at, err := time.Parse(time.RFC3339Nano, left)
	return at, id, found && err == nil
}

// counts tells how long lists are, in one query.
func (s *Results) counts(ctx context.Context, tx *store.Tx, tabs []Tab) (map[Tab]int, error) {
	a := &store.Args{}
	var q []string
	for _, t := range tabs {
		q = append(q, `(`+s.count(a, t, tx.Now)+`)`)
	}
	return store.Get(ctx, tx, func(in store.Row) (map[Tab]int, error) {
		found := make([]int, len(tabs))
		to := make([]any, len(tabs))
		for i := range found {
			to[i] = &found[i]
		}
		err := in.Scan(to...)
		out := map[Tab]int{}
		for i, t := range tabs {
			out[t] = found[i]
		}
		return out, err
	}, `SELECT `+strings.Join(q, ", "), a.All()...)
}

// count is a query of how long a list is, up to mostCounted.
func (s *Results) count(a *store.Args, t Tab, now time.Time) string {
	return `SELECT COUNT(*) FROM (SELECT 1 AS one FROM record_row r JOIN patient p ON p.id = r.patient_id WHERE` + s.condition(a, t, now) + ` LIMIT ` + a.Add(mostCounted) + `) x` + string(t)
}

// pending is the number beside the desk's place in the rail: what waits for a
// decision, and critical results that nobody has opened.
func (s *Results) pending(a *store.Args, now time.Time) string {
	return `SELECT (` + s.count(a, TabReview, now) + `) + (` + s.count(a, TabCritical, now) + `)`
}
