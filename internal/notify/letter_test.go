package notify

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/page"
)

func zone(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func clinic(t testing.TB) *page.Clinic {
	return &page.Clinic{
		Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Emergency: "911", Zone: zone(t),
		Hours:       map[lang.Lang]string{lang.En: "Monday to Friday, 8 a.m. to 5 p.m.", lang.Es: "Lunes a viernes, de 8 a. m. a 5 p. m."},
		NumberLabel: map[lang.Lang]string{lang.En: "Riverside number", lang.Es: "número de Riverside"},
	}
}

func letter(t testing.TB, l lang.Lang, large bool) Letter {
	return Letter{
		Clinic: clinic(t), From: []string{"400 River Road", "Springfield, IL 62704"},
		Name: "María-José Núñez O’Brien", Address: []string{"1428 Elm Street", "Apartment 7B", "Springfield, IL 62704-1234"},
		Code: "7KQ4M-W0D3B-XR1VZ", Link: "https://portal.riverside.example/activate/4mzq7w2k9c5t8r3v6x1y0abdef",
		Start: "portal.riverside.example/activate", Issued: time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC),
		Expires: time.Date(2026, 4, 1, 5, 0, 0, 0, time.UTC), Lang: l, Large: large,
	}
}

func render(t testing.TB, l Letter) []byte {
	t.Helper()
	var b bytes.Buffer
	lost, err := RenderLetter(&b, l)
	if err != nil || lost != 0 {
		t.Fatalf("%d characters lost, %v", lost, err)
	}
	return b.Bytes()
}

// read runs one of poppler's tools on a PDF.
func read(t testing.TB, b []byte, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip(tool + " is not installed")
	}
	name := filepath.Join(t.TempDir(), "letter.pdf")
	if dir := os.Getenv("PORTICO_KEEP_LETTERS"); dir != "" {
		name = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append(args, name)
	if tool == "pdftotext" {
		args = append(args, "-")
	}
	out, err := exec.Command(tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v %s", tool, err, out)
	}
	return string(out)
}

func TestLetterReadsInOrderInBothLanguages(t *testing.T) {
	for _, large := range []bool{false, true} {
		for _, l := range lang.All {
			name := string(l)
			if large {
				name += "-large"
			}
			t.Run(name, func(t *testing.T) {
				text := strings.Join(strings.Fields(read(t, render(t, letter(t, l, large)), "pdftotext", "-raw")), " ")
				order := []string{"Riverside Family Clinic", "María-José Núñez O’Brien", "1428 Elm Street"}
				for _, part := range []lang.Lang{l, map[lang.Lang]lang.Lang{lang.En: lang.Es, lang.Es: lang.En}[l]} {
					order = append(order, part.T("notify.letter.title"), "7KQ4M-W0D3B-XR1VZ",
						part.Date(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)),
						part.T("notify.letter.steps"), "1.", "portal.riverside.example/activate", "2.", part.T("notify.letter.spoken"),
						Spell(part, "7KQ4M")[0], Spell(part, "XR1VZ")[0], part.T("notify.letter.notyou"), "555-010-0123")
				}
				for _, w := range order {
					_, rest, ok := strings.Cut(text, w)
					if !ok {
						t.Fatalf("%q is missing or out of order before %q", w, text)
					}
					text = rest
				}
			})
		}
	}
}

func TestLetterIsTagged(t *testing.T) {
	b := render(t, letter(t, lang.Es, false))
	tree := read(t, b, "pdfinfo", "-struct-text")
	for _, w := range []string{"H1", "H2", "L ", "LI", "Lbl", "LBody", "Figure", "Link", "Sect"} {
		if !strings.Contains(tree, w) {
			t.Errorf("no %s in\n%s", w, tree)
		}
	}
	if info := read(t, b, "pdfinfo"); !strings.Contains(info, "Abra su cuenta") || !strings.Contains(info, "Tagged:          yes") {
		t.Error(info)
	}
}

func TestLetterTakesAPageForEachLanguage(t *testing.T) {
	for _, l := range lang.All {
		if info := read(t, render(t, letter(t, l, false)), "pdfinfo"); !strings.Contains(info, "Pages:           2") {
			t.Errorf("%s first: %s", l, info)
		}
	}
}

// Whatever the sheet does in its envelope, the window may show the name and
// the address and nothing else.
func TestWindowShowsOnlyTheAddress(t *testing.T) {
	for _, large := range []bool{false, true} {
		b := render(t, letter(t, lang.En, large))
		// The window's reach when the sheet slips by an inch sideways and half
		// an inch up: 0 to 5.4 by 2.04 to 3.63 inches, at 72 dots an inch.
		text := read(t, b, "pdftotext", "-f", "1", "-l", "1", "-r", "72", "-x", "0", "-y", "147", "-W", "389", "-H", "114")
		want := "María-José Núñez O’Brien\n1428 Elm Street\nApartment 7B\nSpringfield, IL 62704-1234"
		if got := strings.TrimSpace(text); got != want {
			t.Errorf("large %v: the window shows %q", large, got)
		}
	}
}

func TestLetterWithLongestAddressAndName(t *testing.T) {
	l := letter(t, lang.En, true)
	l.Address = []string{"c/o A very long institution name in care of someone", "Building 4", "1428 Elm Street", "Apartment 7B", "Springfield, IL 62704"}
	l.Clinic.Name = "The Saint Bartholomew Regional Center for Family Medicine and Community Health"
	render(t, l)
	l.Address = append(l.Address, "one more")
	if _, err := RenderLetter(&bytes.Buffer{}, l); err == nil {
		t.Error("six lines were taken")
	}
	l = letter(t, lang.En, false)
	l.Name = "王小明"
	if lost, err := RenderLetter(&bytes.Buffer{}, l); err != nil || lost != 3 {
		t.Errorf("%d lost, %v", lost, err)
	}
}

func TestLetterSaysUntilWhen(t *testing.T) {
	l := letter(t, lang.En, false)
	for end, want := range map[time.Time]string{
		time.Date(2026, 4, 1, 5, 0, 0, 0, time.UTC):    "Please use the code by March 31, 2026.",
		time.Date(2026, 4, 1, 4, 59, 59, 0, time.UTC):  "Please use the code by March 31, 2026.",
		time.Date(2026, 3, 31, 15, 30, 0, 0, time.UTC): "The code works until March 31, 2026, 10:30 a.m.",
	} {
		l.Expires = end
		text := strings.Join(strings.Fields(read(t, render(t, l), "pdftotext")), " ")
		if !strings.Contains(text, want) || strings.Contains(text, "..") {
			t.Errorf("%s: %s", end, text)
		}
	}
}

// The clinic's picture stands outside the window, with the clinic's name as its
// description; a picture that only screens can show is left out.
func TestLetterWithAPicture(t *testing.T) {
	l := letter(t, lang.En, false)
	plain := render(t, l)
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 300, 90))); err != nil {
		t.Fatal(err)
	}
	l.Clinic.LogoPNG = b.Bytes()
	pictured := render(t, l)
	if got, want := bytes.Count(pictured, []byte("/Figure")), bytes.Count(plain, []byte("/Figure"))+1; got != want {
		t.Errorf("%d figures, want %d", got, want)
	}
	if got, want := read(t, pictured, "pdftotext", "-layout"), read(t, plain, "pdftotext", "-layout"); got != want {
		t.Errorf("the words changed:\n%s\nbefore:\n%s", got, want)
	}
	if strings.Count(read(t, pictured, "pdftotext", "-l", "1", "-y", "0", "-H", "150", "-x", "0", "-W", "400"), l.Clinic.Name) != 1 {
		t.Error("the sender is not named once")
	}
	l.Clinic.LogoPNG = []byte("<svg/>")
	if !bytes.Equal(render(t, l), plain) {
		t.Error("something else was drawn")
	}
}

func TestSpelling(t *testing.T) {
	if got := strings.Join(Spell(lang.En, "a0z-19"), "|"); got != "A as in apple, zero, Z as in zebra|one, nine" {
		t.Error(got)
	}
	for _, l := range lang.All {
		words := strings.Split(l.T("notify.spell"), ", ")
		if len(words) != 32 {
			t.Fatalf("%s: %d words", l, len(words))
		}
		seen := map[string]bool{}
		for i, w := range words {
			if i >= 10 && w[0] != "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[i] || seen[w] {
				t.Errorf("%s: %q in place %d", l, w, i)
			}
			seen[w] = true
		}
	}
}
