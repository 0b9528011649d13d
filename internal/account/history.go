package account

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/store"
)

// historyPage is how many lines of the history one page shows.
const historyPage = 50

// Happened is one line of an account's history.
type Happened struct {
	ID    string
	What  event
	Agent string // browser in words, "" if nobody's
	At    time.Time
}

// History lists what happened to the chart's account, newest first, from the line
// after before on ("" for the newest). more tells whether there are older ones.
func (s *Accounts) History(ctx context.Context, c access.Chart, before string) (lines []Happened, more bool, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return nil, false, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		lines, err = store.List(ctx, tx, func(r store.Row) (h Happened, err error) {
			var at store.Time
			err = r.Scan(&h.ID, &h.What, &h.Agent, &at)
			h.At = at.Std()
			return h, err
		}, `
			SELECT e.id, e.kind, e.agent, e.at FROM account_event e
			WHERE e.account_id = $1 AND (CAST($2 AS TEXT) = '' OR EXISTS (
				SELECT 1 FROM account_event b WHERE b.id = $2 AND b.account_id = $1 AND (e.at < b.at OR (e.at = b.at AND e.id < b.id))))
			ORDER BY e.at DESC, e.id DESC LIMIT $3`, c.Account(), before, historyPage+1)
		return err
	})
	if len(lines) > historyPage {
		lines, more = lines[:historyPage], true
	}
	return lines, more, err
}

// Agreed lists the terms that the chart's account accepted, newest first.
func (s *Accounts) Agreed(ctx context.Context, c access.Chart) (out []Accepted, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = s.Terms.Accepted(ctx, tx, c.Account())
		return err
	})
	return out, err
}

// Summary is what the page of the account says of its parts.
type Summary struct {
	UserName   string
	PasswordAt time.Time
	Methods    []Method
	Codes      int // recovery codes left
	Sessions   int // open, with this one
}

// Summary gathers the page of the chart's account.
func (s *Accounts) Summary(ctx context.Context, c access.Chart) (m Summary, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return m, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			var at store.Time
			err := r.Scan(&m.UserName, &at)
			m.PasswordAt = at.Std()
			return struct{}{}, err
		}, `SELECT user_name, password_at FROM account WHERE id = $1`, c.Account()); err != nil {
			return err
		}
		factors, err := factorsOf(ctx, tx, c.Account())
		if err != nil {
			return err
		}
		if m.Methods, err = s.methods(factors); err != nil {
			return err
		}
		if m.Codes, err = codesLeft(ctx, tx, c.Account()); err != nil {
			return err
		}
		open, err := s.Gate.Sessions(ctx, tx, c)
		m.Sessions = len(open)
		return err
	})
	return m, err
}
