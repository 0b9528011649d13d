package app

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/recovery"
	"portico/internal/registry"
	"portico/internal/store"
)

// finder finds accounts for getting back in.
type finder struct{ a *account.Accounts }

func back(l account.Login) recovery.Login {
	return recovery.Login{ID: l.ID, Person: l.Person, Name: l.Name, Lang: l.Lang, Active: l.Active}
}

func (f finder) Login(ctx context.Context, tx *store.Tx, id ids.Account) (recovery.Login, error) {
	l, err := f.a.Login(ctx, tx, id)
	return back(l), err
}

func (f finder) Named(ctx context.Context, tx *store.Tx, typed string) (recovery.Login, error) {
	l, err := f.a.Named(ctx, tx, typed)
	return back(l), err
}

func (f finder) Reached(ctx context.Context, tx *store.Tx, birth, contact string) ([]recovery.Reached, error) {
	found, at, err := f.a.Reached(ctx, tx, birth, contact)
	var out []recovery.Reached
	for i, l := range found {
		out = append(out, recovery.Reached{Login: back(l), By: standing(at[i])})
	}
	return out, err
}

func (f finder) HalfIn(ctx context.Context, tx *store.Tx, token string, end bool) (recovery.Login, error) {
	l, err := f.a.HalfIn(ctx, tx, token, end)
	return back(l), err
}

func (f finder) Of(ctx context.Context, tx *store.Tx, p ids.Patient) (recovery.Login, error) {
	id, err := f.a.Of(ctx, tx, p)
	if err != nil {
		return recovery.Login{}, err
	}
	return f.Login(ctx, tx, id)
}

func standing(c account.Standing) recovery.Contact {
	return recovery.Contact{Channel: c.Channel, To: c.To, Since: c.Since, Steps: c.Steps}
}

// secondSteps are an account's contacts and second steps.
type secondSteps struct{ a *account.Accounts }

func (s secondSteps) Contacts(ctx context.Context, tx *store.Tx, a ids.Account) ([]recovery.Contact, error) {
	found, err := s.a.Standings(ctx, tx, a)
	var out []recovery.Contact
	for _, c := range found {
		out = append(out, standing(c))
	}
	return out, err
}

func (s secondSteps) Ways(ctx context.Context, tx *store.Tx, a ids.Account) ([]recovery.Way, int, error) {
	found, codes, err := s.a.Ways(ctx, tx, a)
	var out []recovery.Way
	for _, m := range found {
		out = append(out, recovery.Way{ID: m.ID, Kind: string(m.Kind), Hint: m.Hint})
	}
	return out, codes, err
}

func (s secondSteps) SendStep(ctx context.Context, tx *store.Tx, flow string, a ids.Account, f ids.Factor) error {
	return s.a.SendWay(ctx, tx, flow, a, f)
}

func (s secondSteps) SendTo(ctx context.Context, tx *store.Tx, c recovery.Sending) error {
	why := notify.ForRecovery
	if c.New {
		why = notify.ForSetUp
	}
	return s.a.NewOneTime(ctx, tx, account.OneTime{Flow: c.Flow, Channel: c.By, To: c.To, Lang: c.Login.Lang, Patient: c.Login.Person, Account: c.Login.ID, For: why})
}

func (s secondSteps) Unsent(ctx context.Context, tx *store.Tx, flow string) (bool, error) {
	return s.a.Unsent(ctx, tx, flow)
}

// changer changes accounts for who got back in.
type changer struct{ a *account.Accounts }

func (c changer) Try(ctx context.Context, v access.Visitor, t recovery.Try) (recovery.Use, error) {
	return c.a.TryWay(ctx, v, account.WayTry{Account: t.Account, Flow: t.Flow, Method: t.Method, Code: t.Code})
}

func (c changer) Regain(ctx context.Context, tx *store.Tx, r recovery.Regained) error {
	out := account.Regained{Account: r.Account, Hash: r.Hash, Lost: r.Lost, All: r.All, Recovery: r.Recovery, What: r.What, Agent: r.Agent}
	if s := r.Second; s != nil {
		out.Step = &account.NewFactor{Kind: account.Kind(s.Kind), Contact: s.Contact, Secret: s.Secret, LastStep: s.Step}
	}
	return c.a.Regain(ctx, tx, out)
}

func (c changer) Happened(ctx context.Context, tx *store.Tx, a ids.Account, what notify.Change, loud bool) error {
	if loud {
		return c.a.Happened(ctx, tx, a, what, "")
	}
	return c.a.Noted(ctx, tx, a, what, "")
}

func (c changer) NotMe(ctx context.Context, tx *store.Tx, a ids.Account) (notify.Path, error) {
	return c.a.NotMe(ctx, tx, a, "recovery")
}

func (c changer) Changed(ctx context.Context, tx *store.Tx, a ids.Account, since time.Time) (bool, error) {
	return c.a.ChangedSince(ctx, tx, a, since)
}

// choices are the rules for what somebody chooses who gets back in.
type choices struct{ a *account.Accounts }

func (c choices) Hash(ctx context.Context, v access.Visitor, a ids.Account, password, again string) (string, error) {
	return c.a.NewPassword(ctx, v, a, password, again)
}

func (c choices) Strength(ctx context.Context, v access.Visitor, a ids.Account, password string) (int, error) {
	return c.a.StrengthFor(ctx, v, a, password)
}

func (c choices) Contact(kind, typed string) (string, error) {
	return c.a.ReadContact(account.Kind(kind), typed)
}

func (choices) RecoveryCodes() []string { return account.NewRecoveryCodes() }

func (choices) Mask(c recovery.Contact) string {
	if c.Channel == notify.Mail {
		return account.Mask(account.Mail, c.To)
	}
	return account.Mask(account.SMS, c.To)
}

// lostOnes is the patient index as the desk's help sees it.
type lostOnes struct{ r *registry.Room }

func (o lostOnes) Person(ctx context.Context, tx *store.Tx, id ids.Patient) (recovery.Person, error) {
	p, err := o.r.Person(ctx, tx, id)
	if errors.Is(err, store.ErrNone) {
		return recovery.Person{}, fault.Missing()
	}
	out := recovery.Person{ID: p.ID, Name: p.Given + " " + p.Family, Birth: p.Birth, Number: p.Number(), Dead: p.Dead(), Gone: !p.Active || p.MergedInto != "", Two: p.Restricted}
	for _, c := range p.Contacts {
		out.OnFile = append(out.OnFile, recovery.OnFile{ID: c.ID, Kind: string(c.Kind), Value: c.Value, Since: c.Since})
	}
	return out, err
}

// codes are activation codes for who gets back in.
type codes struct{ e *enroll.Room }

func (c codes) Take(ctx context.Context, tx *store.Tx, a access.Applicant) (ids.Code, ids.Patient, error) {
	return c.e.Take(ctx, tx, a)
}

func (c codes) Spend(ctx context.Context, tx *store.Tx, code ids.Code) error {
	return c.e.Spend(ctx, tx, code)
}

func (a *App) joinRecovery() {
	a.Recovery = recovery.New(recovery.Parts{DB: a.DB, Keys: a.Keys, Limits: a.Limit, Outbox: a.Outbox, Clinic: a.clinic,
		Finder: finder{a.Accounts}, Steps: secondSteps{a.Accounts}, Change: changer{a.Accounts}, Words: choices{a.Accounts},
		Codes: codes{a.Enroll}, People: lostOnes{a.Registry}})
	a.Accounts.Back, a.Enroll.Back = a.Recovery, a.Recovery
}
