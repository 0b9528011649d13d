package account

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/notify"
	"portico/internal/store"
)

// Close closes the chart's account for good: from this commit on no session opens
// anything and nobody signs in. Its history stays, and its user name is not given
// away; a code from the clinic opens a new account. typed must be the user name,
// so that nobody closes an account by a slip; otherwise Invalid at "typed".
func (s *Accounts) Close(ctx context.Context, c access.Chart, typed string) error {
	if err := c.NeedRaised(access.CloseAccount); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.AccountClosed, string(c.Account())), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		if FoldUserName(typed) != a.name {
			return fault.Bad("typed", "account.close.differ")
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET state = 'closed', closed_at = $2 WHERE id = $1`, a.id, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := s.Gate.EndSessions(ctx, tx, a.id, "closed"); err != nil {
			return err
		}
		if err := endHalfWay(ctx, tx, a.id, "closed"); err != nil {
			return err
		}
		if err := endAsked(ctx, tx, a.id, ""); err != nil {
			return err
		}
		if s.Back != nil {
			if err := s.Back.Stop(ctx, tx, a.id, "closed"); err != nil {
				return err
			}
		}
		if err := s.endPasskeys(ctx, tx, a.id, time.Unix(0, 0), "closed"); err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.AccountEnded)
	})
}
