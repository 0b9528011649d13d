package sharing

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"portico/internal/ccda"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
)

// entries reads a bundle: documents by "Type/id".
func entries(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	var b struct {
		ResourceType, Type string
		Entry              []struct {
			FullURL  string
			Resource json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.ResourceType != "Bundle" || b.Type != "collection" {
		t.Fatalf("%v: %.300s", err, text)
	}
	out := map[string]json.RawMessage{}
	for _, e := range b.Entry {
		n := fhir.Parse(e.Resource)
		key := n.Get("resourceType").Text() + "/" + n.Get("id").Text()
		if e.FullURL != "https://portal.example/fhir/"+key || out[key] != nil {
			t.Errorf("%s stands at %s", key, e.FullURL)
		}
		out[key] = e.Resource
	}
	return out
}

func kinds(in map[string]json.RawMessage) (out []string) {
	for key := range in {
		kind, _, _ := strings.Cut(key, "/")
		out = append(out, kind)
	}
	slices.Sort(out)
	return out
}

const (
	binary   = `{"resourceType":"Binary","id":"bin","contentType":"text/plain","securityContext":{"reference":"Patient/a"},"data":"SGVsbG8="}`
	note     = `{"resourceType":"DocumentReference","id":"note","status":"current","type":{"text":"Progress note"},"subject":{"reference":"Patient/a"},"date":"2026-01-07","content":[{"attachment":{"contentType":"text/plain","url":"Binary/bin"}}],"context":{"encounter":[{"reference":"Encounter/visit"}]}}`
	visit    = `{"resourceType":"Encounter","id":"visit","status":"finished","class":{"code":"AMB"},"type":[{"text":"Check-up"}],"subject":{"reference":"Patient/a"},"period":{"start":"2026-01-07T09:00:00-06:00"}}`
	specimen = `{"resourceType":"Specimen","id":"blood","subject":{"reference":"Patient/a"},"type":{"text":"Blood"}}`
)

func TestTheBundleHoldsWhatWasChosen(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("2", "b", "9.9"))
		r.takeOf(ana, a1c("1", "a", "7.0", `,"specimen":{"reference":"Specimen/blood"}`), binary, note, visit, specimen,
			`{"resourceType":"Provenance","id":"p1","target":[{"reference":"Observation/1"}],"recorded":"2026-01-05T10:00:00Z","agent":[{"who":{"display":"Lab"}}]}`,
			`{"resourceType":"Provenance","id":"p2","target":[{"reference":"Observation/1"},{"reference":"Encounter/visit"}],"recorded":"2026-01-05T10:00:00Z","agent":[{"who":{"display":"Lab"}}]}`)
		all := entries(t, r.write(whole(FHIR)))
		if got, want := kinds(all), []string{"Binary", "DocumentReference", "Encounter", "Observation", "OperationOutcome", "Patient", "Provenance", "Provenance", "Specimen"}; !slices.Equal(got, want) {
			t.Errorf("everything: %v", got)
		}
		for key, raw := range all {
			for _, to := range references(raw) {
				if all[to] == nil {
					t.Errorf("%s refers to %s, which is not there", key, to)
				}
			}
			if strings.HasPrefix(key, "Observation/") && !strings.Contains(string(raw), `{"value":7.0,"unit":"%"`) {
				t.Errorf("not byte for byte: %s", raw)
			}
		}
		o := whole(FHIR)
		o.Sections = []record.Section{record.Notes}
		notes := entries(t, r.write(o))
		if got, want := kinds(notes), []string{"Binary", "DocumentReference", "OperationOutcome", "Patient"}; !slices.Equal(got, want) {
			t.Errorf("notes: %v", got)
		}
		if out := string(notes["OperationOutcome/not-included"]); !strings.Contains(out, `"diagnostics":"Encounter/fhr-`) {
			t.Errorf("what is not there is not named: %s", out)
		}
		o.Sections = []record.Section{record.Results}
		if got, want := kinds(entries(t, r.write(o))), []string{"Observation", "OperationOutcome", "Patient", "Provenance", "Specimen"}; !slices.Equal(got, want) {
			t.Errorf("results: %v", got)
		}
	})
}

// Each canary must be in no format.
func TestWhatMayNotBeSeenIsInNoCopy(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(condition("1", "a", "canaryheld", "2020"), condition("2", "a", "canarysecret", "2020"), condition("3", "b", "canaryother", "2020"), condition("5", "a", "canaryseen", "2020"),
			strings.Replace(condition("4", "a", "canarygone", "2020"), `"code":"confirmed"`, `"code":"entered-in-error"`, 1))
		r.mark(`release_at = '2030-01-01T00:00:00.000000Z' WHERE title = 'canaryheld'`)
		r.mark(`sensitive = TRUE WHERE title = 'canarysecret'`)
		for _, f := range Formats {
			for _, sensitive := range []bool{false, true} {
				o := whole(f)
				o.Sensitive = sensitive
				got := r.read(f, r.write(o))
				for word, want := range map[string]bool{"canaryheld": false, "canarygone": false, "canaryother": false, "canarysecret": sensitive, "canaryseen": true} {
					if strings.Contains(got, word) != want {
						t.Errorf("%s, sensitive %v: %s is there: %v", f, sensitive, word, !want)
					}
				}
			}
		}
	})
}

// A report of which one value, however deep, is still held is in every copy, and
// the value in none: neither itself nor in what the report says of it.
func TestAHeldValueIsInNoCopyOfItsReport(t *testing.T) {
	pdf := `{"resourceType":"Binary","id":"pdf","contentType":"text/plain","securityContext":{"reference":"Patient/a"},"data":"Y2FuYXJ5ZmlsZQ=="}`
	each(t, func(t *testing.T, r *rig) {
		r.takeOf(ana, pdf, strings.Replace(a1c("open", "a", "6.1"), "Hemoglobin A1c", "canaryopen", 1), strings.Replace(a1c("shut", "a", "77.7"), "Hemoglobin A1c", "canaryshut", 1),
			strings.Replace(a1c("panel", "a", "5.5", `,"hasMember":[{"reference":"Observation/shut","display":"canaryname"}],"note":[{"text":"canarynote"}]`), "Hemoglobin A1c", "canarypanel", 1),
			`{"resourceType":"DiagnosticReport","id":"r","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"canaryreport"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-05",
			"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">canarystory</div>"},"conclusion":"canaryconclusion","presentedForm":[{"contentType":"text/plain","url":"Binary/pdf"}],
			"result":[{"reference":"Observation/open"},{"reference":"Observation/panel"}]}`)
		r.mark(`release_at = '2030-01-01T00:00:00.000000Z', sensitive = TRUE WHERE title = 'canaryshut'`)
		for _, f := range Formats {
			for _, open := range []bool{false, true} {
				o := whole(f)
				o.Sensitive = true
				if open {
					r.mark(`release_at = '2020-01-01T00:00:00.000000Z' WHERE title = 'canaryshut'`)
				} else {
					r.mark(`release_at = '2030-01-01T00:00:00.000000Z' WHERE title = 'canaryshut'`)
				}
				got := r.read(f, r.write(o))
				for _, word := range []string{"canaryshut", "77.7", "canaryname", "canarynote", "canarystory", "canaryconclusion", "canaryfile", "Y2FuYXJ5ZmlsZQ"} {
					if strings.Contains(got, word) && !open {
						t.Errorf("%s: %s is there", f, word)
					}
				}
				for _, word := range []string{"canaryopen", "canaryreport", "canarypanel"} {
					if !strings.Contains(got, word) {
						t.Errorf("%s: %s is missing", f, word)
					}
				}
				if open && !strings.Contains(got, "canaryconclusion") {
					t.Errorf("%s: the conclusion is missing from what is open", f)
				}
			}
		}
	})
}

// A report that quotes a sensitive result goes with it, and so do its members.
func TestASensitiveResultTakesItsReportAlong(t *testing.T) {
	rows := []record.Row{{ID: "report"}, {ID: "hiv", Parent: "report", Sensitive: true}, {ID: "other", Parent: "report"}, {ID: "a1c"}, {ID: "panel", Sensitive: true}, {ID: "member", Parent: "panel"},
		{ID: "top"}, {ID: "culture", Parent: "top"}, {ID: "organism", Parent: "culture", Sensitive: true}, {ID: "below", Parent: "beside"}, {ID: "beside", Parent: "top"}, {ID: "x", Parent: "y"}, {ID: "y", Parent: "x"}}
	var left []ids.Resource
	for _, r := range plain(rows) {
		left = append(left, r.ID)
	}
	if !slices.Equal(left, []ids.Resource{"a1c", "x", "y"}) {
		t.Errorf("left are %v", left)
	}
}

func TestDaysAreTheClinics(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		section record.Section
		at      string
		until   string
		want    bool
	}{
		{record.Results, "2026-01-10", "", true}, {record.Results, "2026-01-09", "", false}, {record.Results, "2026-01-20", "", true}, {record.Results, "2026-01-21", "", false},
		{record.Results, "2026-01-10T05:59:59Z", "", false}, {record.Results, "2026-01-10T06:00:00Z", "", true},
		{record.Results, "2026-01-21T05:59:59Z", "", true}, {record.Results, "2026-01-21T06:00:00Z", "", false},
		{record.Results, "2026-01", "", true}, {record.Results, "2026", "", true}, {record.Results, "2025", "", false}, {record.Results, "", "", true},
		{record.Conditions, "2019", "", true}, {record.Conditions, "2019", "2026-01-09", false}, {record.Conditions, "2019", "2026", true},
		{record.Conditions, "2019", "2026-01-10T08:00:00Z", true}, {record.Conditions, "2026-02", "", false},
	} {
		at := fhir.Parse(fmt.Appendf(nil, "{%q:%q}", "at", c.at)).Get("at").When()
		r := record.Row{Section: c.section, At: at, Until: c.until}
		if got := (Selection{From: "2026-01-10", To: "2026-01-20"}).covers(r, zone); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		if !(Selection{}).covers(r, zone) {
			t.Errorf("%+v is not in a copy of all days", c)
		}
	}
}

func TestTypedDays(t *testing.T) {
	for _, c := range []struct {
		d, m, y, want string
		ok            bool
	}{{"", "", "", "", true}, {"09", "4", "2026", "2026-04-09", true}, {"31", "2", "2026", "", false}, {"1", "", "2026", "", false}, {"x", "1", "2026", "", false}, {"1", "1", "26", "", false}} {
		if got, ok := day(c.d, c.m, c.y); got != c.want || ok != c.ok {
			t.Errorf("%+v: %q %v", c, got, ok)
		}
	}
}

func TestPlainTextFitsEveryEditor(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.4"), condition("2", "a", strings.Repeat("Überempfindlichkeit", 9)+" "+strings.Repeat("a word ", 40), "2019-03"))
		for _, l := range lang.All {
			o := whole(Text)
			o.Lang = l
			text := r.write(o)
			for line := range strings.SplitSeq(text, "\n") {
				if utf8.RuneCountInString(line) > wide {
					t.Errorf("too wide: %q", line)
				}
			}
			for _, want := range map[lang.Lang][]string{
				lang.En: {"Health record\n=====", "Name: Ana María Ruizana", "Date of birth: May 4, 1970", "Test results\n-----", "January 5, 2026, 10:00 a.m.: Average blood sugar", "Result: 6.4%", "Range: 4.0 to 5.6", "March 2019", "State: Active, Confirmed"},
				lang.Es: {"Expediente médico\n=====", "Fecha de nacimiento: 4 de mayo de 1970", "Resultado: 6.4%", "Rango: 4.0 a 5.6", "marzo de 2019", "Estado: Activo, Confirmado"},
			}[l] {
				if !strings.Contains(text, want) {
					t.Errorf("%s: no %q in\n%s", l, want, text)
				}
			}
		}
	})
}

func TestTheCCDIsReadByOurOwnReader(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.4"), condition("2", "a", "Type 2 diabetes", "2019-03"))
		o := whole(CCD)
		o.Lang = lang.Es
		text := r.write(o)
		parsedElsewhere(t, text)
		d, err := ccda.Read("copy.xml", strings.NewReader(text), ccda.Usual)
		if err != nil {
			t.Fatal(err)
		}
		if d.Language != "es-US" || d.Patient.Names[0].Family != "Ruizana" || d.Patient.Birth.String() != "19700504" {
			t.Errorf("%+v", d.Patient)
		}
		found := ""
		for _, s := range d.Sections {
			found += s.Title + ": " + ccda.Cell{Blocks: s.Text.Blocks}.Words() + "\n"
		}
		for _, want := range []string{"Resultados de pruebas: ", "6.4%", "4.0 a 5.6", "Problemas de salud: ", "Type 2 diabetes", "marzo de 2019"} {
			if !strings.Contains(found, want) {
				t.Errorf("no %q in\n%s", want, found)
			}
		}
		for _, want := range []string{`<value xsi:type="PQ" value="6.4" unit="%"/>`, `code="4548-4"`, `code="44054006"`} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s", want)
			}
		}
		o.Sections = []record.Section{record.Conditions}
		if text := r.write(o); strings.Contains(text, "6.4") || !strings.Contains(text, "Esta parte no se pidió.") {
			t.Error("a part that was not asked for is there, or is not said to be missing")
		}
	})
}

// parsedElsewhere lets another program's XML reader look at a document.
func parsedElsewhere(t *testing.T, text string) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Log("python3 is not here")
		return
	}
	c := exec.Command("python3", "-c", "import sys, xml.etree.ElementTree as e; print(e.parse(sys.stdin.buffer).getroot().tag)")
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "{urn:hl7-org:v3}ClinicalDocument" {
		t.Errorf("python: %v %s", err, out)
	}
}

// What panels say of each other, true or not, loses nothing and ends.
func TestMembersStandUnderTheirPanel(t *testing.T) {
	rows := []record.Row{{ID: "a", Parent: "b"}, {ID: "b", Parent: "a"}, {ID: "c", Parent: "c"}, {ID: "d", Parent: "gone"}, {ID: "e"}, {ID: "f", Parent: "e"}}
	var names []string
	var walk func(items []item, depth string)
	walk = func(items []item, depth string) {
		for _, i := range items {
			names = append(names, depth+string(i.ID))
			walk(i.Members, depth+"-")
		}
	}
	walk(nest(rows, nil), "")
	if got := strings.Join(names, " "); got != "c d e -f b -a" {
		t.Error(got)
	}
}

func TestNoTextIsMissing(t *testing.T) {
	for _, s := range record.Sections {
		if !lang.Has("sharing.section." + string(s)) {
			t.Errorf("section %s has no name", s)
		}
	}
	for _, f := range Formats {
		if !lang.Has("sharing.format." + string(f)) {
			t.Errorf("format %s has no name", f)
		}
	}
	for _, w := range []Why{Broken, NoPlace} {
		if !lang.Has("sharing.missing." + string(w)) {
			t.Errorf("reason %s has no sentence", w)
		}
	}
}
