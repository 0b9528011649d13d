package trail

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// fill writes n lines about several people.
func fill(t testing.TB, db *store.DB, n int) {
	t.Helper()
	for i := range n {
		e := audit.Entry{Action: audit.ChartOpened, Outcome: audit.Done, Actor: audit.ByStaff, ActorID: fmt.Sprint("stf_", i%3),
			Patient: fmt.Sprint("pat_", i%7), Object: fmt.Sprint("thing ", i), Source: "192.0.2.1"}
		if err := db.Change(ctx, e, func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func newTrail(t testing.TB, db *store.DB) *Trail {
	return &Trail{DB: db, Keys: testkit.Keys(t), File: filepath.Join(t.TempDir(), "heads.log")}
}

// sealedLog seals lines under one head for each of parts.
func sealedLog(t testing.TB, db *store.DB, c *clock.Fake, parts ...int) *Trail {
	t.Helper()
	tr := newTrail(t, db)
	for _, n := range parts {
		fill(t, db, n)
		c.Move(sealEvery)
		if got, err := tr.Seal(ctx, duty); err != nil || got != n {
			t.Fatalf("sealed %d of %d: %v", got, n, err)
		}
	}
	return tr
}

func verify(t testing.TB, tr *Trail) Report {
	t.Helper()
	r, err := tr.Verify(ctx, duty, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// intruder works on the database directly, as someone with its password would.
type intruder struct {
	t    testing.TB
	db   *store.DB
	tr   *Trail
	rnd  *rand.Rand
	size int64
	head string // content of the file of heads
}

var tampered = []string{"audit_pending", "audit_leaf", "audit_hash", "audit_checkpoint", "audit_entry"}

// breakIn takes the foreign keys away and keeps a copy of everything, so that
// one log serves for many attacks.
func breakIn(t testing.TB, tr *Trail, seed uint64) *intruder {
	t.Helper()
	in := &intruder{t: t, db: tr.DB, tr: tr, rnd: rand.New(rand.NewPCG(seed, 1))}
	bare := map[string]string{
		"audit_pending": "entry_id TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL",
		"audit_leaf":    "leaf BIGINT PRIMARY KEY, entry_id TEXT NOT NULL, hash BYTEA NOT NULL",
	}
	for _, name := range tampered {
		if cols := bare[name]; cols != "" {
			ddl := "CREATE TABLE bare_" + name + " (" + cols + "\n);"
			if in.db.Engine() == store.SQLite {
				ddl = store.ToSQLite(ddl)
			}
			in.do(ddl)
			in.do("INSERT INTO bare_" + name + " SELECT * FROM " + name)
			in.do("DROP TABLE " + name)
			in.do("ALTER TABLE bare_" + name + " RENAME TO " + name)
		}
		in.do("CREATE TABLE copy_" + name + " AS SELECT * FROM " + name)
	}
	for _, name := range tampered {
		for _, what := range []string{"_no_update", "_no_delete"} {
			drop := "DROP TRIGGER IF EXISTS " + name + what
			if in.db.Engine() == store.Postgres {
				drop += " ON " + name
			}
			in.do(drop)
		}
	}
	in.size = in.number("SELECT COUNT(*) FROM audit_leaf")
	b, err := os.ReadFile(tr.File)
	if err != nil {
		t.Fatal(err)
	}
	in.head = string(b)
	return in
}

func (in *intruder) undo() {
	for _, name := range tampered {
		in.do("DELETE FROM " + name)
		in.do("INSERT INTO " + name + " SELECT * FROM copy_" + name)
	}
	in.file(in.head)
}

func (in *intruder) file(content string) {
	if err := os.WriteFile(in.tr.File, []byte(content), 0o600); err != nil {
		in.t.Fatal(err)
	}
}

func (in *intruder) do(sql string, args ...any) {
	in.t.Helper()
	if err := in.db.Housekeep(ctx, "intruder", func(tx *store.Tx) error { _, err := tx.Exec(ctx, sql, args...); return err }); err != nil {
		in.t.Fatal(err)
	}
}

func (in *intruder) number(sql string, args ...any) (n int64) {
	in.t.Helper()
	if err := in.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int64], sql, args...)
		return err
	}); err != nil {
		in.t.Fatal(err)
	}
	return n
}

func (in *intruder) entry(place int64) (id string) {
	in.t.Helper()
	if err := in.db.View(ctx, func(tx *store.Tx) (err error) {
		id, err = store.Get(ctx, tx, store.One[string], `SELECT entry_id FROM audit_leaf WHERE leaf = $1`, place)
		return err
	}); err != nil {
		in.t.Fatal(err)
	}
	return id
}

// shift moves every leaf from place on by one up or down.
func (in *intruder) shift(from int64, by int64) {
	in.do(`UPDATE audit_leaf SET leaf = -leaf - 1 WHERE leaf >= $1`, from)
	in.do(`UPDATE audit_leaf SET leaf = -leaf - 1 + $1 WHERE leaf < 0`, by)
}

func (in *intruder) addEntry(id ids.Entry) {
	in.do(`INSERT INTO audit_entry (id, at, action, outcome, actor, actor_id, patient_id, object, source, session, detail)
		VALUES ($1, $2, 'chart.opened', 'done', 'staff', 'stf_0', 'pat_0', 'forged', '', '', '')`, id, store.Time(testkit.Noon))
}

// rehash makes all hashes fit the lines as they are now, and signs heads at the
// same sizes as before under keys.
func (in *intruder) rehash(keys *secret.Keyring) {
	in.t.Helper()
	var lines []line
	var sizes []int64
	if err := in.db.View(ctx, func(tx *store.Tx) (err error) {
		lines, err = store.List(ctx, tx, scanLine, `SELECT `+lineColumns+` FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id ORDER BY l.leaf`)
		if err == nil {
			sizes, err = store.List(ctx, tx, store.One[int64], `SELECT size FROM audit_checkpoint ORDER BY size`)
		}
		return err
	}); err != nil {
		in.t.Fatal(err)
	}
	s, err := newSigner(keys)
	if err != nil {
		in.t.Fatal(err)
	}
	in.do(`DELETE FROM audit_leaf`)
	in.do(`DELETE FROM audit_hash`)
	in.do(`DELETE FROM audit_checkpoint`)
	var f frontier
	for i, l := range lines {
		h := l.hash()
		in.do(`INSERT INTO audit_leaf (leaf, entry_id, hash) VALUES ($1, $2, $3)`, i, l.id, h[:])
		for _, n := range f.add(h, nil) {
			in.do(`INSERT INTO audit_hash (idx, hash) VALUES ($1, $2)`, n.index, n.hash[:])
		}
		for _, size := range sizes {
			if size != f.size {
				continue
			}
			note, err := s.write(head{size: size, root: f.root(), at: testkit.Noon})
			if err != nil {
				in.t.Fatal(err)
			}
			in.do(`INSERT INTO audit_checkpoint (size, at, note) VALUES ($1, $2, $3)`, size, store.Time(testkit.Noon), note)
		}
	}
}

func foreignKeys(t testing.TB) *secret.Keyring {
	b := make([]byte, 48)
	for i := range b {
		b[i] = byte(i*37 + 11)
	}
	k, err := secret.NewKeyring(base64.StdEncoding.EncodeToString(b))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// attack alters the log at a random place and says which kinds of answer are
// right and where the answer must point.
type attack struct {
	name  string
	do    func(in *intruder, at int64)
	kinds []Kind
	exact bool // the answer names the place itself, not a range around it
}

var fields = []string{"action", "outcome", "actor", "actor_id", "patient_id", "object", "source", "session", "detail"}

var attacks = []attack{
	{"edit", func(in *intruder, at int64) {
		in.do(`UPDATE audit_entry SET `+fields[in.rnd.IntN(len(fields))]+` = 'x' WHERE id = $1`, in.entry(at))
	}, []Kind{Edited}, true},
	{"edit time", func(in *intruder, at int64) {
		in.do(`UPDATE audit_entry SET at = $2 WHERE id = $1`, in.entry(at), store.Time(testkit.Noon.AddDate(-1, 0, 0)))
	}, []Kind{Edited}, true},
	{"edit with hash", func(in *intruder, at int64) {
		id := in.entry(at)
		in.do(`UPDATE audit_entry SET patient_id = 'x' WHERE id = $1`, id)
		h := in.lineHash(id)
		in.do(`UPDATE audit_leaf SET hash = $2 WHERE leaf = $1`, at, h[:])
	}, []Kind{Edited}, true},
	{"edit with hash and leaf of the tree", func(in *intruder, at int64) {
		id := in.entry(at)
		in.do(`UPDATE audit_entry SET patient_id = 'x' WHERE id = $1`, id)
		h := in.lineHash(id)
		in.do(`UPDATE audit_leaf SET hash = $2 WHERE leaf = $1`, at, h[:])
		in.do(`UPDATE audit_hash SET hash = $2 WHERE idx = $1`, tlog.StoredHashIndex(0, at), h[:])
	}, []Kind{Rewritten}, false},
	{"delete line", func(in *intruder, at int64) {
		in.do(`DELETE FROM audit_entry WHERE id = $1`, in.entry(at))
	}, []Kind{Deleted}, true},
	{"delete line and leaf", func(in *intruder, at int64) {
		in.do(`DELETE FROM audit_entry WHERE id = $1`, in.entry(at))
		in.do(`DELETE FROM audit_leaf WHERE leaf = $1`, at)
	}, []Kind{Deleted, CutOff}, true},
	{"delete and close the gap", func(in *intruder, at int64) {
		in.do(`DELETE FROM audit_entry WHERE id = $1`, in.entry(at))
		in.do(`DELETE FROM audit_leaf WHERE leaf = $1`, at)
		in.shift(at, -1)
	}, []Kind{Deleted, CutOff}, true},
	{"swap neighbours", func(in *intruder, at int64) {
		at = min(at, in.size-2)
		a, b := in.entry(at), in.entry(at+1)
		in.do(`UPDATE audit_leaf SET entry_id = $2 WHERE leaf = $1`, at, b)
		in.do(`UPDATE audit_leaf SET entry_id = $2 WHERE leaf = $1`, at+1, a)
	}, []Kind{Moved}, false},
	{"swap far", func(in *intruder, at int64) {
		at = min(at, in.size-2)
		a, b := in.entry(at), in.entry(in.size-1)
		in.do(`UPDATE audit_leaf SET entry_id = $2 WHERE leaf = $1`, at, b)
		in.do(`UPDATE audit_leaf SET entry_id = $2 WHERE leaf = $1`, in.size-1, a)
	}, []Kind{Moved}, false},
	{"insert", func(in *intruder, at int64) {
		id := ids.NewEntry()
		in.addEntry(id)
		in.shift(at, 1)
		h := in.lineHash(string(id))
		in.do(`INSERT INTO audit_leaf (leaf, entry_id, hash) VALUES ($1, $2, $3)`, at, id, h[:])
	}, []Kind{Added}, true},
	{"append", func(in *intruder, _ int64) {
		id := ids.NewEntry()
		in.addEntry(id)
		h := in.lineHash(string(id))
		in.do(`INSERT INTO audit_leaf (leaf, entry_id, hash) VALUES ($1, $2, $3)`, in.size, id, h[:])
	}, []Kind{Added}, false},
	{"stray line", func(in *intruder, _ int64) { in.addEntry(ids.NewEntry()) }, []Kind{Added}, false},
	{"leaf hash", func(in *intruder, at int64) {
		h := tlog.RecordHash([]byte("x"))
		in.do(`UPDATE audit_leaf SET hash = $2 WHERE leaf = $1`, at, h[:])
	}, []Kind{LeafHash}, true},
	{"tree hash", func(in *intruder, at int64) {
		h := tlog.RecordHash([]byte("x"))
		in.do(`UPDATE audit_hash SET hash = $2 WHERE idx = $1`, tlog.StoredHashIndex(0, at), h[:])
	}, []Kind{TreeHash}, true},
	{"tree hash gone", func(in *intruder, at int64) {
		in.do(`DELETE FROM audit_hash WHERE idx = $1`, tlog.StoredHashIndex(0, at))
	}, []Kind{TreeHash}, true},
	{"upper tree hash", func(in *intruder, at int64) {
		at = at | 1
		if at >= in.size {
			at -= 2
		}
		in.do(`UPDATE audit_hash SET hash = $2 WHERE idx = $1`, tlog.StoredHashIndex(1, at>>1), []byte("short"))
	}, []Kind{TreeHash}, false},
	{"hash beyond the tree", func(in *intruder, _ int64) {
		in.do(`INSERT INTO audit_hash (idx, hash) VALUES ($1, $2)`, tlog.StoredHashCount(in.size)+3, []byte("x"))
	}, []Kind{TreeHash}, false},
	{"old backup", func(in *intruder, at int64) { in.cut(at) }, []Kind{CutOff}, false},
	{"cut tail, heads kept", func(in *intruder, at int64) {
		in.do(`DELETE FROM audit_leaf WHERE leaf >= $1`, at)
	}, []Kind{CutOff}, true},
	{"rewrite under a foreign key", func(in *intruder, at int64) {
		in.do(`UPDATE audit_entry SET patient_id = 'x' WHERE id = $1`, in.entry(at))
		in.rehash(foreignKeys(in.t))
	}, []Kind{Foreign}, false},
	{"rewrite, heads of the database thrown away", func(in *intruder, at int64) {
		in.do(`UPDATE audit_entry SET patient_id = 'x' WHERE id = $1`, in.entry(at))
		in.rehash(foreignKeys(in.t))
		in.do(`DELETE FROM audit_checkpoint`)
	}, []Kind{HeadLost}, false},
	{"genuine lines, foreign heads", func(in *intruder, _ int64) { in.rehash(foreignKeys(in.t)) }, []Kind{Foreign}, false},
	{"a head thrown away", func(in *intruder, _ int64) {
		in.do(`DELETE FROM audit_checkpoint WHERE size = $1`, in.size)
	}, []Kind{HeadLost}, false},
	{"a head for another size", func(in *intruder, _ int64) {
		in.do(`UPDATE audit_checkpoint SET size = size + 1 WHERE size = $1`, in.size)
	}, []Kind{Foreign}, false},
	{"a head altered on file", func(in *intruder, at int64) {
		b := []byte(in.head)
		b[len(origin)+2+int(at%2)] ^= 1 // a digit of the first head's size, or its line end
		in.file(string(b))
	}, []Kind{Foreign, NoWitness}, false},
	{"file of heads gone", func(in *intruder, _ int64) { os.Remove(in.tr.File) }, []Kind{NoWitness}, false},
	{"file of heads of a clone", func(in *intruder, at int64) {
		in.do(`UPDATE audit_entry SET patient_id = 'x' WHERE id = $1`, in.entry(at))
		in.rehash(foreignKeys(in.t))
		in.file("")
		s, _ := newSigner(foreignKeys(in.t))
		note, _ := s.write(head{size: in.size, at: testkit.Noon})
		in.file("\n" + note)
	}, []Kind{Foreign}, false},
}

// cut puts an older state of the whole log in place: consistent in itself.
func (in *intruder) cut(at int64) {
	size := in.number(`SELECT COALESCE(MAX(size), 0) FROM audit_checkpoint WHERE size <= $1 AND size < $2`, at, in.size)
	in.do(`DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_leaf WHERE leaf >= $1)`, size)
	in.do(`DELETE FROM audit_leaf WHERE leaf >= $1`, size)
	in.do(`DELETE FROM audit_hash WHERE idx >= $1`, tlog.StoredHashCount(size))
	in.do(`DELETE FROM audit_checkpoint WHERE size > $1`, size)
}

func (in *intruder) lineHash(id string) (h tlog.Hash) {
	in.t.Helper()
	if err := in.db.View(ctx, func(tx *store.Tx) error {
		l, err := store.Get(ctx, tx, scanLine, `SELECT `+lineColumns+` FROM audit_entry e WHERE e.id = $1`, id)
		h = l.hash()
		return err
	}); err != nil {
		in.t.Fatal(err)
	}
	return h
}
