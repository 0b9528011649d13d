package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"portico/internal/audit"
	"portico/internal/ids"
)

// ErrNone is returned by Get when no row matches.
var ErrNone = errors.New("no such row")

// Row is what a scan function reads from.
type Row interface{ Scan(dest ...any) error }

// Exec runs a statement and tells how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tx.tally()
	var res sql.Result
	var err error
	if tx.stmt != nil {
		s, perr := tx.stmt(ctx, query)
		if perr != nil {
			return 0, where(perr, query)
		}
		res, err = s.ExecContext(ctx, args...)
	} else {
		res, err = tx.q.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, where(err, query)
	}
	return res.RowsAffected()
}

func (tx *Tx) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	tx.tally()
	if tx.stmt != nil {
		s, err := tx.stmt(ctx, query)
		if err != nil {
			return nil, err
		}
		return s.QueryContext(ctx, args...)
	}
	return tx.q.QueryContext(ctx, query, args...)
}

func (tx *Tx) tally() {
	if tx.count != nil {
		*tx.count++
	}
}

// Engine tells which database this transaction is on. Only jobs needs it, for
// its lock clause.
func (tx *Tx) Engine() Engine { return tx.engine }

// LockClause makes concurrent claimers skip each other's rows on PostgreSQL; on
// SQLite, with its single writer, there is nothing to skip.
func (tx *Tx) LockClause() string {
	if tx.engine == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// OneAtATime makes transactions that name the same thing wait for each other
// until they end, so that whoever comes second sees what the first one did.
// Taken before the first read. SQLite has one writer: nothing to do there.
func (tx *Tx) OneAtATime(ctx context.Context, thing string) error {
	if tx.engine != Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, thing)
	return err
}

// Get reads exactly one row; ErrNone if there is none.
func Get[T any](ctx context.Context, tx *Tx, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var zero T
	rows, err := tx.rows(ctx, query, args)
	if err != nil {
		return zero, where(err, query)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, where(err, query)
		}
		return zero, ErrNone
	}
	v, err := scan(rows)
	if err != nil {
		return zero, where(err, query)
	}
	// The rest must be read for a RETURNING statement to be carried out whole.
	for rows.Next() {
	}
	return v, where(rows.Err(), query)
}

// List reads all rows.
func List[T any](ctx context.Context, tx *Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	return Page(ctx, tx, 0, scan, query, args...)
}

// Page is List with room for n rows from the start: a list of wide rows that
// grows while it is read costs three times its size.
func Page[T any](ctx context.Context, tx *Tx, n int, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.rows(ctx, query, args)
	if err != nil {
		return nil, where(err, query)
	}
	defer rows.Close()
	out := make([]T, 0, n)
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, where(err, query)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		out = nil
	}
	return out, where(rows.Err(), query)
}

// One scans a single column of any basic type: store.Get(ctx, tx, store.One[int], …).
func One[T any](r Row) (T, error) {
	var v T
	err := r.Scan(&v)
	return v, err
}

// where names the statement in an error by its first words; never its arguments.
func where(err error, query string) error {
	if err == nil {
		return nil
	}
	words := strings.Fields(query)
	return fmt.Errorf("%s: %w", strings.Join(words[:min(4, len(words))], " "), err)
}

// In writes "$from, $from+1, …" for n values of an IN list.
func In(from, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = "$" + strconv.Itoa(from+i)
	}
	return strings.Join(parts, ", ")
}

// together is how many arguments one INSERT on PostgreSQL takes at most.
const together = 4000

// Insert writes rows of equal length: head is "INSERT INTO … VALUES ", tail what
// follows the values ("ON CONFLICT …") or "". PostgreSQL takes many rows in one
// statement, since each is a journey to the server. SQLite takes one after the
// other: for a statement of several rows it first copies every page the statement
// touches, to be able to undo a part, and its driver looks up the name of each
// argument among all.
func (tx *Tx) Insert(ctx context.Context, head string, rows [][]any, tail string) error {
	if len(rows) == 0 {
		return nil
	}
	n, most := len(rows[0]), 1
	if tx.engine == Postgres {
		most = max(1, together/n)
	}
	for len(rows) > 0 {
		k := min(most, len(rows))
		if k < most {
			k = 1 << (bits.Len(uint(k)) - 1) // few lengths, so that few statements are prepared
		}
		args := make([]any, 0, n*k)
		for _, r := range rows[:k] {
			args = append(args, r...)
		}
		if _, err := tx.Exec(ctx, head+tuples(n, k)+tail, args...); err != nil {
			return err
		}
		rows = rows[k:]
	}
	return nil
}

// tuples writes "($1, $2), ($3, $4), …": k rows of n values.
func tuples(n, k int) string {
	var b strings.Builder
	for i := range k {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + In(n*i+1, n) + ")")
	}
	return b.String()
}

// layout is fixed-width, so that text order is time order on SQLite.
const layout = "2006-01-02T15:04:05.000000Z"

// Time is a moment on its way to or from the database, in UTC to the
// microsecond. The zero time stands for NULL.
type Time time.Time

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return time.Time(t).UTC().Format(layout), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = Time{}
	case time.Time:
		*t = Time(v.UTC())
	case string:
		p, err := Moment(v)
		if err != nil {
			return err
		}
		*t = Time(p)
	default:
		return fmt.Errorf("a stored time is a %T", v)
	}
	return nil
}

// Moment reads a moment that the database wrote as text: SQLite as it was stored,
// PostgreSQL in its ISO form, both in UTC.
func Moment(text string) (time.Time, error) {
	if iso, ok := strings.CutSuffix(text, "+00"); ok {
		text = strings.Replace(iso, " ", "T", 1) + "Z"
	}
	t, err := time.Parse(time.RFC3339Nano, text) // a form that package time reads by a quicker way than ours
	if err != nil || !strings.HasSuffix(text, "Z") {
		return time.Time{}, errors.New("a stored time is not in our format")
	}
	return t, nil
}

// Std gives the standard library's time.
func (t Time) Std() time.Time { return time.Time(t) }

// IsUnique tells whether err is a breach of a unique index or primary key: the
// database's word on who won a race.
func IsUnique(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return p.Code == "23505"
	}
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		return s.Code() == 2067 || s.Code() == 1555
	}
	return false
}

func isRetryable(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (p.Code == "40001" || p.Code == "40P01")
}

// Clean makes outside text storable: no NUL, no broken UTF-8 (PostgreSQL
// refuses both, SQLite would keep them).
func Clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func (tx *Tx) writeLog(ctx context.Context, entries []audit.Entry) error {
	for _, e := range entries {
		if !e.Valid() {
			return fmt.Errorf("invalid audit entry (action %q)", e.Action)
		}
		id := ids.NewEntry()
		if _, err := tx.Exec(ctx, `
			INSERT INTO audit_entry (id, at, action, outcome, actor, actor_id, patient_id, object, source, session, detail)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			id, Time(tx.Now), string(e.Action), string(e.Outcome), string(e.Actor), e.ActorID, e.Patient, e.Object, e.Source, e.Session, e.Detail); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO audit_pending (entry_id, at) VALUES ($1, $2)`, id, Time(tx.Now)); err != nil {
			return err
		}
	}
	return nil
}
