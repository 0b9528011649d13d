package ccda

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// summary is a small chart of our own making.
func summary() CCD {
	on := func(y, m, d int) Period { return Period{Low: day(y, time.Month(m), d)} }
	table := func(columns string, rows ...Line) Part {
		return Part{Columns: strings.Split(columns, "|"), Rows: rows}
	}
	line := func(cells string, e Entry) Line { return Line{Cells: strings.Split(cells, "|"), Entry: e} }
	pressure := Entry{Group: "a", When: on(2026, 1, 14)}
	upper, lower := pressure, pressure
	upper.Code, upper.Value = loinc("8480-6", "Systolic"), Value{Number: "128", Unit: "mm[Hg]", Flag: "N"}
	lower.Code, lower.Value = loinc("8462-4", "Diastolic"), Value{Text: "not heard"}
	hdl := Entry{ID: ID{Root: "2.999.9", Extension: "obs-1"}, Code: loinc("2085-9", "HDL"), When: on(2026, 1, 14), Group: "lipids", Panel: loinc("57698-3", "Lipid panel"),
		Value: Value{Number: "7.0", Unit: "mg/dL", Low: "40", Flag: "L", Range: "40 or more"}}
	ldl := hdl
	ldl.ID.Extension, ldl.Code, ldl.Value = "obs-2", loinc("13457-7", "LDL"), Value{Compare: "<", Number: "10", Unit: "mg/dL", High: "100"}
	c := CCD{
		ID: ID{Root: "2.999.1", Extension: "doc-1"}, SetID: ID{Root: "2.999.1", Extension: "set-1"}, Version: 2,
		Title: "Health summary", Created: time.Date(2026, 1, 15, 9, 30, 0, 0, time.FixedZone("", -5*3600)), Language: "en-US",
		Patient: Patient{
			IDs: []ID{{"2.999.3", "100-22", "Riverside"}}, Birth: day(1962, 4, 9), Sex: "F", Languages: []string{"es", "en"}, Deceased: true,
			Names:     []Name{{Use: "L", Given: []string{"Ana", "M."}, Family: "O'Neil & Søn <x>"}, {Text: "Annie"}},
			Addresses: []Address{{Use: "HP", Lines: []string{"12 Oak St", "Apt \"4\""}, City: "Springfield", State: "IL", PostalCode: "62701"}},
			Telecoms:  []Telecom{{"phone", "+15550100199", "MC"}, {"email", "ana@example.org", ""}, {"url", "https://example.org", ""}},
			Race:      Code{"2106-3", "2.16.840.1.113883.6.238", "White"},
		},
		Author:      Author{IDs: []ID{{Root: "2.999.5"}}, Software: "Portico"},
		Custodian:   Organization{IDs: []ID{{Root: "2.999.6"}}, Name: "Riverside Clinic", Telecoms: []Telecom{{"phone", "+15550100123", "WP"}}},
		Allergies:   table("Allergy|Reaction", line("Peanut|Hives\nand swelling", Entry{Code: snomed("762952008", "Peanut"), When: on(2001, 5, 1), Reaction: snomed("126485001", "Hives"), Severity: snomed("24484000", "Severe")})),
		Medications: table("Drug|How", line("Aspirin 81 MG|1 a day, <with> water", Entry{Code: Code{"243670", System("http://www.nlm.nih.gov/research/umls/rxnorm"), "Aspirin 81 MG"}, When: on(2020, 1, 1), Dose: Value{Number: "1"}, Route: Code{"C38288", "2.16.840.1.113883.3.26.1.1", "Oral"}})),
		Problems:    table("Condition|Since", line("Bad \x00 knee\x0b|", Entry{State: "nonsense", When: Period{Low: day(1999, 2, 3), High: day(2004, 5, 6)}})),
		Results:     table("Test|Value", line("HDL|7.0 mg/dL", hdl), line("LDL|<10 mg/dL", ldl), line("Culture|No growth", Entry{Value: Value{Text: "No growth"}})),
		Vitals:      table("Sign|Value", line("Systolic|128", upper), line("Diastolic|not heard", lower)),
		Social:      table("What|Value", line("Smoking|Never", Entry{Code: loinc(smoking, "Smoking status"), When: on(2025, 1, 1), Value: Value{Code: snomed("266919005", "Never smoked")}}), line("Work|Baker", Entry{Value: Value{Text: "Baker"}})),
		Procedures:  Part{Title: "Operations", Empty: "None on file."},
		Immunizations: table("Vaccine|Date", line("Flu|10/01/2025", Entry{Code: Code{"140", System("http://hl7.org/fhir/sid/cvx"), "Influenza"}, When: on(2025, 10, 1), Lot: "L-1"}),
			line("Tdap|refused", Entry{NotGiven: true})),
		Encounters: table("Visit|Date", line("Check-up|01/14/2026", Entry{Code: Code{"99213", System("http://www.ama-assn.org/go/cpt"), "Office visit"}, When: on(2026, 1, 14), Place: "Room 3"})),
		Plan:       table("What|When", line("Eye exam|May", Entry{When: on(2026, 5, 1)})),
	}
	return c
}

func written(t *testing.T, c CCD) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteGolden(t *testing.T) {
	for name, c := range map[string]CCD{"summary": summary(), "empty": {ID: ID{Root: "2.999.1"}, Created: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)}} {
		path, got := "testdata/"+name+".golden.xml", written(t, c)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What is written is read back: the same person, the same rows.
func TestRoundTrip(t *testing.T) {
	c := summary()
	d, err := Read("a", strings.NewReader(written(t, c)), Usual)
	if err != nil {
		t.Fatal(err)
	}
	want := c.Patient
	if diff := cmp.Diff(want, d.Patient); diff != "" {
		t.Error(diff)
	}
	if d.ID != c.ID || d.SetID != c.SetID || d.Version != 2 || d.Title != c.Title || !d.Effective.At.Equal(c.Created) || d.Custodian.Name != c.Custodian.Name || d.Authors[0].Software != "Portico" {
		t.Errorf("%+v", d)
	}
	parts := []Part{c.Allergies, c.Medications, c.Problems, c.Results, c.Vitals, c.Social, c.Procedures, c.Immunizations, c.Encounters, c.Plan}
	if len(d.Sections) != len(parts) {
		t.Fatalf("%d sections", len(d.Sections))
	}
	for i, p := range parts {
		if diff := cmp.Diff(rowsOf(p), cellsOf(d.Sections[i])); diff != "" {
			t.Errorf("%s: %s", d.Sections[i].Title, diff)
		}
		if (d.Sections[i].NullFlavor == "NI") != (len(p.Rows) == 0) {
			t.Errorf("%s: %q", d.Sections[i].Title, d.Sections[i].NullFlavor)
		}
	}
	if got := d.Sections[6]; got.Title != "Operations" || got.Text.Words() != "None on file." {
		t.Errorf("%+v", got)
	}
}

func rowsOf(p Part) [][]string {
	var out [][]string
	for _, row := range p.Rows {
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, collapse(strings.Map(func(r rune) rune {
				if r < ' ' && r != '\n' {
					return -1
				}
				return r
			}, c)))
		}
		out = append(out, cells)
	}
	return out
}

func cellsOf(s Section) [][]string {
	var out [][]string
	for _, b := range s.Text.Blocks {
		table, _ := b.(Table)
		for _, row := range table.Rows {
			var cells []string
			for _, c := range row {
				cells = append(cells, c.Words())
			}
			out = append(out, cells)
		}
	}
	return out
}

// Every reference leads to a row, no name stands twice.
func TestReferencesLeadSomewhere(t *testing.T) {
	ids, refs := map[string]bool{}, []string{}
	d := xml.NewDecoder(strings.NewReader(written(t, summary())))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := tok.(xml.StartElement)
		for _, a := range e.Attr {
			if ok && a.Name.Local == "ID" {
				if ids[a.Value] {
					t.Errorf("%s twice", a.Value)
				}
				ids[a.Value] = true
			}
			if e.Name.Local == "reference" {
				refs = append(refs, strings.TrimPrefix(a.Value, "#"))
			}
		}
	}
	for _, r := range refs {
		if !ids[r] {
			t.Errorf("%s leads nowhere", r)
		}
	}
	if len(refs) != len(ids) || len(refs) != 14 {
		t.Errorf("%d rows, %d references", len(ids), len(refs))
	}
}

// Another program's opinion, where there is one.
func TestXmllintReadsIt(t *testing.T) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not here")
	}
	cmd := exec.Command(lint, "--nonet", "--noout", "-")
	cmd.Stdin = strings.NewReader(written(t, summary()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteSaysWhenItCannot(t *testing.T) {
	if err := Write(full{}, summary()); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	c := summary()
	for range 10 {
		c.Results.Rows = append(c.Results.Rows, c.Results.Rows...)
	}
	var n bytes.Buffer
	if err := Write(&n, c); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(n.Len()))
	for b.Loop() {
		if err := Write(io.Discard, c); err != nil {
			b.Fatal(err)
		}
	}
}
