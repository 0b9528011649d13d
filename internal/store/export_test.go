package store

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5"
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

// Servers names the servers of an address.
func Servers(address string) (out []string, err error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	for _, one := range eachServer(cfg) {
		out = append(out, net.JoinHostPort(one.Host, strconv.Itoa(int(one.Port))))
	}
	return out, nil
}
