package sharing

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/testkit"
)

// read gives the words of a copy; of a PDF what pdftotext finds.
func (r *rig) read(f Format, file string) string {
	r.t.Helper()
	if f != PDF {
		return file
	}
	path := filepath.Join(r.t.TempDir(), "copy.pdf")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		r.t.Skip("pdftotext is not here")
	}
	out, err := exec.Command("pdftotext", "-raw", path, "-").Output()
	if err != nil {
		r.t.Fatal(err)
	}
	return string(out)
}

func TestThePDFReadsInOrder(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.4"), condition("2", "a", "Type 2 diabetes", "2019-03"))
		for l, want := range map[lang.Lang][]string{
			lang.En: {"Health record", "Name: Ana María Ruizana", "Date of birth: May 4, 1970", "Riverside Family Clinic, 555-010-0123", "All days", "Page 1",
				"Test results", "Date Test Result Range Note", "Average blood sugar (A1c)", "Hemoglobin", "6.4%", "4.0 to 5.6", "High", "Health conditions", "Type 2 diabetes", "March 2019", "This is the end of the record."},
			lang.Es: {"Expediente médico", "Nombre: Ana María Ruizana", "Resultados de pruebas", "Fecha Prueba Resultado Rango Nota", "6.4%", "4.0 a 5.6", "Problemas de salud", "marzo de 2019", "Aquí termina el expediente."},
		} {
			o := whole(PDF)
			o.Lang = l
			file := r.write(o)
			if !strings.Contains(file, "/Lang ("+string(l)+")") {
				t.Errorf("%s: the language is not said", l)
			}
			text := strings.Join(strings.Fields(r.read(PDF, file)), " ")
			at := 0
			for _, w := range want {
				if w == "Page 1" {
					continue // the foot: decoration, drawn last
				}
				n := strings.Index(text[at:], w)
				if n < 0 {
					t.Fatalf("%s: no %q after %q in\n%s", l, w, text[:at], text)
				}
				at += n
			}
		}
	})
}

// The copies of real charts have the sections that were chosen, in the order of
// the page that offers them.
func TestTheSectionsOfRealChartsComeInOrder(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not here")
	}
	for _, c := range []struct {
		name   string
		l      lang.Lang
		chosen []record.Section
	}{
		{"fhir-synthea/Elvina_Lemke_f2a4f241-ad65-4a1b-8b54-b5717a2338b6.json.gz", lang.En, record.Sections},
		{"fhir-synthea/Elvina_Lemke_f2a4f241-ad65-4a1b-8b54-b5717a2338b6.json.gz", lang.Es, []record.Section{record.Family, record.Medications, record.Insurance, record.Results}},
		{"fhir-uscore/uscore_bundle_patient_85.json", lang.Es, record.Sections},
	} {
		t.Run(c.name[:8]+string(c.l), func(t *testing.T) {
			db, clock := testkit.SQLite(t)
			r := newRig(t, db, clock)
			r.sample(filepath.Join("../../../shared/data", c.name))
			o := whole(PDF)
			o.Lang, o.Sections = c.l, c.chosen
			var want []string
			for _, s := range record.Sections {
				if slices.Contains(c.chosen, s) {
					want = append(want, words{l: o.Lang}.section(s))
				}
			}
			r.inOrder(r.write(o), want)
		})
	}
}

// inOrder wants each heading as a line of its own below the one before.
func (r *rig) inOrder(file string, want []string) {
	r.t.Helper()
	lines := strings.Split(strings.ReplaceAll(r.read(PDF, file), "\f", "\n"), "\n") // a page begins with \f
	for _, w := range want {
		n := slices.Index(lines, w)
		if n < 0 {
			r.t.Fatalf("no %q where it should be among %q", w, want)
		}
		lines = lines[n+1:]
	}
}

func TestTheTablesOfThePDFAreTagged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var many []string
		for i := range 200 {
			many = append(many, a1c(fmt.Sprint(i), "a", fmt.Sprintf("%d.5", i)))
		}
		r.take(many...)
		o := whole(PDF)
		o.Sections = []record.Section{record.Results}
		file := []byte(r.write(o))
		for tag, want := range map[string]int{"Table": 1, "THead": 1, "TBody": 1, "TR": 201, "TH": 5, "TD": 1000, "H1": 1, "H2": 1} {
			if n := bytes.Count(file, []byte("/S /"+tag+" ")); n != want {
				t.Errorf("%d %s, want %d", n, tag, want)
			}
		}
		if n := bytes.Count(file, []byte("/Scope /Column")); n != 5 {
			t.Errorf("%d heads of columns", n)
		}
		pages := bytes.Count(file, []byte("/Type /Page\n"))
		if heads := strings.Count(r.read(PDF, string(file)), "Date Test Result Range Note"); pages < 5 || heads < pages-1 {
			t.Errorf("%d pages, %d heads", pages, heads)
		}
	})
}
