package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/store"

	"portico/internal/audit"
)

// UnfinishedArgs name the half-way sign-in that may run out unused.
type UnfinishedArgs struct{ Attempt attempt }

// LockedArgs name the account that somebody fails to get into; "" where there is
// none of that name, so that queuing costs the same.
type LockedArgs struct{ Account ids.Account }

var (
	// Locked tells an owner of many wrong passwords.
	Locked = jobs.Kind[LockedArgs]{Name: "account.locked"}
	// Unfinished tells an owner that somebody had the right password but not the
	// second step.
	Unfinished = jobs.Kind[UnfinishedArgs]{Name: "account.unfinished"}
	// Following finds accounts that lead to another person than their record does.
	Following = jobs.Kind[struct{}]{Name: "account.follow", Every: time.Hour}
	// Sweep erases one-time codes and half-way sign-ins long over.
	Sweep = jobs.Kind[struct{}]{Name: "account.sweep", Every: time.Hour}
)

// Work registers this room's workers.
func (s *Accounts) Work(r *jobs.Runner) {
	jobs.Handle(r, Locked, s.tellLocked)
	jobs.Handle(r, Unfinished, s.tellUnfinished)
	jobs.Handle(r, Following, s.followAll)
	jobs.Handle(r, Sweep, s.sweep)
}

// tellLocked tells the owner once a day at most; an attack may go on for weeks.
func (s *Accounts) tellLocked(ctx context.Context, d access.Duty, args LockedArgs) error {
	if args.Account == "" {
		return nil
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		a, err := byID(ctx, tx, args.Account)
		if err != nil {
			return audit.Entry{}, err
		}
		e := d.Did(audit.NoticeQueued, string(a.id)).On(string(a.person)).With("password_locked")
		if err := note(ctx, tx, a.id, locked, ""); err != nil {
			return e, err
		}
		return e, s.tell(ctx, tx, a, notify.PasswordLocked{}, "locked:"+string(a.id)+":"+tx.Now.Format(time.DateOnly))
	})
	if errors.Is(err, store.ErrNone) {
		return jobs.Permanent(err)
	}
	return err
}

// unfinishedRest is how long an owner is left in peace after being told that
// somebody had their password: who has it once tries more than once.
const unfinishedRest = 24 * time.Hour

// tellUnfinished runs when a half-way sign-in of an unknown browser has run out.
// One that led to a session, or was begun anew in the same browser, has ended,
// and one that somebody cancelled has not: cancelling must not hide a stranger.
func (s *Accounts) tellUnfinished(ctx context.Context, d access.Duty, args UnfinishedArgs) error {
	type row struct {
		account ids.Account
		at      store.Time
	}
	var l row
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		l, err = store.Get(ctx, tx, func(r store.Row) (l row, err error) {
			err = r.Scan(&l.account, &l.at)
			return l, err
		}, `
			SELECT t.account_id, t.created_at FROM signin_attempt t JOIN account a ON a.id = t.account_id
			WHERE t.id = $1 AND t.ended_at IS NULL AND t.expires_at <= $2 AND a.state = 'active'
				AND NOT EXISTS (SELECT 1 FROM account_event e WHERE e.account_id = a.id AND e.kind = $3 AND e.at > $4)`,
			args.Attempt, store.Time(tx.Now), string(halfWay), store.Time(tx.Now.Add(-unfinishedRest)))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return nil // not wanted any more
	}
	if err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		a, err := byID(ctx, tx, l.account)
		if err != nil {
			return audit.Entry{}, err
		}
		e := d.Did(audit.NoticeQueued, string(a.id)).On(string(a.person)).With("signin_unfinished")
		if err := note(ctx, tx, a.id, halfWay, ""); err != nil {
			return e, err
		}
		link, err := s.NotMe(ctx, tx, a.id, "second_step")
		if err != nil {
			return e, err
		}
		// Two workers at once have one key.
		return e, s.tell(ctx, tx, a, notify.SignInUnfinished{At: l.at.Std(), NotMe: link}, "halfway:"+string(a.id)+":"+tx.Now.Format(time.DateOnly))
	})
}

func (s *Accounts) sweep(ctx context.Context, _ access.Duty, _ struct{}) error {
	return s.DB.Housekeep(ctx, "account", func(tx *store.Tx) error {
		for _, q := range []string{
			`DELETE FROM one_time_code WHERE expires_at < $1`,
			`DELETE FROM signin_attempt WHERE expires_at < $1`,
			`DELETE FROM confirmation WHERE expires_at < $1`,
			`DELETE FROM account_draft WHERE expires_at < $1`,
			`DELETE FROM remembered_browser WHERE expires_at < $1`,
			`DELETE FROM disown_link WHERE expires_at < $1 AND used_at IS NULL`,
		} {
			if _, err := tx.Exec(ctx, q, store.Time(tx.Now.Add(-24*time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
}
