package attack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"portico/internal/store"
)

// dump is everything that is stored: by table, the rows as text.
type dump map[string][]row

// row is one row: "column=value" of what is not NULL, each ended by a mark. The
// database writes it: thousands of rows are read for each form, and all but a few
// are only compared.
type row string

const mark = "\x1e"

// is gives the values by column.
func (r row) is() map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSuffix(string(r), mark), mark) {
		if c, v, ok := strings.Cut(part, "="); ok {
			out[c] = v
		}
	}
	return out
}

// restless are columns and tables that looking alone changes: the idle clock,
// and the line about what was looked at.
var restless = map[string]bool{"session.seen_at": true, "staff_session.seen_at": true, "audit_pending": true,
	"session.agreed": true} // which terms a session was found to have accepted: looked up once

// looked are the actions in the audit log that say that somebody read something.
var looked = []string{"chart.opened", "staff.viewed", "page.refused", "session.confirm_asked", "patient.found", "patient.seen", "record.opened", "request.opened", "audit.read", "terms.listed"}

// dump reads every table.
func (w *world) dump() dump {
	w.t.Helper()
	out := dump{}
	err := w.app.DB.View(ctx, func(tx *store.Tx) error {
		for _, t := range store.Tables() {
			if restless[t.Name] {
				continue
			}
			var list []string
			for _, c := range t.Columns {
				if !restless[t.Name+"."+c.Name] {
					list = append(list, `COALESCE('`+c.Name+`=' || CAST(`+c.Name+` AS TEXT) || '`+mark+`', '')`)
				}
			}
			query := "SELECT " + strings.Join(list, " || ") + " FROM " + t.Name
			if t.Name == "audit_entry" {
				query += ` WHERE action NOT IN ('` + strings.Join(looked, `', '`) + `')`
			}
			rows, err := store.List(ctx, tx, store.One[row], query)
			if err != nil {
				return err
			}
			out[t.Name] = rows
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// plain is the row for people to read.
func (r row) plain() string { return strings.ReplaceAll(string(r), mark, " ") }

// since lists what differs from an earlier dump: "+table row" and "-table row".
func (d dump) since(before dump) (out []string) {
	for _, t := range slices.Sorted(maps.Keys(d)) {
		count := map[string]int{}
		for _, r := range before[t] {
			count[r.plain()]--
		}
		for _, r := range d[t] {
			count[r.plain()]++
		}
		for _, r := range slices.Sorted(maps.Keys(count)) {
			switch n := count[r]; {
			case n > 0:
				out = append(out, "+"+t+" "+r)
			case n < 0:
				out = append(out, "-"+t+" "+r)
			}
		}
	}
	return out
}

// shape says of what differs which columns of which tables were written, not
// with what: two runs of the same thing have the same shape.
func (d dump) shape(before dump) string {
	var out []string
	for _, t := range slices.Sorted(maps.Keys(d)) {
		if strings.HasPrefix(t, "limit_") {
			continue // how often somebody tried differs from run to run
		}
		was, is := rest(before[t], d[t]), rest(d[t], before[t])
		for _, r := range is {
			old := nearest(r, was)
			var wrote []string
			for c, v := range r.is() {
				if old == nil && v != "" && v != "0" && v != "false" || old != nil && old[c] != v {
					wrote = append(wrote, c)
				}
			}
			slices.Sort(wrote)
			out = append(out, fmt.Sprintf("%s %v %s", t, old == nil, strings.Join(wrote, ",")))
		}
		out = append(out, fmt.Sprintf("%s +%d -%d", t, len(is), len(was)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// rest are the rows of a that are not in b.
func rest(a, b []row) (out []row) {
	have := map[row]int{}
	for _, r := range b {
		have[r]++
	}
	for _, r := range a {
		if have[r]--; have[r] < 0 {
			out = append(out, r)
		}
	}
	return out
}

// nearest finds what a row was before: the one with the same identifier.
func nearest(r row, all []row) map[string]string {
	is := r.is()
	for _, o := range all {
		was := o.is()
		for _, key := range []string{"id", "key_hash", "session_id", "token_hash", "account_id", "staff_id"} {
			if v, ok := is[key]; ok {
				if was[key] == v {
					return was
				}
				break
			}
		}
	}
	return nil
}

// holds finds a text anywhere in the dump.
func (d dump) holds(text string) (where string, found bool) {
	for t, rows := range d {
		for _, r := range rows {
			for c, v := range r.is() {
				if strings.Contains(v, text) {
					return t + "." + c, true
				}
			}
		}
	}
	return "", false
}
