package checkin

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
)

// Group is a check-in in the desk's list.
type Group struct {
	Visit Visit
	Count int // changes that wait, or that were settled
	Since time.Time
}

// mostGroups bounds the desk's list.
const mostGroups = 100

// Waiting lists check-ins with something for the desk to look at, the longest
// waiting first; or those that were settled, the newest first.
func (s *CheckIns) Waiting(ctx context.Context, d access.Desk, settled bool) (out []Group, err error) {
	if err := d.Need(access.ReviewCheckIns); err != nil {
		return nil, err
	}
	query := `SELECT appointment_id, COUNT(*), MIN(asked_at) AS since FROM checkin_change WHERE state = 'waiting' GROUP BY appointment_id ORDER BY since, appointment_id LIMIT $1`
	if settled {
		query = `SELECT appointment_id, COUNT(*), MAX(settled_at) AS since FROM checkin_change WHERE settled_at IS NOT NULL GROUP BY appointment_id ORDER BY since DESC, appointment_id LIMIT $1`
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		list, err := store.List(ctx, tx, func(r store.Row) (g Group, err error) {
			err = r.Scan(&g.Visit.ID, &g.Count, (*store.Time)(&g.Since))
			return g, err
		}, query, mostGroups)
		if err != nil {
			return err
		}
		var of []ids.Appointment
		for _, g := range list {
			of = append(of, g.Visit.ID)
		}
		visits, err := s.Visits.Some(ctx, tx, of...)
		for _, g := range list {
			if v, ok := visits[g.Visit.ID]; ok {
				g.Visit = v
				out = append(out, g)
			}
		}
		return err
	})
	return out, err
}

// One is the check-in of one visit, for staff.
type One struct {
	Visit   Visit
	Sent    time.Time
	Steps   []Step
	Changes []Change
	Sides   []Side
	Filled  []Filled
	Signed  []Signature
}

// Look opens the check-in of a visit for staff and writes that the patient's record
// was opened. A visit without one has none of its steps done.
func (s *CheckIns) Look(ctx context.Context, d access.Desk, id ids.Appointment) (o One, err error) {
	if o.Visit, err = s.opened(ctx, d, id); err != nil {
		return o, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		typed, err := s.parts(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Steps, err = steps(ctx, tx, o.Visit, typed); err != nil {
			return err
		}
		if o.Sent, err = sentAt(ctx, tx, id); err != nil {
			return err
		}
		if o.Changes, err = s.changes(ctx, tx, id); err != nil {
			return err
		}
		if o.Sides, err = s.sides(ctx, tx, id); err != nil {
			return err
		}
		if o.Filled, err = filled(ctx, tx, typed, page.ZoneOf(s.Clinic)); err != nil {
			return err
		}
		o.Signed, err = s.signatures(ctx, tx, id)
		return err
	})
	return o, err
}

// opened gives a visit after writing that its patient's record is opened.
func (s *CheckIns) opened(ctx context.Context, d access.Desk, id ids.Appointment) (v Visit, err error) {
	if err := d.Need(access.SeeCheckIns); err != nil {
		return v, err
	}
	if err := s.DB.View(ctx, func(tx *store.Tx) error {
		v, err = s.visit(ctx, tx, id)
		return err
	}); err != nil {
		return v, err
	}
	_, err = s.Gate.Open(ctx, d, access.SeeCheckIns, v.Patient)
	return v, err
}

// DeskPhoto gives staff a picture of an insurance card.
func (s *CheckIns) DeskPhoto(ctx context.Context, d access.Desk, id ids.Appointment, side Side) (jpeg []byte, err error) {
	if _, err := s.opened(ctx, d, id); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		jpeg, err = s.photo(ctx, tx, id, side)
		return err
	})
	return jpeg, err
}

// Settle accepts or refuses one change. Accepting says that the clinic has taken
// it over where its record is kept: this room changes no record and no contact,
// for an e-mail address typed at check-in must not become one that opens accounts.
func (s *CheckIns) Settle(ctx context.Context, d access.Desk, visit ids.Appointment, id ids.Review, as State) error {
	if err := d.Need(access.ReviewCheckIns); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := d.Did(audit.CheckInSettled, string(visit)).With(string(as))
		v, err := s.visit(ctx, tx, visit)
		if err != nil {
			return e, err
		}
		if as != Accepted && as != Refused {
			return e, fault.Bad("", "checkin.desk.choose")
		}
		state, err := store.Get(ctx, tx, store.One[State], `SELECT state FROM checkin_change WHERE id = $1 AND appointment_id = $2`, id, visit)
		if errors.Is(err, store.ErrNone) {
			return e, fault.Bad("", "checkin.desk.moved")
		}
		if err != nil || state == as {
			return e.On(string(v.Patient)), err
		}
		n, err := tx.Exec(ctx, `UPDATE checkin_change SET state = $2, settled_at = $3, staff_id = $4 WHERE id = $1 AND state = 'waiting'`, id, string(as), store.Time(tx.Now), d.Staff())
		if err == nil && n == 0 {
			err = fault.Bad("", "checkin.desk.moved")
		}
		return e.On(string(v.Patient)), err
	})
}
