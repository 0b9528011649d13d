package results

import (
	"context"
	"strconv"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// History is a test over time.
type History struct {
	Points []record.Point // newest first
	Curves []Curve        // what can be drawn, one for each unit and part
	Hidden int            // values left out: sensitive, and not chosen to be seen
}

// Curve is a line of a chart: values of one part in one unit, newest first.
type Curve struct {
	Title  string // of the part, "" for a value without parts
	Unit   string
	Points []record.Point
}

// Over reads one test over time, from one of its results. NotFound as for Open;
// a result that is shut, or has no test, has no history.
func (s *Results) Over(ctx context.Context, c access.Chart, id ids.Resource) (Opened, error) {
	if err := c.Need(access.SeeResults); err != nil {
		return Opened{}, err
	}
	var o Opened
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if o.Item, err = one(ctx, tx, c, id); err != nil || o.Shut() {
			return err
		}
		if o.Kind != "Observation" || o.Code == "" {
			return fault.Missing()
		}
		parts, err := record.Parts(ctx, tx, c, id)
		if err != nil {
			return err
		}
		o.Parts = parts[id]
		o.History, err = history(ctx, tx, c, o.Row, o.Parts)
		return err
	})
	if err != nil || o.Shut() {
		return o, err
	}
	return o, s.DB.Change(ctx, c.Did(audit.ResultSeen, string(id)), func(tx *store.Tx) error {
		return markSeen(ctx, tx, c, []ids.Resource{id})
	})
}

// history reads a test over time. A result without a code is a test of its own.
func history(ctx context.Context, tx *store.Tx, c access.Chart, r record.Row, parts []record.Measure) (History, error) {
	if r.Code == "" {
		return History{}, nil
	}
	all, err := record.Trend(ctx, tx, c, r.System, r.Code)
	if err != nil {
		return History{}, err
	}
	h := History{Points: all[:0]} // what is hidden is taken out in place: a test may have ten thousand values
	shown := map[ids.Resource]bool(nil)
	for _, p := range all {
		if p.Sensitive && shown == nil {
			if shown, err = shownIn(ctx, tx, c, []ids.Resource{p.ID}); err != nil {
				return History{}, err
			}
		}
		if p.Sensitive && !shown[p.ID] {
			h.Hidden++
			continue
		}
		h.Points = append(h.Points, p)
	}
	drawn := h.Points
	if len(parts) > 0 {
		if drawn, err = record.TrendParts(ctx, tx, c, r.System, r.Code); err != nil {
			return History{}, err
		}
	}
	h.Curves = curves(drawn, shown)
	return h, nil
}

// curves sorts values that can be drawn by part and unit, in the order in which
// they first occur: the newest first.
func curves(points []record.Point, shown map[ids.Resource]bool) []Curve {
	type key struct{ code, unit string }
	at := map[key]int{}
	var out []Curve
	for _, p := range points {
		if _, err := strconv.ParseFloat(drawable(p.Measure), 64); err != nil || dead(p.Status) || p.Sensitive && !shown[p.ID] {
			continue
		}
		k := key{p.Code, unitKey(p.Measure)}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			c := Curve{Title: p.Title, Unit: unit(p.Measure)}
			if i == 0 {
				c.Points = make([]record.Point, 0, len(points)) // most tests have one curve
			}
			out = append(out, c)
		}
		out[i].Points = append(out[i].Points, p)
	}
	return out
}

// drawable is the number a value stands at in a chart: "<0.1" at 0.1, with its
// sign beside it. Text and ratios have none.
func drawable(m record.Measure) string {
	if m.Num != "" {
		return m.Num
	}
	if m.Comparator != "" {
		return m.Value
	}
	return ""
}

// unitKey tells units apart: by their code, else as they were sent.
func unitKey(m record.Measure) string {
	if m.UnitCode != "" {
		return m.UnitCode
	}
	return m.Unit
}

// dead are the states of values that never came about.
func dead(status string) bool { return status == "cancelled" || status == "entered-in-error" }
