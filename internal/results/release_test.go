package results

import (
	"fmt"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

const (
	tick = time.Microsecond // the finest difference the database keeps
	hour = time.Hour
)

// Each class opens by its own rule, not a moment before and not a moment late.
func TestEachClassOpensByItsRule(t *testing.T) {
	category := map[string]string{record.Laboratory: "LAB", record.Imaging: "RAD", record.Pathology: "SP", record.Microbiology: "MB", record.OtherResult: "XX"}
	eachDesk(t, func(t *testing.T, r *deskRig) {
		for i, class := range []string{record.Laboratory, record.Imaging, record.Pathology, record.Microbiology, record.OtherResult, NotesClass} {
			for _, rule := range []struct {
				how   How
				hours int
				after time.Duration
				why   string
			}{{AtOnce, 0, 0, "at_once"}, {AfterHours, 36, 36 * hour, "after_hours"}, {AfterHours, 14 * 24, Cap, "after_hours"}, {AfterReview, 0, Cap, "after_review"}} {
				r.rule(Rule{Class: class, How: rule.how, Hours: rule.hours})
				name := fmt.Sprintf("x%d-%s-%d", i, rule.how, rule.hours)
				if class == NotesClass {
					r.take(fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"status":"current","type":{"text":"Note"},"subject":{"reference":"Patient/a"},"date":"2026-01-05T10:00:00Z",
						"content":[{"attachment":{"contentType":"text/plain","data":"aGVsbG8="}}]}`, name))
					name = "DocumentReference/" + name
				} else {
					r.take(fmt.Sprintf(`{"resourceType":"DiagnosticReport","id":%q,"status":"final","category":[{"coding":[{"code":%q}]}],"code":{"text":"Report"},
						"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-05"}`, name, category[class]))
					name = "DiagnosticReport/" + name
				}
				arrived := r.clock.Now()
				if rule.after > 0 {
					r.until(arrived.Add(rule.after - tick))
					if !r.held(name) {
						t.Errorf("%s %s opens early", class, rule.how)
					}
				}
				r.until(arrived.Add(rule.after))
				if r.held(name) {
					t.Errorf("%s %s opens late", class, rule.how)
				}
				if why := r.whole(name).ReleaseWhy; why != rule.why {
					t.Errorf("%s %s: the reason is %q", class, rule.how, why)
				}
			}
		}
	})
}

func TestARuleForATestCountsBeforeItsClass(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		r.rule(Rule{Code: "2345-7", Title: "Glucose", How: AfterHours, Hours: 1, Sensitive: true})
		r.take(r.glucose("g"), obs("n", "a", "2951-2", "Sodium", r.today(), quantity("140", "mmol/L")))
		if g := r.whole("Observation/g"); g.ReleaseAt != r.clock.Now().Add(hour) || !g.Sensitive {
			t.Errorf("the test's own rule: %v, sensitive %v", g.ReleaseAt, g.Sensitive)
		}
		if n := r.whole("Observation/n"); n.ReleaseAt != r.clock.Now().Add(Cap) || n.Sensitive {
			t.Errorf("the class's rule: %v, sensitive %v", n.ReleaseAt, n.Sensitive)
		}
		if err := r.DropRule(ctx, r.desk(r.reyes, access.SetReleaseRules), "2345-7"); err != nil {
			t.Fatal(err)
		}
		r.take(r.glucose("g2"))
		if g := r.whole("Observation/g2"); g.ReleaseWhy != whyReview {
			t.Errorf("after the rule was dropped: %s", g.ReleaseWhy)
		}
		if err := r.DropRule(ctx, r.desk(r.reyes, access.SetReleaseRules), "2345-7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("dropped twice: %v", err)
		}
		if n := r.audited(audit.ResultRules, "2345-7"); n != 2 {
			t.Errorf("%d audit lines about the rule", n)
		}
	})
}

// What is sensitive by its code, by its label, or by neither; and the rule for
// everything sensitive.
func TestSensitiveByListAndByLabel(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: SensitiveClass, How: AfterHours, Hours: 24})
		label := `"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"%s"}]}`
		r.take(obs("hiv", "a", "56888-1", "HIV", r.today(), `"valueString":"Nonreactive"`), r.glucose("psy", fmt.Sprintf(label, "PSY")), r.glucose("plain", fmt.Sprintf(label, "TEST")))
		for name, want := range map[string]bool{"hiv": true, "psy": true, "plain": false} {
			got := r.whole("Observation/" + name)
			if got.Sensitive != want || got.ReleaseAt.After(r.clock.Now()) != want {
				t.Errorf("%s: sensitive %v, opens %v", name, got.Sensitive, got.ReleaseAt)
			}
		}
		r.rule(Rule{Code: "56888-1", Title: "HIV", How: AtOnce})
		r.take(obs("hiv2", "a", "56888-1", "HIV", r.today(), `"valueString":"Nonreactive"`))
		if r.whole("Observation/hiv2").Sensitive {
			t.Error("a rule for the test does not take it off the list")
		}
	})
}

func TestThePatientWaitsForTheCommentUpToTheCap(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		if err := r.Choose(ctx, r.open(r.session(ana), access.ChooseRelease), true); err != nil {
			t.Fatal(err)
		}
		r.take(r.glucose("g"), obs("b", "b", "2345-7", "Glucose", r.today(), quantity("90", "mg/dL")))
		arrived := r.clock.Now()
		if g := r.whole("Observation/g"); g.ReleaseWhy != whyWait || !r.held("Observation/g") {
			t.Errorf("it opens at once: %s", g.ReleaseWhy)
		}
		if r.row("Observation/b", duty.For(ben)).Held {
			t.Error("another patient waits too")
		}
		r.until(arrived.Add(Cap - tick))
		if !r.held("Observation/g") {
			t.Error("it opens before the cap")
		}
		r.until(arrived.Add(Cap))
		if r.held("Observation/g") {
			t.Error("it is held beyond the cap")
		}
	})
}

// preliminary → final → corrected: what was visible stays visible, a hold stays a
// hold, and the cap counts from the first arrival.
func TestANewVersionKeepsTheEarlierRelease(t *testing.T) {
	version := func(status, sent, value string) string {
		return obs("g", "a", "2345-7", "Glucose", "2026-01-05", quantity(value, "mg/dL"), fmt.Sprintf(`"status":%q`, status), fmt.Sprintf(`"meta":{"lastUpdated":%q}`, sent))
	}
	const name = "Observation/g"
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterHours, Hours: 48})
		arrived := r.clock.Now()
		r.take(version("preliminary", "2026-01-05T01:00:00Z", "130"))
		r.clock.Move(47 * hour)
		r.take(version("final", "2026-01-05T02:00:00Z", "131"))
		if at := r.whole(name).ReleaseAt; at != arrived.Add(48*hour) {
			t.Errorf("the final value opens %v after the first arrived", at.Sub(arrived))
		}
		r.clock.Move(2 * hour)
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		r.take(version("corrected", "2026-01-05T03:00:00Z", "132"))
		if r.held(name) {
			t.Error("a correction takes away what was visible")
		}
		c := r.caseOf(name)
		if err := r.Hold(ctx, r.doctor(), Hold{On: c.ID, Why: "error", Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		r.rule(Rule{Class: record.Laboratory, How: AtOnce})
		r.take(version("amended", "2026-01-05T04:00:00Z", "133"))
		if row := r.whole(name); !r.held(name) || row.ReleaseWhy != "hold_error" || row.ReleaseAt != arrived.Add(Cap) {
			t.Errorf("a hold does not outlive a new version: %s, %v", row.ReleaseWhy, row.ReleaseAt.Sub(arrived))
		}
	})
}

// A rule that was loosened opens the next version at once, not in the past.
func TestALooserRuleOpensTheNextVersion(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		r.take(r.glucose("g"))
		r.clock.Move(hour)
		r.rule(Rule{Class: record.Laboratory, How: AtOnce})
		r.take(r.glucose("g", `"note":[{"text":"again"}]`))
		if row := r.whole("Observation/g"); row.ReleaseAt != r.clock.Now() || row.ReleaseWhy != whyAtOnce {
			t.Errorf("it opens %v: %s", row.ReleaseAt, row.ReleaseWhy)
		}
	})
}

func TestStaffsMarkOutlivesANewVersion(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		hiv := func(more ...string) string {
			return obs("hiv", "a", "56888-1", "HIV", r.today(), `"valueString":"Nonreactive"`, more...)
		}
		r.take(hiv(), r.glucose("g"))
		for name, to := range map[string]bool{"Observation/hiv": false, "Observation/g": true} {
			c := r.caseOf(name)
			if err := r.Mark(ctx, r.doctor(), c.ID, to, c.Seen); err != nil {
				t.Fatal(err)
			}
		}
		r.take(hiv(`"note":[{"text":"x"}]`), r.glucose("g", `"note":[{"text":"x"}]`))
		if r.whole("Observation/hiv").Sensitive || !r.whole("Observation/g").Sensitive {
			t.Error("a new version forgets what staff said")
		}
		if n := r.audited(audit.ResultMarked, string(r.id("Observation/g"))); n != 1 {
			t.Errorf("%d audit lines", n)
		}
	})
}

func TestRulesAreChecked(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		d := r.desk(r.reyes, access.SetReleaseRules)
		for field, rule := range map[string]Rule{
			"code":  {Class: "everything", How: AtOnce},
			"title": {Code: "1-2", How: AtOnce},
			"how":   {Class: record.Imaging, How: "never"},
			"hours": {Class: record.Imaging, How: AfterHours, Hours: 14*24 + 1},
		} {
			if err := r.SetRule(ctx, d, rule); !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Field != field {
				t.Errorf("%+v: %v", rule, err)
			}
		}
		if err := r.SetRule(ctx, d, Rule{Class: record.Imaging, How: AfterHours}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no hours: %v", err)
		}
		for what, err := range map[string]error{
			"set":  r.SetRule(ctx, r.doctor(), Rule{Class: record.Imaging, How: AtOnce}),
			"drop": r.DropRule(ctx, r.doctor(), "1"),
			"read": func() error { _, err := r.ReleaseRules(ctx, r.doctor()); return err }(),
		} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s with another task: %v", what, err)
			}
		}
	})
}

// A batch of many rows reads once the rules, the records in the chart, and what was
// chosen for them.
func TestABatchReadsItsRulesOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		rules := NewRules()
		n := 0
		if err := r.db.View(store.Counting(ctx, &n), func(tx *store.Tx) error {
			for i := range 100 {
				row := record.Row{ID: ids.Resource(fmt.Sprint(i)), Patient: ana, Section: record.Results, Group: record.Laboratory, Received: tx.Now}
				if _, err := rules.Release(store.Counting(ctx, &n), tx, row, nil); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != 3 {
			t.Errorf("%d queries for 100 rows", n)
		}
	})
}
