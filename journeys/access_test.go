package journeys

import (
	"strings"
	"testing"

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
		})
	}
}
