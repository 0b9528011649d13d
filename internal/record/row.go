package record

import (
	"strings"
	"time"

	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// Section is a part of the record as patients know it.
type Section string

const (
	Results       Section = "results"
	Vitals        Section = "vitals"
	Conditions    Section = "conditions"
	Medications   Section = "medications"
	Allergies     Section = "allergies"
	Immunizations Section = "immunizations"
	Procedures    Section = "procedures"
	Visits        Section = "visits"
	Notes         Section = "notes"
	CareTeam      Section = "care_team"
	Plans         Section = "plans" // care plans and goals
	Insurance     Section = "insurance"
	Devices       Section = "devices"
	Social        Section = "social"
	Family        Section = "family"
	Claims        Section = "claims" // what bills are made of
	Other         Section = "other"
)

// Sections lists them in the order pages show them.
var Sections = []Section{Results, Conditions, Medications, Allergies, Immunizations, Vitals, Procedures, Visits, Notes,
	CareTeam, Plans, Insurance, Devices, Social, Family, Claims, Other}

// Groups of results.
const (
	Laboratory   = "laboratory"
	Imaging      = "imaging"
	Pathology    = "pathology"
	Microbiology = "microbiology"
	OtherResult  = "other"
)

// Measure is a value as it was received.
type Measure struct {
	System, Code string // "http://loinc.org", "4548-4"
	Title        string
	Value        string // "6.4", "Positive", "1:128", "3.5 to 5.1"; without comparator and unit
	Comparator   string // "<", ">", "<=", ">=" or ""
	Num          string // Value as a decimal if it can be drawn, else ""
	Unit         string // as received, for people
	UnitCode     string // UCUM
	Low, High    string // limits of the reference range in the value's unit, "" if not sent
	Range        string // the range in the sender's words, "" if it gave limits only
	Flag         string // interpretation code as received: "H", "LL", "POS"
	Abnormal     bool   // the flag, or the range, says that it is out of range
}

// Row is what a list shows of one resource.
type Row struct {
	ID       ids.Resource
	Patient  ids.Patient
	Section  Section
	Kind     string // FHIR type: "Observation"
	Group    string // of results: Laboratory, Imaging …; elsewhere a FHIR category or ""
	Measure         // Title is what the row is called; the rest is for values
	Critical bool   // flagged HH, LL or AA
	Status   string // FHIR status as received: "final", "active"
	State    string // second status, as conditions and allergies have: "active", "resolved"; or a severity
	Gone     bool   // entered in error
	At       fhir.When
	Until    string // end of a period as written, "" if none
	Who      string // who ordered, did or wrote it
	Place    string
	Visit    ids.Resource // the encounter it belongs to
	Parent   ids.Resource // the report or panel it is a member of
	Source   string       // which feed or import it came by
	Received time.Time
	Changed  time.Time // when this version came in

	Sensitive  bool
	ReleaseAt  time.Time
	ReleaseWhy string // code of the rule or reason
	Held       bool   // not released yet, and this reader may not see what it says
	Partly     bool   // something in it is not released yet: this reader gets no words of it that repeat that

	titleID, whoID, placeID string
	words                   string // lowered text to search in
}

// hide takes away what a row that is not released says. What remains is that
// something of this group arrived, and when it opens.
func (r Row) hide() Row {
	name := Measure{System: r.System, Code: r.Code, Title: r.Title}
	if r.Sensitive {
		name = Measure{}
	}
	return Row{ID: r.ID, Patient: r.Patient, Section: r.Section, Kind: r.Kind, Group: r.Group, Received: r.Received, Changed: r.Changed,
		Measure: name, Parent: r.Parent, At: r.At, Sensitive: r.Sensitive, ReleaseAt: r.ReleaseAt, ReleaseWhy: r.ReleaseWhy, Held: true, Source: r.Source}
}

// rowColumns come as one text: a page reads twenty rows of forty columns, and each
// column that a driver hands over costs a quarter microsecond, a moment four times
// that. patient and now are the places of these arguments.
func rowColumns(patient, now string) string {
	return rowText + said(`r.resource_id IN `+holders(patient, now)) + `)`
}

// wholeColumns are rowColumns without a word on what is held in the row.
var wholeColumns = rowText + `'')`

var rowText = `CONCAT_WS('` + column + `', ` + strings.Join([]string{`r.resource_id`, `r.patient_id`, `r.section`, `r.kind`, `r.grp`, `r.system`, `r.code`,
	`CASE WHEN r.title = '' THEN COALESCE(lt.label, '') ELSE r.title END`, `r.value`, `r.comparator`, `r.num`, `r.unit`, `r.unit_code`, `r.low`, `r.high`, `r.range_text`,
	`r.flag`, said(`r.abnormal`), said(`r.critical`), `r.status`, `r.state`, said(`r.gone`), `r.sort_at`, `r.at_text`, `r.until_text`,
	`CASE WHEN r.who = '' THEN COALESCE(lw.label, '') ELSE r.who END`, `CASE WHEN r.place = '' THEN COALESCE(lp.label, '') ELSE r.place END`,
	`r.visit_id`, `r.parent_id`, said(`r.sensitive`), `r.release_why`, `r.source`, `r.received_at`, `r.changed_at`, `r.release_at`}, `, `) + `, `

// said writes a truth as text: "1", or "" for false.
func said(column string) string { return `CASE WHEN ` + column + ` THEN '1' ELSE '' END` }

const rowTables = ` FROM record_row r` + rowLabels

const rowLabels = `
	LEFT JOIN resource_label lt ON lt.resource_id = r.title_id
	LEFT JOIN resource_label lw ON lw.resource_id = r.who_id
	LEFT JOIN resource_label lp ON lp.resource_id = r.place_id `

func scanRow(in store.Row) (Row, error) {
	var text string
	if err := in.Scan(&text); err != nil {
		return Row{}, err
	}
	next := func() (f string) {
		f, text, _ = strings.Cut(text, column)
		return f
	}
	truth := func() bool { return next() != "" }
	r := Row{ID: ids.Resource(next()), Patient: ids.Patient(next()), Section: Section(next()), Kind: next(), Group: next()}
	r.System, r.Code, r.Title, r.Value, r.Comparator, r.Num = next(), next(), next(), next(), next(), next()
	r.Unit, r.UnitCode, r.Low, r.High, r.Range, r.Flag, r.Abnormal = next(), next(), next(), next(), next(), next(), truth()
	r.Critical, r.Status, r.State, r.Gone = truth(), next(), next(), truth()
	r.At.Time, r.At.Text, r.Until, r.Who, r.Place = unsort(next()), next(), next(), next(), next()
	r.Visit, r.Parent, r.Sensitive, r.ReleaseWhy, r.Source = ids.Resource(next()), ids.Resource(next()), truth(), next(), next()
	var err error
	for _, at := range []*time.Time{&r.Received, &r.Changed, &r.ReleaseAt} {
		if *at, err = store.Moment(next()); err != nil {
			return Row{}, err
		}
	}
	r.Partly = text != ""
	return r, nil
}

const sortLayout = "2006-01-02T15:04:05.000Z"

// sortable is a moment in the fixed-width form that orders by text, "" for none.
func sortable(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(sortLayout)
}

func unsort(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s) // the form of sortLayout, which package time reads by a quicker way
	if err != nil {
		return time.Time{}
	}
	return t
}
