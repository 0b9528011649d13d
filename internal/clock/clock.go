// Package clock tells the time, so that tests can move it.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Everything that compares times takes one.
type Clock interface{ Now() time.Time }

// System is the machine's clock in UTC, cut to microseconds: the resolution
// both databases keep, so that a stored time equals the one in memory.
type System struct{}

func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Fake stands still until moved. Safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// At makes a Fake that shows t.
func At(t time.Time) *Fake { return &Fake{now: t.UTC().Truncate(time.Microsecond)} }

func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Move turns the clock by d, forwards or back.
func (f *Fake) Move(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}
