package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

// Both databases must have the same tables with the same columns, each of the
// type that its word in the migrations stands for.
func TestSchemasAgree(t *testing.T) {
	dir := t.TempDir()
	lite := "sqlite:" + dir + "/a.db"
	testkit.Open(t, lite, clock.System{}).Close()
	address := testkit.Postgres(t)
	testkit.Open(t, address, clock.System{}).Close()
	want := map[string][2]string{"TEXT": {"TEXT", "text"}, "BIGINT": {"INTEGER", "bigint"}, "BOOLEAN": {"INTEGER", "boolean"},
		"TIMESTAMPTZ": {"TEXT", "timestamp with time zone"}, "BYTEA": {"BLOB", "bytea"}}
	sl, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(lite, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer sl.Close()
	pg, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	there := columns(t, sl, `SELECT name, type FROM sqlite_master WHERE type = 'table' AND name NOT LIKE $1`, "sqlite_%")
	for _, table := range store.Tables() {
		a := columns(t, sl, `SELECT name, type FROM pragma_table_info($1)`, table.Name)
		b := columns(t, pg, `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`, table.Name)
		if len(table.Columns) == 0 || len(a) != len(table.Columns) || len(b) != len(table.Columns) {
			t.Errorf("%s: %d columns declared, %d on SQLite, %d on PostgreSQL", table.Name, len(table.Columns), len(a), len(b))
		}
		for _, c := range table.Columns {
			if a[c.Name] != want[c.Type][0] || b[c.Name] != want[c.Type][1] {
				t.Errorf("%s.%s %s is %q on SQLite and %q on PostgreSQL", table.Name, c.Name, c.Type, a[c.Name], b[c.Name])
			}
		}
		var strict string
		if err := sl.QueryRow(`SELECT sql FROM sqlite_master WHERE name = $1`, table.Name).Scan(&strict); err != nil || !strings.Contains(strict, ") STRICT") {
			t.Errorf("%s is not STRICT on SQLite", table.Name)
		}
		delete(there, table.Name)
	}
	// A table that Tables does not see would be left out of backups. The first of
	// these is made whole by its migration, the second is the migrations' own.
	delete(there, "tick")
	delete(there, "goose_db_version")
	for name := range there {
		t.Errorf("%s is in the database and not in Tables", name)
	}
}

func columns(t *testing.T, db *sql.DB, query, table string) map[string]string {
	t.Helper()
	rows, err := db.Query(query, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		out[name] = kind
	}
	return out
}

func TestAuditLogOnlyGrows(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		if err := db.Change(ctx, entry, func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`UPDATE audit_entry SET actor_id = 'x'`, `DELETE FROM audit_entry`} {
			if err := db.Change(ctx, entry, func(tx *store.Tx) error { _, err := tx.Exec(ctx, q); return err }); err == nil {
				t.Errorf("%s was carried out", q)
			}
		}
		if err := db.Unguard(ctx); err != nil {
			t.Fatal(err)
		}
		if count(t, db, "audit_entry") != 1 {
			t.Error("lines were lost")
		}
	})
}

// An action that is not on the closed list is refused.
func TestUnknownActionIsRefused(t *testing.T) {
	db, _ := testkit.SQLite(t)
	e := entry
	e.Action = audit.Action("made.up")
	if err := db.Change(context.Background(), e, func(*store.Tx) error { return nil }); err == nil {
		t.Error("accepted")
	}
}
