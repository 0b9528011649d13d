package sharing

import (
	"context"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// item is one thing of the record with what belongs to it.
type item struct {
	record.Row
	Parts   []record.Measure
	Members []item
}

// stretch is how many rows or documents one transaction reads, well below its
// deadline.
const stretch = 500

// rows reads a section's rows that belong into a copy, newest first.
func (s *Sharing) rows(ctx context.Context, who access.Reading, o Selection, section record.Section) ([]record.Row, error) {
	var all []record.Row
	q := record.Query{Section: section, Members: true, Limit: stretch}
	for {
		var found []record.Row
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			found, q.After, err = record.List(ctx, tx, who, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if !r.Held && !r.Gone && o.covers(r, s.zone()) {
				all = append(all, r)
			}
		}
		if q.After == "" {
			break
		}
	}
	if o.Sensitive {
		return all, nil
	}
	return plain(all), nil
}

// plain leaves out what is sensitive, what holds it at whatever depth, and what is
// part of these: a report repeats what its results say.
func plain(all []record.Row) []record.Row {
	parent, out := map[ids.Resource]ids.Resource{}, map[ids.Resource]bool{}
	for _, r := range all {
		parent[r.ID] = r.Parent
	}
	for _, r := range all {
		for id := r.ID; r.Sensitive && id != "" && !out[id]; id = parent[id] {
			out[id] = true
		}
	}
	kept := all[:0]
	for _, r := range all {
		left := false
		for id, steps := r.ID, 0; id != "" && !left && steps < deepest; id, steps = parent[id], steps+1 {
			left = out[id]
		}
		if !left {
			kept = append(kept, r)
		}
	}
	return kept
}

// deepest bounds how far up from a row is looked, where panels hold each other.
const deepest = 20

// items reads a section with the parts of its values, members under their panel.
func (s *Sharing) items(ctx context.Context, who access.Reading, o Selection, section record.Section) ([]item, error) {
	rows, err := s.rows(ctx, who, o, section)
	if err != nil {
		return nil, err
	}
	parts := map[ids.Resource][]record.Measure{}
	for from := 0; from < len(rows); from += stretch {
		var of []ids.Resource
		for _, r := range rows[from:min(from+stretch, len(rows))] {
			of = append(of, r.ID)
		}
		err := s.DB.View(ctx, func(tx *store.Tx) error {
			found, err := record.Parts(ctx, tx, who, of...)
			for id, m := range found {
				parts[id] = m
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return nest(rows, parts), nil
}

// nest puts members under what they are part of. A member whose panel is not
// there stands by itself, and so does a row that says it is part of itself.
func nest(rows []record.Row, parts map[ids.Resource][]record.Measure) []item {
	there := map[ids.Resource]bool{}
	for _, r := range rows {
		there[r.ID] = true
	}
	members := map[ids.Resource][]record.Row{}
	var tops []record.Row
	for _, r := range rows {
		if r.Parent != "" && r.Parent != r.ID && there[r.Parent] {
			members[r.Parent] = append(members[r.Parent], r)
		} else {
			tops = append(tops, r)
		}
	}
	var under func(rows []record.Row) []item
	under = func(rows []record.Row) []item {
		var out []item
		for _, r := range rows {
			below := members[r.ID]
			delete(members, r.ID) // each once, also where panels hold each other
			out = append(out, item{Row: r, Parts: parts[r.ID], Members: under(below)})
		}
		return out
	}
	out := under(tops)
	for _, r := range rows { // what is only part of each other
		if below, left := members[r.ID]; left {
			delete(members, r.ID)
			out = append(out, under(below)...)
		}
	}
	return out
}
