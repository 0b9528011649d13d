package journeys

import (
	"context"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
	"portico/internal/testkit/chrome"
)

// enter gives user name and password.
func enter(b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	b.T.Helper()
	b.Open("/signin").Want(l.T("account.signin.title")).Fill("username", a.UserName).Fill("password", a.Password)
	b.Follow(l.T("account.signin.button"))
}

// signIn goes all the way, with an authenticator app or a code by e-mail.
func (c *clinic) signIn(t *testing.T, b *chrome.Tab, l lang.Lang, a demo.AccountCard) {
	t.Helper()
	began := c.clock.Now()
	enter(b, l, a)
	b.Want(l.T("account.step.title"))
	code := ""
	if a.Secret != "" {
		code = c.totp(t, a.Secret)
	} else {
		code = digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))
	}
	b.Fill("code", code).Follow(l.T("account.step.button"))
	b.Want(hello(l, a.Given))
}

// hello is how the home page greets: by the first of the given names.
func hello(l lang.Lang, given string) string {
	return l.T("account.home.hello.name", strings.Fields(given)[0])
}

// speaking gives the account of somebody who reads that language: from signing
// in on, a page is in the language of its account.
func (c *clinic) speaking(l lang.Lang) demo.AccountCard {
	if l == lang.Es {
		return c.cards.Accounts[1]
	}
	return c.cards.Accounts[0]
}

// Each second step that can be set up lets its owner in.
func TestSecondSteps(t *testing.T) {
	c := open(t, false)
	t.Run("e-mail", func(t *testing.T) {
		l, a := lang.Es, c.cards.Accounts[1]
		b := chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true, NoScript: true})
		began := c.clock.Now()
		enter(b, l, a)
		b.Want(l.T("account.step.title"))
		code := digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))
		// A slip of the finger first; then asking anew, too early and in time.
		b.Fill("code", "000000").Follow(l.T("account.step.button"))
		b.Want(l.T("account.step.title")).Says(l.T("account.code.wrong")).Follow(l.T("account.step.resend"))
		b.Want(l.T("account.step.title"))
		c.clock.move(61 * time.Second)
		began = c.clock.Now()
		b.Follow(l.T("account.step.resend"))
		b.Want(l.T("account.step.title")).Fill("code", code).Follow(l.T("account.step.button"))
		b.Want(l.T("account.step.title")).Says(l.T("account.code.wrong"))
		b.Fill("code", digitsOf(t, c.about(t, a.Email, "notify.onetime.subject", began))).Follow(l.T("account.step.button"))
		b.Want(hello(l, a.Given))
	})
	t.Run("text", func(t *testing.T) {
		l, a := lang.En, c.cards.Accounts[2]
		b := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true})
		began := c.clock.Now()
		enter(b, l, a)
		b.Want(l.T("account.step.title"))
		b.Fill("code", digitsOf(t, c.mail(t, a.Phone, began))).Follow(l.T("account.step.button"))
		b.Want(hello(l, a.Given))
	})
	t.Run("recovery code, once", func(t *testing.T) {
		l, a := lang.En, c.cards.Accounts[0]
		b := chrome.New(t, c.base, chrome.Person{Lang: "en", NoScript: true})
		for n, code := range []string{a.Recovery[0], a.Recovery[0], a.Recovery[1]} {
			enter(b, l, a)
			b.Want(l.T("account.step.title")).Follow(l.T("account.offer.recovery"))
			b.Want(l.T("account.step.title")).Fill("code", code).Follow(l.T("account.step.button"))
			if n == 1 {
				b.Want(l.T("account.step.title")).Says(l.T("account.code.wrong")).Follow(l.T("account.step.cancel"))
				continue
			}
			b.Want(l.T("account.steps.title")).Says(l.T("account.steps.done.recovered")).Follow(l.T("page.signout"))
			b.Want(l.T("account.signin.title")).Says(l.T("account.signin.out"))
		}
	})
	t.Run("phone call", func(t *testing.T) { c.calls(t) })
}

// calls sets up codes by phone call and signs in with one.
func (c *clinic) calls(t *testing.T) {
	l, who := lang.Es, c.someone()
	b := chrome.New(t, c.base, chrome.Person{Lang: "es"})
	try(b, l, c.issue(who, enroll.ByHand).Text, who.Birth)
	b.Want(l.T("enroll.user.title")).Fill("username", "llamada.casa").Fill("password", "puente largo 64 nube").Fill("again", "puente largo 64 nube")
	b.Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.second.title")).Choose("how", "voice").Follow(l.T("enroll.continue"))
	began := c.clock.Now()
	b.Want(l.T("enroll.contact.voice.title")).Fill("contact", who.Phone).Follow(l.T("enroll.contact.button"))
	b.Want(l.T("enroll.setup.title")).Fill("code", c.heard(t, who.Phone, began)).Follow(l.T("enroll.continue"))
	finish(b, l)
	b.Follow(l.T("page.signout"))
	c.clock.move(2 * time.Minute)
	began = c.clock.Now()
	enter(b, l, demo.AccountCard{UserName: "llamada.casa", Password: "puente largo 64 nube"})
	b.Want(l.T("account.step.title")).Fill("code", c.heard(t, who.Phone, began)).Follow(l.T("account.step.button"))
	b.Want(hello(l, who.Given))
}

// heard is the code that a phone call read out, digit by digit.
func (c *clinic) heard(t *testing.T, to string, since time.Time) string {
	t.Helper()
	call := c.message(t, to, since, func(m notify.Seen) bool { return spelled.MatchString(m.Text) })
	digits := spelled.FindString(call.Text)
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, digits)
}

// disown follows the link "This was not me"; whoever is signed in is out then.
func (c *clinic) disown(t *testing.T, signedIn *chrome.Tab, path string) {
	t.Helper()
	l := lang.En
	b := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true, NoScript: true})
	b.Open(path).Want(l.T("account.notme.title")).Follow(l.T("account.notme.button"))
	b.Want(l.T("account.notme.done"))
	signedIn.Open("/home").Want(lang.Lang(signedIn.Person.Lang).T("account.signin.title"))
}

// settle is the desk's part: it finds the locked account and decides.
func (c *clinic) settle(t *testing.T, p chrome.Person, who demo.PersonCard, to string) {
	t.Helper()
	name, phone := who.Name, lang.Phone(who.Phone)
	l := lang.Lang(p.Lang)
	desk := chrome.New(t, c.base, p)
	signInStaff(t, c, desk, l, 0)
	desk.Says(l.T("desk.home.frozen"))
	desk.Open("/staff/frozen").Want(l.T("console.frozen.title")).Follow(name)
	desk.Want(l.T("desk.frozen.one")).Says(phone).Follow(l.T("desk.frozen.save"))
	desk.Want(l.T("desk.frozen.one")).Says(l.T("desk.frozen.choose")).Choose("to", to).Follow(l.T("desk.frozen.save"))
	done := map[string]string{"active": "desk.done.restored", "closed": "desk.done.closed"}[to]
	desk.Want(l.T("console.frozen.title")).Says(l.T(done))
	if desk.Shows(name) {
		t.Errorf("%s still waits", name)
	}
}

// A stranger knows the password and has the phone: the notice about the new
// browser ends it. The desk gives the account back without its old password, and
// its owner chooses a new one.
func TestThisWasNotMe(t *testing.T) {
	c := open(t, true)
	for _, of := range []struct{ stranger, owner, desk chrome.Person }{
		{chrome.Person{Lang: "es", Phone: true}, chrome.Person{Lang: "es", NoScript: true}, chrome.Person{Lang: "en"}},
		{chrome.Person{Lang: "en"}, chrome.Person{Lang: "en", Phone: true}, chrome.Person{Lang: "es", Phone: true}},
	} {
		t.Run(of.owner.String(), func(t *testing.T) { c.notMe(t, of.stranger, of.owner, of.desk) })
	}
}

func (c *clinic) notMe(t *testing.T, thief, whose, helper chrome.Person) {
	l := lang.Lang(whose.Lang)
	a := c.speaking(l)
	began := c.clock.Now()
	stranger := chrome.New(t, c.base, thief)
	c.signIn(t, stranger, l, a)
	c.disown(t, stranger, link(t, c.about(t, a.Email, "notify.browser.subject", began)))
	c.about(t, a.Email, "notify.disowned.subject", began)
	c.clock.move(time.Minute)
	enter(stranger, l, a)
	stranger.Want(l.T("account.signin.title")).Says(l.T("account.signin.wrong"))
	given := c.clock.Now()
	c.settle(t, helper, a.PersonCard, "active")
	c.clock.move(5 * time.Minute)
	enter(stranger, l, a)
	stranger.Want(l.T("account.signin.title")).Says(l.T("account.signin.wrong"))
	owner := chrome.New(t, c.base, whose)
	c.newPassword(t, owner, l, a, given, "siete teteras verdes cantan")
	a.Password = "siete teteras verdes cantan"
	c.clock.move(5 * time.Minute)
	c.signIn(t, owner, l, a)
}

// The warning comes 2½ minutes before the end, one key answers it, and the
// session then lasts past its first end. Unanswered, the page leaves by itself.
func TestSessionWarning(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			c.signIn(t, b, l, a)
			later := func(d time.Duration) { c.clock.move(d); b.Later(d) }
			later(12 * time.Minute)
			time.Sleep(1200 * time.Millisecond) // the page looks at its clock every second
			if b.Has("dialog[open]") {
				t.Fatal("the warning came too early")
			}
			later(40 * time.Second)
			b.Says(l.T("page.session.title")).Screenshot("session-warning").Press("Enter")
			for end := time.Now().Add(10 * time.Second); b.Has("dialog[open]"); time.Sleep(50 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the key did not answer the warning")
				}
			}
			c.clock.move(10 * time.Minute)
			if b.Reload().Path() != "/home" {
				t.Fatalf("after staying, the page is %s", b.Path())
			}
			later(15*time.Minute + time.Second)
			b.Awaits("/signin").Want(l.T("account.signin.title"))
		})
	}
}

// A clerk types a note while the session runs out. After signing in again the
// page is the same, and the note is there.
func TestTypedTextSurvives(t *testing.T) {
	c := open(t, false)
	l := lang.En
	b := chrome.New(t, c.base, chrome.Person{Lang: "en"})
	signInStaff(t, c, b, l, 0)
	openRequest(b, l, "Eleanor Carter")
	at := b.Want(l.T("console.request.title")).Path()
	b.Fill("note", "She knew the date of her last visit.")
	c.clock.move(16 * time.Minute)
	b.Later(16 * time.Minute)
	s := c.cards.Staff[0]
	b.Awaits("/staff/signin").Want(l.T("staff.signin.title")).Fill("email", s.Email).Fill("password", s.Password).Follow(l.T("staff.signin.go"))
	b.Want(l.T("staff.step.title")).Fill("code", c.totp(t, s.Secret)).Follow(l.T("staff.step.go"))
	b.Want(l.T("console.request.title"))
	if b.Path() != at || b.Value("note") != "She knew the date of her last visit." {
		t.Errorf("back at %s with %q", b.Path(), b.Value("note"))
	}
}

// After signing out, the browser's own back button shows nothing of the person.
func TestBackAfterSignOut(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			c.signIn(t, b, l, a)
			b.Open("/account/display").Want(l.T("account.display.title"))
			b.Open("/home").Want(hello(l, a.Given)).Follow(l.T("page.signout"))
			b.Want(l.T("account.signin.title"))
			for range 2 {
				b.Back()
				if b.Want(l.T("account.signin.title")); b.Shows(a.Given) || b.Shows(a.Family) {
					t.Errorf("%s shows who was signed in", b.Path())
				}
			}
			if b.Cookies()["__Host-session"] != "" {
				t.Error("the session's cookie is still there")
			}
		})
	}
}

// lose lets a notice to the owner of an account fail: the day's cap of texts is
// used up.
func (c *clinic) lose(t *testing.T, a demo.AccountCard) {
	t.Helper()
	d := access.NewDuty("journeys")
	p, err := c.app.Registry.Numbered(context.Background(), d, a.Number)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.app.DB.Change(context.Background(), d.Did(audit.NoticeQueued, string(p)), func(tx *store.Tx) error {
		_, err := c.app.Accounts.Tell(context.Background(), tx, account.Told{Patient: p, Notice: notify.RequestAnswered{}, Key: "journey:lost"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // the outbox looks every second
}

// Texts beyond the day's cap do not go out. The page says so and offers another
// way; the desk finds the message on its list, and sends a notice another way.
func TestAMessageDoesNotArrive(t *testing.T) {
	c := openWith(t, false, func(cfg *config.Config) { cfg.Phone.DailyCap = 1 })
	l, a := lang.En, c.cards.Accounts[2]
	b := chrome.New(t, c.base, chrome.Person{Lang: "en", Phone: true})
	for range 2 {
		enter(b, l, a)
		b.Want(l.T("account.step.title"))
		c.clock.move(2 * time.Minute)
		time.Sleep(2 * time.Second) // the outbox looks every second
	}
	b.Reload().Want(l.T("account.step.title"))
	es := lang.Es
	desk := chrome.New(t, c.base, chrome.Person{Lang: "es", Phone: true})
	signInStaff(t, c, desk, es, 0)
	list := func() int {
		return desk.Open("/staff/undelivered").Want(es.T("console.undelivered.title")).Count("#undeliveredlist tbody tr")
	}
	n := list()
	desk.Says(es.T("desk.kind.one_time_code")).Says(a.Name)
	first := ""
	desk.Eval(`[...document.querySelectorAll("#undeliveredlist tbody a")].find(a => a.innerText == "`+es.T("desk.kind.one_time_code")+`").getAttribute("href")`, &first)
	desk.FollowTo(first).Want(es.T("desk.kind.one_time_code")).Says(es.T("office.undelivered.not.spent"))
	desk.Choose("how", "told").Follow(es.T("desk.undelivered.off")).Want(es.T("console.undelivered.title")).Says(es.T("desk.done.settled"))
	if left := list(); left != n-1 {
		t.Errorf("%d messages left of %d", left, n)
	}
	// A notice is true a while longer: it goes to the e-mail address instead.
	c.lose(t, a)
	list()
	if !desk.Has(`form[action="/staff/undelivered/again"]`) { // other notices may wait there too
		t.Error("what an outage kept back cannot be sent again in one go")
	}
	desk.Follow(es.T("desk.kind.request_answered")).Want(es.T("desk.kind.request_answered"))
	since := c.clock.Now()
	var way string
	desk.Eval(`[...document.querySelectorAll("input[name=to]")].find(i => i.parentElement.innerText.includes("@")).value`, &way)
	desk.Choose("to", way).Follow(es.T("office.undelivered.again.button"))
	desk.Want(es.T("console.undelivered.title")).Says(es.T("office.done.resent"))
	c.about(t, a.Email, "notify.answered.subject", since)
}
