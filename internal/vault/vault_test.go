package vault_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/vault"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// tables of a made-up room, on tables of others: a sealed text with its index
// beside it, and hashes.
var tables = []vault.Table{
	{Name: "patient_contact", Key: []string{"id"},
		Sealed: []vault.Sealed{{Column: "sealed", Place: "contact"}},
		Marks:  []vault.Mark{{Column: "value_index", Purpose: "value", Prefix: "v:", Of: func(r vault.Row) string { return string(r.Plain("sealed")) }}}},
	{Name: "patient_address", Key: []string{"patient_id", "place"},
		Sealed: []vault.Sealed{{Column: "sealed", Place: "address", Row: func(r vault.Row) string { return r.Text("patient_id") + "/" + r.Text("place") }}}},
	{Name: "limit_wait", Key: []string{"key_hash"}, OneWay: []vault.OneWay{{Column: "key_hash", Live: "t.fails > 0", Until: "until it is used"}}},
}

func keys(t testing.TB, current string, older ...string) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(current, older...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, db *store.DB, k *secret.Keyring) *vault.Vault {
	t.Helper()
	v := vault.New(vault.Parts{DB: db, Keys: k, Log: slog.New(slog.DiscardHandler), Tables: tables})
	if err := v.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	return v
}

func fill(t *testing.T, db *store.DB, k *secret.Keyring, n int) {
	t.Helper()
	addresses(t, db, k, 0, n)
	if err := db.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) error {
		for i := range n {
			id, value := ids.New[string]("con"), strings.Repeat("x", i%7)+"@example.org"
			if _, err := tx.Exec(ctx, `INSERT INTO patient_contact (id, patient_id, kind, used_as, preference, sealed, value_index, since_at) VALUES ($1, 'pat_1', 'email', '', 1, $2, $3, $4)
				ON CONFLICT DO NOTHING`, id, k.Seal("contact", id, []byte(value)), "v:"+k.Index("value", value), store.Time(tx.Now)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO limit_wait (key_hash, fails, until_at) VALUES ($1, $2, $3)`, k.Index("once", id), i%2, store.Time(tx.Now)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkRemake puts 10,000 addresses under another key, which it tells in rows
// a second.
func BenchmarkRemake(b *testing.B) {
	for name, address := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "portico.db") },
		"postgres": func() string { return testkit.Postgres(b) },
	} {
		b.Run(name, func(b *testing.B) {
			const rows = 10_000
			for b.Loop() {
				b.StopTimer()
				db := testkit.Open(b, address(), clock.At(testkit.Noon))
				first, second := secret.NewSecret(), secret.NewSecret()
				v := open(b, db, keys(b, first))
				for from := 0; from < rows; from += 1000 {
					addresses(b, db, v.Keys, from, 1000)
				}
				v.Keys.Take(keys(b, second, first))
				if err := v.Rotate(ctx, duty, keys(b, second).Current()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := v.Remake(ctx, duty, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func addresses(t testing.TB, db *store.DB, k *secret.Keyring, from, n int) {
	t.Helper()
	if err := db.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
			VALUES ('pat_1', '', '', '', '', '', '', FALSE, TRUE, FALSE, '', '', $1, $1) ON CONFLICT DO NOTHING`, store.Time(tx.Now)); err != nil {
			return err
		}
		var rows [][]any
		for i := from; i < from+n; i++ {
			rows = append(rows, []any{"pat_1", i, k.Seal("address", "pat_1/"+strconv.Itoa(i), []byte("12 Elm Street, Springfield"))})
		}
		return tx.Insert(ctx, `INSERT INTO patient_address (patient_id, place, sealed) VALUES `, rows, "")
	}); err != nil {
		t.Fatal(err)
	}
}

// Everything that can be made anew is, by several workers at once; what cannot is
// counted, and its key is not retired before it is gone.
func TestRowsFollowTheKey(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		a, b := secret.NewSecret(), secret.NewSecret()
		v := open(t, db, keys(t, a))
		old := v.Keys.Current()
		fill(t, db, v.Keys, 450)
		v.Keys.Take(keys(t, b, a))
		next := keys(t, b).Current()
		if v.Keys.Current() != old {
			t.Fatal("an added key writes at once")
		}
		if err := v.Rotate(ctx, duty, next); err != nil {
			t.Fatal(err)
		}
		if busy, err := v.Unfinished(ctx); err != nil || !busy {
			t.Fatalf("unfinished = %v, %v", busy, err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := open(t, db, keys(t, b, a)).Remake(ctx, duty, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if busy, err := v.Unfinished(ctx); err != nil || busy {
			t.Fatalf("unfinished = %v, %v", busy, err)
		}
		needs, err := v.Needs(ctx, duty)
		if err != nil {
			t.Fatal(err)
		}
		if n := needs[old]; len(n) != 1 || n[0].Column != "key_hash" || n[0].Rows != 225 {
			t.Errorf("under the old key: %+v", n)
		}
		if n, err := v.Verify(ctx, duty); err != nil || n != 457 {
			t.Errorf("%d rows open, %v", n, err)
		}
		if err := v.Retire(ctx, duty, old); err == nil || !strings.Contains(err.Error(), "limit_wait.key_hash: 225 (until it is used)") {
			t.Errorf("retired: %v", err)
		}
		if err := v.Retire(ctx, duty, next); err == nil {
			t.Error("the key that writes was retired")
		}
		if err := db.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) error { _, err := tx.Exec(ctx, `UPDATE limit_wait SET fails = 0`); return err }); err != nil {
			t.Fatal(err)
		}
		if err := v.Retire(ctx, duty, old); err != nil {
			t.Fatal(err)
		}
		if got := states(t, v); got[old] != "retired" || got[next] != "writes" {
			t.Errorf("%v", got)
		}
	})
}

func states(t *testing.T, v *vault.Vault) map[string]string {
	t.Helper()
	list, err := v.List(ctx, duty)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, k := range list {
		out[k.ID] = k.State
	}
	return out
}

// While a process writes with the old key nothing is made anew: it would slip
// rows in behind.
func TestNothingIsRemadeBehindASlowWriter(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		a, b := secret.NewSecret(), secret.NewSecret()
		v := open(t, db, keys(t, b, a))
		first := v.Keys.Current()
		fill(t, db, v.Keys, 3)
		slow := keys(t, a).Current()
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO vault_holder (id, held, writes, seen_at) VALUES ('prc_slow', $1, $2, $3)`, first+" "+slow, first, store.Time(tx.Now))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := v.Rotate(ctx, duty, slow); err != nil {
			t.Fatal(err)
		}
		if err := v.Remake(ctx, duty, nil); !errors.Is(err, vault.ErrWaiting) {
			t.Fatalf("remade behind a slow writer: %v", err)
		}
		c.Move(2 * time.Minute) // it fell silent
		if err := v.Remake(ctx, duty, nil); err != nil {
			t.Fatal(err)
		}
		// What it wrote all the same is found and made anew.
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE patient_address SET sealed = $1 WHERE place = 1`, keys(t, b).Seal("address", "pat_1/1", []byte("Oak Street")))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if again, err := v.Again(ctx, duty); err != nil || !again {
			t.Fatalf("again = %v, %v", again, err)
		}
		if err := v.Remake(ctx, duty, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := v.Again(ctx, duty); err != nil || again {
			t.Errorf("again = %v, %v", again, err)
		}
	})
}

// A process with keys that the database was not written with does not start.
func TestStrangeKeysAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		open(t, db, keys(t, secret.NewSecret()))
		v := vault.New(vault.Parts{DB: db, Keys: keys(t, secret.NewSecret()), Tables: tables})
		if err := v.Refresh(ctx); err == nil || !strings.Contains(err.Error(), "not among the keys given") {
			t.Errorf("taken: %v", err)
		}
		if err := v.Rotate(ctx, duty, "00000000"); err == nil {
			t.Error("a key that nobody holds writes now")
		}
	})
}

// A moved ciphertext is an error that names its row, not a row made anew.
func TestMovedSealsAreNotMadeAnew(t *testing.T) {
	db, _ := testkit.SQLite(t)
	a, b := secret.NewSecret(), secret.NewSecret()
	v := open(t, db, keys(t, a))
	fill(t, db, v.Keys, 2)
	if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE patient_address SET sealed = (SELECT o.sealed FROM patient_address o WHERE o.place = 0) WHERE place = 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	v.Keys.Take(keys(t, b, a))
	if err := v.Rotate(ctx, duty, keys(t, b).Current()); err != nil {
		t.Fatal(err)
	}
	if err := v.Remake(ctx, duty, nil); !errors.Is(err, secret.ErrSealed) || !strings.Contains(err.Error(), "patient_address.sealed of pat_1") {
		t.Errorf("%v", err)
	}
}
