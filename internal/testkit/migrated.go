package testkit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/store"
)

// A database is migrated once and copied for each test: a copy takes a tenth of
// the time that the migrations take.

var ctx = context.Background()

// blank is a migrated SQLite file.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "portico-blank")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "portico.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// migrate makes the tables at address.
func migrate(address string) error {
	db, err := store.Open(ctx, address, clock.At(Noon))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx)
}

// MigratedSQLite gives the address of an empty migrated SQLite database.
func MigratedSQLite(t testing.TB) string {
	t.Helper()
	data, err := blank()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "portico.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// MigratedPostgres gives the address of an empty migrated database of its own on
// the test server; see Postgres.
func MigratedPostgres(t testing.TB) string {
	t.Helper()
	base := server(t)
	pattern, err := template(base)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.TrimPrefix(string(ids.NewJob()), "job_")
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + pattern + byFiles(admin)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.Close()
	})
	return database(base, name)
}

// byFiles asks a server that has the choice, since version 15, to copy files. It
// would copy blocks through its log, which takes it two to four times as long for
// a database of many small tables.
func byFiles(admin *sql.DB) string {
	var version int
	if err := admin.QueryRow("SELECT current_setting('server_version_num')::int").Scan(&version); err != nil || version < 150_000 {
		return "" // a server that does not answer says so to CREATE DATABASE
	}
	return " STRATEGY FILE_COPY"
}

// database is base with another database.
func database(base, name string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	u.Path = "/" + name
	return u.String()
}

var templates sync.Map // func() (string, error) by base

// template names a migrated database that nobody may connect to, so that it can
// be copied at any time. Test programs that run side by side share it: its name
// says what is in it.
func template(base string) (string, error) {
	made, _ := templates.LoadOrStore(base, sync.OnceValues(func() (string, error) {
		sum := sha256.Sum256([]byte(store.Schema()))
		name := "portico_blank_" + hex.EncodeToString(sum[:8])
		return name, makeTemplate(base, name)
	}))
	return made.(func() (string, error))()
}

// makeTemplate makes the database unless it is there. Programs that want it at
// the same time wait for one of them. One that was left half made still takes
// connections, and is made anew.
func makeTemplate(base, name string) error {
	pool, err := sql.Open("pgx", base)
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetMaxIdleConns(0)
	admin, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer admin.Close() // and with the connection goes the lock
	if _, err := admin.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	var ready bool
	if err := admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn)", name).Scan(&ready); err != nil || ready {
		return err
	}
	for _, q := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name} {
		if _, err := admin.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("the test role must be allowed to create databases: %w", err)
		}
	}
	if err := migrate(database(base, name)); err != nil {
		return err
	}
	_, err = admin.ExecContext(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	return err
}
