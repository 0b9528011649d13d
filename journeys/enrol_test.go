package journeys

import (
	"fmt"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A patient with a letter opens an account, signs out, and signs in again.
func TestPaperCode(t *testing.T) {
	each(t, func(t *testing.T, c *clinic, b *chrome.Tab, l lang.Lang, n int) {
		card := c.cards.Codes[2+n]
		b.Open("/signin").Want(l.T("account.signin.title")).Follow(l.T("account.signin.create"))
		b.Open("/enroll/code").Want(l.T("enroll.code.title"))
		// A wrong birth date first: the sentence is there, and what was typed.
		b.Fill("code", card.Code)
		born(b, "1999-01-02")
		b.Follow(l.T("enroll.continue"))
		b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
		born(b, card.Birth)
		b.Follow(l.T("enroll.continue"))
		name, password := fmt.Sprintf("paper.person%d", n), "orchard kettle seven 42"
		key := c.choose(b, l, name, password)
		if got := b.Cookies(); got["__Host-session"] == "" || got["__Host-enrol"] != "" {
			t.Errorf("cookies after opening: %v", keys(got))
		}
		b.Follow(l.T("page.signout"))
		b.Want(l.T("account.signin.title"))
		// The code is used up.
		b.Open("/enroll/code").Want(l.T("enroll.code.title")).Fill("code", card.Code)
		born(b, card.Birth)
		b.Follow(l.T("enroll.continue"))
		b.Want(l.T("enroll.code.title")).Says(l.T("enroll.code.wrong"))
		b.Open("/signin").Want(l.T("account.signin.title")).Fill("username", name).Fill("password", password)
		b.Follow(l.T("account.signin.button"))
		b.Want(l.T("account.step.title")).Fill("code", c.totp(t, key)).Follow(l.T("account.step.button"))
		if b.Path() != "/home" {
			t.Fatalf("signing in led to %s", b.Path())
		}
	})
}

func keys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}

// Somebody who knows only their number gets a code at the contact on file; a
// stranger with a wrong birth date sees the same page and gets nothing.
func TestNumberAndBirthDate(t *testing.T) { open(t, false).byNumber(t, chrome.Person{Lang: "es"}) }

// The link in an e-mail opens the form as often as a mail scanner likes.
func TestEmailedLink(t *testing.T) {
	open(t, false).byLink(t, chrome.Person{Lang: "es", Phone: true, NoScript: true})
}

// The same on PostgreSQL, in the other language and on the other device, and a
// request that staff decide, from the form to the account.
func TestWaysInOnPostgres(t *testing.T) {
	c := open(t, true)
	t.Run("number", func(t *testing.T) { c.byNumber(t, chrome.Person{Lang: "en", Phone: true, NoScript: true}) })
	t.Run("link", func(t *testing.T) { c.byLink(t, chrome.Person{Lang: "en"}) })
	t.Run("request", func(t *testing.T) {
		c.byRequest(t, chrome.Person{Lang: "en", Phone: true, NoScript: true}, chrome.Person{Lang: "es"})
	})
}

func (c *clinic) byNumber(t *testing.T, p chrome.Person) {
	var who = c.cards.Patients[0]
	for _, p := range c.cards.Patients {
		if p.Why == "knows only the number" {
			who = p
		}
	}
	l, stranger, b := lang.Lang(p.Lang), chrome.New(t, c.base, p), chrome.New(t, c.base, p)
	began := c.clock.Now()
	for tab, date := range map[*chrome.Tab]string{stranger: "1970-01-01", b: who.Birth} {
		tab.Open("/enroll/number").Want(l.T("enroll.number.title")).Fill("number", who.Number)
		born(tab, date)
		tab.Follow(l.T("enroll.continue"))
		tab.Want(l.T("enroll.confirm.title"))
	}
	if a, s := b.Text("main"), stranger.Text("main"); a != s {
		t.Errorf("the stranger's page differs:\n%s\n%s", a, s)
	}
	code := digitsOf(t, c.mail(t, who.Email, began))
	stranger.Fill("code", code).Follow(l.T("enroll.continue"))
	stranger.Want(l.T("enroll.confirm.title"))
	b.Fill("code", code).Follow(l.T("enroll.continue"))
	c.choose(b, l, "priya.numero", "linterna verde 93 mesa")
}

func (c *clinic) byLink(t *testing.T, p chrome.Person) {
	card, l := c.cards.Codes[1], lang.Lang(p.Lang)
	path := link(t, c.mail(t, card.Email, time.Time{}))
	for range 3 {
		chrome.New(t, c.base, chrome.Person{Lang: p.Lang}).Open(path).Want(l.T("enroll.link.title"))
	}
	b := chrome.New(t, c.base, p)
	b.Open(path).Want(l.T("enroll.link.title"))
	born(b, card.Birth)
	b.Follow(l.T("enroll.continue"))
	c.choose(b, l, "guadalupe.carta", "puente largo 64 nube")
}

// byRequest asks for a code with an address nobody has on file, so that staff
// compare, decide and print a letter, with which the account is opened.
func (c *clinic) byRequest(t *testing.T, p, clerk chrome.Person) {
	who, l, dl := c.someone(), lang.Lang(p.Lang), lang.Lang(clerk.Lang)
	b := chrome.New(t, c.base, p)
	b.Open("/enroll").Want(l.T("enroll.choice.title")).FollowTo("/enroll/request")
	b.Want(l.T("enroll.request.title")).Follow(l.T("enroll.request.button"))
	b.Want(l.T("enroll.request.title")).Says(l.T("enroll.given.missing")).Fill("given", who.Given).Fill("family", who.Family)
	born(b, who.Birth)
	b.Fill("email", "moved.away@example.net").Choose("reach", "email").Follow(l.T("enroll.request.button"))
	b.Want(l.T("enroll.sent.title"))
	desk := chrome.New(t, c.base, clerk)
	signInStaff(t, c, desk, dl, 0)
	openRequest(desk, dl, who.Name())
	desk.Want(dl.T("console.request.title"))
	approve(desk, dl, "letter")
	desk.Want(dl.T("console.code.title")).Follow(dl.T("console.code.show"))
	code := desk.Want(dl.T("console.code.title")).Text("#thecode")
	try(b, l, code, who.Birth)
	c.choose(b, l, "asked.online", "orchard kettle seven 42")
}
