package journeys

import (
	"strings"
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A clinician marks a result that waits for review as sensitive, comments on it and
// releases it. Until then its patient learns nothing of it, not even its name;
// then they are asked first, and read both.
func TestClinicianCommentsAndReleases(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, false)
			l := lang.Lang(p.Lang)
			who := c.speaking(l)
			patient := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: true})
			c.signIn(t, patient, l, who)
			patient.Open("/results").Want(l.T("results.title")).Follow("Skin biopsy")
			patient.Want(l.T("results.held.title"))

			b := chrome.New(t, c.base, p)
			signInStaff(t, c, b, l, doctorCard(c))
			b.Open("/staff/results").Want(l.T("results.desk.title")).Says("Skin biopsy")
			path := ""
			b.Eval(`[...document.querySelectorAll("#waiting tr")].find(r => r.textContent.includes("Skin biopsy") && r.textContent.includes("`+who.Family+`")).querySelector("a").getAttribute("href")`, &path)
			b.FollowTo(path)
			b.Want("Skin biopsy").Says(l.T("results.desk.reason.after_review"))
			b.Follow(l.T("results.desk.mark.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.done.marked"))
			if patient.Open(strings.TrimPrefix(path, "/staff")).Want(l.T("results.held.title")).Shows("Skin biopsy") {
				t.Error("what is held as sensitive says what it is")
			}
			b.Follow(l.T("results.desk.comment.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.comment.empty"))
			b.Fill("text", "This mole is harmless. You need not do anything.").Choose("release", "yes").Follow(l.T("results.desk.comment.button"))
			b.Want("Skin biopsy").Says(l.T("results.desk.done.both"))
			for _, tab := range []string{"soon", "critical", "corrected", "sensitive"} {
				b.Open("/staff/results?tab=" + tab).Want(l.T("results.desk.title")).Says(l.T("results.desk.tab." + tab))
			}
			b.Open("/staff/results/rules?class=imaging").Want(l.T("results.desk.rules.title")).Choose("how", "after_hours").Fill("hours", "48").Follow(l.T("results.desk.rule.button"))
			b.Want(l.T("results.desk.rules.title")).Says(l.T("results.desk.opens.hours", 48))

			patient.Open("/results").Want(l.T("results.title")).Follow("Skin biopsy")
			patient.Want(l.T("results.gate.title")).Says(l.T("results.gate.text")).Follow(l.T("results.gate.show"))
			patient.Want("Skin biopsy").Says("Harmless mole").Says("This mole is harmless").Says("Amelia Reyes")
		})
	}
}

func doctorCard(c *clinic) int {
	for i, s := range c.cards.Staff {
		if s.Role == "clinician" {
			return i
		}
	}
	c.t.Fatal("the demo has no clinician")
	return 0
}
