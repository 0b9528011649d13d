package results

import (
	"context"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Within is one result of a decision: what the decision is about, or something
// in it, as deep as it goes.
type Within struct {
	record.Row
	Apart bool // staff held it by itself
}

// Held tells whether the patient may not see it at now.
func (w Within) heldAt(now time.Time) bool { return w.ReleaseAt.After(now) }

// keeps tells whether it stays held when the whole it is in opens, unless the
// clinician names it: one that was held by itself, one that is sensitive in what
// is not, and any that is left in a report that is open already.
func (w Within) keeps(top record.Row, now time.Time) bool {
	return w.ID != top.ID && w.heldAt(now) && (w.Apart || w.Sensitive && !top.Sensitive || !top.ReleaseAt.After(now))
}

// within reads a result and everything in it: the result first.
func (s *Results) within(ctx context.Context, tx *store.Tx, o access.Opened, id ids.Resource) ([]Within, error) {
	top, err := record.One(ctx, tx, o, id)
	if err != nil {
		return nil, err
	}
	members, err := record.Under(ctx, tx, o, id, mostLines)
	if err != nil {
		return nil, err
	}
	out := []Within{{Row: top}}
	for _, m := range members {
		out = append(out, Within{Row: m})
	}
	apart, err := heldApart(ctx, tx, o, id)
	for i := range out {
		out[i].Apart = apart[out[i].ID] && out[i].heldAt(tx.Now) && strings.HasPrefix(out[i].ReleaseWhy, holdPrefix)
	}
	return out, err
}

// asSeen is within for a decision about the state that seen names.
func (s *Results) asSeen(ctx context.Context, tx *store.Tx, o access.Opened, id ids.Resource, seen string) ([]Within, error) {
	all, err := s.within(ctx, tx, o, id)
	if err == nil && s.seenMark(all) != seen {
		err = record.ErrMoved
	}
	return all, err
}

// seenMark names the state of a result and of what is in it, so that a decision
// is about what was read.
func (s *Results) seenMark(all []Within) string {
	var parts []string
	for _, w := range all {
		mark := "open"
		if w.Sensitive {
			mark = "care"
		}
		parts = append(parts, string(w.ID), w.ReleaseAt.UTC().Format(time.RFC3339Nano), w.ReleaseWhy, mark, w.Changed.UTC().Format(time.RFC3339Nano))
	}
	return s.Keys.Lasting("results.desk", strings.Join(parts, "|"))[:24]
}

// heldApart gives the results whose own last word from staff is to hold them, of
// the patient whose record is open, but for the one that is asked about.
func heldApart(ctx context.Context, tx *store.Tx, o access.Opened, but ids.Resource) (map[ids.Resource]bool, error) {
	type word struct {
		on   ids.Resource
		what string
	}
	words, err := store.List(ctx, tx, func(in store.Row) (w word, err error) {
		err = in.Scan(&w.on, &w.what)
		return w, err
	}, `
		SELECT d.resource_id, d.what FROM result_decision d JOIN record_row r ON r.resource_id = d.resource_id
		WHERE r.patient_id = $1 AND r.release_at > $2 AND d.resource_id <> $3 AND d.what IN ('hold', 'release') ORDER BY d.at, d.id`, o.Patient(), store.Time(tx.Now), but)
	out := map[ids.Resource]bool{}
	for _, w := range words {
		out[w.on] = w.what == "hold"
	}
	return out, err
}

// opening picks what a release opens: the result and what is in it, but for what
// keeps held and is not named, and what is in that. One that is named and not in
// it is NotFound.
func opening(all []Within, named []ids.Resource, now time.Time) ([]Within, error) {
	for _, id := range named {
		if !slices.ContainsFunc(all[1:], func(w Within) bool { return w.ID == id }) {
			return nil, fault.Missing()
		}
	}
	shut := map[ids.Resource]bool{}
	for _, w := range all {
		if w.keeps(all[0].Row, now) && !slices.Contains(named, w.ID) {
			shut[w.ID] = true
		}
	}
	// What is in something that stays shut stays so too, unless it is named.
	for more := true; more; {
		more = false
		for _, w := range all {
			if !shut[w.ID] && shut[w.Parent] && !slices.Contains(named, w.ID) {
				shut[w.ID], more = true, true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(w Within) bool { return shut[w.ID] || !w.heldAt(now) }), nil
}
