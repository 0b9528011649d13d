package results

import (
	"strings"
	"sync"
	"testing"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
)

// review makes a report with two values that wait for review.
func (r *deskRig) review() {
	r.t.Helper()
	r.rule(Rule{Class: record.Laboratory, How: AfterReview})
	r.take(r.glucose("g"), obs("n", "a", "2951-2", "Sodium", r.today(), quantity("140", "mmol/L")), report("p", "a", "Metabolic panel", r.today(), results("g", "n")))
}

const panelName = "DiagnosticReport/p"

func TestReleasingShowsAReportWithItsValues(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		c := r.caseOf(panelName)
		if len(c.Members) != 2 || c.Open(r.clock.Now()) || c.Person.Family != "Lopez" || c.ReleaseWhy != whyReview {
			t.Fatalf("the desk sees %+v", c)
		}
		if n := r.audited(audit.RecordOpened, string(ana)); n != 1 {
			t.Errorf("%d lines say that the record was opened", n)
		}
		if err := r.Release(ctx, r.doctor(), Opening{On: c.ID, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{panelName, "Observation/g", "Observation/n"} {
			if row := r.whole(name); r.held(name) || row.ReleaseWhy != whyReleased {
				t.Errorf("%s is %s", name, row.ReleaseWhy)
			}
		}
		if n := r.audited(audit.ResultReleased, string(c.ID)); n != 1 {
			t.Errorf("%d audit lines", n)
		}
		if err := r.Release(ctx, r.doctor(), Opening{On: c.ID, Seen: c.Seen}); !fault.Is(err, fault.Conflict) {
			t.Errorf("released again as if it were held: %v", err)
		}
		if err := r.Release(ctx, r.doctor(), Opening{On: "fhr-none", Seen: ""}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a result that is not there: %v", err)
		}
	})
}

func TestHoldingHasAReasonAndAnEnd(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(r.glucose("g"))
		arrived := r.clock.Now()
		hold := func(h Hold) error {
			c := r.caseOf("Observation/g")
			h.On, h.Seen = c.ID, c.Seen
			return r.Hold(ctx, r.doctor(), h)
		}
		for field, h := range map[string]Hold{
			"why":   {Why: "because"},
			"note":  {Why: "call", Note: strings.Repeat("é", mostNote+1)},
			"until": {Why: "call", Until: arrived},
		} {
			if err := hold(h); !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := hold(Hold{Why: "call", Note: "Reach him after five.", Until: arrived.Add(24 * hour)}); err != nil {
			t.Fatal(err)
		}
		if row := r.whole("Observation/g"); row.ReleaseAt != arrived.Add(24*hour) || row.ReleaseWhy != "hold_call" {
			t.Errorf("held until %v: %s", row.ReleaseAt, row.ReleaseWhy)
		}
		if d := r.caseOf("Observation/g").Decisions; len(d) != 1 || d[0].Note != "Reach him after five." || d[0].By != "Dr. Amelia Reyes" {
			t.Errorf("decisions %+v", d)
		}
		if err := hold(Hold{Why: "harm", Until: arrived.Add(60 * 24 * hour)}); err != nil {
			t.Fatal(err)
		}
		r.until(arrived.Add(Cap - tick))
		if !r.held("Observation/g") {
			t.Error("a hold ends early")
		}
		r.until(arrived.Add(Cap))
		if r.held("Observation/g") {
			t.Error("a hold goes beyond the cap")
		}
		if err := hold(Hold{Why: "harm"}); !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Field != "until" {
			t.Errorf("held after the cap: %v", err)
		}
		if n := r.audited(audit.ResultHeld, string(r.id("Observation/g"))); n != 2 {
			t.Errorf("%d audit lines", n)
		}
	})
}

// A patient reads a comment only beside a result they may see.
func TestACommentIsReadOnlyBesideItsResult(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		id := r.id("Observation/g")
		if err := r.Comment(ctx, r.doctor(), Draft{On: id, Text: "  Eat less sugar.\r\nCall us. "}); err != nil {
			t.Fatal(err)
		}
		about := func(p ids.Patient) (out []Comment) {
			for _, reading := range []access.Reading{duty.For(p), r.see(p)} {
				var err error
				if out, err = r.about(reading, id); err != nil {
					t.Fatal(err)
				}
			}
			return out
		}
		if len(about(ana)) != 0 {
			t.Error("the comment on a held result is read")
		}
		c := r.caseOf("Observation/g")
		if len(c.Comments) != 1 || c.Comments[0].Comment.Text != "Eat less sugar.\nCall us." || !c.Comments[0].Mine {
			t.Fatalf("the desk reads %+v", c.Comments)
		}
		if err := r.Release(ctx, r.doctor(), Opening{On: id, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		if got := about(ana); len(got) != 1 || got[0].By != "Dr. Amelia Reyes" {
			t.Errorf("the patient reads %+v", got)
		}
		if len(about(ben)) != 0 {
			t.Error("another patient reads it")
		}
		if o := r.opens(r.see(ana), id); len(o.Comments) != 1 {
			t.Errorf("the page has %d comments", len(o.Comments))
		}
		if n := r.audited(audit.ResultCommented, string(id)); n != 1 {
			t.Errorf("%d audit lines", n)
		}
	})
}

func TestACommentReleasesInTheSameTransaction(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		c := r.caseOf(panelName)
		if err := r.Comment(ctx, r.doctor(), Draft{On: c.ID, Text: "All is well.", Release: true, Seen: "stale"}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("with a state that was not seen: %v", err)
		}
		if n := len(r.caseOf(panelName).Comments); n != 0 {
			t.Errorf("the comment of a refused release was kept: %d", n)
		}
		if err := r.Comment(ctx, r.doctor(), Draft{On: c.ID, Text: "All is well.", Release: true, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		if r.held(panelName) || r.held("Observation/g") || r.audited(audit.ResultReleased, string(c.ID)) != 1 {
			t.Error("it is not released")
		}
	})
}

func TestACommentIsChangedByItsWriterOnly(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(r.glucose("g"), obs("b", "b", "2345-7", "Glucose", r.today(), quantity("90", "mg/dL")))
		id := r.id("Observation/g")
		for _, text := range []string{"", " \n ", strings.Repeat("é", MostComment+1)} {
			if err := r.Comment(ctx, r.doctor(), Draft{On: id, Text: text}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d characters: %v", len(text), err)
			}
		}
		if err := r.Comment(ctx, r.doctor(), Draft{On: id, Text: strings.Repeat("é", MostComment)}); err != nil {
			t.Fatal(err)
		}
		c := r.caseOf("Observation/g").Comments[0]
		change := Draft{On: id, Text: "Shorter.", ID: c.ID, Version: c.Version}
		other := r.desk(r.hire("Dr. Jonah Abbott", "clinician"), access.ReleaseResults)
		if err := r.Comment(ctx, other, change); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else changed it: %v", err)
		}
		elsewhere := change
		elsewhere.On = r.id("Observation/b")
		if err := r.Comment(ctx, r.doctor(), elsewhere); !fault.Is(err, fault.NotFound) {
			t.Errorf("changed through another patient's result: %v", err)
		}
		if err := r.Comment(ctx, r.doctor(), change); err != nil {
			t.Fatal(err)
		}
		if err := r.Comment(ctx, r.doctor(), change); !fault.Is(err, fault.Conflict) {
			t.Errorf("changed twice from one version: %v", err)
		}
		got := r.caseOf("Observation/g").Comments
		if len(got) != 1 || got[0].Comment.Text != "Shorter." || got[0].Version != 2 || len(got[0].Earlier) != 1 {
			t.Errorf("kept %+v", got)
		}
		if read, err := r.about(r.see(ana), id); err != nil || len(read) != 1 || read[0].Text != "Shorter." {
			t.Errorf("the patient reads %+v, %v", read, err)
		}
	})
}

// Two clinicians decide at the same moment: one of them, and the other is told.
func TestTwoCliniciansAtOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		c := r.caseOf(panelName)
		first, second := r.doctor(), r.desk(r.hire("Dr. Jonah Abbott", "clinician"), access.ReleaseResults)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() { errs[0] = r.Release(ctx, first, Opening{On: c.ID, Seen: c.Seen}) })
		wg.Go(func() { errs[1] = r.Hold(ctx, second, Hold{On: c.ID, Why: "call", Seen: c.Seen}) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("both or neither: %v", errs)
		}
		for _, err := range errs {
			if err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("the loser is told %v", err)
			}
		}
		why := map[string]bool{}
		for _, name := range []string{panelName, "Observation/g", "Observation/n"} {
			why[r.whole(name).ReleaseWhy] = true
		}
		if len(why) != 1 {
			t.Errorf("a report and its values differ: %v", why)
		}
	})
}

func (r *deskRig) list(tab Tab) (names string, l WaitingList) {
	r.t.Helper()
	l, err := r.Desk(ctx, r.doctor(), tab, "")
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, w := range l.Rows {
		out = append(out, w.Title+" "+w.Family)
	}
	return strings.Join(out, ", "), l
}

func TestListsOfTheDesk(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		r.rule(Rule{Class: record.Laboratory, How: AtOnce})
		r.rule(Rule{Code: "soon-1", Title: "Soon", How: AfterHours, Hours: 72})
		r.rule(Rule{Code: "late-1", Title: "Late", How: AfterHours, Hours: 73})
		r.take(obs("soon", "b", "soon-1", "Soon", r.today(), quantity("1", "u")), obs("late", "b", "late-1", "Late", r.today(), quantity("1", "u")),
			r.glucose("c", flagged("HH")), obs("oldc", "a", "2345-7", "Old", "2015-01-01", quantity("400", "mg/dL"), flagged("HH")),
			obs("corr", "b", "x-1", "Corrected", r.today(), quantity("1", "u"), `"status":"corrected"`),
			obs("hiv", "b", "56888-1", "HIV", r.today(), `"valueString":"Nonreactive"`))
		arrived := r.clock.Now()
		for tab, want := range map[Tab]string{TabReview: "Metabolic panel Lopez", TabSoon: "Soon Ito", TabCritical: "", TabCorrected: "Corrected Ito", TabSensitive: "HIV Ito"} {
			got, l := r.list(tab)
			if got != want || l.Counts[tab] != len(l.Rows) {
				t.Errorf("%s shows %q (%d), not %q", tab, got, l.Counts[tab], want)
			}
		}
		r.until(arrived.Add(3*24*hour - tick))
		if got, _ := r.list(TabCritical); got != "" {
			t.Errorf("critical before its time: %s", got)
		}
		r.until(arrived.Add(3 * 24 * hour))
		if got, _ := r.list(TabCritical); got != "Glucose Lopez" {
			t.Errorf("critical and unopened: %q", got)
		}
		if got := r.staffBrowser(r.reyes).Get("/staff/results").Text(`.rail a[href="/staff/results"] .count`); !strings.HasPrefix(got, "2") {
			t.Errorf("the rail says %q", got)
		}
		r.opens(r.see(ana), r.id("Observation/c"))
		if got, _ := r.list(TabCritical); got != "" {
			t.Errorf("critical after it was opened: %q", got)
		}
		r.until(arrived.Add(lately + tick))
		for _, tab := range []Tab{TabReview, TabSoon, TabCorrected} {
			if got, _ := r.list(tab); got != "" {
				t.Errorf("%s still shows %q", tab, got)
			}
		}
	})
}

// A value of its own rule inside a report that is open is on the list by itself.
func TestAHeldValueOfAnOpenReportIsListed(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Code: "2951-2", Title: "Sodium", How: AfterReview})
		r.take(r.glucose("g"), obs("n", "a", "2951-2", "Sodium", r.today(), quantity("140", "mmol/L")), report("p", "a", "Metabolic panel", r.today(), results("g", "n")))
		if got, _ := r.list(TabReview); got != "Sodium Lopez" {
			t.Errorf("listed %q", got)
		}
	})
}

func TestPagesOfADeskListLeaveNothingOut(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.rule(Rule{Class: record.Laboratory, How: AfterReview})
		var all []string
		for i := range perDesk + 3 {
			all = append(all, r.glucose("o"+string(rune('a'+i%26))+string(rune('a'+i/26))))
		}
		r.take(all...)
		seen, after := map[ids.Resource]bool{}, ""
		for range 2 {
			l, err := r.Desk(ctx, r.doctor(), TabReview, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range l.Rows {
				seen[w.ID] = true
			}
			after = l.Next
		}
		if len(seen) != perDesk+3 || after != "" {
			t.Errorf("two pages show %d, then %q", len(seen), after)
		}
	})
}

func TestTheDeskIsForItsTaskOnly(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(r.glucose("g"))
		id, d := r.id("Observation/g"), r.desk(r.reyes, access.FindPatients)
		_, desk := r.Desk(ctx, d, TabReview, "")
		_, one := r.Case(ctx, d, id)
		for what, err := range map[string]error{"list": desk, "case": one, "release": r.Release(ctx, d, Opening{On: id, Seen: ""}), "hold": r.Hold(ctx, d, Hold{On: id, Why: "call"}),
			"mark": r.Mark(ctx, d, id, true, ""), "comment": r.Comment(ctx, d, Draft{On: id, Text: "x"})} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s with another task: %v", what, err)
			}
		}
	})
}

func TestDeskPages(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.review()
		b := r.staffBrowser(r.reyes)
		list := b.Get("/staff/results").Want(200, "Results to release")
		if !strings.Contains(list.Text("#waiting"), "Lopez, Ana") || !strings.Contains(list.Text("#waiting"), "Waits for review") {
			t.Errorf("the list says %q", list.Text("#waiting"))
		}
		path := list.Attr("#waiting a", "href")
		one := b.Get(path).Want(200, "Metabolic panel")
		wrong := one.Submit("#hold-form").Want(422, "Metabolic panel")
		if !wrong.Has("details[open] #why-error") {
			t.Error("what is wrong is folded away")
		}
		if !wrong.Has(".errsum a[href='#why']") {
			t.Error("a hold without a reason says nothing")
		}
		stale := b.Get(path)
		one = b.Get(path).Submit("#comment-form", "text", "Please eat less sugar.", "release", "yes").Want(200, "Metabolic panel")
		if !strings.Contains(one.Text("main"), "The patient can see the result now.") || !strings.Contains(one.Text("main"), "Please eat less sugar.") {
			t.Errorf("after releasing: %q", one.Text("main"))
		}
		if p := stale.Submit("#hold-form", "why", "call").Want(422, "Metabolic panel"); !strings.Contains(p.Text(".errsum"), "Someone changed this") {
			t.Errorf("a stale page says %q", p.Text(".errsum"))
		}
		rules := b.Get("/staff/results/rules?class=imaging").Want(200, "When results open")
		if p := rules.Submit("#rule-form", "how", "after_hours", "hours", "999").Want(422, "When results open"); !p.Has(".errsum a[href='#hours']") {
			t.Error("too many hours say nothing")
		}
		if p := rules.Submit("#rule-form", "how", "after_hours", "hours", "24").Want(200, "When results open"); !strings.Contains(p.Text("#classrules"), "After 24 hours") {
			t.Errorf("the rules say %q", p.Text("#classrules"))
		}
		p := b.Get("/staff/results/rules").Submit("#rule-form", "code", "4548-4", "title", "A1c", "how", "after_review", "sensitive", "yes").Want(200, "When results open")
		if !strings.Contains(p.Text("#testrules"), "A1c") {
			t.Errorf("the tests' rules say %q", p.Text("#testrules"))
		}
		p = p.Submit("#testrules form").Want(200, "When results open")
		if p.Has("#testrules") {
			t.Error("a rule cannot be removed")
		}
		b.Get("/staff/results/fhr-none").Want(404, "")
		front := r.staffBrowser(r.hire("Jo Kim", "front_desk"))
		for _, path := range []string{"/staff/results", path, "/staff/results/rules"} {
			front.Get(path).Want(404, "")
		}
	})
}
