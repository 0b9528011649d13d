package enroll

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Tab is a view of the queue of identity requests.
type Tab string

const (
	TabOpen    Tab = "open"    // to be decided
	TabAsked   Tab = "asked"   // waits for the person, or a code was read out
	TabFlagged Tab = "flagged" // suspicious, or waits for a second person
	TabClosed  Tab = "closed"
)

// Tabs in the order staff see them.
var Tabs = []Tab{TabOpen, TabAsked, TabFlagged, TabClosed}

var tabWhere = map[Tab]string{
	TabOpen:    `state = 'open'`,
	TabAsked:   `state IN ('asked', 'calling')`,
	TabFlagged: `state IN ('open', 'asked', 'calling') AND (flagged OR first_by <> '')`,
	TabClosed:  `state IN ('approved', 'matched', 'rejected', 'expired')`,
}

// RequestFilter chooses requests.
type RequestFilter struct {
	Tab   Tab    // "" for TabOpen
	After string // RequestList.Next of the part before
}

// RequestRow is a request in a list.
type RequestRow struct {
	ID        ids.Request
	Reference string // "4F7K-2MPQ"
	Name      string // "" once erased
	Birth     string
	Why       Why
	State     RequestState
	Flagged   bool
	Again     int // how often it was sent again
	Second    bool
	Lang      lang.Lang
	Came      time.Time
	Touched   time.Time
	Erased    bool
}

// RequestList is a part of the queue: open ones oldest first, closed ones newest first.
type RequestList struct {
	Rows   []RequestRow
	Next   string
	Counts map[Tab]int // of the tabs with work in them
}

func (r request) row() RequestRow {
	return RequestRow{ID: r.ID, Reference: groups(r.Reference, 4), Name: claimName(r.Claim), Birth: r.Claim.Birth, Why: r.Why, State: r.State,
		Flagged: r.Flagged, Again: r.Again, Second: r.FirstBy != "", Lang: r.Lang, Came: r.Came, Touched: r.Touched, Erased: r.Erased}
}

func claimName(c Claim) string {
	if c.Given == "" && c.Family == "" {
		return ""
	}
	return c.Given + " " + c.Family
}

// Requests lists identity requests.
func (e *Room) Requests(ctx context.Context, d access.Desk, f RequestFilter) (RequestList, error) {
	if err := d.Need(access.ReviewRequests); err != nil {
		return RequestList{}, err
	}
	if f.Tab == "" {
		f.Tab = TabOpen
	}
	where, known := tabWhere[f.Tab]
	if !known {
		return RequestList{}, fault.Missing()
	}
	out := RequestList{Counts: map[Tab]int{}}
	err := e.DB.View(ctx, func(tx *store.Tx) error {
		m := parseMark(f.After)
		order := ` AND (came_at < $1 OR (came_at = $1 AND id < $2)) ORDER BY came_at DESC, id DESC`
		if f.Tab != TabClosed {
			order = ` AND (came_at > $1 OR (came_at = $1 AND id > $2)) ORDER BY came_at, id`
			if f.After == "" {
				m = mark{}
				m.at = time.Unix(0, 0)
			}
		}
		rows, err := store.List(ctx, tx, e.scanRequest, `SELECT `+requestColumns+` FROM identity_request WHERE `+where+order+` LIMIT $3`,
			store.Time(m.at), m.id, pageSize+1)
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			out.Next = mark{rows[pageSize-1].Came, string(rows[pageSize-1].ID)}.String()
		}
		for _, r := range rows {
			out.Rows = append(out.Rows, r.row())
		}
		return countTabs(ctx, tx, out.Counts)
	})
	return out, err
}

func countTabs(ctx context.Context, tx *store.Tx, into map[Tab]int) error {
	_, err := store.Get(ctx, tx, func(row store.Row) (struct{}, error) {
		var open, asked, flagged int
		err := row.Scan(&open, &asked, &flagged)
		into[TabOpen], into[TabAsked], into[TabFlagged] = open, asked, flagged
		return struct{}{}, err
	}, `SELECT COUNT(CASE WHEN state = 'open' THEN 1 END), COUNT(CASE WHEN state <> 'open' THEN 1 END), COUNT(CASE WHEN flagged OR first_by <> '' THEN 1 END)
		FROM identity_request WHERE state IN ('open', 'asked', 'calling')`)
	return err
}

// RequestsWaiting is the query of how many identity requests are open.
const RequestsWaiting = `SELECT COUNT(*) FROM identity_request WHERE state = 'open'`

// CountWaiting tells how many requests wait and since when the oldest does, zero
// for none: numbers about nobody.
func CountWaiting(ctx context.Context, tx *store.Tx) (n int, oldest time.Time, err error) {
	_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
		var at store.Time
		err := r.Scan(&n, &at)
		oldest = at.Std()
		return struct{}{}, err
	}, `SELECT COUNT(*), MIN(came_at) FROM identity_request WHERE state = 'open'`)
	return n, oldest, err
}

// LogLine is what staff did with a request.
type LogLine struct {
	At     time.Time
	Staff  ids.Staff
	What   string // called, approved_first, approved, rejected, asked, flagged
	Detail string // a code from a closed set
	Note   string
}

// Case is a request with everything to decide it by.
type Case struct {
	RequestRow
	Patient    ids.Patient // known from the start or chosen, "" if not
	Claim      Claim
	Candidates []Candidate  // best first; a known patient alone
	Doubles    []RequestRow // the same person or contact in other requests
	Log        []LogLine
	FirstBy    ids.Staff // who approved first where two are needed, "" if nobody
	Code       ids.Code
}

// Request opens a request beside the patients who may be behind it.
func (e *Room) Request(ctx context.Context, d access.Desk, id ids.Request) (c Case, err error) {
	if err := d.Need(access.ReviewRequests); err != nil {
		return Case{}, err
	}
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		r, err := e.requestByID(ctx, tx, id)
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Missing()
		}
		if err != nil {
			return audit.Entry{}, err
		}
		c = Case{RequestRow: r.row(), Patient: r.Patient, Claim: r.Claim, FirstBy: ids.Staff(r.FirstBy), Code: r.Code}
		if c.Candidates, err = e.candidates(ctx, tx, r); err != nil {
			return audit.Entry{}, err
		}
		if c.Doubles, err = e.doubles(ctx, tx, r); err != nil {
			return audit.Entry{}, err
		}
		c.Log, err = e.notes(ctx, tx, id)
		// Whoever may be behind the request is shown with their details: a line for
		// each, that says to each what staff saw of them.
		for _, k := range c.Candidates {
			if k.Person.ID != r.Patient {
				tx.Log(d.Did(audit.RequestOpened, string(id)).On(about(k.Person.ID)).With("candidate"))
			}
		}
		return d.Did(audit.RequestOpened, string(id)).On(about(r.Patient)), err
	})
	return c, err
}

// candidates are the likely patients with their accounts; none for a request
// whose details are erased.
func (e *Room) candidates(ctx context.Context, tx *store.Tx, r request) ([]Candidate, error) {
	var cs []Candidate
	switch {
	case r.Patient != "":
		p, err := e.People.Person(ctx, tx, r.Patient)
		if err != nil {
			return nil, err
		}
		cs = []Candidate{{Person: p, Score: 100}}
	case !r.Erased:
		var err error
		if cs, err = e.People.Candidates(ctx, tx, r.Claim); err != nil {
			return nil, err
		}
	}
	for i := range cs {
		has, err := e.Accounts.Exists(ctx, tx, cs[i].Person.ID)
		if err != nil {
			return nil, err
		}
		cs[i].Account = has
	}
	return cs, nil
}

// doubles finds other requests of the last 90 days for the same person, or for
// the same patient.
func (e *Room) doubles(ctx context.Context, tx *store.Tx, r request) ([]RequestRow, error) {
	rows, err := store.List(ctx, tx, e.scanRequest, `
		SELECT `+requestColumns+` FROM identity_request
		WHERE id <> $1 AND came_at > $2 AND (person_key = (SELECT o.person_key FROM identity_request o WHERE o.id = $1)
			OR double_of = $1 OR (patient_id <> '' AND patient_id = $3))
		ORDER BY came_at DESC LIMIT 20`, r.ID, store.Time(tx.Now.Add(-90*24*time.Hour)), r.Patient)
	var out []RequestRow
	for _, o := range rows {
		out = append(out, o.row())
	}
	return out, err
}
