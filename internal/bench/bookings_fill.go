package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
)

// calendar is a clinic with very many visits.
type calendar struct {
	*clinic
	run   *run
	zone  *time.Location
	today time.Time // its midnight
	kind  ids.VisitType
	place ids.Place
	who   []ids.Clinician
	of    []ids.Patient
	chart []access.Chart
}

var benchDuty = access.NewDuty("bench")

func (b *calendar) change(ctx context.Context, f func(tx *store.Tx) error) error {
	return b.app.DB.Change(ctx, benchDuty.Did(audit.ScheduleChanged, "bench"), f)
}

// fill makes the clinicians and spreads the visits over the days, ten minutes each.
func (b *calendar) fill(ctx context.Context) ([]string, error) {
	b.zone = page.ZoneOf(b.app.Clinic)
	now := b.app.DB.Now().In(b.zone)
	b.today = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, b.zone)
	b.later(b.today.Add(34 * time.Hour).Sub(now)) // ten the next morning, when reminders go out
	b.today = b.today.AddDate(0, 0, 1)
	b.kind, b.place = "vty_bench", "plc_bench"
	if err := b.change(ctx, func(tx *store.Tx) error { return b.staff(ctx, tx) }); err != nil {
		return nil, err
	}
	if err := b.charts(ctx); err != nil {
		return nil, err
	}
	chance := rand.New(rand.NewPCG(b.run.Seed, 5))
	left := manyVisits
	for day := 1; left > 0; day++ {
		n := min(left, (manyVisits+manyDays-1)/manyDays)
		left -= n
		if err := b.change(ctx, func(tx *store.Tx) error { return b.visits(ctx, tx, chance, day, n) }); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (b *calendar) staff(ctx context.Context, tx *store.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO place (id, name, address, directions_en, directions_es, phone, active) VALUES ($1, 'Bench Street', '', '', '', '', TRUE)`, b.place); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO visit_type (id, name_en, name_es, about_en, about_es, prepare_en, prepare_es, minutes, before_minutes, after_minutes, step_minutes, in_person, video, direct,
			notice_minutes, horizon_days, cutoff_minutes, day_most, open_most, active, changed_at)
		VALUES ($1, 'Bench', 'Bench', '', '', '', '', 30, 0, 0, 30, TRUE, FALSE, TRUE, 0, 400, 0, 0, 0, TRUE, $2)`, b.kind, store.Time(tx.Now)); err != nil {
		return err
	}
	for i := range manyClinicians {
		id := ids.Clinician(fmt.Sprintf("cln_bench%02d", i))
		b.who = append(b.who, id)
		if _, err := tx.Exec(ctx, `INSERT INTO clinician (id, name, title_en, title_es, active) VALUES ($1, $2, '', '', TRUE)`, id, fmt.Sprintf("Clinician %02d", i)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO visit_type_clinician (type_id, clinician_id) VALUES ($1, $2)`, b.kind, id); err != nil {
			return err
		}
		for day := range 7 {
			if _, err := tx.Exec(ctx, `INSERT INTO schedule_block (id, clinician_id, place_id, room_id, in_person, video, weekday, from_minute, until_minute, every_weeks, first_day, last_day, only_type)
				VALUES ($1, $2, $3, '', TRUE, FALSE, $4, $5, $6, 1, '2020-01-01', '', '')`, ids.NewBlock(), id, b.place, day, workFrom*60, workUntil*60); err != nil {
				return err
			}
		}
	}
	return nil
}

// charts opens as many people's calendars as there are clinicians: then everybody
// can be somewhere at each hour. Whom the demo has given a visit stays out.
func (b *calendar) charts(ctx context.Context) error {
	if err := b.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		b.of, err = store.List(ctx, tx, store.One[ids.Patient], `SELECT id FROM patient p WHERE active AND deceased_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.patient_id = p.id) ORDER BY id LIMIT $1`, manyClinicians)
		return err
	}); err != nil {
		return err
	}
	if len(b.of) < manyClinicians {
		return fmt.Errorf("%d patients for %d clinicians", len(b.of), manyClinicians)
	}
	for i, p := range b.of {
		c, err := b.chartOf(ctx, ids.Account(fmt.Sprintf("acc_bench%02d", i)), p, access.BookVisits)
		if err != nil {
			return err
		}
		b.chart = append(b.chart, c)
	}
	return nil
}

// chartOf opens a calendar in a session whose owner has just proven who they are.
func (b *calendar) chartOf(ctx context.Context, a ids.Account, p ids.Patient, to access.Permission) (access.Chart, error) {
	var token string
	if err := b.change(ctx, func(tx *store.Tx) (err error) {
		var id ids.Session
		if token, id, err = b.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: a, Patient: p, Source: "192.0.2.7"}); err != nil {
			return err
		}
		return raise(ctx, tx, id)
	}); err != nil {
		return access.Chart{}, err
	}
	c, _, err := b.app.Gate.Chart(ctx, token, to, "bench", access.NewVisitor("192.0.2.7", "bench"))
	return c, err
}

// visits books n visits of a day at random among all clinicians: each has their own
// patient that day, so that nobody is in two places.
func (b *calendar) visits(ctx context.Context, tx *store.Tx, chance *rand.Rand, day, n int) error {
	const cells = (workUntil - workFrom) * 6 // stretches of ten minutes
	from := b.today.AddDate(0, 0, day).Add(workFrom * time.Hour)
	var rows [][]any
	bits := make([][]int64, manyClinicians)
	for _, k := range chance.Perm(manyClinicians * cells)[:n] {
		c, start := k/cells, from.Add(time.Duration(k%cells)*10*time.Minute)
		cell := start.Unix() / 300
		bits[c] = append(bits[c], cell, cell+1)
		of := b.of[(c+day)%len(b.of)]
		rows = append(rows, []any{ids.NewAppointment(), of, of, b.kind, b.who[c], b.place, "", false, "booked", from.Format(time.DateOnly), store.Time(start), store.Time(start.Add(10 * time.Minute)),
			cell, cell + 2, cell, cell + 2, nil, "", "", "", "", 1, store.Time(tx.Now), store.Time(tx.Now)})
	}
	if err := tx.Insert(ctx, `INSERT INTO appointment (id, patient_id, home_id, type_id, clinician_id, place_id, room_id, video, state, day, starts_at, ends_at,
		first_cell, end_cell, busy_first, busy_end, held_until, reason, note, ended_by, ended_why, version, made_at, changed_at) VALUES `, rows, ""); err != nil {
		return err
	}
	return b.mark(ctx, tx, bits)
}

// mark writes what is taken as the calendar's own bits do.
func (b *calendar) mark(ctx context.Context, tx *store.Tx, bits [][]int64) error {
	for c, cells := range bits {
		days := map[int64]*[5]uint64{}
		for _, cell := range cells {
			if days[cell/288] == nil {
				days[cell/288] = new([5]uint64)
			}
			days[cell/288][cell%288/64] |= 1 << (cell % 288 % 64)
		}
		for day, words := range days {
			var text strings.Builder
			for _, w := range words {
				fmt.Fprintf(&text, "%016x", w)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO busy_day (resource, day, bits) VALUES ($1, $2, $3) ON CONFLICT (resource, day) DO UPDATE SET bits = excluded.bits`, b.who[c], day, text.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillDays marks all of the days but the last as taken.
func (b *calendar) fillDays(ctx context.Context) error {
	return b.change(ctx, func(tx *store.Tx) error {
		from := b.today.Unix() / (24 * 60 * 60)
		for d := range int64(manyDays) {
			for _, who := range b.who {
				if _, err := tx.Exec(ctx, `INSERT INTO busy_day (resource, day, bits) VALUES ($1, $2, $3) ON CONFLICT (resource, day) DO UPDATE SET bits = excluded.bits`,
					who, from+d-1, strings.Repeat("f", 80)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// giveVisits gives somebody the visits of another, as if they came every day, but
// for those at a time when they come already.
func (b *calendar) giveVisits(ctx context.Context, id ids.Patient) error {
	return b.change(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE appointment SET patient_id = $1, home_id = $1 WHERE patient_id = $2
			AND NOT EXISTS (SELECT 1 FROM appointment o WHERE o.patient_id = $1 AND o.busy_first < appointment.busy_end AND o.busy_end > appointment.busy_first)`, id, b.of[len(b.of)-1])
		return err
	})
}

// raise does what giving the password and second step again does to a session.
func raise(ctx context.Context, tx *store.Tx, id ids.Session) error {
	_, err := tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE id = $1`, id, store.Time(tx.Now))
	return err
}
