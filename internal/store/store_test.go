package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

var entry = audit.Entry{Action: audit.DemoMade, Outcome: audit.Done, Actor: audit.ByDuty, ActorID: "test"}

func count(t *testing.T, db *store.DB, table string) int {
	t.Helper()
	var n int
	if err := db.View(context.Background(), func(tx *store.Tx) (err error) {
		n, err = store.Get(context.Background(), tx, store.One[int], "SELECT COUNT(*) FROM "+table)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func insertKey(ctx context.Context, tx *store.Tx, key string) error {
	_, err := tx.Exec(ctx, `INSERT INTO form_key (key_hash, used_at) VALUES ($1, $2)`, key, store.Time(tx.Now))
	return err
}

func TestChangeDemandsAnAuditEntry(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		err := db.Change(ctx, audit.Entry{}, func(tx *store.Tx) error { return insertKey(ctx, tx, "a") })
		if err == nil || count(t, db, "form_key") != 0 {
			t.Fatalf("an empty audit entry was accepted: %v", err)
		}
		if err := db.Change(ctx, entry, func(tx *store.Tx) error { return insertKey(ctx, tx, "a") }); err != nil {
			t.Fatal(err)
		}
		if count(t, db, "audit_entry") != 1 || count(t, db, "audit_pending") != 1 {
			t.Error("the audit line is not there")
		}
	})
}

func TestFailedChangeLeavesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		stop := errors.New("stop")
		err := db.Change(ctx, entry, func(tx *store.Tx) error {
			if err := insertKey(ctx, tx, "a"); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) || count(t, db, "form_key") != 0 || count(t, db, "audit_entry") != 0 {
			t.Fatalf("a failed change left rows behind: %v", err)
		}
	})
}

func TestViewCannotWrite(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		if err := db.View(ctx, func(tx *store.Tx) error { return insertKey(ctx, tx, "a") }); err == nil {
			t.Fatal("a view wrote a row")
		}
	})
}

// One failing or panicking change in a group must not take its neighbours along.
func TestGroupCommitKeepsNeighbours(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		var wg sync.WaitGroup
		var mu sync.Mutex
		failed, thrown := 0, 0
		for i := range 60 {
			wg.Go(func() {
				defer func() {
					if recover() != nil {
						mu.Lock()
						thrown++
						mu.Unlock()
					}
				}()
				err := db.Change(ctx, entry, func(tx *store.Tx) error {
					if err := insertKey(ctx, tx, fmt.Sprint("k", i)); err != nil {
						return err
					}
					switch i % 6 {
					case 1:
						return errors.New("no")
					case 2:
						panic("thrown")
					case 3:
						return insertKey(ctx, tx, "k0") // breaks the primary key, or is the first
					}
					return nil
				})
				if err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if thrown != 10 {
			t.Errorf("%d of 10 panics reached their caller", thrown)
		}
		if n := count(t, db, "form_key"); n < 30 || n > 31 {
			t.Errorf("%d keys stored, failed %d", n, failed)
		}
		if a, k := count(t, db, "audit_entry"), 60-thrown-failed; a != k {
			t.Errorf("%d audit lines for %d changes that succeeded", a, k)
		}
	})
}

// A version may bring a migration with a lower number than the newest that a
// clinic's database has.
func TestMigrateOutOfOrder(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
			for _, q := range []string{`DROP TABLE chart_opening`, `DELETE FROM goose_db_version WHERE version_id = 52`} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Ready(ctx); err == nil || !strings.Contains(err.Error(), "52") {
			t.Errorf("ready without it: %v", err)
		}
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if err := db.Ready(ctx); err != nil {
			t.Error(err)
		}
		if n := count(t, db, "chart_opening"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestMigrateTwiceAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		if err := db.Ready(context.Background()); err != nil {
			t.Fatal(err)
		}
		// A change first, so that migrating again meets a busy writer.
		if err := db.Change(context.Background(), entry, func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := db.Migrate(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestUniqueBreachIsRecognised(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx := context.Background()
		for i := range 2 {
			err := db.Change(ctx, entry, func(tx *store.Tx) error { return insertKey(ctx, tx, "a") })
			if got := store.IsUnique(err); got != (i == 1) {
				t.Errorf("try %d: IsUnique = %v for %v", i, got, err)
			}
		}
	})
}

// A moment that was read as text is the one that was written, on both databases and
// whatever zone the server is set to; another form is an error, never another moment.
func TestMomentsAsText(t *testing.T) {
	ctx := context.Background()
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		c.Move(1230 * time.Millisecond)
		if err := db.Change(ctx, entry, func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := db.View(ctx, func(tx *store.Tx) error {
			text, err := store.Get(ctx, tx, store.One[string], `SELECT CONCAT_WS('', at) FROM audit_entry ORDER BY at DESC LIMIT 1`)
			if err != nil {
				return err
			}
			if got, err := store.Moment(text); err != nil || !got.Equal(c.Now()) {
				t.Errorf("%s is read as %v, %v, want %v", text, got, err, c.Now())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
	for _, text := range []string{"", "2026-03-08", "2026-03-08 06:59:59", "2026-03-08 06:59:59-05", "2026-03-08T06:59:59-05:00", "03/08/2026 06:59:59+00"} {
		if got, err := store.Moment(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
