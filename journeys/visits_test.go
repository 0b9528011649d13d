package journeys

import (
	"testing"
	"time"

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

// Two patients wait for an earlier time and are asked about the same one: one has it,
// the other is told and keeps the visit there was.
func TestTheWaitingListHasOneWinner(t *testing.T) {
	c := open(t, false)
	en, es := chrome.New(t, c.base, chrome.Person{Lang: "en", NoScript: true}), chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true})
	c.waits(t, en, lang.En)
	c.waits(t, es, lang.Es)
	wish := map[*chrome.Tab]string{en: en.Path(), es: es.Path()}
	offered(en, lang.En, wish[en])
	offered(es, lang.Es, wish[es])
	en.Follow(lang.En.T("waiting.take"))
	en.Want("Vaccine").Says(lang.En.T("scheduling.done.booked"))
	es.Follow(lang.Es.T("waiting.take"))
	es.Want(lang.Es.T("waiting.earlier.of", "Vacuna")).Says(lang.Es.T("waiting.why.gone"))
	es.Open("/visits").Want(lang.Es.T("scheduling.title")).Says("Grace Mbeki") // the visit there was
}

// waits books a visit some days ahead and asks for an earlier time.
func (c *clinic) waits(t *testing.T, b *chrome.Tab, l lang.Lang) {
	kind := map[lang.Lang]string{lang.En: "Vaccine", lang.Es: "Vacuna"}[l]
	c.signIn(t, b, l, c.speaking(l))
	b.Open("/visits/new").Want(l.T("scheduling.new.title")).Follow(kind)
	b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
	b.Want(l.T("scheduling.time.title", kind)).Follow(l.T("scheduling.time.more"))
	b.Want(l.T("scheduling.time.title", kind)).Follow(firstTime(b))
	b.Want(l.T("scheduling.confirm.title")).Follow(l.T("scheduling.confirm.button"))
	b.Want(kind).Follow(l.T("scheduling.earlier"))
	b.Want(l.T("waiting.earlier.title", kind)).Follow(l.T("waiting.earlier.button"))
	b.Want(l.T("waiting.earlier.of", kind)).Says(l.T("waiting.done.earlier"))
}

// offered waits until a time is offered.
func offered(b *chrome.Tab, l lang.Lang, wish string) {
	b.T.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if b.Open(wish).Shows(l.T("waiting.take")) {
			b.Want(b.Heading())
			return
		}
	}
	b.T.Fatal("nothing is offered")
}
