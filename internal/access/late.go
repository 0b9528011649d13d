package access

import (
	"context"
	"errors"
	"time"

	"portico/internal/secret"
	"portico/internal/store"
)

// retire ends a session that was found to have run out, and gives err back. Were
// it only refused, it would be open again should the clock be set back.
func (g *Gate) retire(ctx context.Context, token string, err error, end string, idle ...time.Duration) error {
	if !errors.Is(err, ErrNoSession) || token == "" {
		return err
	}
	// Not with the request's context: whoever hangs up early is out as well. That
	// it could not be written changes nothing: the answer is no in any case.
	ctx = context.WithoutCancel(ctx)
	_ = g.DB.Housekeep(ctx, "access", func(tx *store.Tx) error {
		args := []any{secret.TokenHash(token), store.Time(tx.Now)}
		for _, d := range idle {
			args = append(args, store.Time(tx.Now.Add(-d)))
		}
		_, err := tx.Exec(ctx, end, args...)
		return err
	})
	return err
}

// What ends a session that has run out, for each kind.
const (
	endLate      = `UPDATE session SET ended_at = $2, ended_why = 'late' WHERE token_hash = $1 AND ended_at IS NULL AND (expires_at <= $2 OR NOT ` + used + `)`
	endLateStaff = `UPDATE staff_session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL AND (expires_at <= $2 OR seen_at <= $3)`
)
