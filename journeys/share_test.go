package journeys

import (
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A patient makes a link. Somebody without an account opens it in another
// browser, first with a wrong passcode. The patient sees who it was and ends the
// link, which then opens no more.
func TestAPatientSharesByLink(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			b.Open("/records").Want(l.T("records.title")).Follow(l.T("records.share.title"))
			c.confirm(t, b, l, who)
			b.Want(l.T("sharing.link.title")).Choose("what", "all").Choose("life", "day").Fill("passcode", "kettle7").Fill("label", "Travel").Screenshot("share-ask-" + p.String())
			b.Follow(l.T("sharing.link.button"))
			b.Want(l.T("sharing.link.ready")).Screenshot("share-ready-" + p.String())
			link := ""
			b.Eval(`document.querySelector("#share-link").textContent`, &link)

			v := chrome.New(t, c.base, p)
			v.Open("/view").Want(l.T("sharing.view.title")).Says(l.T("sharing.view.nolink"))
			v.Open("/help")
			v.Open(strings.TrimPrefix(link, c.base)).Want(l.T("sharing.view.title")).Screenshot("share-view-" + p.String())
			v.Fill("recipient", "Dr. Okafor").Fill("passcode", "kettle8")
			v.Expect() // Chromium reports the refusal as a fault
			v.Click(l.T("sharing.view.button"))
			until(v, strings.Replace(l.T("sharing.view.wrong"), "{0}", "4", 1))
			if f := v.Faults(); len(f) != 1 || !strings.Contains(f[0], "401") {
				t.Errorf("faults: %q", f)
			}
			v.Fill("passcode", "kettle7").Click(l.T("sharing.view.button"))
			until(v, strings.Replace(l.T("sharing.view.for"), "{0}", who.Given, 1))
			v.Says(l.T("sharing.section.medications")).Says("lisinopril").Says(l.T("sharing.view.savepdf")).Screenshot("share-open-" + p.String())
			title := ""
			v.Eval(`document.title`, &title)
			if strings.Contains(title, who.Family) {
				t.Errorf("the title says whose it is: %s", title)
			}
			dir := t.TempDir()
			v.Downloads(dir)
			v.Click(l.T("sharing.view.savepdf"))
			copyIs(t, dir+"/health-record.pdf", "pdf", l, who)
			if f := v.Faults(); len(f) != 0 {
				t.Errorf("faults: %q", f)
			}

			b.Open("/records/share").Want(l.T("sharing.link.title")).Follow("Travel")
			b.Want(l.T("sharing.link.one")).Says("Dr. Okafor").Says("127.0.0.1").Screenshot("share-who-" + p.String())
			b.Follow(l.T("sharing.link.end"))
			b.Want(l.T("sharing.link.one")).Says(l.T("sharing.link.state.ended"))
			v.Reload().Want(l.T("sharing.view.title")).Fill("recipient", "Dr. Okafor").Fill("passcode", "kettle7").Click(l.T("sharing.view.button"))
			until(v, l.T("sharing.view.ended"))
			v.Faults()
		})
	}
}

// until waits until the page says something.
func until(b *chrome.Tab, words string) {
	b.T.Helper()
	for range 80 {
		if b.Shows(words) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Says(words)
}
