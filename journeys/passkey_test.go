package journeys

import (
	"strings"
	"testing"
	"time"

	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// openNamed is open at an address with a name, as browsers want it for passkeys.
func openNamed(t *testing.T, postgres bool) *clinic {
	t.Helper()
	return openWith(t, postgres, func(cfg *config.Config) { cfg.BaseURL = strings.Replace(cfg.BaseURL, "127.0.0.1", "localhost", 1) })
}

// leave signs out and waits for the sign-in page; the device is not touched, so that
// the browser does not sign in again by itself.
func leave(b *chrome.Tab, l lang.Lang, keys *chrome.Passkeys) {
	b.T.Helper()
	keys.Touch(false)
	b.Open("/home").Follow(l.T("page.signout"))
	b.Want(l.T("account.signin.title"))
}

// Somebody takes the offer on the home page, signs in by passkey from then on, and
// puts their passkeys in order.
func TestPasskey(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}} {
		t.Run(p.String(), func(t *testing.T) {
			c := openNamed(t, !p.Phone)
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			keys := b.Passkeys(p.Phone)
			c.signIn(t, b, l, a)
			c.takesTheOffer(t, b, l, a)
			if keys.Count() != 1 {
				t.Fatalf("the device has %d passkeys", keys.Count())
			}
			c.about(t, a.Email, "notify.changed.subject", c.clock.Now().Add(-5*time.Minute))
			leave(b, l, keys)
			b.Click(l.T("account.signin.passkey"))
			keys.Touch(true)
			b.Awaits("/home").Want(hello(l, a.Given))
			c.sharesTheBrowser(t, b, l, a, keys)
			c.fillsByItself(b, l, a, keys)
			c.secondStepByPasskey(b, l, a, keys)
			c.tidiesPasskeys(t, b, l, a, keys)
		})
	}
}

// takesTheOffer goes from the card on the home page to the list with one passkey.
func (c *clinic) takesTheOffer(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	t.Helper()
	b.Open("/help/passkeys").Want(l.T("passkey.help.title"))
	b.Open("/home").Want(hello(l, a.Given)).Follow(l.T("account.home.passkey.add"))
	c.confirms(t, b, l, a)
	b.Want(l.T("passkey.add"))
	if b.Value("name") == "" {
		t.Error("no name is proposed")
	}
	b.Fill("name", "").Click(l.T("passkey.add.button")).Says(l.T("passkey.name.needed")).Screenshot("passkey-no-name")
	b.Fill("name", "Mi teléfono").Follow(l.T("passkey.add.button"))
	b.Want(l.T("passkey.title")).Says(l.T("passkey.done.added")).Says("Mi teléfono").Says(l.T("passkey.second"))
}

// sharesTheBrowser ticks that others use the browser too, before the button, before the
// field's own suggestions, after a passkey that did not work, and where the passkey is
// the second step: each time the session ends sooner and nothing stays in the browser.
func (c *clinic) sharesTheBrowser(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard, keys *chrome.Passkeys) {
	t.Helper()
	shared := func(how string) {
		t.Helper()
		b.Awaits("/home").Want(hello(l, a.Given))
		if got := b.Attr("[data-idle]", "data-idle"); got != "300" {
			t.Errorf("%s: the page waits for %s s", how, got)
		}
	}
	box := l.T("page.shared.label", 5)
	leave(b, l, keys)
	b.Click(box).Screenshot("signin-shared-passkey")
	b.Click(l.T("account.signin.passkey"))
	keys.Touch(true)
	shared("by the button")

	// The field's own question is answered as soon as there is a page: it comes back with
	// the tick after a wrong password.
	leave(b, l, keys)
	b.Click(box).Fill("username", a.UserName).Fill("password", "not the password")
	keys.Touch(true)
	b.Click(l.T("account.signin.button"))
	shared("by the field")

	leave(b, l, keys)
	keys.Lie(chrome.Lies{Signature: true})
	b.Click(box).Click(l.T("account.signin.passkey"))
	keys.Touch(true)
	b.Awaits("/signin/passkey").Want(l.T("passkey.signin.title")).Says(l.T("passkey.wrong"))
	keys.Lie(chrome.Lies{})
	b.Follow(l.T("passkey.use"))
	shared("after one that did not work")

	leave(b, l, keys)
	b.Click(box).Fill("username", a.UserName).Fill("password", a.Password).Follow(l.T("account.signin.button"))
	b.Want(l.T("account.step.title")).Follow(l.T("account.offer.passkey"))
	keys.Touch(true)
	b.Want(l.T("account.step.title")).FollowIn("form[data-passkey]", l.T("account.offer.passkey"))
	shared("as second step")
}

// fillsByItself: the user name's own suggestions offer the passkey. Chromium's virtual
// device takes the offer at once.
func (c *clinic) fillsByItself(b *chrome.Tab, l lang.Lang, a demo.AccountCard, keys *chrome.Passkeys) {
	b.T.Helper()
	leave(b, l, keys)
	if got := b.Attr("#username", "autocomplete"); got != "username webauthn" {
		b.T.Errorf("autocomplete=%q", got)
	}
	b.Open("/help") // away from the question that waits for a touch
	keys.Touch(true)
	b.Open("/signin").Awaits("/home").Want(hello(l, a.Given))
}

// secondStepByPasskey gives the password first and the passkey after it.
func (c *clinic) secondStepByPasskey(b *chrome.Tab, l lang.Lang, a demo.AccountCard, keys *chrome.Passkeys) {
	b.T.Helper()
	leave(b, l, keys)
	b.Fill("username", a.UserName).Fill("password", a.Password).Follow(l.T("account.signin.button"))
	b.Want(l.T("account.step.title")).Follow(l.T("account.offer.passkey"))
	keys.Touch(true)
	b.Want(l.T("account.step.title")).FollowIn("form[data-passkey]", l.T("account.offer.passkey"))
	b.Want(hello(l, a.Given))
}

// tidiesPasskeys names and removes a passkey, confirming who one is by it.
func (c *clinic) tidiesPasskeys(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard, keys *chrome.Passkeys) {
	t.Helper()
	b.Open("/account/steps").Want(l.T("account.steps.title")).Follow(l.T("account.steps.passkeys"))
	b.Want(l.T("passkey.title")).Follow("Mi teléfono")
	b.Want("Mi teléfono").Fill("name", "Old phone").Follow(l.T("passkey.rename.button"))
	b.Want(l.T("passkey.title")).Says(l.T("passkey.done.named")).Follow("Old phone")
	b.Want("Old phone").Follow(l.T("passkey.remove.button"))
	b.Want(l.T("account.confirm.title")).Follow(l.T("account.confirm.passkey"))
	b.Want("Old phone").Follow(l.T("passkey.remove.button"))
	b.Want(l.T("passkey.title")).Says(l.T("passkey.done.removed")).Says(l.T("passkey.none"))
	leave(b, l, keys)
	b.Click(l.T("account.signin.passkey"))
	keys.Touch(true)
	b.Awaits("/signin/passkey").Want(l.T("passkey.signin.title")).Says(l.T("passkey.wrong"))
	keys.Touch(false) // or it answers the field for user names by itself
	b.Follow(l.T("passkey.signin.password")).Want(l.T("account.signin.title"))
}

// T25: devices that lie are refused: a signature that is none, nobody verified, nobody
// present. A person who does not touch the device, or whom it does not know, stays
// where they are and reads what to do.
func TestPasskeyDevicesThatLie(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := openNamed(t, false)
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			keys := b.Passkeys(false)
			c.signIn(t, b, l, a)
			c.takesTheOffer(t, b, l, a)
			leave(b, l, keys)
			for _, lie := range []chrome.Lies{{Signature: true}, {Verified: true}, {Present: true}} {
				keys.Lie(lie)
				keys.Touch(false)
				b.Open("/signin").Click(l.T("account.signin.passkey"))
				keys.Touch(true)
				b.Awaits("/signin/passkey").Want(l.T("passkey.signin.title")).Says(l.T("passkey.wrong"))
			}
			keys.Lie(chrome.Lies{})
			keys.Knows(false)
			b.Click(l.T("passkey.use")).Says(l.T("page.passkey.refused")).Screenshot("passkey-not-known")
			keys.Knows(true)
			b.Follow(l.T("passkey.use"))
			b.Want(hello(l, a.Given))
			b.Open("/account/passkeys/add")
			b.Want(l.T("account.confirm.title")).Follow(l.T("account.confirm.passkey"))
			b.Want(l.T("passkey.add")).Fill("name", "Again").Click(l.T("passkey.add.button")).Says(l.T("page.passkey.twice"))
		})
	}
}

// Staff add a passkey against a code of their app and sign in by it alone. The
// administrator takes a lost one away.
func TestStaffPasskey(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := openNamed(t, p.Phone)
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			keys := b.Passkeys(false)
			signInStaff(t, c, b, l, 0)
			b.FollowTo("/staff/account")
			b.Want(l.T("passkey.own.title")).Says(l.T("passkey.none")).Follow(l.T("passkey.add"))
			b.Want(l.T("passkey.add")).Fill("name", "Desk key").Fill("code", "000000").Click(l.T("passkey.add.button")).Says(l.T("staff.step.wrong"))
			b.Fill("code", c.totp(t, c.cards.Staff[0].Secret)).Follow(l.T("passkey.add.button"))
			b.Want(l.T("passkey.own.title")).Says(l.T("passkey.done.added")).Says("Desk key")
			staffOut := func() {
				keys.Touch(false)
				b.Open("/staff").Follow(l.T("page.signout"))
				b.Want(l.T("staff.signin.title"))
			}
			staffOut()
			b.Click(l.T("staff.signin.passkey"))
			keys.Touch(true)
			b.Awaits("/staff").Want(l.T("console.home.title"))
			staffOut()
			c.takesAway(t, l, c.cards.Staff[0].Name)
			b.Click(l.T("staff.signin.passkey"))
			keys.Touch(true)
			b.Awaits("/staff/signin/passkey").Want(l.T("passkey.signin.title")).Says(l.T("passkey.wrong"))
		})
	}
}

// takesAway is the administrator's part.
func (c *clinic) takesAway(t *testing.T, l lang.Lang, name string) {
	t.Helper()
	b := chrome.New(t, c.base, chrome.Person{Lang: string(l)})
	for n, s := range c.cards.Staff {
		if strings.Contains(strings.Join(s.Roles, ","), "administrator") {
			signInStaff(t, c, b, l, n)
			break
		}
	}
	b.Open("/staff/people").Want(l.T("console.people.title")).Follow(name)
	b.Want(name).Follow(l.T("console.people.passkeys.see"))
	b.Want(l.T("passkey.colleague.title", name)).Follow(l.T("passkey.remove.button"))
	b.Want(l.T("passkey.colleague.title", name)).Says(l.T("passkey.done.removed")).Says(l.T("passkey.none"))
}

// Without JavaScript there is no button and no dead end.
func TestPasskeyPagesWithoutScript(t *testing.T) {
	c := openNamed(t, false)
	l := lang.En
	a := c.speaking(l)
	b := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true, NoScript: true})
	b.Open("/signin").Want(l.T("account.signin.title"))
	if b.Shows(l.T("account.signin.passkey")) {
		t.Error("a button that does nothing")
	}
	c.signIn(t, b, l, a)
	b.Follow(l.T("account.home.passkey.add"))
	c.confirms(t, b, l, a)
	b.Want(l.T("passkey.add")).Says(l.T("passkey.add.script"))
	b.Open("/home").Follow(l.T("account.home.passkey.later"))
	b.Want(hello(l, a.Given))
	if b.Shows(l.T("account.home.passkey")) {
		t.Error("the offer is there though it was put off")
	}
}
