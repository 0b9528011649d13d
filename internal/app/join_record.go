package app

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/results"
	"portico/internal/store"
)

// joinRecord makes the rooms that show health records.
func (a *App) joinRecord() {
	a.Results = results.New(results.Parts{DB: a.DB, Keys: a.Keys, Clinic: a.clinic})
}

// news are the results as the home page sees them.
type news struct{}

// Newest gives what became visible at or after since.
func (news) Newest(ctx context.Context, tx *store.Tx, who access.Reading, since time.Time) ([]account.NewResult, error) {
	found, err := results.Newest(ctx, tx, who, since)
	var out []account.NewResult
	for _, n := range found {
		out = append(out, account.NewResult{Path: "/results/" + string(n.ID), Title: n.Title, At: n.At})
	}
	return out, err
}
