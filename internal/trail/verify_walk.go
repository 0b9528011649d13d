package trail

import (
	"context"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/store"
)

// stretch is how many leaves are read at once.
const stretch = 4000

// sealed is a leaf with the line it stands for.
type sealed struct {
	leafRow
	line line // without id if the line is gone
}

// part is a stretch of the log as it is stored.
type part struct {
	from, to int64
	leaves   []sealed
	nodes    []node
	err      error
}

// walk hashes every line anew, in order, and compares with what is stored and
// signed. Reading runs ahead of hashing.
func (v *verifier) walk(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := make(chan part, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(ahead)
		for from := int64(0); from < v.size; from += stretch {
			p := v.readPart(ctx, from, min(from+stretch, v.size))
			select {
			case ahead <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
		}
	})
	for p := range ahead {
		if p.err != nil {
			return p.err
		}
		if found, err := v.part(ctx, p); found || err != nil {
			return err
		}
	}
	// What was not settled by a head lies beyond the newest one.
	if v.suspect != nil {
		return v.altered(ctx)
	}
	return nil
}

func (v *verifier) readPart(ctx context.Context, from, to int64) part {
	p := part{from: from, to: to}
	p.err = v.db.View(ctx, func(tx *store.Tx) (err error) {
		p.leaves, err = store.List(ctx, tx, scanSealed, `
			SELECT l.leaf, l.entry_id, l.hash, COALESCE(e.id, ''), e.at, COALESCE(e.action, ''), COALESCE(e.outcome, ''), COALESCE(e.actor, ''),
				COALESCE(e.actor_id, ''), COALESCE(e.patient_id, ''), COALESCE(e.object, ''), COALESCE(e.source, ''), COALESCE(e.session, ''), COALESCE(e.detail, '')
			FROM audit_leaf l LEFT JOIN audit_entry e ON e.id = l.entry_id
			WHERE l.leaf >= $1 AND l.leaf < $2 ORDER BY l.leaf`, from, to)
		if err != nil {
			return err
		}
		p.nodes, err = store.List(ctx, tx, scanNode, `SELECT idx, hash FROM audit_hash WHERE idx >= $1 AND idx < $2 ORDER BY idx`,
			tlog.StoredHashIndex(0, from), tlog.StoredHashCount(to))
		return err
	})
	return p
}

func scanSealed(r store.Row) (s sealed, err error) {
	var at store.Time
	var h []byte
	l := &s.line
	err = r.Scan(&s.leaf, &s.entry, &h, &l.id, &at, &l.Action, &l.Outcome, &l.Actor, &l.ActorID, &l.Patient, &l.Object, &l.Source, &l.Session, &l.Detail)
	l.at, s.hash = at.Std(), toHash(h)
	return s, err
}

// part goes through one stretch; found ends the walk.
func (v *verifier) part(ctx context.Context, p part) (found bool, err error) {
	stored := p.nodes
	var fresh []node
	for i, place := 0, p.from; place < p.to; i, place = i+1, place+1 {
		if i >= len(p.leaves) || p.leaves[i].leaf != place || p.leaves[i].line.id == "" {
			b := Break{Kind: Deleted, From: place, To: place}
			if i < len(p.leaves) && p.leaves[i].leaf == place {
				b.Entry = p.leaves[i].entry
			}
			v.breaks = append(v.breaks, b)
			return true, nil
		}
		s := p.leaves[i]
		h := s.line.hash()
		fresh = v.content.add(h, fresh[:0])
		if v.suspect == nil && s.hash != h {
			v.suspect = &suspect{from: place, leaf: place, id: s.entry, line: h, beside: s.hash}
		}
		stored = v.compare(s, fresh, stored)
		if found, err := v.meet(ctx); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// compare sets the hashes that this leaf gives beside those stored.
func (v *verifier) compare(s sealed, fresh, stored []node) []node {
	for level, n := range fresh {
		same := false
		for len(stored) > 0 && stored[0].index <= n.index {
			same = stored[0] == n
			stored = stored[1:]
		}
		if !same && v.suspect == nil {
			v.suspect = &suspect{from: max(v.good, s.leaf>>level<<level), leaf: s.leaf, level: level, id: s.entry, line: fresh[0].hash, beside: s.hash}
		}
	}
	return stored
}

// meet compares the tree with the heads signed at its present size.
func (v *verifier) meet(ctx context.Context) (found bool, err error) {
	for len(v.heads) > 0 && v.heads[0].size <= v.content.size {
		h := v.heads[0]
		v.heads = v.heads[1:]
		if h.size < v.content.size {
			continue // of a size below one: never signed, see parseHead
		}
		if h.root != v.content.root() {
			if v.suspect == nil {
				v.broke(Rewritten, v.good, h.size-1)
				return true, nil
			}
			return true, v.altered(ctx)
		}
		if s := v.suspect; s != nil {
			// The lines are as signed, so a stored hash is not.
			k := TreeHash
			if s.level == 0 && s.beside != s.line {
				k = LeafHash
			}
			v.breaks = append(v.breaks, Break{Kind: k, From: s.leaf, To: s.leaf, Entry: s.id})
			return true, nil
		}
		v.good = h.size
	}
	return false, nil
}

// altered says what happened to a line that differs from what was sealed.
func (v *verifier) altered(ctx context.Context) error {
	s := v.suspect
	b := Break{Kind: Edited, From: s.from, To: s.leaf, Entry: s.id}
	if s.level > 0 {
		b.Kind, b.Entry = Rewritten, ""
		v.breaks = append(v.breaks, b)
		return nil
	}
	err := v.db.View(ctx, func(tx *store.Tx) error {
		places, err := store.List(ctx, tx, store.One[int64], `SELECT idx FROM audit_hash WHERE hash = $1`, s.line[:])
		if err != nil {
			return err
		}
		elsewhere := false
		for _, at := range places {
			if level, n := tlog.SplitStoredHashIndex(at); level == 0 && n != s.leaf {
				elsewhere = true
			}
		}
		if elsewhere {
			b.Kind, err = v.shifted(ctx, tx, s)
			return err
		}
		// Unknown content here, and the content that belongs here one place on:
		// a line was pushed in.
		if next, err := v.lineAt(ctx, tx, s.leaf+1); err == nil && next == v.storedAt(ctx, tx, s.leaf) {
			b.Kind = Added
		}
		return nil
	})
	v.breaks = append(v.breaks, b)
	return err
}

// shifted tells a deletion that closed the gap from lines that changed places.
func (v *verifier) shifted(ctx context.Context, tx *store.Tx, s *suspect) (Kind, error) {
	next, err := v.lineAt(ctx, tx, s.leaf+1)
	if err == store.ErrNone {
		return Deleted, nil
	}
	if err != nil {
		return Moved, err
	}
	if v.storedAt(ctx, tx, s.leaf+1) == s.line && next != v.storedAt(ctx, tx, s.leaf) {
		return Deleted, nil
	}
	if next == v.storedAt(ctx, tx, s.leaf) && v.storedAt(ctx, tx, s.leaf+1) != s.line {
		return Added, nil
	}
	return Moved, nil
}

// lineAt hashes the line that stands at a place.
func (v *verifier) lineAt(ctx context.Context, tx *store.Tx, place int64) (tlog.Hash, error) {
	l, err := store.Get(ctx, tx, scanLine, `SELECT `+lineColumns+` FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id WHERE l.leaf = $1`, place)
	return l.hash(), err
}

// storedAt is the leaf hash the tree has at a place; nothing hashes to zero.
func (v *verifier) storedAt(ctx context.Context, tx *store.Tx, place int64) tlog.Hash {
	h, err := readHashes(ctx, tx, []int64{tlog.StoredHashIndex(0, place)})
	if err != nil {
		return tlog.Hash{}
	}
	return h[0]
}
