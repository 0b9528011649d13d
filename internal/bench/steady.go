package bench

import (
	"context"
	"encoding/base32"
	"fmt"
	"slices"
	"sync"
	"time"

	"portico/internal/demo"
)

// perSecond is how many people sign in each second: a large clinic on the morning of
// a broadcast.
const perSecond = 30

// steadily is how many times as long as other figures this one runs: a minute, so that
// what piles up shows.
const steadily = 20

// steady lets people sign in, password and code, so many a second, and measures what
// they and those who read their pages meanwhile wait for.
func steady(ctx context.Context, r *run) error {
	rows, err := r.each(ctx, r.steadyOn)
	if err != nil {
		return err
	}
	if err := r.table("database\tsign-ins\ta second\tfailed\tp50 ms\tp95 ms\tpages meanwhile\tfailed\tp95 ms\tslowest ms\tCPUs busy", rows...); err != nil {
		return err
	}
	r.say("")
	r.say("A sign-in is two pages and two forms: a password and the code of an authenticator app, each of another person.")
	r.say("Meanwhile home pages are asked for, fifty a second. No network lies between them and the portal.")
	return nil
}

func (r *run) steadyOn(ctx context.Context, c *clinic) ([]string, error) {
	n := max(1, int(perSecond*steadily*r.For/time.Second))
	if err := c.grow(ctx, r.Seed, n+20); err != nil {
		return nil, err
	}
	if err := c.open(ctx, r.Seed, n); err != nil {
		return nil, err
	}
	tokens, err := c.signedIn(ctx, c.cards.Accounts[0], conns)
	if err != nil {
		return nil, err
	}
	stop := c.read(ctx, tokens)
	before, err := cpu()
	began := time.Now()
	in := c.arrive(n)
	lasted := time.Since(began)
	pages := stop()
	if err != nil {
		return nil, err
	}
	after, err := cpu()
	return []string{fmt.Sprintf("%s\t%d\t%.1f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f", c.app.DB.Engine(), len(in.took), float64(len(in.took))/lasted.Seconds(), in.failed,
		in.at(50), in.at(95), len(pages.took), pages.failed, pages.at(95), pages.at(100), (after-before).Seconds()/lasted.Seconds())}, err
}

// arrive lets n people sign in, one after the other at an even pace, whether or not
// those before them are through.
func (c *clinic) arrive(n int) (got meanwhile) {
	var each sync.WaitGroup
	var mu sync.Mutex
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	key := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(crowdSeed))
	for i := range n {
		g := c.guest()
		each.Go(func() {
			began := time.Now()
			err := c.signIn(g, demo.AccountCard{UserName: crowdName(i), Password: newPassword, Secret: key})
			mu.Lock()
			defer mu.Unlock()
			got.took = append(got.took, time.Since(began))
			if err != nil {
				got.failed++
			}
		})
		<-tick.C
	}
	each.Wait()
	return got
}

// at gives a percentile in milliseconds, 0 for nothing.
func (m meanwhile) at(percent int) int64 {
	if len(m.took) == 0 {
		return 0
	}
	slices.Sort(m.took)
	return m.took[min(len(m.took)*percent/100, len(m.took)-1)].Milliseconds()
}
