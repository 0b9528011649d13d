package pdf

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"portico/internal/lang"
)

var (
	when = time.Date(2026, 4, 9, 10, 30, 0, 0, time.UTC)
	body = Style{Size: 12}
	head = Style{Face: Bold, Size: 20}
)

func sample(t testing.TB) []byte {
	t.Helper()
	d := New(Meta{Title: "Vísit <1>", Author: "Riverside & Sons", Lang: "en", Created: when}, Letter)
	d.Decoration(func(p Pen) { p.Line(0, 264, 12, 264, .5, Color{}) })
	d.Para(H1, "", head, Words("First heading"))
	d.Para(P, "", body, Words(strings.Repeat("plain words run on ", 30)))
	d.Para(P, "", body, Words("Go to "), Run{Text: "portal.example.org", URL: "https://portal.example.org/a(b)"},
		Words(" or read "), Run{Text: "la página", Lang: "es"}, Words("."))
	d.In(L, "", func() {
		for _, n := range []string{"1.", "2."} {
			d.In(LI, "", func() {
				d.Para(Lbl, "", body, Words(n))
				d.Para(LBody, "", body, Words("step "+n))
			})
		}
	})
	d.Grid(Box{400, 600, 60, 60}, "A picture of nothing", "", [][]bool{{true, false}, {true, true}})
	d.In(Sect, "es", func() {
		d.NewPage()
		d.Para(H1, "", head, Words("Segundo título"))
		for range 60 {
			d.Para(P, "", body, Words("Otra línea más."))
		}
	})
	return finish(t, d)
}

func finish(t testing.TB, d *Doc) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// poppler runs one of poppler's tools on b and gives what it says.
func poppler(t testing.TB, b []byte, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip(tool + " is not installed")
	}
	name := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append(args, name)
	if tool == "pdftotext" {
		args = append(args, "-")
	}
	cmd := exec.Command(tool, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v %s", tool, err, complaints.String())
	}
	return out.String()
}

func TestSameInputSameBytes(t *testing.T) {
	if !bytes.Equal(sample(t), sample(t)) {
		t.Error("two runs differ")
	}
}

func TestTextComesOutInOrder(t *testing.T) {
	text := strings.Join(strings.Fields(poppler(t, sample(t), "pdftotext", "-raw")), " ")
	want := []string{"First heading", strings.TrimSpace(strings.Repeat("plain words run on ", 30)),
		"Go to portal.example.org or read la página.", "1. step 1. 2. step 2.", "Segundo título", "Otra línea más."}
	for _, w := range want {
		_, rest, found := strings.Cut(text, w)
		if !found {
			t.Fatalf("%q is missing or out of order in %q", w, text)
		}
		text = rest
	}
	if n := strings.Count(text, "Otra línea más."); n != 59 {
		t.Errorf("%d of 59 lines left after the first", n)
	}
}

func TestReadersSeeTheStructure(t *testing.T) {
	b := sample(t)
	info := poppler(t, b, "pdfinfo")
	for _, w := range []string{"Vísit <1>", "Riverside & Sons", "Tagged:          yes", "PDF version:     1.7"} {
		if !strings.Contains(info, w) {
			t.Errorf("pdfinfo lacks %q:\n%s", w, info)
		}
	}
	tree := poppler(t, b, "pdfinfo", "-struct-text")
	shape := regexp.MustCompile(`(?s)Document.*H1 .*First heading.*P .*plain words.*P .*Link.*portal\.example\.org.*` +
		`Span.*la página.*L .*LI.*Lbl.*1\..*LBody.*step 1\..*Figure.*Sect.*H1.*Segundo`)
	if !shape.MatchString(tree) {
		t.Errorf("structure:\n%s", tree)
	}
	s := string(b)
	for _, w := range []string{"/Lang (en)", "/Lang (es)", "/MarkInfo <</Marked true>>", "/DisplayDocTitle true",
		"<pdfuaid:part>1</pdfuaid:part>", "/Alt <FEFF0041", "/StructParents 0", "/StructParents 1", "/Tabs /S",
		"/URI (https://portal.example.org/a%28b%29)", "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Vísit &lt;1&gt;"} {
		if !strings.Contains(s, w) {
			t.Errorf("file lacks %q", w)
		}
	}
}

func TestFontsHaveEveryLetterWeWrite(t *testing.T) {
	for _, face := range []Face{Regular, Bold} {
		for _, l := range lang.All {
			for key, text := range lang.Keys(l) {
				if out, lost := Clean(face, text); lost > 0 {
					t.Errorf("%s.%s: %q", key, l, out)
				}
			}
		}
	}
	if _, lost := Clean(Mono, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-https://.?=_~%áéíóúñ¿¡"); lost > 0 {
		t.Error("the code's font lacks letters")
	}
}

func TestNamesKeepWhatTheFontHas(t *testing.T) {
	for in, want := range map[string]string{
		"José Ñúñez":           "José Ñúñez",
		"Jose\u0301":           "José",
		"Nguyễn Thị Hà":        "Nguyên Thi Hà",
		"Łukasz Żółć":          "Łukasz Żółć",
		"王":                    "?",
		"a\x00b\r\nc":          "a b  c",
		"\u202egnirts\u200b":   "gnirts",
		"bad \xff":             "bad ?",
		"O\u2011Brien\u202f12": "O-Brien\u00a012",
		"😀":                    "?",
	} {
		if got, _ := Clean(Regular, in); got != want {
			t.Errorf("%q gave %q, want %q", in, got, want)
		}
	}
}

func TestLongAddressBreaksAtASlash(t *testing.T) {
	d := New(Meta{Title: "x", Lang: "en", Created: when}, Letter)
	d.Width = 200
	url := "https://portal.example.org/activate/abcdefghijklmnopqrstuvwxyz"
	lines := d.wrap(body.As(Mono), []Run{Words(url)})
	if len(lines) < 2 || !strings.HasSuffix(lines[0][0].text, "/") {
		t.Errorf("broken as %v", lines)
	}
	all := ""
	for _, l := range lines {
		for _, p := range l {
			all += p.text
		}
	}
	if all != url {
		t.Errorf("put together again: %q", all)
	}
}

func TestOpenNeedsClose(t *testing.T) {
	d := New(Meta{Title: "x", Lang: "en", Created: when}, Letter)
	d.Open(Sect, "")
	if err := d.Write(&bytes.Buffer{}); err == nil {
		t.Error("an open element went unnoticed")
	}
}

func FuzzAnyTextIsDrawn(f *testing.F) {
	for _, s := range []string{"", "plain", "\xff\xfe", "a) Tj ET (", "王小明", "e\u0301\u0323", "\u202e", strings.Repeat("w", 500), "{nb}", "𝒜"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, face := range []Face{Regular, Bold, Mono} {
			out, _ := Clean(face, s)
			if !utf8.ValidString(out) {
				t.Fatalf("%q is not UTF-8", out)
			}
			for _, r := range out {
				if !faces[face].covers[r] && r != ' ' {
					t.Fatalf("%q holds %q, which the font lacks", out, r)
				}
			}
			if again, _ := Clean(face, out); again != out {
				t.Fatalf("cleaning twice: %q then %q", out, again)
			}
		}
		if len(s) > 2000 {
			return
		}
		d := New(Meta{Title: s, Author: s, Lang: "en", Created: when}, Letter)
		d.Para(P, "", body, Words(s), Run{Text: s, URL: s})
		b := finish(t, d)
		if _, err := takeApart(b); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFilesAndPicturesAreInside(t *testing.T) {
	d := New(Meta{Title: "x", Lang: "en", Created: when}, Letter)
	d.Para(P, "", body, Words("before"))
	img := image.NewNRGBA(image.Rect(0, 0, 2000, 100))
	d.Picture("A blood film", img, 300)
	d.Picture("A long strip", image.NewGray(image.Rect(0, 0, 10, 4000)), 300)
	d.Para(P, "", body, Words("after"))
	d.Attach("document-1.pdf", "application/pdf", "Consent (2020)", []byte("%PDF-1.7 one"))
	d.Attach("(evil)\n>>.txt", "text/plain ; x=()", "Ñ", bytes.Repeat([]byte("two"), 1000))
	b := finish(t, d)
	if list := poppler(t, b, "pdfdetach", "-list"); !strings.Contains(list, "2 embedded files") || !strings.Contains(list, "1: document-1.pdf") {
		t.Errorf("attached are %s", list)
	}
	if list := poppler(t, b, "pdfimages", "-list"); strings.Count(list, "jpeg") != 2 {
		t.Errorf("pictures are %s", list)
	}
	if text := strings.Join(strings.Fields(poppler(t, b, "pdftotext")), " "); text != "before after" {
		t.Errorf("it says %q", text)
	}
	if tree := poppler(t, b, "pdfinfo", "-struct"); strings.Count(tree, "Figure") != 2 {
		t.Errorf("structure:\n%s", tree)
	}
	if !bytes.Contains(b, []byte("/Alt "+hexText("A blood film"))) || !bytes.Contains(b, []byte("/AFRelationship /Supplement")) {
		t.Error("a picture says nothing, or a file belongs to nothing")
	}
}
