package sharing

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/ccda"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/testkit"
)

// noteWith is a document of ana with files: pairs of a type and bytes.
func noteWith(id, title, day string, files ...string) string {
	var content []string
	for i := 0; i < len(files); i += 2 {
		content = append(content, fmt.Sprintf(`{"attachment":{"contentType":%q,"title":"File of %s","data":%q}}`, files[i], id, base64.StdEncoding.EncodeToString([]byte(files[i+1]))))
	}
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"status":"current","type":{"text":%q},"subject":{"reference":"Patient/a"},"date":"%sT12:00:00Z","content":[%s]}`,
		id, title, day, strings.Join(content, ","))
}

func onePicture() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 40, 20))); err != nil {
		panic(err)
	}
	return b.String()
}

const clinical = `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<id root="1.2.3"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Visit summary</title><effectiveTime value="20260105"/>
<recordTarget><patientRole><id root="1.2.4" extension="1"/><patient><name><given>Ana</given><family>Ruiz</family></name><birthTime value="19700504"/></patient></patientRole></recordTarget>
<component><structuredBody><component><section><title>Plan of care</title><text><paragraph>Walk each day.</paragraph>
<table><thead><tr><th>Medicine</th><th>Dose</th></tr></thead><tbody><tr><td>Metformin</td><td>500 mg</td></tr></tbody></table>
<list><item>Drink water</item></list></text></section></component></structuredBody></component></ClinicalDocument>`

// takeNotes takes in one document of each kind, newest first as they are shown.
func (r *rig) takeNotes() {
	r.takeOf(ana,
		noteWith("n1", "Progress note", "2026-01-09", "text/plain; charset=iso-8859-1", "Assessment\r\n\r\nD\xedabetes is better.\n\tKeep on."),
		noteWith("n2", "Letter", "2026-01-08", "text/html", `<html><head><title>no</title><script>alert("canary")</script></head><body onload="x()"><h1>Dear Ana</h1><p>Your <b>test</b>
			is fine.<br>Come back.</p><table><tr><td>Dose</td><td>5 mg</td></tr></table><style>canary</style></body></html>`),
		noteWith("n3", "Summary", "2026-01-07", "application/xml", clinical),
		noteWith("n4", "Scan", "2026-01-06", "application/pdf", "%PDF-1.4 canary", "image/png", onePicture(), "application/zip", "PK\x03\x04canary"),
		`{"resourceType":"DiagnosticReport","id":"r1","status":"final","category":[{"coding":[{"code":"RAD"}]}],"code":{"text":"Chest X-ray"},"subject":{"reference":"Patient/a"},
			"effectiveDateTime":"2026-01-05","conclusion":"No sign of\npneumonia."}`)
}

var inOrder = []string{"Chest X-ray, January 5, 2026", "No sign of", "pneumonia.", "Progress note, January 9, 2026", "Assessment", "Díabetes is better.", "Keep on.",
	"Letter, January 8, 2026", "Dear Ana", "Your test is fine.", "Come back.", "Dose | 5 mg",
	"Summary, January 7, 2026", "Plan of care", "Walk each day.", "Medicine: Metformin; Dose: 500 mg", "- Drink water", "Scan, January 6, 2026"}

func TestACopySaysWhatNotesSay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.takeNotes()
		for f, last := range map[Format][]string{
			Text: {"File that is not shown here: File of n4 (PDF, 1 KB). The patient finds it at", "https://portal.example/records/item/fhr-", "File of n4 (PNG", "(another kind of file, 1 KB)"},
			PDF:  {"File of n4 (PDF, 1 KB) is attached to this PDF as document-1.pdf.", "Picture: File of n4 (PNG", "(another kind of file, 1 KB)"},
		} {
			file := r.write(whole(f))
			text := strings.Join(strings.Fields(r.read(f, file)), " ")
			_, rest, _ := strings.Cut(text, "Test results") // past the first page
			for _, w := range append(slices.Clone(inOrder), last...) {
				_, after, found := strings.Cut(rest, w)
				if !found {
					t.Fatalf("%s: %q is missing or out of order in %q", f, w, text)
				}
				rest = after
			}
			if strings.Contains(text, "canary") {
				t.Errorf("%s: what is no text is shown", f)
			}
		}
	})
}

func TestFilesAreInsideThePDF(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	r.takeNotes()
	if _, err := exec.LookPath("pdfdetach"); err != nil {
		t.Skip("pdfdetach is not here")
	}
	list := func(o Order) (string, string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "copy.pdf")
		if err := os.WriteFile(path, []byte(r.write(o)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("pdfdetach", "-saveall", "-o", dir, path).CombinedOutput()
		if err != nil {
			t.Fatal(err, string(out))
		}
		saved, _ := os.ReadFile(filepath.Join(dir, "document-1.pdf"))
		all, _ := filepath.Glob(filepath.Join(dir, "document-*"))
		return string(saved), fmt.Sprint(len(all))
	}
	if saved, n := list(whole(PDF)); saved != "%PDF-1.4 canary" || n != "1" {
		t.Errorf("%s files, saved %q", n, saved)
	}
	bare := whole(PDF)
	bare.Bare = true
	if _, n := list(bare); n != "0" {
		t.Errorf("a bare copy has %s files", n)
	}
}

func TestALongTextIsCutAndItsFileNamed(t *testing.T) {
	p := paper{}
	w := words{lang.En, time.UTC}
	f := record.File{Type: "text/plain", Data: []byte(strings.Repeat("é", mostWords))}
	p.add(w, enclosed{File: f})
	if len(p.Texts) != 1 || len(p.Texts[0]) > mostWords || len(p.Files) != 1 {
		t.Errorf("%d texts, %d files", len(p.Texts), len(p.Files))
	}
	huge := enclosed{File: record.File{Type: "image/png", Data: []byte(onePicture())}}
	copy(huge.Data[16:], "\x00\x01\x00\x00\x00\x01\x00\x00") // claims 65,536 by 65,536 dots
	if _, err := huge.picture(); err == nil {
		t.Error("a picture of four thousand million dots is decoded")
	}
}

// A section that cannot be read is named in each kind of copy, on both databases.
func TestEachKindOfCopyNamesWhatIsMissing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("1", "a", "6.4"), condition("2", "a", "Type 2 diabetes", "2019"))
		// No row has such a time; neither database's driver reads it.
		r.mark(`changed_at = 'infinity' WHERE section = 'results'`)
		for _, f := range Formats {
			var b bytes.Buffer
			gaps, err := r.Write(ctx, duty.For(ana), whole(f), &b, nil)
			if err != nil || !slices.Contains(gaps, Gap{record.Results, Broken}) {
				t.Errorf("%s: %v %v", f, gaps, err)
				continue
			}
			text := strings.Join(strings.Fields(r.read(f, b.String())), " ")
			if !strings.Contains(text, "could not be read and are missing: Test results.") || !strings.Contains(text, "Type 2 diabetes") || strings.Contains(text, "6.4%") {
				t.Errorf("%s: %s", f, text)
			}
		}
	})
}

// Everything that stands in a list is in the bundle, and what a CCD has a place
// for in the CCD: with its title, and coded where its narrative shows it.
func TestCopiesForMachinesAreComplete(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	r.largest()
	o := whole(FHIR)
	o.Sensitive = true
	bundle := entries(t, r.write(o))
	o.Format = CCD
	text := r.write(o)
	d, err := ccda.Read("copy.xml", strings.NewReader(text), ccda.Limits{Bytes: 1 << 30, Depth: ccda.Usual.Depth, Elements: 1 << 24})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, s := range d.Sections {
		said[s.Title] = ccda.Cell{Blocks: s.Text.Blocks}.Words()
	}
	w := words{lang.En, r.zone()}
	rows := 0
	for _, section := range record.Sections {
		list, err := r.rows(ctx, duty.For(ana), o.Selection, section)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list {
			rows++
			if bundle[row.Kind+"/"+string(row.ID)] == nil {
				t.Errorf("%s %s is not in the bundle", row.Kind, row.ID)
			}
			if slices.Contains(ccdSections, section) && !strings.Contains(said[w.section(section)], strings.Join(strings.Fields(row.Title), " ")) {
				t.Errorf("%s: %q is not in the CCD", section, row.Title)
			}
		}
	}
	if n := r.count(`SELECT COUNT(*) FROM record_row WHERE patient_id = $1 AND NOT gone`, string(ana)); n != rows {
		t.Errorf("%d of %d rows were looked at", rows, n)
	}
	t.Logf("%d rows, %d entries, %d sections", rows, len(bundle), len(d.Sections))
}
