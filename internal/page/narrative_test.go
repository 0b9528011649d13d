package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"portico/internal/ccda"
	"portico/internal/lang"
)

// shownDoc reads a document and draws it.
func shownDoc(t *testing.T, d ccda.Document, picture func(*ccda.File) string) *html.Node {
	t.Helper()
	s := testShell(lang.Es)
	_, doc := draw(t, in(s, Narrative(s, NarrativeSpec{ID: "doc", Level: 2, Language: d.Language, Sections: d.Sections, Picture: picture})))
	return doc
}

func one(doc *html.Node, selector string) *html.Node {
	return cascadia.Query(doc, cascadia.MustCompile(selector))
}

func document(t *testing.T, text string) ccda.Document {
	t.Helper()
	in := `<ClinicalDocument xmlns="urn:hl7-org:v3"><languageCode code="en-US"/><recordTarget/><component><structuredBody><component><section><title>T</title><text>` +
		text + `</text><component><section/></component></section></component></structuredBody></component></ClinicalDocument>`
	d, err := ccda.Read("a", strings.NewReader(in), ccda.Usual)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNarrativeShowsWhatItSays(t *testing.T) {
	d := document(t, `a<content styleCode="Bold">b<content styleCode="Italics">c</content></content>d<footnote ID="x">note</footnote>
		<table><tr><th>h</th><th/></tr><tr><td rowspan="2">r</td><td><list><item>l</item></list><table><tr><td>in</td></tr></table></td></tr></table>
		<list listType="ordered"><caption>cap</caption><item><caption>C</caption>i</item></list><renderMultiMedia referencedObject="n"/>`)
	doc := shownDoc(t, d, nil)
	checkPage(t, doc)
	for selector, want := range map[string]string{
		"div.prose[lang=en-US] > section > h2#doc-s1":              "T",
		"div.prose > section > p":                                  "ab c",
		"div.prose strong em":                                      "c",
		"sup a[href='#doc-s1-n1']":                                 "Nota 1",
		"ol.prose-notes > li#doc-s1-n1":                            "note",
		"div.scroll[aria-labelledby=doc-s1-b2] caption#doc-s1-b2":  "T",
		"thead th[scope=col]":                                      "h",
		"thead td":                                                 "",
		"tbody td[rowspan='2']":                                    "r",
		"tbody td ul li":                                           "l",
		"div.scroll > table > tbody > tr > td > table tbody tr td": "in",
		"section > ol > li > strong":                               "C",
		"p.dim > span[lang=es]":                                    "Aquí hay una imagen que no podemos mostrar.",
		"section section > p.dim[lang=es]":                         "Aquí no hay nada escrito.",
	} {
		n := one(doc, selector)
		if n == nil {
			t.Errorf("no %s", selector)
		} else if got := strings.Join(strings.Fields(words(n)), " "); !strings.HasPrefix(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("%s says %q", selector, got)
		}
	}
}

func TestNarrativePictureIsThePortalsOwn(t *testing.T) {
	d := document(t, `<renderMultiMedia referencedObject="n"><caption>Chest</caption></renderMultiMedia>`)
	d.Sections[0].Text.Blocks = []ccda.Block{ccda.Picture{File: &ccda.File{Data: []byte("x"), Reference: "http://evil.example/a.png"}}}
	doc := shownDoc(t, d, func(*ccda.File) string { return "/documents/1/2" })
	checkPage(t, doc)
	if img := one(doc, "figure img"); img == nil || attr(img, "src") != "/documents/1/2" {
		t.Error("no picture")
	}
}

// Whatever a document holds, nothing of it acts on the page.
func TestNarrativeIsHarmless(t *testing.T) {
	d := document(t, `<script>alert(1)</script><img src="x" onerror="alert(1)"/><linkHtml href="javascript:alert(1)">go</linkHtml>
		<content styleCode="x&quot; onclick=&quot;alert(1)">c</content><paragraph>&lt;script&gt;alert(1)&lt;/script&gt;</paragraph>
		<iframe src="http://evil.example"/><table onclick="x"><tr><td style="x" colspan="9999999">a</td></tr></table><style>*{}</style>`)
	d.Language = `x" onclick="alert(1)`
	doc := shownDoc(t, d, nil)
	checkPage(t, doc)
	prose := one(doc, "div.prose")
	each(prose, func(n *html.Node) {
		switch n.Data {
		case "script", "img", "iframe", "style", "a":
			if n.Type == html.ElementNode {
				t.Errorf("a <%s> in the page", n.Data)
			}
		}
	})
	if !strings.Contains(words(prose), "<script>alert(1)</script>") || attr(prose, "lang") != "" {
		t.Error("the text is not shown as it is")
	}
}

// All sample documents, which are not part of the repository, make sound pages.
func TestNarrativeOfSamples(t *testing.T) {
	files, err := filepath.Glob("../../../shared/data/ccda/msfc__*.gz")
	if err != nil || len(files) == 0 {
		t.Skip("the sample data is not here")
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ccda.Read(path, f, ccda.Usual)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, shownDoc(t, d, nil))
	}
}
