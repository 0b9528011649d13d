package access

import (
	"context"
	"errors"
	"time"

	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// StartVerification opens the session of someone who begins to open an account.
// patient is "" when nobody matched: such a session looks and lives exactly like
// the others and proves nothing.
func (g *Gate) StartVerification(ctx context.Context, tx *store.Tx, v Visitor, p ids.Patient, l Level) (token string, id ids.Verification, err error) {
	token, id = secret.Token(), ids.NewVerification()
	_, err = tx.Exec(ctx, `
		INSERT INTO verification_session (id, token_hash, patient_id, level, source, created_at, expires_at, longest_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, secret.TokenHash(token), p, int(l), string(v.source), store.Time(tx.Now), store.Time(tx.Now.Add(Resume)), store.Time(tx.Now.Add(longest)))
	return token, id, err
}

// Applicant proves that token belongs to a live verification session.
func (g *Gate) Applicant(ctx context.Context, token string, v Visitor) (Applicant, error) {
	a := Applicant{source: v.source, agent: v.agent}
	err := g.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
			var l int
			err := r.Scan(&a.id, &a.patient, &l)
			a.level = Level(l)
			return struct{}{}, err
		}, `SELECT id, patient_id, level FROM verification_session WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2`,
			secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Applicant{}, ErrNoSession
	}
	return a, err
}

// Prove raises the applicant's session to Proven for patient p and gives the
// new token: a token from before the proof must not be worth anything after it.
func (g *Gate) Prove(ctx context.Context, tx *store.Tx, a Applicant, p ids.Patient) (token string, proven Applicant, err error) {
	token = secret.Token()
	n, err := tx.Exec(ctx, `
		UPDATE verification_session SET token_hash = $2, patient_id = $3, level = $4, expires_at = $5
		WHERE id = $1 AND ended_at IS NULL AND expires_at > $6`,
		a.id, secret.TokenHash(token), p, int(Proven), store.Time(tx.Now.Add(Resume)), store.Time(tx.Now))
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	a.patient, a.level = p, Proven
	return token, a, err
}

// KeepVerification gives an applicant who made a step another while to pause,
// never beyond the longest time in all.
func (g *Gate) KeepVerification(ctx context.Context, tx *store.Tx, a Applicant) error {
	n, err := tx.Exec(ctx, `
		UPDATE verification_session SET expires_at = CASE WHEN longest_at < $2 THEN longest_at ELSE $2 END
		WHERE id = $1 AND ended_at IS NULL AND expires_at > $3`, a.id, store.Time(tx.Now.Add(Resume)), store.Time(tx.Now))
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	return err
}

// EndVerification ends the applicant's session; ErrNoSession if it had ended:
// of two submissions at once only one goes on.
func (g *Gate) EndVerification(ctx context.Context, tx *store.Tx, a Applicant) error {
	n, err := tx.Exec(ctx, `UPDATE verification_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2`, a.id, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	return err
}

// EndVerifications ends every open verification session for patient p.
func (g *Gate) EndVerifications(ctx context.Context, tx *store.Tx, p ids.Patient) error {
	_, err := tx.Exec(ctx, `UPDATE verification_session SET ended_at = $2 WHERE patient_id = $1 AND ended_at IS NULL`, p, store.Time(tx.Now))
	return err
}

// Sweep erases sessions that ended long ago. Sign-in history lives in the audit log.
func (g *Gate) Sweep(ctx context.Context) error {
	return g.DB.Housekeep(ctx, "access", func(tx *store.Tx) error {
		for _, q := range []string{
			`DELETE FROM verification_session WHERE expires_at < $1`,
			`DELETE FROM session WHERE expires_at < $1`,
			`DELETE FROM staff_session WHERE expires_at < $1`,
		} {
			if _, err := tx.Exec(ctx, q, store.Time(tx.Now.Add(-30*24*time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
}
