package recovery

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// StopByLink takes the word of whoever holds a contact that a way back in is to
// be stopped. Whatever is wrong with the link, it is errGone.
func (s *Recovery) StopByLink(ctx context.Context, v access.Visitor, token string) error {
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		id, err := store.Get(ctx, tx, store.One[ID], `UPDATE recovery_link SET used_at = $2 WHERE token_hash = $1 AND purpose = 'stop' AND used_at IS NULL AND expires_at > $2 RETURNING recovery_id`,
			secret.TokenHash(token), store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		w, err := s.stop(ctx, tx, id, "link")
		return v.Did(audit.RecoveryStopped, string(id)).On(string(w.patient)).With("link"), err
	})
}

// StopOwn stops the way back into the chart's own account: whoever is signed in
// with the old second step needs none.
func (s *Recovery) StopOwn(ctx context.Context, c access.Chart) error {
	if err := c.Need(access.EndSessions); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := s.running(ctx, tx, c.Account())
		if err == nil {
			_, err = s.stop(ctx, tx, w.id, "owner")
		}
		if errors.Is(err, errGone) {
			err = fault.Missing()
		}
		return c.Did(audit.RecoveryStopped, string(w.id)).With("owner"), err
	})
}

// stop ends a way that runs, and tells every contact.
func (s *Recovery) stop(ctx context.Context, tx *store.Tx, id ID, why string) (way, error) {
	w, err := store.Get(ctx, tx, s.scanWay, `
		UPDATE recovery SET state = 'stopped', ended_at = $2, ended_why = $3, draft = '', version = version + 1 WHERE id = $1 AND ended_at IS NULL RETURNING `+wayColumns,
		id, store.Time(tx.Now), why)
	if errors.Is(err, store.ErrNone) {
		return w, errGone
	}
	if err != nil {
		return w, err
	}
	return w, s.Change.Happened(ctx, tx, w.account, notify.RecoveryStopped, true)
}

// Stop ends every way into an account in the transaction of what made it
// pointless: its owner said "this was not me", or closed it.
func (s *Recovery) Stop(ctx context.Context, tx *store.Tx, a ids.Account, why string) error {
	return s.endAll(ctx, tx, a, "", why, Sent, First, Granted, Open, Waiting)
}

// Renew sends the owner of an account that staff have given back the way to a new
// password; the old one is worth nothing any more.
func (s *Recovery) Renew(ctx context.Context, tx *store.Tx, a ids.Account) error {
	l, err := s.Finder.Login(ctx, tx, a)
	if err != nil {
		return err
	}
	return s.sendLinks(ctx, tx, l, true)
}

// Running tells whether everything of an account is being replaced.
func (s *Recovery) Running(ctx context.Context, tx *store.Tx, a ids.Account) (bool, error) {
	_, err := s.running(ctx, tx, a)
	if errors.Is(err, errGone) {
		return false, nil
	}
	return err == nil, err
}
