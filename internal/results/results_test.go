package results

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
)

// each runs f on both databases.
func each(t *testing.T, f func(t *testing.T, r *rig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newRig(t, db, c)) })
}

func titles(f Found) string {
	var out []string
	for _, i := range f.Items {
		out = append(out, i.Title)
	}
	return strings.Join(out, ", ")
}

func (r *rig) find(c access.Chart, f Filter) Found {
	r.t.Helper()
	got, err := r.List(ctx, c, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

func (r *rig) opens(c access.Chart, id ids.Resource) Opened {
	r.t.Helper()
	o, err := r.Open(ctx, c, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

func (r *rig) sugars() {
	r.t.Helper()
	r.take(
		obs("s1", "a", "2345-7", "Glucose", "2026-01-05", quantity("92", "mg/dL"), rng("70", "99")),
		obs("s2", "a", "2345-7", "Glucose", "2026-02-05", quantity("131", "mg/dL"), rng("70", "99"), flagged("H")),
		obs("na", "a", "2951-2", "Sodium", "2026-02-05", quantity("140", "mmol/L"), rng("135", "145")),
		report("p", "a", "Metabolic panel", "2026-02-05", results("s2", "na")),
		obs("b1", "b", "2345-7", "Glucose", "2026-02-06", quantity("88", "mg/dL")),
	)
}

// What came with an old chart is not news; what the laboratory then changes is.
func TestHistoryIsNotNew(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		year := r.clock.Now().Year()
		old, recent := fmt.Sprintf("%d-02-01", year-9), fmt.Sprintf("%d-12-20", year-1)
		r.take(report("p", "a", "Metabolic panel", old, results("m")), obs("m", "a", "2160-0", "Creatinine", old, quantity("1", "mg/dL")))
		r.take(obs("old", "a", "2345-7", "Glucose", old, quantity("99", "mg/dL")), obs("slow", "a", "2951-2", "Sodium", recent, quantity("140", "mmol/L")))
		news := func() (out []string) {
			for _, i := range r.find(r.see(ana), Filter{}).Items {
				if i.New {
					out = append(out, i.Title)
				}
			}
			return out
		}
		if got := news(); !slices.Equal(got, []string{"Sodium"}) {
			t.Errorf("new: %v", got)
		}
		r.clock.Move(time.Minute)
		r.take(obs("old", "a", "2345-7", "Glucose", old, quantity("98", "mg/dL"), `"status":"corrected"`))
		if got := news(); !slices.Equal(got, []string{"Sodium", "Glucose"}) {
			t.Errorf("new after a correction: %v", got)
		}
	})
}

func TestListIsTheChartsOwnNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.sugars()
		c := r.see(ana)
		got := r.find(c, Filter{})
		if titles(got) != "Metabolic panel, Glucose" || got.Next.After != "" {
			t.Fatalf("listed %s", titles(got))
		}
		if p := got.Items[0]; p.Members != 2 || p.Out != 1 || !p.New {
			t.Errorf("the panel has %+v", p)
		}
		for want, f := range map[string]Filter{
			"Glucose":                  {Out: true},
			"Glucose, Glucose":         {Words: "glucose"},
			"Sodium":                   {Words: "SODIUM", Group: record.Laboratory},
			"":                         {Group: record.Imaging},
			"Metabolic panel":          {From: "2026-02-01", To: "2026-02-05"},
			"Metabolic panel, Glucose": {To: "2026-02-05"},
		} {
			if got := titles(r.find(c, f)); got != want {
				t.Errorf("%+v found %q, not %q", f, got, want)
			}
		}
		for field, f := range map[string]Filter{"group": {Group: "x"}, "from": {From: "soon"}, "to": {From: "2026-02-02", To: "2026-02-01"}} {
			if _, err := r.List(ctx, c, f); !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Field != field {
				t.Errorf("%+v: %v", f, err)
			}
		}
		if _, err := r.List(ctx, r.open(r.session(ana), access.SeeHome), Filter{}); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for something else lists: %v", err)
		}
	})
}

func TestPagesOfAListLeaveNothingOut(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var all []string
		for i := range perPage + 3 {
			all = append(all, obs("o"+string(rune('a'+i)), "a", "2345-7", "Glucose", "2026-01-05", quantity("92", "mg/dL")))
		}
		r.take(all...)
		c, seen, f := r.see(ana), map[ids.Resource]bool{}, Filter{}
		for range 2 {
			got := r.find(c, f)
			for _, i := range got.Items {
				seen[i.ID] = true
			}
			f = got.Next
		}
		if len(seen) != perPage+3 || f.After != "" {
			t.Errorf("two pages show %d, then %q", len(seen), f.After)
		}
	})
}

func TestOpeningIsKeptAndAudited(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.sugars()
		c, id := r.see(ana), r.id("Observation/s2")
		o := r.opens(c, id)
		if o.Value != "131" || o.History.Total != 2 || len(o.History.Curves) != 1 || len(o.History.Curves[0].Points) != 2 {
			t.Fatalf("opened %+v", o)
		}
		if r.audited(audit.ResultSeen, string(id)) != 1 {
			t.Error("no audit line")
		}
		first := r.clock.Now()
		r.clock.Move(time.Minute)
		r.opens(c, id)
		var got struct{ first, last store.Time }
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			_, err := store.Get(ctx, tx, func(row store.Row) (int, error) { return 0, row.Scan(&got.first, &got.last) },
				`SELECT first_at, last_at FROM result_seen WHERE resource_id = $1`, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !got.first.Std().Equal(first) || !got.last.Std().Equal(first.Add(time.Minute)) {
			t.Errorf("seen first %v, last %v", got.first.Std(), got.last.Std())
		}
		if i := r.find(c, Filter{Words: "glucose", From: "2026-02-01"}).Items[0]; i.New {
			t.Error("what was opened is still new")
		}
		// A later version is new again.
		r.clock.Move(time.Minute)
		r.take(obs("s2", "a", "2345-7", "Glucose", "2026-02-05", quantity("113", "mg/dL"), rng("70", "99"), flagged("H"), `"status":"corrected"`))
		if i := r.find(c, Filter{Words: "glucose", From: "2026-02-01"}).Items[0]; !i.New {
			t.Error("a correction is not new")
		}
		o = r.opens(c, id)
		if len(o.Versions) != 1 || o.Versions[0].Value != "131" || o.Value != "113" {
			t.Errorf("replaced: %+v", o.Versions)
		}
	})
}

// Every operation with another patient's chart finds nothing, as if there were nothing.
func TestAnotherPatientsResultIsAbsent(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.sugars()
		c := r.see(ben)
		for _, id := range []ids.Resource{r.id("Observation/s1"), r.id("DiagnosticReport/p"), "fhr-nothing", ""} {
			_, open := r.Open(ctx, c, id)
			_, over := r.Over(ctx, c, id, 1)
			_, file := r.Attachment(ctx, c, id, 0)
			show := r.Show(ctx, c, id)
			for what, err := range map[string]error{"open": open, "over": over, "file": file, "show": show} {
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s of %q: %v", what, id, err)
				}
			}
			if r.audited(audit.ResultSeen, string(id)) != 0 {
				t.Error("a refused opening was kept as one")
			}
		}
		if got := titles(r.find(c, Filter{})); got != "Glucose" {
			t.Errorf("ben's list: %s", got)
		}
	})
}

func TestWhatIsHeldSaysNothingUntilItOpens(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.rules.held["Glucose"] = time.Hour
		r.sugars()
		c, id := r.see(ana), r.id("Observation/s1")
		o := r.opens(c, id)
		if !o.Held || o.Value != "" || o.Flag != "" || o.History.Total != 0 || !o.ReleaseAt.Equal(testkit.Noon.Add(time.Hour)) {
			t.Errorf("held: %+v", o)
		}
		if r.audited(audit.ResultSeen, string(id)) != 0 {
			t.Error("looking at what is held counts as having seen it")
		}
		if got := titles(r.find(c, Filter{Out: true})); got != "" {
			t.Errorf("what is held is found by what it says: %s", got)
		}
		panel := r.opens(c, r.id("DiagnosticReport/p"))
		if len(panel.Lines) != 2 || !panel.Lines[0].Held || panel.Lines[0].Value != "" || panel.Lines[1].Value != "140" {
			t.Errorf("panel with a held member: %+v", panel.Lines)
		}
		if n := len(panel.visible()); n != 2 {
			t.Errorf("%d seen with the panel, not itself and sodium", n)
		}
		r.clock.Move(time.Hour - time.Microsecond)
		if o := r.opens(r.see(ana), id); !o.Held {
			t.Error("opened too early")
		}
		r.clock.Move(time.Microsecond)
		if o := r.opens(r.see(ana), id); o.Held || o.Value != "92" {
			t.Error("not opened in time")
		}
	})
}

func TestSensitiveResultsAskFirstInEachSession(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.rules.sensitive["HIV 1 RNA"] = true
		r.take(obs("h1", "a", "20447-9", "HIV 1 RNA", "2026-02-05", quantity("40", "copies/mL"), flagged("H")),
			obs("h2", "a", "20447-9", "HIV 1 RNA", "2026-03-05", quantity("20", "copies/mL")))
		c, id := r.see(ana), r.id("Observation/h1")
		if o := r.opens(c, id); !o.Veiled || o.History.Total != 0 || r.audited(audit.ResultSeen, string(id)) != 0 {
			t.Errorf("not asked first: %+v", o)
		}
		if o, err := r.Over(ctx, c, id, 1); err != nil || !o.Shut() || o.History.Total > 0 {
			t.Errorf("the history does not ask: %v", err)
		}
		if err := r.Show(ctx, c, id); err != nil {
			t.Fatal(err)
		}
		if o := r.opens(c, id); o.Veiled || o.Value != "40" || o.History.Hidden != 1 || o.History.Total != 1 {
			t.Errorf("chosen to be seen: %+v", o.History)
		}
		if r.audited(audit.ResultShown, string(id)) != 1 {
			t.Error("no audit line of the choice")
		}
		if o := r.opens(r.see(ana), id); !o.Veiled {
			t.Error("another session does not ask again")
		}
		r.clock.Move(access.Absolute + time.Second)
		c = r.see(ana)
		if err := r.Show(ctx, c, id); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
			n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM result_shown`)
			return err
		}); err != nil || n != 1 {
			t.Errorf("%d choices are kept, %v", n, err)
		}
	})
}

func TestEnteredInErrorIsGone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.sugars()
		id := r.id("Observation/s1")
		r.clock.Move(time.Minute)
		r.take(obs("s1", "a", "2345-7", "Glucose", "2026-01-05", quantity("92", "mg/dL"), `"status":"entered-in-error"`))
		c := r.see(ana)
		if _, err := r.Open(ctx, c, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("still there: %v", err)
		}
		if o := r.opens(c, r.id("Observation/s2")); o.History.Total != 1 {
			t.Error("still in the history")
		}
	})
}

func TestUnitsNeverShareALine(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(obs("1", "a", "2345-7", "Glucose", "2026-01-01", quantity("92", "mg/dL")),
			obs("2", "a", "2345-7", "Glucose", "2026-01-02", quantity("5.4", "g/kg")),
			obs("3", "a", "2345-7", "Glucose", "2026-01-03", `"valueQuantity":{"value":70,"comparator":"<","unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}`),
			obs("4", "a", "2345-7", "Glucose", "2026-01-04", `"valueString":"see note"`),
			obs("5", "a", "2345-7", "Glucose", "2026-01-05", quantity("99", "mg/dL"), `"status":"cancelled"`))
		o := r.opens(r.see(ana), r.id("Observation/1"))
		if o.History.Total != 5 || len(o.History.Curves) != 2 {
			t.Fatalf("%d values, %d lines", o.History.Total, len(o.History.Curves))
		}
		if c := o.History.Curves[0]; c.Unit != "mg/dL" || len(c.Points) != 2 || c.Points[0].Comparator != "<" {
			t.Errorf("first line: %+v", c)
		}
	})
}

// Units that mean the same or convert exactly are one line, in the unit of the
// newest value; mass never becomes amount.
func TestUnitsThatConvertAreOneLine(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(obs("1", "a", "2345-7", "Glucose", "2026-01-01", quantity("0.92", "g/L")),
			obs("2", "a", "2345-7", "Glucose", "2026-01-02", quantity("5.4", "mmol/L")),
			obs("3", "a", "2345-7", "Glucose", "2026-01-03", `"valueQuantity":{"value":950,"unit":"mcg/mL","system":"http://unitsofmeasure.org","code":"ug/mL"}`),
			obs("4", "a", "2345-7", "Glucose", "2026-01-04", quantity("99", "mg/dL"), rng("70", "99")))
		o := r.opens(r.see(ana), r.id("Observation/3"))
		if len(o.History.Curves) != 2 || o.History.Total != 4 {
			t.Fatalf("%d values, lines %+v", o.History.Total, o.History.Curves)
		}
		var labels []string
		for _, p := range o.History.Curves[0].Points {
			labels = append(labels, p.Label)
		}
		if got := strings.Join(labels, " "); got != "99 95.0 92" && got != "99 95 92" || o.History.Curves[0].Unit != "mg/dL" {
			t.Errorf("drawn at %s %s", got, o.History.Curves[0].Unit)
		}
		if c := o.History.Curves[1]; c.Unit != "mmol/L" || len(c.Points) != 1 || len(c.From) != 0 {
			t.Errorf("second line: %+v", c)
		}
		main := r.serve(ana).Get(at(o.ID)).Want(200, "Blood sugar (glucose)").Text("main")
		for _, say := range []string{"every value in milligrams per deciliter. Some came in grams per liter", "It went up. Last time it was 920 mcg/mL", "0.92 g/L"} {
			if !strings.Contains(main, say) {
				t.Errorf("%q is not said in %s", say, main)
			}
		}
	})
}

// What waits for a choice is found neither by a word nor by being out of range.
func TestFiltersRevealNothingSensitive(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.rules.sensitive["HIV 1 RNA"] = true
		r.take(obs("h1", "a", "20447-9", "HIV 1 RNA", "2026-02-05", quantity("40", "copies/mL"), flagged("H")),
			obs("h2", "a", "20447-9", "HIV 1 RNA", "2026-02-06", quantity("60", "copies/mL"), flagged("H")),
			obs("g", "a", "2345-7", "Glucose", "2026-02-05", quantity("131", "mg/dL"), flagged("H")))
		token := r.session(ana)
		c, id := r.open(token, access.SeeResults), r.id("Observation/h1")
		filters := map[string]Filter{"HIV 1 RNA": {Words: "hiv"}, "Glucose, HIV 1 RNA": {Out: true}, "HIV 1 RNA ": {Words: "40"}}
		for found, f := range filters {
			want := ""
			if f.Out {
				want = "Glucose"
			}
			if got := titles(r.find(c, f)); got != want {
				t.Errorf("before the choice, %+v finds %q for %q", f, got, found)
			}
		}
		if n := len(r.find(c, Filter{}).Items); n != 3 {
			t.Errorf("the whole list has %d", n)
		}
		if err := r.Show(ctx, c, id); err != nil {
			t.Fatal(err)
		}
		for _, f := range filters {
			got := r.find(c, f).Items
			shown := slices.ContainsFunc(got, func(i Item) bool { return i.ID == id })
			if other := slices.ContainsFunc(got, func(i Item) bool { return i.ID == r.id("Observation/h2") }); !shown || other {
				t.Errorf("after the choice, %+v finds %+v", f, got)
			}
		}
		if got := titles(r.find(r.see(ana), Filter{Words: "hiv"})); got != "" {
			t.Errorf("another session finds %q", got)
		}
	})
}

// What stands around a result: the sample that was taken, what a score is made
// of, its pictures; and a cause of death is no result.
func TestWhatStandsAroundAResult(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(`{"resourceType":"Specimen","id":"s","type":{"text":"Venous blood"},"subject":{"reference":"Patient/a"}}`,
			`{"resourceType":"Media","id":"m","status":"completed","subject":{"reference":"Patient/a"},"content":{"contentType":"text/plain","data":"aGVsbG8="}}`,
			obs("q", "a", "1-8", "Question one", "2026-02-05", `"valueInteger":2`),
			obs("score", "a", "2-6", "Score", "2026-02-05", `"valueInteger":9`, `"specimen":{"reference":"Specimen/s"}`,
				`"derivedFrom":[{"reference":"Observation/q"},{"reference":"Media/m"}]`),
			obs("d", "a", "69453-9", "Cause of Death", "2026-02-06", `"valueString":"none"`),
			`{"resourceType":"ImagingStudy","id":"i","status":"available","subject":{"reference":"Patient/a"},"started":"2026-02-07"}`)
		c := r.see(ana)
		o := r.opens(c, r.id("Observation/score"))
		if o.Facts.Specimen != "Venous blood" || len(o.Lines) != 1 || o.Lines[0].Value != "2" || len(o.Files) != 1 || o.Files[0].Text() != "hello" {
			t.Errorf("sample %q, lines %+v, files %+v", o.Facts.Specimen, o.Lines, o.Files)
		}
		if f, err := r.Attachment(ctx, c, o.ID, 0); err != nil || string(f.Data) != "hello" {
			t.Errorf("the picture is %q, %v", f.Data, err)
		}
		for _, f := range []Filter{{}, {Words: "death"}} {
			if got := titles(r.find(c, f)); strings.Contains(got, "Death") {
				t.Errorf("listed: %s", got)
			}
		}
		p := r.serve(ana).Get("/results").Want(200, "Test results")
		if main := p.Text("main"); !strings.Contains(main, "Pictures only. Ask us for them.") || strings.Contains(main, "No value was sent") {
			t.Errorf("the list says %s", main)
		}
	})
}

func TestChoiceToWait(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.open(r.session(ana), access.ChooseRelease)
		waits := func(p ids.Patient) (w bool) {
			if err := r.db.View(ctx, func(tx *store.Tx) (err error) { w, err = Waits(ctx, tx, p); return err }); err != nil {
				t.Fatal(err)
			}
			return w
		}
		if waits(ana) {
			t.Error("somebody waits who has not chosen to")
		}
		for _, want := range []bool{true, false, true} {
			if err := r.Choose(ctx, c, want); err != nil {
				t.Fatal(err)
			}
			if got, err := r.Choice(ctx, c); err != nil || got != want || waits(ana) != want || waits(ben) {
				t.Errorf("chose %v, got %v %v", want, got, err)
			}
		}
		if r.audited(audit.ReleaseChosen, "") != 3 {
			t.Error("no audit lines")
		}
		see := r.see(ana)
		_, read := r.Choice(ctx, see)
		if err := r.Choose(ctx, see, true); !fault.Is(err, fault.Denied) || !fault.Is(read, fault.Denied) {
			t.Error("a chart opened for looking chooses")
		}
	})
}

func TestNewestTellsWhatBecameVisible(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.rules.held["Late"], r.rules.sensitive["HIV 1 RNA"] = 2*time.Hour, true
		r.take(obs("1", "a", "1-8", "Early", "2026-01-01", quantity("1", "g")))
		r.clock.Move(time.Hour)
		r.take(obs("2", "a", "2-6", "Late", "2026-01-01", quantity("1", "g")), obs("5", "a", "5-9", "Of an old chart", "2020-01-01", quantity("1", "g")), obs("3", "a", "3-4", "HIV 1 RNA", "2026-01-01", quantity("1", "g")),
			obs("4", "b", "4-2", "Ben's", "2026-01-01", quantity("1", "g")))
		newest := func(since time.Time) (out []string) {
			c := r.see(ana)
			if err := r.db.View(ctx, func(tx *store.Tx) error {
				news, err := Newest(ctx, tx, c, since)
				for _, n := range news {
					out = append(out, n.Title)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := newest(testkit.Noon.Add(time.Minute)); len(got) != 1 || got[0] != "" {
			t.Errorf("new: %q, not one without a name", got)
		}
		r.clock.Move(2 * time.Hour)
		if got := newest(testkit.Noon); strings.Join(got, ",") != "Late,,Early" {
			t.Errorf("new: %q", got)
		}
	})
}
