package scheduling

import (
	"context"
	"net/url"
	"slices"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Clinic is everything the schedule is made of.
type Clinic struct {
	Places     []Place
	Rooms      []Room
	Clinicians []Clinician
	Types      []VisitType
}

// Place finds a place by its id, the zero Place if there is none.
func (c Clinic) Place(id ids.Place) Place {
	i := slices.IndexFunc(c.Places, func(p Place) bool { return p.ID == id })
	if i < 0 {
		return Place{}
	}
	return c.Places[i]
}

// Clinician finds a clinician by id, the zero Clinician if there is none.
func (c Clinic) Clinician(id ids.Clinician) Clinician {
	i := slices.IndexFunc(c.Clinicians, func(k Clinician) bool { return k.ID == id })
	if i < 0 {
		return Clinician{}
	}
	return c.Clinicians[i]
}

// Type finds a kind of visit by its id, the zero VisitType if there is none.
func (c Clinic) Type(id ids.VisitType) VisitType {
	i := slices.IndexFunc(c.Types, func(t VisitType) bool { return t.ID == id })
	if i < 0 {
		return VisitType{}
	}
	return c.Types[i]
}

func (s *Scheduling) clinic(ctx context.Context, tx *store.Tx) (c Clinic, err error) {
	if c.Places, err = places(ctx, tx); err != nil {
		return c, err
	}
	if c.Rooms, err = rooms(ctx, tx); err != nil {
		return c, err
	}
	if c.Clinicians, err = clinicians(ctx, tx); err != nil {
		return c, err
	}
	c.Types, err = typesOf(ctx, tx, true)
	return c, err
}

// Setup reads what the schedule is made of.
func (s *Scheduling) Setup(ctx context.Context, d access.Desk) (c Clinic, err error) {
	if err := d.Need(access.SetSchedule); err != nil {
		return c, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = s.clinic(ctx, tx)
		return err
	})
	return c, err
}

func named(field, name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return fault.Bad(field, "scheduling.empty")
	case n > maxName:
		return fault.Bad(field, "scheduling.long", maxName)
	}
	return nil
}

// change runs a change of the schedule with its line in the audit log.
func (s *Scheduling) change(ctx context.Context, d access.Desk, object, what string, f func(tx *store.Tx) error) error {
	if err := d.Need(access.SetSchedule); err != nil {
		return err
	}
	err := s.DB.Change(ctx, d.Did(audit.ScheduleChanged, object).With(what), f)
	if store.IsUnique(err) {
		err = fault.Bad("name", "scheduling.name.taken")
	}
	return err
}

// SavePlace adds a place, or changes the one with its id.
func (s *Scheduling) SavePlace(ctx context.Context, d access.Desk, p Place) (ids.Place, error) {
	p.Name, p.Address, p.Phone = cleaned(p.Name), cleaned(p.Address), cleaned(p.Phone)
	p.Directions = Both{cleaned(p.Directions.En), cleaned(p.Directions.Es)}
	if err := named("name", p.Name); err != nil {
		return "", err
	}
	for field, text := range map[string]string{"directions_en": p.Directions.En, "directions_es": p.Directions.Es, "address": p.Address, "phone": p.Phone} {
		if utf8.RuneCountInString(text) > maxText {
			return "", fault.Bad(field, "scheduling.long", maxText)
		}
	}
	if p.ID == "" {
		p.ID = ids.NewPlace()
	}
	return p.ID, s.change(ctx, d, string(p.ID), "place", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO place (id, name, address, directions_en, directions_es, phone, active) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, directions_en = excluded.directions_en,
				directions_es = excluded.directions_es, phone = excluded.phone, active = excluded.active`,
			p.ID, p.Name, p.Address, p.Directions.En, p.Directions.Es, p.Phone, p.Active)
		return err
	})
}

// AddRoom adds a room to a place.
func (s *Scheduling) AddRoom(ctx context.Context, d access.Desk, at ids.Place, name string) error {
	if name = cleaned(name); named("name", name) != nil {
		return named("name", name)
	}
	id := ids.NewRoom()
	return s.change(ctx, d, string(id), "room", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO room (id, place_id, name, active) SELECT $1, p.id, $3, TRUE FROM place p WHERE p.id = $2`, id, at, name)
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		return err
	})
}

// SaveClinician adds a clinician, or changes the one with its id.
func (s *Scheduling) SaveClinician(ctx context.Context, d access.Desk, c Clinician) (ids.Clinician, error) {
	c.Name, c.Title = cleaned(c.Name), Both{cleaned(c.Title.En), cleaned(c.Title.Es)}
	if err := named("name", c.Name); err != nil {
		return "", err
	}
	for field, text := range map[string]string{"title_en": c.Title.En, "title_es": c.Title.Es} {
		if utf8.RuneCountInString(text) > maxName {
			return "", fault.Bad(field, "scheduling.long", maxName)
		}
	}
	if c.VideoURL = cleaned(c.VideoURL); !webAddress(c.VideoURL) {
		return "", fault.Bad("video_url", "scheduling.f.video.wrong")
	}
	if c.ID == "" {
		c.ID = ids.NewClinician()
	}
	return c.ID, s.change(ctx, d, string(c.ID), "clinician", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO clinician (id, name, title_en, title_es, video_url, active) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, title_en = excluded.title_en, title_es = excluded.title_es, video_url = excluded.video_url, active = excluded.active`,
			c.ID, c.Name, c.Title.En, c.Title.Es, c.VideoURL, c.Active)
		return err
	})
}

// webAddress tells whether text is an https address that a browser may open, or none:
// no other scheme, no user name in it.
func webAddress(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && len(text) <= maxAddress
}

// SaveType adds a kind of visit, or changes the one with its id. Booked visits keep
// the length they were booked with.
func (s *Scheduling) SaveType(ctx context.Context, d access.Desk, v VisitType) (ids.VisitType, error) {
	for _, b := range []*Both{&v.Name, &v.About, &v.Prepare} {
		*b = Both{cleaned(b.En), cleaned(b.Es)}
	}
	if err := v.Check(); err != nil {
		return "", err
	}
	if v.ID == "" {
		v.ID = ids.NewVisitType()
	}
	return v.ID, s.change(ctx, d, string(v.ID), "type", func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO visit_type (id, name_en, name_es, about_en, about_es, prepare_en, prepare_es, minutes, before_minutes, after_minutes, step_minutes, in_person, video, direct,
				notice_minutes, horizon_days, cutoff_minutes, day_most, open_most, request_most, active, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
			ON CONFLICT (id) DO UPDATE SET name_en = excluded.name_en, name_es = excluded.name_es, about_en = excluded.about_en, about_es = excluded.about_es,
				prepare_en = excluded.prepare_en, prepare_es = excluded.prepare_es, minutes = excluded.minutes, before_minutes = excluded.before_minutes,
				after_minutes = excluded.after_minutes, step_minutes = excluded.step_minutes, in_person = excluded.in_person, video = excluded.video, direct = excluded.direct,
				notice_minutes = excluded.notice_minutes, horizon_days = excluded.horizon_days, cutoff_minutes = excluded.cutoff_minutes,
				day_most = excluded.day_most, open_most = excluded.open_most, request_most = excluded.request_most, active = excluded.active, changed_at = excluded.changed_at`,
			v.ID, v.Name.En, v.Name.Es, v.About.En, v.About.Es, v.Prepare.En, v.Prepare.Es, v.Minutes, v.Before, v.After, v.Step, v.InPerson, v.Video, v.Direct,
			v.Notice, v.Horizon, v.CutOff, v.DayMost, v.OpenMost, v.AskMost, v.Active, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM visit_type_clinician WHERE type_id = $1`, v.ID); err != nil {
			return err
		}
		for _, c := range v.Who {
			if _, err := tx.Exec(ctx, `INSERT INTO visit_type_clinician (type_id, clinician_id) SELECT $1, id FROM clinician WHERE id = $2`, v.ID, c); err != nil {
				return err
			}
		}
		return nil
	})
}
