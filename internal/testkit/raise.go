package testkit

import (
	"context"
	"testing"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/secret"
	"portico/internal/store"
)

// RaiseStaff is as if the person of a staff session had proven a moment ago who they
// are.
func RaiseStaff(t testing.TB, db *store.DB, token string) {
	t.Helper()
	ctx := context.Background()
	if err := db.Change(ctx, access.NewDuty("test").Did(audit.SessionRaised, ""), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff_session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
