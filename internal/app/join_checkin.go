package app

import (
	"context"
	"errors"
	"strings"

	"portico/internal/checkin"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/registry"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// joinCheckIn makes the room in which patients check in.
func (a *App) joinCheckIn() {
	a.CheckIns = checkin.New(checkin.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Clinic: a.clinic, Visits: checkedVisits{a.Visits}, People: onCard{a.Registry}, Record: a.Record, Outbox: a.Outbox})
}

// checkedVisits are the visits as checking in sees them.
type checkedVisits struct{ s *scheduling.Scheduling }

func inBoth(b scheduling.Both) map[lang.Lang]string {
	return map[lang.Lang]string{lang.En: b.In(lang.En), lang.Es: b.In(lang.Es)}
}

func (v checkedVisits) Some(ctx context.Context, tx *store.Tx, of ...ids.Appointment) (map[ids.Appointment]checkin.Visit, error) {
	found, err := v.s.VisitsForCheckIn(ctx, tx, of...)
	if err != nil {
		return nil, err
	}
	var who []ids.Patient
	for _, f := range found {
		who = append(who, f.Patient)
	}
	names, err := v.s.People.Names(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	out := map[ids.Appointment]checkin.Visit{}
	for id, f := range found {
		c := checkin.Visit{ID: id, Patient: f.Patient, Kind: f.Kind.ID, Title: inBoth(f.Kind.Name), Name: names[f.Patient], Start: f.Start, Opens: f.Opens, Who: f.Who, Where: f.Where, Not: checkin.Not(f.Not)}
		if f.Video {
			c.Where = ""
		}
		out[id] = c
	}
	return out, nil
}

func (v checkedVisits) CheckIn(ctx context.Context, tx *store.Tx, of ids.Patient, id ids.Appointment, by ids.Account) error {
	return v.s.CheckIn(ctx, tx, of, id, string(by))
}

func (v checkedVisits) Kinds(ctx context.Context, tx *store.Tx) (out []checkin.Kind, err error) {
	kinds, err := v.s.Kinds(ctx, tx)
	for _, k := range kinds {
		out = append(out, checkin.Kind{ID: k.ID, Title: inBoth(k.Name)})
	}
	return out, err
}

// onCard is the patient index as checking in reads it.
type onCard struct{ r *registry.Room }

func (o onCard) OnFile(ctx context.Context, tx *store.Tx, p ids.Patient) (f checkin.OnFile, err error) {
	who, err := o.r.Person(ctx, tx, p)
	if errors.Is(err, store.ErrNone) {
		return f, nil
	}
	for _, c := range who.Contacts {
		if c.Kind == registry.Email {
			f.Emails = append(f.Emails, c.Value)
		} else {
			f.Phones = append(f.Phones, lang.Phone(c.Value))
		}
	}
	for _, a := range who.Addresses {
		if a.Usage == registry.Current {
			f.Address = append(lines(a.Lines...), strings.TrimSpace(a.City+", "+a.State+" "+a.PostalCode))
			break
		}
	}
	return f, err
}
