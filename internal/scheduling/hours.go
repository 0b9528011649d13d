package scheduling

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Check finds what is wrong with a stretch of a week.
func (b Block) Check() error {
	var bad *fault.Fault
	if b.Weekday < time.Sunday || b.Weekday > time.Saturday {
		bad = bad.And("weekday", "scheduling.choose")
	}
	if b.From < 0 || b.From%cellMinutes != 0 || b.From >= 24*60 {
		bad = bad.And("from", "scheduling.clock")
	}
	if b.Until > 24*60 || b.Until%cellMinutes != 0 || b.Until <= b.From {
		bad = bad.And("until", "scheduling.until.bad")
	}
	if !b.InPerson && !b.Video {
		bad = bad.And("in_person", "scheduling.type.where")
	}
	if b.EveryWeeks < 1 || b.EveryWeeks > 8 {
		bad = bad.And("every", "scheduling.number", 1, 8)
	}
	if b.First == "" {
		bad = bad.And("first", "scheduling.day")
	}
	if b.Last != "" && b.Last < b.First {
		bad = bad.And("last", "scheduling.last")
	}
	return bad.OrNil()
}

// AddBlock adds a stretch to a clinician's week.
func (s *Scheduling) AddBlock(ctx context.Context, d access.Desk, b Block) error {
	if err := b.Check(); err != nil {
		return err
	}
	b.ID = ids.NewBlock()
	return s.change(ctx, d, string(b.ID), "block", func(tx *store.Tx) error {
		return s.putBlock(ctx, tx, b, `
			INSERT INTO schedule_block (id, clinician_id, place_id, room_id, in_person, video, weekday, from_minute, until_minute, every_weeks, first_day, last_day, only_type)
			SELECT $1, c.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM clinician c WHERE c.id = $2`)
	})
}

// ChangeBlock makes a stretch of a clinician's week another one. Visits that were
// booked in it stay, as with DropBlock.
func (s *Scheduling) ChangeBlock(ctx context.Context, d access.Desk, b Block) error {
	if err := b.Check(); err != nil {
		return err
	}
	return s.change(ctx, d, string(b.ID), "block", func(tx *store.Tx) error {
		if _, err := store.Get(ctx, tx, store.One[ids.Block], `SELECT id FROM schedule_block WHERE id = $1 AND clinician_id = $2`, b.ID, b.Clinician); errors.Is(err, store.ErrNone) {
			return fault.Missing()
		} else if err != nil {
			return err
		}
		return s.putBlock(ctx, tx, b, `
			UPDATE schedule_block SET place_id = $3, room_id = $4, in_person = $5, video = $6, weekday = $7, from_minute = $8, until_minute = $9, every_weeks = $10, first_day = $11, last_day = $12, only_type = $13
			WHERE id = $1 AND clinician_id = $2`)
	})
}

// putBlock writes a stretch by a statement that ends in its condition, if the room
// is one of the place's.
func (s *Scheduling) putBlock(ctx context.Context, tx *store.Tx, b Block, statement string) error {
	n, err := tx.Exec(ctx, statement+` AND EXISTS (SELECT 1 FROM place p WHERE p.id = $3 AND ($4 = '' OR EXISTS (SELECT 1 FROM room r WHERE r.id = $4 AND r.place_id = p.id)))`,
		b.ID, b.Clinician, b.Place, b.Room, b.InPerson, b.Video, int64(b.Weekday), b.From, b.Until, b.EveryWeeks, string(b.First), string(b.Last), b.OnlyType)
	if err == nil && n == 0 {
		err = fault.Bad("place", "scheduling.choose")
	}
	if err != nil {
		return err
	}
	return s.changed(ctx, tx, "", "")
}

// DropBlock takes a stretch out of a week. Visits that were booked in it stay; they
// are listed as outside the week until staff move them (see Outside).
func (s *Scheduling) DropBlock(ctx context.Context, d access.Desk, id ids.Block) error {
	return s.change(ctx, d, string(id), "block", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM schedule_block WHERE id = $1`, id)
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		return err
	})
}

// Check finds what is wrong with a closure.
func (c Closure) Check() error {
	var bad *fault.Fault
	if f, ok := fault.As(named("reason", c.Why)); ok {
		bad = bad.And("reason", f.Problems[0].Text, f.Problems[0].Args...)
	}
	if c.First == "" { // the last day is the first one where none is given
		bad = bad.And("first", "scheduling.day")
	} else if c.Last == "" {
		bad = bad.And("last", "scheduling.day")
	} else if c.Last < c.First {
		bad = bad.And("last", "scheduling.last")
	}
	if c.From < 0 || c.From%cellMinutes != 0 || c.Until <= c.From || c.Until > 24*60 || c.Until%cellMinutes != 0 {
		bad = bad.And("until", "scheduling.until.bad")
	}
	return bad.OrNil()
}

// Shut adds a closure or time off.
func (s *Scheduling) Shut(ctx context.Context, d access.Desk, c Closure) error {
	c.Why = cleaned(c.Why)
	if err := c.Check(); err != nil {
		return err
	}
	c.ID = ids.NewClosure()
	return s.change(ctx, d, string(c.ID), "closure", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO schedule_closure (id, clinician_id, place_id, first_day, last_day, from_minute, until_minute, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			c.ID, c.Clinician, c.Place, string(c.First), string(c.Last), c.From, c.Until, c.Why)
		return err
	})
}

// Reopen takes a closure back.
func (s *Scheduling) Reopen(ctx context.Context, d access.Desk, id ids.Closure) error {
	return s.change(ctx, d, string(id), "closure", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM schedule_closure WHERE id = $1`, id)
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		return s.changed(ctx, tx, "", "")
	})
}

// Closures lists what is shut from today on.
func (s *Scheduling) Closures(ctx context.Context, d access.Desk) (out []Closure, err error) {
	if err := d.Need(access.SetSchedule); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		today := s.Day(tx.Now)
		out, err = closures(ctx, tx, today, today.Add(3*365))
		return err
	})
	return out, err
}
