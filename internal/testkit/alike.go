package testkit

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"
)

// Alike are kinds of a request that a stranger must not tell apart by the time they
// take, as what exists and what does not (security.md A7).
type Alike struct {
	Surface string
	Kinds   []string // each is compared with the first
	Pairs   int
	Try     func(i int, kind string) time.Duration // the ith of its kind
	// Load is a piece of other work, of which two go on beside the second half of the
	// measurement, which is as long as the first; nil for no such half. It is called
	// with 0, 1, 2 and so on.
	Load func(n int)
}

// The limits of security.md A7: the chance to be right about two answers of which one
// is of each kind, and how far their medians may lie apart.
const (
	mostAUC = 0.55
	mostGap = 3 * time.Millisecond
)

// rough is the number of pairs below which medians say little by themselves: one is
// then too far off only if the ranks say so as well.
const rough = 1000

// Check measures and compares.
func (a Alike) Check(t testing.TB) {
	t.Helper()
	a.compare(t, "idle", a.measure(0))
	if a.Load == nil {
		return
	}
	stop := a.load()
	times := a.measure(a.Pairs)
	stop()
	a.compare(t, "under load", times)
}

// measure tries all kinds in turn, in an order that is drawn anew each time: what else
// the machine does falls on all alike.
func (a Alike) measure(from int) map[string][]float64 {
	out := map[string][]float64{}
	order := slices.Clone(a.Kinds)
	warm := min(50, a.Pairs/10)
	for i := range a.Pairs {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, kind := range order {
			if took := a.Try(from+i, kind); i >= warm {
				out[kind] = append(out[kind], float64(took))
			}
		}
	}
	return out
}

// load begins the other work and gives what ends it.
func (a Alike) load() (stop func()) {
	done := make(chan struct{})
	var turns sync.Mutex
	var all sync.WaitGroup
	n := 0
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
				turns.Lock()
				mine := n
				n++
				turns.Unlock()
				a.Load(mine)
			}
		})
	}
	return func() {
		close(done)
		all.Wait()
	}
}

func (a Alike) compare(t testing.TB, when string, times map[string][]float64) {
	t.Helper()
	base := times[a.Kinds[0]]
	for _, kind := range a.Kinds[1:] {
		auc := AUC(times[kind], base)
		gap := time.Duration(middle(times[kind]) - middle(base))
		t.Logf("%s, %s: %s against %s: AUC %.3f, medians %.2f and %.2f ms", a.Surface, when, kind, a.Kinds[0], auc, middle(times[kind])/1e6, middle(base)/1e6)
		// Its standard error for two samples of n that are alike is about sqrt(1/(6n)).
		chance := math.Sqrt(1 / (6 * float64(len(base))))
		off := math.Abs(auc - 0.5)
		if limit := max(mostAUC-0.5, 3.5*chance); off > limit {
			t.Errorf("%s, %s: %s can be told from %s by time: AUC %.3f is more than %.3f off", a.Surface, when, kind, a.Kinds[0], auc, limit)
		}
		if gap.Abs() > mostGap && (len(base) >= rough || off > 2*chance) {
			t.Errorf("%s, %s: the medians of %s and %s lie %v apart", a.Surface, when, kind, a.Kinds[0], gap)
		}
	}
}

// AUC is the area under the ROC curve of "what takes longer is of the first kind", which
// is the chance that one of the first takes longer than one of the second: 0.5 is a coin.
func AUC(first, second []float64) float64 {
	s := slices.Sorted(slices.Values(second))
	sum := 0.0
	for _, x := range first {
		below := sort.SearchFloat64s(s, x)
		sum += float64(below) + float64(sort.SearchFloat64s(s, math.Nextafter(x, math.Inf(1)))-below)/2
	}
	return sum / float64(len(first)) / float64(len(second))
}

func middle(v []float64) float64 { return slices.Sorted(slices.Values(v))[len(v)/2] }
