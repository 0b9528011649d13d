package store_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

// A backup of either database can be restored on the other.
func TestBackupMovesBetweenDatabases(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		ctx := context.Background()
		for i := range 50 {
			if err := db.Change(ctx, entry, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO audit_leaf (leaf, entry_id, hash) SELECT $1, id, $2 FROM audit_entry LIMIT 0`, i, []byte{0, 255})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		n, err := db.Backup(ctx, &b)
		if err != nil || n != 100 {
			t.Fatalf("%d rows, %v", n, err)
		}
		targets := map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "to.db"), "postgres": testkit.Postgres(t)}
		for name, address := range targets {
			to := testkit.Open(t, address, c)
			if got, err := to.Restore(ctx, bytes.NewReader(b.Bytes())); err != nil || got != n {
				t.Fatalf("to %s: %d rows, %v", name, got, err)
			}
			var again bytes.Buffer
			if got, err := to.Backup(ctx, &again); err != nil || got != n {
				t.Fatalf("again from %s: %d, %v", name, got, err)
			}
			if _, err := to.Restore(ctx, bytes.NewReader(b.Bytes())); err == nil {
				t.Error("restored over existing data")
			}
		}
		for _, cut := range []int{0, 5, b.Len() / 2, b.Len() - 9} {
			to := testkit.Open(t, "sqlite:"+filepath.Join(t.TempDir(), fmt.Sprint(cut)), c)
			if _, err := to.Restore(ctx, bytes.NewReader(b.Bytes()[:cut])); err == nil {
				t.Errorf("a backup cut at %d was accepted", cut)
			}
			if count(t, to, "audit_entry") != 0 {
				t.Errorf("a backup cut at %d left rows", cut)
			}
		}
	})
}
