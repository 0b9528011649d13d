package account

import (
	"context"

	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// LinkMade tells an account's owner that a link to the record was made. The same
// key tells once.
func (s *Accounts) LinkMade(ctx context.Context, tx *store.Tx, id ids.Account, key string) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	link, err := s.NotMe(ctx, tx, id, "link_made")
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.LinkMade{At: tx.Now, NotMe: link}, "link:"+key)
}

// LinkOpened tells them that it was opened for the first time.
func (s *Accounts) LinkOpened(ctx context.Context, tx *store.Tx, id ids.Account, key string) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	link, err := s.NotMe(ctx, tx, id, "link_opened")
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.LinkOpened{At: tx.Now, NotMe: link}, "link_opened:"+key)
}
