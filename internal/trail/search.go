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

func scanFound(r store.Row) (l Line, err error) {
	var at store.Time
	err = r.Scan(&l.ID, &at, &l.Action, &l.Outcome, &l.Actor, &l.ActorID, &l.Patient, &l.Object, &l.Source, &l.Session, &l.Detail, &l.Name, &l.Leaf)
	l.At = at.Std()
	return l, err
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
