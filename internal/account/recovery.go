package account

import (
	"context"
	"strings"

	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// Recovery codes: ten, of twelve symbols each (60 bits), in place of a second
// step (login.gov has the same number and length).
const (
	RecoveryCodes   = 10
	recoverySymbols = 12
)

// NewRecoveryCodes makes the codes to show: "7K3M-9XQ2-TB4W".
func NewRecoveryCodes() []string {
	out := make([]string, RecoveryCodes)
	for i := range out {
		c := secret.Symbols(recoverySymbols)
		out[i] = c[:4] + "-" + c[4:8] + "-" + c[8:]
	}
	return out
}

// recoveryForm reads a code in any writing: case, spaces and hyphens do not
// matter, O is 0, I and L are 1 (Crockford).
func recoveryForm(s string) string {
	s = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(secret.Crockford, r) {
			return r
		}
		return -1
	}, s)
}

// The account is part of what is hashed, so that equal codes of two accounts
// look different. A keyed hash is enough: without the key 60 bits cannot be tried.
func recoveryText(a ids.Account, code string) string { return string(a) + "\x1f" + recoveryForm(code) }

func (s *Accounts) addRecovery(ctx context.Context, tx *store.Tx, a ids.Account, codes []string) error {
	for _, c := range codes {
		if _, err := tx.Exec(ctx, `INSERT INTO recovery_code (account_id, code_hash, created_at) VALUES ($1, $2, $3)`,
			a, s.Keys.Index("account.recovery", recoveryText(a, c)), store.Time(tx.Now)); err != nil {
			return err
		}
	}
	return nil
}

// useRecovery uses up a recovery code; false if it is wrong or used. One
// statement, so that a code works once however often it is sent.
func (s *Accounts) useRecovery(ctx context.Context, tx *store.Tx, a ids.Account, code string) (bool, error) {
	if len(recoveryForm(code)) != recoverySymbols {
		return false, nil
	}
	for _, h := range s.Keys.Indexes("account.recovery", recoveryText(a, code)) {
		n, err := tx.Exec(ctx, `UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL`, a, h, store.Time(tx.Now))
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
	return false, nil
}
