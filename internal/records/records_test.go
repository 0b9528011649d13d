package records_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/records"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx     = context.Background()
	duty    = access.NewDuty("test")
	visitor = access.NewVisitor("192.0.2.7", "Firefox")
)

const (
	ana = ids.Patient("pat_ana")
	ben = ids.Patient("pat_ben")
)

// rig is the room with a store of records and a gate around it.
type rig struct {
	*records.Records
	t    *testing.T
	db   *store.DB
	gate *access.Gate
	take *record.Records
}

func each(t *testing.T, f func(t *testing.T, r *rig, c *clock.Fake)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		g := &access.Gate{DB: db}
		f(t, &rig{Records: records.New(records.Parts{DB: db, Gate: g, Keys: testkit.Keys(t)}), t: t, db: db, gate: g, take: &record.Records{DB: db}}, c)
	})
}

// chart opens the record of a patient for one thing.
func (r *rig) chart(p ids.Patient, perm access.Permission) access.Chart {
	r.t.Helper()
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc" + strings.TrimPrefix(string(p), "pat")), Patient: p, Source: "192.0.2.7"})
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	c, _, err := r.gate.Chart(ctx, token, perm, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// desk is a records clerk.
func (r *rig) desk(task access.Task) access.Desk {
	r.t.Helper()
	var token string
	id := ids.NewStaff()
	if err := r.db.Change(ctx, duty.Did(audit.StaffAdded, "test"), func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Kim', $1, 'records', 'active', $2)`, id, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = r.gate.StartStaffSession(ctx, tx, id, visitor)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	d, _, err := r.gate.Desk(ctx, token, task, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// put takes resources of ana's (Patient/a) and ben's (Patient/b) in.
func (r *rig) put(resources ...string) {
	r.t.Helper()
	b := record.Batch{Source: "ehr", People: map[string]ids.Patient{"Patient/a": ana, "Patient/b": ben}}
	for _, text := range resources {
		for res, err := range fhir.Read("x.json", strings.NewReader(text), fhir.ForHTTP) {
			if err != nil {
				r.t.Fatal(err)
			}
			b.Resources = append(b.Resources, res)
		}
	}
	rep, err := r.take.Take(ctx, duty, b)
	if err != nil || rep.Refused > 0 {
		r.t.Fatalf("%+v, %v", rep, err)
	}
}

const visit = `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"type":[{"text":"Check-up"}],"subject":{"reference":"Patient/a"},"period":{"start":"2026-01-05T09:00:00Z"}}`

func condition(id, who, title string) string {
	return `{"resourceType":"Condition","id":"` + id + `","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"` + title + `"},"subject":{"reference":"Patient/` + who + `"},
		"encounter":{"reference":"Encounter/e"},"onsetDateTime":"2026-01"}`
}

func (r *rig) first(p ids.Patient, s record.Section) record.Row {
	r.t.Helper()
	f, err := r.Section(ctx, r.chart(p, access.SeeRecords), s, "")
	if err != nil || len(f.Rows) == 0 {
		r.t.Fatalf("%s of %s: %d rows, %v", s, p, len(f.Rows), err)
	}
	return f.Rows[0]
}

func TestAVisitGathersWhatBelongsToIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(condition("c", "a", "Cough"), visit)
		it, err := r.Open(ctx, r.chart(ana, access.SeeRecords), r.first(ana, record.Visits).ID)
		if err != nil || len(it.Within) != 1 || it.Within[0].Title != "Cough" {
			t.Errorf("%+v, %v", it.Within, err)
		}
	})
}

// Another person's entry, one that does not exist and one that is not released
// are all simply not there, for looking as for asking.
func TestAnothersEntryIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, r *rig, c *clock.Fake) {
		r.put(visit, condition("c", "a", "Cough"), `{"resourceType":"DocumentReference","id":"d","status":"current","type":{"text":"Letter"},"subject":{"reference":"Patient/a"},
			"content":[{"attachment":{"contentType":"text/html","data":"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="}}]}`)
		doc := r.first(ana, record.Notes)
		if err := r.db.Change(ctx, duty.Did(audit.ResultHeld, string(doc.ID)), func(tx *store.Tx) error {
			row := r.first2(tx, record.Conditions)
			was := record.Release{At: row.ReleaseAt, Why: row.ReleaseWhy, Sensitive: row.Sensitive}
			return record.SetRelease(ctx, tx, duty.Whole(ana), row.ID, was, record.Release{At: c.Now().Add(time.Hour), Why: "review"})
		}); err != nil {
			t.Fatal(err)
		}
		held := r.first(ana, record.Conditions)
		look, ask := r.chart(ben, access.SeeRecords), r.chart(ben, access.AskCorrection)
		own, ownAsk := r.chart(ana, access.SeeRecords), r.chart(ana, access.AskCorrection)
		for name, try := range map[string]func() error{
			"another's":        func() error { _, err := r.Open(ctx, look, doc.ID); return err },
			"another's file":   func() error { _, err := r.File(ctx, look, doc.ID, 0); return err },
			"asking another's": func() error { _, err := r.Ask(ctx, ask, doc.ID, "not mine"); return err },
			"absent":           func() error { _, err := r.Open(ctx, own, "fhr-none"); return err },
			"held":             func() error { _, err := r.Open(ctx, own, held.ID); return err },
			"asking held":      func() error { _, err := r.Ask(ctx, ownAsk, held.ID, "what is it"); return err },
			"no such file":     func() error { _, err := r.File(ctx, own, doc.ID, 1); return err },
			"no such section":  func() error { _, err := r.Section(ctx, own, "secrets", ""); return err },
			"for another task": func() error { _, err := r.Open(ctx, ownAsk, doc.ID); return err },
		} {
			if err := try(); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f, err := r.File(ctx, own, doc.ID, 0)
		if err != nil || f.Type != "application/octet-stream" {
			t.Errorf("a page of somebody else's is handed out as %q, %v", f.Type, err)
		}
	})
}

// first2 gives the first row of a section inside a transaction.
func (r *rig) first2(tx *store.Tx, s record.Section) record.Row {
	rows, _, err := record.List(ctx, tx, duty.Whole(ana), record.Query{Section: s})
	if err != nil || len(rows) == 0 {
		r.t.Fatal(err)
	}
	return rows[0]
}

func TestSearchFindsWordsOfTheOwnRecordOnly(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(visit, condition("c", "a", "Cough 100%"), condition("cc", "a", "Asthma"))
		own := r.chart(ana, access.SeeRecords)
		for words, want := range map[string]int{"cough": 1, "COUGH": 1, "100%": 1, "%": 1, "_": 0, "asthma cough": 0, "": 3} {
			f, err := r.Timeline(ctx, own, records.Filter{Words: words})
			if err != nil || len(f.Rows) != want {
				t.Errorf("%q finds %d, want %d (%v)", words, len(f.Rows), want, err)
			}
		}
		if f, _ := r.Timeline(ctx, r.chart(ben, access.SeeRecords), records.Filter{Words: "cough"}); len(f.Rows) != 0 {
			t.Error("ben finds ana's")
		}
		for _, bad := range []records.Filter{{From: "yesterday"}, {From: "2026-02-01", To: "2026-01-01"}, {Section: "claims"}} {
			if _, err := r.Timeline(ctx, own, bad); !fault.Fixable(err) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// hard marks everything as sensitive, and holds nothing.
type hard struct{}

func (hard) Release(_ context.Context, tx *store.Tx, _ record.Row, _ *record.Release) (record.Release, error) {
	return record.Release{At: tx.Now, Why: "test", Sensitive: true}, nil
}

// A sensitive result is found by no word: the results pages ask before it is shown.
func TestSearchRevealsNoSensitiveResult(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.take.Rules = hard{}
		r.put(`{"resourceType":"Observation","id":"h","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"HIV 1 RNA"},"valueString":"found","subject":{"reference":"Patient/a"}}`,
			condition("c", "a", "HIV"))
		own := r.chart(ana, access.SeeRecords)
		for words, want := range map[string]int{"found": 0, "hiv": 1, "": 2} {
			if f, err := r.Timeline(ctx, own, records.Filter{Words: words}); err != nil || len(f.Rows) != want {
				t.Errorf("%q finds %d, not %d, %v", words, len(f.Rows), want, err)
			}
		}
	})
}

func TestACorrectionIsAskedOnceAndAnsweredOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(visit)
		row, c := r.first(ana, record.Visits), r.chart(ana, access.AskCorrection)
		for _, wanted := range []string{"", " x ", strings.Repeat("a", 2001)} {
			if _, err := r.Ask(ctx, c, row.ID, wanted); !fault.Fixable(err) {
				t.Errorf("%d characters: %v", len(wanted), err)
			}
		}
		var sent atomic.Int32
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if _, err := r.Ask(ctx, c, row.ID, "I came in the morning."); err == nil {
					sent.Add(1)
				} else if !fault.Fixable(err) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sent.Load() != 1 {
			t.Fatalf("%d requests about one entry", sent.Load())
		}
		d := r.desk(access.ReviewCorrections)
		list, _, err := r.Waiting(ctx, d, false)
		if err != nil || len(list) != 1 || list[0].Wanted != "I came in the morning." {
			t.Fatalf("%+v, %v", list, err)
		}
		if err := r.Settle(ctx, d, list[0].ID, "", ""); !fault.Fixable(err) {
			t.Errorf("an answer without words: %v", err)
		}
		var answered atomic.Int32
		for range 4 {
			wg.Go(func() {
				if err := r.Settle(ctx, d, list[0].ID, records.Corrected, "Corrected."); err == nil {
					answered.Add(1)
				} else if !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		mine, _, err := r.Corrections(ctx, c)
		if answered.Load() != 1 || err != nil || len(mine) != 1 || mine[0].Answer != "Corrected." || mine[0].State != records.Corrected {
			t.Errorf("%d answers, %+v, %v", answered.Load(), mine, err)
		}
		if other, _, _ := r.Corrections(ctx, r.chart(ben, access.AskCorrection)); len(other) != 0 {
			t.Error("ben sees what ana asked")
		}
		if _, err := r.Ask(ctx, c, row.ID, "And the day is wrong."); err != nil {
			t.Errorf("a second request after the first was answered: %v", err)
		}
		if _, _, err := r.Review(ctx, r.desk(access.SeeImports), list[0].ID); err == nil || errors.Is(err, store.ErrNone) {
			t.Errorf("another task: %v", err)
		}
	})
}

// A request for a correction goes where its entry goes when records are joined,
// and back when they are parted.
func TestACorrectionFollowsItsEntry(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(visit)
		if _, err := r.Ask(ctx, r.chart(ana, access.AskCorrection), r.first(ana, record.Visits).ID, "I came in the morning."); err != nil {
			t.Fatal(err)
		}
		follow := func(to ids.Patient) {
			if err := r.db.Change(ctx, duty.Did(audit.PatientsMerged, string(ana)), func(tx *store.Tx) error {
				if err := record.Follow(ctx, tx, ana, to); err != nil {
					return err
				}
				return r.Records.Follow(ctx, tx, ana)
			}); err != nil {
				t.Fatal(err)
			}
		}
		has := func(p ids.Patient) int {
			list, _, err := r.Corrections(ctx, r.chart(p, access.AskCorrection))
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		if follow(ben); has(ben) != 1 || has(ana) != 0 {
			t.Errorf("joined: ben has %d, ana %d", has(ben), has(ana))
		}
		if follow(ana); has(ben) != 0 || has(ana) != 1 {
			t.Errorf("parted: ben has %d, ana %d", has(ben), has(ana))
		}
	})
}

// heard counts who was told that a request was answered.
type heard []ids.Patient

func (h *heard) RequestAnswered(_ context.Context, _ *store.Tx, p ids.Patient, _ string) error {
	*h = append(*h, p)
	return nil
}

// Whoever asked is told once that they were answered: by the decision that counts,
// of two who decide, and by none that is refused.
func TestAnAnsweredRequestIsTold(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		told := &heard{}
		r.Teller = told
		r.put(visit)
		id, err := r.Ask(ctx, r.chart(ana, access.AskCorrection), r.first(ana, record.Visits).ID, "I came in the morning.")
		if err != nil {
			t.Fatal(err)
		}
		d := r.desk(access.ReviewCorrections)
		if err := r.Settle(ctx, d, id, records.Refused, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("refused without a reason: %v", err)
		}
		if err := r.Settle(ctx, d, "cor_none", records.Corrected, "Done."); !fault.Is(err, fault.NotFound) {
			t.Errorf("a request that is not there: %v", err)
		}
		if err := r.Settle(ctx, r.desk(access.SeeImports), id, records.Corrected, "Done."); !fault.Is(err, fault.Denied) {
			t.Errorf("with another task: %v", err)
		}
		if len(*told) != 0 {
			t.Fatalf("told before an answer: %v", *told)
		}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = r.Settle(ctx, d, id, records.Corrected, "It says morning now.") })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), fault.Conflict) {
			t.Errorf("two who decide: %v", errs)
		}
		if len(*told) != 1 || (*told)[0] != ana {
			t.Errorf("told %v", *told)
		}
		var n int
		if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
			n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND patient_id = $2`, string(audit.CorrectionSettled), ana)
			return err
		}); err != nil || n != 1 {
			t.Errorf("%d audit lines, %v", n, err)
		}
	})
}
