package journeys

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/explain"
	"portico/internal/ingest"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// mixed is a report that waits for review, with a file, a plain value, one that
// is sensitive and one that is critical.
const mixed = `{"resourceType":"Bundle","type":"collection","entry":[
{"resource":{"resourceType":"Patient","id":"mix","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"MIX-1"}],"name":[{"family":"Marsh","given":["Iris"]}],"birthDate":"1980-02-03"}},
{"resource":{"resourceType":"Observation","id":"na","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2951-2","display":"Sodium [Moles/volume] in Serum or Plasma"}]},"subject":{"reference":"Patient/mix"},"effectiveDateTime":"DAY","valueQuantity":{"value":140,"unit":"mmol/L"},"referenceRange":[{"low":{"value":135},"high":{"value":145}}]}},
{"resource":{"resourceType":"Observation","id":"k","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium [Moles/volume] in Serum or Plasma"}]},"subject":{"reference":"Patient/mix"},"effectiveDateTime":"DAY","valueQuantity":{"value":6.9,"unit":"mmol/L"},"interpretation":[{"coding":[{"code":"HH"}]}],"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}]}},
{"resource":{"resourceType":"Observation","id":"hiv","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"56888-1","display":"HIV 1+2 Ab+HIV1 p24 Ag"}]},"subject":{"reference":"Patient/mix"},"effectiveDateTime":"DAY","valueString":"Not detected"}},
{"resource":{"resourceType":"DiagnosticReport","id":"panel","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"Admission panel"},"subject":{"reference":"Patient/mix"},"effectiveDateTime":"DAY","conclusion":"Potassium is high. Repeat soon.","result":[{"reference":"Observation/na"},{"reference":"Observation/k"},{"reference":"Observation/hiv"}],"presentedForm":[{"contentType":"text/plain","title":"Laboratory letter","data":"UG90YXNzaXVtIGlzIGhpZ2gu"}]}}]}`

// decides is a clinician who holds one value inside a report, releases the rest,
// and then opens what was left by ticking it.
func (c *clinic) decides(t *testing.T, b *chrome.Tab, l lang.Lang) {
	t.Helper()
	b.Open("/staff/results/rules?class=laboratory").Want(l.T("results.desk.rules.title")).Choose("how", "after_review").Follow(l.T("results.desk.rule.button"))
	b.Want(l.T("results.desk.rules.title")).Says(l.T("results.desk.done.rule"))
	path := filepath.Join(t.TempDir(), "mixed.json")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(mixed, "DAY", c.clock.Now().Format(time.DateOnly))), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := c.app.Ingest.Files(context.Background(), access.NewDuty("journeys"), ingest.Order{Paths: []string{path}}); err != nil || r.Refused() > 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	b.Open("/staff/results").Want(l.T("results.desk.title")).Says("Admission panel")
	at := ""
	b.Eval(`[...document.querySelectorAll("#waiting tr")].find(r => r.textContent.includes("Admission panel")).querySelector("a").getAttribute("href")`, &at)
	b.FollowTo(at)
	b.Want("Admission panel").Says("Repeat soon").Says("Laboratory letter").Says("6.9").Screenshot("desk-report")
	sodium, _ := explain.Lookup("2951-2", string(l))
	b.Follow(sodium.Name)
	b.Want(sodium.Name).Click(l.T("results.desk.hold"))
	b.Choose("why", "call").Fill("note", "Left word on the machine.").Follow(l.T("results.desk.hold.button"))
	b.Want(sodium.Name).Says(l.T("results.desk.done.held"))
	b.Open(at).Want("Admission panel").Says(l.T("results.desk.with")).Screenshot("desk-held-part")
	b.FollowIn("#release-form", l.T("results.desk.release.button"))
	b.Want("Admission panel").Says(l.T("results.desk.done.released")).Says(l.T("results.desk.with")).Screenshot("desk-open")
	b.FollowIn("#release-form", l.T("results.desk.with.button"))
	b.Want("Admission panel").Says(l.T("results.desk.with.needed"))
	hiv := ""
	b.Eval(`[...document.querySelectorAll("#with input")].find(i => i.parentElement.textContent.includes("HIV") || i.parentElement.textContent.includes("VIH")).value`, &hiv)
	b.Choose("with", hiv).FollowIn("#release-form", l.T("results.desk.with.button"))
	b.Want("Admission panel").Says(l.T("results.desk.part.open"))
	c.clock.move(4 * 24 * time.Hour)
	signInStaff(t, c, b, l, doctorCard(c))
	b.Open("/staff/results?tab=critical").Want(l.T("results.desk.title")).Says("Potassium").Screenshot("desk-critical")
}

// A clinician marks a result that waits for review as sensitive, comments on it and
// releases it. Until then its patient learns nothing of it, not even its name;
// then they are asked first, and read both.
func TestClinicianCommentsAndReleases(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, false)
			l := lang.Lang(p.Lang)
			who := c.speaking(l)
			patient := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: true})
			c.signIn(t, patient, l, who)
			patient.Open("/results").Want(l.T("results.title")).Follow("Skin biopsy")
			patient.Want(l.T("results.held.title"))

			b := chrome.New(t, c.base, p)
			signInStaff(t, c, b, l, doctorCard(c))
			b.Open("/staff/results").Want(l.T("results.desk.title")).Says("Skin biopsy")
			path := ""
			b.Eval(`[...document.querySelectorAll("#waiting tr")].find(r => r.textContent.includes("Skin biopsy") && r.textContent.includes("`+who.Family+`")).querySelector("a").getAttribute("href")`, &path)
			b.FollowTo(path)
			b.Want("Skin biopsy").Says(l.T("results.desk.reason.after_review"))
			b.Follow(l.T("results.desk.mark.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.done.marked"))
			if patient.Open(strings.TrimPrefix(path, "/staff")).Want(l.T("results.held.title")).Shows("Skin biopsy") {
				t.Error("what is held as sensitive says what it is")
			}
			b.Follow(l.T("results.desk.comment.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.comment.empty"))
			b.Fill("text", "This mole is harmless. You need not do anything.").Choose("release", "yes").Follow(l.T("results.desk.comment.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.done.both"))
			for _, tab := range []string{"soon", "critical", "corrected", "sensitive"} {
				b.Open("/staff/results?tab=" + tab).Want(l.T("results.desk.title")).Says(l.T("results.desk.tab." + tab))
			}
			b.Open("/staff/results/rules?class=imaging").Want(l.T("results.desk.rules.title")).Choose("how", "after_hours").Fill("hours", "48").Follow(l.T("results.desk.rule.button"))
			b.Want(l.T("results.desk.rules.title")).Says(l.T("results.desk.opens.hours", 48))

			patient.Open("/results").Want(l.T("results.title")).Follow("Skin biopsy")
			patient.Want(l.T("results.gate.title")).Says(l.T("results.gate.text")).Follow(l.T("results.gate.show"))
			patient.Want("Skin biopsy").Says("Harmless mole").Says("This mole is harmless").Says("Amelia Reyes")
			c.decides(t, b, l)
		})
	}
}

func doctorCard(c *clinic) int {
	for i, s := range c.cards.Staff {
		if s.Role == "clinician" {
			return i
		}
	}
	c.t.Fatal("the demo has no clinician")
	return 0
}
