package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/store"
)

// codesAtOnce is how many people redeem at once, and codesInAll how many codes
// are made for them at most.
const (
	codesAtOnce = 16
	codesInAll  = 320
)

// codes measures how many activation codes are redeemed in a second.
func codes(ctx context.Context, r *run) error {
	rows, err := r.each(ctx, r.codesOn)
	if err != nil {
		return err
	}
	if err := r.table("database\tcodes\tper second\tCPU ms\tfloor: changes /s\tCPU ms\tratio of CPU", rows...); err != nil {
		return err
	}
	r.say("")
	r.say("%d at once. Redeeming is: two limits counted, the try counted, code and birth date checked (one small", codesAtOnce)
	r.say("Argon2id hash), the code opened and a session begun: four durable transactions. The floor is one durable")
	r.say("transaction that writes a line of the audit log, as many at once.")
	return nil
}

func (r *run) codesOn(ctx context.Context, c *clinic) ([]string, error) {
	n := min(codesInAll, max(2*codesAtOnce, int(r.For/(10*time.Millisecond))))
	if err := c.grow(ctx, r.Seed, codesInAll+100); err != nil {
		return nil, err
	}
	tries, err := c.issued(ctx, r.Seed, n)
	if err != nil {
		return nil, err
	}
	var opened atomic.Int64
	redeemed, err := inParallel(ctx, codesAtOnce, len(tries), time.Minute, func(ctx context.Context, i int) error {
		v := access.NewVisitor(access.SourceOf(fmt.Sprintf("10.%d.%d.1", i>>8, i&255)), "Chrome · Android")
		o, err := c.app.Enroll.OpenCode(ctx, v, tries[i])
		if err == nil && o.Token != "" {
			opened.Add(1)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if int(opened.Load()) != len(tries) {
		return nil, fmt.Errorf("%d of %d codes opened", opened.Load(), len(tries))
	}
	duty := access.NewDuty("bench")
	floor, err := inParallel(ctx, codesAtOnce, 1<<30, r.For, func(ctx context.Context, _ int) error {
		return c.app.DB.Change(ctx, duty.Did(audit.SessionKept, ""), func(*store.Tx) error { return nil })
	})
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s\t%d\t%.0f\t%.2f\t%.0f\t%.2f\t%.1f", c.app.DB.Engine(), redeemed.Done, redeemed.rate(), redeemed.each()/1000,
		floor.rate(), floor.each()/1000, redeemed.each()/floor.each())}, nil
}

// issued makes n codes, each for somebody else who may have one.
func (c *clinic) issued(ctx context.Context, seed uint64, n int) (out []enroll.CodeTry, err error) {
	duty := access.NewDuty("bench")
	for _, p := range demo.People(seed, codesInAll+100)[len(c.cards.Accounts)+10:] {
		if p.Died != "" || p.Birth > "2008" || len(out) == n {
			continue
		}
		id, err := c.app.Registry.Numbered(ctx, duty, p.Number)
		if err != nil {
			return nil, err
		}
		code, err := c.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: enroll.ByHand})
		if err != nil {
			return nil, fmt.Errorf("make a code: %w", err)
		}
		out = append(out, enroll.CodeTry{Code: code.Text, Birth: p.Birth, Lang: lang.En})
	}
	return out, nil
}

// inParallel calls f with 0, 1, … up to most, so many at once, until long has passed.
func inParallel(ctx context.Context, atOnce, most int, long time.Duration, f func(context.Context, int) error) (used, error) {
	before, err := cpu()
	if err != nil {
		return used{}, err
	}
	began := time.Now()
	var next, done atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, atOnce)
	for range atOnce {
		wg.Go(func() {
			for time.Since(began) < long && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= most {
					return
				}
				if err := f(ctx, i); err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	select {
	case err := <-errs:
		return used{}, err
	default:
	}
	after, err := cpu()
	return used{outcome{Done: int(done.Load()), Took: took}, after - before}, err
}
