package journeys

import (
	"testing"
	"time"

	"portico/internal/demo"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// confirms proves password and second step again where a page asks for it.
func (c *clinic) confirms(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	t.Helper()
	if b.Heading() != l.T("account.confirm.title") {
		return
	}
	c.clock.move(61 * time.Second) // codes go out at a pace
	began := c.clock.Now()
	b.Want(l.T("account.confirm.title")).Fill("password", a.Password).Follow(l.T("account.confirm.button"))
	b.Want(l.T("account.step.title"))
	code := ""
	if a.Secret != "" {
		code = c.totp(t, a.Secret)
	} else {
		code = digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))
	}
	b.Fill("code", code).Follow(l.T("account.confirm.done"))
}

// Somebody puts their account in order: another password, an authenticator app,
// recovery codes, a forgotten browser signed out, another e-mail address.
func TestOnesOwnAccount(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, p.NoScript)
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			c.signIn(t, b, l, a)
			c.changesPassword(t, b, l, &a)
			c.addsApp(t, b, l, a)
			c.endsOthers(t, b, l, a)
			c.changesEmail(t, b, l, a)
			for path, title := range map[string]string{"/account/history": "account.history.title", "/account/terms": "account.agreed.title", "/account/kept": "account.kept.title"} {
				b.Open(path).Want(l.T(title))
			}
			b.Open("/account/close")
			c.confirms(t, b, l, a)
			b.Want(l.T("account.close.title")).Fill("typed", a.UserName).Follow(l.T("account.close.button"))
			b.Want(l.T("account.signin.title")).Says(l.T("account.close.done"))
		})
	}
}

func (c *clinic) changesPassword(t *testing.T, b *chrome.Tab, l lang.Lang, a *demo.AccountCard) {
	began := c.clock.Now()
	b.Open("/account").Want(l.T("account.hub.title")).FollowTo("/account/password")
	c.confirms(t, b, l, *a)
	b.Want(l.T("account.new.title")).Fill("password", "short").Fill("again", "short").Follow(l.T("account.new.button"))
	b.Want(l.T("account.new.title")).Says(l.T("account.password.short", 12))
	a.Password = "seven green kettles hum"
	b.Fill("password", a.Password).Fill("again", a.Password).Follow(l.T("account.new.button"))
	b.Want(l.T("account.hub.title")).Says(l.T("account.password.done"))
	c.about(t, a.Email, "notify.changed.subject", began)
}

func (c *clinic) addsApp(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	b.FollowTo("/account/steps").Want(l.T("account.steps.title")).Follow(l.T("account.steps.add"))
	c.confirms(t, b, l, a)
	b.Want(l.T("account.steps.add")).Choose("how", "totp").Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.app.title"))
	key := ""
	b.Eval(`document.querySelector("#app-key").textContent.replace(/[^A-Z2-7]/g, "")`, &key)
	b.Fill("code", c.totp(t, key)).Follow(l.T("account.steps.prove"))
	b.Want(l.T("account.steps.title")).Says(l.T("account.steps.done.added"))
	b.FollowTo("/account/recovery")
	c.confirms(t, b, l, a)
	b.Want(l.T("account.method.recovery")).Follow(l.T("account.recovery.make"))
	b.Want(l.T("account.recovery.new")).Choose("saved", "yes").Follow(l.T("account.recovery.keep"))
	b.Want(l.T("account.steps.title")).Says(l.T("account.steps.done.codes"))
}

// endsOthers signs in elsewhere, remembered, and signs that browser out from here.
func (c *clinic) endsOthers(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	c.clock.move(61 * time.Second)
	other := chrome.New(t, c.base, chrome.Person{Lang: string(l)})
	c.signIn(t, other, l, a)
	b.Open("/account/devices").Want(l.T("account.devices.title")).Says(l.T("account.devices.here")).Follow(l.T("account.devices.others"))
	b.Want(l.T("account.devices.title")).Says(l.T("account.devices.done.others"))
	other.Open("/home").Want(l.T("account.signin.title"))
}

func (c *clinic) changesEmail(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	b.Open("/account/contacts").Want(l.T("account.contact.title")).FollowTo("/account/contacts/email")
	c.confirms(t, b, l, a)
	began := c.clock.Now()
	const to = "brand.new@example.org"
	b.Want(l.T("account.contact.email.title")).Fill("contact", to).Follow(l.T("account.steps.send"))
	b.Want(l.T("enroll.setup.title"))
	c.about(t, a.Email, "notify.changed.subject", began)
	b.Fill("code", digitsOf(t, c.about(t, to, "notify.onetime.subject", began))).Follow(l.T("account.contact.prove"))
	b.Want(l.T("account.contact.title")).Says(l.T("account.contact.done"))
}
