package journeys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
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

// vectors are twenty-five ways to have something run where text is expected, § being
// what runs: it marks its window.
var vectors = strings.Split(strings.ReplaceAll(`<script>§</script>|<script src="data:text/javascript,§"></script>|<script type=module>§</script>|<img src=x onerror=§>|<svg onload=§>|<svg><script>§</script></svg>|<body onload=§>|
<iframe src="javascript:parent.§"></iframe>|<iframe srcdoc="<script>parent.§</script>"></iframe>|<object data="javascript:§"></object>|<embed src="javascript:§">|<a href="javascript:§" autofocus onfocus=§>x</a>|<input autofocus onfocus=§>|
<select autofocus onfocus=§></select>|<details open ontoggle=§>|<video><source onerror=§></video>|<audio src=x onerror=§></audio>|<style>@import'javascript:§';</style>|<link rel=stylesheet href="javascript:§">|
<meta http-equiv=refresh content="0;url=javascript:§">|<base href="javascript:§//">|<form action="javascript:§"><button autofocus>x</button></form>|<math><mtext><mglyph><style></math><img src onerror=§>|<x contenteditable autofocus onfocus=§>|<div style="x:expression(§)" onanimationstart=§>`, "\n", ""), "|")

// leads get out of where the text may stand: plain text, an attribute in either kind of
// quotation marks, an element whose content is no markup, a comment or a template.
var leads = []string{"", `"> `, `' autofocus onfocus='§' x='`, "</title></textarea></style></script>", "--> ${§} {{constructor.constructor('§')()}} "}

// writings are how it may be written: as it is, in other letters, without spaces, and so
// that whoever reads it twice has the first.
var writings = []func(string) string{
	func(s string) string { return s },
	strings.ToUpper,
	func(s string) string { return strings.ReplaceAll(s, " ", "/") },
	func(s string) string { return strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s) },
}

// scripts are all of these: 500.
func scripts() (all []string) {
	for _, write := range writings {
		for _, lead := range leads {
			for _, v := range vectors {
				all = append(all, strings.ReplaceAll(write(lead+v), "§", "window.ran=1"))
			}
		}
	}
	return all
}

// part joins every third of some, so that no field grows too long.
func part(some []string, n int) string {
	var out []string
	for i := n; i < len(some); i += 3 {
		out = append(out, some[i])
	}
	return strings.Join(out, " ")
}

// T40: whatever senders, patients and staff write is text wherever it is shown:
// nothing of it runs, and the content security policy has nothing to refuse. Forty of
// the scripts, all 500 of them in a long run.
func TestNothingRunsThatOthersWrote(t *testing.T) {
	all := scripts()
	if len(all) != 500 {
		t.Fatalf("%d scripts", len(all))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	rounds := 1
	if os.Getenv("PORTICO_ATTACK") == "long" {
		rounds = (len(all) + 39) / 40
	}
	c := open(t, false)
	b := chrome.New(t, c.base, chrome.Person{Lang: "en"})
	c.signIn(t, b, lang.En, c.cards.Accounts[0])
	forms := map[string]bool{}
	for i := range rounds {
		some := all[i*40 : min(i*40+40, len(all))]
		own := hostileChart(t, c, c.cards.Accounts[0].Number, i, some)
		w := writer{text: part(some, 0), forms: map[string]bool{}}
		seen := w.crawl(t, c, b, "patient", own...)
		if !strings.Contains(strings.Join(seen, " "), "/records/item/") || !strings.Contains(strings.Join(seen, " "), "/results/") {
			t.Errorf("the patient's own pages were not reached: %v", seen)
		}
		maps.Copy(forms, w.forms)
		hostileDesk(t, c, i, some)
	}
	pages := 0
	for n, s := range c.cards.Staff {
		if s.Role == "front desk" && n > 0 {
			continue // one of them is enough
		}
		desk := chrome.New(t, c.base, chrome.Person{Lang: "en"})
		signInStaff(t, c, desk, lang.En, n)
		w := writer{text: part(all[:40], 1), forms: map[string]bool{}}
		pages += len(w.crawl(t, c, desk, "staff"))
		maps.Copy(forms, w.forms)
	}
	// What staff wrote, where patients read it.
	b.Open("/home")
	for _, path := range []string{"/visits", "/records/corrections", "/results", "/help", "/terms"} {
		looks(t, b.Open(path), path)
	}
	t.Logf("%d scripts, %d pages of staff, forms filled in: %v", min(rounds*40, len(all)), pages, slices.Sorted(maps.Keys(forms)))
	if pages < 30 || len(forms) < 20 {
		t.Errorf("only %d pages of staff were opened and %d forms filled in", pages, len(forms))
	}
}

var (
	identifiers = regexp.MustCompile(`[a-z]{3}[_-][a-z0-9]{26}|/messages/[a-z_0-9-]+/[a-z]{2}|\?.*$`)
	notPages    = regexp.MustCompile(`/file|\.(csv|png|txt|pdf|json|css|ico|ics)$|/photo$|/qr|/letter|/signout|/demo/|^/view`)
)

// kept are forms that end what the crawl needs: its session, its way of signing in.
var kept = regexp.MustCompile(`close|password|username|totp|recovery|signout|/people|/second|/passkeys`)

// writer crawls and writes hostile text into every form it comes by.
type writer struct {
	text  string
	forms map[string]bool // by kind of page
}

// crawl opens given pages, every page of an audience that has no identifier in
// its address, and two of each kind that they lead to; on each it asks what has run,
// and again after the first form of each kind was filled in and sent.
func (w writer) crawl(t *testing.T, c *clinic, b *chrome.Tab, audience string, given ...string) (seen []string) {
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
		looks(t, b, path)
		var links []string
		b.Eval(`[...document.querySelectorAll("main a[href^='/'], nav a[href^='/']")].map(a => a.getAttribute("href"))`, &links)
		if !w.forms[kind] && !kept.MatchString(path) && w.fills(b) {
			w.forms[kind] = true
			b.Send("main form[data-hostile]")
			looks(t, b, "the answer to the form at "+path)
			var more []string
			b.Eval(`[...document.querySelectorAll("main a[href^='/']")].map(a => a.getAttribute("href"))`, &more)
			links = append(append(links, more...), b.Path())
		}
		todo = append(todo, slices.DeleteFunc(links, func(s string) bool { return strings.HasPrefix(s, "/staff") != (audience == "staff") })...)
	}
	return seen
}

// fills writes the text into every field for text of the first form that has one,
// and answers the rest of it somehow.
func (w writer) fills(b *chrome.Tab) (ok bool) {
	text, _ := json.Marshal(w.text)
	b.Eval(`(() => {
		const free = e => (e.tagName === "TEXTAREA" || e.tagName === "INPUT" && ["text", "search"].includes(e.type)) && !e.readOnly && !e.disabled;
		const f = [...document.querySelectorAll("main form")].find(f => [...f.elements].some(free));
		if (!f) return false;
		f.setAttribute("data-hostile", "");
		for (const e of f.elements) {
			if (free(e)) e.value = `+string(text)+`.slice(0, e.maxLength > 0 ? e.maxLength : 2000);
			else if (e.type === "radio" && ![...f.elements].some(x => x.name === e.name && x.checked)) e.checked = true;
			else if (e.type === "checkbox") e.checked = true;
			else if (e.tagName === "SELECT" && !e.value && e.options.length > 1) e.selectedIndex = 1;
		}
		return true })()`, &ok)
	return ok
}

// looks asks a page what has run in it, and for elements that are not the portal's.
func looks(t *testing.T, b *chrome.Tab, at string) {
	t.Helper()
	ran, odd := 0, 0
	b.Eval(`window.ran || 0`, &ran)
	if ran != 0 {
		t.Errorf("something ran at %s", at)
	}
	b.Eval(`document.querySelectorAll("main script:not([src^='/assets/']), main iframe, main object, main embed, main [onerror], main [onload], main [onfocus], main [ontoggle], main a[href^='javascript:' i], main [style]").length`, &odd)
	if odd > 0 {
		t.Errorf("%d elements of others are at %s", odd, at)
	}
}

// hostileChart takes in a chart whose every text is hostile, and a clinical
// document likewise, and gives the pages that show it.
func hostileChart(t *testing.T, c *clinic, number string, round int, some []string) (pages []string) {
	t.Helper()
	ctx, d := context.Background(), access.NewDuty("journeys")
	id, err := c.app.Registry.Numbered(ctx, d, number)
	if err != nil {
		t.Fatal(err)
	}
	batch := record.Batch{Source: part(some, 0)[:60], People: map[string]ids.Patient{"Patient/p": id}}
	for n := range 3 {
		text, _ := json.Marshal(part(some, n))
		cda := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>%[1]s</title>
			<component><structuredBody><component><section><title>%[1]s</title><text><paragraph styleCode="%[1]s">%[1]s<linkHtml href="javascript:window.ran=1">x</linkHtml></paragraph><table><tr><td>%[1]s</td></tr></table></text></section></component></structuredBody></component></ClinicalDocument>`,
			escaper.Replace(part(some, n)))))
		html := base64.StdEncoding.EncodeToString([]byte(part(some, n)))
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
			whole := fmt.Sprintf(`{"resourceType":"%s","id":"hostile-%d-%d",%s:{"reference":"Patient/p"},`, kind, round, n, who) + values.ReplaceAllStringFunc(strings.ReplaceAll(doc, "%[2]d", fmt.Sprint(n)), func(s string) string { return strings.Replace(s, "T", string(text), 1) }) + "}"
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
			FROM record_row r JOIN resource_name n ON n.resource_id = r.resource_id WHERE n.name LIKE $1 ORDER BY n.name`, fmt.Sprintf("%%/hostile-%d-%%", round))
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
func hostileDesk(t *testing.T, c *clinic, round int, some []string) {
	t.Helper()
	ctx, d := context.Background(), access.NewDuty("journeys")
	for i := range 3 {
		n := 3*round + i
		cut := func(most int) string { return part(some, i)[:most] }
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
		if _, _, err := c.app.Ingest.AddFeedByDuty(ctx, d, fmt.Sprintf("%d %s", n, cut(45))); err != nil {
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
