package journeys

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"portico/internal/explain"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// onPaper prints the page and looks whether the paper says something.
func onPaper(t *testing.T, b *chrome.Tab, words ...string) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("pdftotext is not here")
		return
	}
	read := exec.Command("pdftotext", "-layout", "-", "-")
	read.Stdin = bytes.NewReader(b.Print())
	out, err := read.Output()
	if err != nil {
		t.Fatal(err)
	}
	paper := strings.Join(strings.Fields(string(out)), " ")
	for _, w := range words {
		if !strings.Contains(paper, w) {
			t.Errorf("%s on paper has no %q: %.600s", b.Path(), w, paper)
		}
	}
}

// A patient finds a result, reads one over time, a panel, a culture and the
// report of a picture, and chooses when new ones are seen.
func TestAPatientReadsResults(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			search := func(words string) {
				b.Open("/results").Want(l.T("results.title")).Fill("words", words).Follow(l.T("results.search.button"))
				b.Want(l.T("results.title")).Says(l.T("results.matching"))
				first := ""
				b.Eval(`document.querySelector("main .rowlink").getAttribute("href")`, &first)
				b.Open(first)
			}
			search("glucose")
			sugar, _ := explain.Lookup("2345-7", p.Lang)
			b.Want(sugar.Name).Says(l.T("results.say.high")).Says(l.T("results.trend"))
			for _, part := range []string{".answer", ".range svg", ".chart svg", "table#values"} {
				if b.Count(part) == 0 {
					t.Errorf("one result without %s", part)
				}
			}
			onPaper(t, b, who.Given+" "+who.Family, sugar.Name)
			history := ""
			b.Eval(`location.pathname + "/history"`, &history)
			b.Open(history).Want(l.T("results.history.title", sugar.Name)).Says(l.T("results.history.lead"))
			if b.Count(".chart svg") == 0 || b.Count("table#values tbody tr") < 6 {
				t.Error("a history without its chart or its values")
			}
			search("metabolic")
			panel, _ := explain.PanelOf("51990-0", p.Lang)
			b.Want(panel.Name).Says(l.T("results.members.title"))
			if b.Count("#members-0 tbody tr") != 6 {
				t.Error("a panel without its values")
			}
			b.Follow(l.T("records.correct.link"))
			b.Want(l.T("records.correct.title")).Says(panel.Name)
			search("urine culture")
			b.Says("Escherichia coli").Says(l.T("results.flag.works_not"))
			search("x-ray")
			b.Says("No sign of pneumonia").Says("IMPRESSION")
			b.Open("/results/settings").Want(l.T("results.choice.title")).Choose("wait", "yes").Follow(l.T("results.choice.button"))
			b.Want(l.T("results.choice.title")).Says(l.T("results.choice.saved"))
		})
	}
}
