package journeys

import (
	"testing"
	"time"

	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// What becomes of codes that do not work: each lived by who holds one.
func TestCodesThatDoNotWork(t *testing.T) {
	c := open(t, false)
	t.Run("expired", func(t *testing.T) { c.expired(t) })
	t.Run("superseded", func(t *testing.T) { c.superseded(t) })
	t.Run("suspended and revoked", func(t *testing.T) { c.suspendedAndRevoked(t) })
	t.Run("reused", func(t *testing.T) { c.reused(t) })
}

// A letter was left lying for 22 days. The page says so, to who knows code and
// birth date, and sends a new code to the e-mail on file.
func (c *clinic) expired(t *testing.T) {
	l, who := lang.Es, c.someone()
	old := c.issue(who, enroll.ByLetter)
	c.clock.move(22 * 24 * time.Hour)
	b := chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true})
	try(b, l, old.Text, "1999-01-02")
	b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
	try(b, l, old.Text, who.Birth)
	b.Want(l.T("enroll.expired.title"))
	asked := c.clock.Now()
	b.Follow(l.T("enroll.expired.button"))
	b.Want(l.T("enroll.anew.title"))
	path := link(t, c.about(t, who.Email, "notify.activation.subject", asked))
	try(b, l, old.Text, who.Birth) // the old one opens nothing, now as before
	b.Want(l.T("enroll.expired.title"))
	b.Open(path).Want(l.T("enroll.link.title"))
	born(b, who.Birth)
	b.Follow(l.T("enroll.continue"))
	c.choose(b, l, "carta.olvidada", "linterna verde 93 mesa")
}

// The clinic printed another letter: only the newer code works.
func (c *clinic) superseded(t *testing.T) {
	l, who := lang.En, c.someone()
	old := c.issue(who, enroll.ByHand)
	newer := c.issue(who, enroll.ByLetter)
	b := chrome.New(t, c.base, chrome.Person{Lang: "en", NoScript: true})
	try(b, l, old.Text, who.Birth)
	b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
	// As people type: small letters, no hyphens.
	try(b, l, newer.Text, who.Birth)
	b.Want(l.T("enroll.user.title"))
}

// Five wrong birth dates suspend a code; the desk sees it and makes another,
// takes that one back too, and it is worth nothing.
func (c *clinic) suspendedAndRevoked(t *testing.T) {
	l, who := lang.En, c.someone()
	code := c.issue(who, enroll.ByLetter)
	b := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true, NoScript: true})
	for _, birth := range []string{"1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04", "1970-01-05"} {
		try(b, l, code.Text, birth)
		b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
	}
	try(b, l, code.Text, who.Birth)
	b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))

	es := lang.Es
	desk := chrome.New(t, c.base, chrome.Person{Lang: "es"})
	signInStaff(t, c, desk, es, 0)
	desk.Says(es.T("desk.home.suspended"))
	desk.Open("/staff/codes?state=suspended").Want(es.T("console.codes.title")).Says(who.Name())
	desk.Says(es.T("console.codes.tries.n", 5)).Follow(who.Name())
	desk.Want(who.Name()).Says(es.T("console.state.suspended")).Follow(es.T("console.issue.button"))
	desk.Want(es.T("console.issue.title")).Choose("by", "handover").Follow(es.T("console.issue.button"))
	desk.Want(es.T("console.code.title")).Follow(es.T("console.code.show"))
	another := desk.Want(es.T("console.code.title")).Text("#thecode")
	desk.Click(es.T("console.code.revoke.title")).Follow(es.T("console.code.revoke"))
	desk.Want(es.T("console.code.title")).Says(es.T("desk.done.revoked")).Says(es.T("console.state.revoked"))
	try(b, l, another, who.Birth)
	b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
}

// Somebody found the letter in the waste paper after the account was open: they
// get nowhere, and the owner hears of it, says "this was not me", and the desk
// closes the account for good.
func (c *clinic) reused(t *testing.T) {
	l, who := lang.En, c.someone()
	code := c.issue(who, enroll.ByLetter)
	owner := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true})
	try(owner, l, code.Text, who.Birth)
	c.choose(owner, l, "waste.paper", "orchard kettle seven 42")
	c.clock.move(time.Minute)
	began := c.clock.Now()
	finder := chrome.New(t, c.base, chrome.Person{Lang: "es", NoScript: true})
	try(finder, lang.Es, code.Text, who.Birth)
	finder.Want(lang.Es.T("enroll.code.title")).Says(lang.Es.T("enroll.code.wrong"))
	c.disown(t, owner, link(t, c.about(t, who.Email, "notify.reused.subject", began)))
	c.settle(t, chrome.Person{Lang: "es", Phone: true, NoScript: true}, demo.PersonCard{Name: who.Name(), Phone: who.Phone}, "closed")
	owner.Open("/signin").Want(l.T("account.signin.title")).Fill("username", "waste.paper").Fill("password", "orchard kettle seven 42")
	owner.Follow(l.T("account.signin.button"))
	owner.Want(l.T("account.signin.title")).Says(l.T("account.signin.wrong"))
}
