package scheduling

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Week is a clinician's week and what is shut.
type Week struct {
	Clinician Clinician
	Blocks    []Block
	Closures  []Closure
}

func (w Week) block(id ids.Block) (Block, bool) {
	i := slices.IndexFunc(w.Blocks, func(b Block) bool { return b.ID == id })
	if i < 0 {
		return Block{}, false
	}
	return w.Blocks[i], true
}

// Week reads a clinician's week with the closures that are still to come.
func (s *Scheduling) Week(ctx context.Context, d access.Desk, id ids.Clinician) (w Week, err error) {
	if err := d.Need(access.SetSchedule); err != nil {
		return w, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := clinicians(ctx, tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(c Clinician) bool { return c.ID == id })
		if i < 0 {
			return fault.Missing()
		}
		w.Clinician = all[i]
		if w.Blocks, err = blocks(ctx, tx, []ids.Clinician{id}); err != nil {
			return err
		}
		today := s.Day(tx.Now)
		shut, err := closures(ctx, tx, today, today.Add(2*365))
		w.Closures = slices.DeleteFunc(shut, func(c Closure) bool { return c.Clinician != "" && c.Clinician != id })
		return err
	})
	return w, err
}

// Change is a change of the schedule that is only thought of yet: blocks to come and
// to go, closures to come, and what will not be in use any more.
type Change struct {
	Add       []Block
	Drop      []ids.Block
	Shut      []Closure
	Clinician ids.Clinician
	Place     ids.Place
	Type      ids.VisitType
}

// Touches lists the booked visits that a change would leave outside the week, or
// whose kind it gives up. It changes nothing.
func (s *Scheduling) Touches(ctx context.Context, d access.Desk, ch Change) (out []Visit, err error) {
	if err := d.Need(access.SetSchedule); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if ch.Type != "" {
			out, err = s.booked(ctx, tx)
			out = slices.DeleteFunc(out, func(v Visit) bool { return v.Type != ch.Type })
			return err
		}
		before, err := s.outside(ctx, tx, Change{})
		if err != nil {
			return err
		}
		after, err := s.outside(ctx, tx, ch)
		out = slices.DeleteFunc(after, func(v Visit) bool {
			return slices.ContainsFunc(before, func(o Visit) bool { return o.ID == v.ID })
		})
		return err
	})
	return out, err
}

// Outside lists booked visits to come that no stretch of the week holds any more,
// the earliest first: staff move them or keep them.
func (s *Scheduling) Outside(ctx context.Context, d access.Desk) (out []Visit, err error) {
	if err := d.Need(access.SeeSchedule); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = s.outside(ctx, tx, Change{})
		return err
	})
	return out, err
}

// booked are the visits to come.
func (s *Scheduling) booked(ctx context.Context, tx *store.Tx) ([]Visit, error) {
	return store.List(ctx, tx, s.scanVisit, `SELECT `+bareColumns+` FROM appointment a WHERE a.day >= $1 AND a.starts_at > $2 AND a.state IN ('booked', 'checked_in') ORDER BY a.day, a.starts_at, a.id LIMIT 5000`,
		string(s.Day(tx.Now)), store.Time(tx.Now))
}

func (s *Scheduling) outside(ctx context.Context, tx *store.Tx, ch Change) ([]Visit, error) {
	visits, err := s.booked(ctx, tx)
	if err != nil || len(visits) == 0 {
		return nil, err
	}
	var who []ids.Clinician
	for _, v := range visits {
		if !slices.Contains(who, v.Clinician) {
			who = append(who, v.Clinician)
		}
	}
	all, err := offered(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(b Block) bool {
		return slices.Contains(ch.Drop, b.ID) || b.Clinician == ch.Clinician || b.Place == ch.Place
	})
	all = append(all, ch.Add...)
	shut, err := closures(ctx, tx, visits[0].Day, visits[len(visits)-1].Day)
	if err != nil {
		return nil, err
	}
	shut = append(shut, ch.Shut...)
	return slices.DeleteFunc(visits, func(v Visit) bool { return v.inside(all, shut, s.zone()) }), nil
}

// inside tells whether a stretch of the week still holds the visit.
func (v Visit) inside(all []Block, shut []Closure, zone *time.Location) bool {
	own := span{cellOf(v.Start), cellOf(v.End)}
	return slices.ContainsFunc(all, func(b Block) bool {
		if b.Clinician != v.Clinician || b.Place != v.Place || v.Video && !b.Video || !v.Video && !b.InPerson {
			return false
		}
		return slices.ContainsFunc(open(b, v.Day, shut, zone), func(s span) bool { return s.from <= own.from && own.end <= s.end })
	})
}
