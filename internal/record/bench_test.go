package record_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
)

// charts reads sample charts, each a batch in parts of at most size resources.
func charts(b *testing.B, n, size int) (out []record.Batch, total int) {
	files, _ := filepath.Glob("../../../shared/data/fhir-synthea/*.json.gz")
	if len(files) == 0 {
		b.Skip("../shared/data is not here")
	}
	for _, f := range files[:min(n, len(files))] {
		one := record.Batch{Source: "sample", People: map[string]ids.Patient{}}
		for r, err := range fhir.Read(f, open(b, f), fhir.ForFiles) {
			if err != nil {
				b.Fatal(err)
			}
			if r.Type == "Patient" {
				p := ids.NewPatient()
				one.People[r.FullURL], one.Patient = p, p
				continue
			}
			one.Resources = append(one.Resources, r)
		}
		total += len(one.Resources)
		for rest := one.Resources; len(rest) > 0; {
			k := min(size, len(rest))
			part := one
			part.Resources, rest = rest[:k], rest[k:]
			out = append(out, part)
		}
	}
	return out, total
}

// written are charts of n notes each, every one a report and a document with the same
// text of four kilobytes, in parts of at most size resources.
func written(b *testing.B, charts, n, size int) (out []record.Batch, total int) {
	for c := range charts {
		var lines strings.Builder
		for i := range n {
			text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fmt.Sprintf("note %d of chart %d ", i, c), 200)))
			fmt.Fprintf(&lines, `{"resourceType":"DiagnosticReport","id":"r%[1]d-%[2]d","status":"final","code":{"text":"Note"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2025-01-01","presentedForm":[{"contentType":"text/plain","data":%[3]q}]}
{"resourceType":"DocumentReference","id":"d%[1]d-%[2]d","status":"current","type":{"text":"Note"},"subject":{"reference":"Patient/a"},"date":"2025-01-01T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":%[3]q}}]}
`, c, i, text)
		}
		one := record.Batch{Source: "sample", People: map[string]ids.Patient{"Patient/a": ids.NewPatient()}}
		for r, err := range fhir.Read("notes.ndjson", strings.NewReader(lines.String()), fhir.ForFiles) {
			if err != nil {
				b.Fatal(err)
			}
			one.Resources = append(one.Resources, r)
		}
		total += len(one.Resources)
		for part := range slices.Chunk(one.Resources, size) {
			one.Resources = part
			out = append(out, one)
		}
	}
	return out, total
}

// BenchmarkTake measures resources taken in per second.
func BenchmarkTake(b *testing.B) {
	batches, total := charts(b, 20, 200)
	takeAll(b, batches, total)
}

// BenchmarkTakeNotes measures that of notes, which are compared with the reports they
// may repeat.
func BenchmarkTakeNotes(b *testing.B) {
	batches, total := written(b, 5, 400, 200)
	takeAll(b, batches, total)
}

func takeAll(b *testing.B, batches []record.Batch, total int) {
	each := func(b *testing.B, open func() *store.DB) {
		for b.Loop() {
			b.StopTimer()
			s := &record.Records{DB: open()}
			b.StartTimer()
			for _, c := range batches {
				if _, err := s.Take(ctx, duty, c); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(total)*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
	}
	b.Run("sqlite", func(b *testing.B) { each(b, func() *store.DB { db, _ := testkit.SQLite(b); return db }) })
	b.Run("postgres", func(b *testing.B) {
		each(b, func() *store.DB { return testkit.Open(b, testkit.Postgres(b), clock.System{}) })
	})
}
