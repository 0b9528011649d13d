// Package limit slows down guessing and flooding. Its counters live in the
// database, so that a restart or a second copy of the server keeps them, and
// they are raised before the thing they count is checked, in a transaction of
// their own: a check that fails half-way has still been counted. A counter that
// cannot be written is a refusal.
//
// Keys (addresses, accounts, numbers) are stored as keyed hashes only.
package limit

import (
	"context"
	"fmt"
	"time"

	"portico/internal/fault"
	"portico/internal/secret"
	"portico/internal/store"
)

// Rule allows Max events in each window of Per, counted from the first one.
type Rule struct {
	Name string
	Max  int
	Per  time.Duration
}

// Limiter counts.
type Limiter struct {
	DB   *store.DB
	Keys *secret.Keyring
}

// Count is where a key stands after an event was counted.
type Count struct {
	N     int           // events in this window, this one included
	Over  bool          // N is beyond the rule's Max
	Retry time.Duration // until the window ends
}

// hide does not follow a change of key: a counter that began anew would give who
// guesses a second allowance.
func (l *Limiter) hide(rule, key string) string {
	return l.Keys.Lasting("limit", rule+"\x1f"+key)
}

// Hit counts one event of key under rule.
func (l *Limiter) Hit(ctx context.Context, r Rule, key string) (Count, error) {
	var c Count
	err := l.DB.Housekeep(ctx, "limit", func(tx *store.Tx) (err error) {
		c, err = l.HitIn(ctx, tx, r, key)
		return err
	})
	if err != nil {
		return Count{}, fault.Down("error.busy", 5*time.Second, fmt.Errorf("count: %w", err))
	}
	return c, nil
}

// HitIn counts within the caller's transaction: for budgets of things done
// (messages sent), where an undone deed must not count.
func (l *Limiter) HitIn(ctx context.Context, tx *store.Tx, r Rule, key string) (Count, error) {
	now := store.Time(tx.Now)
	c, err := store.Get(ctx, tx, func(row store.Row) (c Count, err error) {
		var began store.Time
		err = row.Scan(&c.N, &began)
		c.Retry = began.Std().Add(r.Per).Sub(tx.Now)
		return c, err
	}, `
		INSERT INTO limit_count (key_hash, n, began_at, until_at) VALUES ($1, 1, $2, $3)
		ON CONFLICT (key_hash) DO UPDATE SET
			n = CASE WHEN limit_count.until_at <= $2 THEN 1 ELSE limit_count.n + 1 END,
			began_at = CASE WHEN limit_count.until_at <= $2 THEN $2 ELSE limit_count.began_at END,
			until_at = CASE WHEN limit_count.until_at <= $2 THEN $3 ELSE limit_count.until_at END
		RETURNING n, began_at`, l.hide(r.Name, key), now, store.Time(tx.Now.Add(r.Per)))
	c.Over = c.N > r.Max
	return c, err
}

// Check counts one event for each key and answers TooMany, with the sentence
// text, when any of them is over. All keys are counted, whichever is over.
func (l *Limiter) Check(ctx context.Context, r Rule, text string, keys ...string) error {
	var worst Count
	err := l.DB.Housekeep(ctx, "limit", func(tx *store.Tx) error {
		worst = Count{}
		for _, k := range keys {
			c, err := l.HitIn(ctx, tx, r, k)
			if err != nil {
				return err
			}
			if c.Over && c.Retry > worst.Retry {
				worst = c
			}
		}
		return nil
	})
	if err != nil {
		return fault.Down("error.busy", 5*time.Second, fmt.Errorf("count: %w", err))
	}
	if worst.Over {
		return fault.Wait(text, worst.Retry)
	}
	return nil
}

// Distinct counts how many different members key has had within rule's window
// and remembers member; Over means that this member is one too many. A member
// seen before in the window is free.
func (l *Limiter) Distinct(ctx context.Context, r Rule, key, member string) (Count, error) {
	var c Count
	err := l.DB.Housekeep(ctx, "limit", func(tx *store.Tx) error {
		k, m := l.hide(r.Name, key), l.hide(r.Name+".member", member)
		now := store.Time(tx.Now)
		if _, err := tx.Exec(ctx, `DELETE FROM limit_member WHERE key_hash = $1 AND until_at <= $2`, k, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO limit_member (key_hash, member_hash, until_at)
			SELECT $1, $2, $3 WHERE (SELECT COUNT(*) FROM limit_member WHERE key_hash = $1) <= $4
			ON CONFLICT (key_hash, member_hash) DO NOTHING`, k, m, store.Time(tx.Now.Add(r.Per)), r.Max); err != nil {
			return err
		}
		// One beyond Max is stored so that it counts as over each time it comes
		// back; the rank by time of arrival tells who was within.
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM limit_member WHERE key_hash = $1`, k)
		if err != nil {
			return err
		}
		mine, err := store.Get(ctx, tx, store.One[int], `
			SELECT COUNT(*) FROM limit_member a JOIN limit_member b ON b.key_hash = a.key_hash AND b.member_hash = $2
			WHERE a.key_hash = $1 AND (a.until_at < b.until_at OR (a.until_at = b.until_at AND a.member_hash <= b.member_hash))`, k, m)
		if err != nil {
			return err
		}
		c = Count{N: n, Over: mine == 0 || mine > r.Max, Retry: r.Per}
		return nil
	})
	if err != nil {
		return Count{}, fault.Down("error.busy", 5*time.Second, fmt.Errorf("count: %w", err))
	}
	return c, nil
}

// Waits makes each failure in a row wait longer: First after the (Free+1)th,
// doubling up to Most; from Stop failures on, nothing is let through at all.
type Waits struct {
	Name  string
	Free  int
	First time.Duration
	Most  time.Duration
	Stop  int // 0: never
}

// After is how long to wait after the nth failure in a row.
func (w Waits) After(n int) time.Duration {
	if n <= w.Free {
		return 0
	}
	d := w.First
	for i := w.Free + 1; i < n && d < w.Most; i++ {
		d *= 2
	}
	return min(d, w.Most)
}

// Begin is called before a secret is checked. It answers TooMany with the
// sentence text while a wait runs; otherwise it counts the try as a failure at
// once, to be taken back by Clear if the secret was right.
func (l *Limiter) Begin(ctx context.Context, w Waits, text, key string) error {
	var wait time.Duration
	err := l.DB.Housekeep(ctx, "limit", func(tx *store.Tx) (err error) {
		wait, err = l.begin(ctx, tx, w, l.hide(w.Name, key))
		return err
	})
	if err != nil {
		return fault.Down("error.busy", 5*time.Second, fmt.Errorf("count: %w", err))
	}
	if wait > 0 {
		return fault.Wait(text, wait)
	}
	return nil
}

// forever stands for "until someone clears it".
const forever = 100 * 365 * 24 * time.Hour

func (l *Limiter) begin(ctx context.Context, tx *store.Tx, w Waits, k string) (time.Duration, error) {
	n, err := store.Get(ctx, tx, store.One[int], `
		INSERT INTO limit_wait (key_hash, fails, until_at) VALUES ($1, 1, $2)
		ON CONFLICT (key_hash) DO UPDATE SET fails = limit_wait.fails + 1 WHERE limit_wait.until_at <= $2
		RETURNING fails`, k, store.Time(tx.Now))
	if err == store.ErrNone { // a wait is running: this try is refused, not counted
		until, err := store.Get(ctx, tx, store.One[store.Time], `SELECT until_at FROM limit_wait WHERE key_hash = $1`, k)
		return until.Std().Sub(tx.Now), err
	}
	if err != nil {
		return 0, err
	}
	d := w.After(n)
	if w.Stop > 0 && n >= w.Stop {
		d = forever
	}
	_, err = tx.Exec(ctx, `UPDATE limit_wait SET until_at = $2 WHERE key_hash = $1`, k, store.Time(tx.Now.Add(d)))
	return 0, err
}

// Clear forgets the failures of key: the secret was right.
func (l *Limiter) Clear(ctx context.Context, tx *store.Tx, w Waits, key string) error {
	_, err := tx.Exec(ctx, `DELETE FROM limit_wait WHERE key_hash = $1`, l.hide(w.Name, key))
	return err
}

// Fails tells how many failures in a row key has had.
func (l *Limiter) Fails(ctx context.Context, tx *store.Tx, w Waits, key string) (int, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT fails FROM limit_wait WHERE key_hash = $1`, l.hide(w.Name, key))
	if err == store.ErrNone {
		return 0, nil
	}
	return n, err
}

// Sweep deletes counters whose window is over. Waits that grew are kept for
// thirty days after they ended, so that patience does not reset them.
func (l *Limiter) Sweep(ctx context.Context) error {
	return l.DB.Housekeep(ctx, "limit", func(tx *store.Tx) error {
		for _, q := range []string{
			`DELETE FROM limit_count WHERE until_at <= $1`,
			`DELETE FROM limit_member WHERE until_at <= $1`,
		} {
			if _, err := tx.Exec(ctx, q, store.Time(tx.Now)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM limit_wait WHERE until_at <= $1`, store.Time(tx.Now.Add(-30*24*time.Hour)))
		return err
	})
}
