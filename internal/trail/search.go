package trail

import (
	"context"
	"errors"
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

// Filter says which lines of the log are wanted. Empty fields ask for all.
type Filter struct {
	Who    string // an account's or staff user's identifier, a job's name, or a staff user's e-mail address
	Whom   string // a patient's identifier or number
	Action audit.Action
	From   time.Time // from this moment on
	To     time.Time // before this moment
	After  string    // Found.Next of the page before
}

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

// Search finds lines of the log, newest first. What is asked for is part of the
// line that opening the page wrote; no name of a patient is shown.
func (t *Trail) Search(ctx context.Context, d access.Desk, f Filter) (Found, error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return Found{}, err
	}
	var out Found
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		q, err := t.query(ctx, tx, f)
		if err != nil || q.nobody {
			return err
		}
		out.Lines, err = store.List(ctx, tx, scanFound, q.sql(perPage+1), q.args...)
		return err
	})
	if len(out.Lines) > perPage {
		out.Lines = out.Lines[:perPage]
		out.Next = mark(out.Lines[perPage-1])
	}
	return out, err
}

// mark is where a page ended: moment and identifier.
func mark(l Line) string { return l.At.UTC().Format(stamp) + "_" + string(l.ID) }

func unmark(s string) (time.Time, string, bool) {
	at, id, found := strings.Cut(s, "_")
	when, err := time.Parse(stamp, at)
	return when, id, found && err == nil
}

// query is a filter as SQL.
type query struct {
	where  []string
	args   []any
	nobody bool // the filter names somebody who does not exist
}

func (q *query) and(cond string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		cond = strings.Replace(cond, "?", store.In(len(q.args), 1), 1)
	}
	q.where = append(q.where, cond)
}

func (q *query) sql(most int) string {
	q.args = append(q.args, most)
	w := ""
	if len(q.where) > 0 {
		w = " WHERE " + strings.Join(q.where, " AND ")
	}
	return `SELECT ` + lineColumns + `, COALESCE(s.name, ''), COALESCE(l.leaf, -1) FROM audit_entry e
		LEFT JOIN staff s ON s.id = e.actor_id LEFT JOIN audit_leaf l ON l.entry_id = e.id` +
		w + ` ORDER BY e.at DESC, e.id DESC LIMIT ` + store.In(len(q.args), 1)
}

func scanFound(r store.Row) (l Line, err error) {
	var at store.Time
	err = r.Scan(&l.ID, &at, &l.Action, &l.Outcome, &l.Actor, &l.ActorID, &l.Patient, &l.Object, &l.Source, &l.Session, &l.Detail, &l.Name, &l.Leaf)
	l.At = at.Std()
	return l, err
}

func (t *Trail) query(ctx context.Context, tx *store.Tx, f Filter) (*query, error) {
	q := &query{}
	if err := q.who(ctx, tx, f.Who); err != nil {
		return q, err
	}
	if err := t.whom(ctx, tx, q, f.Whom); err != nil {
		return q, err
	}
	if f.Action != "" {
		if _, known := audit.Sentences[f.Action]; !known {
			return q, fault.Bad("action", "trail.bad.action")
		}
		q.and("e.action = ?", string(f.Action))
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return q, fault.Bad("to", "trail.bad.time")
	}
	if !f.From.IsZero() {
		q.and("e.at >= ?", store.Time(f.From))
	}
	if !f.To.IsZero() {
		q.and("e.at < ?", store.Time(f.To))
	}
	if at, id, ok := unmark(f.After); ok {
		q.and("(e.at < ? OR (e.at = ? AND e.id < ?))", store.Time(at), store.Time(at), id)
	}
	return q, nil
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
}

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
		st.Newest = newest.Std()
		return err
	})
	return st, err
}
