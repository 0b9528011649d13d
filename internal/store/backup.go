package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A backup is a gzip stream of JSON lines: a head, then for each table a line
// with its columns followed by a line for each row, and an end line with the
// number of rows, in all and of each table. It holds no engine's own format, so that a backup of SQLite
// can be restored on PostgreSQL and the other way round.
type (
	backupHead struct {
		Portico int       `json:"portico"` // format, backupFormat
		Version int64     `json:"version"` // newest migration
		At      time.Time `json:"at"`
	}
	backupTable struct {
		Table   string   `json:"table"`
		Columns []Column `json:"columns"`
	}
	backupEnd struct {
		End  bool  `json:"end"`
		Rows int64 `json:"rows"`
		// Of says how many rows each table had.
		Of map[string]int64 `json:"of"`
	}
)

const backupFormat = 2

// Backup writes the whole database to w while it goes on working: one moment's
// picture. It gives the number of rows.
func (db *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	t, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: db.engine == Postgres, Isolation: isolation(db.engine)})
	if err != nil {
		return 0, fmt.Errorf("begin backup: %w", err)
	}
	defer t.Rollback()
	z := gzip.NewWriter(w)
	out := json.NewEncoder(z)
	out.SetEscapeHTML(false)
	if err := out.Encode(backupHead{backupFormat, latest(), db.clock.Now()}); err != nil {
		return 0, err
	}
	end := backupEnd{End: true, Of: map[string]int64{}}
	for _, table := range saved() {
		n, err := backupRows(ctx, t, out, table)
		if err != nil {
			return 0, fmt.Errorf("back up %s: %w", table.Name, err)
		}
		end.Rows, end.Of[table.Name] = end.Rows+n, n
	}
	if err := out.Encode(end); err != nil {
		return 0, err
	}
	return end.Rows, z.Close()
}

// made are tables whose rows the database makes by itself: the numbers of a
// migration and what the triggers of guardTime write.
var made = []string{"tick", "appointment_cell"}

// saved are the tables that a backup holds.
func saved() []Table {
	return slices.DeleteFunc(slices.Clone(Tables()), func(t Table) bool { return slices.Contains(made, t.Name) })
}

func isolation(e Engine) sql.IsolationLevel {
	if e == Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

func backupRows(ctx context.Context, t *sql.Tx, out *json.Encoder, table Table) (int64, error) {
	if err := out.Encode(backupTable{table.Name, table.Columns}); err != nil {
		return 0, err
	}
	rows, err := t.QueryContext(ctx, "SELECT "+columnList(table)+" FROM "+table.Name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		cells := make([]any, len(table.Columns))
		for i, c := range table.Columns {
			switch c.Type {
			case "TIMESTAMPTZ":
				cells[i] = new(Time)
			case "BIGINT":
				cells[i] = new(sql.NullInt64)
			case "BOOLEAN":
				cells[i] = new(sql.NullBool)
			case "BYTEA":
				cells[i] = new([]byte)
			default:
				cells[i] = new(sql.NullString)
			}
		}
		if err := rows.Scan(cells...); err != nil {
			return n, err
		}
		if err := out.Encode(plain(cells)); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

func plain(cells []any) []any {
	row := make([]any, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case *Time:
			row[i], _ = c.Value()
		case *[]byte:
			if *c != nil {
				row[i] = base64.StdEncoding.EncodeToString(*c)
			}
		case *sql.NullInt64:
			row[i], _ = c.Value()
		case *sql.NullBool:
			row[i], _ = c.Value()
		case *sql.NullString:
			row[i], _ = c.Value()
		}
	}
	return row
}

func columnList(t Table) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Restore fills an empty, migrated database from a backup, all or nothing, and
// gives the number of rows. A backup that was cut off or altered in its
// structure is refused; whether its contents are whole the audit log tells.
func (db *DB) Restore(ctx context.Context, r io.Reader) (int64, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return 0, errors.New("this is not a backup of Portico")
	}
	in := json.NewDecoder(bufio.NewReaderSize(z, 1<<20))
	in.UseNumber()
	var head backupHead
	if err := in.Decode(&head); err != nil || head.Portico != backupFormat {
		return 0, errors.New("this is not a backup of Portico")
	}
	if head.Version > latest() {
		return 0, fmt.Errorf("the backup is of a newer version (%d) than this program (%d)", head.Version, latest())
	}
	pool, done, err := db.maintenance()
	if err != nil {
		return 0, err
	}
	defer done()
	t, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("begin restore: %w", err)
	}
	defer t.Rollback()
	if err := mustBeEmpty(ctx, t); err != nil {
		return 0, err
	}
	end, err := restoreRows(ctx, t, in)
	if err != nil {
		return 0, err
	}
	if err := db.asBackedUp(ctx, t, end); err != nil {
		return 0, err
	}
	return end.Rows, t.Commit()
}

// asBackedUp counts what the database now holds, and looks for rows that refer to
// nothing. PostgreSQL refuses those as they come.
func (db *DB) asBackedUp(ctx context.Context, t *sql.Tx, end backupEnd) error {
	for _, table := range saved() { // what triggers write comes with what they write it for
		var n int64
		if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table.Name).Scan(&n); err != nil {
			return fmt.Errorf("count %s: %w", table.Name, err)
		}
		if n != end.Of[table.Name] {
			return fmt.Errorf("the backup had %d rows of %s and %d came back: it is damaged", end.Of[table.Name], table.Name, n)
		}
	}
	if db.engine == Postgres {
		return nil
	}
	var bad int64
	if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&bad); err != nil {
		return fmt.Errorf("check references: %w", err)
	}
	if bad > 0 {
		return fmt.Errorf("the backup has %d rows that refer to nothing: it is damaged", bad)
	}
	return nil
}

func mustBeEmpty(ctx context.Context, t *sql.Tx) error {
	for _, table := range saved() {
		var n int
		if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+table.Name+" LIMIT 1) AS one").Scan(&n); err != nil {
			return fmt.Errorf("look at %s: %w", table.Name, err)
		}
		if n > 0 {
			return fmt.Errorf("the database is not empty (table %s): restore into a new one", table.Name)
		}
	}
	return nil
}

// restoring is where a restore stands.
type restoring struct {
	table  Table
	insert *sql.Stmt
	n      int64
}

var errBackup = errors.New("the backup is cut off or damaged")

func restoreRows(ctx context.Context, t *sql.Tx, in *json.Decoder) (end backupEnd, err error) {
	known := map[string]Table{}
	for _, table := range Tables() {
		known[table.Name] = table
	}
	var r restoring
	defer func() { r.close() }()
	for {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return end, errBackup
		}
		if raw[0] != '{' {
			if err := r.row(ctx, raw); err != nil {
				return end, err
			}
			continue
		}
		if json.Unmarshal(raw, &end); !end.End {
			if err := r.begin(ctx, t, raw, known); err != nil {
				return end, err
			}
			continue
		}
		if end.Rows != r.n {
			return end, errors.New("the backup lacks rows: it is damaged")
		}
		// Reading on to the very end checks the stream's checksum.
		if err := in.Decode(&raw); !errors.Is(err, io.EOF) {
			return end, errBackup
		}
		return end, nil
	}
}

func (r *restoring) close() {
	if r.insert != nil {
		r.insert.Close()
	}
}

// begin goes on to the table that a line names.
func (r *restoring) begin(ctx context.Context, t *sql.Tx, raw json.RawMessage, known map[string]Table) (err error) {
	var b backupTable
	if err := json.Unmarshal(raw, &b); err != nil {
		return errBackup
	}
	if _, ok := known[b.Table]; !ok || !subset(b.Columns, known[b.Table].Columns) {
		return fmt.Errorf("the backup has a table %q that this version does not know", b.Table)
	}
	r.close()
	r.table = Table{Name: b.Table, Columns: b.Columns}
	r.insert, err = t.PrepareContext(ctx, "INSERT INTO "+b.Table+" ("+columnList(r.table)+") VALUES ("+In(1, len(b.Columns))+")")
	return err
}

func (r *restoring) row(ctx context.Context, raw json.RawMessage) error {
	if r.insert == nil {
		return errBackup
	}
	args, err := cells(raw, r.table)
	if err != nil {
		return err
	}
	if _, err := r.insert.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("restore %s: %w", r.table.Name, err)
	}
	r.n++
	return nil
}

func subset(some, all []Column) bool {
	have := map[Column]bool{}
	for _, c := range all {
		have[c] = true
	}
	for _, c := range some {
		if !have[c] {
			return false
		}
	}
	return true
}

func cells(raw json.RawMessage, table Table) ([]any, error) {
	damaged := fmt.Errorf("the backup has a damaged row in %s", table.Name)
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var row []any
	if err := dec.Decode(&row); err != nil || len(row) != len(table.Columns) {
		return nil, damaged
	}
	for i, c := range table.Columns {
		switch v := row[i].(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil || c.Type != "BIGINT" {
				return nil, damaged
			}
			row[i] = n
		case string:
			if c.Type == "BYTEA" {
				b, err := base64.StdEncoding.DecodeString(v)
				if err != nil {
					return nil, damaged
				}
				row[i] = b
			}
		case nil, bool:
		default:
			return nil, damaged
		}
	}
	return row, nil
}
