package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// draftLife is how long one may take to prove what one adds: to find a phone,
// install an app, write codes down. A raise lasts ten minutes; who needs longer
// confirms who they are once more and finds the draft again.
const draftLife = 30 * time.Minute

// draftPlace names the sealed column for the keyring.
const draftPlace = "account_draft.sealed"

// draft is what a session is about to add to its account.
type draft struct {
	id     attempt
	kind   Kind // of a second step, or recoveryKind
	plain  string
	unsent bool // the newest code could not be sent
}

// errNoDraft means that nothing was begun, or that it took too long.
var errNoDraft = errors.New("nothing was begun")

// beginDraft keeps what the chart's session is about to add, in place of what it was
// about to add before.
func (s *Accounts) beginDraft(ctx context.Context, tx *store.Tx, c access.Chart, k Kind, plain []byte) (draft, error) {
	d := draft{id: ids.New[attempt]("dra"), kind: k, plain: string(plain)}
	_, err := tx.Exec(ctx, `
		INSERT INTO account_draft (session_id, id, account_id, kind, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (session_id) DO UPDATE SET id = $2, kind = $4, sealed = $5, created_at = $6, expires_at = $7`,
		c.Session(), d.id, c.Account(), string(k), s.Keys.Seal(draftPlace, string(d.id), plain), store.Time(tx.Now), store.Time(tx.Now.Add(draftLife)))
	return d, err
}

// drafted reads what the chart's session is about to add.
func (s *Accounts) drafted(ctx context.Context, tx *store.Tx, c access.Chart) (draft, error) {
	var sealed string
	d, err := store.Get(ctx, tx, func(r store.Row) (d draft, err error) {
		err = r.Scan(&d.id, &d.kind, &sealed, &d.unsent)
		return d, err
	}, `
		SELECT id, kind, sealed,
			EXISTS (SELECT 1 FROM one_time_code o WHERE o.flow = account_draft.id AND o.used_at IS NULL AND o.ended_at IS NULL AND NOT o.sent)
		FROM account_draft WHERE session_id = $1 AND account_id = $2 AND expires_at > $3`, c.Session(), c.Account(), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		return draft{}, errNoDraft
	}
	if err != nil {
		return draft{}, err
	}
	b, err := s.Keys.Open(draftPlace, string(d.id), sealed)
	d.plain = string(b)
	return d, err
}

// draftOf is drafted in a transaction of its own, for one of the kinds.
func (s *Accounts) draftOf(ctx context.Context, c access.Chart, recovery bool) (d draft, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		d, err = s.drafted(ctx, tx, c)
		return err
	})
	if err == nil && (d.kind == recoveryKind) != recovery {
		err = errNoDraft
	}
	return d, err
}

// takeDraft uses a draft up: of two submissions at once, one goes on.
func takeDraft(ctx context.Context, tx *store.Tx, d draft) error {
	n, err := tx.Exec(ctx, `DELETE FROM account_draft WHERE id = $1 AND expires_at > $2`, d.id, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = errNoDraft
	}
	return err
}
