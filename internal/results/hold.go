package results

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// HoldReasons are why staff may keep a result back. "harm" and "request" are the
// exceptions of 45 CFR 171.201 and 171.202(e) to the rule that patients see their
// information without delay; the others are pauses within the cap.
var HoldReasons = []string{"harm", "request", "call", "error"}

// mostNote is how long the note beside a hold may be, in characters.
const mostNote = 500

// decisionPlace names the sealed column for the keyring.
const decisionPlace = "result_decision.sealed"

// Hold is a wish to keep a result back.
type Hold struct {
	On    ids.Resource
	Why   string    // one of HoldReasons
	Note  string    // for staff
	Until time.Time // zero: as long as may be
	Seen  string    // Case.Seen
}

// Decision is what staff decided about a result.
type Decision struct {
	What  string // release, hold, mark, unmark
	Why   string
	Note  string
	Until time.Time
	By    string
	At    time.Time
}

// stated is the release of a row as the page showed it.
func stated(r record.Row) record.Release {
	return record.Release{At: r.ReleaseAt, Why: r.ReleaseWhy, Sensitive: r.Sensitive}
}

// Opening is a wish to show a result to its patient now.
type Opening struct {
	On   ids.Resource
	With []ids.Resource // what keeps held in it otherwise, and opens too
	Seen string         // Case.Seen
}

// Release shows a result, and the values that belong to it, to the patient now.
// A value that was held by itself, or is sensitive in a report that is not, stays
// held unless w names it. A result that changed since it was seen is a Conflict.
func (s *Results) Release(ctx context.Context, d access.Desk, w Opening) error {
	o, err := s.forDesk(ctx, d, w.On)
	if err != nil {
		return err
	}
	return lost(s.DB.Change(ctx, o.Did(audit.ResultReleased, string(w.On)), func(tx *store.Tx) error {
		return s.release(ctx, tx, o, d, w)
	}))
}

func (s *Results) release(ctx context.Context, tx *store.Tx, o access.Opened, d access.Desk, w Opening) error {
	all, err := s.asSeen(ctx, tx, o, w.On, w.Seen)
	if err != nil {
		return err
	}
	rows, err := opening(all, w.With, tx.Now)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		if slices.ContainsFunc(all, func(m Within) bool { return m.heldAt(tx.Now) }) {
			return fault.Bad("with", "results.desk.with.needed")
		}
		return nil
	}
	for _, r := range rows {
		to := stated(r.Row)
		to.At, to.Why = tx.Now, whyReleased
		if err := record.SetRelease(ctx, tx, o, r.ID, stated(r.Row), to); err != nil {
			return err
		}
	}
	if err := record.Abide(ctx, tx, o, idsWithin(rows)...); err != nil {
		return err
	}
	for _, id := range append([]ids.Resource{w.On}, w.With...) {
		if err := s.decided(ctx, tx, o, d, id, Decision{What: "release"}); err != nil {
			return err
		}
	}
	return enqueueNotice(ctx, tx, o.Patient(), tx.Now)
}

// Hold keeps a result, and the values that belong to it, from the patient: with
// a reason, until a day within the cap. A value that was held by itself keeps its
// own reason, and its own day where that is later. What a patient has seen already can be
// taken back too: it may be another person's.
func (s *Results) Hold(ctx context.Context, d access.Desk, h Hold) error {
	o, err := s.forDesk(ctx, d, h.On)
	if err != nil {
		return err
	}
	h.Note = strings.TrimSpace(store.Clean(h.Note))
	var bad *fault.Fault
	if !slices.Contains(HoldReasons, h.Why) {
		bad = bad.And("why", "results.desk.hold.why.needed")
	}
	if utf8.RuneCountInString(h.Note) > mostNote {
		bad = bad.And("note", "results.desk.hold.note.long", mostNote)
	}
	if bad != nil {
		return bad
	}
	return lost(s.DB.Change(ctx, o.Did(audit.ResultHeld, string(h.On)).With(h.Why), func(tx *store.Tx) error {
		rows, err := s.asSeen(ctx, tx, o, h.On, h.Seen)
		if err != nil {
			return err
		}
		until, err := h.until(rows[0].Received.Add(Cap), tx.Now)
		if err != nil {
			return err
		}
		for _, r := range rows {
			to := stated(r.Row)
			to.At, to.Why = until, holdPrefix+h.Why
			if own := r.Received.Add(Cap); to.At.After(own) {
				to.At = own
			}
			if r.Apart {
				to.Why = r.ReleaseWhy
				if r.ReleaseAt.After(to.At) {
					to.At = r.ReleaseAt
				}
			}
			if err := record.SetRelease(ctx, tx, o, r.ID, stated(r.Row), to); err != nil {
				return err
			}
		}
		if err := record.Abide(ctx, tx, o, idsWithin(rows)...); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, o, d, h.On, Decision{What: "hold", Why: h.Why, Note: h.Note, Until: until}); err != nil {
			return err
		}
		return enqueueNotice(ctx, tx, o.Patient(), until)
	}))
}

// until is the day a hold ends: the one that was asked for, and last at the latest.
func (h Hold) until(last, now time.Time) (time.Time, error) {
	if !last.After(now) {
		return last, fault.Bad("until", "results.desk.hold.over")
	}
	until := h.Until
	if until.IsZero() || until.After(last) {
		until = last
	}
	if !until.After(now) {
		return until, fault.Bad("until", "results.desk.hold.past")
	}
	return until, nil
}

// Mark says whether a result is sensitive: the patient is asked before they see
// it. Staff's word counts for its later versions too.
func (s *Results) Mark(ctx context.Context, d access.Desk, id ids.Resource, sensitive bool, seen string) error {
	o, err := s.forDesk(ctx, d, id)
	if err != nil {
		return err
	}
	what := "unmark"
	if sensitive {
		what = "mark"
	}
	return lost(s.DB.Change(ctx, o.Did(audit.ResultMarked, string(id)).With(what), func(tx *store.Tx) error {
		rows, err := s.asSeen(ctx, tx, o, id, seen)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Sensitive == sensitive && r.ID != id {
				continue
			}
			to := stated(r.Row)
			to.Sensitive = sensitive
			if err := record.SetRelease(ctx, tx, o, r.ID, stated(r.Row), to); err != nil {
				return err
			}
			if err := s.decided(ctx, tx, o, d, r.ID, Decision{What: what}); err != nil {
				return err
			}
		}
		return record.Abide(ctx, tx, o, idsWithin(rows)...)
	}))
}

func idsWithin(all []Within) []ids.Resource {
	out := make([]ids.Resource, len(all))
	for i, w := range all {
		out[i] = w.ID
	}
	return out
}

func (s *Results) decided(ctx context.Context, tx *store.Tx, o access.Opened, d access.Desk, id ids.Resource, v Decision) error {
	own, sealed := ids.NewDecision(), ""
	if v.Note != "" {
		sealed = s.Keys.Seal(decisionPlace, string(own), []byte(v.Note))
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO result_decision (id, resource_id, patient_id, what, why, until_at, sealed, staff_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		own, id, o.Patient(), v.What, v.Why, store.Time(v.Until), sealed, d.Staff(), store.Time(tx.Now))
	return err
}

// decisions gives what staff decided about a result, newest first.
func (s *Results) decisions(ctx context.Context, tx *store.Tx, o access.Opened, id ids.Resource) ([]Decision, error) {
	type row struct {
		Decision
		id     ids.Decision
		sealed string
	}
	rows, err := store.List(ctx, tx, func(in store.Row) (r row, err error) {
		var until, at store.Time
		err = in.Scan(&r.id, &r.What, &r.Why, &until, &r.sealed, &r.By, &at)
		r.Until, r.At = until.Std(), at.Std()
		return r, err
	}, `
		SELECT d.id, d.what, d.why, d.until_at, d.sealed, COALESCE(s.name, ''), d.at FROM result_decision d LEFT JOIN staff s ON s.id = d.staff_id
			JOIN record_row r ON r.resource_id = d.resource_id
		WHERE d.resource_id = $1 AND r.patient_id = $2 ORDER BY d.at DESC, d.id DESC LIMIT 50`, id, o.Patient())
	if err != nil {
		return nil, err
	}
	var out []Decision
	for _, r := range rows {
		if r.sealed != "" {
			note, err := s.Keys.Open(decisionPlace, string(r.id), r.sealed)
			if err != nil {
				return nil, err
			}
			r.Note = string(note)
		}
		out = append(out, r.Decision)
	}
	return out, nil
}
