package enroll

import (
	"context"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

// recordColumns are what scanRecord reads.
const recordColumns = `id, patient_id, channel, selector, secret_hash, state, tries, request_id, issuer, sent_to, issued_at, expires_at`

func scanRecord(r store.Row) (c record, err error) {
	var issued, expires store.Time
	err = r.Scan(&c.ID, &c.Patient, &c.Channel, &c.Selector, &c.Hash, &c.State, &c.Tries, &c.Request, &c.Issuer, &c.SentTo, &issued, &expires)
	c.Issued, c.Expires = issued.Std(), expires.Std()
	return c, err
}

// Three ways to find a code. Each counts a try in the same statement, so that a
// check that never ends has been counted all the same; a code that has used up
// its tries is not found.
const (
	bySelector  = `selector = $1 AND channel NOT IN ('phone', 'text')`
	byReference = `selector = $1 AND channel IN ('phone', 'text') AND state IN ('issued', 'opened')`
	byToken     = `token_hash = $1`
)

// countTry counts a try on the code found by where and gives it.
func countTry(ctx context.Context, tx *store.Tx, where, value string) (record, error) {
	return store.Get(ctx, tx, scanRecord, `
		UPDATE activation_code SET tries = tries + 1
		WHERE `+where+` AND tries < $2 AND state <> 'suspended'
		RETURNING `+recordColumns, value, maxTries)
}

// uncountTry takes a try back: it was right.
func uncountTry(ctx context.Context, tx *store.Tx, id ids.Code) error {
	_, err := tx.Exec(ctx, `UPDATE activation_code SET tries = tries - 1 WHERE id = $1 AND tries > 0`, id)
	return err
}

// suspend ends a live code that has used up its tries. Few lose their last try
// and the server at the same moment; those are found here at the next try too.
func suspend(ctx context.Context, tx *store.Tx, id ids.Code) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE activation_code SET state = 'suspended', ended_at = $2, shown = NULL WHERE id = $1 AND state IN ('issued', 'opened') AND tries >= $3`,
		id, store.Time(tx.Now), maxTries)
	return n == 1, err
}

// openCode moves a live code in time to opened; false if it is not.
func openCode(ctx context.Context, tx *store.Tx, id ids.Code) (bool, error) {
	n, err := tx.Exec(ctx, `
		UPDATE activation_code SET state = 'opened', opened_at = COALESCE(opened_at, $2), tries = tries - 1, shown = NULL
		WHERE id = $1 AND state IN ('issued', 'opened') AND expires_at > $2`, id, store.Time(tx.Now))
	return n == 1, err
}

// useCode is the one statement that spends a code. It runs in the transaction
// that makes the account and holds for one caller only. A code opened in time
// may be used when its time is over: the verification session bounds the rest.
func useCode(ctx context.Context, tx *store.Tx, id ids.Code, p ids.Patient) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE activation_code SET state = 'used', used_at = $3, ended_at = $3, shown = NULL WHERE id = $1 AND patient_id = $2 AND state = 'opened' AND used_at IS NULL`,
		id, p, store.Time(tx.Now))
	return n == 1, err
}

// endCodes ends every live code of a patient.
func endCodes(ctx context.Context, tx *store.Tx, p ids.Patient, as State) ([]ids.Code, error) {
	return store.List(ctx, tx, store.One[ids.Code], `
		UPDATE activation_code SET state = CASE WHEN expires_at <= $2 THEN 'expired' ELSE $3 END, ended_at = $2, shown = NULL
		WHERE patient_id = $1 AND state IN ('issued', 'opened') RETURNING id`, p, store.Time(tx.Now), string(as))
}

// newCode is a row about to be written.
type newCode struct {
	record
	TokenHash string // "" for none
	Shown     string // sealed, "" for none
	ShownTo   string // staff session
}

// insertCode adds a code; false if its selector is in use.
func insertCode(ctx context.Context, tx *store.Tx, c newCode) (bool, error) {
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	n, err := tx.Exec(ctx, `
		INSERT INTO activation_code (id, patient_id, channel, selector, secret_hash, token_hash, state, tries, request_id, issuer, sent_to, shown, shown_to, issued_at, expires_at)
		SELECT $1, $2, $3, $4, $5, $6, 'issued', 0, $7, $8, $9, $10, $11, $12, $13
		WHERE NOT EXISTS (SELECT 1 FROM activation_code WHERE selector = $4 AND (state IN ('issued', 'opened') OR channel NOT IN ('phone', 'text')))`,
		c.ID, c.Patient, string(c.Channel), c.Selector, c.Hash, null(c.TokenHash), c.Request, c.Issuer, c.SentTo, null(c.Shown), c.ShownTo, store.Time(tx.Now), store.Time(c.Expires))
	return n == 1, err
}

func codeByID(ctx context.Context, tx *store.Tx, id ids.Code) (record, error) {
	return store.Get(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM activation_code WHERE id = $1`, id)
}

const rowColumns = `id, patient_id, channel, selector, state, tries, issuer, issued_at, expires_at, opened_at, used_at, shown_at, request_id`

func scanRow(r store.Row) (c CodeRow, err error) {
	var issued, expires, opened, used, shown store.Time
	err = r.Scan(&c.ID, &c.Patient, &c.By, &c.Hint, &c.State, &c.Tries, &c.Issuer, &issued, &expires, &opened, &used, &shown, &c.Request)
	c.Issued, c.Expires, c.Opened, c.Used, c.Shown = issued.Std(), expires.Std(), opened.Std(), used.Std(), !shown.Std().IsZero()
	return c, err
}

// CodeRow is a code as the desk sees it: never the code itself.
type CodeRow struct {
	ID      ids.Code
	Patient ids.Patient
	Hint    string // the half that selects: "ABCDE"
	By      Channel
	State   State
	Tries   int
	Issuer  string // staff identifier, or "duty:" and its name
	Issued  time.Time
	Expires time.Time
	Opened  time.Time // zero if not
	Used    time.Time // zero if not
	Shown   bool      // staff have seen it
	Request ids.Request
}
