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

// OpenLink uses up a link to a new password and gives the token by which its
// browser goes on. Whatever is wrong with the link, it is errGone.
func (s *Recovery) OpenLink(ctx context.Context, v access.Visitor, token string) (browser string, err error) {
	browser = secret.Token()
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var id ID
		var came string
		_, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			return struct{}{}, r.Scan(&id, &came)
		}, `UPDATE recovery_link SET used_at = $2 WHERE token_hash = $1 AND purpose = 'go' AND used_at IS NULL AND expires_at > $2 RETURNING recovery_id, came_by`,
			secret.TokenHash(token), store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		w, err := s.claim(ctx, tx, id, came, browser)
		return v.Did(audit.RecoveryOpened, string(id)).On(string(w.patient)).With(came), err
	})
	return browser, err
}

// claim binds a way to the browser that used one of its links. The others end.
func (s *Recovery) claim(ctx context.Context, tx *store.Tx, id ID, came, browser string) (way, error) {
	w, err := store.Get(ctx, tx, s.scanWay, `
		UPDATE recovery SET state = 'open', came_by = $2, browser_hash = $3, expires_at = $4, version = version + 1
		WHERE id = $1 AND state = 'sent' RETURNING `+wayColumns, id, came, secret.TokenHash(browser), store.Time(tx.Now.Add(LinkLife)))
	if errors.Is(err, store.ErrNone) {
		return w, errGone
	}
	if err != nil {
		return w, err
	}
	l, err := s.Finder.Login(ctx, tx, w.account)
	if err == nil && !l.Active {
		err = errGone
	}
	if err != nil {
		return w, err
	}
	if _, err := tx.Exec(ctx, `UPDATE recovery_link SET used_at = $2 WHERE recovery_id = $1 AND used_at IS NULL`, id, store.Time(tx.Now)); err != nil {
		return w, err
	}
	_, err = s.Outbox.Withdraw(ctx, tx, string(id))
	return w, err
}

// good tells whether a link can still be used, for the page that it opens.
func (s *Recovery) good(ctx context.Context, token, purpose string) (good bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `
			SELECT COUNT(*) FROM recovery_link l JOIN recovery w ON w.id = l.recovery_id
			WHERE l.token_hash = $1 AND l.purpose = $2 AND l.used_at IS NULL AND l.expires_at > $3 AND w.ended_at IS NULL`,
			secret.TokenHash(token), purpose, store.Time(tx.Now))
		good = n == 1
		return err
	})
	return good, err
}

// Lost begins the way of somebody who has given their password and lost a second
// step. It ends their half-way sign-in, and tells every contact: whoever says so
// has the password. fault.NotFound means that nobody is half-way in.
func (s *Recovery) Lost(ctx context.Context, v access.Visitor, half string, lost ids.Factor) (browser string, err error) {
	browser = secret.Token()
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		l, err := s.Finder.HalfIn(ctx, tx, half, true)
		if err != nil {
			return audit.Entry{}, err
		}
		w := way{id: ids.New[ID]("rcv"), account: l.ID, patient: l.Person, kind: ForStep, state: Open, expires: tx.Now.Add(LinkLife), draft: draft{Lost: lost}}
		e := v.Did(audit.RecoveryOpened, string(w.id)).On(string(l.Person)).With("step")
		ways, _, err := s.Steps.Ways(ctx, tx, l.ID)
		if err != nil {
			return e, err
		}
		if !has(ways, string(lost)) {
			return e, fault.Bad("lost", "recovery.lost.choose")
		}
		if over, err := s.often(ctx, tx, l.ID, perAccount); err != nil || over {
			return e, errors.Join(err, tooOften(over))
		}
		if err := s.begin(ctx, tx, w, browser); err != nil {
			return e, err
		}
		return e, s.Change.Happened(ctx, tx, l.ID, notify.RecoveryBegun, true)
	})
	return browser, err
}

func tooOften(over bool) error {
	if !over {
		return nil
	}
	return inForm(fault.Wait("recovery.often", perAccount.Per))
}

func has(ways []Way, id string) bool {
	_, ok := find(ways, id)
	return ok
}

func find(ways []Way, id string) (Way, bool) {
	for _, w := range ways {
		if w.ID == id {
			return w, true
		}
	}
	return Way{}, false
}
