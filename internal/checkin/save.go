package checkin

import (
	"context"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Save keeps one step. Saving it again, in another tab or after going back, puts
// the newer answers in place of the older.
func (s *CheckIns) Save(ctx context.Context, c access.Chart, id ids.Appointment, part string, t Typed) error {
	a, err := s.Ask(ctx, c, id, part)
	if err != nil {
		return err
	}
	return s.save(ctx, c, a, t)
}

// save is Save of a step that was opened.
func (s *CheckIns) save(ctx context.Context, c access.Chart, a Asked, t Typed) error {
	id, part := a.Visit.ID, a.Part
	if a.Visit.Not != "" {
		return refuse(a.Visit.Not)
	}
	if err := check(a.Questions, t); err != nil {
		return err
	}
	return s.saving(ctx, c, id, part, func(tx *store.Tx) error { return s.putPart(ctx, tx, id, part, t) })
}

// saving runs put with the check-in held, if its visit can still be checked in for.
func (s *CheckIns) saving(ctx context.Context, c access.Chart, id ids.Appointment, part string, put func(*store.Tx) error) error {
	return s.DB.Change(ctx, c.Did(audit.CheckInSaved, string(id)).With(part), func(tx *store.Tx) error {
		if err := begun(ctx, tx, id, c.Account()); err != nil {
			return err
		}
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err != nil {
			return err
		}
		if v.Not != "" {
			return refuse(v.Not)
		}
		return put(tx)
	})
}

// Picture keeps pictures of the insurance card, each drawn anew. None is fine too:
// a card that was shown before need not be shown again.
func (s *CheckIns) Picture(ctx context.Context, c access.Chart, id ids.Appointment, sent map[Side][]byte) error {
	m, err := s.See(ctx, c, id)
	if err != nil {
		return err
	}
	if m.Visit.Not != "" {
		return refuse(m.Visit.Not)
	}
	var bad *fault.Fault
	good := map[Side][]byte{}
	for _, side := range []Side{Front, Back} {
		if len(sent[side]) == 0 {
			continue
		}
		jpeg, err := drawn("card_"+string(side), sent[side])
		if f, ok := fault.As(err); ok {
			bad = bad.And(f.Problems[0].Field, f.Problems[0].Text, mostPhoto>>20)
			continue
		}
		if err != nil {
			return err
		}
		good[side] = jpeg
	}
	// The picture that is good is kept while the other one is wrong.
	if err := s.saving(ctx, c, id, Card, func(tx *store.Tx) error {
		for side, jpeg := range good {
			if err := s.putPhoto(ctx, tx, id, side, jpeg); err != nil {
				return err
			}
		}
		if bad != nil {
			return nil
		}
		return s.putPart(ctx, tx, id, Card, Typed{})
	}); err != nil {
		return err
	}
	return bad.OrNil()
}

// Photo gives the patient a picture they sent.
func (s *CheckIns) Photo(ctx context.Context, c access.Chart, id ids.Appointment, side Side) (jpeg []byte, err error) {
	if err := c.Need(access.CheckIn); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.visitOf(ctx, tx, c.Patient(), id); err != nil {
			return err
		}
		jpeg, err = s.photo(ctx, tx, id, side)
		return err
	})
	return jpeg, err
}

// Send finishes a check-in: the visit is checked in, and what is different goes to
// the desk. Sending twice does it once.
func (s *CheckIns) Send(ctx context.Context, c access.Chart, id ids.Appointment) error {
	m, err := s.See(ctx, c, id)
	switch {
	case err != nil:
		return err
	case m.Visit.Not == NotAgain && !m.Sent.IsZero():
		return nil
	case m.Visit.Not != "":
		return refuse(m.Visit.Not)
	case m.Open() != "":
		return fault.Bad("", "checkin.undone")
	}
	return s.DB.Change(ctx, c.Did(audit.CheckInSent, string(id)), func(tx *store.Tx) error {
		if err := begun(ctx, tx, id, c.Account()); err != nil {
			return err
		}
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err != nil || v.Not == NotAgain {
			return err
		}
		if v.Not != "" {
			return refuse(v.Not)
		}
		if err := s.Visits.CheckIn(ctx, tx, c.Patient(), id, c.Account()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE checkin SET sent_at = $2 WHERE appointment_id = $1`, id, store.Time(tx.Now)); err != nil {
			return err
		}
		if err := File.Enqueue(ctx, tx, FileArgs{id}); err != nil {
			return err
		}
		return s.tellChanges(ctx, tx, c, id)
	})
}

// tellChanges puts before the desk what the patient says is different. What waited
// from an earlier sending gives way; what was settled is not asked again.
func (s *CheckIns) tellChanges(ctx context.Context, tx *store.Tx, c access.Chart, id ids.Appointment) error {
	if _, err := tx.Exec(ctx, `DELETE FROM checkin_change WHERE appointment_id = $1 AND state = 'waiting' AND what <> $2`, id, alarmed); err != nil {
		return err
	}
	settled, err := s.changes(ctx, tx, id)
	if err != nil {
		return err
	}
	parts, err := s.parts(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, part := range []string{Contacts, Emergency, Insurance, Health} {
		qs, err := s.questions(ctx, tx, c, part)
		if err != nil {
			return err
		}
		for _, q := range qs {
			now := q.change(parts[part])
			if now == "" || slices.ContainsFunc(settled, func(k Change) bool { return k.What == q.Key && k.Now == now }) {
				continue
			}
			if err := s.putChange(ctx, tx, Change{Visit: id, What: q.Key, Was: strings.Join(q.Was, "\n"), Now: now}); err != nil {
				return err
			}
		}
	}
	return nil
}
