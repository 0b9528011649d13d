package record

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// List gives rows, newest first, and the cursor of the next page ("" at the end).
func List(ctx context.Context, tx *store.Tx, who access.Reading, q Query) (rows []Row, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = usual
	}
	q.Limit = min(q.Limit, most)
	far, h := asked, holding{}
	if q.alone() && !who.Whole() {
		if h, err = held(ctx, tx, who); err != nil {
			return nil, "", err
		}
		if far = tops; h.freed {
			far = freed
		}
	}
	text, args, err := q.text(tx.Now, who, far)
	if err != nil {
		return nil, "", err
	}
	rows, err = store.Page(ctx, tx, min(q.Limit+1, usual), scanRow, text, args...)
	if err != nil {
		return nil, "", err
	}
	for i := range rows {
		rows[i].Partly = rows[i].Partly || h.in[rows[i].ID]
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		next = sortable(last.At.Time) + "~" + string(last.ID)
	}
	return seen(tx.Now, who, rows), next, nil
}

// Counts tells how many rows stand by themselves in each section: as many as List finds.
func Counts(ctx context.Context, tx *store.Tx, who access.Reading) (map[Section]int, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	type count struct {
		section Section
		n       int
	}
	text, args := countsText(tx.Now, who)
	list, err := store.List(ctx, tx, func(r store.Row) (c count, err error) {
		err = r.Scan(&c.section, &c.n)
		return c, err
	}, text, args...)
	out := map[Section]int{}
	for _, c := range list {
		out[c.section] = c.n
	}
	return out, err
}

// countsText counts what is part of nothing and, for a patient, what is open while
// all that it is part of is still shut.
func countsText(now time.Time, who access.Reading) (string, []any) {
	const tops = `SELECT section, COUNT(*) AS n FROM record_row WHERE patient_id = $1 AND parent_id = '' AND NOT gone GROUP BY section`
	if who.Whole() {
		return tops, []any{string(who.Patient())}
	}
	return `SELECT section, CAST(SUM(n) AS BIGINT) FROM (` + tops + ` UNION ALL
		SELECT r.section, COUNT(*) AS n FROM record_row r
		WHERE r.patient_id = $1 AND NOT r.release_at > $2 AND NOT r.gone AND r.parent_id IN ` + shut(`$2`) + ` GROUP BY r.section) standing
		GROUP BY section`, []any{string(who.Patient()), store.Time(now)}
}

// seen hides what this reader may not see yet.
func seen(now time.Time, who access.Reading, rows []Row) []Row {
	if who.Whole() {
		return rows
	}
	for i, r := range rows {
		switch {
		case r.ReleaseAt.After(now):
			rows[i] = r.hide()
		case r.Partly:
			rows[i] = r.part()
		}
	}
	return rows
}

// One gives a single row; NotFound if the reader's patient has no such row, or
// it was entered in error and the reader is the patient.
func One(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (Row, error) {
	r, err := store.Get(ctx, tx, scanRow, `SELECT `+rowColumns(`$2`, `$3`)+rowTables+` WHERE r.resource_id = $1 AND r.patient_id = $2`, id, who.Patient(), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) || err == nil && r.Gone && !who.Whole() {
		return Row{}, fault.Missing()
	}
	if err != nil {
		return Row{}, err
	}
	return seen(tx.Now, who, []Row{r})[0], nil
}

// Parts gives the parts of the values of released rows, by row.
func Parts(ctx context.Context, tx *store.Tx, who access.Reading, of ...ids.Resource) (map[ids.Resource][]Measure, error) {
	type part struct {
		of ids.Resource
		Measure
	}
	out := map[ids.Resource][]Measure{}
	for len(of) > 0 {
		n := min(len(of), 200)
		args := []any{string(who.Patient()), store.Time(tx.Now), who.Whole()}
		for _, id := range of[:n] {
			args = append(args, string(id))
		}
		of = of[n:]
		list, err := store.List(ctx, tx, func(r store.Row) (p part, err error) {
			err = r.Scan(&p.of, &p.System, &p.Code, &p.Title, &p.Value, &p.Comparator, &p.Num, &p.Unit, &p.UnitCode, &p.Low, &p.High, &p.Range, &p.Flag, &p.Abnormal)
			return p, err
		}, `
			SELECT p.resource_id, p.system, p.code, p.title, p.value, p.comparator, p.num, p.unit, p.unit_code, p.low, p.high, p.range_text, p.flag, p.abnormal
			FROM record_part p JOIN record_row r ON r.resource_id = p.resource_id
			WHERE p.patient_id || '' = $1 AND (r.release_at <= $2 OR $3) AND p.resource_id IN (`+store.In(4, n)+`)
			ORDER BY p.resource_id, p.place`, args...)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			out[p.of] = append(out[p.of], p.Measure)
		}
	}
	return out, nil
}

// Doc is one version of a document.
type Doc struct {
	ID       ids.Resource
	Type     string
	Patient  ids.Patient
	Home     ids.Patient // the record of the patient index it came in for
	Version  int64
	Status   string
	Raw      json.RawMessage
	Partly   bool // something in it is not released yet: Raw lacks what repeats it
	Source   string
	Changed  time.Time // when this version came in
	Replaced time.Time // when the next one did; zero for the newest
}

// Document gives a resource's newest version. A patient's reading finds neither
// what is not released nor what was entered in error; nobody's finds another
// patient's. Resources that belong to nobody (practitioners, places) are found
// by every reading.
func Document(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (Doc, error) {
	if who.Patient() == "" {
		return Doc{}, fault.Refused()
	}
	d, err := store.Get(ctx, tx, scanDoc, `SELECT `+docColumns+docTables+` AND d.id = $4`, docArgs(tx, who, string(id))...)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return d, err
}

// docColumns go with docTables. Who reads everything gets every document whole.
var docColumns = `d.id, d.type, d.patient_id, d.version, d.status, d.body, d.source, d.changed_at, d.home_id, (NOT $3 AND d.id IN ` + holders(`$1`, `$2`) + `)`

// docTables admits what a reading may see: $1 patient, $2 now, $3 whole.
const docTables = docFrom + `d.patient_id IN ($1, '')` + docSeen

const (
	docFrom = ` FROM resource d LEFT JOIN record_row r ON r.resource_id = d.id WHERE `
	docSeen = ` AND ($3 OR r.resource_id IS NULL OR (r.release_at <= $2 AND NOT r.gone))`
)

func docArgs(tx *store.Tx, who access.Reading, more ...any) []any {
	return append([]any{string(who.Patient()), store.Time(tx.Now), who.Whole()}, more...)
}

func scanDoc(in store.Row) (Doc, error) {
	var d Doc
	var body string
	var changed store.Time
	err := in.Scan(&d.ID, &d.Type, &d.Patient, &d.Version, &d.Status, &body, &d.Source, &changed, &d.Home, &d.Partly)
	d.Raw, d.Changed = json.RawMessage(as(body, d.Home, d.Patient)), changed.Std()
	if d.Partly {
		d.Raw = partial(d.Raw)
	}
	return d, err
}

// Documents streams a chart's documents of the given types (all of the chart's
// if none is named), oldest first, to each; an error of each ends it.
func Documents(ctx context.Context, tx *store.Tx, who access.Reading, types []string, each func(Doc) error) error {
	if who.Patient() == "" {
		return fault.Refused()
	}
	args := docArgs(tx, who)
	for _, t := range types {
		args = append(args, t)
	}
	_, err := store.List(ctx, tx, func(in store.Row) (struct{}, error) {
		d, err := scanDoc(in)
		if err == nil {
			err = each(d)
		}
		return struct{}{}, err
	}, documentsText(len(types)), args...)
	return err
}

// documentsText reads a chart's documents of so many types; of all if 0.
func documentsText(types int) string {
	q := `SELECT ` + docColumns + docFrom + `d.patient_id = $1` + docSeen
	if types > 0 {
		q += ` AND d.type IN (` + store.In(4, types) + `)`
	}
	return q + ` ORDER BY d.type, d.at, d.id`
}

// Link is one reference between two resources of a chart.
type Link struct {
	From, To ids.Resource
	Element  string // "result", "encounter", "hasMember", "derivedFrom", "target", …
}

// LinksTo gives what refers to a resource of the reader's patient.
func LinksTo(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) ([]Link, error) {
	return store.List(ctx, tx, scanLink, `SELECT from_id, to_id, element FROM resource_link WHERE to_id = $1 AND patient_id = $2 ORDER BY element, place`, id, who.Patient())
}

// LinksFrom gives what resources of the reader's patient refer to, in the order
// of each document.
func LinksFrom(ctx context.Context, tx *store.Tx, who access.Reading, of ...ids.Resource) ([]Link, error) {
	if len(of) == 0 {
		return nil, nil
	}
	args := []any{string(who.Patient())}
	for _, id := range of[:min(len(of), 500)] {
		args = append(args, string(id))
	}
	return store.List(ctx, tx, scanLink, `SELECT from_id, to_id, element FROM resource_link WHERE patient_id = $1 AND from_id IN (`+store.In(2, len(args)-1)+`) ORDER BY from_id, element, place`, args...)
}

func scanLink(r store.Row) (l Link, err error) {
	err = r.Scan(&l.From, &l.To, &l.Element)
	return l, err
}

// Rows gives single rows by identifier, in that order; those the reader may not
// find are left out. The patient is compared as an expression here and in Parts,
// for SQLite would rather walk a long chart by its index than look up a hundred rows.
func Rows(ctx context.Context, tx *store.Tx, who access.Reading, of []ids.Resource) ([]Row, error) {
	var out []Row
	for len(of) > 0 {
		n := min(len(of), 200)
		args := []any{string(who.Patient()), who.Whole(), store.Time(tx.Now)}
		for _, id := range of[:n] {
			args = append(args, string(id))
		}
		rows, err := store.List(ctx, tx, scanRow, `SELECT `+rowColumns(`$1`, `$3`)+rowTables+` WHERE r.patient_id || '' = $1 AND ($2 OR NOT r.gone) AND r.resource_id IN (`+store.In(4, n)+`)`, args...)
		if err != nil {
			return nil, err
		}
		by := map[ids.Resource]Row{}
		for _, r := range rows {
			by[r.ID] = r
		}
		for _, id := range of[:n] {
			if r, ok := by[id]; ok {
				out = append(out, r)
			}
		}
		of = of[n:]
	}
	return seen(tx.Now, who, out), nil
}

// History gives a resource's versions that were replaced, newest first. Who may
// not see the newest version sees none.
func History(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) ([]Doc, error) {
	now, err := Document(ctx, tx, who, id)
	if err != nil {
		return nil, err
	}
	return store.List(ctx, tx, func(in store.Row) (Doc, error) {
		d := Doc{ID: id, Type: now.Type, Patient: now.Patient, Partly: now.Partly}
		var body string
		var changed, replaced store.Time
		err := in.Scan(&d.Version, &d.Status, &body, &d.Source, &changed, &replaced)
		d.Raw, d.Changed, d.Replaced = json.RawMessage(body), changed.Std(), replaced.Std()
		if d.Partly {
			d.Raw = partial(d.Raw)
		}
		return d, err
	}, `SELECT version, status, body, source, changed_at, replaced_at FROM resource_version WHERE resource_id = $1 ORDER BY version DESC`, id)
}

// Labels gives what shared resources (practitioners, places, medicines) are called.
func Labels(ctx context.Context, tx *store.Tx, of ...ids.Resource) (map[ids.Resource]string, error) {
	out := map[ids.Resource]string{}
	if len(of) == 0 {
		return out, nil
	}
	of = of[:min(len(of), 500)]
	args := make([]any, len(of))
	for i, id := range of {
		args[i] = string(id)
	}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Resource
		var label string
		err := r.Scan(&id, &label)
		out[id] = label
		return struct{}{}, err
	}, `SELECT resource_id, label FROM resource_label WHERE resource_id IN (`+store.In(1, len(args))+`)`, args...)
	return out, err
}

// Called gives what shared resources are called, by the names their senders have
// for them: "feed|Practitioner/12".
func Called(ctx context.Context, tx *store.Tx, names ...string) (map[string]string, error) {
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	out := map[string]string{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var name, label string
		err := r.Scan(&name, &label)
		out[name] = label
		return struct{}{}, err
	}, `SELECT n.name, l.label FROM resource_name n JOIN resource_label l ON l.resource_id = n.resource_id WHERE n.name IN (`+store.In(1, len(args))+`)`, args...)
	return out, err
}

// Named gives what the names of a sender lead to: "feed|Appointment/12".
func Named(ctx context.Context, tx *store.Tx, names ...string) (map[string]ids.Resource, error) {
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	out := map[string]ids.Resource{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var name string
		var id ids.Resource
		err := r.Scan(&name, &id)
		out[name] = id
		return struct{}{}, err
	}, `SELECT name, resource_id FROM resource_name WHERE name IN (`+store.In(1, len(args))+`)`, args...)
	return out, err
}
