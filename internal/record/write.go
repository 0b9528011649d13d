package record

import (
	"context"
	"slices"
	"strings"

	"portico/internal/ids"
	"portico/internal/store"
)

// sheet gathers what a round writes, so that it goes in by the hundred.
type sheet struct {
	docs, tokens, links, labels, rows, parts, values [][]any
	renewed                                          []ids.Resource // whose rows are written anew
	members                                          []ids.Resource // whose place in a panel may have changed
}

// flush writes the sheet of a round.
func (t *taking) flush(ctx context.Context) error {
	s := t.sheet
	t.sheet = sheet{}
	for part := range slices.Chunk(s.renewed, chunk) {
		in, args := idList(1, part)
		in = ` IN (` + in + `)`
		for _, q := range []string{`DELETE FROM resource_token WHERE resource_id` + in, `DELETE FROM resource_link WHERE from_id` + in,
			`DELETE FROM record_part WHERE resource_id` + in, `DELETE FROM record_value WHERE ` + valuesOf(`resource_id`+in), `DELETE FROM record_row WHERE resource_id` + in} {
			if _, err := t.tx.Exec(ctx, q, args...); err != nil {
				return err
			}
		}
	}
	for _, w := range []struct {
		head string
		rows [][]any
		tail string
	}{
		{docInsert, s.docs, ""},
		{`INSERT INTO resource_token (resource_id, patient_id, param, system, code) VALUES `, s.tokens, ""},
		{`INSERT INTO resource_link (from_id, element, to_id, place, patient_id) VALUES `, s.links, ""},
		{`INSERT INTO resource_label (resource_id, label) VALUES `, s.labels, ` ON CONFLICT (resource_id) DO UPDATE SET label = excluded.label`},
		{rowInsert, s.rows, ""},
		{partInsert, s.parts, ""},
		{valueInsert, s.values, ""},
	} {
		if err := t.tx.Insert(ctx, w.head, w.rows, w.tail); err != nil {
			return err
		}
	}
	return t.gather(ctx, s.members)
}

const docInsert = `INSERT INTO resource (id, type, patient_id, category, code, status, at, version, hash, body, source, sent_at, received_at, changed_at, home_id) VALUES `

const rowInsert = `
	INSERT INTO record_row (resource_id, patient_id, section, kind, grp, system, code, title, title_id, words, value, comparator, num, unit, unit_code,
		low, high, range_text, flag, abnormal, critical, status, state, gone, sort_at, at_text, until_text, who, who_id, place, place_id, visit_id, parent_id,
		source, sensitive, release_at, release_why, received_at, changed_at)
	VALUES `

const partInsert = `INSERT INTO record_part (resource_id, place, patient_id, system, code, title, value, comparator, num, unit, unit_code, low, high, range_text, flag, abnormal) VALUES `

func (t *taking) write(r Row, parts []Measure) {
	words := strings.ToLower(strings.Join([]string{r.Title, r.Value, r.Who, r.Place, r.State, r.words}, " "))
	if len(words) > maxSearched {
		words = strings.ToValidUTF8(words[:maxSearched], "")
	}
	t.sheet.rows = append(t.sheet.rows, []any{string(r.ID), string(r.Patient), string(r.Section), r.Kind, r.Group, r.System, r.Code, r.Title, r.titleID, words,
		r.Value, r.Comparator, r.Num, r.Unit, r.UnitCode, r.Low, r.High, r.Range, r.Flag, r.Abnormal, r.Critical, r.Status, r.State, r.Gone,
		sortable(r.At.Time), r.At.Text, r.Until, r.Who, r.whoID, r.Place, r.placeID, string(r.Visit), string(r.Parent), r.Source, r.Sensitive,
		store.Time(r.ReleaseAt), r.ReleaseWhy, store.Time(r.Received), store.Time(r.Changed)})
	t.value(r, 0, Measure{Comparator: r.Comparator, Num: r.Num, Value: r.Value, Unit: r.Unit, UnitCode: r.UnitCode, Abnormal: r.Abnormal})
	for i, p := range parts {
		t.value(r, i+1, p)
		t.sheet.parts = append(t.sheet.parts, []any{string(r.ID), i, string(r.Patient), p.System, p.Code, p.Title, p.Value, p.Comparator, p.Num, p.Unit, p.UnitCode, p.Low, p.High, p.Range, p.Flag, p.Abnormal})
	}
}

// maxSearched is how much of a row's words can be searched, in bytes.
const maxSearched = 2000

const valueInsert = `INSERT INTO record_value (patient_id, code, system, sort_at, resource_id, place, part, title, comparator, num, unit, unit_code, abnormal, at_text, sensitive, release_at) VALUES `

// valuesOf is the condition on rows of record_value that stand beside the rows of
// record_row that where admits.
func valuesOf(where string) string {
	return `(patient_id, code, system, sort_at, resource_id) IN (SELECT patient_id, code, system, sort_at, resource_id FROM record_row WHERE ` + where + `)`
}

// value notes what a chart draws of a value, at place 0, or of one of its parts.
func (t *taking) value(r Row, place int, m Measure) {
	if r.Kind != "Observation" || r.Code == "" || r.Gone {
		return
	}
	num := m.Num
	switch {
	case r.Status == "cancelled": // it never came about
		num = ""
	case num == "" && m.Comparator != "":
		num = m.Value
	}
	t.sheet.values = append(t.sheet.values, []any{string(r.Patient), r.Code, r.System, sortable(r.At.Time), string(r.ID), place, m.Code, m.Title, m.Comparator, num,
		m.Unit, m.UnitCode, m.Abnormal, r.At.Text, r.Sensitive, store.Time(r.ReleaseAt)})
}
