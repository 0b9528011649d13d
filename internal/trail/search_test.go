package trail

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

// signedIn makes a staff user with roles and lends a desk proof for task.
func desk(t *testing.T, db *store.DB, roles string, task access.Task) access.Desk {
	t.Helper()
	g := &access.Gate{DB: db}
	id := ids.NewStaff()
	var token string
	e := duty.Did(audit.StaffAdded, string(id))
	if err := db.Change(ctx, e, func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Ana Clerk', $2, $3, 'active', $4)`,
			id, string(id)+"@example.org", roles, store.Time(tx.Now)); err == nil {
			token, err = g.StartStaffSession(ctx, tx, id, access.NewVisitor("192.0.2.9", "test"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	testkit.RaiseStaff(t, db, token)
	d, _, err := g.Desk(ctx, token, task, "GET /x", access.NewVisitor("192.0.2.9", "test"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type oneNumber struct{}

func (oneNumber) PatientByNumber(_ context.Context, _ *store.Tx, number string) (ids.Patient, error) {
	if number == "104882" {
		return "pat_1", nil
	}
	return "", store.ErrNone
}

func TestSearchFindsByWhoWhomWhatWhen(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		tr.Numbers = oneNumber{}
		fill(t, db, 70)
		if _, err := tr.Seal(ctx, duty); err != nil {
			t.Fatal(err)
		}
		c.Move(time.Hour)
		d := desk(t, db, "auditor", access.ReadAudit)
		from := testkit.Noon.Add(time.Minute)
		c.Move(time.Second)
		began := c.Now() // each search below leaves a line of its own
		for name, f := range map[string]struct {
			Filter
			want int
		}{
			"all":          {Filter{}, 50},
			"who":          {Filter{Who: "stf_1"}, 23},
			"whom":         {Filter{Whom: "pat_1"}, 10},
			"number":       {Filter{Whom: "104882"}, 10},
			"no number":    {Filter{Whom: "999"}, 0},
			"both":         {Filter{Who: "stf_1", Whom: "pat_1"}, 4},
			"action":       {Filter{Action: audit.StaffAdded}, 1},
			"from":         {Filter{From: from, Group: "staff"}, 2},
			"kind":         {Filter{Group: "staff", Who: "stf_1"}, 0},
			"thing":        {Filter{Object: string(d.Staff())}, 1},
			"done":         {Filter{Whom: "pat_1", Outcome: audit.Done}, 10},
			"refused":      {Filter{Whom: "pat_1", Outcome: audit.Refused}, 0},
			"address":      {Filter{Source: "198.51.100.1"}, 0},
			"to":           {Filter{Whom: "pat_1", To: from}, 10},
			"e-mail":       {Filter{Who: strings.ToUpper(string(d.Staff())) + "@EXAMPLE.org"}, 1},
			"stranger":     {Filter{Who: "nobody@example.org"}, 0},
			"odd mark":     {Filter{Whom: "pat_1", After: "x_y"}, 10},
			"from to none": {Filter{From: from, To: from.Add(time.Second)}, 0},
		} {
			if f.To.IsZero() {
				f.To = began
			}
			got, err := tr.Search(ctx, d, f.Filter)
			if err != nil || len(got.Lines) != f.want {
				t.Errorf("%s: %d lines, want %d (%v)", name, len(got.Lines), f.want, err)
			}
		}
		if _, err := tr.Search(ctx, d, Filter{Action: "made.up"}); !fault.Fixable(err) {
			t.Errorf("an unknown action: %v", err)
		}
		if _, err := tr.Search(ctx, d, Filter{From: from, To: from}); !fault.Fixable(err) {
			t.Errorf("an empty time: %v", err)
		}
		pages(t, tr, d, from)
		if st, err := tr.Status(ctx, d); err != nil || st.Sealed != 70 || st.Waiting < 2 || st.Late(db.Now()) || !st.Late(db.Now().Add(time.Hour)) {
			t.Errorf("%+v %v", st, err)
		}
		for _, wrong := range []access.Desk{{}, desk(t, db, "auditor", access.SeeDesk)} {
			if _, err := tr.Search(ctx, wrong, Filter{}); !fault.Is(err, fault.Denied) {
				t.Errorf("search with the wrong proof: %v", err)
			}
			if _, err := tr.Export(ctx, wrong, Filter{}); !fault.Is(err, fault.Denied) {
				t.Errorf("export with the wrong proof: %v", err)
			}
			if _, err := tr.Status(ctx, wrong); !fault.Is(err, fault.Denied) {
				t.Errorf("status with the wrong proof: %v", err)
			}
		}
	})
}

// pages reads the log page by page in each order, and finds each line once.
func pages(t *testing.T, tr *Trail, d access.Desk, to time.Time) {
	t.Helper()
	for by := range sorted {
		for _, up := range []bool{false, true} {
			seen := map[ids.Entry]bool{}
			before := ""
			f := Filter{Sort: by, Up: up, To: to}
			for {
				got, err := tr.Search(ctx, d, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range got.Lines {
					value := by.of(l)
					if by == ByTime {
						value = l.At.Format(stamp)
					}
					if seen[l.ID] || len(seen) > 0 && (value > before) != up && value != before {
						t.Fatalf("by %q up %v: line %s again, or %q after %q", by, up, l.ID, value, before)
					}
					seen[l.ID], before = true, value
				}
				if f.After = got.Next; f.After == "" {
					break
				}
			}
			if len(seen) != 70 {
				t.Errorf("by %q up %v: %d lines", by, up, len(seen))
			}
		}
	}
}

// Whoever searches the log leaves a line in it that the patient it was about can read.
func TestSearchingIsOnRecord(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		tr := newTrail(t, db)
		tr.Numbers = oneNumber{}
		d := desk(t, db, "auditor", access.ReadAudit)
		if _, err := tr.Search(ctx, d, Filter{Whom: "104882", Who: "acc_9"}); err != nil {
			t.Fatal(err)
		}
		got, err := tr.Search(ctx, d, Filter{Action: audit.LogRead})
		if err != nil || len(got.Lines) != 1 || got.Lines[0].Patient != "pat_1" || got.Lines[0].Object != "acc_9" || got.Lines[0].Detail != "search" || got.Lines[0].ActorID != string(d.Staff()) {
			t.Errorf("%+v %v", got.Lines, err)
		}
	})
}

// What a spreadsheet would compute must reach it as words.
func TestExportIsInertAndOnRecord(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		tr := newTrail(t, db)
		payloads := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|cmd", "%0a=1", "  =1", "\u00a0=1", "＝1", "=cmd|' /C calc'!A0", `"=1"`, "a,b", "a\"b", "plain"}
		for _, p := range payloads {
			e := audit.Entry{Action: audit.ChartOpened, Outcome: audit.Done, Actor: audit.ByStaff, ActorID: "stf_1", Object: p}
			if err := db.Change(ctx, e, func(*store.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		d := desk(t, db, "auditor", access.ReadAudit)
		write, err := tr.Export(ctx, d, Filter{Who: "stf_1"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != len(payloads)+1 {
			t.Fatalf("%d rows: %v", len(rows), err)
		}
		for _, row := range rows[1:] {
			for _, cell := range row {
				if s := strings.TrimLeft(cell, " \u00a0"); s != "" && strings.ContainsRune("=+-@\t\r\n|%＝", []rune(s)[0]) {
					t.Errorf("a spreadsheet would compute %q", cell)
				}
			}
		}
		if got, _ := tr.Search(ctx, d, Filter{Action: audit.LogRead}); len(got.Lines) != 1 || got.Lines[0].Detail != "export" || got.Lines[0].Object != "stf_1" || got.Lines[0].Name != "Ana Clerk" {
			t.Errorf("the export is not on record: %+v", got.Lines)
		}
	})
}
