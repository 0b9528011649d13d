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

// LockedArgs name the account that somebody fails to get into; "" where there is
// none of that name, so that queuing costs the same.
type LockedArgs struct{ Account ids.Account }

var (
	// Locked tells an owner of many wrong passwords.
	Locked = jobs.Kind[LockedArgs]{Name: "account.locked"}
	// Sweep erases one-time codes and half-way sign-ins long over.
	Sweep = jobs.Kind[struct{}]{Name: "account.sweep", Every: time.Hour}
)

// Work registers this room's workers.
func (s *Accounts) Work(r *jobs.Runner) {
	jobs.Handle(r, Locked, s.tellLocked)
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

func (s *Accounts) sweep(ctx context.Context, _ access.Duty, _ struct{}) error {
	return s.DB.Housekeep(ctx, "account", func(tx *store.Tx) error {
		for _, q := range []string{
			`DELETE FROM one_time_code WHERE expires_at < $1`,
			`DELETE FROM signin_attempt WHERE expires_at < $1`,
			`DELETE FROM confirmation WHERE expires_at < $1`,
			`DELETE FROM disown_link WHERE expires_at < $1 AND used_at IS NULL`,
		} {
			if _, err := tx.Exec(ctx, q, store.Time(tx.Now.Add(-24*time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
}
