package results

import (
	"context"
	"slices"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// History is a test over time.
type History struct {
	Total  int          // values that may be shown
	Rows   []record.Row // one page of them, newest first
	Page   int          // from 1
	Curves []Curve      // what can be drawn, one for each kind of unit and part
	Hidden int          // values left out: sensitive, and not chosen to be seen
	Most   bool         // there may be older values than these
}

// Curve is a line of a chart: values of one part in one unit, newest first.
type Curve struct {
	Title  string   // of the part, "" for a value without parts
	Unit   string   // as received with the newest value
	Code   string   // of the unit, as unitKey gives it
	From   []string // codes of other units that values were received in
	Points []Drawn
}

// Drawn is one value of a line.
type Drawn struct {
	ID         ids.Resource
	At         fhir.When
	Value      float64 // in the line's unit
	Label      string  // the same as a decimal, as received where that is its unit
	Comparator string
	Abnormal   bool
}

// Over reads one test over time, from one of its results, with the nth page of
// its values, from 1. NotFound as for Open; a result that is shut, or has no test,
// has no history.
func (s *Results) Over(ctx context.Context, c access.Chart, id ids.Resource, nth int) (Opened, error) {
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
		o.History.Page = nth
		return o.remember(ctx, tx, c, perHistory)
	})
	if err != nil || o.Shut() {
		return o, err
	}
	return o, s.DB.Change(ctx, c.Did(audit.ResultSeen, string(id)), func(tx *store.Tx) error {
		return markSeen(ctx, tx, c, []ids.Resource{id})
	})
}

// remember reads a test over time and one page of its values, the page that
// o.History asks for. A result without a code is a test of its own.
func (o *Opened) remember(ctx context.Context, tx *store.Tx, c access.Chart, per int) error {
	h := &o.History
	if o.Code == "" {
		return nil
	}
	all, err := record.Trend(ctx, tx, c, o.System, o.Code)
	if err != nil {
		return err
	}
	veil := veil{}
	if err := veil.lift(ctx, tx, c, all); err != nil {
		return err
	}
	open := veil.open(all)
	h.Total, h.Hidden, h.Most = len(open), len(all)-len(open), len(all) == record.MostMarks
	h.Page = min(max(h.Page, 1), pagesOf(h.Total, per))
	from := (h.Page - 1) * per
	var page []ids.Resource
	for _, m := range open[from:min(from+per, len(open))] {
		page = append(page, m.ID)
	}
	if h.Rows, err = record.Rows(ctx, tx, c, page); err != nil {
		return err
	}
	if len(o.Parts) > 0 {
		parts, err := record.TrendParts(ctx, tx, c, o.System, o.Code)
		if err != nil {
			return err
		}
		open = veil.open(parts)
	}
	h.Curves = curves(open)
	return nil
}

// veil is over sensitive values that the person has not chosen to see.
type veil struct{ shown map[ids.Resource]bool }

// lift reads what was chosen, if there is anything to choose.
func (v *veil) lift(ctx context.Context, tx *store.Tx, c access.Chart, marks []record.Mark) (err error) {
	for i := range marks {
		if marks[i].Sensitive {
			v.shown, err = shownIn(ctx, tx, c)
			return err
		}
	}
	return nil
}

// open leaves out, in place, what is veiled.
func (v veil) open(marks []record.Mark) []record.Mark {
	return slices.DeleteFunc(marks, func(m record.Mark) bool { return m.Sensitive && !v.shown[m.ID] })
}

func pagesOf(n, per int) int { return max(1, (n+per-1)/per) }

// dead are the states of values that never came about.
func dead(status string) bool { return status == "cancelled" || status == "entered-in-error" }
