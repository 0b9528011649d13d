// Package testkit gives tests a real SQLite file and a real PostgreSQL schema,
// a clock that can be moved, and the other things every room's test needs. It
// is imported by tests only.
package testkit

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// Noon is when tests begin: an ordinary Tuesday.
var Noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// Each runs f once on SQLite and once on PostgreSQL, each time with an empty
// migrated database and a clock standing at Noon.
func Each(t *testing.T, f func(t *testing.T, db *store.DB, c *clock.Fake)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		db, c := SQLite(t)
		f(t, db, c)
	})
	t.Run("postgres", func(t *testing.T) {
		c := clock.At(Noon)
		f(t, Open(t, MigratedPostgres(t), c), c)
	})
}

// SQLite gives one empty migrated SQLite database for tests about pages, where
// the engine does not matter.
func SQLite(t testing.TB) (*store.DB, *clock.Fake) {
	c := clock.At(Noon)
	return Open(t, MigratedSQLite(t), c), c
}

// Open opens and migrates the database at address and closes it after the test.
func Open(t testing.TB, address string, c clock.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), address, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

// server is the address in PORTICO_TEST_POSTGRES. Without it the test is skipped
// on a developer's machine and fails in CI.
func server(t testing.TB) string {
	t.Helper()
	base := os.Getenv("PORTICO_TEST_POSTGRES")
	if base == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("PORTICO_TEST_POSTGRES is not set: CI must test on PostgreSQL")
		}
		t.Skip("no PostgreSQL: set PORTICO_TEST_POSTGRES=postgres://… (make test does it)")
	}
	return base
}

// Postgres makes an empty schema, without tables, on the test server and gives
// its address.
func Postgres(t testing.TB) string {
	t.Helper()
	base := server(t)
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	schema := "t" + strings.TrimPrefix(string(ids.NewJob()), "job_")
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec("DROP SCHEMA " + schema + " CASCADE")
		admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// Keys is a keyring for tests.
func Keys(t testing.TB) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring("c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm")
	if err != nil {
		t.Fatal(err)
	}
	return k
}
