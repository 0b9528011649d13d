package testkit

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// failures counts what a check complains of.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Logf(string, ...any)   {}
func (f *failures) Errorf(string, ...any) { f.n++ }

// made is a measurement with times made up: what exists takes longer by so much.
func made(pairs int, longer time.Duration) *failures {
	f := &failures{}
	Alike{Surface: "made", Kinds: []string{"none", "real"}, Pairs: pairs, Try: func(_ int, kind string) time.Duration {
		took := 30*time.Millisecond + time.Duration(rand.NormFloat64()*float64(10*time.Millisecond))
		if kind == "real" {
			took += longer
		}
		return took
	}}.Check(f)
	return f
}

// What is alike passes, what is not fails: by little in many pairs, by much in few.
func TestTellingApart(t *testing.T) {
	for _, c := range []struct {
		pairs  int
		longer time.Duration
		told   bool
	}{{5000, 0, false}, {5000, time.Millisecond, false}, {5000, 5 * time.Millisecond, true}, {5000, -5 * time.Millisecond, true}, {80, 0, false}, {80, 25 * time.Millisecond, true}} {
		if f := made(c.pairs, c.longer); (f.n > 0) != c.told {
			t.Errorf("%d pairs, %v apart: %d complaints", c.pairs, c.longer, f.n)
		}
	}
}

// The second half stands beside other work, and only that.
func TestOtherWorkStandsBeside(t *testing.T) {
	var work, tries atomic.Int64
	Alike{Surface: "made", Kinds: []string{"none", "real"}, Pairs: 20, Load: func(int) { work.Add(1) }, Try: func(i int, _ string) time.Duration {
		if tries.Add(1); i < 20 && work.Load() > 0 {
			t.Error("work in the idle half")
		}
		time.Sleep(time.Millisecond)
		return time.Millisecond
	}}.Check(&failures{})
	if tries.Load() != 80 || work.Load() < 10 {
		t.Errorf("%d tries beside %d pieces of work", tries.Load(), work.Load())
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		first, second []float64
		want          float64
	}{{[]float64{1, 2}, []float64{1, 2}, .5}, {[]float64{3, 4}, []float64{1, 2}, 1}, {[]float64{1}, []float64{2, 3}, 0}, {[]float64{2, 2}, []float64{1, 2}, .75}} {
		if got := AUC(c.first, c.second); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v against %v: %v", c.first, c.second, got)
		}
	}
}
