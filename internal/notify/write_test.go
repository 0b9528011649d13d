package notify

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit"
)

func writerFor(t testing.TB, l lang.Lang) writer {
	return writer{l: l, clinic: clinic(t), base: &url.URL{Scheme: "https", Host: "portal.riverside.example"}}
}

// toColleagues are messages that say when something was, or will be.
var toColleagues = []Notice{
	StaffLink{Link: "/staff/setup/x", Expires: testkit.Noon}, StaffSetUp{At: testkit.Noon},
	StaffPasskey{What: "added", At: testkit.Noon}, StaffPasskey{What: "removed", At: testkit.Noon}, StaffPasskey{What: "copied", At: testkit.Noon},
}

// eachDressed runs f for every notice in every language on every channel it fits.
func eachDressed(t *testing.T, f func(t *testing.T, n Notice, l lang.Lang, r ready)) {
	t.Helper()
	all := slices.Concat(every, toColleagues)
	for _, x := range Samples {
		if x.Notice != nil {
			all = append(all, x.Notice)
		}
	}
	for i, n := range all {
		for _, l := range lang.All {
			for _, c := range []Channel{Mail, Text, Voice} {
				if !fits(n, c) {
					continue
				}
				t.Run(fmt.Sprintf("%s-%d-%s-%s", n.Kind(), i, c, l), func(t *testing.T) {
					r, err := writerFor(t, l).dress(ctx, n, c)
					if err != nil {
						t.Fatal(err)
					}
					f(t, n, l, r)
				})
			}
		}
	}
}

var (
	address = regexp.MustCompile(`[a-z]+://[^\s"<>]+`)
	cut     = regexp.MustCompile(`[ap]\.\s?m[^.a-z]`)
	torn    = regexp.MustCompile(`\d\n[ap]\.|[ap]\.\nm\.`)
	blank   = regexp.MustCompile(`\{\d\}|notify\.[a-z]+|%!`)
)

func TestEveryMessageIsWhole(t *testing.T) {
	eachDressed(t, func(t *testing.T, n Notice, l lang.Lang, r ready) {
		for name, s := range map[string]string{"subject": r.subject, "text": r.text, "html": r.html} {
			if m := blank.FindString(s); m != "" {
				t.Errorf("%s holds %q", name, m)
			}
			for _, a := range address.FindAllString(s, -1) {
				if !strings.HasPrefix(a, "https://portal.riverside.example/") {
					t.Errorf("%s leads to %s", name, a)
				}
			}
		}
		if !strings.Contains(r.text, "Riverside Family Clinic") {
			t.Error("who writes?")
		}
		if strings.Contains(r.text, "..") {
			t.Error("two full stops")
		}
		if m := torn.FindString(r.text); m != "" {
			t.Errorf("a time of day on two lines: %q", m)
		}
		if m := cut.FindString(r.text); m != "" {
			t.Errorf("a time of day without its full stop: %q", m)
		}
		if strings.Contains(r.text+r.subject, "!") {
			t.Error("an exclamation mark")
		}
	})
}

func TestEMails(t *testing.T) {
	eachDressed(t, func(t *testing.T, n Notice, l lang.Lang, r ready) {
		if r.channel != Mail {
			return
		}
		if regexp.MustCompile(`\d`).MatchString(r.subject) || r.subject == "" || len(r.subject) > 78 {
			t.Errorf("subject %q", r.subject)
		}
		if !strings.Contains(r.text, "555-010-0123") || !strings.Contains(r.html, "555-010-0123") {
			t.Error("no support phone")
		}
		if !strings.Contains(r.html, `<html lang="`+string(l)+`"`) {
			t.Error("no language")
		}
		for _, w := range []string{"<img", "<script", "<link", "<table", "url(", "@import", "javascript:"} {
			if strings.Contains(r.html, w) {
				t.Errorf("the HTML holds %s", w)
			}
		}
		if strings.Count(r.html, "display:inline-block") > 1 {
			t.Error("more than one button")
		}
		for _, p := range n.links() {
			if !strings.Contains(r.text, "https://portal.riverside.example"+string(p)+"\n") || !slices.Contains(r.links, "https://portal.riverside.example"+string(p)) {
				t.Errorf("the link %s does not stand on a line of its own", p)
			}
		}
		for line := range strings.SplitSeq(r.text, "\n") {
			if len([]rune(line)) > 78 && !strings.HasPrefix(line, "https://") {
				t.Errorf("a line of %d: %s", len(line), line)
			}
		}
		show(t, r)
	})
}

// show writes e-mails into the folder PORTICO_KEEP_MAILS, to be looked at.
func show(t *testing.T, r ready) {
	if dir := os.Getenv("PORTICO_KEEP_MAILS"); dir != "" {
		name := filepath.Join(dir, t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
		if err := os.WriteFile(name+".html", []byte(r.html), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".txt", []byte(r.subject+"\n\n"+r.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Letters of the GSM 7-bit alphabet (3GPP TS 23.038) that our texts use: with
// any other a text holds 70 characters instead of 160.
const gsm = "@£$¥èéùìòÇ\nØøÅå_ÆæßÉ !\"#%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

func segments(s string) int {
	n, one, more := len([]rune(s)), 160, 153
	for _, r := range s {
		if !strings.ContainsRune(gsm, r) {
			one, more = 70, 67
			break
		}
	}
	if n <= one {
		return 1
	}
	return (n + more - 1) / more
}

func TestTextsAreShort(t *testing.T) {
	most := map[lang.Lang]int{lang.En: 2, lang.Es: 4}
	eachDressed(t, func(t *testing.T, n Notice, l lang.Lang, r ready) {
		if r.channel != Text {
			return
		}
		if got := segments(r.text); got > most[l] {
			t.Errorf("%d parts: %s", got, r.text)
		}
		if carriesCode(n) && n.Kind() != "spoken_code" && !strings.HasSuffix(r.text, "\n@portal.riverside.example #493027") {
			t.Errorf("a phone would not offer the code: %q", r.text)
		}
	})
}

func TestCallsSayTheCodeTwiceDigitByDigit(t *testing.T) {
	eachDressed(t, func(t *testing.T, n Notice, l lang.Lang, r ready) {
		if r.channel != Voice {
			return
		}
		var said []string
		dec := xml.NewDecoder(strings.NewReader(twiml(l, r.lines)))
		for {
			tok, err := dec.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "Say" {
				if s.Attr[0].Value != voices[l] {
					t.Error("voice", s.Attr)
				}
				var words string
				if err := dec.DecodeElement(&words, &s); err != nil {
					t.Fatal(err)
				}
				said = append(said, words)
			}
		}
		if got := strings.Join(said, "|"); strings.Count(got, "4|9|3|0|2|7")+strings.Count(got, Spell(l, "MW0D")[0]) != 2 {
			t.Error(got)
		}
	})
}

func TestCallsCannotBreakOutOfTheirWords(t *testing.T) {
	got := twiml(lang.En, []line{{Text: `A & B </Say><Dial>+1900</Dial> "x"`}})
	if strings.Contains(got, "<Dial>") || strings.Count(got, "<Say") != 1 {
		t.Error(got)
	}
}

func TestHostileNamesStayText(t *testing.T) {
	w := writerFor(t, lang.En)
	w.clinic.Name = "Clinic\r\nBcc: evil@example.org <script>alert(1)</script>"
	r, err := w.dress(ctx, NewBrowser{Browser: `<img src=x onerror=alert(1)>`, NotMe: "/n"}, Mail)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.html, "<script") || strings.Contains(r.html, "<img") {
		t.Error(r.html)
	}
}

func TestPaths(t *testing.T) {
	for p, want := range map[Path]bool{
		"/": true, "/activate/x?y=1": true, "": false, "x": false, "//evil": false, "/\\evil": false, "https://evil": false,
		"/a b": false, "/a\r\nb": false, "/<b>": false, "/ñ": false, Path("/" + strings.Repeat("x", 1001)): false,
	} {
		if p.valid() != want {
			t.Errorf("%q", p)
		}
	}
}
