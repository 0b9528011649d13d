package journeys

import (
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A patient books a visit, gives it another time and cancels it; the clerk sees it in
// the week.
func TestAPatientBooksMovesAndCancels(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			b.Open("/visits").Want(l.T("scheduling.title")).Follow(l.T("scheduling.book"))
			kind := map[lang.Lang]string{lang.En: "Vaccine", lang.Es: "Vacuna"}[l]
			b.Want(l.T("scheduling.new.title")).Follow(kind)
			b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
			b.Want(l.T("scheduling.time.title", kind)).Follow(firstTime(b))
			b.Want(l.T("scheduling.confirm.title")).Fill("reason", "Flu").Follow(l.T("scheduling.confirm.button"))
			b.Want(kind).Says("Grace Mbeki").Follow(l.T("scheduling.move"))
			b.Want(l.T("scheduling.move.title")).Follow(l.T("scheduling.time.more"))
			b.Want(l.T("scheduling.move.title")).Follow(firstTime(b))
			b.Want(kind)

			desk := chrome.New(t, c.base, chrome.Person{Lang: p.Lang})
			signInStaff(t, c, desk, l, 1)
			day := ""
			b.Eval(`location.pathname`, &day)
			desk.Open("/staff/schedule/visits/" + day[len("/visits/"):]).Says(who.Family).Says("Flu")
			desk.Open("/staff/schedule").Want(desk.Heading())

			b.Follow(l.T("scheduling.cancel"))
			b.Want(l.T("scheduling.cancel.title")).Follow(l.T("scheduling.cancel.button"))
			b.Open("/visits").Want(l.T("scheduling.title")).Says(l.T("scheduling.state.cancelled"))
		})
	}
}

// firstTime gives the words on the button of the first time offered.
func firstTime(b *chrome.Tab) (words string) {
	b.Eval(`document.querySelector("main button[name=time]").textContent.trim()`, &words)
	return words
}
