package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"portico/internal/ids"
)

// Scratch makes an empty schema on the PostgreSQL server at address, for a clinic
// that is measured and thrown away. It gives the schema's own address and what
// drops it: nothing that is already in the database is read or touched.
func Scratch(ctx context.Context, address string) (own string, drop func() error, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", nil, errors.New("the database address is not a valid postgres:// URL")
	}
	pool, err := sql.Open("pgx", address)
	if err != nil {
		return "", nil, errors.New("the database address is not a valid postgres:// URL")
	}
	schema := string(ids.New[string]("scratch"))
	if _, err := pool.ExecContext(ctx, `CREATE SCHEMA `+schema); err != nil {
		pool.Close()
		return "", nil, fmt.Errorf("make a schema of one's own: %w", hidePassword(err))
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), func() error {
		// Not with ctx: a measurement that was stopped leaves nothing behind either.
		_, err := pool.ExecContext(context.Background(), `DROP SCHEMA `+schema+` CASCADE`)
		return errors.Join(err, pool.Close())
	}, nil
}
