package trail

import (
	"fmt"
	"os"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

// deed makes the nth line of a log as a clinic has it: mostly page views, some
// sign-ins and messages, little of the rest.
func deed(n int) (action audit.Action, outcome audit.Outcome, object string) {
	switch {
	case n%1000 == 7:
		return audit.CodeIssued, audit.Done, fmt.Sprint("cod_", n)
	case n%1000 == 8:
		return audit.PageRefused, audit.Refused, "GET /staff/people"
	case n%20 == 3:
		return audit.SignedIn, audit.Done, fmt.Sprint("ses_", n)
	case n%20 == 4:
		return audit.NoticeSent, audit.Done, fmt.Sprint("msg_", n)
	case n%3 == 0:
		return audit.StaffViewed, audit.Done, "GET /staff"
	}
	return audit.ChartOpened, audit.Done, "GET /home"
}

func fillDeeds(t *testing.T, db *store.DB, began time.Time, total int) {
	t.Helper()
	for n := 0; n < total; n += 1000 {
		if err := db.Housekeep(ctx, "test", func(tx *store.Tx) error {
			var rows, waiting [][]any
			for i := n; i < n+1000; i++ {
				action, outcome, object := deed(i)
				id, at := ids.NewEntry(), store.Time(began.Add(time.Duration(i)*time.Second))
				rows = append(rows, []any{id, at, string(action), string(outcome), "staff", fmt.Sprint("stf_", i%50),
					fmt.Sprint("pat_", i%20000), object, fmt.Sprint("10.0.", i%200, ".", i%7), fmt.Sprint("sst_", i%5000), ""})
				waiting = append(waiting, []any{id, at})
			}
			if err := tx.Insert(ctx, `INSERT INTO audit_entry (id, at, action, outcome, actor, actor_id, patient_id, object, source, session, detail) VALUES `, rows, ""); err != nil {
				return err
			}
			return tx.Insert(ctx, `INSERT INTO audit_pending (entry_id, at) VALUES `, waiting, "")
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// An auditor's question is answered while they wait, however long the log is.
// Runs with PORTICO_ATTACK=long only.
func TestAMillionLinesAreSearchedFast(t *testing.T) {
	if os.Getenv("PORTICO_ATTACK") != "long" {
		t.Skip("PORTICO_ATTACK=long makes the log of a million lines")
	}
	const total = 1_000_000
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		began := c.Now()
		fillDeeds(t, db, began, total)
		c.Move(total * time.Second)
		d := desk(t, db, "auditor", access.ReadAudit)
		day := began.Add(total / 2 * time.Second)
		for name, f := range map[string]Filter{
			"newest":            {},
			"oldest":            {Up: true},
			"a staff user":      {Who: "stf_7"},
			"a patient":         {Whom: "pat_77"},
			"both":              {Who: "stf_27", Whom: "pat_77"},
			"an action":         {Action: audit.CodeIssued},
			"a rare action":     {Action: audit.StaffAdded},
			"page views":        {Action: audit.ChartOpened},
			"a group":           {Group: "signin"},
			"a rare group":      {Group: "code"},
			"an absent group":   {Group: "share"},
			"an absent action":  {Action: audit.ShareMade},
			"refused":           {Outcome: audit.Refused},
			"failed":            {Outcome: audit.Failed},
			"done":              {Outcome: audit.Done},
			"a thing":           {Object: "cod_500007"},
			"an address":        {Source: "10.0.77.0"},
			"an absent address": {Source: "10.9.9.9"},
			"a day":             {From: day, To: day.Add(24 * time.Hour)},
			"a group in a day":  {Group: "code", From: day, To: day.Add(24 * time.Hour)},
			"absent in a day":   {Group: "share", From: day, To: day.Add(24 * time.Hour)},
			"refused by one":    {Who: "stf_8", Outcome: audit.Refused},
			"a half day sorted": {From: day, To: day.Add(12 * time.Hour), Sort: BySource},
			"a person sorted":   {Who: "stf_7", Sort: ByAction, Up: true},
			"too much sorted":   {Sort: ByWho},
		} {
			start := time.Now()
			got, err := tr.Search(ctx, d, f)
			took := time.Since(start)
			for range 2 {
				start = time.Now()
				tr.Search(ctx, d, f)
				took = min(took, time.Since(start))
			}
			t.Logf("%-18s %3d lines in %v", name, len(got.Lines), took)
			if (err != nil) != (name == "too much sorted") || took > 500*time.Millisecond {
				t.Errorf("%s: %v, %v", name, took, err)
			}
		}
		start := time.Now()
		write, err := tr.Export(ctx, d, Filter{})
		if err != nil {
			t.Fatal(err)
		}
		n := new(byteCount)
		if err := write(n); err != nil {
			t.Fatal(err)
		}
		t.Logf("all exported in %v: %d bytes", time.Since(start), *n)
	})
}

type byteCount int64

func (c *byteCount) Write(b []byte) (int, error) { *c += byteCount(len(b)); return len(b), nil }
