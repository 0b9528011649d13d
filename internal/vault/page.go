package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"portico/internal/store"
)

// read gives the next rows after the cursor.
func (v *Vault) read(ctx context.Context, t Table, after string) ([]Row, error) {
	columns := map[string]string{}
	for _, c := range t.columns() {
		columns[c] = "t." + c
	}
	maps.Copy(columns, t.With)
	return v.page(ctx, t, after, columns)
}

// page gives the next rows after the cursor with the named values.
func (v *Vault) page(ctx context.Context, t Table, after string, values map[string]string) (rows []Row, err error) {
	names := slices.Sorted(maps.Keys(values))
	list := "t." + strings.Join(t.Key, ", t.")
	exprs := list
	for _, n := range names {
		exprs += ", COALESCE(" + values[n] + ", '')"
	}
	query := "SELECT " + exprs + " FROM " + t.Name + " t"
	var args []any
	if after != "" {
		if args, err = t.readKey(after); err != nil {
			return nil, err
		}
		query += " WHERE (" + list + ") > (" + store.In(1, len(args)) + ")"
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", list, batch)
	err = v.DB.View(ctx, func(tx *store.Tx) error {
		rows, err = store.List(ctx, tx, func(r store.Row) (Row, error) { return t.scan(r, names) }, query, args...)
		return err
	})
	return rows, err
}

// after is the cursor behind a row.
func (r Row) after() string {
	b, err := json.Marshal(r.key)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return string(b)
}

// scan reads a row: the primary key, then the named texts.
func (t Table) scan(r store.Row, names []string) (Row, error) {
	out := Row{key: make([]any, len(t.Key)), cells: map[string]string{}}
	dest := make([]any, 0, len(t.Key)+len(names))
	for _, c := range t.Key {
		if t.number[c] {
			dest = append(dest, new(int64))
		} else {
			dest = append(dest, new(string))
		}
	}
	texts := make([]string, len(names))
	for i := range texts {
		dest = append(dest, &texts[i])
	}
	if err := r.Scan(dest...); err != nil {
		return out, err
	}
	for i := range t.Key {
		switch v := dest[i].(type) {
		case *int64:
			out.key[i] = *v
		case *string:
			out.key[i] = *v
		}
	}
	for i, c := range t.Key {
		out.cells[c] = fmt.Sprint(out.key[i])
	}
	// A value of the same name stands before the key itself: Needs leaves out
	// what no longer matters.
	for i, n := range names {
		out.cells[n] = texts[i]
	}
	return out, nil
}

// readKey reads a cursor's primary key.
func (t Table) readKey(after string) ([]any, error) {
	dec := json.NewDecoder(strings.NewReader(after))
	dec.UseNumber()
	var key []any
	if err := dec.Decode(&key); err != nil || len(key) != len(t.Key) {
		return nil, errors.New("the cursor is damaged")
	}
	for i, v := range key {
		if n, ok := v.(json.Number); ok {
			whole, err := n.Int64()
			if err != nil {
				return nil, errors.New("the cursor is damaged")
			}
			key[i] = whole
		}
	}
	return key, nil
}
