package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// copied names the patient of a copied chart.
func copied(i int) ids.Patient { return ids.Patient(fmt.Sprintf("pat_copy%d", firstCopy+i)) }

// firstCopy makes all numbers equally long, so that their order is theirs as text.
const firstCopy = 10_000_000

// copyCharts writes n charts straight into the tables: the newest results of the
// demo's first patient under other names.
func (c *clinic) copyCharts(ctx context.Context, n int) error {
	duty := access.NewDuty("bench")
	id, err := c.app.Registry.Numbered(ctx, duty, c.cards.Accounts[1].Number)
	if err != nil {
		return err
	}
	const together = 500
	for from := 0; from < n; from += together {
		to := min(from+together, n) - 1
		if err := c.app.DB.Change(ctx, duty.Did(audit.RecordsTaken, "bench"), func(tx *store.Tx) error {
			for _, q := range []string{copyDocs, copyRows} {
				if _, err := tx.Exec(ctx, q, firstCopy+from, firstCopy+to, id); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// copies counts from $1 to $2; original picks the newest results of $3 that
// stand by themselves.
const (
	copies   = `WITH RECURSIVE copies (n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM copies WHERE n < CAST($2 AS BIGINT)) `
	original = `(SELECT resource_id FROM record_row WHERE patient_id = $3 AND section = 'results' AND parent_id = '' ORDER BY sort_at DESC LIMIT 20)`
	copyName = `'fhr-' || CAST(c.n AS TEXT) || `
)

var copyDocs = `INSERT INTO resource (id, type, patient_id, category, code, status, at, version, hash, body, source, sent_at, received_at, changed_at, home_id) ` + copies +
	`SELECT ` + copyName + `d.id, d.type, 'pat_copy' || CAST(c.n AS TEXT), d.category, d.code, d.status, d.at, d.version, d.hash, d.body, d.source, d.sent_at, d.received_at, d.changed_at, 'pat_copy' || CAST(c.n AS TEXT)
	FROM copies c CROSS JOIN resource d WHERE d.id IN ` + original

var copyRows = `INSERT INTO record_row (` + strings.Join(slices.Concat([]string{"resource_id", "patient_id", "visit_id", "parent_id"}, rowFields), ", ") + `) ` + copies +
	`SELECT ` + copyName + `r.resource_id, 'pat_copy' || CAST(c.n AS TEXT), '', '', r.` + strings.Join(rowFields, ", r.") + `
	FROM copies c CROSS JOIN record_row r WHERE r.resource_id IN ` + original

// rowFields are the columns of a row that a copy shares with its original.
var rowFields = strings.Fields(`section kind grp system code title title_id words value comparator num unit unit_code low high range_text flag abnormal critical
	status state gone sort_at at_text until_text who who_id place place_id source sensitive release_at release_why received_at changed_at`)
