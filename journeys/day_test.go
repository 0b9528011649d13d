package journeys

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/registry"
	"portico/internal/testkit/chrome"
)

// find looks a patient up at the desk and opens their page.
func find(desk *chrome.Tab, l lang.Lang, given, family string) {
	desk.T.Helper()
	desk.Open("/staff/patients").Want(l.T("console.patients.title")).Fill("name", given+" "+family).Follow(l.T("console.patients.button"))
	desk.Want(l.T("console.patients.title")).Follow(family + ", " + given)
	desk.Want(given)
}

// make makes a code for the patient whose page is shown.
func (c *clinic) make(desk *chrome.Tab, l lang.Lang, by string) {
	desk.T.Helper()
	desk.Follow(l.T("console.issue.button"))
	desk.Want(l.T("console.issue.title")).Choose("by", by).Follow(l.T("console.issue.button"))
	desk.Want(l.T("console.code.title"))
}

// printed presses the button for the letter and gives the file that came.
func printed(desk *chrome.Tab, l lang.Lang) []byte {
	desk.T.Helper()
	dir := desk.T.TempDir()
	desk.Downloads(dir)
	desk.Click(l.T("console.code.letter"))
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(dir, "letter.pdf"))
		if err == nil && bytes.Contains(b, []byte("%%EOF")) {
			return b
		}
	}
	desk.T.Fatal("no letter came")
	return nil
}

// A clerk's morning with codes: each kind, a letter, another one in its place,
// one taken back, and the list in each of its states.
func TestAClerksDayWithCodes(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, false)
			l, desk := lang.Lang(p.Lang), chrome.New(t, c.base, p)
			signInStaff(t, c, desk, l, 0)
			first, second := c.someone(), c.someone()

			find(desk, l, first.Given, first.Family)
			c.make(desk, l, "letter")
			desk.Says(l.T("console.code.new.letter"))
			if pdf := printed(desk, l); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				t.Errorf("the letter begins with %q", pdf[:min(8, len(pdf))])
			}
			// The patient lost it. A second letter must wait a day; here they are.
			desk.Follow(l.T("console.code.again"))
			desk.Want(l.T("console.issue.title")).Choose("by", "large").Follow(l.T("console.issue.button"))
			desk.Want(l.T("console.issue.title")).Says(l.T("enroll.issue.often")).Choose("by", "handover").Follow(l.T("console.issue.button"))
			desk.Want(l.T("console.code.title")).Click(l.T("console.code.revoke.title")).Follow(l.T("console.code.revoke"))
			desk.Want(l.T("console.code.title")).Says(l.T("desk.done.revoked"))

			find(desk, l, second.Given, second.Family)
			began := c.clock.Now()
			c.make(desk, l, "email")
			desk.Says(l.T("console.code.new.email"))
			if desk.Shows(l.T("console.code.show")) {
				t.Error("a code that goes by e-mail can be seen at the desk")
			}
			link(t, c.about(t, second.Email, "notify.activation.subject", began))
			find(desk, l, second.Given, second.Family)
			desk.Follow(l.T("console.issue.button"))
			desk.Want(l.T("console.issue.title")).Follow(l.T("console.issue.button")) // nothing chosen
			desk.Want(l.T("console.issue.title")).Choose("by", "handover").Follow(l.T("console.issue.button"))
			desk.Want(l.T("console.code.title")).Follow(l.T("console.code.show"))
			if code := desk.Want(l.T("console.code.title")).Text("#thecode"); len(code) != 15 {
				t.Errorf("the code is shown as %q", code)
			}
			for _, state := range []string{"issued", "opened", "expiring", "suspended", "used", "expired", "superseded", "revoked"} {
				desk.Open("/staff/codes?state=" + state).Want(l.T("console.codes.title")).Screenshot("codes-" + state)
				if state == "revoked" || state == "superseded" {
					desk.Says(first.Name())
				}
			}
		})
	}
}

// A clerk's morning with requests: a call nobody answered, one more question, a
// flag and a second person, a refusal, and one that nobody touched for 30 days.
func TestAClerksDayWithRequests(t *testing.T) {
	c := open(t, false)
	l := lang.Es
	desk := chrome.New(t, c.base, chrome.Person{Lang: "es"})
	signInStaff(t, c, desk, l, 0)
	openRequest(desk, l, "Eleanor Carter")
	request := desk.Want(l.T("console.request.title")).Path()
	logCall(desk, l, "no_answer", "")
	desk.Click(l.T("console.ask.title")).Follow(l.T("console.ask.button"))
	desk.Want(l.T("console.request.title")).Says(l.T("desk.done.asked"))
	desk.Open("/staff/requests?tab=asked").Want(l.T("console.requests.title")).Follow("Eleanor Carter")
	desk.Want(l.T("console.request.title")).Click(l.T("console.flag.title")).Fill("words", "La voz era de otra persona.").Follow(l.T("console.flag.button"))
	desk.Want(l.T("console.request.title")).Says(l.T("desk.done.flagged")).Says("La voz era de otra persona.")
	approve(desk, l, "letter")
	desk.Want(l.T("console.request.title")).Says(l.T("desk.done.first"))
	approve(desk, l, "letter") // the same person cannot be the second
	desk.Want(l.T("console.request.title")).Says(l.T("enroll.second.same"))

	en := lang.En
	other := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true, NoScript: true})
	signInStaff(t, c, other, en, 1)
	other.Open("/staff/requests?tab=flagged").Want(en.T("console.requests.title")).Follow("Eleanor Carter")
	other.Want(en.T("console.request.title")).Says(en.T("console.request.second"))
	approve(other, en, "letter")
	other.Want(en.T("console.code.title")).Says(en.T("console.by.letter"))
	desk.Open(request).Want(l.T("console.request.title")).Says(l.T("console.rstate.approved"))

	openRequest(other, en, "Destiny Brown")
	other.Want(en.T("console.request.title")).Click(en.T("console.reject.title")).Follow(en.T("console.reject.button"))
	other.Want(en.T("console.request.title")).Says(en.T("enroll.reject.missing")).Choose("why", "not_proven").Follow(en.T("console.reject.button"))
	other.Want(en.T("console.request.title")).Says(en.T("desk.done.rejected"))

	c.clock.move(31 * 24 * time.Hour)
	signInStaff(t, c, desk, l, 0)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		if desk.Open("/staff/requests?tab=closed").Want(l.T("console.requests.title")); desk.Shows(l.T("console.rstate.expired")) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the request that nobody touched did not expire")
		}
	}
	for _, tab := range []string{"open", "asked", "flagged", "mine"} {
		desk.Open("/staff/requests?tab=" + tab).Want(l.T("console.requests.title")).Screenshot("requests-" + tab)
	}
}

// samples is the folder of synthetic patients, where there is one.
const samples = "../../shared/data/fhir-synthea"

// A patient of another program's export comes in, gets a letter at the desk, and
// opens an account with it.
func TestLetterForAnImportedPatient(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "*Fonseca*"))
	if err != nil || len(files) == 0 {
		t.Skip("no sample patients here")
	}
	c := open(t, false)
	d := access.NewDuty("journeys")
	r, err := c.app.Registry.ImportFHIR(context.Background(), d, files, registry.Options{}, nil)
	if err != nil || r.New == 0 {
		t.Fatalf("%d new: %v", r.New, err)
	}
	l, desk := lang.Es, chrome.New(t, c.base, chrome.Person{Lang: "es", NoScript: true})
	signInStaff(t, c, desk, l, 0)
	find(desk, l, "Agustín", "Fonseca")
	c.make(desk, l, "letter")
	desk.Follow(l.T("console.code.show"))
	code := desk.Want(l.T("console.code.title")).Text("#thecode")
	if pdf := printed(desk, l); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Error("the letter is no PDF")
	}
	b := chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true})
	try(b, l, code, "1994-02-01")
	c.choose(b, l, "carta.sintetica", "puente largo 64 nube")
	b.Want(hello(l, "Agustín"))
}
