package vault

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/secret"
	"portico/internal/store"
)

// Need is what still hangs on a key.
type Need struct {
	Table, Column string
	Rows          int64
	Until         string // how it gets away from the key; "" where Remake does it
}

// NeedError says that a key cannot be retired.
type NeedError struct{ Needs []Need }

func (e NeedError) Error() string {
	var b strings.Builder
	b.WriteString("rows still need this key:")
	for _, n := range e.Needs {
		fmt.Fprintf(&b, "\n  %s.%s: %d", n.Table, n.Column, n.Rows)
		if n.Until != "" {
			b.WriteString(" (" + n.Until + ")")
		}
	}
	return b.String()
}

// Needs counts, for each key, the rows that need it. It reads every table whole.
func (v *Vault) Needs(ctx context.Context, _ access.Duty) (map[string][]Need, error) {
	out := map[string][]Need{}
	for _, t := range v.Tables {
		found := map[[2]string]int64{} // key, column
		after := ""
		for {
			rows, err := v.page(ctx, t, after, t.counted())
			if err != nil {
				return nil, fmt.Errorf("count %s: %w", t.Name, err)
			}
			for _, r := range rows {
				t.count(r, found)
			}
			if len(rows) < batch {
				break
			}
			after = rows[len(rows)-1].after()
		}
		for at, n := range found {
			out[at[0]] = append(out[at[0]], Need{t.Name, at[1], n, t.until(at[1])})
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Need) int { return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column)) })
	}
	return out, nil
}

// counted are the columns that are looked at, as SQL.
func (t Table) counted() map[string]string {
	out := map[string]string{}
	for _, c := range t.columns() {
		out[c] = "t." + c
	}
	for _, o := range t.OneWay {
		switch {
		case o.Lasting:
		case o.Live == "":
			out[o.Column] = "t." + o.Column
		default:
			out[o.Column] = "CASE WHEN " + o.Live + " THEN t." + o.Column + " ELSE '' END"
		}
	}
	return out
}

// count adds what one row needs.
func (t Table) count(r Row, found map[[2]string]int64) {
	keys := map[string]string{} // column → key
	for _, s := range t.Sealed {
		keys[s.Column] = secret.KeyOfSeal(r.cells[s.Column])
	}
	for _, m := range t.Marks {
		if v, ok := strings.CutPrefix(r.cells[m.Column], m.Prefix); ok && v != "" {
			keys[m.Column] = secret.KeyOfIndex(v)
		}
	}
	for _, o := range t.OneWay {
		v := r.cells[o.Column]
		if o.Lasting || v == "" {
			continue
		}
		if o.Key == nil {
			keys[o.Column] = secret.KeyOfIndex(v)
		} else {
			keys[o.Column] = o.Key(v)
		}
	}
	for column, key := range keys {
		if key != "" {
			found[[2]string{key, column}]++
		}
	}
}

func (t Table) until(column string) string {
	for _, o := range t.OneWay {
		if o.Column == column {
			return o.Until
		}
	}
	for _, m := range t.Marks {
		if m.Column == column && m.Until != "" {
			return m.Until
		}
	}
	return ""
}

// remakes tells whether a column is one that Remake changes.
func (v *Vault) remakes(n Need) bool {
	return slices.ContainsFunc(v.Tables, func(t Table) bool { return t.Name == n.Table && slices.Contains(t.columns(), n.Column) })
}

// Retire takes a key out of use. NeedError while a row needs it.
func (v *Vault) Retire(ctx context.Context, d access.Duty, key string) error {
	if err := v.Refresh(ctx); err != nil {
		return err
	}
	if key == v.Keys.Current() {
		return fmt.Errorf("key %s is the one that writes; make another one write first", key)
	}
	needs, err := v.Needs(ctx, d)
	if err != nil {
		return err
	}
	if len(needs[key]) > 0 {
		return NeedError{needs[key]}
	}
	return v.DB.Change(ctx, d.Did(audit.KeyRetired, key), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE vault_key SET retired_at = $2 WHERE id = $1`, key, store.Time(tx.Now))
		return err
	})
}

// Added writes down that a key was added to the file.
func (v *Vault) Added(ctx context.Context, d access.Duty, key string) error {
	return v.DB.Change(ctx, d.Did(audit.KeyAdded, key), func(*store.Tx) error { return nil })
}

// Again lets the next Remake look at every table once more, where rows are left
// that it could have remade. It tells whether there are any.
func (v *Vault) Again(ctx context.Context, d access.Duty) (bool, error) {
	needs, err := v.Needs(ctx, d)
	if err != nil {
		return false, err
	}
	left := map[string]bool{}
	for key, list := range needs {
		for _, n := range list {
			if key != v.Keys.Current() && v.remakes(n) {
				left[n.Table] = true
			}
		}
	}
	for table := range left {
		if err := v.DB.Housekeep(ctx, "vault", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE vault_pass SET after_row = '', looked = 0, done_at = NULL WHERE of_table = $1`, table)
			return err
		}); err != nil {
			return false, err
		}
	}
	return len(left) > 0, nil
}

// Key is a key as a list shows it.
type Key struct {
	ID     string
	State  string    // "writes", "reads", "unused", "retired" or "missing"
	Since  time.Time // when it began to write, zero if it never did
	Needs  []Need
	Place  int64
	gone   bool
	stored bool
}

// List gives every key that is held or was ever used, the newest first.
func (v *Vault) List(ctx context.Context, d access.Duty) ([]Key, error) {
	needs, err := v.Needs(ctx, d)
	if err != nil {
		return nil, err
	}
	all := map[string]Key{}
	err = v.DB.View(ctx, func(tx *store.Tx) error {
		list, err := store.List(ctx, tx, func(r store.Row) (k Key, err error) {
			var since, gone store.Time
			err = r.Scan(&k.ID, &k.Place, &since, &gone)
			k.Since, k.gone, k.stored = since.Std(), !gone.Std().IsZero(), true
			return k, err
		}, `SELECT id, place, since_at, retired_at FROM vault_key`)
		for _, k := range list {
			all[k.ID] = k
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	held := v.Keys.Held()
	for _, id := range append(slices.Collect(maps.Keys(needs)), held...) {
		if _, ok := all[id]; !ok {
			all[id] = Key{ID: id}
		}
	}
	var out []Key
	for id, k := range all {
		k.Needs, k.State = needs[id], state(k, id == v.Keys.Current(), slices.Contains(held, id))
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Key) int { return cmp.Or(cmp.Compare(b.Place, a.Place), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func state(k Key, writes, held bool) string {
	switch {
	case writes:
		return "writes"
	case k.gone:
		return "retired"
	case !held:
		return "missing"
	case k.stored:
		return "reads"
	}
	return "unused"
}

// Unfinished tells whether rows are still to be put under the key that writes.
func (v *Vault) Unfinished(ctx context.Context) (busy bool, err error) {
	err = v.DB.View(ctx, func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `
			SELECT COUNT(*) FROM vault_pass WHERE key_id = $1 AND done_at IS NOT NULL`, v.Keys.Current())
		if err != nil {
			return err
		}
		keys, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM vault_key`)
		busy = keys > 1 && n < v.remakable()
		return err
	})
	return busy, err
}

// remakable counts the tables that Remake goes through.
func (v *Vault) remakable() (n int) {
	for _, t := range v.Tables {
		if len(t.columns()) > 0 {
			n++
		}
	}
	return n
}

// Verify opens every sealed value with the keys held and tells how many rows hold
// any. The error names the first that does not open.
func (v *Vault) Verify(ctx context.Context, _ access.Duty) (n int64, err error) {
	for _, t := range v.Tables {
		if len(t.Sealed) == 0 {
			continue
		}
		after := ""
		for {
			rows, err := v.read(ctx, t, after)
			if err != nil {
				return n, fmt.Errorf("read %s: %w", t.Name, err)
			}
			for i := range rows {
				if _, err := t.remade(v.Keys, &rows[i]); err != nil {
					return n, err
				}
				if len(rows[i].plain) > 0 {
					n++
				}
			}
			if len(rows) < batch {
				break
			}
			after = rows[len(rows)-1].after()
		}
	}
	return n, nil
}
