package record

import (
	"context"
	"slices"
	"strings"

	"portico/internal/ids"
	"portico/internal/store"
)

// Follow puts what came in for a record of the patient index into another chart,
// in the transaction that joins the record to another or parts it again: person
// is the record that took its place, or the record itself. Documents keep
// saying for which record they came, so that they stay the same bytes; readers
// are given the chart's own name.
func Follow(ctx context.Context, tx *store.Tx, record, person ids.Patient) error {
	if _, err := tx.Exec(ctx, `INSERT INTO record_home (record_id, person_id) VALUES ($1, $2)
		ON CONFLICT (record_id) DO UPDATE SET person_id = excluded.person_id`, record, person); err != nil {
		return err
	}
	const mine = `(SELECT id FROM resource WHERE home_id = $1)`
	for _, q := range []string{
		`UPDATE resource_token SET patient_id = $2 WHERE resource_id IN ` + mine,
		`UPDATE resource_link SET patient_id = $2 WHERE from_id IN ` + mine,
		`UPDATE record_part SET patient_id = $2 WHERE resource_id IN ` + mine,
		`UPDATE record_value SET patient_id = $2 WHERE ` + valuesOf(`resource_id IN `+mine),
		`UPDATE record_row SET patient_id = $2 WHERE resource_id IN ` + mine,
		`UPDATE resource SET patient_id = $2 WHERE home_id = $1`,
	} {
		if _, err := tx.Exec(ctx, q, record, person); err != nil {
			return err
		}
	}
	return nil
}

// homes is how many people one statement holds at most: SQLite's driver looks
// each argument's name up among all, so that long statements cost its square.
const homes = 50

// settle finds in whose charts what came for records stands, and gives the
// resources of the batch theirs. Where the batch is being written, the rows of
// its records are held, so that nobody joins or parts them meanwhile.
func (t *taking) settle(ctx context.Context, ready []*incoming, hold bool) error {
	t.persons = map[ids.Patient]ids.Patient{}
	var mine []string
	for _, in := range ready {
		if in.home != "" {
			mine = append(mine, string(in.home))
		}
	}
	if t.b.Patient != "" {
		mine = append(mine, string(t.b.Patient))
	}
	slices.Sort(mine)
	mine = slices.Compact(mine)
	if !hold {
		if err := t.lookUp(ctx, mine); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(mine, homes) {
		if !hold {
			break
		}
		var q strings.Builder
		var args []any
		for i, p := range part {
			if i > 0 {
				q.WriteString(", ")
			}
			// Twice, for one argument may not have two types on PostgreSQL.
			q.WriteString("(" + store.In(2*i+1, 2) + ")")
			args = append(args, p, p)
		}
		if _, err := store.List(ctx, t.tx, t.scanHome, `INSERT INTO record_home (record_id, person_id) VALUES `+q.String()+`
			ON CONFLICT (record_id) DO UPDATE SET person_id = record_home.person_id RETURNING record_id, person_id`, args...); err != nil {
			return err
		}
	}
	var others []string
	for _, n := range t.names {
		if _, ok := t.persons[n.patient]; !ok && n.patient != "" {
			others = append(others, string(n.patient))
		}
	}
	for _, p := range t.b.People {
		if _, ok := t.persons[p]; !ok {
			others = append(others, string(p))
		}
	}
	slices.Sort(others)
	if err := t.lookUp(ctx, slices.Compact(others)); err != nil {
		return err
	}
	for _, in := range ready {
		in.patient = t.person(in.home)
	}
	return nil
}

func (t *taking) lookUp(ctx context.Context, records []string) error {
	for part := range slices.Chunk(records, chunk) {
		args := make([]any, len(part))
		for i, p := range part {
			args[i] = p
		}
		if _, err := store.List(ctx, t.tx, t.scanHome, `SELECT record_id, person_id FROM record_home WHERE record_id IN (`+store.In(1, len(part))+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) scanHome(r store.Row) (struct{}, error) {
	var record, person ids.Patient
	err := r.Scan(&record, &person)
	t.persons[record] = person
	return struct{}{}, err
}

// person is in whose chart what comes for a record stands.
func (t *taking) person(record ids.Patient) ids.Patient {
	if p, ok := t.persons[record]; ok {
		return p
	}
	return record
}

// as gives a document the name of the chart it stands in, where it came for a
// record that was joined to it.
func as(body string, home, person ids.Patient) string {
	if home == person || home == "" || person == "" {
		return body
	}
	return strings.ReplaceAll(body, `"Patient/`+home.Logical()+`"`, `"Patient/`+person.Logical()+`"`)
}
