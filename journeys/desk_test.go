package journeys

import (
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// signInStaff signs a staff user in.
func signInStaff(t *testing.T, c *clinic, b *chrome.Tab, l lang.Lang, n int) {
	t.Helper()
	s := c.cards.Staff[n]
	b.Open("/staff").Want(l.T("staff.signin.title")).Fill("email", s.Email).Fill("password", s.Password)
	b.Follow(l.T("staff.signin.go"))
	b.Want(l.T("staff.step.title")).Fill("code", c.totp(t, s.Secret)).Follow(l.T("staff.step.go"))
	b.Want(l.T("console.home.title"))
}

// The clerk finds a patient and hands a code over; the patient uses it.
func TestClerkHandsACodeOver(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, false)
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			signInStaff(t, c, b, l, 0)
			who := c.cards.Patients[0]
			for _, k := range c.cards.Patients {
				if k.Why == "was called Carter before" {
					who = k
				}
			}
			b.Open("/staff/patients").Want(l.T("console.patients.title")).Fill("name", "Carter Eleanor").Follow(l.T("console.patients.button"))
			b.Want(l.T("console.patients.title")).Follow(who.Family + ", " + who.Given)
			b.Want(who.Given).Follow(l.T("console.issue.button"))
			b.Want(l.T("console.issue.title")).Choose("by", "handover").Follow(l.T("console.issue.button"))
			b.Want(l.T("console.code.title")).Follow(l.T("console.code.show"))
			b.Want(l.T("console.code.title"))
			code := b.Text("#thecode")
			patient := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true})
			patient.Open("/enroll/code").Want(lang.En.T("enroll.code.title")).Fill("code", code)
			born(patient, who.Birth)
			patient.Follow(lang.En.T("enroll.continue"))
			patient.Want(lang.En.T("enroll.user.title"))
			b.Open("/staff/codes?state=opened").Want(l.T("console.codes.title")).Says(who.Given)
		})
	}
}

// The clerk decides an identity request and mails a letter.
func TestClerkApprovesARequest(t *testing.T) {
	c := open(t, false)
	l := lang.En
	b := chrome.New(t, c.base, chrome.Person{Lang: "en"})
	signInStaff(t, c, b, l, 0)
	openRequest(b, l, "Eleanor Carter")
	b.Want(l.T("console.request.title")).Says("MacDonald")
	id := ""
	b.Eval(`document.querySelector("input[name=patient]").value`, &id)
	b.Choose("patient", id).Choose("by", "letter").Follow(l.T("console.approve.button"))
	b.Want(l.T("console.code.title")).Says(l.T("console.by.letter"))
}

// Each role finds its own pages only.
func TestRolesSeeTheirPages(t *testing.T) {
	c := open(t, false)
	l := lang.Es
	admin := chrome.New(t, c.base, chrome.Person{Lang: "es"})
	signInStaff(t, c, admin, l, 2)
	admin.Open("/staff/people").Want(l.T("console.people.title"))
	auditor := chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true})
	signInStaff(t, c, auditor, l, 3)
	auditor.Open("/staff/audit").Want(l.T("console.audit.title"))
	for tab, path := range map[*chrome.Tab]string{admin: "/staff/patients", auditor: "/staff/people"} {
		tab.Expect()
		if tab.Open(path); tab.Status() != 404 {
			t.Errorf("%s answered %d", path, tab.Status())
		}
	}
}

// openRequest opens the identity request of a person. Its people are matched by a
// job, which may not have come by yet when the clinic has just opened.
func openRequest(desk *chrome.Tab, l lang.Lang, name string) {
	desk.T.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if desk.Open("/staff/requests").Want(l.T("console.requests.title")).Shows(name) || time.Now().After(end) {
			break
		}
	}
	desk.Follow(name)
}
