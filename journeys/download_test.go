package journeys

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portico/internal/demo"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// confirm proves password and second step again on the way to a page.
func (c *clinic) confirm(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	t.Helper()
	c.clock.move(2 * time.Minute) // one code after another
	began := c.clock.Now()
	b.Want(l.T("account.confirm.title")).Fill("password", a.Password).Follow(l.T("account.confirm.button"))
	b.Want(l.T("account.step.title"))
	code := ""
	if a.Secret != "" {
		code = c.totp(t, a.Secret)
	} else {
		code = digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))
	}
	b.Fill("code", code).Follow(l.T("account.confirm.done"))
}

// A patient asks for a copy of the record in each kind of file, waits, is told of
// it, and takes it along.
func TestAPatientTakesTheRecordAlong(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			b.Open("/records").Want(l.T("records.title")).Follow(l.T("records.download.title"))
			c.confirm(t, b, l, who)
			b.Want(l.T("sharing.ask.title")).Screenshot("download-ask-" + p.String())
			b.Follow(l.T("sharing.ask.button"))
			b.Want(l.T("sharing.ask.title")).Says(l.T("sharing.ask.section.needed")).Says(l.T("sharing.ask.format.needed"))
			dir := t.TempDir()
			b.Downloads(dir)
			began := c.clock.Now()
			for format, file := range map[string]string{"pdf": "health-record.pdf", "text": "health-record.txt", "fhir": "health-record.json", "ccd": "health-record.xml"} {
				b.Open("/records/download").Want(l.T("sharing.ask.title")).Choose("section", "all").Choose("format", format).Follow(l.T("sharing.ask.button"))
				b.Want(l.T("sharing.one.title"))
				for range 60 {
					if b.Shows(l.T("sharing.one.ready")) {
						break
					}
					time.Sleep(250 * time.Millisecond)
					b.Follow(l.T("sharing.one.again"))
					b.Want(l.T("sharing.one.title"))
				}
				b.Says(l.T("sharing.one.ready")).Screenshot("download-ready-" + format + "-" + p.String())
				b.Click(l.T("sharing.one.take"))
				copyIs(t, filepath.Join(dir, file), format, l, who)
			}
			if m := c.about(t, who.Email, "notify.copy.subject", began); !strings.Contains(m.Text, "/not-me/") || strings.Contains(m.Text, who.Family) {
				t.Errorf("the notice: %s", m.Text)
			}
			b.Open("/records/download").Want(l.T("sharing.ask.title")).Says(l.T("sharing.told.partly")).Screenshot("download-list-" + p.String())
		})
	}
}

// copyIs waits for a file and looks whether it is a whole copy of somebody's record.
func copyIs(t *testing.T, path, format string, l lang.Lang, who demo.AccountCard) {
	t.Helper()
	ends := map[string]string{"pdf": "%%EOF\n", "text": l.T("sharing.end") + "\n", "fhir": "]}\n", "sent": "]}\n", "ccd": "</ClinicalDocument>\n"}
	var file []byte
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if file, _ = os.ReadFile(path); bytes.HasSuffix(file, []byte(ends[format])) {
			break
		}
	}
	if !bytes.HasSuffix(file, []byte(ends[format])) {
		t.Fatalf("no whole %s came: %d bytes", format, len(file))
	}
	if format == "pdf" {
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Log("pdftotext is not here")
			return
		}
		out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		if keep := os.Getenv("PORTICO_SHOTS"); keep != "" {
			os.WriteFile(filepath.Join(keep, "download-"+string(l)+".pdf"), file, 0o600)
		}
		file = out
	}
	if !bytes.Contains(file, []byte(who.Family)) {
		t.Errorf("%s does not say whose it is", format)
	}
	want := l.T("sharing.section.conditions")
	if format == "fhir" || format == "sent" {
		want = `"resourceType":"Condition"`
	}
	if !bytes.Contains(file, []byte(want)) {
		t.Errorf("%s has no %q", format, want)
	}
}
