package trail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/ids"
	"portico/internal/store"
)

// readFile reads the signed heads outside the database, before the database is
// looked at: what the file knows, the database must know too.
func (v *verifier) readFile(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the file of audit checkpoints cannot be opened: %w", err)
	}
	defer f.Close()
	// The newest head of ours names the keys of earlier secrets.
	if err := eachNote(f, func(signed string) error { v.signer.learn(signed); return nil }); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return eachNote(f, func(signed string) error {
		h, err := v.signer.read(signed)
		switch {
		case errors.Is(err, errForeign):
			v.broke(Foreign, v.before(h.size), h.size-1)
		case err != nil:
			v.report.Torn++
		case h.restored:
			v.void(h)
			v.onFile = append(v.onFile, h)
		default:
			v.onFile = append(v.onFile, h)
		}
		return nil
	})
}

// before is the size of the largest head on file below n.
func (v *verifier) before(n int64) int64 {
	var out int64
	for _, h := range v.onFile {
		if h.size < n {
			out = max(out, h.size)
		}
	}
	return out
}

// void drops the heads that a restore made pointless and counts what was lost.
func (v *verifier) void(h head) {
	var lost int64
	v.onFile = slices.DeleteFunc(v.onFile, func(o head) bool {
		lost = max(lost, o.size-h.size)
		return o.size > h.size
	})
	v.report.Lost += lost
}

// snapshot reads sizes in one statement, so that sealing under way cannot make
// them disagree.
func (v *verifier) snapshot(ctx context.Context) error {
	return v.db.View(ctx, func(tx *store.Tx) error {
		_, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			return struct{}{}, r.Scan(&v.size, &v.newest, &v.report.Waiting)
		}, `SELECT (SELECT COALESCE(MAX(leaf), -1) + 1 FROM audit_leaf), (SELECT COALESCE(MAX(size), 0) FROM audit_checkpoint), (SELECT COUNT(*) FROM audit_pending)`)
		v.report.Size = v.size
		return err
	})
}

type headRow struct {
	size int64
	note string
}

// readHeads reads the signed heads in the database.
func (v *verifier) readHeads(ctx context.Context) error {
	v.sizes = map[int64]bool{}
	known := map[head]bool{}
	for _, h := range v.onFile {
		known[h] = true
	}
	var last int64
	for {
		var rows []headRow
		err := v.db.View(ctx, func(tx *store.Tx) (err error) {
			rows, err = store.List(ctx, tx, func(r store.Row) (h headRow, err error) { return h, r.Scan(&h.size, &h.note) },
				`SELECT size, note FROM audit_checkpoint WHERE size > $1 AND size <= $2 ORDER BY size LIMIT 2000`, last, v.newest)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			h, err := v.signer.read(r.note)
			if err != nil || h.size != r.size {
				v.broke(Foreign, last, r.size-1)
			} else {
				v.sizes[h.size] = true
				if !known[h] {
					v.heads = append(v.heads, h)
				}
			}
			last = r.size
		}
	}
}

// compareHeads sets what the two places know beside each other.
func (v *verifier) compareHeads(context.Context) error {
	var last int64
	for _, h := range v.onFile {
		if h.size <= v.size && !v.sizes[h.size] {
			v.broke(HeadLost, min(last, h.size-1), h.size-1)
		}
		last = h.size
	}
	v.heads = append(v.heads, v.onFile...)
	slices.SortStableFunc(v.heads, func(a, b head) int { return int(a.size - b.size) })
	v.report.Heads = len(v.heads)
	var covered int64
	for _, h := range v.heads {
		covered = max(covered, h.size)
		if h.at.After(v.report.Newest) {
			v.report.Newest = h.at
		}
	}
	switch {
	case covered > v.size:
		v.broke(CutOff, v.size, covered-1)
	case covered < v.size:
		v.broke(Added, covered, v.size-1)
	case v.newest < v.size:
		v.broke(HeadLost, v.newest, v.size-1)
	}
	if len(v.onFile) == 0 && v.size > 0 {
		v.broke(NoWitness, v.size-1, v.size-1)
	}
	return nil
}

// unsealed looks for lines that are neither sealed nor waiting to be, and for
// hashes beyond the tree.
func (v *verifier) unsealed(ctx context.Context) error {
	return v.db.View(ctx, func(tx *store.Tx) error {
		stray, err := store.Get(ctx, tx, store.One[int64], `
			SELECT (SELECT COUNT(*) FROM audit_entry) - (SELECT COUNT(*) FROM audit_leaf) - (SELECT COUNT(*) FROM audit_pending)`)
		if err != nil {
			return err
		}
		if stray != 0 {
			if err := v.stray(ctx, tx); err != nil {
				return err
			}
		}
		beyond, err := store.Get(ctx, tx, store.One[int64], `
			SELECT COUNT(*) FROM audit_hash WHERE idx >= $1 AND (SELECT COALESCE(MAX(leaf), -1) + 1 FROM audit_leaf) = $2`,
			tlog.StoredHashCount(v.size), v.size)
		if beyond > 0 {
			v.broke(TreeHash, v.size, v.size)
		}
		return err
	})
}

// stray names a line that is in the log but neither sealed nor waiting, or both.
func (v *verifier) stray(ctx context.Context, tx *store.Tx) error {
	found, err := store.List(ctx, tx, store.One[ids.Entry], `
		SELECT e.id FROM audit_entry e
		LEFT JOIN audit_leaf l ON l.entry_id = e.id LEFT JOIN audit_pending p ON p.entry_id = e.id
		WHERE (l.entry_id IS NULL) = (p.entry_id IS NULL) ORDER BY e.at, e.id LIMIT 1`)
	if err != nil {
		return err
	}
	b := Break{Kind: Added, From: v.size, To: v.size}
	if len(found) > 0 {
		b.Entry = found[0]
	}
	v.breaks = append(v.breaks, b)
	return nil
}
