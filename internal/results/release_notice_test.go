package results

import (
	"sync"
	"testing"
	"time"

	"portico/internal/ids"
	"portico/internal/record"
)

// known makes ana's record one that has been there for a while.
func (r *deskRig) known() {
	r.t.Helper()
	r.take(obs("first", "a", "x-0", "First", "2020-01-01", quantity("1", "u")))
	r.clock.Move(48 * hour)
	r.drain()
	if n := len(r.told.sent); n != 0 {
		r.t.Fatalf("old history told %d times", n)
	}
}

func (r *deskRig) wasTold(n int, when string) {
	r.t.Helper()
	r.drain()
	if len(r.told.sent) != n {
		r.t.Errorf("%s: told %d times, not %d", when, len(r.told.sent), n)
	}
	for _, p := range r.told.sent {
		if p != ana {
			r.t.Errorf("%s: told %s", when, p)
		}
	}
}

func TestAPatientIsToldOnceThatSomethingIsNew(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.take(r.glucose("g1"), r.glucose("g2"), report("p", "a", "Panel", r.today(), results("g1", "g2")))
		r.wasTold(1, "three at once")
		told := r.clock.Now()
		r.clock.Move(tick)
		r.take(r.glucose("g3"))
		r.wasTold(1, "another one soon after")
		r.until(told.Add(12*hour - tick))
		r.wasTold(1, "before the peace is over")
		r.until(told.Add(12 * hour))
		r.wasTold(2, "after the peace")
		r.clock.Move(48 * hour)
		r.wasTold(2, "without anything new")
	})
}

func TestWhoHasLookedIsNotTold(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.rule(Rule{Class: record.Laboratory, How: AfterHours, Hours: 5})
		r.take(r.glucose("g"))
		r.clock.Move(5*hour - tick)
		r.wasTold(0, "held")
		r.clock.Move(tick)
		r.opens(r.see(ana), r.id("Observation/g"))
		r.wasTold(0, "opened before the job ran")
		if r.told.withdrawn != 1 {
			t.Errorf("what waits was taken back %d times", r.told.withdrawn)
		}
		r.take(r.glucose("h"))
		r.clock.Move(5 * hour)
		r.wasTold(1, "released by itself")
		r.clock.Move(13 * hour)
		r.take(r.glucose("g", `"note":[{"text":"corrected"}]`))
		r.wasTold(2, "a new version of what was opened")
	})
}

func TestReleasingTells(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		r.take(r.glucose("g"))
		r.wasTold(0, "held")
		c := r.caseOf("Observation/g")
		if err := r.Release(ctx, r.doctor(), Opening{On: c.ID, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		r.wasTold(1, "released")
		r.until(c.Last)
		r.wasTold(1, "at the cap, though it was never opened")
	})
}

func TestOldHistoryAndAFirstChartAreNoNews(t *testing.T) {
	ago := func(r *deskRig, d time.Duration) string { return r.clock.Now().Add(-d).UTC().Format(time.RFC3339) }
	value := quantity("1", "u")
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(obs("o", "a", "x-0", "Old", "2020-01-01", value), r.glucose("n"))
		r.clock.Move(hour)
		r.take(r.glucose("n2"))
		r.wasTold(0, "a whole chart")
		r.clock.Move(48 * hour)
		r.take(obs("month", "a", "x-0", "Month", ago(r, oldAfter), value))
		r.wasTold(0, "a month old")
		r.take(obs("younger", "a", "x-0", "Younger", ago(r, oldAfter-time.Second), value))
		r.wasTold(1, "just under a month old")
	})
}

// A first result of somebody new is news: there is no history with it.
func TestAFirstResultIsNews(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(r.glucose("g"))
		r.wasTold(1, "the first result")
	})
}

func TestWhoHasNoAccountIsNotTold(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.told.nobody = true
		r.take(r.glucose("g"))
		r.wasTold(0, "without an account")
		r.told.nobody = false
		r.take(r.glucose("h"))
		r.wasTold(1, "with an account: the time before did not count as telling")
	})
}

// Two workers on one job, or one job run again after a crash, tell once.
func TestAJobRunTwiceTellsOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.take(r.glucose("g"))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := r.notice(ctx, duty, NoticeArgs{ana}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := r.notice(ctx, duty, NoticeArgs{ana}); err != nil {
			t.Error(err)
		}
		if len(r.told.sent) != 1 {
			t.Errorf("told %d times", len(r.told.sent))
		}
		if err := r.notice(ctx, duty, NoticeArgs{ids.Patient("pat_none")}); err != nil {
			t.Errorf("nobody's job: %v", err)
		}
	})
}
