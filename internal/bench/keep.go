package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/store"
	"portico/internal/web"
)

// beat is how often a page is asked for while the key changes: fifty a second.
const beat = 20 * time.Millisecond

// keep measures what a clinic does to keep what it has: changing the key while
// patients read, a backup, and restoring it.
func keep(ctx context.Context, r *run) error {
	if r.Patients < made || r.Patients > 5_000_000 {
		return fmt.Errorf("%w: --patients is between %d and 5000000", app.ErrUse, made)
	}
	r.keyFile = true
	if r.Data != "" {
		r.home = filepath.Join(r.Data, fmt.Sprintf("keep-%d-%d", r.Patients, r.Seed))
		if err := os.MkdirAll(r.home, 0o700); err != nil {
			return err
		}
	}
	rows, err := r.each(ctx, func(ctx context.Context, c *clinic) ([]string, error) {
		if err := c.upTo(ctx, r.Seed, r.Patients); err != nil {
			return nil, err
		}
		row, err := c.kept(ctx, r)
		return []string{row}, err
	})
	if err != nil {
		return err
	}
	if err := r.table("database\tpatients\tsealed rows\tkey changed s\tpages meanwhile\tfailed\tslowest ms\tbackup s\tMB\trestored s", rows...); err != nil {
		return err
	}
	r.say("")
	r.say("While the key changes, home pages are asked for, fifty a second; each writes its line of the log. Restored:")
	r.say("into an empty database of the same kind, counted, every sealed row opened, the audit log checked.")
	return nil
}

// kept gives one row of the table.
func (c *clinic) kept(ctx context.Context, r *run) (string, error) {
	tokens, err := c.signedIn(ctx, c.cards.Accounts[0], conns)
	if err != nil {
		return "", err
	}
	stop := c.read(ctx, tokens)
	began := time.Now()
	var said bytes.Buffer
	err = c.app.RotateKeys(ctx, &said)
	changed := time.Since(began)
	load := stop()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said.String())
	}
	sealed, err := c.app.Vault.Verify(ctx, access.NewDuty("bench"))
	if err != nil {
		return "", err
	}
	file := filepath.Join(c.dir, "clinic.bak")
	began = time.Now()
	if err := c.app.Backup(ctx, file, &said); err != nil {
		return "", err
	}
	backup := time.Since(began)
	size, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	restored, err := c.restored(ctx, r, file)
	name := "SQLite"
	if c.app.DB.Engine() == store.Postgres {
		name = "PostgreSQL"
	}
	return fmt.Sprintf("%s\t%d\t%d\t%.1f\t%d\t%d\t%d\t%.1f\t%.0f\t%.1f", name, r.Patients, sealed, changed.Seconds(), len(load.took), load.failed,
		load.at(100), backup.Seconds(), float64(size.Size())/1e6, restored.Seconds()), err
}

// restored restores a backup into a new database of the same kind.
func (c *clinic) restored(ctx context.Context, r *run, file string) (time.Duration, error) {
	o := opening{dir: filepath.Join(c.dir, "again"), seed: r.Seed, keyFile: true}
	if err := errors.Join(os.RemoveAll(o.dir), os.Mkdir(o.dir, 0o700)); err != nil {
		return 0, err
	}
	if c.app.DB.Engine() == store.Postgres {
		own, drop, err := store.Scratch(ctx, r.Database)
		if err != nil {
			return 0, err
		}
		defer drop()
		o.database = own
	}
	cfg := o.config()
	key, err := os.ReadFile(filepath.Join(c.dir, "secret.key"))
	if err != nil {
		return 0, err
	}
	cfg.SecretKey, cfg.SecretKeyFile = string(bytes.TrimSpace(key)), ""
	began := time.Now()
	var said bytes.Buffer
	if err := app.Restore(ctx, cfg, file, &said); err != nil {
		return 0, fmt.Errorf("%w: %s", err, said.String())
	}
	return time.Since(began), nil
}

// meanwhile is what came of pages that were read meanwhile.
type meanwhile struct {
	took   []time.Duration
	failed int
}

// read lets people read their home pages until stop is called.
func (c *clinic) read(ctx context.Context, tokens []string) (stop func() meanwhile) {
	var people []*guest
	for _, token := range tokens {
		g := c.guest()
		g.jar.SetCookies(c.base, []*http.Cookie{{Name: web.SessionCookie, Value: token, Path: "/", Secure: true}})
		people = append(people, g)
	}
	ctx, cancel := context.WithCancel(ctx)
	var all, each sync.WaitGroup
	var mu sync.Mutex
	var got meanwhile
	all.Go(func() { c.app.Vault.Watch(ctx) })
	all.Go(func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			each.Go(func() {
				began := time.Now()
				v, err := people[i%len(people)].get("/home")
				mu.Lock()
				defer mu.Unlock()
				got.took = append(got.took, time.Since(began))
				if err != nil || v.status != http.StatusOK {
					got.failed++
				}
			})
		}
	})
	return func() meanwhile {
		cancel()
		all.Wait()
		each.Wait()
		return got
	}
}
