package record

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

// own is a patient who reads their own chart.
type own struct{ access.Reading }

func (own) Whole() bool { return false }

// many fills a database with 40 charts of 250 entries each.
func many(t *testing.T, db *store.DB) access.Reading {
	t.Helper()
	ctx, duty, ana := context.Background(), access.NewDuty("test"), ids.Patient("pat_0")
	b := Batch{Source: "lab", People: map[string]ids.Patient{"Patient/a": ana}}
	for res, err := range fhir.Read("test.json", strings.NewReader(`{"resourceType":"Observation","id":"o","status":"final","category":[{"coding":[{"code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-01","valueQuantity":{"value":6.1}}`), fhir.ForHTTP) {
		if err != nil {
			t.Fatal(err)
		}
		b.Resources = append(b.Resources, res)
	}
	if _, err := (&Records{DB: db}).Take(ctx, duty, b); err != nil {
		t.Fatal(err)
	}
	const series = `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10000), one AS (SELECT MIN(id) AS id FROM resource) `
	const spread = `'pat_' || CAST(n % 40 AS TEXT)`
	for _, q := range []string{`INSERT INTO resource (id, type, patient_id, category, code, status, at, version, hash, body, source, received_at, changed_at, home_id) ` + series + `
			SELECT r.id || CAST(n AS TEXT), CASE WHEN n % 3 = 0 THEN 'Condition' ELSE type END, ` + spread + `, category, 'c' || CAST(n % 90 AS TEXT), status, '2026-01-01T00:00:00.000Z' || CAST(n AS TEXT), version, hash, body, source, received_at, changed_at, home_id
			FROM s, one JOIN resource r ON r.id = one.id`,
		`INSERT INTO record_row (resource_id, patient_id, section, kind, grp, system, code, title, title_id, words, value, comparator, num, unit, unit_code, low, high, range_text, flag,
				abnormal, critical, status, state, gone, sort_at, at_text, until_text, who, who_id, place, place_id, visit_id, parent_id, source, sensitive, release_at, release_why, received_at, changed_at) ` + series + `
			SELECT r.resource_id || CAST(n AS TEXT), ` + spread + `, CASE WHEN n % 3 = 0 THEN 'conditions' ELSE section END, kind, CASE WHEN n % 2 = 0 THEN 'imaging' ELSE grp END, system, 'c' || CAST(n % 90 AS TEXT), title, title_id,
				words, value, comparator, num, unit, unit_code, low, high, range_text, flag, abnormal, critical, status, state, gone, '2026-01-01T00:00:00.000Z' || CAST(n AS TEXT), at_text, until_text, who, who_id, place, place_id,
				'res_v' || CAST(n % 900 AS TEXT), CASE WHEN n % 5 = 0 THEN 'res_p' || CAST(n % 700 AS TEXT) ELSE '' END, source, sensitive, release_at, release_why, received_at, changed_at
			FROM s, one JOIN record_row r ON r.resource_id = one.id`} {
		if err := db.Change(ctx, duty.Did(audit.RecordsTaken, "test"), func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, q)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Change(ctx, duty.Did(audit.RecordsTaken, "test"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `ANALYZE`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return duty.For(ana)
}

// planOf asks a database how it would read.
func planOf(t *testing.T, db *store.DB, sqlite bool, text string, args []any) string {
	t.Helper()
	var lines []string
	if err := db.View(context.Background(), func(tx *store.Tx) (err error) {
		if sqlite {
			lines, err = store.List(context.Background(), tx, func(r store.Row) (line string, err error) {
				var a, b, c int
				err = r.Scan(&a, &b, &c, &line)
				return line, err
			}, `EXPLAIN QUERY PLAN `+text, args...)
			return err
		}
		lines, err = store.List(context.Background(), tx, store.One[string], `EXPLAIN `+text, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

var (
	scans = regexp.MustCompile(`(?i)SCAN r\b|SCAN d\b|AUTOMATIC|seq scan on (record_row|resource)\b`)
	sorts = regexp.MustCompile(`(?i)TEMP B-TREE FOR ORDER BY|^\s*(->\s*)?Sort\b`)
)

// Each way to read a chart walks one index in the order the page wants, on both
// databases: it looks neither at other people's rows nor sorts the whole chart.
func TestEachReadingWalksOneIndex(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	reads := []struct {
		name, index string
		Query
	}{
		{"patient", "record_row_time", Query{Limit: 20}},
		{"type", "record_row_section", Query{Section: Results, Limit: 20}},
		{"category", "record_row_section", Query{Section: Results, Group: Laboratory, Limit: 20}},
		{"code", "record_row_code", Query{Section: Results, Code: "c7", Limit: 20}},
		{"status", "record_row_section", Query{Section: Results, Status: "final", Limit: 20}},
		{"date", "record_row_section", Query{Section: Results, From: day, To: day.AddDate(0, 1, 0), Limit: 20}},
		{"oldest first", "record_row_section", Query{Section: Results, Oldest: true, Limit: 20}},
		{"next page", "record_row_section", Query{Section: Results, After: "2026-01-01T00:00:00.000Z5~res_5", Limit: 20}},
	}
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		whole, sqlite := many(t, db), strings.Contains(t.Name(), "sqlite")
		check := func(name, index, text string, args []any, sorted bool) {
			t.Helper()
			plan := planOf(t, db, sqlite, text, args)
			if !strings.Contains(plan, index) || scans.MatchString(plan) || !sorted && sorts.MatchString(plan) {
				t.Errorf("%s does not walk %s:\n%s", name, index, plan)
			}
		}
		for _, r := range reads {
			for _, who := range []access.Reading{whole, own{whole}} {
				for _, far := range []reach{asked, tops, freed} {
					if (far == asked) != (who.Whole() || !r.alone()) {
						continue
					}
					text, args, err := r.text(c.Now(), who, far)
					if err != nil {
						t.Fatal(err)
					}
					// Where something is freed, a patient's page is put together of two walks, each no longer than a page.
					check(r.name, r.index, text, args, far == freed)
				}
			}
		}
		for _, who := range []access.Reading{whole, own{whole}} {
			text, args := countsText(c.Now(), who)
			check("counts", "record_row_", text, args, true)
		}
		now := store.Time(c.Now())
		byRelease := "record_row_held"
		if !sqlite {
			byRelease = "record_row_" // with all of it released at one moment, PostgreSQL has no reason to prefer one
		}
		check("holding", byRelease, holdingText, []any{"pat_0", now}, true)
		check("news", byRelease, openedText, []any{"pat_0", string(Results), now, now, 3, ""}, true)
		// A copy reads them all, so that sorting them is no loss.
		check("documents", "resource_", documentsText(1), []any{"pat_0", now, true, "Observation"}, true)
		check("every document", "resource_", documentsText(0), []any{"pat_0", now, true}, true)
	})
}
