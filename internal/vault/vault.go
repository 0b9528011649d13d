package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	// look is how often a process looks whether the keys changed.
	look = 2 * time.Second
	// beat is after how many looks it says that it is still there.
	beat = 5
	// alive is how long after its last word a process counts.
	alive = time.Minute
)

// Parts is what a Vault is made of.
type Parts struct {
	DB     *store.DB
	Keys   *secret.Keyring
	Log    *slog.Logger
	Tables []Table
	// Stamp changes whenever the key file does; Reload reads it. Both nil where the
	// keys are in no file.
	Stamp  func() string
	Reload func() (*secret.Keyring, error)
}

// Vault keeps a process's keyring in step with the key file and the database.
type Vault struct {
	Parts
	id   string
	wake chan struct{}

	mu    sync.Mutex
	stamp string
}

// New makes a Vault. Refresh must have succeeded once before anything is sealed.
func New(p Parts) *Vault {
	v := &Vault{Parts: p, id: ids.New[string]("prc"), wake: make(chan struct{}, 1)}
	v.Tables = slices.Clone(p.Tables)
	for i := range v.Tables {
		v.Tables[i].number = v.Tables[i].numbers()
	}
	if p.Stamp != nil {
		v.stamp = p.Stamp()
	}
	return v
}

const writing = `SELECT id FROM vault_key WHERE retired_at IS NULL ORDER BY place DESC LIMIT 1`

// Refresh reads the key file if it changed, and makes the key that the database
// names the one that writes. A database that names none yet is given the first
// one held. A key that is not held is an error: going on would seal new rows
// under a key that others have left.
func (v *Vault) Refresh(ctx context.Context) error {
	if err := v.reload(false); err != nil {
		return err
	}
	key, err := v.writes(ctx)
	if errors.Is(err, store.ErrNone) {
		key = v.Keys.Current()
		err = v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO vault_key (id, place, since_at) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING`, key, store.Time(tx.Now)); err != nil {
				return err
			}
			key, err = store.Get(ctx, tx, store.One[string], writing)
			return err
		})
	}
	if err != nil {
		return err
	}
	if key == v.Keys.Current() || v.Keys.Use(key) {
		return nil
	}
	if err := v.reload(true); err != nil {
		return err
	}
	if !v.Keys.Use(key) {
		return fmt.Errorf("this database is written with key %s, which is not among the keys given (%s)", key, strings.Join(v.Keys.Held(), ", "))
	}
	return nil
}

func (v *Vault) writes(ctx context.Context) (key string, err error) {
	err = v.DB.View(ctx, func(tx *store.Tx) error {
		key, err = store.Get(ctx, tx, store.One[string], writing)
		return err
	})
	return key, err
}

// reload reads the key file if its stamp changed, or in any case.
func (v *Vault) reload(always bool) error {
	if v.Reload == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.Stamp()
	if now == v.stamp && !always {
		return nil
	}
	k, err := v.Reload()
	if err != nil {
		return fmt.Errorf("the key file: %w", err)
	}
	v.Keys.Take(k)
	v.stamp = now
	return nil
}

// Wake makes Watch look at once.
func (v *Vault) Wake() {
	select {
	case v.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Watch follows the keys until ctx ends, and says which this process holds.
func (v *Vault) Watch(ctx context.Context) {
	said, n := "", 0
	t := time.NewTicker(look)
	defer t.Stop()
	for {
		if err := v.Refresh(ctx); err != nil && ctx.Err() == nil {
			v.Log.Error("keys", "err", err)
		}
		now := v.Keys.Current() + " of " + strings.Join(v.Keys.Held(), " ")
		if now != said || n%beat == 0 {
			if err := v.say(ctx); err != nil && ctx.Err() == nil {
				v.Log.Error("keys", "err", err)
			} else {
				said = now
			}
		}
		n++
		select {
		case <-ctx.Done():
			v.leave(context.WithoutCancel(ctx))
			return
		case <-t.C:
		case <-v.wake:
			if err := v.reload(true); err != nil {
				v.Log.Error("keys", "err", err)
			}
		}
	}
}

func (v *Vault) say(ctx context.Context) error {
	return v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO vault_holder (id, held, writes, seen_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET held = excluded.held, writes = excluded.writes, seen_at = excluded.seen_at`,
			v.id, strings.Join(v.Keys.Held(), " "), v.Keys.Current(), store.Time(tx.Now))
		return err
	})
}

// leave takes this process off the list, with all that fell silent long ago.
func (v *Vault) leave(ctx context.Context) {
	err := v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM vault_holder WHERE id = $1 OR seen_at < $2`, v.id, store.Time(tx.Now.Add(-24*time.Hour)))
		return err
	})
	if err != nil {
		v.Log.Warn("keys", "err", err)
	}
}

// holder is a process as it last spoke.
type holder struct{ id, held, writes string }

func holders(ctx context.Context, tx *store.Tx) ([]holder, error) {
	return store.List(ctx, tx, func(r store.Row) (h holder, err error) {
		return h, r.Scan(&h.id, &h.held, &h.writes)
	}, `SELECT id, held, writes FROM vault_holder WHERE seen_at > $1 ORDER BY id`, store.Time(tx.Now.Add(-alive)))
}

// lacking counts the running processes that do not fit.
func lacking(ctx context.Context, tx *store.Tx, fits func(holder) bool) (lack, all int, err error) {
	list, err := holders(ctx, tx)
	for _, h := range list {
		if !fits(h) {
			lack++
		}
	}
	return lack, len(list), err
}

// allWrite is ErrWaiting while a running process writes with another key.
func (v *Vault) allWrite(ctx context.Context, key string) error {
	return v.DB.View(ctx, func(tx *store.Tx) error {
		n, _, err := lacking(ctx, tx, func(h holder) bool { return h.writes == key })
		if err == nil && n > 0 {
			err = ErrWaiting
		}
		return err
	})
}

// LackError says that running processes do not hold a key yet.
type LackError struct{ Lack, All int }

func (e LackError) Error() string {
	return fmt.Sprintf("%d of %d running processes do not hold the new key yet", e.Lack, e.All)
}

// Rotate makes a key that is held the one that writes. LackError if a running
// process cannot read it yet.
func (v *Vault) Rotate(ctx context.Context, d access.Duty, key string) error {
	if !slices.Contains(v.Keys.Held(), key) {
		return fmt.Errorf("key %s is not among the keys given", key)
	}
	err := v.DB.Change(ctx, d.Did(audit.KeyRotated, key), func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, "vault.key"); err != nil {
			return err
		}
		n, all, err := lacking(ctx, tx, func(h holder) bool { return slices.Contains(strings.Fields(h.held), key) })
		if err != nil {
			return err
		}
		if n > 0 {
			return LackError{n, all}
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO vault_key (id, place, since_at) SELECT $1, COALESCE(MAX(place), 0) + 1, $2 FROM vault_key WHERE TRUE
			ON CONFLICT (id) DO UPDATE SET place = excluded.place, since_at = excluded.since_at, retired_at = NULL`, key, store.Time(tx.Now))
		return err
	})
	if err != nil {
		return err
	}
	return v.Refresh(ctx)
}
