package app

import (
	"context"
	"time"

	"portico/internal/account"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/scheduling"
	"portico/internal/store"
	"portico/internal/waiting"
)

// joinWaiting makes the room of those who wait for a visit, and joins it with the
// calendar both ways.
func (a *App) joinWaiting() {
	a.Waiting = waiting.New(waiting.Parts{DB: a.DB, Keys: a.Keys, Clinic: a.clinic,
		Calendar: calendar{a.Visits}, People: visitors{a.Registry}, Teller: wishTeller{a.Accounts, a.Outbox}})
	a.Visits.Watcher, a.Visits.Waits = freed{a.Waiting}, wishes{a.Waiting}
}

// calendar is the clinic's calendar as those who wait see it.
type calendar struct{ s *scheduling.Scheduling }

func (c calendar) Describe(ctx context.Context, tx *store.Tx) (out waiting.Clinic, err error) {
	all, err := c.s.Describe(ctx, tx)
	for _, t := range all.Types {
		out.Kinds = append(out.Kinds, waiting.Kind{ID: t.ID, Name: inBoth(t.Name), Minutes: t.Minutes,
			Notice: time.Duration(t.Notice) * time.Minute, InPerson: t.InPerson, Video: t.Video, Direct: t.Direct, Active: t.Active, AskMost: t.AskMost, Who: t.Who})
	}
	for _, k := range all.Clinicians {
		out.Clinicians = append(out.Clinicians, waiting.Named[ids.Clinician]{ID: k.ID, Name: k.Name})
	}
	for _, p := range all.Places {
		if p.Active {
			out.Places = append(out.Places, waiting.Named[ids.Place]{ID: p.ID, Name: p.Name})
		}
	}
	return out, err
}

func (c calendar) Free(ctx context.Context, tx *store.Tx, q waiting.Query) (out []waiting.Time, more string, err error) {
	from, _ := scheduling.ParseDay(q.From)
	until, _ := scheduling.ParseDay(q.Until)
	f, err := c.s.Free(ctx, tx, q.Of, scheduling.Query{Type: q.Kind, Clinician: q.Clinician, Place: q.Place, Video: q.Video, Part: scheduling.ParsePart(q.Part),
		From: from, Until: until, Want: q.Want, Moving: q.Moving}, !q.AsStaff)
	for _, d := range f.Days {
		for _, t := range d.Times {
			out = append(out, waiting.Time{Clinician: t.Clinician, Place: t.Place, Video: t.Video, Start: t.Start, End: t.Start.Add(time.Duration(t.Minutes) * time.Minute), Day: string(d.Day), Part: string(c.s.PartOf(t.Start))})
		}
	}
	return out, string(f.Next), err
}

func pick(of ids.VisitType, t waiting.Time) scheduling.Pick {
	return scheduling.Pick{Type: of, Clinician: t.Clinician, Place: t.Place, Video: t.Video, Start: t.Start}
}

func (c calendar) Give(ctx context.Context, tx *store.Tx, g waiting.Giving) (ids.Appointment, error) {
	return c.s.Give(ctx, tx, scheduling.Giving{Of: g.Of, Pick: pick(g.Kind, g.Time), Moving: g.Moving, Reason: g.Reason, Actor: g.Actor})
}

func keeping(k waiting.Keeping) scheduling.Keeping {
	return scheduling.Keeping{Of: k.Of, For: string(k.Wish), Until: k.Until, Actor: k.Actor}
}

func (c calendar) Keep(ctx context.Context, tx *store.Tx, k waiting.Keeping, times []waiting.Time) ([]ids.Appointment, error) {
	var picks []scheduling.Pick
	for _, t := range times {
		picks = append(picks, pick(k.Kind, t))
	}
	return c.s.Keep(ctx, tx, keeping(k), picks)
}

func (c calendar) Settle(ctx context.Context, tx *store.Tx, k waiting.Keeping, take ids.Appointment, reason string) error {
	if take == "" {
		return c.s.DropKept(ctx, tx, keeping(k))
	}
	return c.s.TakeKept(ctx, tx, keeping(k), take, reason)
}

// freed tells those who wait that times are free.
type freed struct{ w *waiting.Waiting }

func (f freed) CalendarChanged(ctx context.Context, tx *store.Tx, who ids.Clinician, d scheduling.Day) error {
	return f.w.CalendarChanged(ctx, tx, who, string(d))
}

// wishes are what a patient waits for, as the list of visits shows them.
type wishes struct{ w *waiting.Waiting }

func (l wishes) Asked(ctx context.Context, tx *store.Tx, of ids.Patient) ([]scheduling.Asked, error) {
	all, err := l.w.Of(ctx, tx, of)
	var out []scheduling.Asked
	for _, w := range all {
		out = append(out, scheduling.Asked{Path: "/waiting/" + string(w.ID), Type: w.Kind, Title: "waiting.row." + string(w.Sort), State: w.Key(), Choose: w.Choose})
	}
	return out, err
}

// wishTeller writes to patients about what they wait for.
type wishTeller struct {
	accounts *account.Accounts
	outbox   *notify.Outbox
}

func (t wishTeller) WishNews(ctx context.Context, tx *store.Tx, p ids.Patient, w ids.Wish, n waiting.News) error {
	// A new offer makes nothing pointless: who has just lost a time is told so too.
	if n.What != waiting.NewsOffered {
		if _, err := t.outbox.Withdraw(ctx, tx, string(w)); err != nil {
			return err
		}
	}
	_, err := t.accounts.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.Wish{What: notify.WishNews(n.What), Until: n.Until},
		Key: "wish:" + string(w) + ":" + n.Key, Withdraw: string(w), Expires: n.Until})
	return err
}
