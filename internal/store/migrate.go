package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to this binary's version. Several processes may
// call it at once: a session lock on PostgreSQL, a file lock on SQLite lets one
// work and the others wait.
func (db *DB) Migrate(ctx context.Context) error {
	if db.engine == SQLite {
		unlock, err := lockFile(strings.TrimPrefix(db.url, "sqlite:") + ".lock")
		if err != nil {
			return fmt.Errorf("migration lock: %w", err)
		}
		defer unlock()
	}
	pool, done, err := db.maintenance()
	if err != nil {
		return err
	}
	defer done()
	p, err := db.provider(pool)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return db.guard(ctx)
}

// Ready answers nil when the database answers and has at least this binary's
// migrations. A newer schema is fine: rolling upgrades run old beside new.
func (db *DB) Ready(ctx context.Context) error {
	have, err := List(ctx, &Tx{engine: db.engine, q: db.read}, One[int64], `SELECT version_id FROM goose_db_version WHERE is_applied`)
	if err != nil {
		return fmt.Errorf("the database is not migrated; run portico migrate: %w", err)
	}
	for _, want := range versions() {
		if !slices.Contains(have, want) {
			return fmt.Errorf("the database lacks version %d, which this program needs; run portico migrate", want)
		}
	}
	return nil
}

// versions are the numbers of this binary's migrations.
func versions() (out []int64) {
	names, _ := fs.Glob(migrations, "migrations/*.sql")
	for _, name := range names {
		var v int64
		if _, err := fmt.Sscanf(name, "migrations/%d_", &v); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// latest is the number of the newest migration in this binary.
func latest() int64 { return slices.Max(versions()) }

func (db *DB) provider(pool *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	// Numbers say which came first, not in which order versions brought them: a
	// later version may bring a lower one.
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	dialect := goose.DialectPostgres
	if db.engine == SQLite {
		dialect = goose.DialectSQLite3
		if folder, err = forSQLite(); err != nil {
			return nil, err
		}
	} else {
		l, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(dialect, pool, folder, opts...)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return p, nil
}

var (
	typeWord = regexp.MustCompile(`\b(TIMESTAMPTZ|DATE|JSONB|BOOLEAN|BIGINT|BYTEA)\b`)
	forLite  = map[string]string{"TIMESTAMPTZ": "TEXT", "DATE": "TEXT", "JSONB": "TEXT", "BOOLEAN": "INTEGER", "BIGINT": "INTEGER", "BYTEA": "BLOB"}
	tableEnd = regexp.MustCompile(`(?m)^\);`)
	ordered  = regexp.MustCompile(`(?m)^\); -- clustered$`)
)

// ToSQLite maps the column types of a migration to SQLite's and makes its
// tables STRICT, so that a wrong type is refused as PostgreSQL would. A table
// whose end is marked as clustered is kept in the order of its primary key
// there: what is read in that order is read a third quicker and stored once.
func ToSQLite(ddl string) string {
	ddl = typeWord.ReplaceAllStringFunc(ddl, func(w string) string { return forLite[w] })
	ddl = ordered.ReplaceAllString(ddl, ") STRICT, WITHOUT ROWID;")
	return tableEnd.ReplaceAllString(ddl, ") STRICT;")
}

// forSQLite are all migrations as ToSQLite makes them, made once.
var forSQLite = sync.OnceValues(func() (fs.FS, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(folder, "*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, n := range names {
		b, err := fs.ReadFile(folder, n)
		if err != nil {
			return nil, err
		}
		out[n] = &fstest.MapFile{Data: []byte(ToSQLite(string(b))), Mode: 0o444}
	}
	return out, nil
})

// lockFile waits for the exclusive use of a file beside the database.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
