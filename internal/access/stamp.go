package access

import (
	"context"

	"portico/internal/store"
)

// The stamp is a number that grows whenever something changes that servers keep
// in memory. Live.Stamp has it as it was when the session was read, so that a
// server learns of a change with the next request of anybody signed in.

// stampNow is the expression that reads it beside something else.
const stampNow = `COALESCE((SELECT number FROM access_stamp WHERE id = 'all'), 0)`

// Touch makes every server look again, from this commit on.
func (g *Gate) Touch(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_stamp (id, number) VALUES ('all', 1) ON CONFLICT (id) DO UPDATE SET number = access_stamp.number + 1`)
	return err
}

// Stamp reads the stamp. Read it before what it is about: a change that commits
// between the two is then looked for once more.
func (g *Gate) Stamp(ctx context.Context, tx *store.Tx) (int64, error) {
	return store.Get(ctx, tx, store.One[int64], `SELECT `+stampNow)
}
