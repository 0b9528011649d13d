package trail

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// Kind is what was done to the log.
type Kind string

const (
	Edited    Kind = "edited"     // a line does not say what was sealed
	Deleted   Kind = "deleted"    // a line is gone
	Moved     Kind = "moved"      // a line stands at another's place
	Added     Kind = "added"      // a line stands in the log that was never sealed
	Rewritten Kind = "rewritten"  // lines were changed together with all their hashes
	LeafHash  Kind = "leaf_hash"  // the lines are genuine, a hash beside one is not
	TreeHash  Kind = "tree_hash"  // the lines are genuine, a hash of the tree is not
	Foreign   Kind = "foreign"    // a head is signed by somebody else, or altered
	HeadLost  Kind = "head_lost"  // a signed head is gone from the database
	CutOff    Kind = "cut_off"    // lines that a signed head covers are gone from the end
	NoWitness Kind = "no_witness" // there is no signed head outside the database
)

// Break is where the log stops being what was signed. Places count from 0; To
// is beyond From where the alteration can be narrowed down no further.
type Break struct {
	Kind     Kind
	From, To int64
	Entry    ids.Entry // the line at From as it stands now, "" if there is none
}

func (b *Break) String() string {
	place := fmt.Sprintf("place %d", b.From)
	if b.To > b.From {
		place = fmt.Sprintf("places %d to %d", b.From, b.To)
	}
	if b.Entry != "" {
		place += " (line " + string(b.Entry) + ")"
	}
	return place + ": " + sentences[b.Kind]
}

var sentences = map[Kind]string{
	Edited:    "this line was changed after it was sealed",
	Deleted:   "a line was deleted here",
	Moved:     "the line here was moved",
	Added:     "the line here was never sealed",
	Rewritten: "one of these lines was changed together with all hashes; it no longer fits the next signed head",
	LeafHash:  "the hash stored beside this line was changed; the line itself is genuine",
	TreeHash:  "a stored hash of the tree was changed; the lines are genuine",
	Foreign:   "the head signed over these lines is not from this clinic's key",
	HeadLost:  "the head signed over these lines is gone from the database",
	CutOff:    "these lines were cut off the end; a signed head outside the database covers them",
	NoWitness: "no signed head outside the database was found, so lines may be missing at the end",
}

// Report is what Verify found.
type Report struct {
	Size    int64     // sealed lines
	Waiting int       // lines not sealed yet, protected by the database alone
	Heads   int       // signed heads the log was checked against
	Newest  time.Time // when the newest of them was signed
	Torn    int       // pieces of the file that a crash tore; no harm
	Lost    int64     // lines lost by restores that the file records
	First   *Break    // the first broken place, nil if the log is whole
}

// Verify checks the whole log against its hashes and against every signed head,
// in the database and in file ("" for the room's own). It writes nothing. The
// error says that the check could not be made; what it found is in the Report.
func (t *Trail) Verify(ctx context.Context, d access.Duty, file string) (Report, error) {
	if file == "" {
		file = t.File
	}
	s, err := newSigner(t.Keys)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{db: t.DB, signer: s}
	for _, step := range []func(context.Context) error{
		func(context.Context) error { return v.readFile(file) },
		v.snapshot, v.readHeads, v.compareHeads, v.walk, v.unsealed,
	} {
		if err := step(ctx); err != nil {
			return v.report, fmt.Errorf("%s: verify: %w", d.Name(), err)
		}
	}
	v.settle()
	return v.report, v.name(ctx)
}

// verifier is one check under way.
type verifier struct {
	db     *store.DB
	signer *signer
	report Report
	breaks []Break

	size    int64 // leaves at the moment of the check
	newest  int64 // size of the newest head in the database at that moment
	onFile  []head
	heads   []head         // to be met by the tree, in order of size
	sizes   map[int64]bool // of the heads in the database
	good    int64          // size of the last head that the lines met
	suspect *suspect       // the first disagreement between lines and stored hashes
	content frontier       // the tree over the lines as they are now
}

// suspect is a disagreement of which only the next signed head can tell whether
// the line or the hash is genuine.
type suspect struct {
	from, leaf int64
	level      int
	id         ids.Entry
	line       tlog.Hash // of the line as it is now
	beside     tlog.Hash // stored beside the line
}

func (v *verifier) broke(k Kind, from, to int64) {
	v.breaks = append(v.breaks, Break{Kind: k, From: from, To: max(from, to)})
}

// settle picks the first broken place. A missing witness has no place of its
// own and counts only if nothing else is wrong.
func (v *verifier) settle() {
	for i := range v.breaks {
		b := &v.breaks[i]
		f := v.report.First
		if f == nil || (f.Kind == NoWitness && b.Kind != NoWitness) || (b.From < f.From && b.Kind != NoWitness) {
			v.report.First = b
		}
	}
}

// name finds the line that stands at the first broken place.
func (v *verifier) name(ctx context.Context) error {
	b := v.report.First
	if b == nil || b.Entry != "" || b.From >= v.size {
		return nil
	}
	return v.db.View(ctx, func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[ids.Entry], `SELECT entry_id FROM audit_leaf WHERE leaf = $1`, b.From)
		if err == store.ErrNone {
			return nil
		}
		b.Entry = id
		return err
	})
}
