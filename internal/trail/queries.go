package trail

import (
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/ids"
	"portico/internal/store"
)

const lineColumns = `e.id, e.at, e.action, e.outcome, e.actor, e.actor_id, e.patient_id, e.object, e.source, e.session, e.detail`

func scanLine(r store.Row) (l line, err error) {
	var at store.Time
	err = r.Scan(&l.id, &at, &l.Action, &l.Outcome, &l.Actor, &l.ActorID, &l.Patient, &l.Object, &l.Source, &l.Session, &l.Detail)
	l.at = at.Std()
	return l, err
}

// waiting are the oldest lines that are not sealed yet.
func waiting(ctx context.Context, tx *store.Tx, most int) ([]line, error) {
	return store.List(ctx, tx, scanLine, `
		SELECT `+lineColumns+` FROM audit_pending p JOIN audit_entry e ON e.id = p.entry_id
		ORDER BY p.at, p.entry_id LIMIT $1`, most)
}

// sealedSize is how many leaves the tree has.
func sealedSize(ctx context.Context, tx *store.Tx) (int64, error) {
	return store.Get(ctx, tx, store.One[int64], `SELECT COALESCE(MAX(leaf), -1) + 1 FROM audit_leaf`)
}

// newestNote is the newest checkpoint's note, "" if there is none.
func newestNote(ctx context.Context, tx *store.Tx) (string, error) {
	s, err := store.Get(ctx, tx, store.One[string], `SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1`)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return s, err
}

var errShort = errors.New("a stored hash of the audit log is missing")

// readHashes reads stored hashes by index, in the order asked.
func readHashes(ctx context.Context, tx *store.Tx, indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	args := make([]any, len(indexes))
	for i, x := range indexes {
		args[i] = x
	}
	nodes, err := store.List(ctx, tx, scanNode, `SELECT idx, hash FROM audit_hash WHERE idx IN (`+store.In(1, len(args))+`)`, args...)
	if err != nil {
		return nil, err
	}
	by := make(map[int64]tlog.Hash, len(nodes))
	for _, n := range nodes {
		by[n.index] = n.hash
	}
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h, ok := by[x]
		if !ok {
			return nil, errShort
		}
		out[i] = h
	}
	return out, nil
}

func scanNode(r store.Row) (n node, err error) {
	var b []byte
	err = r.Scan(&n.index, &b)
	n.hash = toHash(b)
	return n, err
}

// toHash takes stored bytes for a hash. Bytes of another length are an
// alteration; they become a hash that nothing has.
func toHash(b []byte) tlog.Hash {
	if len(b) != tlog.HashSize {
		return tlog.Hash{}
	}
	return tlog.Hash(b)
}

// readFrontier reads the right edge of the tree of n leaves.
func readFrontier(ctx context.Context, tx *store.Tx, n int64) (f frontier, err error) {
	f.size = n
	levels, indexes := edge(n)
	hashes, err := readHashes(ctx, tx, indexes)
	if err != nil {
		return f, err
	}
	for i, l := range levels {
		f.up[l] = hashes[i]
	}
	return f, nil
}

// leafRow is a leaf to be stored.
type leafRow struct {
	leaf  int64
	entry ids.Entry
	hash  tlog.Hash
}

func insertLeaves(ctx context.Context, tx *store.Tx, rows []leafRow) error {
	return inChunks(rows, func(part []leafRow, values string) error {
		args := make([]any, 0, 3*len(part))
		for _, r := range part {
			args = append(args, r.leaf, r.entry, r.hash[:])
		}
		_, err := tx.Exec(ctx, `INSERT INTO audit_leaf (leaf, entry_id, hash) VALUES `+values, args...)
		return err
	}, 3)
}

func insertNodes(ctx context.Context, tx *store.Tx, rows []node) error {
	return inChunks(rows, func(part []node, values string) error {
		args := make([]any, 0, 2*len(part))
		for _, r := range part {
			args = append(args, r.index, r.hash[:])
		}
		_, err := tx.Exec(ctx, `INSERT INTO audit_hash (idx, hash) VALUES `+values, args...)
		return err
	}, 2)
}

// inChunks hands rows over in parts of a few fixed sizes, so that few statement
// texts exist, with the "($1, $2), …" for a part's columns.
func inChunks[T any](rows []T, use func(part []T, values string) error, columns int) error {
	for _, size := range [...]int{100, 10, 1} {
		values := ""
		for i := range size {
			if i > 0 {
				values += ", "
			}
			values += "(" + store.In(1+i*columns, columns) + ")"
		}
		for len(rows) >= size {
			if err := use(rows[:size], values); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

func insertHead(ctx context.Context, tx *store.Tx, h head, signed string) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_checkpoint (size, at, note) VALUES ($1, $2, $3)`, h.size, store.Time(h.at), signed)
	return err
}
