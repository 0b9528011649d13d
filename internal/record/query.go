package record

import (
	"context"
	"fmt"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Query says which rows of a chart. The zero Query is the whole timeline.
type Query struct {
	Section  Section // "" for all but Claims
	Group    string  // within Results: Laboratory, Imaging, …
	Code     string  // one test's history
	Visit    ids.Resource
	Parent   ids.Resource // members of one panel; else only what stands by itself
	Members  bool         // members of panels too
	From, To time.Time    // half-open, by clinical moment
	Words    string       // each must occur in title, value, person or place
	Abnormal bool         // only what is out of range
	Veil     bool         // find no sensitive result by what it says, but for Shown
	Shown    []ids.Resource
	Status   string // FHIR status
	After    string // cursor from the page before
	Limit    int    // at most; 0 means 50, most is 10,000
	Oldest   bool   // oldest first
}

const (
	usual = 50
	most  = 10_000
)

// reach is how far a list looks.
type reach int

const (
	asked reach = iota // for what the query says; each row tells whether something in it is held
	tops               // for what is part of nothing, and what is in it is known by other means
	freed              // for that, and for what is open while all that it is part of is shut
)

// text writes the query with its arguments. It asks for one row more than wanted,
// which tells whether there is a next page. Where nothing is freed, a list of what
// stands by itself is one walk of one index.
func (q Query) text(at time.Time, who access.Reading, far reach) (string, []any, error) {
	where, args, err := q.where(at, who)
	if err != nil {
		return "", nil, err
	}
	order := ` DESC`
	if q.Oldest {
		order = ` ASC`
	}
	args = append(args, q.Limit+1)
	ordered := ` ORDER BY r.sort_at` + order + `, r.resource_id` + order + fmt.Sprintf(` LIMIT $%d`, len(args))
	columns, from := wholeColumns, rowTables+where
	if q.alone() {
		from += ` AND r.parent_id = ''`
	}
	if far != tops {
		args = append(args, store.Time(at))
		now := fmt.Sprintf(`$%d`, len(args))
		if far == freed {
			from = ` FROM ` + standing(where, ordered, now) + ` f JOIN record_row r ON r.resource_id = f.id` + rowLabels
		} else {
			columns = rowColumns(`$1`, now)
		}
	}
	return `SELECT ` + columns + from + ordered, args, nil
}

// holding is what of a patient's record is not released yet, as far as a list must
// know of it.
type holding struct {
	freed bool                  // something is open while all that it is part of is shut
	in    map[ids.Resource]bool // what holds something that is not released
}

// held reads a patient's holding: mostly nothing, which is asked first, since it is
// found in a quarter of the time. Asked in the transaction of the list itself, so that
// all of it is of one moment.
func held(ctx context.Context, tx *store.Tx, who access.Reading) (h holding, err error) {
	now := store.Time(tx.Now)
	some, err := store.Get(ctx, tx, store.One[bool], `SELECT EXISTS (SELECT 1 FROM record_row WHERE patient_id = $1 AND release_at > $2 AND NOT gone)`, who.Patient(), now)
	if err != nil || !some {
		return h, err
	}
	list, err := store.List(ctx, tx, store.One[ids.Resource], holdingText, who.Patient(), now)
	h.in = map[ids.Resource]bool{}
	for _, id := range list {
		h.in[id] = true
	}
	h.freed = h.in[""]
	return h, err
}

// holdingText gives what holds something, and "" if something is freed.
var holdingText = `SELECT id FROM ` + holders(`$1`, `$2`) + ` holding UNION ALL SELECT '' FROM (SELECT 1 FROM ` + shut(`$2`) + ` u
	CROSS JOIN record_row m WHERE m.parent_id = u.id AND m.patient_id = $1 AND NOT m.release_at > $2 AND NOT m.gone LIMIT 1) freed`

// alone tells that only what stands by itself is wanted.
func (q Query) alone() bool { return q.Parent == "" && !q.Members && q.Code == "" && q.Visit == "" }

// standing finds, as a subquery, what stands by itself for a patient: what is
// part of nothing, and what is open while all that it is part of is still shut.
// Each half walks its own index no further than the page asks.
func standing(where, ordered, now string) string {
	half := func(which, name string) string {
		return `SELECT id FROM (SELECT r.resource_id AS id FROM record_row r` + where + which + ordered + `) ` + name
	}
	return `(` + half(` AND r.parent_id = ''`, `tops`) + ` UNION ALL ` + half(` AND NOT r.release_at > `+now+` AND r.parent_id IN `+shut(now), `parts`) + `)`
}

// shut are, as a subquery, what is not released yet and part of nothing that is.
// What is held is little, so that is where it starts: the expression keeps SQLite
// from walking all that stands by itself instead.
func shut(now string) string {
	return `(WITH RECURSIVE shut(id) AS (
		SELECT h.resource_id FROM record_row h WHERE h.patient_id = $1 AND h.release_at > ` + now + ` AND h.parent_id || '' = '' AND NOT h.gone
		UNION SELECT m.resource_id FROM shut u JOIN record_row m ON m.parent_id = u.id
			WHERE m.patient_id = $1 AND m.release_at > ` + now + ` AND NOT m.gone) SELECT id FROM shut)`
}

func (q Query) where(now time.Time, who access.Reading) (string, []any, error) {
	if who.Patient() == "" {
		return "", nil, fault.Refused()
	}
	w := &clause{args: []any{string(who.Patient())}, text: ` WHERE r.patient_id = $1`}
	if q.Section != "" {
		w.add(`r.section = `, string(q.Section))
	} else {
		w.text += ` AND r.section <> 'claims'`
	}
	if !who.Whole() {
		w.text += ` AND NOT r.gone`
	}
	if q.Parent != "" {
		w.add(`r.parent_id = `, string(q.Parent))
	}
	for _, f := range []struct{ column, value string }{{`r.grp = `, q.Group}, {`r.code = `, q.Code}, {`r.visit_id = `, string(q.Visit)},
		{`r.status = `, q.Status}, {`r.sort_at >= `, sortable(q.From)}, {`r.sort_at < `, sortable(q.To)}} {
		if f.value != "" {
			w.add(f.column, f.value)
		}
	}
	if q.Abnormal {
		w.text += ` AND r.abnormal`
	}
	// What is not released must not be found by what it says. Written so that SQLite
	// does not walk the index of releases, and sort, for a page that another has in order.
	if !who.Whole() && (q.Abnormal || q.Words != "" || q.Status != "") {
		w.add(`NOT r.release_at > `, store.Time(now))
		w.text += ` AND NOT (r.kind = 'DiagnosticReport' AND r.resource_id IN ` + holders(`$1`, fmt.Sprintf(`$%d`, len(w.args))) + `)`
	}
	if q.Veil && (q.Abnormal || q.Words != "" || q.Status != "") {
		w.unveiled(q.Shown)
	}
	for i, word := range strings.Fields(strings.ToLower(store.Clean(q.Words))) {
		if i == maxWords {
			break
		}
		w.args = append(w.args, "%"+escapeLike(word)+"%")
		w.text += fmt.Sprintf(` AND r.words LIKE $%d ESCAPE '!'`, len(w.args))
	}
	if at, id, ok := strings.Cut(q.After, "~"); ok {
		op := "<"
		if q.Oldest {
			op = ">"
		}
		w.args = append(w.args, at, id)
		n := len(w.args)
		w.text += fmt.Sprintf(` AND (r.sort_at %s $%d OR (r.sort_at = $%d AND r.resource_id %s $%d))`, op, n-1, n-1, op, n)
	}
	return w.text, w.args, nil
}

// maxWords bounds what a search costs.
const maxWords = 8

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

type clause struct {
	text string
	args []any
}

func (w *clause) add(condition string, value any) {
	w.args = append(w.args, value)
	w.text += fmt.Sprintf(` AND %s$%d`, condition, len(w.args))
}

// unveiled leaves out results that are sensitive, but for those shown.
func (w *clause) unveiled(shown []ids.Resource) {
	if len(shown) == 0 {
		w.text += ` AND NOT (r.sensitive AND r.section = 'results')`
		return
	}
	shown = shown[:min(len(shown), 500)]
	w.text += ` AND (NOT r.sensitive OR r.section <> 'results' OR r.resource_id IN (` + store.In(len(w.args)+1, len(shown)) + `))`
	for _, id := range shown {
		w.args = append(w.args, string(id))
	}
}
