package trail

import (
	"encoding/base64"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"log/slog"

	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

func waitingLines(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_pending`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSealsAfterAMinuteOrAThousandLines(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		r := jobs.NewRunner(db, slog.New(slog.DiscardHandler))
		jobs.Handle(r, SealJob, tr.sealIfDue)
		if err := r.Schedule(ctx); err != nil {
			t.Fatal(err)
		}
		run := func(after time.Duration) int {
			c.Move(after)
			if err := r.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			return waitingLines(t, db)
		}
		fill(t, db, 3)
		if n := run(look); n != 3 {
			t.Errorf("%d lines wait after %v", n, look)
		}
		if n := run(sealEvery - look); n != 0 {
			t.Errorf("%d lines wait after a minute", n)
		}
		fill(t, db, sealAt-1)
		if n := run(look); n != sealAt-1 {
			t.Errorf("%d lines wait below a thousand", n)
		}
		fill(t, db, 2)
		if n := run(look); n != 0 {
			t.Errorf("%d lines wait beyond a thousand", n)
		}
		if rep := verify(t, tr); rep.First != nil || rep.Size != sealAt+4 || rep.Heads < 3 {
			t.Errorf("%+v %v", rep, rep.First)
		}
	})
}

// Several servers seal at once, each with a file of its own, while lines come.
func TestServersSealAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		servers := []*Trail{newTrail(t, db), newTrail(t, db), newTrail(t, db)}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { fill(t, db, 60) })
		}
		for _, tr := range servers {
			wg.Go(func() {
				for range 15 {
					if _, err := tr.Seal(ctx, duty); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for i, tr := range servers {
			if _, err := tr.Seal(ctx, duty); err != nil {
				t.Fatal(err)
			}
			if r := verify(t, tr); r.First != nil || r.Size != 180 || r.Waiting != 0 {
				t.Errorf("server %d: %+v %v", i, r, r.First)
			}
		}
	})
}

// A crash after the commit and before the file must heal and must not look like
// an attack; neither must a note that a crash tore.
func TestCrashBetweenCommitAndFile(t *testing.T) {
	db, c := testkit.SQLite(t)
	tr := sealedLog(t, db, c, 4, 4)
	whole, err := os.ReadFile(tr.File)
	if err != nil {
		t.Fatal(err)
	}
	second := strings.LastIndex(string(whole), origin)
	for _, cut := range []int{second - 1, second + 30, len(whole) - 60, len(whole) - 5} {
		if err := os.WriteFile(tr.File, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, tr); r.First != nil {
			t.Errorf("cut at %d: %s", cut, r.First)
		}
		if _, err := tr.Seal(ctx, duty); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(tr.File); !strings.HasSuffix(string(b), string(whole[second:])) {
			t.Errorf("cut at %d: the file did not get its head again", cut)
		}
		if r := verify(t, tr); r.First != nil {
			t.Errorf("cut at %d, healed: %s", cut, r.First)
		}
	}
}

// Nothing is sealed on top of an altered tree: that would sign the alteration.
func TestNothingIsSealedOnABrokenLog(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 6, 6)
		in := breakIn(t, tr, 1)
		for name, do := range map[string]func(){
			"old backup":      func() { in.cut(8) },
			"edge altered":    func() { in.do(`UPDATE audit_hash SET hash = $1`, []byte("x")) },
			"edge gone":       func() { in.do(`DELETE FROM audit_hash`) },
			"head gone":       func() { in.do(`DELETE FROM audit_checkpoint WHERE size = 12`) },
			"all heads gone":  func() { in.do(`DELETE FROM audit_checkpoint`) },
			"foreign rewrite": func() { in.rehash(foreignKeys(t)) },
		} {
			do()
			fill(t, db, 1)
			if _, err := tr.Seal(ctx, duty); err == nil || waitingLines(t, db) != 1 {
				t.Errorf("%s: sealed on: %v", name, err)
			}
			in.undo()
		}
	})
}

func TestARestoreIsOnRecord(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 6, 6, 6)
		in := breakIn(t, tr, 1)
		in.cut(12)
		if r := verify(t, tr); r.First == nil || r.First.Kind != CutOff {
			t.Fatalf("a restore that nobody declared: %v", r.First)
		}
		if err := tr.Restored(ctx, duty); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, tr); r.First != nil || r.Lost != 6 {
			t.Errorf("declared: %+v %v", r, r.First)
		}
		fill(t, db, 2)
		if n, err := tr.Seal(ctx, duty); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if r := verify(t, tr); r.First != nil || r.Lost != 6 || r.Size != 14 {
			t.Errorf("sealed on: %+v %v", r, r.First)
		}
		in.do(`DELETE FROM audit_leaf WHERE leaf >= 13`)
		if r := verify(t, tr); r.First == nil || r.First.Kind != CutOff || r.First.From != 13 {
			t.Errorf("cut after the restore: %v", r.First)
		}
	})
}

// The clinic's secret is changed: heads under the old one hold while it is kept
// and, once a head under the new one was signed, after it is gone.
func TestSecretChanged(t *testing.T) {
	db, c := testkit.SQLite(t)
	tr := sealedLog(t, db, c, 5)
	raw := func(seed byte) string {
		b := make([]byte, 48)
		for i := range b {
			b[i] = byte(i)*31 + seed
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	const first = "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm" // testkit.Keys
	rings := [][]string{{raw(7), first}, {raw(7)}, {raw(99), raw(7)}, {raw(99)}}
	for i, ring := range rings {
		keys, err := secret.NewKeyring(ring[0], ring[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		tr.Keys = keys
		if r := verify(t, tr); r.First != nil {
			t.Fatalf("step %d, before sealing: %s", i, r.First)
		}
		fill(t, db, 3)
		if _, err := tr.Seal(ctx, duty); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if r := verify(t, tr); r.First != nil {
			t.Fatalf("step %d, after sealing: %s", i, r.First)
		}
	}
	tr.Keys = foreignKeys(t)
	if r := verify(t, tr); r.First == nil || r.First.Kind != Foreign {
		t.Errorf("under a foreign secret: %v", r.First)
	}
}

func TestCheckIsOnRecord(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 3)
		if r, err := tr.Check(ctx, duty, ""); err != nil || r.First != nil {
			t.Fatal(r.First, err)
		}
		in := breakIn(t, tr, 1)
		in.do(`UPDATE audit_entry SET detail = 'x' WHERE id = $1`, in.entry(1))
		if _, err := tr.Check(ctx, duty, ""); err != nil {
			t.Fatal(err)
		}
		if n := in.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'audit.checked' AND (outcome = 'done' OR detail = 'edited')`); n != 2 {
			t.Errorf("%d checks on record", n)
		}
	})
}
