package access

import (
	"context"
	"time"

	"portico/internal/store"
)

// Behind tells whether something came into force since the session was last
// found to have agreed to everything. It does not say that anything is missing:
// the account may have agreed in another browser. It is read with the session,
// so that asking costs nothing.
func (c Chart) Behind() bool { return c.behind }

// Demand makes every session be looked at again from since on, under a name by
// which Withdraw finds it.
func (g *Gate) Demand(ctx context.Context, tx *store.Tx, id string, since time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_demand (id, since_at) VALUES ($1, $2)`, id, store.Time(since))
	return err
}

// Withdraw takes a demand back that is still ahead.
func (g *Gate) Withdraw(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM access_demand WHERE id = $1 AND since_at > $2`, id, store.Time(tx.Now))
	return err
}

// Demanded counts the demands that have come. Read it before looking at what an
// account agreed to: a demand that commits between the two is then met by the
// next request instead of being taken for settled.
func (g *Gate) Demanded(ctx context.Context, tx *store.Tx) (int64, error) {
	return store.Get(ctx, tx, store.One[int64], `SELECT COUNT(*) FROM access_demand WHERE since_at <= $1`, store.Time(tx.Now))
}

// Agreed keeps that the chart's session was found to have agreed to all of the
// first demanded. It never goes back.
func (g *Gate) Agreed(ctx context.Context, tx *store.Tx, c Chart, demanded int64) error {
	_, err := tx.Exec(ctx, `UPDATE session SET agreed = $2 WHERE id = $1 AND agreed < $2`, c.session, demanded)
	return err
}

// Settle is Agreed in a transaction of its own, for a session that was behind
// without anything missing.
func (g *Gate) Settle(ctx context.Context, c Chart, demanded int64) error {
	return g.DB.Housekeep(ctx, "access", func(tx *store.Tx) error { return g.Agreed(ctx, tx, c, demanded) })
}
