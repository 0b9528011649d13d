package store

import (
	"context"
	"fmt"
)

// Unguard drops the triggers, as an intruder with the owner's rights could.
func (db *DB) Unguard(ctx context.Context) error {
	return db.commit(ctx, func(ctx context.Context, tx *Tx) error {
		for _, table := range grown {
			for _, what := range []string{"update", "delete"} {
				q := `DROP TRIGGER IF EXISTS ` + table + `_no_` + what
				if db.engine == Postgres {
					q += ` ON ` + table
				}
				if _, err := tx.Exec(ctx, q); err != nil {
					return fmt.Errorf("unguard %s: %w", table, err)
				}
			}
		}
		return nil
	})
}
