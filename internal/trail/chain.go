package trail

import (
	"encoding/binary"
	"math/bits"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/audit"
	"portico/internal/ids"
)

// line is an entry of the log as it is stored.
type line struct {
	id ids.Entry
	at time.Time
	audit.Entry
}

// stamp writes a moment in UTC to the microsecond, which is what both databases
// keep: the same line has the same hash on either.
const stamp = "2006-01-02T15:04:05.000000Z"

// canonical is the content of a line as it is hashed: a version, then each
// field with its length before it, so that no two lines share their bytes.
func (l line) canonical() []byte {
	b := make([]byte, 0, 320)
	for _, f := range [...]string{"portico.audit/1", string(l.id), l.at.UTC().Format(stamp), string(l.Action), string(l.Outcome),
		string(l.Actor), l.ActorID, l.Patient, l.Object, l.Source, l.Session, l.Detail} {
		b = binary.AppendUvarint(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

func (l line) hash() tlog.Hash { return tlog.RecordHash(l.canonical()) }

// frontier is the right edge of a Merkle tree: all that is needed to add leaves
// and to tell the root. up[i] is the hash of the complete subtree of 2^i leaves
// on that edge, where size has bit i set.
type frontier struct {
	size int64
	up   [63]tlog.Hash
}

// node is a hash of the tree at its stored index.
type node struct {
	index int64
	hash  tlog.Hash
}

// add appends a leaf and gives, in out, the hashes to be stored for it. Their
// indexes follow each other: a leaf's own hash, then the subtrees it completes.
func (f *frontier) add(leaf tlog.Hash, out []node) []node {
	at := tlog.StoredHashIndex(0, f.size)
	h, level := leaf, 0
	out = append(out, node{at, h})
	for ; f.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(f.up[level], h)
		out = append(out, node{at + int64(level) + 1, h})
	}
	f.up[level] = h
	f.size++
	return out
}

// root is the head of the tree, as RFC 6962 section 2.1 defines it. An empty
// tree has no head here.
func (f *frontier) root() tlog.Hash {
	level := bits.TrailingZeros64(uint64(f.size))
	h := f.up[level]
	for level++; f.size>>level > 0; level++ {
		if f.size>>level&1 == 1 {
			h = tlog.NodeHash(f.up[level], h)
		}
	}
	return h
}

// edge lists the stored indexes that make up the frontier of a tree of n
// leaves, lowest level first.
func edge(n int64) (levels []int, indexes []int64) {
	for level := 0; n>>level > 0; level++ {
		if n>>level&1 == 1 {
			levels = append(levels, level)
			indexes = append(indexes, tlog.StoredHashIndex(level, n>>level-1))
		}
	}
	return levels, indexes
}
