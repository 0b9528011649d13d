package sharing

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
)

// largest takes the largest sample chart in as ana's and tells how many
// resources it has. The samples are not part of the repository.
func (r *rig) largest() int {
	r.t.Helper()
	files, _ := filepath.Glob("../../../shared/data/fhir-synthea/*.json.gz")
	var name string
	var most int64
	for _, f := range files {
		if i, err := os.Stat(f); err == nil && i.Size() > most {
			name, most = f, i.Size()
		}
	}
	if name == "" {
		r.t.Skip("the sample data is not here")
	}
	return r.sample(name)
}

// sample takes a sample chart in as ana's and tells how many resources it has.
func (r *rig) sample(name string) int {
	r.t.Helper()
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		r.t.Skip("the sample data is not here")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	b := record.Batch{Source: "synthea", Patient: ana, People: map[string]ids.Patient{}, Kinds: map[string]string{}}
	for res, err := range fhir.Read(filepath.Base(name), f, fhir.ForFiles) {
		if err != nil {
			r.t.Fatal(err)
		}
		if res.Type == "Patient" {
			b.People[res.FullURL] = ana
			continue
		}
		b.Kinds[res.FullURL] = res.Type
		b.Resources = append(b.Resources, res)
	}
	if _, err := r.rec.Take(ctx, duty, b); err != nil {
		r.t.Fatal(err)
	}
	return len(b.Resources)
}

// TestTheLargestSampleChart says what a copy of a long record costs. A copy must
// be made well within the two minutes for which a worker holds its job.
func TestTheLargestSampleChart(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	n := r.largest()
	for _, f := range Formats {
		var file bytes.Buffer
		steps := 0
		began := time.Now()
		gaps, err := r.Write(ctx, duty.For(ana), whole(f), &file, func(int) error { steps++; return nil })
		took := time.Since(began)
		if err != nil || steps != len(record.Sections) || hasBroken(gaps) {
			t.Fatal(f, err, steps, gaps)
		}
		t.Logf("%s of %d resources: %.1f MB in %.1f s", f, n, float64(file.Len())/(1<<20), took.Seconds())
		if took > 40*time.Second {
			t.Errorf("%s takes %s", f, took)
		}
		switch f {
		case CCD:
			lint(t, file.Bytes())
			wellFormed(t, &file)
		case FHIR:
			outside := 0
			all := entries(t, file.String())
			for _, raw := range all {
				for _, to := range references(raw) {
					if all[to] == nil {
						outside++
						if !strings.Contains(string(all["OperationOutcome/not-included"]), to) {
							t.Errorf("%s is referred to, not there and not named", to)
						}
					}
				}
			}
			t.Logf("%d entries, %d references lead out", len(all), outside)
		}
	}
}

// lint asks another program about a document, where it is here.
func lint(t *testing.T, file []byte) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Log("xmllint is not here")
		return
	}
	cmd := exec.Command("xmllint", "--nonet", "--huge", "--noout", "-")
	cmd.Stdin = bytes.NewReader(file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v: %s", err, out)
	}
}

func wellFormed(t *testing.T, in io.Reader) {
	t.Helper()
	d := xml.NewDecoder(in)
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A bundle of a huge chart goes out as it is read: what is held does not grow
// with its documents.
func TestAHugeChartIsStreamed(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	const many, weight = 10_000, 4 << 10
	r.many(many, a1c("1", "a", "6.4", `,"note":[{"text":"`+strings.Repeat("x", weight)+`"}]`))
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sum, steps, high := 0, 0, uint64(0)
	out := writerFunc(func(b []byte) (int, error) {
		if sum>>20 != (sum+len(b))>>20 { // once a megabyte
			runtime.GC()
			runtime.ReadMemStats(&peak)
			high = max(high, peak.HeapAlloc)
		}
		sum += len(b)
		return len(b), nil
	})
	o := whole(FHIR)
	if _, err := r.Write(ctx, duty.For(ana), o, out, func(done int) error { steps = done; return nil }); err != nil {
		t.Fatal(err)
	}
	held := int64(high) - int64(before.HeapAlloc)
	t.Logf("%d resources, %d MB, held %d MB at most", many, sum>>20, held>>20)
	if sum < many*weight || steps != len(record.Sections) {
		t.Errorf("%d bytes, %d steps", sum, steps)
	}
	if held > 24<<20 {
		t.Errorf("%d MB were held", held>>20)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// many puts n copies of a result into ana's record: reading them in one by one
// takes minutes.
func (r *rig) many(n int, result string) {
	r.t.Helper()
	r.take(result)
	err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) error {
		for i := range n - 1 {
			for _, q := range []string{`
				INSERT INTO resource (id, type, patient_id, category, code, status, at, version, hash, body, source, received_at, changed_at)
				SELECT id || $1, type, patient_id, category, code, status, at, version, hash, body, source, received_at, changed_at FROM resource WHERE body LIKE '%4548-4%' ORDER BY id LIMIT 1`, `
				INSERT INTO record_row (resource_id, patient_id, section, kind, grp, system, code, title, title_id, words, value, comparator, num, unit, unit_code, low, high, range_text, flag,
					abnormal, critical, status, state, gone, sort_at, at_text, until_text, who, who_id, place, place_id, visit_id, parent_id, source, sensitive, release_at, release_why, received_at, changed_at)
				SELECT resource_id || $1, patient_id, section, kind, grp, system, code, title, title_id, words, value, comparator, num, unit, unit_code, low, high, range_text, flag,
					abnormal, critical, status, state, gone, sort_at, at_text, until_text, who, who_id, place, place_id, visit_id, parent_id, source, sensitive, release_at, release_why, received_at, changed_at
				FROM record_row WHERE kind = 'Observation' ORDER BY resource_id LIMIT 1`} {
				if _, err := tx.Exec(ctx, q, fmt.Sprintf("%05d", i)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestAPDFOfAHugeChart(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	r.many(10_000, a1c("1", "a", "6.4"))
	for _, f := range []Format{PDF, CCD} {
		began := time.Now()
		file := r.write(whole(f))
		took := time.Since(began)
		t.Logf("%s of 10,000 results: %.1f MB in %.1f s", f, float64(len(file))/(1<<20), took.Seconds())
		if took > 60*time.Second {
			t.Errorf("%s takes %s", f, took)
		}
	}
}
