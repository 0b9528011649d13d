package journeys

import (
	"context"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// lost are those who live the stories of getting back in: both languages, phone
// and desktop, with and without JavaScript.
var lost = []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}, {Lang: "es", Phone: true, NoScript: true}}

// newPassword goes from the link in a message to a new password. The link comes
// by text, so that a second step by e-mail counts.
func (c *clinic) newPassword(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard, since time.Time, password string) {
	t.Helper()
	b.Open(link(t, c.mail(t, a.Phone, since))).Want(l.T("recovery.new.title")).Says(l.T("recovery.link.lead")).Follow(l.T("enroll.continue"))
	b.Want(l.T("recovery.prove.title"))
	c.clock.move(61 * time.Second)
	began := c.clock.Now()
	if a.Secret != "" {
		b.Follow(l.T("recovery.offer.totp"))
		b.Want(l.T("recovery.prove.title")).Fill("code", "000000").Follow(l.T("enroll.continue"))
		b.Want(l.T("recovery.prove.title")).Says(l.T("account.code.wrong")).Fill("code", c.totp(t, a.Secret)).Follow(l.T("enroll.continue"))
	} else {
		b.Follow(l.T("recovery.offer.email", masked(a.Email)))
		b.Want(l.T("recovery.prove.title")).Fill("code", digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))).Follow(l.T("enroll.continue"))
	}
	b.Want(l.T("recovery.new.title")).Fill("password", "short").Fill("again", "short").Follow(l.T("recovery.new.button"))
	b.Want(l.T("recovery.new.title")).Says(l.T("account.password.short", 12)).Fill("password", password).Fill("again", password).Follow(l.T("recovery.new.button"))
	b.Want(l.T("recovery.done.password"))
	c.about(t, a.Email, "notify.changed.subject", began)
}

// masked is an address as its owner sees it.
func masked(address string) string {
	for i, r := range address {
		if r == '@' {
			return address[:1] + "•••" + address[i:]
		}
	}
	return address
}

// A stolen password: the owner forgot it after a change and asks for a link. The
// user name comes first, since it is forgotten too.
func TestForgottenNameAndPassword(t *testing.T) {
	for _, p := range lost {
		t.Run(p.String(), func(t *testing.T) {
			c, l := open(t, p.NoScript), lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			began := c.clock.Now()
			b.Open("/signin").Want(l.T("account.signin.title")).Follow(l.T("account.signin.forgot"))
			b.Want(l.T("recovery.title")).FollowTo("/recover/name")
			b.Want(l.T("recovery.name.title")).Follow(l.T("recovery.name.button"))
			b.Want(l.T("recovery.name.title")).Says(l.T("recovery.contact.missing")).Fill("contact", a.Email)
			born(b, a.Birth)
			b.Follow(l.T("recovery.name.button"))
			b.Want(l.T("recovery.sent.title"))
			if m := c.about(t, a.Email, "notify.names.subject", began); !contains(m.Text, a.UserName) {
				t.Errorf("the user name is not in the message: %s", m.Text)
			}
			began = c.clock.Now()
			b.Open("/recover/password").Want(l.T("recovery.password.title")).Fill("username", a.UserName).Follow(l.T("recovery.password.button"))
			b.Want(l.T("recovery.sent.title"))
			c.newPassword(t, b, l, a, began, "seven green kettles hum")
			a.Password = "seven green kettles hum"
			b.Follow(l.T("account.signin.title"))
			c.clock.move(61 * time.Second)
			c.signIn(t, b, l, a)
		})
	}
}

func contains(text, part string) bool {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// A new phone: the authenticator is gone. Two codes, or a recovery code, and a new
// second step takes its place.
func TestNewPhone(t *testing.T) {
	for _, p := range lost {
		t.Run(p.String(), func(t *testing.T) {
			c, l := open(t, p.NoScript), lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			b.Open("/recover/device").Want(l.T("recovery.device.title")).Says(l.T("recovery.device.first")).Follow(l.T("account.signin.title"))
			enter(b, l, a)
			b.Want(l.T("account.step.title")).Follow(l.T("account.step.lost"))
			b.Want(l.T("recovery.device.title")).Follow(l.T("enroll.continue"))
			b.Want(l.T("recovery.device.title")).Says(l.T("recovery.lost.choose")).Eval(`document.querySelector("input[name=lost]").click()`, nil)
			b.Follow(l.T("enroll.continue"))
			b.Want(l.T("recovery.prove.title"))
			if a.Secret != "" {
				c.twoCodes(t, b, l, a)
			} else { // the e-mail is what was lost, and a phone alone is not enough
				b.Follow(l.T("recovery.offer.recovery"))
				b.Want(l.T("recovery.prove.title")).Fill("code", a.Recovery[0]).Follow(l.T("enroll.continue"))
			}
			b.Want(l.T("recovery.second.title")).Choose("how", "totp").Follow(l.T("enroll.continue"))
			b.Want(l.T("enroll.app.title"))
			b.Eval(`document.querySelector("#app-key").textContent.replace(/[^A-Z2-7]/g, "")`, &a.Secret)
			b.Fill("code", c.totp(t, a.Secret)).Follow(l.T("account.steps.prove"))
			b.Want(l.T("recovery.done.step")).Follow(l.T("account.signin.title"))
			c.clock.move(61 * time.Second)
			c.signIn(t, b, l, a)
		})
	}
}

// twoCodes proves oneself by a code by e-mail and one by text.
func (c *clinic) twoCodes(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	t.Helper()
	c.clock.move(61 * time.Second)
	began := c.clock.Now()
	b.Follow(l.T("recovery.offer.email", masked(a.Email)))
	b.Want(l.T("recovery.prove.title")).Fill("code", digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))).Follow(l.T("enroll.continue"))
	b.Want(l.T("recovery.prove.title")).Says(l.T("recovery.prove.half"))
	c.clock.move(61 * time.Second)
	began = c.clock.Now()
	b.Follow(l.T("recovery.offer.sms", "••• "+a.Phone[len(a.Phone)-2:]))
	b.Want(l.T("recovery.prove.title")).Fill("code", digitsOf(t, c.mail(t, a.Phone, began))).Follow(l.T("enroll.continue"))
}

// Everything is lost: the desk starts it, a code from the counter, a wait of a day
// during which the old browser still warns, and in.
func TestEverythingLost(t *testing.T) {
	for n, p := range lost {
		t.Run(p.String(), func(t *testing.T) {
			c, l := open(t, p.NoScript), lang.Lang(p.Lang)
			a := c.speaking(l)
			old := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: !p.Phone})
			c.signIn(t, old, l, a)
			id, err := c.app.Registry.Numbered(context.Background(), access.NewDuty("journeys"), a.Number)
			if err != nil {
				t.Fatal(err)
			}
			desk := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: n == 2})
			signInStaff(t, c, desk, l, 0)
			desk.Open("/staff/patients/" + string(id)).Want(a.Name).Follow(l.T("recovery.desk.help"))
			desk.Want(a.Name).Says(l.T("recovery.desk.script1")).Choose("how", "call").Follow(l.T("recovery.desk.start.button"))
			desk.Want(a.Name).Says(l.T("recovery.desk.call.missing")).Choose("how", "visit").Choose("seen", "yes").Follow(l.T("recovery.desk.start.button"))
			desk.Want(a.Name).Says(l.T("recovery.desk.done.started"))
			desk.Open("/staff/recovery").Want(l.T("recovery.desk.title")).Says(l.T("recovery.state.granted")).Follow(a.Name)
			desk.Want(a.Name).Says(l.T("recovery.desk.granted"))

			old.Open("/home").Want(hello(l, a.Given)).Says(l.T("account.home.back")).FollowTo("/account/regain")
			old.Want(l.T("recovery.own.title"))

			code := c.issue(demo.Person{Number: a.Number}, enroll.ByHand).Text
			b := chrome.New(t, c.base, p)
			b.Open("/recover/all").Want(l.T("recovery.all.title")).Follow(l.T("recovery.all.have"))
			b.Want(l.T("enroll.code.title")).Fill("code", code)
			born(b, a.Birth)
			b.Follow(l.T("enroll.continue"))
			a.Password = "seven green kettles hum"
			b.Want(l.T("recovery.new.title")).Fill("password", a.Password).Fill("again", a.Password).Follow(l.T("recovery.new.button"))
			b.Want(l.T("recovery.second.title")).Choose("how", "totp").Follow(l.T("enroll.continue"))
			b.Want(l.T("enroll.app.title"))
			b.Eval(`document.querySelector("#app-key").textContent.replace(/[^A-Z2-7]/g, "")`, &a.Secret)
			b.Fill("code", c.totp(t, a.Secret)).Follow(l.T("account.steps.prove"))
			b.Want(l.T("account.recovery.new")).Choose("saved", "yes").Follow(l.T("recovery.codes.button"))
			b.Want(l.T("recovery.wait.title"))
			stop := c.about(t, a.Email, "notify.recovery.subject", c.clock.Now().Add(-time.Minute))
			chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: true, NoScript: true}).Open(link(t, stop)).Want(l.T("recovery.stop.title"))
			c.clock.move(24*time.Hour + time.Minute)
			c.waitOver(t, b, l)
			b.Follow(l.T("account.signin.title"))
			c.signIn(t, b, l, a)
		})
	}
}

// waitOver looks at the page of the wait until the job has put everything in place.
func (c *clinic) waitOver(t *testing.T, b *chrome.Tab, l lang.Lang) {
	t.Helper()
	for range 100 {
		if b.Open("/recover/wait").Heading() == l.T("recovery.wait.over") {
			b.Want(l.T("recovery.wait.over"))
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("the wait does not end")
}
