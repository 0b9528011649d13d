package account

import (
	"context"

	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Reads tells whether an account is in use and leads to this person's record.
func (s *Accounts) Reads(ctx context.Context, tx *store.Tx, a ids.Account, p ids.Patient) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account WHERE id = $1 AND person_id = $2 AND state = 'active'`, a, p)
	return n == 1, err
}

// CopyMade tells an account's owner, at every contact security notices go to,
// that a copy of the record was made. The same key tells once.
func (s *Accounts) CopyMade(ctx context.Context, tx *store.Tx, id ids.Account, key string) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	link, err := s.NotMe(ctx, tx, id, "copy_made")
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.CopyMade{At: tx.Now, NotMe: link}, "copy:"+key)
}
