package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/jobs"
	"portico/internal/store"
)

const (
	// batch is how many rows are looked at, and at most changed, at a time: few
	// enough that nobody waits noticeably behind one.
	batch = 200
	// spell is how long a job remakes rows before it makes room for others; its
	// lease is two minutes.
	spell = 60 * time.Second
)

// remakeJob puts rows under the key that writes. Where there is nothing to do it
// costs one small query.
var remakeJob = jobs.Kind[struct{}]{Name: "vault.remake", Every: time.Minute}

// Jobs registers the worker.
func (v *Vault) Jobs(r *jobs.Runner) {
	jobs.Handle(r, remakeJob, func(ctx context.Context, d access.Duty, _ struct{}) error {
		ctx, cancel := context.WithTimeout(ctx, spell)
		defer cancel()
		err := v.Remake(ctx, d, nil)
		if errors.Is(err, ErrWaiting) || ctx.Err() != nil {
			return nil // the next spell goes on where this one stopped
		}
		return err
	})
}

// Progress is how far a table is.
type Progress struct {
	Table  string
	Looked int64
	Remade int64
	Done   bool
}

// ErrWaiting means that a process still writes with an older key.
var ErrWaiting = errors.New("a process still writes with the old key")

// Remake puts all rows under the key that writes. It may run in several processes
// at once and be stopped at any time. tell, if not nil, is called after each
// batch.
func (v *Vault) Remake(ctx context.Context, d access.Duty, tell func(Progress)) error {
	if err := v.Refresh(ctx); err != nil {
		return err
	}
	if len(v.Keys.Held()) == 1 {
		return nil // nothing can be under another key
	}
	key := v.Keys.Current()
	todo := 0
	for _, t := range v.Tables {
		if len(t.columns()) == 0 {
			continue
		}
		p, err := v.pass(ctx, t, key)
		if err != nil {
			return err
		}
		if p.Done {
			continue
		}
		if todo++; todo == 1 {
			if err := v.allWrite(ctx, key); err != nil {
				return err
			}
		}
		if err := v.table(ctx, t, key, tell); err != nil {
			return fmt.Errorf("remake %s: %w", t.Name, err)
		}
	}
	if todo == 0 {
		return nil
	}
	return v.DB.Change(ctx, d.Did(audit.KeyApplied, key), func(*store.Tx) error { return nil })
}

// table goes through one table until it is done.
func (v *Vault) table(ctx context.Context, t Table, key string, tell func(Progress)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := v.step(ctx, t, key)
		if err != nil {
			return err
		}
		if tell != nil {
			tell(p)
		}
		if p.Done {
			return nil
		}
	}
}

// pass reads how far a table is, and begins it where the key is a new one.
func (v *Vault) pass(ctx context.Context, t Table, key string) (at cursor, err error) {
	read := func(tx *store.Tx) error {
		at, err = store.Get(ctx, tx, scanCursor, `SELECT after_row, looked, remade, done_at FROM vault_pass WHERE of_table = $1 AND key_id = $2`, t.Name, key)
		return err
	}
	if err = v.DB.View(ctx, read); !errors.Is(err, store.ErrNone) {
		return at, err
	}
	err = v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO vault_pass (of_table, key_id, after_row, looked, remade) VALUES ($1, $2, '', 0, 0)
			ON CONFLICT (of_table) DO UPDATE SET key_id = excluded.key_id, after_row = '', looked = 0, remade = 0, done_at = NULL
			WHERE vault_pass.key_id <> excluded.key_id`, t.Name, key); err != nil {
			return err
		}
		return read(tx)
	})
	return at, err
}

type cursor struct {
	after string
	Progress
}

func scanCursor(r store.Row) (c cursor, err error) {
	var done store.Time
	err = r.Scan(&c.after, &c.Looked, &c.Remade, &done)
	c.Done = !done.Std().IsZero()
	return c, err
}

// step looks at the next batch of rows and remakes those that need it.
func (v *Vault) step(ctx context.Context, t Table, key string) (Progress, error) {
	at, err := v.pass(ctx, t, key)
	if err != nil || at.Done {
		at.Table = t.Name
		return at.Progress, err
	}
	rows, err := v.read(ctx, t, at.after)
	if err != nil {
		return Progress{}, err
	}
	// What is costly is done before the transaction: others wait behind it.
	var todo []change
	for i := range rows {
		if !t.stale(v.Keys, rows[i]) {
			continue
		}
		new, err := t.remade(v.Keys, &rows[i])
		if err != nil {
			return Progress{}, err
		}
		if len(new) > 0 {
			todo = append(todo, change{rows[i], new})
		}
	}
	next := at
	next.Table, next.Looked, next.Done = t.Name, at.Looked+int64(len(rows)), len(rows) < batch
	if len(rows) > 0 {
		next.after = rows[len(rows)-1].after()
	}
	err = v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
		n, err := t.write(ctx, tx, todo)
		next.Remade = at.Remade + n
		if err != nil {
			return err
		}
		return advance(ctx, tx, t, key, at, next)
	})
	return next.Progress, err
}

// advance moves the cursor, unless another process moved it meanwhile.
func advance(ctx context.Context, tx *store.Tx, t Table, key string, at, next cursor) error {
	var done store.Time
	if next.Done {
		done = store.Time(tx.Now)
	}
	_, err := tx.Exec(ctx, `
		UPDATE vault_pass SET after_row = $4, looked = $5, remade = $6, done_at = $7
		WHERE of_table = $1 AND key_id = $2 AND after_row = $3 AND done_at IS NULL`,
		t.Name, key, at.after, next.after, next.Looked, next.Remade, done)
	return err
}

// change is a row with the new values of some of its columns.
type change struct {
	row Row
	new map[string]string
}

// write changes each row that still holds what was read.
func (t Table) write(ctx context.Context, tx *store.Tx, todo []change) (n int64, err error) {
	for _, c := range todo {
		var set, where []string
		var args []any
		add := func(list *[]string, column string, value any) {
			args = append(args, value)
			*list = append(*list, fmt.Sprintf("%s = $%d", column, len(args)))
		}
		var changed []string
		for _, column := range t.columns() {
			if v, ok := c.new[column]; ok {
				add(&set, column, v)
				changed = append(changed, column)
			}
		}
		for i, column := range t.Key {
			add(&where, column, c.row.key[i])
		}
		for _, column := range changed {
			add(&where, column, c.row.cells[column])
		}
		wrote, err := tx.Exec(ctx, "UPDATE "+t.Name+" SET "+strings.Join(set, ", ")+" WHERE "+strings.Join(where, " AND "), args...)
		if err != nil {
			return n, err
		}
		n += wrote
		if wrote == 0 || t.Moved == nil {
			continue
		}
		for _, column := range changed {
			if err := t.Moved(ctx, tx, column, c.row.cells[column], c.new[column]); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}
