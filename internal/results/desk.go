package results

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Case is everything the desk's page says of one result.
type Case struct {
	record.Row
	Person     Person
	Seen       string // names this state of the result, for decisions about it
	Last       time.Time
	Parts      []record.Measure
	Conclusion string
	Recorded   []record.Recorded
	Members    []Member // what is in it, as deep as it goes
	Files      []record.File
	Points     []record.Row // the same test, newest first
	Versions   []Version
	Comments   []StaffComment
	Decisions  []Decision
	FirstSeen  time.Time // when the patient first opened it, zero for never
	LastSeen   time.Time
	Sender     string // what whoever sent it is called
}

// Member is something in a report or panel.
type Member struct {
	Within
	Parts []record.Measure
	Keeps bool // it stays held when the whole opens, unless it is named
}

// Person is whose result it is.
type Person struct {
	ID            ids.Patient
	Given, Family string
	Birth         string // YYYY-MM-DD
}

// Open tells whether the patient may see it at now.
func (c Case) Open(now time.Time) bool { return !c.ReleaseAt.After(now) }

// onDesk are the sections of which the desk decides.
var onDesk = map[record.Section]bool{record.Results: true, record.Notes: true}

// forDesk opens the record that a result belongs to, for the desk's task. The
// line that says so is in the audit log before anything is read. NotFound if
// there is no such result.
func (s *Results) forDesk(ctx context.Context, d access.Desk, id ids.Resource) (access.Opened, error) {
	var p ids.Patient
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = record.Whose(ctx, tx, d, access.ReleaseResults, id)
		return err
	}); err != nil {
		return access.Opened{}, err
	}
	return s.Gate.Open(ctx, d, access.ReleaseResults, p)
}

// Case reads one result for the desk.
func (s *Results) Case(ctx context.Context, d access.Desk, id ids.Resource) (Case, error) {
	o, err := s.forDesk(ctx, d, id)
	if err != nil {
		return Case{}, err
	}
	var c Case
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err := s.within(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if c.Row = all[0].Row; !onDesk[c.Section] {
			return fault.Missing()
		}
		c.Seen, c.Last = s.seenMark(all), c.Received.Add(Cap)
		for _, w := range all[1:] {
			c.Members = append(c.Members, Member{Within: w, Keeps: w.keeps(c.Row, tx.Now)})
		}
		for _, read := range []func(context.Context, *store.Tx, access.Opened, *Case) error{readPerson, readValues, readOpenings} {
			if err := read(ctx, tx, o, &c); err != nil {
				return err
			}
		}
		if c.Decisions, err = s.decisions(ctx, tx, o, id); err != nil {
			return err
		}
		c.Comments, err = s.commentsFor(ctx, tx, o, d, id)
		return err
	})
	return c, err
}

func readPerson(ctx context.Context, tx *store.Tx, o access.Opened, c *Case) (err error) {
	c.Person, err = store.Get(ctx, tx, func(in store.Row) (p Person, err error) {
		err = in.Scan(&p.ID, &p.Given, &p.Family, &p.Birth)
		return p, err
	}, `SELECT id, given, family, birth_date FROM patient WHERE id = $1`, o.Patient())
	return err
}

// mostPoints is how many earlier values the desk's page shows.
const mostPoints = 10

func readValues(ctx context.Context, tx *store.Tx, o access.Opened, c *Case) error {
	doc, err := record.Document(ctx, tx, o, c.ID)
	if err != nil {
		return err
	}
	n := fhir.Parse(doc.Raw)
	c.Conclusion, c.Recorded = n.Get("conclusion").Long(), record.Recordings(n)
	if c.Files, err = record.Files(ctx, tx, o, doc); err != nil {
		return err
	}
	of := []ids.Resource{c.ID}
	for _, m := range c.Members {
		of = append(of, m.ID)
	}
	parts, err := record.Parts(ctx, tx, o, of...)
	if err != nil {
		return err
	}
	c.Parts = parts[c.ID]
	for i := range c.Members {
		c.Members[i].Parts = parts[c.Members[i].ID]
	}
	if c.Kind == "Observation" && c.Code != "" {
		same, _, err := record.List(ctx, tx, o, record.Query{Section: record.Results, Code: c.Code, Limit: mostPoints})
		if err != nil {
			return err
		}
		for _, r := range same {
			if r.System == c.System && !r.Gone {
				c.Points = append(c.Points, r)
			}
		}
	}
	senders, err := record.Senders(ctx, tx, c.Source)
	if err != nil {
		return err
	}
	c.Sender = senders[c.Source]
	docs, err := record.History(ctx, tx, o, c.ID)
	for _, old := range docs {
		r, parts := record.Shown(old)
		r.Changed = old.Replaced
		c.Versions = append(c.Versions, Version{Row: r, Parts: parts})
	}
	return err
}

func readOpenings(ctx context.Context, tx *store.Tx, o access.Opened, c *Case) error {
	_, err := store.List(ctx, tx, func(in store.Row) (struct{}, error) {
		var first, last store.Time
		err := in.Scan(&first, &last)
		if c.FirstSeen.IsZero() || first.Std().Before(c.FirstSeen) {
			c.FirstSeen = first.Std()
		}
		if last.Std().After(c.LastSeen) {
			c.LastSeen = last.Std()
		}
		return struct{}{}, err
	}, `
		SELECT v.first_at, v.last_at FROM result_seen v JOIN record_row r ON r.resource_id = v.resource_id WHERE v.resource_id = $1 AND r.patient_id = $2`, c.ID, o.Patient())
	return err
}
