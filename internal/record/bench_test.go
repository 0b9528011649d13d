package record_test

import (
	"path/filepath"
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

// BenchmarkTake measures resources taken in per second.
func BenchmarkTake(b *testing.B) {
	each := func(b *testing.B, open func() *store.DB) {
		batches, total := charts(b, 20, 200)
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
