package agenda

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("192.0.2.7", "Firefox")
)

// rig is the room of a clinic with one place.
type rig struct {
	*Agenda
	t     testing.TB
	db    *store.DB
	clock *clock.Fake
	gate  *access.Gate
	out   *outside
}

// kept is a visit and whose it is.
type kept struct {
	Visit
	of ids.Patient
}

// outside stands for the rooms this one asks.
type outside struct {
	shut      map[ids.Patient]bool
	visits    map[ids.Appointment]kept
	calendars int // addresses whose owners were told
}

func (o *outside) Ahead(_ context.Context, _ *store.Tx, p ids.Patient, id ids.Appointment) (Visit, error) {
	if v, ok := o.visits[id]; ok && v.of == p {
		return v.Visit, nil
	}
	return Visit{}, fault.Missing()
}

func (o *outside) Since(_ context.Context, _ *store.Tx, p ids.Patient, after time.Time, most int) (out []Visit, err error) {
	for _, v := range o.visits {
		if v.of == p && v.Start.After(after) {
			out = append(out, v.Visit)
		}
	}
	slices.SortFunc(out, func(a, b Visit) int { return b.Start.Compare(a.Start) })
	return out[:min(most, len(out))], nil
}

func (o *outside) Person(_ context.Context, _ *store.Tx, id ids.Account) (ids.Patient, error) {
	return ids.Patient("pat_" + strings.TrimPrefix(string(id), "acc_")), nil
}

func (o *outside) Reads(_ context.Context, _ *store.Tx, _ ids.Account, p ids.Patient) (bool, error) {
	return !o.shut[p], nil
}

func (o *outside) Tongue(context.Context, *store.Tx, ids.Account) (lang.Lang, error) {
	return lang.En, nil
}

func (o *outside) CalendarMade(context.Context, *store.Tx, ids.Account, string) error {
	o.calendars++
	return nil
}

// zone is one whose clock changes.
var zone = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

func each(t *testing.T, f func(t *testing.T, r *rig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		c.Move(time.Date(2026, 6, 7, 8, 0, 0, 0, zone).Sub(c.Now()))
		out := &outside{shut: map[ids.Patient]bool{}, visits: map[ids.Appointment]kept{}}
		f(t, &rig{t: t, db: db, clock: c, gate: &access.Gate{DB: db}, out: out,
			Agenda: New(Parts{DB: db, Limits: &limit.Limiter{DB: db, Keys: testkit.Keys(t)}, Clinic: &page.Clinic{Zone: zone},
				Base: &url.URL{Scheme: "https", Host: "portal.example"}, Visits: out, Accounts: out})})
	})
}

// book gives somebody a visit of half an hour on a day of June.
func (r *rig) book(name string, day, hour int) ids.Appointment {
	id, start := ids.NewAppointment(), time.Date(2026, 6, day, hour, 0, 0, 0, zone).UTC()
	r.out.visits[id] = kept{Visit{ID: id, Start: start, End: start.Add(30 * time.Minute), Place: "Main Street", Address: "1 Main St", Version: 1, Changed: r.clock.Now()},
		ids.Patient("pat_" + name)}
	return id
}

// move puts a visit to another hour.
func (r *rig) move(id ids.Appointment, hour int) {
	v := r.out.visits[id]
	d := v.Start.In(zone)
	v.Start = time.Date(d.Year(), d.Month(), d.Day(), hour, 0, 0, 0, zone).UTC()
	v.End, v.Version, v.Changed = v.Start.Add(30*time.Minute), v.Version+1, r.clock.Now()
	r.out.visits[id] = v
}

// raised opens a chart in a session whose owner has just proven who they are.
func (r *rig) raised(name string) access.Chart {
	r.t.Helper()
	return r.patient(name, true)
}

// patient adds somebody with an account and opens their chart for seeing visits.
func (r *rig) patient(name string, raised bool) access.Chart {
	r.t.Helper()
	p, a := ids.Patient("pat_"+name), ids.Account("acc_"+name)
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
			VALUES ($1, 'Ana', 'Ruiz', 'ruiz ana', '1970-05-04', 'female', 'en', FALSE, TRUE, FALSE, '', '', $2, $2) ON CONFLICT (id) DO NOTHING`, p, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO account (id, person_id, user_name, skeleton, password_hash, state, level, lang, theme, text_size, created_at, password_at)
			VALUES ($1, $2, $3, $3, 'x', 'active', 'proven', 'en', '', '', $4, $4) ON CONFLICT (id) DO NOTHING`, a, p, name, store.Time(tx.Now)); err != nil {
			return err
		}
		if token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: a, Patient: p, Source: "192.0.2.7"}); err != nil || !raised {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	open := r.gate.Chart
	if raised {
		open = r.gate.RaisedChart
	}
	c, _, err := open(ctx, token, access.SeeVisits, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// logged counts the lines of an action.
func (r *rig) logged(a audit.Action) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action = $1`, string(a))
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}
