package app

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/registry"
	"portico/internal/results"
	"portico/internal/store"
)

// joinRecord makes the rooms that show health records.
func (a *App) joinRecord() {
	a.Results = results.New(results.Parts{DB: a.DB, Keys: a.Keys, Clinic: a.clinic, Gate: a.Gate, Comments: results.Written{Keys: a.Keys},
		Teller: teller{a.Registry, a.Accounts, a.Outbox}, CriticalDays: a.cfg.Results.CriticalDays, NoticeHours: a.cfg.Results.NoticeHours})
}

// mountReleaseDesk registers the staff's pages about results, after the console,
// whose home stands first in the rail.
func (a *App) mountReleaseDesk() {
	a.Results.MountDesk(a.Router)
	a.Results.Work(a.Jobs)
}

// news are the results as the home page sees them.
type news struct{}

// Newest gives what became visible at or after since.
func (news) Newest(ctx context.Context, tx *store.Tx, who access.Reading, since time.Time) ([]account.NewResult, error) {
	found, err := results.Newest(ctx, tx, who, since)
	var out []account.NewResult
	for _, n := range found {
		out = append(out, account.NewResult{Path: "/results/" + string(n.ID), Title: n.Name, At: n.At})
	}
	return out, err
}

// teller tells patients of new results.
type teller struct {
	people   *registry.Room
	accounts *account.Accounts
	outbox   *notify.Outbox
}

func newResultKey(p ids.Patient) string { return "result.news:" + string(p) }

// NewResult tells nobody of a person who died or whose record became part of
// another.
func (t teller) NewResult(ctx context.Context, tx *store.Tx, p ids.Patient, key string) (bool, error) {
	who, err := t.people.Person(ctx, tx, p)
	if errors.Is(err, store.ErrNone) || fault.Is(err, fault.NotFound) || err == nil && (who.Dead() || who.MergedInto != "" || !who.Active) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return t.accounts.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.NewResult{}, Key: key, Withdraw: newResultKey(p)})
}

func (t teller) Opened(ctx context.Context, tx *store.Tx, p ids.Patient) error {
	_, err := t.outbox.Withdraw(ctx, tx, newResultKey(p))
	return err
}
