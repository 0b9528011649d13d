package ingest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/registry"
)

// Order is an import of files as an operator asked for it.
type Order struct {
	Paths  []string // files and folders
	Source string   // whose names for things the files use; Files if ""
	People registry.Options
	Out    io.Writer // for progress; may be nil
}

// Files takes in whole charts: bundles of any kind but history, single resources,
// NDJSON, each also gzipped. The files are read twice, for the people first, so
// that their order does not matter. What is wrong is told in the report and does
// not stop the rest.
func (i *Door) Files(ctx context.Context, d access.Duty, o Order) (Report, error) {
	if o.Source == "" {
		o.Source = Files
	}
	w := i.begin(d, o.Source)
	began := i.DB.Now()
	o.People.Seen, o.People.FaultsLater = w.seen, true
	var err error
	if w.rep.People, err = i.Registry.ImportFHIR(ctx, d, o.Paths, o.People, o.Out); err != nil {
		return w.rep, err
	}
	p := newProgress(o.Out, i.DB.Now, w)
	if err := w.walk(ctx, o.Paths, p); err != nil {
		return w.rep, err
	}
	p.end()
	if err := w.keepFaults(ctx); err != nil {
		return w.rep, err
	}
	return w.rep, w.keepRun(ctx, began)
}

// keepFaults keeps what was refused, of people and of records.
func (w *work) keepFaults(ctx context.Context) error {
	return w.Registry.KeepFaults(ctx, w.d, w.files, append(w.rep.People.Refusals[:len(w.rep.People.Refusals):len(w.rep.People.Refusals)], w.rep.Told...))
}

// walk reads every file for what is not a Patient. Files without people, which
// are lists of hospitals and practitioners, come first: charts refer to them.
func (w *work) walk(ctx context.Context, paths []string, p *progress) error {
	var shared, charts []string
	for _, path := range registry.FHIRFiles(paths) {
		p.expect(path)
		if w.of[path] == nil {
			shared = append(shared, path)
		} else {
			charts = append(charts, path)
		}
	}
	var left []string
	for _, path := range append(shared, charts...) {
		w.files = append(w.files, filepath.Base(path))
		w.left = false
		if err := w.file(ctx, path, false, p); err != nil {
			return err
		}
		if w.left {
			left = append(left, path)
			p.expect(path)
		}
	}
	for _, path := range left {
		if err := w.file(ctx, path, true, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) file(ctx context.Context, path string, late bool, p *progress) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // told when it was read for people
	}
	defer f.Close()
	return w.read(ctx, part{filepath.Base(path), p.count(f), fhir.ForFiles, w.of[path].sole(), late}, p)
}

// part is a file or message, or what of it is read late.
type part struct {
	name string
	in   io.Reader
	fhir.Limits
	sole ids.Patient // whom a bundle is about if all of it is about one patient
	late bool        // only what is about the patient of something else
}

// dependent are the types that do not say whom they are about, but for what they
// refer to or what refers to them. Where no bundle says so either, as in a bulk
// export, they are read once everything else is there.
var dependent = []string{"Binary", "Provenance"}

// Bounds of a window: what is read before it is handed on. Bundles that fit know
// the types of all their own names.
const (
	windowBytes = 16 << 20
	windowCount = 10_000
	batchCount  = 200 // resources in one transaction: a page waits some 100 ms behind it
	maxKinds    = 200_000
)

// window is a part of a file.
type window struct {
	all   []fhir.Resource
	bytes int
	kinds map[string]string
}

func (v *window) add(r fhir.Resource) {
	v.all = append(v.all, r)
	v.bytes += len(r.Raw)
	if strings.HasPrefix(r.FullURL, "urn:") && len(v.kinds) < maxKinds {
		v.kinds[r.FullURL] = r.Type
	}
}

func (v *window) full() bool { return v.bytes >= windowBytes || len(v.all) >= windowCount }

// read hands the resources of one file or message on. What the reader refuses
// was told when it was read for people.
func (w *work) read(ctx context.Context, of part, p *progress) error {
	v := &window{kinds: map[string]string{}}
	for res, err := range fhir.Read(of.name, of.in, of.Limits) {
		if err != nil || res.Type == "Patient" {
			continue
		}
		if late := res.Entry == 0 && slices.Contains(dependent, res.Type); late != of.late {
			w.left = w.left || late
			continue
		}
		if v.add(res); v.full() {
			if err := w.flush(ctx, v, of.sole, p); err != nil {
				return err
			}
		}
	}
	return w.flush(ctx, v, of.sole, p)
}

// flush hands a window on in batches. Resources outside bundles stand alone:
// nothing says that they are all about one patient.
func (w *work) flush(ctx context.Context, v *window, sole ids.Patient, p *progress) error {
	for from := 0; from < len(v.all); {
		to := from + 1
		for to < len(v.all) && to-from < batchCount && (v.all[to].Entry > 0) == (v.all[from].Entry > 0) {
			to++
		}
		b := record.Batch{Resources: v.all[from:to], Kinds: v.kinds}
		if v.all[from].Entry > 0 {
			b.Patient = sole
		}
		if err := w.take(ctx, b); err != nil {
			return err
		}
		p.step()
		from = to
	}
	v.all, v.bytes = nil, 0
	return nil
}
