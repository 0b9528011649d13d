package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"portico/internal/secret"
	"portico/internal/store"
)

// Table says what of a table hangs on the clinic's keys.
type Table struct {
	Name   string
	Key    []string // the primary key's columns
	Sealed []Sealed
	Marks  []Mark
	OneWay []OneWay
	// With are further values that marks are made of, as SQL over the row t:
	// name → expression.
	With map[string]string
	// Moved is told, in the same transaction, of each mark that changed; nil where
	// no other row repeats a mark.
	Moved func(ctx context.Context, tx *store.Tx, column, old, new string) error

	number map[string]bool // which columns are numbers; known to a Vault's tables
}

// Sealed is a column of sealed texts. NULL and "" stand for nothing sealed.
type Sealed struct {
	Column string
	Place  string             // as given to secret.Keyring.Seal
	Row    func(r Row) string // what the seal is bound to; nil: the first column of the primary key
}

// Mark is a column with the blind index of a text. A column may have several
// Marks, of which one fits each row.
type Mark struct {
	Column  string
	Purpose string // as given to secret.Keyring.Index
	Prefix  string // what stands before the index
	// Of gives the text that the index is of, from what the row seals and holds.
	// nil: the index is of something the row does not hold, and is emptied, which
	// costs no more than work done once again.
	Of func(r Row) string
	// Until says, where a row may no longer hold the text, how its mark gets away
	// from its key.
	Until string
}

// OneWay is a column of hashes that only their owner's secret could make again.
type OneWay struct {
	Column  string
	Purpose string                // as given to secret.Keyring.MAC or Index, "" for passwords
	Until   string                // how a hash gets away from its key, in words
	Key     func(v string) string // tells the key of a hash; nil: secret.KeyOfIndex
	Live    string                // SQL over the row t: which hashes still matter; "" is all
	// Lasting hashes were made under the oldest key on purpose and are lost with
	// it: nothing is counted.
	Lasting bool
}

// Row is a row as a Table's functions see it.
type Row struct {
	key   []any
	cells map[string]string
	plain map[string][]byte
}

// Text gives a column, or a value of With.
func (r Row) Text(name string) string { return r.cells[name] }

// Plain gives what a sealed column says.
func (r Row) Plain(column string) []byte { return r.plain[column] }

// JSON reads what a sealed column says into v; a column that does not fit leaves
// v as it is, and no mark will agree with it.
func (r Row) JSON(column string, v any) { json.Unmarshal(r.plain[column], v) }

// ByID binds a seal to the first column of the primary key.
func byID(r Row) string { return fmt.Sprint(r.key[0]) }

func (s Sealed) row(r Row) string {
	if s.Row == nil {
		return byID(r)
	}
	return s.Row(r)
}

// columns lists what is changed of a table, each once.
func (t Table) columns() []string {
	var out []string
	for _, s := range t.Sealed {
		out = append(out, s.Column)
	}
	for _, m := range t.Marks {
		if !slices.Contains(out, m.Column) {
			out = append(out, m.Column)
		}
	}
	return out
}

// numbers tells which columns of the primary key are numbers.
func (t Table) numbers() map[string]bool {
	out := map[string]bool{}
	for _, table := range store.Tables() {
		for _, c := range table.Columns {
			if table.Name == t.Name && c.Type == "BIGINT" {
				out[c.Name] = true
			}
		}
	}
	return out
}

// remade gives the columns of r that are not under the current key, as they are
// to be. A mark that does not agree with its row stays.
func (t Table) remade(k *secret.Keyring, r *Row) (map[string]string, error) {
	out := map[string]string{}
	r.plain = map[string][]byte{}
	for _, s := range t.Sealed {
		v := r.cells[s.Column]
		if v == "" {
			continue
		}
		plain, err := k.Open(s.Place, s.row(*r), v)
		if err != nil {
			return nil, fmt.Errorf("%s.%s of %s: %w", t.Name, s.Column, byID(*r), err)
		}
		r.plain[s.Column] = plain
		if k.Stale(v) {
			out[s.Column] = k.Seal(s.Place, s.row(*r), plain)
		}
	}
	for _, m := range t.Marks {
		v, found := strings.CutPrefix(r.cells[m.Column], m.Prefix)
		key := secret.KeyOfIndex(v)
		switch {
		case !found || v == "" || key == k.Current():
		case m.Of == nil:
			out[m.Column] = ""
		case k.IndexUnder(key, m.Purpose, m.Of(*r)) == v:
			out[m.Column] = m.Prefix + k.Index(m.Purpose, m.Of(*r))
		}
	}
	return out, nil
}

// stale tells whether anything of r is under another key than the current one.
func (t Table) stale(k *secret.Keyring, r Row) bool {
	for _, s := range t.Sealed {
		if v := r.cells[s.Column]; v != "" && k.Stale(v) {
			return true
		}
	}
	for _, m := range t.Marks {
		if v, found := strings.CutPrefix(r.cells[m.Column], m.Prefix); found && v != "" && secret.KeyOfIndex(v) != k.Current() {
			return true
		}
	}
	return false
}
