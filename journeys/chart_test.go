package journeys

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"portico/internal/access"
	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/ingest"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// charts are what other programs exported, and whom to open an account for.
var charts = []struct {
	file, number, birth string
	lang                lang.Lang
	phone               bool
}{
	{"fhir-synthea/Elvina_Lemke_f2a4f241-ad65-4a1b-8b54-b5717a2338b6.json.gz", "f2a4f241-ad65-4a1b-8b54-b5717a2338b6", "1953-06-02", lang.En, true},
	{"fhir-uscore/uscore_bundle_patient_85.json", "d831ec91-c7a3-4a61-9312-7ff0c4a32134", "1940-03-29", lang.Es, false},
}

// Somebody whose whole chart came from another program opens an account and
// follows a link of every kind, from each section of the record: each leads to a
// page that is whole. Turned, they do so by each pair of language and screen.
func TestEveryLinkOfARealChart(t *testing.T) {
	c, d := open(t, turned != ""), access.NewDuty("journeys")
	for _, who := range charts {
		file, err := os.ReadFile(filepath.Join("../../shared/data", who.file))
		if err != nil {
			t.Skip("no sample charts here")
		}
		// One of them died in 1977, and the dead open no accounts.
		file = bytes.ReplaceAll(file, []byte(`"deceasedDateTime": "1977-07-14T04:17:45-04:00"`), []byte(`"deceasedBoolean": false`))
		path := filepath.Join(t.TempDir(), filepath.Base(who.file))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := c.app.Ingest.Files(context.Background(), d, ingest.Order{Paths: []string{path}}); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		id, err := c.app.Registry.Numbered(context.Background(), d, who.number)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.app.Enroll.IssueByDuty(context.Background(), d, enroll.Order{Patient: id, By: enroll.ByLetter})
		if err != nil {
			t.Fatal(err)
		}
		first := chrome.Person{Lang: string(who.lang), Phone: who.phone}
		b := chrome.New(t, c.base, first)
		try(b, who.lang, r.Text, who.birth)
		a := demo.AccountCard{UserName: "whole.chart." + string(who.lang), Password: "puente largo 64 nube"}
		a.Secret = c.choose(b, who.lang, a.UserName, a.Password)
		follow(b)
		for _, p := range otherPairs(first) {
			b := chrome.New(t, c.base, p)
			enter(b, lang.Lang(p.Lang), a)
			b.Fill("code", c.totp(t, a.Secret)).Follow(lang.Lang(p.Lang).T("account.step.button"))
			b.Open("/home?lang=" + p.Lang)
			follow(b)
		}
	}
}

// otherPairs are the pairs of language and screen but for the first, if all is turned.
func otherPairs(first chrome.Person) (out []chrome.Person) {
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "en"}, {Lang: "es", Phone: true}, {Lang: "es"}} {
		if turned != "" && p != first {
			out = append(out, p)
		}
	}
	return out
}

// shape is an address without what differs from thing to thing.
func shape(u *url.URL) string {
	return identifiers.ReplaceAllString(u.Path, "ID") + " " + u.Query().Get("of")
}

// follow opens one link of each kind for each section of the record, from the menu on.
func follow(b *chrome.Tab) {
	seen, from, kinds := map[string]bool{}, map[string]string{}, map[string]string{"/results": "results", "/records": "records"}
	todo := []string{"/results", "/records"}
	for n := 0; n < len(todo); n++ {
		at, err := url.Parse(todo[n])
		if err != nil {
			b.T.Fatal(err)
		}
		b.Open(todo[n])
		if b.Status() != 200 {
			b.T.Errorf("%s leads to %s, which answers %d", from[todo[n]], todo[n], b.Status())
			continue
		}
		b.Want(b.Heading())
		b.Screenshot("link " + kinds[todo[n]])
		var links []string
		b.Eval(`[...document.querySelectorAll("main a[href]")].filter(a => a.origin === location.origin && !a.hasAttribute("download")).map(a => a.pathname + a.search)`, &links)
		for _, l := range links {
			u, err := url.Parse(l)
			if err != nil {
				b.T.Errorf("%s has a link to %q: %v", todo[n], l, err)
				continue
			}
			_, known := from[l]
			if kind := shape(u) + " " + at.Query().Get("of"); !known && !seen[kind] && !notPages.MatchString(u.Path) {
				seen[kind], from[l], kinds[l] = true, todo[n], kind
				todo = append(todo, l)
			}
		}
	}
	if len(todo) < 30 {
		b.T.Errorf("only %d pages", len(todo))
	}
}
