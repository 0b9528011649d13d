package ingest

import (
	"context"
	"sync"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/store"
)

// Door takes health records in.
type Door struct {
	DB       *store.DB
	Registry *registry.Room
	Records  *record.Records
	Limit    *limit.Limiter
	Clinic   page.Profile

	once  sync.Once
	turns chan struct{} // of feeds' messages under way
}

// Files is the source of what an operator imports without naming another. It is
// part of what is stored: never change it.
const Files = "import"

// work is one import, or one message, under way.
type work struct {
	*Door
	d      access.Duty
	source string
	sender string // what people call the source, if a person said so
	rep    Report
	files  []string // names of what was read, without folders
	left   bool     // something was left to be read late

	of     map[string]*persons // by path of the file
	known  map[string]ids.Patient
	reused map[string]bool // names that stood for somebody else before
}

func (i *Door) begin(d access.Duty, source string) *work {
	return &work{Door: i, d: d, source: source, of: map[string]*persons{}, known: map[string]ids.Patient{}, reused: map[string]bool{}}
}

// persons are the patients of one file.
type persons struct {
	one    ids.Patient
	many   bool
	missed bool // something of this file was refused, so somebody may be missing
}

// sole is the one patient a bundle is about, "" if there are several or if that
// is not certain.
func (p *persons) sole() ids.Patient {
	if p == nil || p.many || p.missed {
		return ""
	}
	return p.one
}

// note notes what became of a file's patients.
func (w *work) note(s registry.Seen) {
	p := w.of[s.Origin]
	if p == nil {
		p = &persons{}
		w.of[s.Origin] = p
	}
	switch {
	case s.ID == "":
		p.missed = true
	case p.one == "":
		p.one = s.ID
	case p.one != s.ID:
		p.many = true
	}
}

// take hands resources of one file to the record.
func (w *work) take(ctx context.Context, b record.Batch) error {
	b.Source, b.Find = w.source, w.find
	rep, err := w.Records.Take(ctx, w.d, b)
	if err != nil {
		return err
	}
	w.rep.add(rep)
	return nil
}
