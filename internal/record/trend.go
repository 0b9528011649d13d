package record

import (
	"context"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// Point is one value of a test in its history, without System, Code and Title of
// its Measure.
type Point struct {
	ID ids.Resource
	At fhir.When
	Measure
	Status    string
	Sensitive bool
}

// Trend gives a test's released values, newest first, at most 10,000. It reads
// fewer columns than List and no labels: a chart of ten years of a home monitor
// must not cost more than a page.
func Trend(ctx context.Context, tx *store.Tx, who access.Reading, system, code string) ([]Point, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	return store.List(ctx, tx, scanPoint, `
		SELECT concat_ws('`+apart+`', r.resource_id, r.sort_at, r.at_text, r.comparator, r.num, r.unit_code, r.low, r.high, r.status,
			CASE WHEN r.abnormal THEN '1' ELSE '' END, CASE WHEN r.sensitive THEN '1' ELSE '' END,
			REPLACE(r.unit, '`+apart+`', ' '), REPLACE(r.flag, '`+apart+`', ' '), REPLACE(r.range_text, '`+apart+`', ' '), r.value)
		FROM record_row r
		WHERE r.patient_id = $1 AND r.code = $2 AND r.system = $3 AND r.kind = 'Observation' AND NOT r.gone AND (r.release_at <= $4 OR $5)
		ORDER BY r.sort_at DESC, r.resource_id DESC LIMIT 10000`,
		who.Patient(), code, system, store.Time(tx.Now), who.Whole())
}

// apart stands between the columns of a row that is read as one text: of ten
// thousand rows, reading fifteen columns each takes several times as long, and
// joining them by || makes a new text at every step.
const apart = "\x1f"

func scanPoint(r store.Row) (Point, error) {
	var all string
	if err := r.Scan(&all); err != nil {
		return Point{}, err
	}
	next := func() (f string) {
		f, all, _ = strings.Cut(all, apart)
		return f
	}
	var p Point
	p.ID = ids.Resource(next())
	p.At.Time = unsort(next())
	p.At.Text = next()
	p.Comparator, p.Num, p.UnitCode, p.Low, p.High, p.Status = next(), next(), next(), next(), next(), next()
	p.Abnormal, p.Sensitive = next() != "", next() != ""
	p.Unit, p.Flag, p.Range = next(), next(), next()
	p.Value = all // the last one, so that whatever it holds is its own
	return p, nil
}

// TrendParts gives the parts of a test's released values, newest value first, in
// the order they have in their value: the two numbers of each blood pressure. ID,
// At, Status and Sensitive are the value's.
func TrendParts(ctx context.Context, tx *store.Tx, who access.Reading, system, code string) ([]Point, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	return store.List(ctx, tx, func(r store.Row) (p Point, err error) {
		var sort string
		err = r.Scan(&p.ID, &sort, &p.At.Text, &p.Status, &p.Sensitive, &p.System, &p.Code, &p.Title, &p.Value, &p.Comparator, &p.Num, &p.Unit, &p.UnitCode,
			&p.Low, &p.High, &p.Range, &p.Flag, &p.Abnormal)
		p.At.Time = unsort(sort)
		return p, err
	}, `
		SELECT r.resource_id, r.sort_at, r.at_text, r.status, r.sensitive, p.system, p.code, p.title, p.value, p.comparator, p.num, p.unit, p.unit_code, p.low, p.high, p.range_text, p.flag, p.abnormal
		FROM record_row r JOIN record_part p ON p.resource_id = r.resource_id
		WHERE r.patient_id = $1 AND r.code = $2 AND r.system = $3 AND r.kind = 'Observation' AND NOT r.gone AND (r.release_at <= $4 OR $5)
		ORDER BY r.sort_at DESC, r.resource_id DESC, p.place LIMIT 20000`,
		who.Patient(), code, system, store.Time(tx.Now), who.Whole())
}

// Group is what a panel holds.
type Group struct {
	Members int // values in it
	Out     int // of these, released and out of range
}

// Groups counts the members of panels, by panel.
func Groups(ctx context.Context, tx *store.Tx, who access.Reading, of ...ids.Resource) (map[ids.Resource]Group, error) {
	out := map[ids.Resource]Group{}
	if len(of) == 0 {
		return out, nil
	}
	of = of[:min(len(of), 200)]
	args := []any{string(who.Patient()), store.Time(tx.Now), who.Whole()}
	for _, id := range of {
		args = append(args, string(id))
	}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Resource
		var g Group
		err := r.Scan(&id, &g.Members, &g.Out)
		out[id] = g
		return struct{}{}, err
	}, `
		SELECT parent_id, COUNT(*), COUNT(CASE WHEN abnormal AND NOT sensitive AND (release_at <= $2 OR $3) THEN 1 END)
		FROM record_row WHERE patient_id = $1 AND NOT gone AND parent_id IN (`+store.In(4, len(of))+`) GROUP BY parent_id`, args...)
	return out, err
}

// News asks for what has become visible lately.
type News struct {
	Section Section
	Since   time.Time
	Limit   int
}

// Opened gives what stands by itself in a section and became visible at or after
// since, the newest opening first.
func Opened(ctx context.Context, tx *store.Tx, who access.Reading, q News) ([]Row, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	rows, err := store.List(ctx, tx, scanRow, `SELECT `+rowColumns+rowTables+`
		WHERE r.patient_id = $1 AND r.section = $2 AND r.parent_id = '' AND r.release_at >= $3 AND r.release_at <= $4 AND NOT r.gone
		ORDER BY r.release_at DESC, r.resource_id LIMIT $5`,
		who.Patient(), string(q.Section), store.Time(q.Since), store.Time(tx.Now), q.Limit)
	return rows, err
}

// Shown reads one version of a document as its row was made, with the parts of
// its value. It knows nothing of release: who holds the document may read it.
func Shown(d Doc) (Row, []Measure) {
	r, parts := project(fhir.Parse(d.Raw), d.Type)
	r.ID, r.Patient, r.Changed, r.Source = d.ID, d.Patient, d.Changed, d.Source
	return r, parts
}
