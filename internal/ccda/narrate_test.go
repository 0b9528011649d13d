package ccda

import (
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func textOf(t *testing.T, in string) Narrative {
	t.Helper()
	d, err := Read("a", strings.NewReader(prose(in)), Usual)
	if err != nil {
		t.Fatalf("%s: %v", in, err)
	}
	return d.Sections[0].Text
}

func TestNarrative(t *testing.T) {
	says := func(s string) Paragraph { return Paragraph{Text: run1(s)} }
	tests := []struct {
		name, in string
		want     []Block
	}{
		{"nothing", " <br/> ", nil},
		{"white space", "a\n  b<content> c</content><content>d </content> e", []Block{says("a b cd e")}},
		{"breaks at the ends", "<br/>a<br/><br/>b<br/>", []Block{Paragraph{Text: []Inline{{Text: "a"}, {Break: true}, {Break: true}, {Text: "b"}}}}},
		{"styles nest", `<content styleCode="bold">a<content styleCode="Underline">b</content></content>c`,
			[]Block{Paragraph{Text: []Inline{{Text: "a", Strong: true}, {Text: "b", Strong: true, Emphasis: true}, {Text: "c"}}}}},
		{"comments and raw text", "a<!-- x -->b<![CDATA[<i>]]>", []Block{says("ab<i>")}},
		{"HTML", "<div>a</div><p>b <i onclick='x'>c</i></p><style>d{}</style>", []Block{says("a"), says("b c"), says("d{}")}},
		{"another name space", `<x:table xmlns:x="urn:x"><x:td>a</x:td></x:table>`, []Block{says("a")}},
		{"a list that is none", "<list listType='ordered'><caption>C</caption>a<item><caption>I</caption>b</item><foo>c</foo></list>",
			[]Block{List{Caption: run1("C"), Ordered: true, Items: []Item{{Blocks: []Block{says("a")}}, {Caption: run1("I"), Blocks: []Block{says("b")}}, {Blocks: []Block{says("c")}}}}}},
		{"a table that is none", "<table>a<tr>b<td/><th rowspan='2' colspan='999999'>c</th><foo>d</foo></tr><tbody>e</tbody></table>", []Block{Table{Rows: []Row{
			{cell("a")}, {cell("b"), {Cols: 1, Rows: 1}, {Header: true, Cols: 100, Rows: 2, Blocks: []Block{says("c")}}, cell("d")}, {cell("e")}}}}},
		{"spans that are none", "<table><tr><td colspan='-1' rowspan='x'>a</td></tr></table>", []Block{Table{Rows: []Row{{cell("a")}}}}},
		{"a picture from nowhere", "a<renderMultiMedia referencedObject='X'/>b", []Block{says("a"), Picture{}, says("b")}},
		{"a caption with blocks", "<paragraph><caption>a<paragraph>b</paragraph></caption><list><item>c</item></list></paragraph>",
			[]Block{Paragraph{Caption: []Inline{{Text: "a"}, {Break: true}, {Text: "b"}}}, List{Items: []Item{{Blocks: []Block{says("c")}}}}}},
		{"a note without a name", "a<footnote>b</footnote><footnoteRef IDREF='no'/>", []Block{says("a (b)")}},
		{"links", `<linkHtml href="mailto:a@example.org">write</linkHtml> <linkHtml href="https://a.example">https://a.example</linkHtml> <linkHtml href="data:x">c</linkHtml>`,
			[]Block{says("write (mailto:a@example.org) https://a.example c")}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, textOf(t, tt.in).Blocks); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestNotes(t *testing.T) {
	n := textOf(t, "a<footnoteRef IDREF='2'/><footnote ID='1'>x<paragraph>y</paragraph></footnote><footnote ID='2'>z<footnoteRef IDREF='2'/></footnote><footnote ID='1'>w</footnote>")
	want := Narrative{
		Blocks: []Block{Paragraph{Text: []Inline{{Text: "a"}, {Note: 2}, {Note: 1}, {Note: 2}, {Text: " (w)"}}}},
		Notes:  [][]Inline{{{Text: "x"}, {Break: true}, {Text: "y"}}, {{Text: "z"}, {Note: 2}}},
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Error(diff)
	}
}

// letters counts the characters of a text, white space aside.
func letters(s string) map[rune]int {
	out := map[rune]int{}
	for _, r := range s {
		if !unicode.IsSpace(r) {
			out[r]++
		}
	}
	return out
}

// proseOf collects the text of all narratives without our parser.
func proseOf(t *testing.T, r io.Reader) string {
	var b strings.Builder
	d := xml.NewDecoder(unpack(r, Usual).r)
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []string
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if s := strings.Join(path, "/"); strings.Contains(s, "/section/text") && !strings.Contains(s, "/entry/") {
				b.Write(tok)
			}
		}
	}
}

// Nothing a section says may be lost on the way, whatever it is made of.
func TestNoWordIsLost(t *testing.T) {
	checked := 0
	for _, path := range sampleFiles(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(path, strings.NewReader(string(b)), Usual)
		if err != nil {
			continue
		}
		var got strings.Builder
		each(d.Sections, func(s Section) { got.WriteString(s.Text.Words()) })
		want, have := letters(proseOf(t, strings.NewReader(string(b)))), letters(got.String())
		for r, n := range want {
			if have[r] < n {
				t.Errorf("%s: %q stands there %d times, %d are left", path, r, n, have[r])
			}
		}
		checked++
	}
	t.Log(checked, "documents compared")
}

// Words is all text of a narrative on one line.
func (n Narrative) Words() string {
	var b strings.Builder
	writeBlocks(&b, n.Blocks)
	for _, note := range n.Notes {
		writeRun(&b, note)
	}
	return collapse(b.String())
}
