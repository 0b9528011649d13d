package trail

import (
	"context"
	"errors"
	"slices"
	"strings"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/store"
)

// query is a filter as SQL.
type query struct {
	where   []string
	args    []any
	nobody  bool   // the filter names somebody who does not exist
	about   string // whose doings, or which thing, were asked for
	patient string // about whom
}

func (q *query) and(cond string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		cond = strings.Replace(cond, "?", store.In(len(q.args), 1), 1)
	}
	q.where = append(q.where, cond)
}

// sql is the statement; how many lines at most is its last argument.
func (q *query) sql(f Filter) string {
	way := " DESC"
	if f.Up {
		way = ""
	}
	order := "e.at" + way + ", e.id" + way
	if f.Sort != ByTime {
		order = sorted[f.Sort] + way + ", e.at DESC, e.id DESC"
	}
	return `SELECT ` + lineColumns + `, COALESCE(s.name, ''), COALESCE(l.leaf, -1) FROM audit_entry e
		LEFT JOIN staff s ON s.id = e.actor_id LEFT JOIN audit_leaf l ON l.entry_id = e.id` +
		q.conditions() + ` ORDER BY ` + order + ` LIMIT ` + store.In(len(q.args)+1, 1)
}

func (q *query) conditions() string {
	if len(q.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.where, " AND ")
}

// sortable counts whether few enough lines fit to be ordered by another field
// than time.
func (q *query) sortable(ctx context.Context, tx *store.Tx, f Filter) error {
	if f.Sort == ByTime {
		return nil
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM (SELECT 1 FROM audit_entry e`+q.conditions()+` LIMIT `+store.In(len(q.args)+1, 1)+`) AS fit`,
		append(q.args[:len(q.args):len(q.args)], MostSorted+1)...)
	if err == nil && n > MostSorted {
		err = fault.Bad("from", "trail.bad.sort", MostSorted)
	}
	return err
}

// rare is the condition of the indexes that leave page views out, written as it
// stands there.
const rare = "e.action <> 'chart.opened' AND e.action <> 'staff.viewed'"

func (t *Trail) query(ctx context.Context, tx *store.Tx, f Filter) (*query, error) {
	q := &query{}
	if err := f.check(); err != nil {
		return q, err
	}
	if err := q.who(ctx, tx, f.Who); err != nil {
		return q, err
	}
	if err := t.whom(ctx, tx, q, f.Whom); err != nil {
		return q, err
	}
	q.what(f)
	if !f.From.IsZero() {
		q.and("e.at >= ?", store.Time(f.From))
	}
	if !f.To.IsZero() {
		q.and("e.at < ?", store.Time(f.To))
	}
	q.after(f)
	return q, nil
}

// check says what a filter asks for that does not exist.
func (f Filter) check() error {
	var bad *fault.Fault
	if _, known := audit.Sentences[f.Action]; f.Action != "" && !known {
		bad = bad.And("action", "trail.bad.action")
	}
	if f.Group != "" && len(f.Group.actions()) == 0 {
		bad = bad.And("kind", "trail.bad.action")
	}
	if f.Outcome != "" && f.Outcome != audit.Done && f.Outcome != audit.Refused && f.Outcome != audit.Failed {
		bad = bad.And("outcome", "trail.bad.action")
	}
	if _, known := sorted[f.Sort]; !known {
		bad = bad.And("sort", "trail.bad.action")
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		bad = bad.And("to", "trail.bad.time")
	}
	return bad.OrNil()
}

// frequent keeps SQLite from taking an equality for rare: for what most lines have
// it would read and order the whole log instead of going back in time until a
// page is full (4 s against 4 ms at a million lines).
func frequent(column string) string { return "(" + column + " || '')" }

// what adds the conditions about action, outcome, thing and address.
func (q *query) what(f Filter) {
	actions := f.Group.actions()
	if f.Action != "" {
		actions = []string{string(f.Action)}
	}
	views := slices.Contains(actions, string(audit.ChartOpened)) || slices.Contains(actions, string(audit.StaffViewed))
	column := "e.action"
	if views {
		column = frequent(column)
	}
	if len(actions) > 0 {
		args := make([]any, len(actions))
		for i, a := range actions {
			args[i] = a
		}
		q.and(column+" IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")+")", args...)
	}
	if len(actions) > 0 && !views || f.Object != "" {
		q.where = append(q.where, rare)
	}
	switch f.Outcome {
	case "":
	case audit.Done:
		q.and(frequent("e.outcome")+" = ?", string(f.Outcome))
	default:
		q.and("e.outcome = ?", string(f.Outcome))
		q.where = append(q.where, "e.outcome <> 'done'")
	}
	if f.Object != "" {
		q.and("e.object = ?", f.Object)
		q.about = f.Object
	}
	if f.Source != "" {
		q.and("e.source = ?", f.Source)
	}
}

// after goes on where a page ended.
func (q *query) after(f Filter) {
	at, id, value, ok := unmark(f.After)
	if !ok {
		return
	}
	older, further := "<", "<"
	if f.Up {
		further = ">"
	}
	if f.Sort == ByTime {
		older = further
		q.and("e.at "+further+"= ?", store.Time(at)) // what an index can begin at
	}
	within := "(e.at " + older + " ? OR (e.at = ? AND e.id " + older + " ?))"
	if f.Sort == ByTime {
		q.and(within, store.Time(at), store.Time(at), id)
		return
	}
	col := sorted[f.Sort]
	q.and("("+col+" "+further+" ? OR ("+col+" = ? AND "+within+"))", value, value, store.Time(at), store.Time(at), id)
}

// who takes an identifier or the e-mail address of a staff user.
func (q *query) who(ctx context.Context, tx *store.Tx, who string) error {
	if who == "" {
		return nil
	}
	if strings.Contains(who, "@") {
		id, err := store.Get(ctx, tx, store.One[string], `SELECT id FROM staff WHERE email = $1`, strings.ToLower(who))
		if errors.Is(err, store.ErrNone) {
			q.nobody = true
			return nil
		}
		if err != nil {
			return err
		}
		who = id
	}
	q.and("e.actor_id = ?", who)
	q.about = who
	return nil
}

// whom takes a patient's identifier or number.
func (t *Trail) whom(ctx context.Context, tx *store.Tx, q *query, whom string) error {
	if whom == "" {
		return nil
	}
	if !strings.HasPrefix(whom, "pat_") && t.Numbers != nil {
		p, err := t.Numbers.PatientByNumber(ctx, tx, whom)
		if errors.Is(err, store.ErrNone) {
			q.nobody = true
			return nil
		}
		if err != nil {
			return err
		}
		whom = string(p)
	}
	q.and("e.patient_id = ?", whom)
	q.patient = whom
	return nil
}
