package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/demo"
	"portico/internal/ids"
	"portico/internal/store"
)

// sessions is how many people are signed in while memory is measured.
const sessions = 1000

// start measures from the start of the program to the first answer with a large
// patient index, and the memory it then holds.
func start(ctx context.Context, r *run) error {
	if r.Patients < made || r.Patients > 5_000_000 {
		return fmt.Errorf("%w: --patients is between %d and 5000000", app.ErrUse, made)
	}
	o := opening{dir: r.dir + "/large", seed: r.Seed}
	if r.Data != "" {
		o.dir = filepath.Join(r.Data, fmt.Sprintf("%d-%d", r.Patients, r.Seed))
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	began := time.Now()
	c, err := open(ctx, o)
	if err != nil {
		return err
	}
	if err := c.upTo(ctx, r.Seed, r.Patients); err != nil {
		c.app.Close()
		return err
	}
	took := time.Since(began)
	tokens, err := c.signedIn(ctx, c.cards.Accounts[0], sessions)
	if cerr := c.app.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	var floor, best result
	for i := range 3 {
		f, err := another(ctx, task{})
		if err != nil {
			return err
		}
		got, err := another(ctx, task{Dir: o.dir, Seed: r.Seed, Tokens: tokens})
		if err != nil {
			return err
		}
		if i == 0 || got.Ready < best.Ready {
			best = got
		}
		if i == 0 || f.Ready < floor.Ready {
			floor = f
		}
	}
	if err := r.table("patients\tmade in s\tready in ms\tfloor ms\tMiB idle\tfloor MiB\tMiB with sessions",
		fmt.Sprintf("%d\t%.1f\t%d\t%d\t%.0f\t%.0f\t%.0f", r.Patients, took.Seconds(), best.Ready.Milliseconds(), floor.Ready.Milliseconds(), mib(best.Before), mib(floor.Before), mib(best.After))); err != nil {
		return err
	}
	r.say("")
	r.say("Ready: from starting the program to /readyz saying so; the best of three. The floor is the same program doing")
	r.say("nothing. Memory is the most the process ever held: idle, and when %d signed-in people have each opened the", sessions)
	r.say("home page, %d at once. A folder given with --data keeps the clinic: then \"made\" says how fast it was opened.", conns)
	return nil
}

// signedIn opens n sessions of one account and gives their tokens.
func (c *clinic) signedIn(ctx context.Context, card demo.AccountCard, n int) (tokens []string, err error) {
	duty := access.NewDuty("bench")
	id, err := c.app.Registry.Numbered(ctx, duty, card.Number)
	if err != nil {
		return nil, err
	}
	err = c.app.DB.Change(ctx, duty.Did(audit.SessionKept, ""), func(tx *store.Tx) error {
		acc, err := c.app.Accounts.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		for i := range n {
			token, _, err := c.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: acc, Patient: id, Device: ids.NewDevice(),
				Agent: "Chrome · Android", Source: access.SourceOf(fmt.Sprintf("10.1.%d.%d", i>>8, i&255))})
			if err != nil {
				return err
			}
			tokens = append(tokens, token)
		}
		return nil
	})
	return tokens, err
}
