package ccda

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func visit(t testing.TB) string {
	b, err := os.ReadFile("testdata/visit.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func day(y int, m time.Month, d int) Time {
	return Time{At: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Precision: Day}
}

func run1(s string) []Inline { return []Inline{{Text: s}} }

func cell(s string) Cell { return Cell{Cols: 1, Rows: 1, Blocks: []Block{Paragraph{Text: run1(s)}}} }

func TestRead(t *testing.T) {
	got, err := Read("visit.xml", strings.NewReader(visit(t)), Usual)
	if err != nil {
		t.Fatal(err)
	}
	if made := got.Effective; made.String() != "202601141530-0500" || made.Precision != Minute || made.At.UTC().Hour() != 20 {
		t.Errorf("made %v", made)
	}
	got.Effective = Time{}
	head := Cell{Header: true, Cols: 1, Rows: 1, Blocks: []Block{Paragraph{Text: run1("What")}}}
	when := Cell{Header: true, Cols: 2, Rows: 1, Blocks: []Block{Paragraph{Text: run1("When")}}}
	want := Document{
		ID: ID{Root: "2.999.1", Extension: "D-17"}, SetID: ID{Root: "2.999.2", Extension: "S"}, Version: 3, Title: "Visit of an afternoon",
		Type: Code{"34133-9", "2.16.840.1.113883.6.1", "Summary"}, Templates: []ID{{Root: "2.16.840.1.113883.10.20.22.1.1", Extension: "2015-08-01"}},
		Language: "en-US", Confidentiality: "R",
		Authors: []Author{
			{IDs: []ID{{Root: "2.999.4"}}, Name: Name{Given: []string{"Kim"}, Family: "Lee"}, Organization: "Riverside", At: day(2026, 1, 14)},
			{IDs: []ID{{Root: "2.999.5"}}, Software: "Scribe", At: day(2026, 1, 15)},
		},
		Custodian: Organization{IDs: []ID{{Root: "2.999.6"}}, Name: "Riverside Clinic"},
		Encounter: &Encounter{IDs: []ID{{Root: "2.999.7", Extension: "V1"}}, Code: Code{Code: "AMB", System: "2.16.840.1.113883.5.4"}, Period: Period{Low: day(2026, 1, 14)}, Location: "Room 3"},
		Related:   []Related{{Kind: "RPLC", ID: ID{Root: "2.999.1", Extension: "D-16"}}},
		Patient: Patient{
			IDs:   []ID{{"2.999.3", "100-22", "Riverside"}},
			Names: []Name{{Use: "L", Prefix: []string{"Dr."}, Given: []string{"Ana", "M."}, Family: "O'Neil", Suffix: []string{"Jr."}}, {Text: "Annie Oak"}},
			Birth: day(1962, 4, 9), Sex: "F", Race: Code{"2106-3", "2.16.840.1.113883.6.238", "White"}, Languages: []string{"es", "en"},
			Addresses: []Address{{Use: "HP", Lines: []string{"12 Oak St"}, City: "Springfield", State: "IL", PostalCode: "62701"}},
			Telecoms:  []Telecom{{"phone", "+1(555)010-0199", "MC"}, {"email", "ana@example.org", ""}, {"phone", "555-010-0123", ""}},
			Deceased:  true, DeceasedAt: Time{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Precision: Year},
		},
		Sections: []Section{{
			ID: "s1", Templates: []ID{{Root: "2.16.840.1.113883.10.20.22.2.5.1"}}, Code: Code{Code: "11450-4", System: "2.16.840.1.113883.6.1"}, Title: "Problems",
			Text: Narrative{
				Blocks: []Block{
					Table{Caption: run1("Now"), Head: []Row{{head, when}}, Rows: []Row{
						{cell("Asthma"), {Cols: 1, Rows: 1, Blocks: []Block{Paragraph{Text: []Inline{{Text: "since"}, {Text: " 2001", Strong: true}}}}},
							{Cols: 1, Rows: 1, Blocks: []Block{List{Items: []Item{{Blocks: []Block{Paragraph{Text: run1("dust")}}}, {Blocks: []Block{Paragraph{Text: run1("cats")}}}}}}}},
						{cell("Foot")},
					}},
					Paragraph{Text: []Inline{{Text: "Plain"}, {Text: " words", Emphasis: true}, {Break: true}, {Text: "and a note"}, {Note: 1}, {Text: ", again"}, {Note: 1}, {Text: "."}}},
					Paragraph{Caption: run1("Lead"), Text: run1("A <b> link (https://example.org/a) and none")},
					Picture{Caption: run1("Chest"), File: &File{MediaType: "image/png", Data: []byte("\x89PNG")}},
					Paragraph{Text: []Inline{{Text: "alert(1)"}, {Text: "gone", Deleted: true}}},
				},
				Notes: [][]Inline{{{Text: "See"}, {Text: " 2", Sub: true}}},
			},
			Sections: []Section{{Title: "Inner", NullFlavor: "NI", Text: Narrative{Blocks: []Block{Paragraph{Text: run1("No news.")}}, Notes: [][]Inline{}}}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// doc is a document with this in its body.
func doc(body string) string {
	return `<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget/><component>` + body + `</component></ClinicalDocument>`
}

func prose(s string) string {
	return doc(`<structuredBody><component><section><text>` + s + `</text></section></component></structuredBody>`)
}

func TestEncodings(t *testing.T) {
	plain := strings.Replace(prose("<paragraph>José – 5 µg</paragraph>"), "<Cl", `<?xml version="1.0" encoding="X"?><Cl`, 1)
	latin := strings.NewReplacer("é", "\xe9", "–", "\x96", "µ", "\xb5").Replace(plain)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(strings.Replace(plain, "X", "utf-8", 1)))
	z.Close()
	wide := "\xff\xfe"
	for _, r := range strings.Replace(plain, "X", "UTF-16", 1) {
		wide += string([]byte{byte(r), byte(r >> 8)})
	}
	for name, in := range map[string]string{
		"UTF-8":             strings.Replace(plain, "X", "UTF-8", 1),
		"a byte order mark": "\xef\xbb\xbf" + strings.Replace(plain, "X", "utf-8", 1),
		"Windows-1252":      strings.Replace(latin, "X", "windows-1252", 1),
		"Latin-1":           strings.Replace(latin, "X", "ISO-8859-1", 1),
		"UTF-16":            wide,
		"gzip":              packed.String(),
	} {
		d, err := Read("a", strings.NewReader(in), Usual)
		if err != nil || d.Sections[0].Text.Words() != "José – 5 µg" {
			t.Errorf("%s: %v %+v", name, err, d.Sections)
		}
	}
}

func TestRefusals(t *testing.T) {
	small := Limits{Bytes: 2000, Depth: 12, Elements: 30}
	tests := []struct{ name, in, want string }{
		{"nothing", "", "a: line 1: there is nothing in it"},
		{"white space", " \n ", "a: line 2: there is nothing in it"},
		{"text", "Jane Doe", "a: line 1: this is not a clinical document"},
		{"a fragment", "\n<section xmlns='urn:hl7-org:v3'/>", "a: line 2: section: this is not a clinical document"},
		{"no name space", "<ClinicalDocument/>", "a: line 1: ClinicalDocument: this is not a clinical document"},
		{"an element named after somebody", "<Jane.Doe/>", "a: line 1: ?: this is not a clinical document"},
		{"two roots", doc("") + "\n<a/>", "a: line 2: a: this is not valid XML"},
		{"something behind", doc("") + "x", "a: line 1: this is not valid XML"},
		{"cut off", strings.SplitAfter(prose("x\ny"), "\ny")[0], "a: line 2: ClinicalDocument/component/structuredBody/component/section/text: it ends in the middle of the document"},
		{"cut off at once", "<Clin", "a: line 1: it ends in the middle of the document"},
		{"wrong end", doc("<a></b>"), "a: line 1: ClinicalDocument/component/a: this is not valid XML"},
		{"an unknown entity", prose("&secret;"), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text: this is not valid XML"},
		{"an attribute twice", prose(`<td ID="a" ID="b"/>`), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text/td: this is not valid XML"},
		{"broken UTF-8", prose("a\xffb"), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text: its characters cannot be decoded"},
		{"an encoding unheard of", `<?xml version="1.0" encoding="EBCDIC"?>` + doc(""), "a: line 1: its characters cannot be decoded"},
		{"a DOCTYPE", `<!DOCTYPE x SYSTEM "file:///etc/passwd">` + doc(""), "a: line 1: it has a document type definition"},
		{"nobody", `<ClinicalDocument xmlns="urn:hl7-org:v3"/>`, "a: line 1: ClinicalDocument/recordTarget: it does not say whom it is about"},
		{"two people", "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><recordTarget/>\n<recordTarget/></ClinicalDocument>", "a: line 2: ClinicalDocument/recordTarget: it is about more than one person"},
		{"deep", prose(strings.Repeat("<list>", 7)), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text/list/list/list/list/list/list/list: it is nested too deeply"},
		{"many", prose(strings.Repeat("<br/>", 30)), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text/br: it holds too many things"},
		{"large", prose(strings.Repeat("x", 2000)), "a: line 1: ClinicalDocument/component/structuredBody/component/section/text: it is too large"},
		{"a file that is not base64", doc(`<nonXMLBody><text mediaType="application/pdf" representation="B64">!</text></nonXMLBody>`), "a: line 1: text: the file inside it cannot be unpacked"},
		{"a file that is not packed", doc(`<nonXMLBody><text representation="B64" compression="GZ">QUJD</text></nonXMLBody>`), "a: line 1: text: the file inside it cannot be unpacked"},
		{"gzip that is none", "\x1f\x8bx", "a: line 1: it cannot be read to its end"},
	}
	for _, tt := range tests {
		_, err := Read("a", strings.NewReader(tt.in), small)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
	for _, r := range Reasons() {
		if sentences[r] == "" {
			t.Errorf("%s has no sentence", r)
		}
	}
	if len(Reasons()) != len(sentences) {
		t.Error("a reason is not listed")
	}
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]string{
		"2026": "2026", "202601": "202601", "20260114": "20260114", "2026011415": "2026011415", "202601141530": "202601141530",
		"20260114153001": "20260114153001", "20260114153001.123-0600": "20260114153001-0600", " 20260114 ": "20260114",
		"20260114153001+0530": "20260114153001+0530", "20261314": "", "2026-01-14": "", "202": "", "": "", "20260114-0500": "20260114",
		"20260230": "", "20260114153001-06": "20260114153001-0600", "20260114153001-": "20260114153001", "20260114153001-5": "20260114153001",
	} {
		if got := parseTime(in); got.String() != want || got.Known() != (want != "") {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestFiles(t *testing.T) {
	for in, want := range map[string]File{
		`<text mediaType="text/plain">a &lt; b</text>`:                                     {MediaType: "text/plain", Data: []byte("a < b")},
		`<text mediaType="application/PDF" representation="B64"> QU JD </text>`:            {MediaType: "application/pdf", Data: []byte("ABC")},
		`<text representation="B64" mediaType="text/rtf" compression="DF">c3RyBgA=</text>`: {MediaType: "text/rtf", Data: []byte("ABC")},
		`<text><reference value="http://example.org/a.pdf"/></text>`:                       {Reference: "http://example.org/a.pdf"},
		`<text mediaType="image/png"><reference value="a.png"/></text>`:                    {MediaType: "image/png", Reference: "a.png"},
	} {
		d, err := Read("a", strings.NewReader(doc("<nonXMLBody>"+in+"</nonXMLBody>")), Usual)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(&want, d.File); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}
