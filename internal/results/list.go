package results

import (
	"context"
	"maps"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// perPage is how many results a list shows at once: what a phone scrolls through
// before it is quicker to search, and what keeps the page light.
const perPage = 20

// Item is one line of a list.
type Item struct {
	record.Row
	New     bool // never opened in this version, or something in it was not; see history
	Veiled  bool // sensitive, and not chosen to be seen in this session
	Members int  // of a panel
	Out     int  // members out of range
}

// Shut tells that nothing of the result may be said yet: it is held, or waits
// for the person's choice.
func (i Item) Shut() bool { return i.Held || i.Veiled }

// Found is one page of a list.
type Found struct {
	Items []Item
	Next  Filter // of the next page; After is "" at the end
}

// List finds the results of the chart's patient, newest first. A filter that
// makes no sense is Invalid at its field. What waits for the person's choice is
// not found by what it says: neither by a word nor by being out of range.
func (s *Results) List(ctx context.Context, c access.Chart, f Filter) (Found, error) {
	if err := c.Need(access.SeeResults); err != nil {
		return Found{}, err
	}
	q, err := f.query(s.zone())
	if err != nil {
		return Found{}, err
	}
	q.Limit = perPage
	out := Found{Next: f}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if q.Words != "" || q.Abnormal {
			shown, err := shownIn(ctx, tx, c)
			if err != nil {
				return err
			}
			q.Veil, q.Shown = true, slices.Sorted(maps.Keys(shown))
		}
		rows, next, err := record.List(ctx, tx, c, q)
		if err != nil {
			return err
		}
		out.Next.After = next
		out.Items, err = items(ctx, tx, c, rows)
		return err
	})
	return out, err
}

// items adds to rows what only this room knows of them.
func items(ctx context.Context, tx *store.Tx, c access.Chart, rows []record.Row) ([]Item, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	of := idsOf(rows)
	var panels []ids.Resource
	for _, r := range rows {
		if r.Kind == "DiagnosticReport" && !r.Held {
			panels = append(panels, r.ID)
		}
	}
	groups, err := record.Groups(ctx, tx, c, panels...)
	if err != nil {
		return nil, err
	}
	seen, err := seenAt(ctx, tx, c, of)
	if err != nil {
		return nil, err
	}
	var shown map[ids.Resource]bool
	if slices.ContainsFunc(rows, func(r record.Row) bool { return r.Sensitive }) {
		if shown, err = shownIn(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	isNew := func(r record.Row) bool { return !r.Held && seen[r.ID].Before(r.Changed) && !history(r) }
	var read []ids.Resource // reports opened before, of which a value may be new
	for _, r := range rows {
		if groups[r.ID].Members > 0 && !seen[r.ID].IsZero() && !isNew(r) {
			read = append(read, r.ID)
		}
	}
	unread, err := unreadIn(ctx, tx, c, read)
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(rows))
	for i, r := range rows {
		out[i] = Item{Row: r, New: isNew(r) || unread[r.ID], Veiled: veiled(r, shown),
			Members: groups[r.ID].Members, Out: groups[r.ID].Out}
	}
	return out, nil
}

// late is how long after its clinical moment a result comes in at most: some
// cultures and genetic tests take months.
const late = 366 * 24 * time.Hour

// history tells that a result was old when it came in, with a chart that the clinic
// moved over, and has not changed since: nobody who opens the list for the first time
// should find ten years of it marked as new.
func history(r record.Row) bool {
	return !r.At.Time.IsZero() && r.Received.Sub(r.At.Time) > late && !r.Changed.After(r.Received)
}

func idsOf(rows []record.Row) []ids.Resource {
	out := make([]ids.Resource, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

// veiled tells whether a row waits for the person's choice to see it.
func veiled(r record.Row, shown map[ids.Resource]bool) bool {
	return r.Sensitive && !r.Held && !shown[r.ID]
}
