package results

import (
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/store"
)

// mixed makes a report that waits for review: two plain values, a sensitive one,
// and a culture with what grew in it. Its own words repeat the sensitive one.
func (r *deskRig) mixed() {
	r.t.Helper()
	r.rule(Rule{Class: record.Laboratory, How: AfterReview})
	r.take(r.glucose("g"), obs("n", "a", "2951-2", "Sodium", r.today(), quantity("140", "mmol/L")), obs("h", "a", "56888-1", "HIV", r.today(), `"valueString":"canary"`),
		obs("grown", "a", "634-6", "Organism", r.today(), `"valueString":"E. coli"`), obs("c", "a", "600-7", "Culture", r.today(), "", `"hasMember":[{"reference":"Observation/grown"}]`),
		`{"resourceType":"Media","id":"m","status":"completed","subject":{"reference":"Patient/a"},"content":{"contentType":"text/plain","data":"Y2FuYXJ5"}}`,
		report("p", "a", "Mixed panel", r.today(), results("g", "n", "h", "c"), `"conclusion":"The canary is in it"`,
			`"presentedForm":[{"contentType":"text/plain","data":"Y2FuYXJ5"}]`, `"media":[{"link":{"reference":"Media/m"}}]`))
}

// opensUp releases the mixed report as the desk sees it now.
func (r *deskRig) opensUp(names ...string) error {
	r.t.Helper()
	c := r.caseOf(panelName)
	w := Opening{On: c.ID, Seen: c.Seen}
	for _, n := range names {
		w.With = append(w.With, r.id(n))
	}
	return r.Release(ctx, r.doctor(), w)
}

// says is everything that ana is told of the report, on every page of this room.
func (r *deskRig) says() string {
	r.t.Helper()
	b := r.serve(ana)
	var all []string
	for _, path := range []string{"/results", "/results/" + string(r.id(panelName)), "/results/" + string(r.id("Observation/h")), "/results/" + string(r.id("Observation/h")) + "/history"} {
		all = append(all, b.Get(path).Text("main"))
	}
	return strings.Join(all, "\n")
}

// What is sensitive in a report stays shut when the report opens, and so does
// everything of the report that repeats it, on every way out, until its own time.
func TestASensitiveValueStaysShutInAnOpenReport(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.mixed()
		arrived := r.clock.Now()
		c := r.caseOf(panelName)
		if len(c.Members) != 5 || len(c.Files) != 2 {
			t.Fatalf("the desk sees %d members and %d files", len(c.Members), len(c.Files))
		}
		for _, m := range c.Members {
			if m.Keeps != (m.ID == r.id("Observation/h")) {
				t.Errorf("%s keeps held: %v", m.Title, m.Keeps)
			}
		}
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		for name, held := range map[string]bool{panelName: false, "Observation/g": false, "Observation/n": false, "Observation/c": false, "Observation/grown": false, "Observation/h": true} {
			if r.held(name) != held {
				t.Errorf("%s is held: %v", name, r.held(name))
			}
		}
		shut := func(want bool) {
			t.Helper()
			see := r.see(ana)
			o := r.opens(see, r.id(panelName))
			_, file := r.Attachment(ctx, see, o.ID, 0)
			if shut := o.Facts.Conclusion == "" && o.Value == "" && len(o.Files) == 0 && fault.Is(file, fault.NotFound); shut != want || o.Partly != want {
				t.Errorf("the report's own words are shut: %v, partly %v, file %v", shut, o.Partly, file)
			}
			if found := len(r.find(see, Filter{Words: "canary"}).Items); (found == 0) != want {
				t.Errorf("a search finds %d", found)
			}
			if got := strings.Contains(r.says(), "canary"); got == want {
				t.Errorf("a page says it: %v", got)
			}
			if err := r.db.View(ctx, func(tx *store.Tx) error {
				marks, err := record.Trend(ctx, tx, see, "http://loinc.org", "56888-1")
				if (len(marks) == 0) != want {
					t.Errorf("the trend has %d", len(marks))
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		shut(true)
		if got, _ := r.list(TabReview); got != "HIV Lopez" {
			t.Errorf("the desk still waits for %q", got)
		}
		r.until(arrived.Add(Cap - tick))
		shut(true)
		r.until(arrived.Add(Cap))
		if r.held("Observation/h") {
			t.Fatal("the cap does not open it")
		}
		see := r.see(ana)
		if err := r.Show(ctx, see, r.id("Observation/h")); err != nil {
			t.Fatal(err)
		}
		if o := r.opens(see, r.id(panelName)); o.Partly || len(o.Files) != 2 || !strings.Contains(o.Facts.Conclusion, "canary") {
			t.Errorf("at the cap: partly %v, %d files", o.Partly, len(o.Files))
		}
	})
}

// One value can be held by itself, before its report is released or after, and
// its report's holds and releases leave it alone.
func TestAValueHeldByItselfOutlastsItsReport(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.mixed()
		arrived := r.clock.Now()
		hold := func(name, why string, days int) {
			t.Helper()
			c := r.caseOf(name)
			if err := r.Hold(ctx, r.doctor(), Hold{On: c.ID, Seen: c.Seen, Why: why, Until: arrived.AddDate(0, 0, days)}); err != nil {
				t.Fatal(err)
			}
		}
		hold("Observation/g", "call", 5)
		hold(panelName, "error", 3)
		if g := r.whole("Observation/g"); g.ReleaseWhy != "hold_call" || !g.ReleaseAt.Equal(arrived.AddDate(0, 0, 5)) {
			t.Errorf("held with its report: %s until %v", g.ReleaseWhy, g.ReleaseAt)
		}
		r.clock.Move(hour)
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		if !r.held("Observation/g") || r.held("Observation/n") {
			t.Error("what was held by itself opens with its report, or nothing does")
		}
		if err := r.opensUp(); !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Field != "with" {
			t.Errorf("released again, naming nothing: %v", err)
		}
		r.until(arrived.AddDate(0, 0, 5).Add(-tick))
		if !r.held("Observation/g") {
			t.Error("its own hold ends early")
		}
		r.until(arrived.AddDate(0, 0, 5))
		if r.held("Observation/g") {
			t.Error("its own hold ends late")
		}
		// Taken back from an open report, then opened from the report's page.
		hold("Observation/n", "call", 9)
		if o := r.opens(r.see(ana), r.id(panelName)); !o.Partly || o.Facts.Conclusion != "" {
			t.Error("a report of which a value was taken back still says all")
		}
		if err := r.opensUp("Observation/n", "Observation/h"); err != nil {
			t.Fatal(err)
		}
		if r.held("Observation/n") || r.held("Observation/h") || r.opens(r.see(ana), r.id(panelName)).Partly {
			t.Error("what was named did not open")
		}
		if n := r.audited(audit.ResultReleased, string(r.id(panelName))); n != 2 {
			t.Errorf("%d audit lines", n)
		}
	})
}

// A value that opens later than its report is new then: its patient is told, the
// home page names the report again, and the list marks it until one of both was read.
func TestAValueThatOpensLaterIsNew(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.mixed()
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		r.wasTold(1, "the report opens")
		r.opens(r.see(ana), r.id(panelName))
		if news, marked := r.newsOf(r.clock.Now().Add(-hour)); news != "Mixed panel" || marked {
			t.Errorf("after the report was read: news %q, marked %v", news, marked)
		}
		r.clock.Move(48 * hour)
		if news, marked := r.newsOf(r.clock.Now().Add(-hour)); news != "" || marked {
			t.Errorf("while the value is held: news %q, marked %v", news, marked)
		}
		since := r.clock.Now()
		r.clock.Move(tick)
		if err := r.opensUp("Observation/h"); err != nil {
			t.Fatal(err)
		}
		if news, marked := r.newsOf(since); news != "Mixed panel" || !marked {
			t.Errorf("the value opens: news %q, marked %v", news, marked)
		}
		if news, _ := r.newsOf(since.Add(-72 * hour)); news != "Mixed panel" {
			t.Errorf("since before both: news %q", news)
		}
		r.wasTold(2, "the value opens")
		r.opens(r.see(ana), r.id(panelName))
		if _, marked := r.newsOf(since); marked {
			t.Error("the report is new after it was read again")
		}
		r.clock.Move(tick)
		r.take(r.glucose("g", `"note":[{"text":"corrected"}]`))
		if _, marked := r.newsOf(since); !marked {
			t.Error("a corrected value in a report is not new")
		}
	})
}

// newsOf is what ana's home page calls new, and whether her list marks the report.
func (r *deskRig) newsOf(since time.Time) (titles string, marked bool) {
	r.t.Helper()
	see := r.see(ana)
	if err := r.db.View(ctx, func(tx *store.Tx) error {
		news, err := Newest(ctx, tx, see, since)
		for _, n := range news {
			titles += n.Title
		}
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	for _, i := range r.find(see, Filter{}).Items {
		marked = marked || i.ID == r.id(panelName) && i.New
	}
	return titles, marked
}

// What a release names must be in the report; what hangs below a value that stays
// shut stays so too.
func TestAReleaseOpensOnlyWhatIsInIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.mixed()
		r.take(obs("other", "b", "56888-1", "HIV", r.today(), `"valueString":"x"`))
		for _, name := range []string{"Observation/other", panelName} {
			if err := r.opensUp(name); !fault.Is(err, fault.NotFound) {
				t.Errorf("named %s: %v", name, err)
			}
		}
		if r.held(panelName) != true {
			t.Error("a refused release opens the report")
		}
		c := r.caseOf("Observation/c")
		if err := r.Hold(ctx, r.doctor(), Hold{On: c.ID, Seen: c.Seen, Why: "call"}); err != nil {
			t.Fatal(err)
		}
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		if !r.held("Observation/c") || !r.held("Observation/grown") || r.held("Observation/g") {
			t.Error("what grew in a culture that is held is shown")
		}
		// A page from before somebody held one of its values decides nothing.
		stale := r.caseOf(panelName)
		n := r.caseOf("Observation/n")
		if err := r.Hold(ctx, r.doctor(), Hold{On: n.ID, Seen: n.Seen, Why: "harm"}); err != nil {
			t.Fatal(err)
		}
		if err := r.Release(ctx, r.doctor(), Opening{On: stale.ID, With: []ids.Resource{n.ID}, Seen: stale.Seen}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a stale page opens a value: %v", err)
		}
	})
}

// The desk reads what came with a report before it decides; nobody else does.
func TestTheDeskReadsFilesBeforeReleasing(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.mixed()
		id := r.id(panelName)
		f, err := r.CaseFile(ctx, r.doctor(), id, 0)
		if err != nil || string(f.Data) != "canary" {
			t.Fatalf("%q, %v", f.Data, err)
		}
		if n := r.audited(audit.RecordOpened, string(ana)); n != 1 {
			t.Errorf("%d lines say that the record was opened", n)
		}
		for _, nth := range []int{-1, 2} {
			if _, err := r.CaseFile(ctx, r.doctor(), id, nth); !fault.Is(err, fault.NotFound) {
				t.Errorf("file %d: %v", nth, err)
			}
		}
		if _, err := r.CaseFile(ctx, r.desk(r.reyes, access.FindPatients), id, 0); !fault.Is(err, fault.Denied) {
			t.Errorf("with another task: %v", err)
		}
		b := r.staffBrowser(r.reyes)
		one := b.Get("/staff/results/"+string(id)).Want(200, "Mixed panel")
		if !strings.Contains(one.Text("#file-0")+one.Text("main"), "What came with it") || !strings.Contains(one.Text("#members"), "Waits for review") {
			t.Errorf("the page says %q, %q", one.Text("main"), one.Text("#members"))
		}
		if got := b.Get("/staff/results/" + string(id) + "/file?n=0"); got.Status != 200 || got.Header.Get("Content-Disposition") == "" {
			t.Errorf("the file answers %d", got.Status)
		}
		r.staffBrowser(r.hire("Jo Kim", "front_desk")).Get("/staff/results/"+string(id)+"/file?n=0").Want(404, "")
		open := one.Submit("#release-form").Want(200, "Mixed panel")
		if !strings.Contains(open.Text("#members"), "The patient sees it") || !open.Has("#with input") {
			t.Errorf("after releasing: %q", open.Text("#members"))
		}
		if p := open.Submit("#release-form").Want(422, "Mixed panel"); !p.Has(".errsum a[href='#with']") {
			t.Error("nothing ticked says nothing")
		}
		if p := open.Submit("#release-form", "with", string(r.id("Observation/h"))).Want(200, "Mixed panel"); p.Has("#with") {
			t.Error("what was ticked is still held")
		}
	})
}

// A value that was opened while its report is shut stands in the list by itself,
// is found, filtered and new there, and goes under its report when that opens.
func TestAValueOpenBeforeItsReportIsInTheList(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.known()
		r.mixed()
		titles := func(f Filter) string {
			var all []string
			for _, i := range r.find(r.see(ana), f).Items {
				if i.Held {
					i.Title = "shut"
				}
				all = append(all, i.Title)
			}
			slices.Sort(all)
			return strings.Join(all, ", ")
		}
		before := titles(Filter{Group: record.Laboratory})
		since := r.clock.Now()
		r.clock.Move(tick)
		c := r.caseOf("Observation/n")
		if err := r.Release(ctx, r.doctor(), Opening{On: c.ID, Seen: c.Seen}); err != nil {
			t.Fatal(err)
		}
		if !r.held(panelName) || r.held("Observation/n") {
			t.Fatal("the report opened with its value, or nothing did")
		}
		if got := titles(Filter{Group: record.Laboratory}); got != strings.Replace(before, ", shut", ", Sodium, shut", 1) {
			t.Errorf("the list has %q", got)
		}
		if got := titles(Filter{Words: "sodium"}); got != "Sodium" {
			t.Errorf("a search finds %q", got)
		}
		if got := titles(Filter{Words: "glucose"}) + titles(Filter{Words: "canary"}) + titles(Filter{Out: true}); got != "" {
			t.Errorf("a search finds what is shut: %q", got)
		}
		if news, _ := r.newsOf(since); news != "Sodium" {
			t.Errorf("the home page names %q", news)
		}
		if n, want := r.counted(ana), len(r.find(r.see(ana), Filter{}).Items); n != want || want == 0 {
			t.Errorf("the record counts %d, and the list has %d", n, want)
		}
		if got := r.serve(ana).Get("/results").Text("main"); !strings.Contains(got, "140") || strings.Contains(got, "canary") {
			t.Errorf("the page says %s", got)
		}
		if err := r.opensUp(); err != nil {
			t.Fatal(err)
		}
		if got := titles(Filter{Group: record.Laboratory}); strings.Contains(got, "Sodium") {
			t.Errorf("it stands in the list beside its open report: %q", got)
		}
	})
}

func TestNewsHaveEverydayNames(t *testing.T) {
	sent := News{System: "http://loinc.org", Code: "2823-3", Title: "Potassium [Moles/volume] in Serum or Plasma"}
	if en, es := sent.Name(lang.En), sent.Name(lang.Es); en != "Potassium" || es != "Potasio" {
		t.Errorf("%q, %q", en, es)
	}
	if own := (News{System: "urn:lab", Code: "2823-3", Title: "K+"}).Name(lang.Es); own != "K+" {
		t.Errorf("a test of the laboratory's own is called %q", own)
	}
	if veiled := (News{}).Name(lang.En); veiled != "" {
		t.Errorf("a sensitive one is called %q", veiled)
	}
}

// counted is how many results a patient's record says that it has.
func (r *deskRig) counted(p ids.Patient) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) error {
		all, err := record.Counts(ctx, tx, r.see(p))
		n = all[record.Results]
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}
