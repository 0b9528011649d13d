package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

const accountColumns = `id, person_id, record_id, user_name, password_hash, state, lang, theme, text_size, zone`

func scanAccount(r store.Row) (a record, err error) {
	err = r.Scan(&a.id, &a.person, &a.origin, &a.name, &a.hash, &a.state, &a.lang, &a.theme, &a.text, &a.zone)
	return a, err
}

// byName finds the account with a folded user name; a zero record if there is
// none, so that the caller goes the same way for both.
func byName(ctx context.Context, tx *store.Tx, name string) (record, error) {
	a, err := store.Get(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM account WHERE user_name = $1`, name)
	if errors.Is(err, store.ErrNone) {
		return record{}, nil
	}
	return a, err
}

func byID(ctx context.Context, tx *store.Tx, id ids.Account) (record, error) {
	return store.Get(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM account WHERE id = $1`, id)
}

func scanFactor(r store.Row) (f factor, err error) {
	var since store.Time
	err = r.Scan(&f.id, &f.kind, &f.sealed, &f.lastStep, &since)
	f.since = since.Std()
	return f, err
}

// factorsOf lists an account's second steps, the one it uses by default first.
func factorsOf(ctx context.Context, tx *store.Tx, a ids.Account) ([]factor, error) {
	return store.List(ctx, tx, scanFactor, `
		SELECT id, kind, sealed, last_step, confirmed_at FROM account_factor
		WHERE account_id = $1 AND ended_at IS NULL ORDER BY place, id`, a)
}

// advance uses up step of an authenticator; false if it was used before. One
// statement: of two submissions of the same code only one gets through.
func advance(ctx context.Context, tx *store.Tx, f ids.Factor, step int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE account_factor SET last_step = $2 WHERE id = $1 AND last_step < $2 AND ended_at IS NULL`, f, step)
	return n == 1, err
}

// knownDevice tells whether the browser has signed in to a before.
func knownDevice(ctx context.Context, tx *store.Tx, a ids.Account, d ids.Device, since time.Time) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `
		SELECT COUNT(*) FROM device WHERE account_id = $1 AND id = $2 AND ended_at IS NULL AND last_at > $3`, a, d, store.Time(since))
	return n > 0, err
}

// lastSignIn gives the newest sign-in before the running session's own.
func lastSignIn(ctx context.Context, tx *store.Tx, a ids.Account) (at time.Time, agent string, err error) {
	type row struct {
		at    store.Time
		agent string
	}
	rows, err := store.List(ctx, tx, func(r store.Row) (v row, err error) {
		err = r.Scan(&v.at, &v.agent)
		return v, err
	}, `SELECT at, agent FROM account_event WHERE account_id = $1 AND kind IN ('signed_in', 'opened') ORDER BY at DESC, id LIMIT 2`, a)
	if err != nil || len(rows) < 2 {
		return time.Time{}, "", err
	}
	return rows[1].at.Std(), rows[1].agent, nil
}

func codesLeft(ctx context.Context, tx *store.Tx, a ids.Account) (int, error) {
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL`, a)
}
