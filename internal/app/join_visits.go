package app

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/agenda"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/registry"
	"portico/internal/scheduling"
	"portico/internal/store"
	"time"
)

// joinVisits makes the clinic's calendar.
func (a *App) joinVisits() {
	a.Visits = scheduling.New(scheduling.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Limits: a.Limit, Clinic: a.clinic,
		People: visitors{a.Registry}, Teller: visitTeller{a.Accounts, a.Outbox}})
	a.Agenda = agenda.New(agenda.Parts{DB: a.DB, Limits: a.Limit, Clinic: a.clinic, Base: a.base, Visits: dated{a.Visits}, Accounts: subscribers{a.Accounts}})
	a.Accounts.Visits = comingVisits{a.Visits}
}

// subscribers are the accounts as calendars that programs read see them.
type subscribers struct{ *account.Accounts }

// CalendarMade tells an account's owner of a new address of their calendar.
func (s subscribers) CalendarMade(ctx context.Context, tx *store.Tx, id ids.Account, agent string) error {
	return s.Happened(ctx, tx, id, notify.CalendarMade, agent)
}

// dated are visits as the patient's own calendar sees them.
type dated struct{ s *scheduling.Scheduling }

func inCalendar(d scheduling.Dated) agenda.Visit {
	return agenda.Visit{ID: d.ID, Start: d.Start, End: d.End, Video: d.Video, Place: d.At.Name, Address: d.At.Address, Version: d.Version, Changed: d.Changed}
}

func (v dated) Ahead(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (agenda.Visit, error) {
	d, err := v.s.Ahead(ctx, tx, p, id)
	return inCalendar(d), err
}

func (v dated) Since(ctx context.Context, tx *store.Tx, p ids.Patient, after time.Time, most int) ([]agenda.Visit, error) {
	all, err := v.s.Since(ctx, tx, p, after, most)
	out := make([]agenda.Visit, len(all))
	for i, d := range all {
		out[i] = inCalendar(d)
	}
	return out, err
}

// expireHolds lets go of times that nobody booked in time.
var expireHolds = jobs.Kind[struct{}]{Name: "scheduling.expire", Every: time.Minute}

// visitors is the patient index as the calendar sees it.
type visitors struct{ r *registry.Room }

func (v visitors) Bookable(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	who, err := v.r.Person(ctx, tx, p)
	if errors.Is(err, store.ErrNone) || fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && !who.Dead() && who.MergedInto == "" && who.Active, err
}

func (v visitors) Called(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error) {
	given, family, err := v.r.Called(ctx, tx, p)
	if errors.Is(err, store.ErrNone) {
		return "", fault.Missing()
	}
	return given + " " + family, err
}

func (v visitors) Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error) {
	slices.Sort(of)
	of = slices.Compact(of)
	out, err := v.r.Names(ctx, tx, of)
	if err == nil && len(out) < len(of) {
		err = fault.Missing()
	}
	return out, err
}

// visitTeller writes to patients about their visits.
type visitTeller struct {
	accounts *account.Accounts
	outbox   *notify.Outbox
}

var visitChanges = map[bool]notify.VisitChange{true: notify.VisitMoved, false: notify.VisitBooked}

// VisitNews takes back what was not sent yet about the visit: who books and moves
// within a minute gets one message.
func (t visitTeller) VisitNews(ctx context.Context, tx *store.Tx, p ids.Patient, visit ids.Appointment, n scheduling.News) error {
	if _, err := t.outbox.Withdraw(ctx, tx, string(visit)); err != nil {
		return err
	}
	what := visitChanges[n.Moved]
	if n.What == scheduling.Cancelled {
		what = notify.VisitCancelled
	}
	zone, err := t.accounts.Zone(ctx, tx, p)
	if err != nil {
		return err
	}
	_, err = t.accounts.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.Visit{What: what, At: n.Start, Zone: zone, Answer: notify.Path(n.Link),
		Entry: notify.Entry{ID: string(visit), Version: n.Version, Until: n.End, Changed: n.Changed}},

		Key: "visit:" + string(visit) + ":" + strconv.Itoa(n.Version), Withdraw: string(visit)})
	return err
}

// VisitReminder tells that a visit is near. Its key holds the time: a visit that
// was moved is reminded of anew.
func (t visitTeller) VisitReminder(ctx context.Context, tx *store.Tx, p ids.Patient, visit ids.Appointment, r scheduling.Reminder) error {
	zone, err := t.accounts.Zone(ctx, tx, p)
	if err != nil {
		return err
	}
	_, err = t.accounts.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.VisitReminder{At: r.Start, Zone: zone, Answer: notify.Path(r.Link)}, Withdraw: string(visit), Expires: r.Expires,
		Key: "reminder:" + string(visit) + ":" + strconv.Itoa(r.Days) + ":" + strconv.FormatInt(r.Start.Unix(), 10)})
	return err
}

// remindOfVisits writes to patients before their visits.
var remindOfVisits = jobs.Kind[struct{}]{Name: "scheduling.remind", Every: 10 * time.Minute}

func (a *App) remind(ctx context.Context, d access.Duty, _ struct{}) error {
	return errors.Join(a.Visits.Remind(ctx, d), a.Visits.SweepLinks(ctx, d))
}

// letGoHolds is the job's work.
func (a *App) letGoHolds(ctx context.Context, d access.Duty, _ struct{}) error {
	return a.Visits.Expire(ctx, d)
}

// comingVisits are the visits as the home page sees them.
type comingVisits struct{ s *scheduling.Scheduling }

func (v comingVisits) Coming(ctx context.Context, tx *store.Tx, c access.Chart) ([]account.NextVisit, error) {
	next, err := v.s.Coming(ctx, tx, c)
	var out []account.NextVisit
	for _, n := range next {
		v := account.NextVisit{Path: "/visits", Start: n.Start, Video: n.Video, Name: map[lang.Lang]string{}}
		if n.ID != "" {
			v.Path += "/" + string(n.ID)
		}
		for _, l := range []lang.Lang{lang.En, lang.Es} {
			if v.Name[l] = n.Name.In(l); v.Name[l] == "" {
				v.Name[l] = l.T("scheduling.visit")
			}
		}
		if n.Check {
			v.CheckIn = v.Path + "/checkin"
		}
		out = append(out, v)
	}
	return out, err
}
