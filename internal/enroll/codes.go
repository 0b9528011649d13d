package enroll

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

// Revoke takes a live code back.
func (e *Room) Revoke(ctx context.Context, d access.Desk, id ids.Code) error {
	if err := d.Need(access.IssueCodes); err != nil {
		return err
	}
	return e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		p, err := store.Get(ctx, tx, store.One[ids.Patient], `
			UPDATE activation_code SET state = 'revoked', ended_at = $2, shown = NULL
			WHERE id = $1 AND state IN ('issued', 'opened') RETURNING patient_id`, id, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Lost("enroll.revoke.over")
		}
		if err != nil {
			return audit.Entry{}, err
		}
		_, err = e.Outbox.Withdraw(ctx, tx, string(id))
		return d.Did(audit.CodeRevoked, string(id)).On(about(p)), err
	})
}

// CodeFilter chooses codes; zero fields choose all.
type CodeFilter struct {
	State   State
	By      Channel
	Patient ids.Patient
	After   string // CodeList.Next of the part before
}

// CodeList is a part of a list of codes, newest first.
type CodeList struct {
	Rows   []CodeRow
	Next   string        // "" at the end
	Counts map[State]int // of the states somebody may have to act on: issued, opened, suspended
}

// pageSize is how many rows a part of a staff list has.
const pageSize = 25

// inState is the condition for a state as of now, with its arguments: a live
// code whose time is over has expired, whether or not a job has written that
// down yet.
func inState(s State, now time.Time) (where string, args []any) {
	switch {
	case s == "":
		return ``, nil
	case s == Expired:
		return ` AND (state = 'expired' OR (state IN ('issued', 'opened') AND expires_at <= $6))`, []any{store.Time(now)}
	case s.live():
		return ` AND state = '` + string(s) + `' AND expires_at > $6`, []any{store.Time(now)}
	}
	return ` AND state = '` + string(s) + `'`, nil
}

// Codes lists codes for the desk, never in clear.
func (e *Room) Codes(ctx context.Context, d access.Desk, f CodeFilter) (CodeList, error) {
	if err := d.Need(access.IssueCodes); err != nil {
		return CodeList{}, err
	}
	if f.State != "" && !slices.Contains(states, f.State) {
		return CodeList{}, fault.Missing()
	}
	out := CodeList{Counts: map[State]int{}}
	err := e.DB.View(ctx, func(tx *store.Tx) error {
		m := parseMark(f.After)
		where, now := inState(f.State, tx.Now)
		rows, err := store.List(ctx, tx, scanRow, `
			SELECT `+rowColumns+` FROM activation_code
			WHERE ($1 = '' OR channel = $1) AND ($2 = '' OR patient_id = $2)
			  AND (issued_at < $3 OR (issued_at = $3 AND id < $4))`+where+`
			ORDER BY issued_at DESC, id DESC LIMIT $5`,
			append([]any{string(f.By), string(f.Patient), store.Time(m.at), m.id, pageSize + 1}, now...)...)
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			out.Next = mark{rows[pageSize-1].Issued, string(rows[pageSize-1].ID)}.String()
		}
		for i, c := range rows {
			rows[i].State = c.asOf(tx.Now)
		}
		out.Rows = rows
		return e.countCodes(ctx, tx, f, out.Counts)
	})
	return out, err
}

func (e *Room) countCodes(ctx context.Context, tx *store.Tx, f CodeFilter, into map[State]int) error {
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var s State
		var n int
		err := r.Scan(&s, &n)
		into[s] = n
		return struct{}{}, err
	}, `SELECT state, COUNT(*) FROM activation_code
		WHERE (state = 'suspended' OR (state IN ('issued', 'opened') AND expires_at > $1)) AND ($2 = '' OR patient_id = $2)
		GROUP BY state`, store.Time(tx.Now), string(f.Patient))
	return err
}

// asOf is the state as of now.
func (c CodeRow) asOf(now time.Time) State {
	if c.State.live() && !now.Before(c.Expires) {
		return Expired
	}
	return c.State
}

// mark is where a part of a list ended.
type mark struct {
	at time.Time
	id string
}

func (m mark) String() string { return m.at.UTC().Format(time.RFC3339Nano) + "~" + m.id }

// parseMark reads a mark; anything else is the beginning of the list.
func parseMark(s string) mark {
	at, id, _ := strings.Cut(s, "~")
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return mark{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ""}
	}
	return mark{t, store.Clean(id)}
}

// Code gives one code for the desk and writes on whose record it was seen.
func (e *Room) Code(ctx context.Context, d access.Desk, id ids.Code) (c CodeRow, err error) {
	if d.Need(access.IssueCodes) != nil && d.Need(access.ReviewRequests) != nil {
		return CodeRow{}, d.Need(access.IssueCodes)
	}
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		c, err = store.Get(ctx, tx, scanRow, `SELECT `+rowColumns+` FROM activation_code WHERE id = $1`, id)
		c.State = c.asOf(tx.Now)
		return d.Did(audit.CodeSeen, string(id)).On(about(c.Patient)), err
	})
	if errors.Is(err, store.ErrNone) {
		return CodeRow{}, fault.Missing()
	}
	return c, err
}
