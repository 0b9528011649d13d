package journeys

import (
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A patient looks around, a clerk opens the patient's page, and the patient reads
// who it was, alone and among everything else.
func TestAPatientSeesWhoLooked(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}, {Lang: "es", Phone: true}, {Lang: "en"}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			b.Open("/records").Want(l.T("records.title"))

			desk := chrome.New(t, c.base, chrome.Person{Lang: "en"})
			signInStaff(t, c, desk, lang.En, 0)
			desk.Open("/staff/patients").Want(lang.En.T("console.patients.title")).Fill("name", who.Given+" "+who.Family).Follow(lang.En.T("console.patients.button"))
			desk.Follow(who.Family + ", " + who.Given).Want(who.Given)

			b.Open("/records").Follow(l.T("trail.title"))
			role := strings.ToLower(l.T("console.role.front_desk"))
			b.Want(l.T("trail.title")).Says(role).Says(l.T("trail.did.patient.seen")).Says(l.T("trail.guard.title"))
			b.Open("/records/access").Want(l.T("trail.title"))
			b.Click(l.T("trail.filter")).Choose("people", "clinic").Follow(l.T("trail.filter.button"))
			b.Want(l.T("trail.title")).Says(role)
			if b.Shows(l.T("trail.who.me")) && b.Count("table .tag") != b.Count("table tbody tr") {
				t.Error("the clinic's lines are not alone")
			}
			if l == lang.En == p.Phone { // one of each language, phone and desktop
				c.asked(t, p, who.Number)
			}
		})
	}
}

// asked is an auditor who is asked who looked at a patient's record: the question by
// the patient's number, the clerk's name in the answer, and the list to take along,
// for which they prove anew who they are and come back to the question.
func (c *clinic) asked(t *testing.T, p chrome.Person, number string) {
	t.Helper()
	l := lang.Lang(p.Lang)
	b := chrome.New(t, c.base, p)
	c.clock.move(31 * time.Second)
	signInStaff(t, c, b, l, 3)
	b.Open("/staff/audit").Want(l.T("console.audit.title")).Fill("whom", "RV-000000").Follow(l.T("page.filter"))
	b.Want(l.T("console.audit.title")).Says(l.T("trail.bad.whom")).Fill("whom", number).Follow(l.T("page.filter"))
	b.Want(l.T("console.audit.title")).Says(c.cards.Staff[0].Name).Says(l.T("desk.action.patient.seen"))
	found := b.Count("table tbody tr")
	b.Follow(l.T("console.audit.csv"))
	c.clock.move(31 * time.Second)
	b.Want(l.T("staff.confirm.title")).Fill("code", c.totp(t, c.cards.Staff[3].Secret)).Follow(l.T("staff.confirm.go"))
	b.Want(l.T("console.audit.title")).Says(c.cards.Staff[0].Name)
	if b.Count("table tbody tr") < found {
		t.Errorf("%d lines, were %d: the question is lost", b.Count("table tbody tr"), found)
	}
}
