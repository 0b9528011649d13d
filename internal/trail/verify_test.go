package trail

import (
	"os"
	"slices"
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

func TestEachAlterationIsNamed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 5, 1, 12, 7, 9)
		in := breakIn(t, tr, 1)
		if r := verify(t, tr); r.First != nil || r.Size != 34 || r.Heads != 5 || r.Lost != 0 {
			t.Fatalf("a genuine log is reported as %+v %v", r, r.First)
		}
		for _, a := range attacks {
			for _, at := range []int64{0, 1, 5, 17, 18, 32, 33} {
				a.try(t, in, at)
			}
		}
	})
}

// try attacks at a place, checks the answer and puts everything back.
func (a attack) try(t *testing.T, in *intruder, at int64) {
	t.Helper()
	defer in.undo()
	id := in.entry(at)
	a.do(in, at)
	r := verify(t, in.tr)
	b := r.First
	switch {
	case b == nil:
		t.Errorf("%s at %d: not found", a.name, at)
	case !slices.Contains(a.kinds, b.Kind):
		t.Errorf("%s at %d: reported as %s", a.name, at, b)
	case a.exact && (b.From != at || b.To != at) && b.Kind != CutOff:
		t.Errorf("%s at %d: reported at %s", a.name, at, b)
	case a.exact && (b.Kind == Edited || b.Kind == LeafHash || b.Kind == TreeHash) && string(b.Entry) != id:
		t.Errorf("%s at %d: names line %s, not %s", a.name, at, b.Entry, id)
	case (b.Kind == Rewritten || b.Kind == Moved) && !strings.HasPrefix(a.name, "swap") && (b.From > at || b.To < at):
		t.Errorf("%s at %d: reported at %s", a.name, at, b)
	case b.String() == "":
		t.Errorf("%s at %d: no sentence", a.name, at)
	}
}

// One at a time, at random places of a longer log. PORTICO_ATTACK=long tries
// ten thousand.
func TestRandomTamperingIsAlwaysFound(t *testing.T) {
	n := 150 // on each database
	if os.Getenv("PORTICO_ATTACK") == "long" {
		n = 5000
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 20, 3, 31, 1, 8)
		in := breakIn(t, tr, 2)
		for range n {
			attacks[in.rnd.IntN(len(attacks))].try(t, in, in.rnd.Int64N(in.size))
			if t.Failed() {
				return
			}
		}
		if r := verify(t, tr); r.First != nil {
			t.Fatalf("a genuine log is reported as %s", r.First)
		}
	})
}

// Two alterations: the first is named.
func TestTheFirstBrokenLineIsNamed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := sealedLog(t, db, c, 10, 10, 10)
		in := breakIn(t, tr, 3)
		for _, at := range []int64{28, 14, 3} {
			in.do(`UPDATE audit_entry SET detail = 'x' WHERE id = $1`, in.entry(at))
			if r := verify(t, tr); r.First == nil || r.First.From != at || string(r.First.Entry) != in.entry(at) {
				t.Fatalf("altered at %d: %v", at, r.First)
			}
		}
	})
}
