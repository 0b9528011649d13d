package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Options are what an operator says about an import.
type Options struct {
	// ContactsSince is since when the contacts of records that are new to the
	// index have been on file at the clinic, where the records do not say. Zero
	// means since now: they can be used to open an account after ContactAge.
	ContactsSince time.Time

	// Seen, if set, is told outside any transaction what became of the sender's
	// names, some records at a time. It may be told the same again.
	Seen func(context.Context, []Seen) error

	// FaultsLater leaves it to the caller to keep the faults, with KeepFaults.
	FaultsLater bool
}

// Seen says which patient record a sender's record became.
type Seen struct {
	Origin  string      // path of the file, as Incoming has it
	Ref     string      // the sender's name for the record: "12"; "" if none
	FullURL string      // its name within the bundle: "urn:uuid:…"
	ID      ids.Patient // "" for something of this file that was refused
}

// batchSize is how many records are written in one transaction: enough to share
// its cost, few enough that a page waits some 50 ms behind it.
const batchSize = 50

// tries is how often a batch is done again when another import was faster.
const tries = 8

// Report is what an import did.
type Report struct {
	Files     int
	New       int
	Changed   int
	Unchanged int
	Older     int // states older than what is known
	Merged    int // records joined to, or parted from, another
	Refused   int
	Refusals  []Refusal // at most maxRefusals of them
	Warnings  []Refusal // parts left out of records that came in; as many
	Others    map[string]int
	Columns   []int // columns of a spreadsheet that were not taken, from 1
}

// Records is how many records were looked at.
func (r *Report) Records() int { return r.New + r.Changed + r.Unchanged + r.Older + r.Refused }

func (r *Report) refuse(f Refusal) {
	r.Refused++
	if len(r.Refusals) < maxRefusals {
		r.Refusals = append(r.Refusals, f)
	}
}

func (r *Report) warn(all []Refusal) {
	for _, f := range all {
		if len(r.Warnings) < maxRefusals {
			r.Warnings = append(r.Warnings, f)
		}
	}
}

// Lines tells the report to the person who asked for it.
func (r *Report) Lines(l lang.Lang) []string {
	out := []string{l.T("registry.report.counts", r.New, r.Changed, r.Unchanged, r.Refused)}
	if r.Merged > 0 {
		out = append(out, l.T("registry.report.merged", r.Merged))
	}
	if r.Older > 0 {
		out = append(out, l.T("registry.report.older", r.Older))
	}
	for _, f := range r.Refusals {
		out = append(out, l.T("registry.report.refused", f.Sentence(l)))
	}
	for _, f := range r.Warnings {
		out = append(out, l.T("registry.report.left_out", f.Sentence(l)))
	}
	if n := r.Refused - len(r.Refusals); n > 0 {
		out = append(out, l.T("registry.report.more", n))
	}
	for _, c := range r.Columns {
		out = append(out, l.T("registry.report.column", c))
	}
	return out
}

// run is one import under way.
type run struct {
	r       *Room
	d       access.Duty
	o       Options
	rep     Report
	aliases map[string]ids.Patient // bundles' own names of records
	batch   []Incoming
	out     io.Writer // for progress; may be nil
	told    time.Time
	files   []string // names of what was read
	origin  string   // path of the file at hand
	seen    []Seen
}

func (r *Room) begin(d access.Duty, o Options, out io.Writer) *run {
	return &run{r: r, d: d, o: o, out: out, told: r.DB.Now(), aliases: map[string]ids.Patient{}, rep: Report{Others: map[string]int{}}}
}

// Import takes people in. A record that came in unchanged writes nothing; a
// record that is wrong is told in the report and does not stop the others. Two
// imports may run at once.
func (r *Room) Import(ctx context.Context, d access.Duty, people []Incoming, o Options) (Report, error) {
	w := r.begin(d, o, nil)
	for _, p := range people {
		if err := w.add(ctx, p); err != nil {
			return w.rep, err
		}
	}
	err := w.finish(ctx)
	return w.rep, err
}

// add takes one record and writes when enough have come together.
func (w *run) add(ctx context.Context, in Incoming) error {
	w.batch = append(w.batch, in)
	if len(w.batch) < batchSize {
		return nil
	}
	return w.flush(ctx)
}

// finish writes what is left and joins records that belong together.
func (w *run) finish(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	if err := w.r.follow(ctx, w.d, w.aliases, &w.rep); err != nil || w.o.FaultsLater {
		return err
	}
	return w.r.keepFaults(ctx, w.d, w.files, w.rep.Refusals)
}

func (w *run) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var todo []ready
	now := w.r.DB.Now()
	for _, in := range w.batch {
		p, notes, bad := w.r.prepare(in, now)
		if bad != nil {
			w.rep.refuse(*bad)
			w.missed(in.Origin)
			continue
		}
		w.rep.warn(notes)
		todo = append(todo, p)
	}
	w.batch = w.batch[:0]
	todo, err := w.sift(ctx, todo)
	if err != nil {
		return err
	}
	if len(todo) > 0 {
		if err := w.write(ctx, todo); err != nil {
			return fmt.Errorf("import: %w", err)
		}
		w.progress()
	}
	return w.tell(ctx)
}

// tell tells what became of the records so far.
func (w *run) tell(ctx context.Context) error {
	seen := w.seen
	w.seen = nil
	if w.o.Seen == nil || len(seen) == 0 {
		return nil
	}
	return w.o.Seen(ctx, seen)
}

// missed notes that something of a file was refused.
func (w *run) missed(origin string) { w.seen = append(w.seen, Seen{Origin: origin}) }

// sift leaves only what has to be written, so that an import of what is known
// writes nothing at all.
func (w *run) sift(ctx context.Context, all []ready) (todo []ready, err error) {
	err = w.r.DB.View(ctx, func(tx *store.Tx) error {
		for _, in := range all {
			k, found, bad, err := w.r.find(ctx, tx, in)
			switch {
			case err != nil:
				return err
			case bad != nil:
				w.rep.refuse(*bad)
				w.missed(in.in.Origin)
			case found && w.r.stale(k, in) != "":
				w.count(&w.rep, w.r.stale(k, in))
				w.alias(in, k.id)
			default:
				todo = append(todo, in)
			}
		}
		return nil
	})
	return todo, err
}

// stale tells why a known record need not be written: "unchanged" or "older".
func (r *Room) stale(k known, in ready) string {
	if k.hash == in.hash {
		return "unchanged"
	}
	if !in.in.Updated.IsZero() && in.in.Updated.Before(k.sent) {
		return "older"
	}
	return ""
}

func (w *run) count(rep *Report, what string) {
	switch what {
	case "unchanged":
		rep.Unchanged++
	case "older":
		rep.Older++
	case "new":
		rep.New++
	case "changed":
		rep.Changed++
	}
}

// alias notes the name by which a bundle refers to a record.
func (w *run) alias(in ready, id ids.Patient) {
	w.seen = append(w.seen, Seen{Origin: in.in.Origin, Ref: in.in.Ref, FullURL: in.in.FullURL, ID: id})
	if k := refKey(in.in.FullURL); k != "" && k != in.in.Ref {
		w.aliases[k] = id
	}
}

// write writes a batch, again and again if another import is faster.
func (w *run) write(ctx context.Context, todo []ready) error {
	// Two imports that write the same records in another order would wait for
	// each other on PostgreSQL.
	slices.SortStableFunc(todo, func(a, b ready) int { return strings.Compare(a.order(), b.order()) })
	var err error
	before := len(w.seen)
	for range tries {
		var once Report
		err = w.r.DB.Change(ctx, w.d.Did(audit.PatientsImported, ""), func(tx *store.Tx) error {
			once, w.seen = Report{}, w.seen[:before]
			for _, in := range todo {
				if err := w.one(ctx, tx, in, &once); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			w.rep.New += once.New
			w.rep.Changed += once.Changed
			w.rep.Unchanged += once.Unchanged
			w.rep.Older += once.Older
			w.rep.Merged += once.Merged
			for _, f := range once.Refusals {
				w.rep.refuse(f)
			}
			return nil
		}
		if !errors.Is(err, errRaced) && !store.IsUnique(err) {
			return err
		}
	}
	return err
}

// one writes one record, unless somebody else did meanwhile.
func (w *run) one(ctx context.Context, tx *store.Tx, in ready, rep *Report) error {
	k, found, bad, err := w.r.find(ctx, tx, in)
	if err != nil {
		return err
	}
	if bad != nil {
		rep.refuse(*bad)
		w.missed(in.in.Origin)
		return nil
	}
	if found {
		if why := w.r.stale(k, in); why != "" {
			w.count(rep, why)
			w.alias(in, k.id)
			return nil
		}
	}
	s, err := w.r.save(ctx, tx, k, found, in, w.o)
	if errors.Is(err, errCircle) {
		rep.refuse(Refusal{File: in.in.File, Line: in.in.Line, Entry: in.in.Entry, Path: "link", Key: "registry.import.circle"})
		w.missed(in.in.Origin)
		return nil
	}
	if err != nil {
		return err
	}
	what := "new"
	if found {
		what = "changed"
	}
	w.count(rep, what)
	rep.Merged += s.joined
	w.alias(in, s.id)
	tx.Log(w.d.Did(audit.PatientsImported, string(s.id)).On(string(s.id)).With(what))
	return nil
}

// progress writes a line every 5 seconds.
func (w *run) progress() {
	now := w.r.DB.Now()
	if w.out == nil || now.Sub(w.told) < 5*time.Second {
		return
	}
	w.told = now
	fmt.Fprintln(w.out, lang.En.T("registry.report.progress", w.rep.Records()))
}
