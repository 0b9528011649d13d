package trail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Numbers finds the person a patient number belongs to. The patient index
// answers it; store.ErrNone if there is nobody.
type Numbers interface {
	PatientByNumber(ctx context.Context, tx *store.Tx, number string) (ids.Patient, error)
}

// Filter says which lines of the log are wanted, and in which order. Empty fields
// ask for all, newest first.
type Filter struct {
	Who     string // an account's or staff user's identifier, a job's name, or a staff user's e-mail address
	Whom    string // a patient's identifier or number
	Action  audit.Action
	Group   Group
	Outcome audit.Outcome
	Object  string    // identifier of the thing touched
	Source  string    // client address
	From    time.Time // from this moment on
	To      time.Time // before this moment
	Sort    Field
	Up      bool   // smallest or oldest first
	After   string // Found.Next of the page before
}

// Group is a group of actions: the first word of their names.
type Group string

// Groups lists them in order.
func Groups() []Group {
	var out []Group
	for _, a := range audit.Actions() {
		if k := groupOf(a); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func groupOf(a audit.Action) Group {
	k, _, _ := strings.Cut(string(a), ".")
	return Group(k)
}

// actions are those of a group; for "" none, which asks for all.
func (k Group) actions() (out []string) {
	for _, a := range audit.Actions() {
		if k != "" && groupOf(a) == k {
			out = append(out, string(a))
		}
	}
	return out
}

// Field is what lines can be ordered by.
type Field string

// ByTime is the order that any number of lines can have. By the others, at most
// MostSorted lines.
const (
	ByTime    Field = ""
	ByAction  Field = "action"
	ByWho     Field = "who"
	ByWhom    Field = "whom"
	ByOutcome Field = "outcome"
	ByObject  Field = "object"
	BySource  Field = "source"
)

// MostSorted is how many lines are ordered by another field than time. All of
// them are read for each page; 50,000 take a third of a second.
const MostSorted = 50_000

var sorted = map[Field]string{ByTime: "e.at", ByAction: "e.action", ByWho: "e.actor_id", ByWhom: "e.patient_id", ByOutcome: "e.outcome", ByObject: "e.object", BySource: "e.source"}

// Line is one line of the log with what an auditor needs to read it.
type Line struct {
	ID ids.Entry
	At time.Time
	audit.Entry
	Name string // of a staff user who acted, "" otherwise
	Leaf int64  // place in the sealed log from 0, -1 while it waits
}

// Found is one page of lines, newest first.
type Found struct {
	Lines []Line
	Next  string // mark of the next page, "" on the last
}

// perPage is how many lines a page of the log shows.
const perPage = 50

// Search finds lines of the log. That it was searched, and about whom, is a line
// of the log itself, written before anything leaves.
func (t *Trail) Search(ctx context.Context, d access.Desk, f Filter) (Found, error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return Found{}, err
	}
	var out Found
	var q *query
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		if q, err = t.query(ctx, tx, f); err != nil || q.nobody {
			return err
		}
		if err := q.sortable(ctx, tx, f); err != nil {
			return err
		}
		out.Lines, err = store.List(ctx, tx, scanFound, q.sql(f), append(q.args, perPage+1)...)
		return err
	})
	if err != nil {
		return Found{}, err
	}
	if len(out.Lines) > perPage {
		out.Lines = out.Lines[:perPage]
		out.Next = mark(f.Sort, out.Lines[perPage-1])
	}
	return out, t.read(ctx, d, q, "search")
}

// read writes that an auditor read the log.
func (t *Trail) read(ctx context.Context, d access.Desk, q *query, how string) error {
	return t.DB.Change(ctx, d.Did(audit.LogRead, q.about).With(how).On(q.patient), func(*store.Tx) error { return nil })
}

// mark is where a page ended: moment, identifier, and the value ordered by.
func mark(by Field, l Line) string {
	return l.At.UTC().Format(stamp) + "_" + string(l.ID) + "_" + by.of(l)
}

// of gives what a line has in the field.
func (by Field) of(l Line) string {
	switch by {
	case ByAction:
		return string(l.Action)
	case ByWho:
		return l.ActorID
	case ByWhom:
		return l.Patient
	case ByOutcome:
		return string(l.Outcome)
	case ByObject:
		return l.Object
	case BySource:
		return l.Source
	}
	return ""
}

// unmark reads a mark. An entry's identifier is a word, "_" and more.
func unmark(s string) (at time.Time, id, value string, ok bool) {
	when, rest, _ := strings.Cut(s, "_")
	kind, rest, _ := strings.Cut(rest, "_")
	id, value, _ = strings.Cut(rest, "_")
	at, err := time.Parse(stamp, when)
	return at, kind + "_" + id, value, err == nil && id != ""
}

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

func scanFound(r store.Row) (l Line, err error) {
	var at store.Time
	err = r.Scan(&l.ID, &at, &l.Action, &l.Outcome, &l.Actor, &l.ActorID, &l.Patient, &l.Object, &l.Source, &l.Session, &l.Detail, &l.Name, &l.Leaf)
	l.At = at.Std()
	return l, err
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

// Whom turns what an auditor typed, a patient's number or identifier, into the
// identifier, so that no number needs to stand in an address. Nobody by that
// number is Invalid at "whom".
func (t *Trail) Whom(ctx context.Context, d access.Desk, typed string) (id ids.Patient, err error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return "", err
	}
	if strings.HasPrefix(typed, "pat_") || t.Numbers == nil {
		return ids.Patient(typed), nil
	}
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		id, err = t.Numbers.PatientByNumber(ctx, tx, typed)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		err = fault.Bad("whom", "trail.bad.whom")
	}
	return id, err
}

// Status is how far the log is sealed.
type Status struct {
	Sealed  int64     // lines in the tree
	Waiting int       // lines not sealed yet
	Oldest  time.Time // since when the oldest of them waits, zero if none
	Newest  time.Time // when the newest head was signed, zero if none yet
	Checked time.Time // when the whole log was last checked, zero if never
	Whole   bool      // that check found nothing wrong
}

// Broken tells that the last check found something wrong.
func (s Status) Broken() bool { return !s.Checked.IsZero() && !s.Whole }

// Late tells whether sealing has not kept up: a job that does not run, or a log
// that no longer fits its signed heads.
func (s Status) Late(now time.Time) bool {
	return !s.Oldest.IsZero() && now.Sub(s.Oldest) > 10*sealEvery
}

// Status tells how far the log is sealed.
func (t *Trail) Status(ctx context.Context, d access.Desk) (Status, error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return Status{}, err
	}
	var st Status
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		if st.Sealed, err = sealedSize(ctx, tx); err != nil {
			return err
		}
		_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			var oldest store.Time
			err := r.Scan(&st.Waiting, &oldest)
			st.Oldest = oldest.Std()
			return struct{}{}, err
		}, `SELECT COUNT(*), MIN(at) FROM audit_pending`)
		if err != nil {
			return err
		}
		newest, err := store.Get(ctx, tx, store.One[store.Time], `SELECT MAX(at) FROM audit_checkpoint`)
		if err != nil {
			return err
		}
		st.Newest = newest.Std()
		st.Checked, st.Whole, err = lastCheck(ctx, tx)
		return err
	})
	return st, err
}
