package results

import (
	"strings"
	"testing"

	"portico/internal/testkit"
)

// A Spanish page says of the sender's names and words that they are English; its
// own names, its units and numbers carry no mark, and an English page none at all.
func TestTheSendersNamesAreMarkedWithTheirLanguage(t *testing.T) {
	r, b := pageRig(t)
	r.take(obs("o", "a", "634-6", "Odd culture", "2026-02-05", `"valueString":"Escherichia coli"`), obs("g", "a", "2345-7", "Glucose", "2026-02-04", quantity("95", "mg/dL")),
		report("c", "a", "Urine workup", "2026-02-06", results("o"), `"conclusion":"Treat it"`))
	marked := func(p *testkit.Page) string {
		var out []string
		for _, n := range p.All("main [lang]") {
			out = append(out, testkit.Words(n))
		}
		return strings.Join(out, ", ")
	}
	list, culture, panel := "/results", at(r.id("Observation/o")), at(r.id("DiagnosticReport/c"))
	for _, path := range []string{list, culture, panel} {
		if got := marked(b.Get(path)); got != "" {
			t.Errorf("%s in English marks %q", path, got)
		}
	}
	for path, want := range map[string]string{list: "Urine workup", panel: "Urine workup, Treat it"} {
		if got := marked(b.Get(path + "?lang=es")); !strings.HasPrefix(got, want) || strings.Contains(got, "95") || strings.Contains(got, "glucosa") {
			t.Errorf("%s in Spanish marks %q", path, got)
		}
	}
	if got := marked(b.Get(culture)); !strings.Contains(got, "Escherichia coli") {
		t.Errorf("the culture marks %q", got)
	}
}

// How pictures were taken is said in our words, if their sender has none.
func TestAKindOfPictureIsSaidInOurWords(t *testing.T) {
	r, b := pageRig(t)
	r.take(`{"resourceType":"ImagingStudy","id":"i","status":"available","subject":{"reference":"Patient/a"},"started":"2026-02-05",
		"series":[{"uid":"1","modality":{"code":"DX","display":"Digital Radiography"},"bodySite":{"display":"Knee"},"numberOfInstances":1},{"uid":"2","modality":{"code":"QQ","display":"Odd camera"}}]}`)
	p := b.Get(at(r.id("ImagingStudy/i")) + "?lang=es")
	if got := p.Text("#seriestable"); !strings.Contains(got, "Rayos X") || strings.Contains(got, "Radiography") || !strings.Contains(got, "Odd camera") {
		t.Errorf("the table says %q", got)
	}
}

// No chart comes of words, so none is promised; a table in which nothing has a range
// has no column of ranges.
func TestWordsPromiseNoChart(t *testing.T) {
	r, b := pageRig(t)
	r.take(obs("w", "a", "76542-0", "Stress", "2026-02-05", `"valueString":"Somewhat"`), obs("n", "a", "2345-7", "Glucose", "2026-02-04", quantity("95", "mg/dL")),
		obs("x", "a", "2951-2", "Sodium", "2026-02-04", quantity("140", "mmol/L")), obs("y", "a", "2951-2", "Sodium", "2026-02-03", quantity("141", "mmol/L")))
	if got := b.Get(at(r.id("Observation/w"))).Text("main"); !strings.Contains(got, "the only value we have") || strings.Contains(got, "chart") {
		t.Errorf("words say %q", got)
	}
	if got := b.Get(at(r.id("Observation/n"))).Text("main"); !strings.Contains(got, "A chart appears with the next one") {
		t.Errorf("a number says %q", got)
	}
	if p := b.Get(at(r.id("Observation/x"))); strings.Contains(p.Text("#values thead"), "Range") || !strings.Contains(p.Text("#values"), "141") {
		t.Errorf("the table says %q", p.Text("#values"))
	}
}
