package results

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/testkit"
)

func pageRig(t *testing.T) (*rig, *testkit.Browser) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	return r, r.serve(ana)
}

func at(id ids.Resource) string { return "/results/" + string(id) }

func TestEmptyListSaysWhatWillBeThere(t *testing.T) {
	_, b := pageRig(t)
	p := b.Get("/results").Want(200, "Test results")
	if !strings.Contains(p.Text(".empty"), "New results will appear here") {
		t.Errorf("it says %q", p.Text(".empty"))
	}
}

// The medicines tried on an organism stand below it, be they ever so few.
func TestACultureShowsWhatWorks(t *testing.T) {
	r, b := pageRig(t)
	r.take(obs("o", "a", "634-6", "Bacteria identified", "2026-02-05", `"valueString":"Escherichia coli"`,
		`"component":[{"code":{"text":"Ciprofloxacin"},"valueQuantity":{"value":0.25,"comparator":"<=","unit":"ug/mL"},`+flagged("S")+`},
		{"code":{"text":"Amoxicillin"},"valueQuantity":{"value":32,"comparator":">=","unit":"ug/mL"},`+flagged("R")+`}]`),
		report("c", "a", "Urine culture", "2026-02-05", results("o")))
	main := b.Get(at(r.id("DiagnosticReport/c"))).Want(200, "Urine culture").Text("main")
	for _, say := range []string{"Escherichia coli", "Ciprofloxacin", "<=0.25 ug/mL", "Works against it", "Amoxicillin", "Does not work against it"} {
		if !strings.Contains(main, say) {
			t.Errorf("%q is not said in %s", say, main)
		}
	}
}

// What somebody looks for stands in no address, and is found.
func TestSearchIsSealed(t *testing.T) {
	r, b := pageRig(t)
	r.sugars()
	p := b.Get("/results").Want(200, "Test results")
	if p.Attr(`.nav a[href="/results"]`, "aria-current") != "page" {
		t.Error("the navigation does not say where one is")
	}
	asked := ""
	client := *b.Client
	client.CheckRedirect = func(req *http.Request, _ []*http.Request) error { asked = req.URL.String(); return nil }
	b.Client = &client
	p = p.Submit("#search", "words", "Glucose", "from", "2026-02-01").Want(200, "Test results")
	if !strings.Contains(asked, "/results?s=") || strings.Contains(strings.ToLower(asked), "glucose") || strings.Contains(asked, "2026") {
		t.Errorf("led to %s", asked)
	}
	if len(p.All(".rows > li")) != 1 || p.Attr("#words", "value") != "Glucose" || !p.Has("details[open] #from") {
		t.Errorf("found %s", p.Text("#main"))
	}
	if p := b.Get("/results").Submit("#search", "from", "soon").Want(422, "Test results"); !p.Has("#from-error") || len(p.All(".rows > li")) == 0 {
		t.Error("a wrong day is not named, or empties the list")
	}
	// Another session cannot open what was sealed in this one.
	path := asked[strings.Index(asked, "/results"):]
	if p := r.serve(ana).Get(path).Want(200, "Test results"); p.Attr("#words", "value") != "" {
		t.Error("a sealed search opens in another session")
	}
}

func TestOneResultSaysItInWordsFirst(t *testing.T) {
	r, b := pageRig(t)
	r.sugars()
	p := b.Get(at(r.id("Observation/s2"))).Want(200, "Blood sugar (glucose)")
	main := p.Text("main")
	for _, say := range []string{"131", "mg/dL", "High", "above the range that came with it", "It went up. Last time it was 92", "January 5, 2026", "70 to 99", "555-010-0123", "lab"} {
		if !strings.Contains(main, say) {
			t.Errorf("it does not say %q", say)
		}
	}
	for _, part := range []string{".answer .tag svg", ".range svg", ".chart svg", "table#values", "#facts", "[data-print]", `a[href$="/correct"]`} {
		if !p.Has(part) {
			t.Errorf("no %s", part)
		}
	}
	if i := strings.Index(p.Body, "above the range that came"); i < 0 || i > strings.Index(p.Body, `class="range"`) || strings.Index(p.Body, `class="range"`) > strings.Index(p.Body, `class="chart"`) ||
		strings.Index(p.Body, `class="chart"`) > strings.Index(p.Body, `id="values"`) {
		t.Error("not words, bar, chart, table in this order")
	}
	b.Get(at(r.id("Observation/s2"))+"/history").Want(200, "Blood sugar (glucose): over time")
	p = b.Get(at(r.id("DiagnosticReport/p"))).Want(200, "Metabolic panel")
	if len(p.All("#members-0 tbody tr")) != 2 || !strings.Contains(p.Text("#members-0"), "140 mmol/L") {
		t.Errorf("the panel: %s", p.Text("main"))
	}
	for _, id := range []string{string(r.id("Observation/b1")), "fhr-nothing"} {
		for _, end := range []string{"", "/history", "/file"} {
			if p := b.Get("/results/" + id + end); p.Status != 404 {
				t.Errorf("%s%s answered %d", id, end, p.Status)
			}
		}
	}
}

func TestHeldAndSensitivePages(t *testing.T) {
	r, b := pageRig(t)
	r.rules.held["Biopsy"], r.rules.sensitive["HIV 1 RNA"] = 24*time.Hour, true
	r.take(obs("1", "a", "1-8", "Biopsy", "2026-01-01", `"valueString":"carcinoma"`), obs("2", "a", "20447-9", "HIV 1 RNA", "2026-01-02", quantity("4711", "copies/mL")))
	p := b.Get("/results").Want(200, "Test results")
	if strings.Contains(p.Body, "carcinoma") || strings.Contains(p.Body, "4711") || !strings.Contains(p.Text("main"), "Opens on March 11, 2026") {
		t.Errorf("the list says %s", p.Text("main"))
	}
	p = b.Get(at(r.id("Observation/1"))).Want(200, "A result arrived")
	if strings.Contains(p.Body, "carcinoma") || !strings.Contains(p.Text("main"), "March 11, 2026") {
		t.Error("a held page says too much or too little")
	}
	p = b.Get(at(r.id("Observation/2"))).Want(200, "This result may be hard to read alone")
	if strings.Contains(p.Body, "4711") || !p.Has(`main a[href="tel:+15550100123"]`) {
		t.Error("the gate shows the value, or no way to talk")
	}
	p = p.Submit(`form[action$="/show"]`).Want(200, "HIV amount (viral load)")
	if !strings.Contains(p.Text("main"), "4711") {
		t.Error("chosen, but not shown")
	}
}

// T40: whatever a sender writes is words.
func TestNamesAndValuesAreWords(t *testing.T) {
	r, b := pageRig(t)
	evil := `<script>alert(1)</script><img src=x onerror=alert(2)>`
	r.take(obs("1", "a", "1-8", evil, "2026-01-01", fmt.Sprintf(`"valueString":%q`, evil), flagged(evil), fmt.Sprintf(`"note":[{"text":%q}]`, evil)),
		report("p", "a", evil, "2026-02-05", results("1"), fmt.Sprintf(`"conclusion":%q`, evil),
			fmt.Sprintf(`"presentedForm":[{"contentType":"text/html","title":%q,"data":%q}]`, evil, base64.StdEncoding.EncodeToString([]byte("<html>"+evil)))))
	for _, path := range []string{"/results", at(r.id("Observation/1")), at(r.id("Observation/1")) + "/history", at(r.id("DiagnosticReport/p"))} {
		p := b.Get(path)
		if p.Status != 200 || p.Has("main script") || p.Has("main img") || !strings.Contains(p.Text("main"), "alert(1)") {
			t.Errorf("%s answered %d with markup of the sender's", path, p.Status)
		}
	}
}

func TestFilesAreHandedOutSafely(t *testing.T) {
	r, b := pageRig(t)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 40)
	var forms []string
	for _, f := range []struct{ said, data string }{{"application/pdf", "%PDF-1.4 hello"}, {"image/png", png}, {"application/pdf", "<html><script>alert(1)</script>"},
		{"image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`}, {"text/plain", "All is well."}} {
		forms = append(forms, fmt.Sprintf(`{"contentType":%q,"data":%q}`, f.said, base64.StdEncoding.EncodeToString([]byte(f.data))))
	}
	r.take(report("p", "a", "X-ray", "2026-02-05", `"presentedForm":[`+strings.Join(forms, ",")+`]`))
	page := at(r.id("DiagnosticReport/p"))
	p := b.Get(page).Want(200, "X-ray")
	if len(p.All("main img")) != 1 || !strings.Contains(p.Text("#files ~ *"), "") || !strings.Contains(p.Text("main"), "All is well.") {
		t.Errorf("the page shows %s", p.Text("main"))
	}
	for n, want := range []string{"application/pdf", "image/png", "application/octet-stream", "application/octet-stream", "text/plain; charset=utf-8"} {
		got := b.Get(fmt.Sprintf("%s/file?n=%d", page, n))
		h := got.Header
		if got.Status != 200 || h.Get("Content-Type") != want || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("file %d: %d %v", n, got.Status, h)
		}
	}
	for _, n := range []string{"5", "-1", "x"} {
		if got := b.Get(page + "/file?n=" + n); got.Status != 404 {
			t.Errorf("file %s answered %d", n, got.Status)
		}
	}
}

func TestSettingsPage(t *testing.T) {
	_, b := pageRig(t)
	p := b.Get("/results/settings").Want(200, "When you see new results")
	p = p.Submit("#choice", "wait", "yes").Want(200, "When you see new results")
	if !p.Has("#wait-yes[checked]") || !strings.Contains(p.Text("main"), "Your choice is saved") {
		t.Errorf("%s", p.Text("main"))
	}
}

// A home monitor's ten years must not make a page slow.
func BenchmarkTrendOfTenThousand(b *testing.B) {
	db, c := testkit.SQLite(b)
	r := newRig(b, db, c)
	day := testkit.Noon.AddDate(-9, 0, 0)
	for range 20 {
		var some []string
		for range 500 {
			day = day.Add(8 * time.Hour)
			some = append(some, obs(day.Format("20060102T15"), "a", "2345-7", "Glucose", day.Format(time.RFC3339), quantity(fmt.Sprint(80+day.Hour()+day.Day()), "mg/dL"), rng("70", "99")))
		}
		r.take(some...)
	}
	id := r.id("Observation/" + day.Format("20060102T15"))
	browser := r.serve(ana)
	for name, path := range map[string]string{"page": at(id), "history": at(id) + "/history", "list": "/results"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if p := browser.Get(path); p.Status != 200 {
					b.Fatal(p.Status)
				}
			}
		})
	}
	chart := r.open(r.session(ana), access.SeeResults)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if o, err := r.Over(ctx, chart, id, 1); err != nil || o.History.Total != 10_000 {
				b.Fatal(err)
			}
		}
	})
}

// A measurement's history has a line for each of its parts and leads back to the
// record, where the measurement stands.
func TestTheHistoryOfABloodPressure(t *testing.T) {
	r, b := pageRig(t)
	pressure := func(id, day, high, low string) string {
		part := func(code, title, v string) string {
			return fmt.Sprintf(`{"code":{"coding":[{"system":"http://loinc.org","code":%q}],"text":%q},%s}`, code, title, quantity(v, "mm[Hg]"))
		}
		return strings.Replace(obs(id, "a", "85354-9", "Blood pressure", day, "", `"component":[`+part("8480-6", "Systolic", high)+`,`+part("8462-4", "Diastolic", low)+`]`), `"laboratory"`, `"vital-signs"`, 1)
	}
	r.take(pressure("1", "2025-01-05", "131", "82"), pressure("2", "2026-01-05", "128", "80"))
	id := r.id("Observation/2")
	p := b.Get(at(id)+"/history").Want(200, "Blood pressure: over time")
	if !p.Has(`.back[href="/records/item/`+string(id)+`"], .back a[href="/records/item/`+string(id)+`"]`) || !p.Has(".chart-picture") || !strings.Contains(p.Text("main"), "131") {
		t.Errorf("the page says %s", p.Text("main"))
	}
	if o := r.opens(r.see(ana), id); len(o.History.Curves) != 2 {
		t.Errorf("%d lines", len(o.History.Curves))
	}
}

// Whoever had blood drawn for nothing is told why, and a list shows of a long report
// no more than its beginning.
func TestACancelledTestSaysWhyAndAListIsBrief(t *testing.T) {
	r, b := pageRig(t)
	long := "DIAGNOSIS: " + strings.Repeat("seborrheic keratosis ", 20) + "and nothing else"
	r.take(obs("c", "a", "2823-3", "Potassium", "2026-01-05", `"dataAbsentReason":{"coding":[{"code":"not-performed"}]}`, `"status":"cancelled"`, `"note":[{"text":"Specimen was hemolyzed"}]`),
		report("r1", "a", "Skin biopsy", "2026-01-06", `"conclusion":"`+long+`"`))
	for path, says := range map[string][]string{
		at(r.id("Observation/c")):       {"There is no result.", "The reason that was sent: ", "Specimen was hemolyzed"},
		"/results":                      {"DIAGNOSIS: seborrheic keratosis", " …"},
		at(r.id("DiagnosticReport/r1")): {long},
	} {
		main := b.Get(path).Text("main")
		for _, say := range says {
			if !strings.Contains(main, say) {
				t.Errorf("%s does not say %q: %s", path, say, main)
			}
		}
		if path == "/results" && strings.Contains(main, "nothing else") {
			t.Error("the list shows all of a report")
		}
	}
}

// What a device recorded is drawn and told in words, for the patient and for staff, by
// itself and lead by lead; what cannot be drawn is said to be there.
func TestARecordingIsDrawn(t *testing.T) {
	r, b := pageRig(t)
	sampled := func(data string) string {
		return `"valueSampledData":{"origin":{"value":0,"unit":"mV"},"period":4,"factor":0.001,"dimensions":1,"data":"` + data + `"}`
	}
	lead := func(name, data string) string { return `{"code":{"text":"` + name + `"},` + sampled(data) + `}` }
	r.take(obs("curve", "a", "76282-3", "Respiration curve", "2026-02-05", sampled("10 20 E -30")),
		obs("ecg", "a", "131328-0", "ECG", "2026-02-05", `"component":[`+lead("Lead I", "1 2 3")+`,`+lead("Lead II", "4 5 6")+`]`),
		obs("odd", "a", "76282-3", "Respiration curve", "2026-01-05", sampled("10 zwanzig")))
	list := b.Get("/results").Want(200, "Test results").Text("main")
	if n := strings.Count(list, "Recording"); n != 3 || strings.Contains(list, "No value") {
		t.Errorf("%d of 3 recordings are called so: %s", n, list)
	}
	for id, want := range map[string]struct {
		pictures int
		says     []string
	}{
		"curve": {1, []string{"4 values in a row.", "One every 4 ms, 0.016 seconds in all.", "Lowest -0.03 mV, highest 0.02 mV.", "1 value could not be measured."}},
		"ecg":   {2, []string{"Lead I", "Lead II", "Lowest 0.004 mV, highest 0.006 mV."}},
		"odd":   {0, []string{"A recording was sent that we cannot draw."}},
	} {
		p := b.Get(at(r.id("Observation/"+id))).Want(200, "")
		if n := len(p.All("figure[id^=trace-] svg")); n != want.pictures {
			t.Errorf("%s has %d pictures, want %d", id, n, want.pictures)
		}
		for _, say := range want.says {
			if !strings.Contains(p.Text("main"), say) {
				t.Errorf("%s does not say %q: %s", id, say, p.Text("main"))
			}
		}
	}
	if main := b.Get(at(r.id("Observation/curve")) + "?lang=es").Text("main"); !strings.Contains(main, "Trazado") || !strings.Contains(main, "4 valores seguidos.") {
		t.Errorf("in Spanish: %s", main)
	}
}
