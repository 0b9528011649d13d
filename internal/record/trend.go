package record

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// Mark is what a chart needs of one value of a test, or of one part of a value.
type Mark struct {
	ID             ids.Resource // of the value
	At             fhir.When
	Code, Title    string // of the part, "" for a value itself
	Number         string // a decimal, or text that follows a comparator; "" if the value cannot be drawn
	Comparator     string
	Unit, UnitCode string
	Abnormal       bool
	Sensitive      bool // the value's
}

// MostMarks bounds a chart and what a page counts: the newest are read.
const MostMarks = 10_000

// Marks and their columns come as one text, since ten years of a home monitor
// read row by row cost several times as much. Package fhir keeps these two
// characters out of all texts.
const (
	column = "\x1f"
	line   = "\x1e"
)

// join writes columns as the text of one mark. Joining them by || would make a new
// text at every step.
func join(columns ...string) string {
	return `CONCAT_WS('` + column + `', ` + strings.Join(columns, `, `) + `)`
}

var markQuery = `SELECT COALESCE(STRING_AGG(q.line, '` + line + `'), '') FROM (
	SELECT ` + join(`resource_id`, `sort_at`, `at_text`, said(`sensitive`), `comparator`, `num`, `unit_code`, `unit`,
	said(`abnormal`), `part`, `title`) + ` AS line
	FROM record_value
	WHERE patient_id = $1 AND code = $2 AND system = $3 AND (release_at <= $4 OR $5) AND `

const (
	newestFirst = ` ORDER BY sort_at DESC, resource_id DESC, place DESC LIMIT `
	wholes      = `place = 0`
	parts       = `place > 0`
)

// Trend gives a mark for each of a test's released values, newest first, at most
// MostMarks.
func Trend(ctx context.Context, tx *store.Tx, who access.Reading, system, code string) ([]Mark, error) {
	return marks(ctx, tx, who, wholes, system, code)
}

// TrendParts gives marks of the parts of a test's released values, newest value
// first, in the order they have in their value: the two numbers of each blood
// pressure.
func TrendParts(ctx context.Context, tx *store.Tx, who access.Reading, system, code string) ([]Mark, error) {
	out, err := marks(ctx, tx, who, parts, system, code)
	// They come in the order of the index read backwards.
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && out[to].ID == out[from].ID {
			to++
		}
		slices.Reverse(out[from:to])
		from = to
	}
	return out, err
}

func marks(ctx context.Context, tx *store.Tx, who access.Reading, which, system, code string) ([]Mark, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	all, err := store.Get(ctx, tx, store.One[string], markQuery+which+newestFirst+strconv.Itoa(MostMarks)+`) q`,
		who.Patient(), code, system, store.Time(tx.Now), who.Whole())
	if err != nil || all == "" {
		return nil, err
	}
	out := make([]Mark, 0, strings.Count(all, line)+1)
	for l := range strings.SplitSeq(all, line) {
		out = append(out, readMark(l))
	}
	return out, nil
}

func readMark(text string) (m Mark) {
	next := func() (f string) {
		f, text, _ = strings.Cut(text, column)
		return f
	}
	m.ID, m.At.Time, m.At.Text = ids.Resource(next()), unsort(next()), next()
	m.Sensitive = next() != ""
	m.Comparator, m.Number, m.UnitCode, m.Unit = next(), next(), next(), next()
	m.Abnormal = next() != ""
	m.Code, m.Title = next(), next()
	return m
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
	From    time.Time // the clinical moment from which on something is news; what has none always is
	Limit   int
}

// Fresh is a row that has become visible lately, or something in it; in brief.
type Fresh struct {
	ID           ids.Resource
	System, Code string
	Title        string
	Sensitive    bool
	ReleaseAt    time.Time
}

const openedText = `
		SELECT r.resource_id, r.system, r.code, CASE WHEN r.title = '' THEN COALESCE(l.label, '') ELSE r.title END, r.sensitive, f.at
		FROM (SELECT CASE WHEN u.release_at < $3 THEN u.resource_id ELSE m.resource_id END AS id, MAX(m.release_at) AS at
			FROM record_row m LEFT JOIN record_row u ON u.resource_id = m.parent_id
			WHERE m.patient_id = $1 AND m.release_at >= $3 AND m.release_at <= $4 AND m.section || '' = $2 AND NOT m.gone AND (m.sort_at >= $6 OR m.sort_at = '')
				AND (m.parent_id = '' OR u.patient_id = $1 AND NOT u.gone AND (u.release_at < $3 OR u.release_at > $4))
			GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $5) f
		JOIN record_row r ON r.resource_id = f.id LEFT JOIN resource_label l ON l.resource_id = r.title_id
		ORDER BY f.at DESC, r.resource_id LIMIT $5`

// Opened gives what stands by itself in a section and became visible at or after
// since, the newest opening first, and what was visible before but has something
// in it that became so: a value that was held longer than its report, or came
// later. The home page asks it at every visit, so it reads six columns only, and
// walks once what became visible since; the expression keeps SQLite from walking
// the section instead. What a report that opened lately holds is news with it.
func Opened(ctx context.Context, tx *store.Tx, who access.Reading, q News) ([]Fresh, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	return store.List(ctx, tx, func(r store.Row) (Fresh, error) {
		var f Fresh
		err := r.Scan(&f.ID, &f.System, &f.Code, &f.Title, &f.Sensitive, (*store.Time)(&f.ReleaseAt))
		return f, err
	}, openedText,
		who.Patient(), string(q.Section), store.Time(q.Since), store.Time(tx.Now), q.Limit, sortable(q.From))
}

// Shown reads one version of a document as its row was made, with the parts of
// its value. It knows nothing of release: who holds the document may read it.
func Shown(d Doc) (Row, []Measure) {
	r, parts := project(fhir.Parse(d.Raw), d.Type)
	r.ID, r.Patient, r.Changed, r.Source = d.ID, d.Patient, d.Changed, d.Source
	return r, parts
}
