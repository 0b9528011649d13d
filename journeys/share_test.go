package journeys

import (
	"context"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/demo"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/testkit/chrome"
)

// A patient makes a link. Somebody without an account opens it in another
// browser, first with a wrong passcode. The patient sees who it was. Then they
// end the link, or its time is over; either way it opens no more.
func TestAPatientSharesByLink(t *testing.T) {
	c := open(t, false)
	for n, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}} {
		t.Run(p.String(), func(t *testing.T) { c.share(t, p, n == 0) })
	}
	for _, p := range []chrome.Person{{Lang: "es", Phone: true}, {Lang: "en"}} {
		t.Run("postgres "+p.String(), func(t *testing.T) { open(t, true).share(t, p, p.Phone) })
	}
}

func (c *clinic) share(t *testing.T, p chrome.Person, ended bool) {
	l := lang.Lang(p.Lang)
	b := chrome.New(t, c.base, p)
	who := c.speaking(l)
	c.measured(t, who)
	c.signIn(t, b, l, who)
	b.Open("/records").Want(l.T("records.title")).Follow(l.T("records.share.title"))
	c.confirm(t, b, l, who)
	b.Want(l.T("sharing.link.title")).Choose("what", "all").Choose("life", "day").Fill("passcode", "kettle7").Fill("label", "Travel").Screenshot("share-ask-" + p.String())
	b.Follow(l.T("sharing.link.button"))
	b.Want(l.T("sharing.link.ready")).Screenshot("share-ready-" + p.String())
	link := ""
	b.Eval(`document.querySelector("#share-link").textContent`, &link)
	link = strings.TrimPrefix(link, c.base)

	plain := p
	plain.NoScript = true
	chrome.New(t, c.base, plain).Open(link).Want(l.T("sharing.view.title")).Says(l.T("sharing.view.script")).Says(l.T("sharing.view.script.text")).Screenshot("share-view-" + plain.String())

	v := chrome.New(t, c.base, p)
	v.Open("/view").Want(l.T("sharing.view.title")).Says(l.T("sharing.view.nolink"))
	v.Open("/help")
	v.Open(link).Want(l.T("sharing.view.title")).Screenshot("share-view-" + p.String())
	c.openShared(t, v, l, who)

	b.Open("/records/share").Want(l.T("sharing.link.title")).Follow("Travel")
	b.Want(l.T("sharing.link.one")).Says("Dr. Okafor").Says("127.0.0.1").Screenshot("share-who-" + p.String())
	if ended {
		b.Follow(l.T("sharing.link.end"))
		b.Want(l.T("sharing.link.one")).Says(l.T("sharing.link.state.ended"))
	} else {
		c.clock.move(24 * time.Hour)
	}
	v.Reload().Want(l.T("sharing.view.title")).Fill("recipient", "Dr. Okafor").Fill("passcode", "kettle7").Click(l.T("sharing.view.button"))
	until(v, l.T("sharing.view.ended"))
	v.Screenshot("share-over-" + p.String())
	v.Faults()
	if !ended {
		again := chrome.New(t, c.base, p)
		c.signIn(t, again, l, who)
		again.Open("/records/share")
		c.confirm(t, again, l, who)
		again.Want(l.T("sharing.link.title")).Says(l.T("sharing.link.state.expired"))
	}
}

// measured takes in a value as some programs send it, and one whose last zero counts.
func (c *clinic) measured(t *testing.T, who demo.AccountCard) {
	t.Helper()
	ctx, d := context.Background(), access.NewDuty("journeys")
	id, err := c.app.Registry.Numbered(ctx, d, who.Number)
	if err != nil {
		t.Fatal(err)
	}
	b := record.Batch{Source: "measured", People: map[string]ids.Patient{"Patient/p": id}}
	for res, err := range fhir.Read("measured.json", strings.NewReader(`{"resourceType":"Bundle","type":"collection","entry":[
		{"resource":{"resourceType":"Observation","id":"o`+who.Number+`","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Oxygen tested"},"subject":{"reference":"Patient/p"},
			"effectiveDateTime":"2020-02-03","valueQuantity":{"value":97.8093921144508,"unit":"%"},"referenceRange":[{"low":{"value":95.00},"high":{"value":100.123456789}}]}},
		{"resource":{"resourceType":"Observation","id":"z`+who.Number+`","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Zero tested"},"subject":{"reference":"Patient/p"},
			"effectiveDateTime":"2020-02-03","valueQuantity":{"value":7.0,"unit":"mg"}}}]}`), fhir.ForHTTP) {
		if err != nil {
			t.Fatal(err)
		}
		b.Resources = append(b.Resources, res)
	}
	if r, err := c.app.Record.Take(ctx, d, b); err != nil || r.New != 2 {
		t.Fatalf("%+v: %v", r, err)
	}
}

// openShared opens a link that v stands before: without a word, with a wrong
// passcode, and with the right one.
func (c *clinic) openShared(t *testing.T, v *chrome.Tab, l lang.Lang, who demo.AccountCard) {
	name := v.Person.String()
	v.Click(l.T("sharing.view.button"))
	until(v, l.T("sharing.view.recipient.needed"))
	if bad := v.Attr("#passcode", "aria-describedby"); !strings.Contains(bad, "passcode-error") {
		t.Errorf("the passcode is described by %s", bad)
	}
	v.Fill("recipient", "Dr. Okafor").Fill("passcode", "kettle8")
	v.Expect() // Chromium reports the refusal as a fault
	v.Click(l.T("sharing.view.button"))
	wrong := strings.Replace(l.T("sharing.view.wrong"), "{0}", "4", 1)
	until(v, wrong)
	at := ""
	v.Eval(`document.activeElement.id + " " + document.title`, &at)
	if !strings.HasPrefix(at, "passcode "+l.T("page.error.word")) || !strings.Contains(v.Text("#passcode-error"), wrong) || v.Attr("#passcode", "aria-invalid") != "true" || v.Has("#recipient[aria-invalid]") {
		t.Errorf("after a wrong passcode the reader is at %s", at)
	}
	if bad := v.Axe(); len(bad) != 0 {
		t.Errorf("with a wrong passcode: %q", bad)
	}
	v.Screenshot("share-wrong-" + name)
	if f := v.Faults(); len(f) != 1 || !strings.Contains(f[0], "401") {
		t.Errorf("faults: %q", f)
	}
	v.Fill("passcode", "kettle7").Click(l.T("sharing.view.button"))
	until(v, strings.Replace(l.T("sharing.view.for"), "{0}", who.Given, 1))
	v.Says("97.81 %").Says("95.00").Says("100.1").Says("7.0 mg")
	if v.Shows("97.809") || v.Shows("100.12") {
		t.Error("numbers are shown as a program counted them")
	}
	v.Says(l.T("sharing.section.medications")).Says("lisinopril").Says(l.T("sharing.view.savepdf")).Screenshot("share-open-" + name)
	title := ""
	v.Eval(`document.title`, &title)
	if strings.Contains(title, who.Family) || strings.Contains(title, l.T("page.error.word")) {
		t.Errorf("the title says %s", title)
	}
	dir := t.TempDir()
	v.Downloads(dir)
	v.Click(l.T("sharing.view.savepdf"))
	copyIs(t, dir+"/health-record.pdf", "pdf", l, who)
	v.Click(l.T("sharing.view.savedata"))
	copyIs(t, dir+"/health-record.json", "sent", l, who)
	if f := v.Faults(); len(f) != 0 {
		t.Errorf("faults: %q", f)
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
