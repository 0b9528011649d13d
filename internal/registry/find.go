package registry

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// Query is what the desk looks for; what is empty does not matter.
type Query struct {
	Name   string // words or their beginnings, in any order
	Birth  string // YYYY-MM-DD
	Number string
	After  string // Page.Next of the page before
}

// Found is one line of a search.
type Found struct {
	ID         ids.Patient
	Given      string
	Family     string
	Birth      string
	Sex        string
	Dead       bool
	Restricted bool
	Active     bool
}

// Page is one page of a search; Next is "" on the last.
type Page struct {
	People []Found
	Next   string
}

// pageSize is how many people one page of a search has.
const pageSize = 25

// maxWords is how many words of a name are looked for.
const maxWords = 4

// Find searches the index for the desk and writes that it did: how, not whom.
func (r *Room) Find(ctx context.Context, d access.Desk, q Query) (Page, error) {
	if err := d.Need(access.FindPatients); err != nil {
		return Page{}, err
	}
	how := "by_name"
	if q.Number != "" {
		how = "by_number"
	} else if q.Name == "" {
		how = "by_birth"
	}
	if err := r.DB.Change(ctx, d.Did(audit.PatientFound, "").With(how), func(*store.Tx) error { return nil }); err != nil {
		return Page{}, err
	}
	var out Page
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = r.page(ctx, tx, q)
		return err
	})
	return out, err
}

// foundRow is a line of a search with what it is sorted by.
type foundRow struct {
	Found
	sort string
}

func scanFound(row store.Row) (f foundRow, err error) {
	var dead store.Time
	err = row.Scan(&f.ID, &f.Given, &f.Family, &f.Birth, &f.Sex, &dead, &f.Restricted, &f.Active, &f.sort)
	f.Dead = !dead.Std().IsZero()
	return f, err
}

// page finds one page of people, by family name, given name and identifier.
func (r *Room) page(ctx context.Context, tx *store.Tx, q Query) (Page, error) {
	s := search{}
	if q.Number != "" {
		people, err := r.numbered(ctx, tx, q.Number)
		if err != nil || len(people) == 0 {
			return Page{}, err
		}
		s.oneOf(people)
	}
	s.build(q)
	if len(s.where) == 0 {
		return Page{}, nil
	}
	rows, err := store.List(ctx, tx, scanFound, `
		SELECT p.id, p.given, p.family, p.birth_date, p.sex, p.deceased_at, p.vip, p.active, p.sort_name
		FROM patient p
		WHERE p.merged_into IS NULL AND `+strings.Join(s.where, " AND ")+`
		ORDER BY p.sort_name, p.id LIMIT `+itoa(pageSize+1), s.args...)
	if err != nil {
		return Page{}, err
	}
	var out Page
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		out.Next = last.sort + "\x1f" + string(last.ID)
	}
	for _, f := range rows {
		out.People = append(out.People, f.Found)
	}
	return out, nil
}

// search is a query under construction. Everything a person typed goes through arg.
type search struct {
	where []string
	args  []any
}

func (s *search) and(cond string) { s.where = append(s.where, cond) }

func (s *search) arg(v string) string {
	s.args = append(s.args, v)
	return "$" + itoa(len(s.args))
}

func (s *search) oneOf(people []ids.Patient) {
	list := make([]string, len(people))
	for i, p := range people {
		list[i] = string(p)
	}
	list = padded(list)
	from := len(s.args) + 1
	s.args = append(s.args, args(list)...)
	s.and(`p.id IN (` + store.In(from, len(list)) + `)`)
}

// build adds birth date, name and page. After an empty query nothing is added.
func (s *search) build(q Query) {
	if q.Birth != "" {
		// A record that was joined to another may have the birth date a caller says.
		s.and(`p.id IN (SELECT COALESCE(b.merged_into, b.id) FROM patient b WHERE b.birth_date = ` + s.arg(q.Birth) + `)`)
	}
	if w := words(q.Name); len(w) > 0 {
		// The longest word brings up the fewest people.
		slices.SortStableFunc(w, func(a, b string) int { return len(b) - len(a) })
		s.and(`p.id IN (` + s.named(w[:min(maxWords, len(w))]) + `)`)
	}
	if name, id, ok := strings.Cut(q.After, "\x1f"); ok && len(s.where) > 0 {
		n := s.arg(name)
		s.and(`(p.sort_name > ` + n + ` OR (p.sort_name = ` + n + ` AND p.id > ` + s.arg(id) + `))`)
	}
}

// named selects the people one of whose records has all the words, or words that
// begin with them. A word of one or two letters must be whole.
func (s *search) named(all []string) string {
	from, where := "", ""
	for i, w := range all {
		t, letters := "w"+itoa(i), len([]rune(w))
		column, known := ".start = ", 3
		if letters >= 5 {
			column, known = ".head = ", 5
		}
		cond := t + column + s.arg(begin(w, known))
		if letters > known {
			cond += " AND " + t + ".word LIKE " + s.arg(w+"%")
		}
		if i == 0 {
			from, where = "patient_word "+t+" JOIN patient r ON r.id = "+t+".patient_id", cond
			continue
		}
		from += " JOIN patient_word " + t + " ON " + t + ".patient_id = w0.patient_id AND " + cond
	}
	return "SELECT COALESCE(r.merged_into, r.id) FROM " + from + " WHERE " + where
}

func itoa(n int) string { return strconv.Itoa(n) }
