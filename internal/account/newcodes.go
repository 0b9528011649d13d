package account

import (
	"context"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/notify"
	"portico/internal/store"
)

// MakeRecovery makes recovery codes and keeps them to be shown to the chart's
// session. The ones in use stay good until KeepRecovery.
func (s *Accounts) MakeRecovery(ctx context.Context, c access.Chart) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.RecoveryShown, string(c.Account())), func(tx *store.Tx) error {
		_, err := s.beginDraft(ctx, tx, c, recoveryKind, []byte(strings.Join(NewRecoveryCodes(), "\n")))
		return err
	})
}

// shownRecovery gives the codes that MakeRecovery made for the chart's session.
func (s *Accounts) shownRecovery(ctx context.Context, c access.Chart) ([]string, error) {
	d, err := s.draftOf(ctx, c, true)
	return strings.Fields(d.plain), err
}

// KeepRecovery puts the codes that were shown in place of the old ones, which die
// at once. The person must say that they are saved: they are shown never again.
func (s *Accounts) KeepRecovery(ctx context.Context, c access.Chart, saved bool) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	d, err := s.draftOf(ctx, c, true)
	if err != nil {
		return err
	}
	if !saved {
		return fault.Bad("saved", "account.recovery.unsaved")
	}
	return s.DB.Change(ctx, c.Did(audit.RecoveryMade, string(c.Account())), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := takeDraft(ctx, tx, d); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, a.id); err != nil {
			return err
		}
		if err := s.addRecovery(ctx, tx, a.id, strings.Fields(d.plain)); err != nil {
			return err
		}
		if err := s.cutOff(ctx, tx, c, "factor"); err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.RecoveryMade)
	})
}
