package records

import (
	"context"
	"slices"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring // seals searches
	Clinic page.Profile
	Teller Teller // nil: nobody is told that they were answered
	Visits Visits // nil: entries lead to no visit
}

// Teller tells patients in the transaction of what they are told.
type Teller interface {
	// RequestAnswered says that something they asked for was answered, and nothing
	// else. key makes it unique.
	RequestAnswered(ctx context.Context, tx *store.Tx, p ids.Patient, key string) error
}

// Visits knows which visit of the calendar an entry of the record tells of.
type Visits interface {
	// Booked gives its path, "" if none is known. It is sure if the entry's sender
	// said so; else it is the one of that day with that clinician.
	Booked(ctx context.Context, tx *store.Tx, c access.Chart, r record.Row) (path string, sure bool, err error)
}

// Records is the room.
type Records struct{ Parts }

// New makes the room.
func New(p Parts) *Records { return &Records{p} }

// Sections are what this room shows, in order; results have a room of their own.
var Sections = slices.DeleteFunc(slices.Clone(record.Sections), func(s record.Section) bool { return s == record.Results || s == record.Claims })

// Overview counts what each section holds.
func (s *Records) Overview(ctx context.Context, c access.Chart) (counts map[record.Section]int, err error) {
	if err := c.Need(access.SeeRecords); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		counts, err = record.Counts(ctx, tx, c)
		return err
	})
	return counts, err
}

// Found is one page of a list.
type Found struct {
	Rows  []record.Row
	Parts map[ids.Resource][]record.Measure
	Next  string
	Total int
	runs  map[ids.Resource]run // by the row that stands for several
}

// Section lists one section, newest first; of the social history each answer once.
func (s *Records) Section(ctx context.Context, c access.Chart, section record.Section, after string) (Found, error) {
	if !slices.Contains(Sections, section) {
		return Found{}, fault.Missing()
	}
	if section == record.Social {
		return s.answers(ctx, c, after)
	}
	return s.list(ctx, c, record.Query{Section: section, After: after})
}

// perPage is how many entries one page of a list shows: what a phone on a slow
// line loads at once.
const perPage = 15

// list reads one page of rows and the parts of their values.
func (s *Records) list(ctx context.Context, c access.Chart, q record.Query) (f Found, err error) {
	if err := c.Need(access.SeeRecords); err != nil {
		return f, err
	}
	if q.Limit == 0 {
		q.Limit = perPage
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if f.Rows, f.Next, err = record.List(ctx, tx, c, q); err != nil {
			return err
		}
		f.Parts, err = record.Parts(ctx, tx, c, measured(f.Rows)...)
		return err
	})
	return f, err
}

// measured are the rows whose value may have parts.
func measured(rows []record.Row) []ids.Resource {
	var out []ids.Resource
	for _, r := range rows {
		if r.Kind == "Observation" {
			out = append(out, r.ID)
		}
	}
	return out
}

// Item is one entry of the record with all that is known of it.
type Item struct {
	Row      record.Row
	Doc      record.Doc
	Parts    []record.Measure
	Around   []record.Row // what it refers to
	Within   []record.Row // what refers to it: of a visit, all that belongs to it
	Versions []record.Doc // that were replaced, newest first
	Files    []record.File
	Away     bool                    // there are files that stand on another server
	Labels   map[ids.Resource]string // of people and places it names

	Sender string // what whoever sent it is called
	Again  bool   // of the social history and of measurements: there are more of the same
	Booked string // of a visit: where it stands in the calendar, "" if that is not known
	Sure   bool   // its sender said so
}

// mostWithin bounds the page of a visit.
const mostWithin = 300

// Open gives one item; NotFound for another patient's, one that does not exist or
// was entered in error, and one that is not released.
func (s *Records) Open(ctx context.Context, c access.Chart, id ids.Resource) (it Item, err error) {
	if err := c.Need(access.SeeRecords); err != nil {
		return it, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if it, err = open(ctx, tx, c, id); err != nil || s.Visits == nil || it.Row.Section != record.Visits {
			return err
		}
		it.Booked, it.Sure, err = s.Visits.Booked(ctx, tx, c, it.Row)
		return err
	})
	return it, err
}

func open(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (it Item, err error) {
	if it.Row, err = record.One(ctx, tx, who, id); err != nil {
		return it, err
	}
	if it.Doc, err = record.Document(ctx, tx, who, id); err != nil {
		return it, err
	}
	if it.Files, it.Away, err = record.Enclosed(ctx, tx, who, it.Doc); err != nil {
		return it, err
	}
	if it.Versions, err = record.History(ctx, tx, who, id); err != nil {
		return it, err
	}
	parts, err := record.Parts(ctx, tx, who, id)
	if err != nil {
		return it, err
	}
	it.Parts = parts[id]
	senders, err := record.Senders(ctx, tx, it.Row.Source)
	if err != nil {
		return it, err
	}
	it.Sender = senders[it.Row.Source]
	if it.Again, err = repeated(ctx, tx, who, it.Row); err != nil {
		return it, err
	}
	return it, it.surroundings(ctx, tx, who)
}

// surroundings finds what the item refers to and what refers to it.
func (it *Item) surroundings(ctx context.Context, tx *store.Tx, who access.Reading) error {
	from, err := record.LinksFrom(ctx, tx, who, it.Row.ID)
	if err != nil {
		return err
	}
	var to []ids.Resource
	for _, l := range from {
		if !slices.Contains(to, l.To) {
			to = append(to, l.To)
		}
	}
	if it.Around, err = record.Rows(ctx, tx, who, to); err != nil {
		return err
	}
	if it.Labels, err = record.Labels(ctx, tx, to...); err != nil {
		return err
	}
	if it.Row.Section == record.Visits {
		it.Within, _, err = record.List(ctx, tx, who, record.Query{Visit: it.Row.ID, Limit: mostWithin, Oldest: true})
		it.Within = slices.DeleteFunc(it.Within, func(r record.Row) bool { return r.Parent != "" })
		return err
	}
	back, err := record.LinksTo(ctx, tx, who, it.Row.ID)
	if err != nil {
		return err
	}
	var by []ids.Resource
	for _, l := range back {
		if len(by) < mostWithin && !slices.Contains(by, l.From) {
			by = append(by, l.From)
		}
	}
	it.Within, err = record.Rows(ctx, tx, who, by)
	it.Within = slices.DeleteFunc(it.Within, func(r record.Row) bool { return r.Section == record.Claims })
	return err
}

// File gives the bytes of an item's nth file, from 0.
func (s *Records) File(ctx context.Context, c access.Chart, id ids.Resource, nth int) (record.File, error) {
	it, err := s.Open(ctx, c, id)
	if err == nil && (nth < 0 || nth >= len(it.Files)) {
		err = fault.Missing()
	}
	if err != nil {
		return record.File{}, err
	}
	return it.Files[nth], nil
}

// Immunizations gives all of a patient's immunizations, oldest first, for the
// record that schools and camps ask for.
func (s *Records) Immunizations(ctx context.Context, c access.Chart) ([]record.Row, error) {
	f, err := s.list(ctx, c, record.Query{Section: record.Immunizations, Oldest: true, Limit: 1000})
	return slices.DeleteFunc(f.Rows, func(r record.Row) bool { return r.Kind != "Immunization" || r.Status == "not-done" }), err
}
