package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

const (
	// newest is how many results a chart of this figure has and a reading asks
	// for: one page of results.
	newest = 20
	// fewCharts is how many charts there are when all figures are measured.
	fewCharts = 1000
	// manyValues is a chart larger than any: a sensor's readings of ten years.
	manyValues = 10_000
)

// records measures taking records in and reading them.
func records(ctx context.Context, r *run) error {
	var taken, read, pages, along []string
	beside, err := r.each(ctx, func(ctx context.Context, c *clinic) ([]string, error) {
		g := c.guest()
		if err := c.signIn(g, c.cards.Accounts[0]); err != nil {
			return nil, err
		}
		list, err := r.besideList(ctx, c, g)
		if err != nil {
			return nil, err
		}
		before, err := c.show(ctx, g, "4548-4")
		if err != nil {
			return nil, err
		}
		t, err := c.taking(ctx)
		if err != nil {
			return nil, err
		}
		after, err := c.show(ctx, g, "2339-0")
		if err != nil {
			return nil, err
		}
		files, err := c.copies(ctx)
		if err != nil {
			return nil, err
		}
		along = append(along, files...)
		n := fewCharts
		if r.Name != "" {
			n = r.Patients
		}
		d, err := c.readings(ctx, r.Seed, n)
		if err != nil {
			return nil, err
		}
		taken, read = append(taken, t), append(read, d...)
		for i, name := range []string{"list", "trend"} {
			pages = append(pages, fmt.Sprintf("%s %s\t%.1f\t%.1f\t%.1f\t%d", c.app.DB.Engine(), name, after.each[i], after.floor[i], before.each[i], after.bytes[i]/1024))
		}
		return list, nil
	})
	if err != nil {
		return err
	}
	if err := r.table("resources taken in\tcount\tper second\tCPU µs each\tfloor µs\tbytes each", taken...); err != nil {
		return err
	}
	r.say("")
	r.say("Labs in batches of 200. The floor parses and hashes each once and commits a line of the audit log for each")
	r.say("batch. Bytes: how much the database grew, indexes and all.")
	r.say("")
	if err := r.table("20 newest results of a random patient\tcharts\trows\tp50 µs\tp99 µs\tCPU µs", read...); err != nil {
		return err
	}
	r.say("")
	r.say("The floor reads five columns of the same rows by the same index. Documents are parsed as well.")
	r.say("")
	if err := r.table(fmt.Sprintf("page of a chart with %d values\tCPU ms\tfloor ms\tbefore, ms\tKB", manyValues), pages...); err != nil {
		return err
	}
	r.say("")
	r.say("The floor does as many queries by primary key, writes a line of the audit log and as many bytes; it also")
	r.say("reads the rows, five columns each, or the numbers of the trend as one text. Before: the same person's pages")
	r.say("before the values came.")
	r.say("")
	if err := r.table(fmt.Sprintf("copy of a chart with %d values\tseconds\tCPU s\tKB", manyValues), along...); err != nil {
		return err
	}
	r.say("")
	return r.besideTable(beside)
}

// values writes n laboratory results of one test, a few hours apart.
func values(patient string, n int) []fhir.Resource {
	out := make([]fhir.Resource, n)
	at := time.Date(2025, 12, 1, 8, 0, 0, 0, time.UTC)
	for i := range out {
		id := fmt.Sprintf("bench-%d", i)
		raw := fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
			"code":{"coding":[{"system":"http://loinc.org","code":"2339-0","display":"Glucose [Mass/volume] in Blood"}],"text":"Glucose"},
			"subject":{"reference":%q},"effectiveDateTime":%q,"performer":[{"display":"Riverside Laboratory"}],
			"valueQuantity":{"value":%d,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},
			"referenceRange":[{"low":{"value":70,"unit":"mg/dL"},"high":{"value":99,"unit":"mg/dL"}}]}`,
			id, patient, at.Add(-time.Duration(i)*7*time.Hour).Format(time.RFC3339), 70+i*37%60)
		out[i] = fhir.Resource{Type: "Observation", ID: id, Raw: []byte(raw), Entry: i + 1}
	}
	return out
}

// batchOf is how many resources go in together, as in a feed.
const batchOf = 200

// taking takes the long chart in and gives the row that says how fast.
func (c *clinic) taking(ctx context.Context) (string, error) {
	duty := access.NewDuty("bench")
	id, err := c.app.Registry.Numbered(ctx, duty, c.cards.Accounts[0].Number)
	if err != nil {
		return "", err
	}
	all := values("Patient/one", manyValues)
	size, err := c.size(ctx)
	if err != nil {
		return "", err
	}
	var portal, floor used
	for part := range slices.Chunk(all, batchOf) {
		began := time.Now()
		u, err := timed(func() error {
			rep, err := c.app.Record.Take(ctx, duty, record.Batch{Source: "bench", People: map[string]ids.Patient{"Patient/one": id}, Resources: part})
			if err == nil && rep.New != len(part) {
				err = fmt.Errorf("%d of %d resources came in", rep.New, len(part))
			}
			return err
		})
		if err != nil {
			return "", err
		}
		portal.Done, portal.cpu, portal.Took = portal.Done+len(part), portal.cpu+u, portal.Took+time.Since(began)
		u, err = timed(func() error {
			for _, r := range part {
				fhir.Parse(r.Raw)
				sha256.Sum256(r.Raw)
			}
			return c.app.DB.Change(ctx, duty.Did(audit.RecordsTaken, "bench"), func(*store.Tx) error { return nil })
		})
		if err != nil {
			return "", err
		}
		floor.Done, floor.cpu = floor.Done+len(part), floor.cpu+u
	}
	grown, err := c.size(ctx)
	return fmt.Sprintf("%s\t%d\t%.0f\t%.0f\t%.0f\t%d", c.app.DB.Engine(), portal.Done, portal.rate(), portal.each(), floor.each(), (grown-size)/manyValues), err
}

// size is how many bytes the database takes. On SQLite what still waits in the log
// beside the file counts little against what is measured.
func (c *clinic) size(ctx context.Context) (n int64, err error) {
	if c.app.DB.Engine() == store.Postgres {
		err = c.app.DB.View(ctx, func(tx *store.Tx) error {
			n, err = store.Get(ctx, tx, store.One[int64], `SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`)
			return err
		})
		return n, err
	}
	info, err := os.Stat(filepath.Join(c.dir, "portico.db"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// reading is one way to read a page of results.
type reading struct {
	name string
	read func(context.Context, *store.Tx, access.Reading) (rows int, err error)
	took []time.Duration
	cpu  time.Duration
	rows int
}

func readingWays() []*reading {
	results := record.Query{Section: record.Results, Limit: newest}
	return []*reading{
		{name: "floor", read: func(ctx context.Context, tx *store.Tx, who access.Reading) (int, error) {
			rows, err := store.List(ctx, tx, func(in store.Row) (v [5]string, err error) {
				err = in.Scan(&v[0], &v[1], &v[2], &v[3], &v[4])
				return v, err
			}, `SELECT resource_id, title, value, unit, at_text FROM record_row WHERE patient_id = $1 AND section = 'results' AND parent_id = ''
				ORDER BY sort_at DESC, resource_id DESC LIMIT 20`, who.Patient())
			return len(rows), err
		}},
		{name: "read-model rows", read: func(ctx context.Context, tx *store.Tx, who access.Reading) (int, error) {
			rows, _, err := record.List(ctx, tx, who, results)
			return len(rows), err
		}},
		{name: "documents, the chart's", read: func(ctx context.Context, tx *store.Tx, who access.Reading) (n int, err error) {
			err = record.Documents(ctx, tx, who, []string{"Observation", "DiagnosticReport"}, func(d record.Doc) error {
				n++
				return fhir.Parse(d.Raw).Err()
			})
			return n, err
		}},
		{name: "documents, one by one", read: func(ctx context.Context, tx *store.Tx, who access.Reading) (int, error) {
			rows, _, err := record.List(ctx, tx, who, results)
			for _, r := range rows {
				if r.Held {
					continue // its document is shut
				}
				d, err := record.Document(ctx, tx, who, r.ID)
				if err != nil {
					return 0, err
				}
				fhir.Parse(d.Raw)
			}
			return len(rows), err
		}},
	}
}

// readings makes n charts and reads those of random patients in each way.
func (c *clinic) readings(ctx context.Context, seed uint64, n int) ([]string, error) {
	if err := c.copyCharts(ctx, n); err != nil {
		return nil, err
	}
	ways := readingWays()
	chance := rand.New(rand.NewPCG(seed, 1))
	duty := access.NewDuty("bench")
	for range 10 {
		for _, w := range ways {
			for range 200 {
				who := duty.For(copied(chance.IntN(n)))
				began := time.Now()
				u, err := timed(func() error {
					return c.app.DB.View(ctx, func(tx *store.Tx) (err error) {
						w.rows, err = w.read(ctx, tx, who)
						return err
					})
				})
				if err != nil {
					return nil, err
				}
				w.took, w.cpu = append(w.took, time.Since(began)), w.cpu+u
			}
		}
	}
	var out []string
	for _, w := range ways {
		slices.Sort(w.took)
		k := len(w.took)
		out = append(out, fmt.Sprintf("%s %s\t%d\t%d\t%d\t%d\t%d", c.app.DB.Engine(), w.name, n, w.rows, w.took[k/2].Microseconds(),
			w.took[k*99/100].Microseconds(), w.cpu.Microseconds()/int64(k)))
	}
	return out, nil
}
