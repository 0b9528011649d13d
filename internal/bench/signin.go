package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/crypto/argon2"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/demo"
	"portico/internal/lang"
	"portico/internal/store"
)

// crowd is how many people sign in at once: a waiting room after a broadcast.
const crowd = 40

// signIn measures what a password costs beside its hash, and what forty people
// at once need.
func signIn(ctx context.Context, r *run) error {
	rows, err := r.each(ctx, r.passwords)
	if err != nil {
		return err
	}
	if err := r.table("database\tpasswords\tCPU ms\tone Argon2id: CPU ms\tratio", rows...); err != nil {
		return err
	}
	r.say("")
	r.say("POST /signin with the right password, from the form to the answer, beside the bare hash (19 MiB, 2 passes).")
	row, err := r.crowd(ctx)
	if err != nil {
		return err
	}
	r.say("")
	return r.table(fmt.Sprintf("%d sign-ins at once\tok\tslowest ms\tMiB before\tMiB at most", crowd), row)
}

// passwords checks passwords and hashes in turns.
func (r *run) passwords(ctx context.Context, c *clinic) ([]string, error) {
	card := c.cards.Accounts[0]
	var portal, floor used
	salt := make([]byte, 16)
	hash := func() error {
		argon2.IDKey([]byte(card.Password), salt, 2, 19*1024, 1, 32)
		return nil
	}
	for began := time.Now(); time.Since(began) < 2*r.For; {
		// Each follows once itself and once the other: a hash leaves memory to clear.
		for i := range 4 {
			send, err := c.guest().ready(card.UserName, card.Password)
			if err != nil {
				return nil, err
			}
			of, into := send, &portal
			if i == 1 || i == 2 {
				of, into = hash, &floor
			}
			u, err := timed(of)
			if err != nil {
				return nil, err
			}
			into.Done, into.cpu = into.Done+1, into.cpu+u
		}
	}
	return []string{fmt.Sprintf("%s\t%d\t%.1f\t%.1f\t%.2f", c.app.DB.Engine(), portal.Done, portal.each()/1000, floor.each()/1000, portal.each()/floor.each())}, nil
}

// timed gives the processor time of f.
func timed(f func() error) (time.Duration, error) {
	before, err := cpu()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := cpu()
	return after - before, err
}

// ready opens the sign-in page and gives what sends its form, filled in.
func (g *guest) ready(name, password string) (send func() error, err error) {
	v, err := g.get("/signin")
	if err != nil {
		return nil, err
	}
	form := v.hidden("/signin")
	form.Set("username", name)
	form.Set("password", password)
	return func() error { return g.entered(form) }, nil
}

func (g *guest) entered(form url.Values) error {
	v, err := g.send(http.MethodPost, "/signin", form)
	if err != nil {
		return err
	}
	if v.status != http.StatusSeeOther || v.header.Get("Location") != "/signin/step" {
		return fmt.Errorf("signing in answered %d", v.status)
	}
	return nil
}

// crowd lets forty people sign in at once in a process of its own.
func (r *run) crowd(ctx context.Context) (string, error) {
	o := opening{dir: r.dir + "/crowd", seed: r.Seed}
	c, err := open(ctx, o)
	if err != nil {
		return "", err
	}
	err = c.open(ctx, r.Seed, crowd)
	if cerr := c.app.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", err
	}
	got, err := another(ctx, task{Dir: o.dir, SignIns: crowd, Seed: r.Seed})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sqlite\t%d\t%d\t%.0f\t%.0f", got.Done, got.Slowest.Milliseconds(), mib(got.Before), mib(got.After)), nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// crowdName is the user name of one of many.
func crowdName(i int) string { return fmt.Sprintf("crowd.person%d", i) }

// crowdSeed is the secret of everybody's authenticator app.
const crowdSeed = "twenty bytes of seed"

// open opens accounts for n people, all with one password: hashing is not what
// is measured here.
func (c *clinic) open(ctx context.Context, seed uint64, n int) error {
	hash, err := c.app.Hasher.Hash(ctx, newPassword)
	if err != nil {
		return err
	}
	duty := access.NewDuty("bench")
	for i, p := range demo.People(seed, n+20)[20:] {
		id, err := c.app.Registry.Numbered(ctx, duty, p.Number)
		if err != nil {
			return err
		}
		a := account.NewAccount{Patient: id, UserName: crowdName(i), Hash: hash, Recovery: account.NewRecoveryCodes(), Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: []byte(crowdSeed)}}}
		if err := c.app.DB.Change(ctx, duty.Did(audit.AccountOpened, "").On(string(id)), func(tx *store.Tx) error {
			_, err := c.app.Accounts.Open(ctx, tx, a)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
