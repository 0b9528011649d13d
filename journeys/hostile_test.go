package journeys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit/chrome"
)

// scripts are forty ways to have something run where text is expected. Each marks
// the window it runs in.
var scripts = strings.Split(strings.ReplaceAll(strings.TrimSpace(`
<script>H</script>|<SCRIPT SRC=data:text/javascript,H></SCRIPT>|<img src=x onerror=H>|"><img src=x onerror=H>|'><img src=x onerror=H>|--><script>H</script>|<svg onload=H>|<svg><script>H</script></svg>|
<svg/onload=H>|<body onload=H>|<iframe src="javascript:parent.H"></iframe>|<iframe srcdoc="<script>parent.H</script>"></iframe>|<object data="javascript:H">|<embed src="javascript:H">|<a href="javascript:H" autofocus onfocus=H>x</a>|
<input autofocus onfocus=H>|<select autofocus onfocus=H>|<textarea autofocus onfocus=H>|<details open ontoggle=H>|<video><source onerror=H>|<audio src=x onerror=H>|<marquee onstart=H>|<style>@import'javascript:H';</style>|
<link rel=stylesheet href="javascript:H">|<meta http-equiv=refresh content="0;url=javascript:H">|<base href="javascript:H//">|<form action="javascript:H"><button autofocus>x|<math><mtext></form><form><mglyph><style></math><img src onerror=H>|
</title><script>H</script>|</textarea><script>H</script>|</style><script>H</script>|" onmouseover="H" autofocus onfocus="H" x="|' onfocus='H' autofocus x='|{{constructor.constructor('H')()}}|${H}|<template><script>H</script></template>|
<noscript><p title="</noscript><img src=x onerror=H>">|<x contenteditable autofocus onfocus=H>|<div style="background:url(javascript:H)" style="x:expression(H)">|<script type=module>H</script>`), "H", "window.ran=1"), "|")

// part joins every third of them, so that no field grows too long.
func part(n int) string {
	var out []string
	for i := n; i < len(scripts); i += 3 {
		out = append(out, strings.TrimSpace(scripts[i]))
	}
	return strings.Join(out, " ")
}

// T40: whatever senders, patients and staff write is text wherever it is shown:
// nothing of it runs, and the content security policy has nothing to refuse.
func TestNothingRunsThatOthersWrote(t *testing.T) {
	if len(scripts) != 40 {
		t.Fatalf("%d scripts", len(scripts))
	}
	c := open(t, false)
	a := c.cards.Accounts[0]
	own := hostileChart(t, c, a.Number)
	hostileDesk(t, c)
	b := chrome.New(t, c.base, chrome.Person{Lang: "en"})
	c.signIn(t, b, lang.En, a)
	seen := crawl(t, c, b, "patient", own...)
	if !strings.Contains(strings.Join(seen, " "), "/records/item/") || !strings.Contains(strings.Join(seen, " "), "/results/") {
		t.Errorf("the patient's own pages were not reached: %v", seen)
	}
	for n, s := range c.cards.Staff {
		if s.Role == "front desk" && n > 0 {
			continue // one of them is enough
		}
		desk := chrome.New(t, c.base, chrome.Person{Lang: "en"})
		signInStaff(t, c, desk, lang.En, n)
		seen = append(seen, crawl(t, c, desk, "staff")...)
	}
	t.Logf("%d pages", len(seen))
	if len(seen) < 60 {
		t.Errorf("only %d pages were opened", len(seen))
	}
}

var (
	identifiers = regexp.MustCompile(`[a-z]{3}[_-][a-z0-9]{26}|/messages/[a-z_0-9-]+/[a-z]{2}|\?.*$`)
	notPages    = regexp.MustCompile(`/file|\.(csv|png|txt|pdf|json|css|ico|ics)$|/photo$|/qr|/letter|/signout|/demo/|^/view`)
)

// crawl opens given pages, every page of an audience that has no identifier in
// its address, and two of each kind that they lead to; on each it asks what has run.
func crawl(t *testing.T, c *clinic, b *chrome.Tab, audience string, given ...string) (seen []string) {
	t.Helper()
	todo := given
	for _, r := range c.app.Router.Routes() {
		if r.Method == "GET" && r.Audience == audience && !strings.Contains(r.Path, "{") {
			todo = append(todo, r.Path)
		}
	}
	kinds, done := map[string]int{}, map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		kind := identifiers.ReplaceAllString(path, "*")
		if done[path] || notPages.MatchString(strings.Split(path, "?")[0]) || kinds[kind] >= 2 && !slices.Contains(given, path) {
			continue
		}
		done[path] = true
		kinds[kind]++
		b.Open(path)
		seen = append(seen, path)
		ran := 0
		var links []string
		b.Eval(`window.ran || 0`, &ran)
		b.Eval(`[...document.querySelectorAll("main a[href^='/'], nav a[href^='/']")].map(a => a.getAttribute("href"))`, &links)
		if ran != 0 {
			t.Errorf("something ran at %s", path)
		}
		var odd int
		b.Eval(`document.querySelectorAll("main script:not([src^='/assets/']), main iframe, main object, main embed, main [onerror], main [onload], main [onfocus], main [ontoggle], main a[href^='javascript:' i], main [style]").length`, &odd)
		if odd > 0 {
			t.Errorf("%d elements of others are at %s", odd, path)
		}
		todo = append(todo, slices.DeleteFunc(links, func(s string) bool { return strings.HasPrefix(s, "/staff") != (audience == "staff") })...)
	}
	return seen
}

// hostileChart takes in a chart whose every text is hostile, and a clinical
// document likewise, and gives the pages that show it.
func hostileChart(t *testing.T, c *clinic, number string) (pages []string) {
	t.Helper()
	ctx, d := context.Background(), access.NewDuty("journeys")
	id, err := c.app.Registry.Numbered(ctx, d, number)
	if err != nil {
		t.Fatal(err)
	}
	batch := record.Batch{Source: part(0)[:60], People: map[string]ids.Patient{"Patient/p": id}}
	for n := range 3 {
		text, _ := json.Marshal(part(n))
		cda := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>%[1]s</title>
			<component><structuredBody><component><section><title>%[1]s</title><text><paragraph styleCode="%[1]s">%[1]s<linkHtml href="javascript:window.ran=1">x</linkHtml></paragraph><table><tr><td>%[1]s</td></tr></table></text></section></component></structuredBody></component></ClinicalDocument>`,
			escaper.Replace(part(n)))))
		html := base64.StdEncoding.EncodeToString([]byte(part(n)))
		for kind, doc := range map[string]string{
			"Observation":        `"status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":T,"coding":[{"system":"http://loinc.org","code":"2345-%[2]d","display":T}]},"valueString":T,"interpretation":[{"text":T}],"note":[{"text":T}],"performer":[{"display":T}],"referenceRange":[{"text":T}],"method":{"text":T},"specimen":{"display":T}`,
			"DiagnosticReport":   `"status":"final","category":[{"coding":[{"code":"RAD"}]}],"code":{"text":T},"conclusion":T,"performer":[{"display":T}],"presentedForm":[{"contentType":"text/html","title":T,"data":"` + html + `"},{"contentType":"text/plain","title":T,"data":"` + html + `"}]`,
			"Condition":          `"code":{"text":T},"note":[{"text":T}],"onsetString":T,"recorder":{"display":T},"clinicalStatus":{"coding":[{"code":"active","system":"http://terminology.hl7.org/CodeSystem/condition-clinical"}],"text":T}`,
			"AllergyIntolerance": `"code":{"text":T},"reaction":[{"manifestation":[{"text":T}],"description":T}],"note":[{"text":T}],"clinicalStatus":{"coding":[{"code":"active","system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"}]}`,
			"MedicationRequest":  `"status":"active","intent":"order","medicationCodeableConcept":{"text":T},"dosageInstruction":[{"text":T,"patientInstruction":T}],"requester":{"display":T},"reasonCode":[{"text":T}],"note":[{"text":T}]`,
			"Immunization":       `"status":"completed","vaccineCode":{"text":T},"occurrenceDateTime":"2026-01-05","lotNumber":T,"performer":[{"actor":{"display":T}}],"note":[{"text":T}]`,
			"Procedure":          `"status":"completed","code":{"text":T},"performedDateTime":"2026-01-05","outcome":{"text":T},"note":[{"text":T}],"performer":[{"actor":{"display":T}}]`,
			"Encounter":          `"status":"finished","class":{"code":"AMB","display":T},"type":[{"text":T}],"period":{"start":"2026-01-05T10:00:00Z"},"reasonCode":[{"text":T}],"location":[{"location":{"display":T}}],"serviceProvider":{"display":T}`,
			"DocumentReference":  `"status":"current","type":{"text":T},"description":T,"date":"2026-01-05T10:00:00Z","author":[{"display":T}],"content":[{"attachment":{"contentType":"text/xml","title":T,"data":"` + cda + `"}},{"attachment":{"contentType":"text/plain","title":T,"data":"` + html + `"}}]`,
			"CarePlan":           `"status":"active","intent":"plan","title":T,"description":T,"activity":[{"detail":{"status":"in-progress","description":T}}],"note":[{"text":T}]`,
			"Goal":               `"lifecycleStatus":"active","description":{"text":T},"note":[{"text":T}]`,
			"CareTeam":           `"status":"active","name":T,"participant":[{"role":[{"text":T}],"member":{"display":T}}]`,
		} {
			who := `"subject"`
			if kind == "AllergyIntolerance" || kind == "Immunization" {
				who = `"patient"`
			}
			// T stands for the text only where a value is.
			whole := fmt.Sprintf(`{"resourceType":"%s","id":"hostile-%d",%s:{"reference":"Patient/p"},`, kind, n, who) + values.ReplaceAllStringFunc(strings.ReplaceAll(doc, "%[2]d", fmt.Sprint(n)), func(s string) string { return strings.Replace(s, "T", string(text), 1) }) + "}"
			for r, err := range fhir.Read("hostile.json", strings.NewReader(whole), fhir.ForHTTP) {
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
				batch.Resources = append(batch.Resources, r)
			}
		}
	}
	if rep, err := c.app.Record.Take(ctx, d, batch); err != nil || rep.New < 30 {
		t.Fatalf("%v %+v", err, rep)
	}
	err = c.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		pages, err = store.List(ctx, tx, store.One[string], `SELECT CASE WHEN r.section = 'results' THEN '/results/' ELSE '/records/item/' END || r.resource_id
			FROM record_row r JOIN resource_name n ON n.resource_id = r.resource_id WHERE n.name LIKE '%/hostile-%' ORDER BY n.name`)
		return err
	})
	if err != nil || len(pages) < 24 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	return pages
}

var (
	escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	values  = regexp.MustCompile(`[:\[]T[,}\]]|:T$`)
)

// hostileDesk puts hostile people, requests and colleagues before staff.
func hostileDesk(t *testing.T, c *clinic) {
	t.Helper()
	ctx, d := context.Background(), access.NewDuty("journeys")
	for n := range 3 {
		cut := func(most int) string { return part(n)[:most] }
		rep, err := c.app.Registry.Import(ctx, d, []registry.Incoming{{Numbers: []registry.Number{{Value: fmt.Sprintf("X<%d>", n), Usage: registry.Current}},
			Names: []registry.Name{{Usage: registry.Current, Given: cut(80), Family: cut(80)}}, Birth: "1980-01-01", Sex: "female", Active: true,
			Contacts:  []registry.Contact{{Kind: registry.Email, Value: fmt.Sprintf("x%d@example.com", n)}},
			Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{cut(80)}, City: cut(60), State: "MA", PostalCode: "01001"}}}}, registry.Options{})
		if err != nil || rep.New != 1 {
			t.Fatalf("%v %+v", err, rep)
		}
		v := access.NewVisitor(access.SourceOf(fmt.Sprintf("198.51.100.%d", n)), cut(60))
		if _, err := c.app.Enroll.Ask(ctx, v, enroll.Claim{Given: cut(60), Family: cut(60), Former: cut(60), Birth: "1980-01-01", Email: fmt.Sprintf("y%d@example.com", n), Reach: "email"}, lang.En); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.app.Staff.Add(ctx, d, staff.Newcomer{Name: cut(60), Email: fmt.Sprintf("z%d@riverside.example", n), Lang: lang.En, Roles: []access.Role{access.FrontDesk}}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.app.Ingest.AddFeedByDuty(ctx, d, cut(50)); err != nil {
			t.Fatal(err)
		}
		id, err := c.app.Registry.Numbered(ctx, d, fmt.Sprintf("X<%d>", n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.app.Enroll.IssueByDuty(ctx, d, enroll.Order{Patient: id, By: enroll.ByHand}); err != nil {
			t.Fatal(err)
		}
	}
}
