package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// Records takes resources in. Rules and Watcher may be nil: then everything is
// released at once, and nobody is told.
type Records struct {
	DB      *store.DB
	Rules   Rules
	Watcher Watcher
}

// Rules decide when the patient may see a row. They are asked in the transaction
// that stores it, for a row that is new or changed; was is the release it had.
// The row is sensitive if its sender labelled it so.
type Rules interface {
	Release(ctx context.Context, tx *store.Tx, r Row, was *Release) (Release, error)
}

// Release is when a row may be seen and why then.
type Release struct {
	At        time.Time
	Why       string
	Sensitive bool
}

// Watcher is told, in the same transaction, what came in.
type Watcher interface {
	Arrived(ctx context.Context, tx *store.Tx, rows []Arrival) error
}

// Arrival is a row that came in.
type Arrival struct {
	Row Row
	New bool // not another version of what was there
}

// Batch is what came in together: a bundle, a message, some lines of NDJSON.
type Batch struct {
	Source    string                 // sender's name; its identifiers mean something only with it
	Patient   ids.Patient            // the one patient all of it is about, "" if of several
	People    map[string]ids.Patient // the sender's references to patients: "Patient/12", "urn:uuid:…"
	Resources []fhir.Resource        // any type but Patient

	// Find, if set, is asked outside any transaction for patients that People
	// leaves out: what resources say they are about. It adds what it finds to
	// People under the very reference it was asked for.
	Find func(ctx context.Context, refs []string) (map[string]ids.Patient, error)

	// Did is what the audit log calls it, "" for records that were taken in.
	Did audit.Action

	// Kinds are the types of the bundle's own names, "urn:uuid:…", of resources
	// that come in other batches.
	Kinds map[string]string

	// Known are references to resources that are in the store already, found by
	// something else than the sender's name for them.
	Known map[string]ids.Resource
}

// tries is how often a batch is done again when another one named the same
// resources first.
const tries = 8

// Take stores a batch in one transaction, all that can be stored of it. A
// resource that cannot is in the report and does not stop the others. The same
// batch again writes nothing. Errors are the database's.
func (s *Records) Take(ctx context.Context, d access.Duty, b Batch) (Report, error) {
	var read, ready []*incoming
	var first Report
	for _, r := range b.Resources {
		if in := prepare(b, r, &first); in != nil {
			read = append(read, in)
		}
	}
	if err := b.find(ctx, read); err != nil {
		return first, err
	}
	if err := s.inherit(ctx, b, read); err != nil {
		return first, err
	}
	for _, in := range read {
		if key := in.claim(b); key != "" {
			first.refuse(in.in, "subject", key)
			continue
		}
		ready = append(ready, in)
	}
	ready, err := s.sift(ctx, b, ready, &first)
	if err != nil || len(ready) == 0 {
		return first, err
	}
	for range tries {
		rep := first.clone()
		err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
			t := &taking{s: s, tx: tx, b: b, rep: &rep, d: d}
			e := d.Did(b.did(), b.Source)
			if err := t.all(ctx, ready); err != nil {
				return e, err
			}
			// A line for each person: each of them reads it in their own access log,
			// and none of them another's.
			people := about(t.person(b.Patient), ready)
			if len(people) == 0 {
				return e, nil
			}
			for _, p := range people[1:] {
				tx.Log(e.On(string(p)))
			}
			return e.On(string(people[0])), nil
		})
		if err == nil {
			return rep, nil
		}
		if !errors.Is(err, errRaced) && !store.IsUnique(err) {
			return first, err
		}
	}
	return first, err
}

// about are the patients whose records a batch added to, first the one whom all
// of it is about, if there is one.
func about(whole ids.Patient, ready []*incoming) []ids.Patient {
	var out []ids.Patient
	if whole != "" {
		out = append(out, whole)
	}
	for _, in := range ready {
		if in.id != "" && in.patient != "" && !slices.Contains(out, in.patient) {
			out = append(out, in.patient)
		}
	}
	return out
}

// errRaced means that somebody else named a resource of this batch meanwhile.
var errRaced = errors.New("another batch named this resource meanwhile")

// sift leaves out what is known already, so that the same batch again opens no
// writing transaction at all.
func (s *Records) sift(ctx context.Context, b Batch, ready []*incoming, rep *Report) (todo []*incoming, err error) {
	if len(ready) == 0 {
		return nil, nil
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		t := &taking{s: s, tx: tx, b: b, rep: rep}
		if err := t.resolve(ctx, ready, false); err != nil {
			return err
		}
		if t.fresh > 0 {
			todo = ready
			return nil
		}
		for _, in := range ready {
			t.finish(in)
		}
		if err := t.loadKnown(ctx, ready); err != nil {
			return err
		}
		if err := t.loadPast(ctx, ready); err != nil {
			return err
		}
		for _, in := range ready {
			if t.had(in) {
				rep.count(in.in.Type, Tally{Unchanged: 1})
			} else {
				todo = append(todo, in)
			}
		}
		return nil
	})
	return todo, err
}

func (t *taking) all(ctx context.Context, ready []*incoming) error {
	if err := t.resolve(ctx, ready, true); err != nil {
		return err
	}
	if err := t.register(ctx); err != nil {
		return err
	}
	var kept []*incoming
	for _, in := range ready {
		if path, key := t.trespass(in); key != "" {
			t.rep.refuse(in.in, path, key)
			continue
		}
		t.finish(in)
		kept = append(kept, in)
	}
	if err := t.loadKnown(ctx, kept); err != nil {
		return err
	}
	if err := t.loadPast(ctx, kept); err != nil {
		return err
	}
	for _, round := range rounds(kept) {
		for _, in := range round {
			if err := t.one(ctx, in); err != nil {
				return fmt.Errorf("%s: %w", in.in.Type, err)
			}
		}
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	if err := t.abide(ctx); err != nil {
		return err
	}
	if t.s.Watcher != nil && len(t.arrived) > 0 {
		return t.s.Watcher.Arrived(ctx, t.tx, t.arrived)
	}
	return nil
}

// rounds parts a batch so that no resource comes twice in one: a second is a new
// version of the first.
func rounds(all []*incoming) (out [][]*incoming) {
	seen := map[ids.Resource]bool{}
	from := 0
	for i, in := range all {
		if seen[in.id] {
			out = append(out, all[from:i])
			from = i
			clear(seen)
		}
		seen[in.id] = true
	}
	return append(out, all[from:])
}

func (b Batch) did() audit.Action {
	if b.Did != "" {
		return b.Did
	}
	return audit.RecordsTaken
}
