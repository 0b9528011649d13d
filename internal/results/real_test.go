package results

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
)

const sampleData = "../../../shared/data"

// sample reads a chart of a file; its one patient is ana.
func (r *rig) sample(path string) {
	r.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	in := io.Reader(f)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			r.t.Fatal(err)
		}
	}
	b := record.Batch{Source: "sample", Patient: ana, People: map[string]ids.Patient{}}
	for res, err := range fhir.Read(path, in, fhir.ForFiles) {
		switch {
		case err != nil:
			r.t.Fatal(err)
		case res.Type == "Patient":
			b.People[res.FullURL] = ana
			b.People["Patient/"+res.ID] = ana
		default:
			b.Resources = append(b.Resources, res)
		}
	}
	if _, err := r.records.Take(ctx, duty, b); err != nil {
		r.t.Fatal(err)
	}
}

// rows are the chart's values, reports and studies: one of each test, so that a
// long chart takes no longer than a wide one.
func (r *rig) rows() (out []record.Row) {
	r.t.Helper()
	met := map[string]bool{}
	if err := r.db.View(ctx, func(tx *store.Tx) error {
		all, _, err := record.List(ctx, tx, duty.Whole(ana), record.Query{Members: true, Limit: 10_000})
		for _, row := range all {
			key := row.Kind + row.System + row.Code + row.Unit
			if kinds[row.Kind] && !row.Gone && !met[key] {
				met[key] = true
				out = append(out, row)
			}
		}
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// asSent is the value of a document as its sender wrote it, "" for none.
func (r *rig) asSent(id ids.Resource) (said string) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) error {
		d, err := record.Document(ctx, tx, duty.Whole(ana), id)
		if err != nil {
			return err
		}
		v, kind := fhir.Parse(d.Raw).Choice("value", "Quantity", "CodeableConcept", "String")
		switch kind {
		case "Quantity":
			said = v.Get("value").Number()
		case "CodeableConcept":
			said = v.Concept().Words()
		case "String":
			said = v.Line()
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(strings.Fields(said), " ")
}

// Charts that other programs wrote open on every page, and say what was sent.
func TestSampleChartsOpen(t *testing.T) {
	files, _ := filepath.Glob(sampleData + "/fhir-synthea/*.json.gz")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.Contains(f, "Information") }) // of clinics, not of anybody
	slices.SortFunc(files, func(a, b string) int { return int(size64(a) - size64(b)) })
	if n := len(files); n > 2 {
		files = []string{files[n/4], files[n/2]}
	}
	files = append(files, filepath.Join(sampleData, "fhir-uscore/uscore_bundle_patient_85.json"))
	if _, err := os.Stat(files[len(files)-1]); err != nil {
		t.Skip("../shared/data is not here")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			db, c := testkit.SQLite(t)
			r := newRig(t, db, c)
			r.sample(f)
			b := r.serve(ana)
			listed := 0
			for path := "/results"; path != ""; {
				p := b.Get(path).Want(200, "Test results")
				listed += len(p.All(".rows > li"))
				if path = p.Attr(`a[href*="/results?s="]`, "href"); listed > 100 {
					break
				}
			}
			rows := r.rows()
			if len(rows) == 0 || listed == 0 {
				t.Fatalf("%d rows, %d listed", len(rows), listed)
			}
			for _, row := range rows {
				r.opensAll(b, row)
			}
		})
	}
}

func size64(path string) int64 {
	i, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return i.Size()
}

// opensAll opens the page of a row, its history and its files.
func (r *rig) opensAll(b *testkit.Browser, row record.Row) {
	r.t.Helper()
	p := b.Get(at(row.ID))
	if p.Status != 200 {
		r.t.Errorf("%s %s %q answers %d", row.Kind, row.Code, row.Title, p.Status)
		return
	}
	if said := r.asSent(row.ID); said != "" && !strings.Contains(p.Text("main"), said) {
		r.t.Errorf("%s %q does not say %q", row.Kind, row.Title, said)
	}
	if row.Kind == "Observation" && row.Code != "" {
		if h := b.Get(at(row.ID) + "/history"); h.Status != 200 {
			r.t.Errorf("the history of %q answers %d", row.Title, h.Status)
		}
	}
	for _, a := range p.All(`#files a[download]`) {
		for _, at := range a.Attr {
			if at.Key == "href" {
				if f := b.Get(at.Val); f.Status != 200 {
					r.t.Errorf("%s of %q answers %d", at.Val, row.Title, f.Status)
				}
			}
		}
	}
}
