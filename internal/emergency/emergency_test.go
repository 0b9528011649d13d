package emergency_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/emergency"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Whoever opens a chart without a task reads all of it, what is not released yet
// too; administrators, auditors and the patient are told at once, and nobody else.
func TestAnEmergencyOpensTheChartAndRaisesTheAlarm(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor, admin, auditor, clerk := k.hire("Priya Raman", "clinician"), k.hire("Sam Whitfield", "administrator"), k.hire("Dana Osei", "auditor"), k.hire("Jordan Kim", "front_desk")
		k.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE record_row SET release_at = $1 WHERE section = 'results'`, store.Time(tx.Now.Add(24*time.Hour)))
			return err
		})
		id := doctor.opens()
		c, err := k.Read(ctx, doctor.desk(access.OpenCharts), id, record.Results, "")
		if err != nil || len(c.Rows) != 1 || c.Rows[0].Value != "6.4" || c.Name != "Maria Alvarez" {
			t.Fatalf("the chart: %+v %v", c.Rows, err)
		}
		if whole, err := k.Read(ctx, doctor.desk(access.OpenCharts), id, "", ""); err != nil || whole.Counts[record.Allergies] != 1 || len(whole.Rows) != 0 {
			t.Errorf("its parts: %v %v", whole.Counts, err)
		}
		for who, want := range map[colleague]int{admin: 1, auditor: 1, clerk: 0, doctor: 0} {
			if n := k.told(who.email, "opened without a task"); n != want {
				t.Errorf("%s was told %d times", k.one(`SELECT name FROM staff WHERE id = $1`, who.id), n)
			}
			if n := k.told(who.email, "Maria") + k.told(who.email, "Priya") + k.told(who.email, "fell"); n != 0 {
				t.Error("an alarm says who, whose or why")
			}
		}
		if n := k.told("maria@example.com", "emergencia"); n != 1 {
			t.Errorf("the patient was told %d times", n)
		}
		if k.lines(audit.EmergencyOpened, audit.Done) != "1" || k.lines(audit.RecordOpened, audit.Done) != "2" {
			t.Error("the log does not say that it was opened, or what was read")
		}
		if raw := k.one(`SELECT reason FROM chart_opening`); strings.Contains(raw, "fell") {
			t.Error("the reason lies open")
		}
	})
}

func TestAnEmergencyIsRefused(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor := k.hire("Priya Raman", "clinician")
		d := doctor.desk(access.OpenCharts)
		spent := k.code()
		for _, x := range []struct {
			reason, code, field string
		}{{"urgent", spent, "reason"}, {strings.Repeat(" ", 40), spent, "reason"}, {strings.Repeat("x", 1001), spent, "reason"}, {why, "", "code"}, {why, "000000", "code"}} {
			if _, err := k.Open(ctx, d, k.patient, x.reason, x.code); !at(err, x.field) {
				t.Errorf("%.20q %q: %v", x.reason, x.code, err)
			}
		}
		if _, err := k.Open(ctx, d, "pat_nobody", why, spent); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody's chart: %v", err)
		}
		if _, err := k.Open(ctx, d, k.patient, why, spent); err != nil {
			t.Fatalf("refusals spent the code: %v", err)
		}
		if _, err := k.Open(ctx, d, k.patient, why, spent); !at(err, "code") {
			t.Errorf("a code opened twice: %v", err)
		}
		for _, role := range []string{"front_desk", "administrator", "auditor"} {
			if _, err := k.Open(ctx, k.hire("Somebody", role).desk(access.OpenCharts), k.patient, why, k.code()); err == nil {
				t.Errorf("%s opened a chart", role)
			}
		}
		if n := k.openings(); n != "1" {
			t.Errorf("%s openings", n)
		}
		// Wrong codes are counted with those of signing in: soon the right one waits too.
		var err error
		for range 8 {
			_, err = k.Open(ctx, d, k.patient, why, "000000")
		}
		if !fault.Is(err, fault.TooMany) {
			t.Errorf("the ninth wrong code: %v", err)
		}
		if k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM audit_entry WHERE action = 'staff.tried' AND outcome = 'refused' AND detail = 'confirm'`) == "0" {
			t.Error("wrong codes left no line")
		}
	})
}

func at(err error, field string) bool {
	f, ok := fault.As(err)
	return ok && f.Kind == fault.Invalid && f.Problems[0].Field == field
}

// T62: the hour ends to the second, whatever was read in it; only who opened the
// chart reads it, and only while their role allows it.
func TestTheHourEnds(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor, other := k.hire("Priya Raman", "clinician"), k.hire("Ana Weber", "clinician,administrator,auditor")
		id := doctor.opens()
		if _, err := k.Read(ctx, other.desk(access.OpenCharts), id, "", ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's opening: %v", err)
		}
		if _, err := k.Close(ctx, other.desk(access.OpenCharts), id); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else closes it: %v", err)
		}
		d := doctor.desk(access.OpenCharts)
		k.c.Move(access.EmergencyFor - time.Second)
		if _, err := k.Read(ctx, d, id, record.Allergies, ""); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		k.c.Move(time.Second)
		c, err := k.Read(ctx, d, id, record.Allergies, "")
		if !errors.Is(err, access.ErrOver) || len(c.Rows) != 0 || c.Opening.Patient != k.patient {
			t.Errorf("at its end: %v %v", err, c.Rows)
		}
		if _, err := k.Close(ctx, d, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("closing what is over: %v", err)
		}
		if k.lines(audit.RecordOpened, audit.Done) != "1" || k.lines(audit.RecordOpened, audit.Refused) == "0" {
			t.Error("the late reading is not in the log as refused")
		}
	})
}

func TestClosingEndsIt(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor := k.hire("Priya Raman", "records")
		id := doctor.opens()
		d := doctor.desk(access.OpenCharts)
		if p, err := k.Close(ctx, d, id); err != nil || p != k.patient {
			t.Fatal(p, err)
		}
		if _, err := k.Read(ctx, d, id, "", ""); !errors.Is(err, access.ErrOver) {
			t.Errorf("a closed chart: %v", err)
		}
		if k.lines(audit.EmergencyClosed, audit.Done) != "1" {
			t.Error("no line says that it was closed")
		}
	})
}

// Two who open one chart at once each answer for it; of two reviewers one is late;
// one code opens one chart however fast it is sent twice.
func TestTwoAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		one, two := k.hire("Priya Raman", "clinician"), k.hire("Ana Weber", "clinician")
		code := k.code()
		if n := race(4, func(i int) error {
			_, err := k.Open(ctx, []access.Desk{one.desk(access.OpenCharts), two.desk(access.OpenCharts)}[i%2], k.patient, why, code)
			return err
		}); n != 2 || k.openings() != "2" {
			t.Errorf("%d of two people with one code each opened %s charts", n, k.openings())
		}
		admin, auditor := k.hire("Sam Whitfield", "administrator").desk(access.ReviewOpenings), k.hire("Dana Osei", "auditor").desk(access.ReviewOpenings)
		id := ids.Emergency(k.one(`SELECT id FROM chart_opening LIMIT 1`))
		if n := race(4, func(i int) error {
			return k.Review(ctx, []access.Desk{admin, auditor}[i%2], id, emergency.Verdicts[i%2])
		}); n != 1 {
			t.Errorf("%d reviews of one opening", n)
		}
		if k.lines(audit.EmergencyReviewed, audit.Done) != "1" {
			t.Error("not one line about the review")
		}
	})
}

// race calls f n times at once and counts what succeeded.
func race(n int, f func(i int) error) (done int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			if f(i) == nil {
				mu.Lock()
				done++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return done
}

// Each opening is reviewed by somebody else, once, and is late after 72 hours.
func TestSomebodyElseReviews(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor := k.hire("Priya Raman", "clinician,administrator")
		id := doctor.opens()
		own, admin := doctor.desk(access.ReviewOpenings), k.hire("Sam Whitfield", "administrator").desk(access.ReviewOpenings)
		if err := k.Review(ctx, own, id, "justified"); !fault.Is(err, fault.Conflict) {
			t.Errorf("one's own: %v", err)
		}
		if err := k.Review(ctx, admin, id, "maybe"); !at(err, "verdict") {
			t.Errorf("no such verdict: %v", err)
		}
		if err := k.Review(ctx, admin, "emg_none", ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("nothing: %v", err)
		}
		if err := k.Review(ctx, doctor.desk(access.OpenCharts), id, "justified"); err == nil {
			t.Error("another task's proof reviews")
		}
		all, err := k.Cases(ctx, admin, false)
		if err != nil || len(all) != 1 || all[0].Reason != why || all[0].Who != "Priya Raman" || all[0].Own {
			t.Fatalf("%+v %v", all, err)
		}
		if mine, err := k.Cases(ctx, own, false); err != nil || !mine[0].Own {
			t.Errorf("one's own is not marked: %+v %v", mine, err)
		}
		k.c.Move(access.ReviewWithin)
		if k.late() != 0 || all[0].Late(k.c.Now()) {
			t.Error("it is late at 72 hours")
		}
		k.c.Move(time.Second)
		if k.late() != 1 || !all[0].Late(k.c.Now()) {
			t.Error("it is not late after 72 hours")
		}
		if err := k.Review(ctx, admin, id, "unjustified"); err != nil {
			t.Fatal(err)
		}
		if err := k.Review(ctx, admin, id, "justified"); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		if done, err := k.Cases(ctx, admin, true); err != nil || len(done) != 1 || done[0].Verdict != "unjustified" || k.late() != 0 {
			t.Errorf("%+v %v", done, err)
		}
	})
}

// late is how many reviews are overdue by the count of the desk's first page.
func (k *clinic) late() (n int) {
	k.t.Helper()
	if err := k.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		_, n, err = k.app.Gate.CountOpenings(ctx, tx)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	return n
}
