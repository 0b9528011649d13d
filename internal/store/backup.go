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
	"strings"
	"time"
)

// A backup is a gzip stream of JSON lines: a head, then for each table a line
// with its columns followed by a line for each row, and an end line with the
// number of rows. It holds no engine's own format, so that a backup of SQLite
// can be restored on PostgreSQL and the other way round.
type (
	backupHead struct {
		Portico int       `json:"portico"` // format, 1
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
	}
)

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
	if err := out.Encode(backupHead{1, latest(), db.clock.Now()}); err != nil {
		return 0, err
	}
	var rows int64
	for _, table := range Tables() {
		n, err := backupRows(ctx, t, out, table)
		if err != nil {
			return 0, fmt.Errorf("back up %s: %w", table.Name, err)
		}
		rows += n
	}
	if err := out.Encode(backupEnd{true, rows}); err != nil {
		return 0, err
	}
	return rows, z.Close()
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
	if err := in.Decode(&head); err != nil || head.Portico != 1 {
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
	n, err := restoreRows(ctx, t, in)
	if err != nil {
		return 0, err
	}
	return n, t.Commit()
}

func mustBeEmpty(ctx context.Context, t *sql.Tx) error {
	for _, table := range Tables() {
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

func restoreRows(ctx context.Context, t *sql.Tx, in *json.Decoder) (int64, error) {
	known := map[string]Table{}
	for _, table := range Tables() {
		known[table.Name] = table
	}
	var table Table
	var insert *sql.Stmt
	var n int64
	for {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return n, errors.New("the backup is cut off or damaged")
		}
		if raw[0] == '{' {
			var end backupEnd
			if json.Unmarshal(raw, &end); end.End {
				if end.Rows != n {
					return n, errors.New("the backup lacks rows: it is damaged")
				}
				// Reading on to the very end checks the stream's checksum.
				if err := in.Decode(&raw); !errors.Is(err, io.EOF) {
					return n, errors.New("the backup is cut off or damaged")
				}
				return n, nil
			}
			var b backupTable
			if err := json.Unmarshal(raw, &b); err != nil {
				return n, errors.New("the backup is damaged")
			}
			if _, ok := known[b.Table]; !ok || !subset(b.Columns, known[b.Table].Columns) {
				return n, fmt.Errorf("the backup has a table %q that this version does not know", b.Table)
			}
			table = Table{Name: b.Table, Columns: b.Columns}
			var err error
			if insert, err = t.PrepareContext(ctx, "INSERT INTO "+table.Name+" ("+columnList(table)+") VALUES ("+In(1, len(table.Columns))+")"); err != nil {
				return n, err
			}
			defer insert.Close()
			continue
		}
		if insert == nil {
			return n, errors.New("the backup is damaged")
		}
		args, err := cells(raw, table)
		if err != nil {
			return n, err
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return n, fmt.Errorf("restore %s: %w", table.Name, err)
		}
		n++
	}
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
