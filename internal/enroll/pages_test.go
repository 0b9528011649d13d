package enroll_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/enroll"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/testkit"
	"portico/internal/web"
)

func TestThreeWaysAreOneClickAway(t *testing.T) {
	p := lite(t)
	at := p.b.Get("/signin")
	if !at.Has(`a[href="/enroll"]`) {
		t.Error("the sign-in page does not lead to opening an account")
	}
	at = p.b.Get("/enroll").Want(200, "Create your account")
	for _, way := range []string{"/enroll/number", "/enroll/code", "/enroll/request"} {
		if !at.Has(`main a[href="` + way + `"]`) {
			t.Errorf("no link to %s", way)
		}
		if got := p.b.Get(way); got.Status != 200 || !got.Has("main form") {
			t.Errorf("%s answers %d", way, got.Status)
		}
	}
	for _, path := range []string{"/enroll", "/enroll/number", "/enroll/code", "/enroll/phone", "/enroll/request", "/enroll/anew"} {
		if got := p.b.Get(path + "?lang=es"); got.Status != 200 || got.Attr("html", "lang") != "es" || strings.Contains(got.Body, "enroll.") {
			t.Errorf("%s in Spanish: %d, untranslated text?", path, got.Status)
		}
	}
}

// The whole of the first way: number and birth date, the code to the contact on
// file, every step, and the home page.
func TestAccountByNumber(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		at := tryNumber(p.b, "mr 1001", maria.Birth).Want(200, "Type the code we sent you")
		before := p.b.Cookie(web.EnrolCookie)
		at = at.Submit("#confirm-form", "code", p.digits(maria.Email))
		if p.b.Cookie(web.EnrolCookie) == before {
			t.Error("the token from before the proof lives on")
		}
		half := p.b.Cookie(web.EnrolCookie)
		at = accept(p.choose(at, "maria.rides.bikes")).Want(200, "Your account is active")
		if p.b.Cookie(web.EnrolCookie) != "" || p.b.Cookie(web.SessionCookie) == "" || p.b.Cookie(web.SessionCookie) == half {
			t.Error("the half-way session was not exchanged for a new one")
		}
		p.b.Get("/home").Want(200, "Maria")
		if n := p.count("account"); n != 1 {
			t.Errorf("%d accounts", n)
		}
		if n := p.count("terms_acceptance"); n != 2 {
			t.Errorf("%d acceptances", n)
		}
		if n := p.count("enrolment"); n != 0 {
			t.Errorf("%d drafts are left", n)
		}
		o := p.b.Other()
		o.SetCookie(web.EnrolCookie, half)
		if got := o.Get("/enroll/user"); got.Path != "/enroll" {
			t.Errorf("the verification session lives on: %s", got.Path)
		}
		p.work()
		for _, to := range []string{maria.Email, maria.Mobile} {
			if !slices.ContainsFunc(p.inbox(to), func(m notify.Seen) bool { return strings.Contains(m.Text, "/not-me/") }) {
				t.Errorf("%s was not told with a way to say no", to)
			}
		}
	})
}

// The second way, by link from an e-mail, with an e-mail as second step: the
// address the code came to needs no second proof.
func TestAccountByLink(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	p.give(id, enroll.ByEmail)
	p.work()
	m := p.inbox(maria.Email)
	if len(m) != 1 || len(m[0].Links) == 0 {
		t.Fatalf("mails: %v", m)
	}
	link := m[0].Links[0]
	if !strings.HasPrefix(link, p.b.Base+"/a/") {
		t.Fatalf("link %q", link)
	}
	at := p.b.Get(strings.TrimPrefix(link, p.b.Base)).Want(200, "Open your account")
	if at.Has("[name=code]") {
		t.Error("the link's page asks for the code again")
	}
	at = at.Submit("#code-form", born(maria.Birth)...).Want(200, "Choose a user name")
	at = at.Submit("#user-form", "username", "marias.garden", "password", password, "again", password).Want(200, "second step")
	at = at.Submit("#second-form", "how", "email").Want(200, "Which e-mail")
	if got := at.Attr("#contact", "value"); got != maria.Email {
		t.Errorf("the address is not filled in: %q", got)
	}
	at = at.Submit("#contact-form").Want(200, "Keep your recovery codes")
	at = at.Submit("#recovery-form", "saved", "yes")
	accept(at).Want(200, "Your account is active")
	if s := p.one(`SELECT state FROM activation_code`); s != "used" {
		t.Errorf("the code is %s", s)
	}
}

func TestSecondStepByTextNeedsItsCode(t *testing.T) {
	p := lite(t)
	code := p.give(p.add(maria), enroll.ByHand).Text
	at := enter(p.b, strings.ToLower(code), maria.Birth)
	at = at.Submit("#user-form", "username", "marias.garden", "password", password, "again", password)
	at = at.Submit("#second-form", "how", "sms").Want(200, "Which phone")
	at = at.Submit("#contact-form", "contact", "12").Want(422, "Which phone")
	if at.Text("#contact-error") == "" || at.Attr("#contact", "value") != "12" {
		t.Error("the problem is not at its field, or what was typed is lost")
	}
	at = at.Submit("#contact-form", "contact", "(555) 186-2299").Want(200, "Type the code")
	at.Submit("#setup-form", "code", "000000").Want(422, "Type the code")
	at = p.b.Get("/enroll/second/code").Submit("form.action").Want(422, "Type the code") // asked again at once
	first := p.digits("+15551862299")
	p.c.Move(61 * time.Second)
	at = at.Submit("form.action").Want(200, "Type the code")
	second := p.digits("+15551862299")
	if first == second {
		t.Error("no new code was sent")
	}
	if got := at.Submit("#setup-form", "code", first); got.Status != 422 {
		t.Error("the older code still works")
	}
	p.b.Get("/enroll/second/code").Submit("#setup-form", "code", second[:3]+" "+second[3:]).Want(200, "Keep your recovery codes")
	txt := p.b.Get("/enroll/recovery.txt")
	if txt.Status != 200 || !strings.Contains(txt.Header.Get("Content-Disposition"), "recovery-codes.txt") || strings.Count(txt.Body, "\n") < 11 {
		t.Errorf("file of recovery codes: %d %q", txt.Status, txt.Body)
	}
	p.b.Get("/enroll/recovery").Submit("#recovery-form").Want(422, "Keep your recovery codes")
}

func TestUserPageKeepsTheNameAndSaysEveryProblem(t *testing.T) {
	p := lite(t)
	code := p.give(p.add(maria), enroll.ByHand).Text
	at := enter(p.b, code, maria.Birth)
	at = at.Submit("#user-form", "username", "short", "password", "123456789012", "again", "x").Want(422, "Choose a user name")
	for _, id := range []string{"#username-error", "#password-error", "#again-error"} {
		if at.Text(id) == "" {
			t.Errorf("no sentence at %s", id)
		}
	}
	if len(at.All(".errsum li")) != 3 {
		t.Errorf("summary: %s", at.Text(".errsum"))
	}
	if at.Attr("#username", "value") != "short" || at.Attr("#password", "value") != "" || strings.Contains(at.Body, "123456789012") {
		t.Error("the user name must stay, the password must not")
	}
	at.Submit("#user-form", "username", "mr-1001", "password", password, "again", password).Want(422, "Choose a user name")
	at.Submit("#user-form", "username", "maria.alvarez.x", "password", "Maria Alvarez 1962", "again", "Maria Alvarez 1962").Want(422, "Choose a user name")
}

// misread is a code with another last symbol.
func misread(code string) string {
	if strings.HasSuffix(code, "Z") {
		return code[:len(code)-1] + "Y"
	}
	return code[:len(code)-1] + "Z"
}

func TestWrongCasesReadTheSame(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	code := p.give(id, enroll.ByHand).Text
	at := p.b.Get("/enroll/code").Submit("#code-form").Want(422, "activation code")
	if at.Text("#code-error") == "" || at.Text("#birth-error") == "" {
		t.Error("two fields are empty, but not both are named")
	}
	at = p.b.Get("/enroll/code").Submit("#code-form", append(born(maria.Birth), "code", "ABCDE")...).Want(422, "activation code")
	form := at.Text("#code-error")
	wrong := enter(p.b, misread(code), maria.Birth).Want(422, "activation code").Text("main")
	if strings.Contains(wrong, form) {
		t.Error("a wrong code reads like a misspelt one")
	}
	other := enter(p.b, code, "1962-04-08").Text("#code-error")
	unknown := enter(p.b, "0000000000TESTZ", maria.Birth).Text("#code-error")
	if a := enter(p.b, misread(code), maria.Birth).Text("#code-error"); a != other || a != unknown {
		t.Error("wrong code, wrong date and unknown code can be told apart")
	}
	bad := p.b.Get("/a/"+strings.Repeat("x", 43)).Want(200, "Open your account").Submit("#code-form", born(maria.Birth)...).Want(422, "Open your account")
	if bad.Text("#birth-error") == "" {
		t.Error("no sentence at the date of a link")
	}
	if got := p.b.Get("/a/short"); got.Status != 404 {
		t.Errorf("a broken link answers %d", got.Status)
	}
}

func TestExpiredCodeIsSaidToWhomBothAreKnown(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		code := p.give(id, enroll.ByHand).Text
		p.c.Move(7 * 24 * time.Hour)
		if got := enter(p.b, code, "1962-04-08"); got.Status != 422 {
			t.Fatalf("a wrong date with an old code leads to %s", got.Path)
		}
		at := enter(p.b, code, maria.Birth).Want(200, "This code is too old")
		if got := p.b.Get("/enroll/user"); got.Path != "/enroll/expired" && got.Path != "/enroll" {
			t.Errorf("an old code leads on to %s", got.Path)
		}
		at = enter(p.b, code, maria.Birth)
		at.Submit("form.action").Want(200, "A new code is on its way")
		p.work()
		m := p.inbox(maria.Email)
		if len(m) != 1 || !strings.Contains(m[0].Text, "/a/") {
			t.Fatalf("mails: %v", m)
		}
		if n := p.count(`activation_code WHERE state = 'issued'`); n != 1 {
			t.Errorf("%d live codes", n)
		}
	})
}

func TestRequestIsAnsweredTheSameForEverybody(t *testing.T) {
	p := lite(t)
	p.add(maria)
	send := func(b *testkit.Browser, given, email string) *testkit.Page {
		at := b.Get("/enroll/request")
		return at.Submit("#request-form", append(born(maria.Birth), "given", given, "family", maria.Family, "email", email, "reach", "email")...)
	}
	strict := send(p.from("192.0.2.1"), "Maria", maria.Email).Want(200, "Your request is with us")
	again := send(p.from("192.0.2.2"), "Maria", "someone@example.com").Want(200, "Your request is with us")
	nobody := send(p.from("192.0.2.3"), "Nobody", "nobody@example.com").Want(200, "Your request is with us")
	for _, x := range []*testkit.Page{again, nobody} {
		a, b := strings.ReplaceAll(strict.Text("main"), strict.Text(".finish-number b"), ""), strings.ReplaceAll(x.Text("main"), x.Text(".finish-number b"), "")
		if a != b {
			t.Errorf("answers differ:\n%s\n%s", a, b)
		}
	}
	p.work()
	if m := p.inbox(maria.Email); len(m) != 1 || !strings.Contains(m[0].Text, "/a/") {
		t.Errorf("the strict match was not answered with a code: %v", m)
	}
	if m := p.inbox("nobody@example.com"); len(m) != 1 || strings.Contains(m[0].Text, "/a/") {
		t.Errorf("nobody got %v", m)
	}
	if n := p.count(`identity_request WHERE state = 'matched'`); n != 1 {
		t.Errorf("%d matched", n)
	}
	at := p.b.Get("/enroll/request").Submit("#request-form", "given", "", "family", "Ñandú", "email", "no").Want(422, "Ask for an activation code")
	for _, id := range []string{"#given-error", "#birth-error", "#email-error", "#reach-error"} {
		if at.Text(id) == "" {
			t.Errorf("no sentence at %s", id)
		}
	}
	if at.Attr("#family", "value") != "Ñandú" {
		t.Error("what was typed is lost")
	}
}

func TestStepsCanBeResumedForHalfAnHour(t *testing.T) {
	p := lite(t)
	code := p.give(p.add(maria), enroll.ByHand).Text
	enter(p.b, code, maria.Birth).Submit("#user-form", "username", "marias.garden", "password", password, "again", password).Want(200, "second step")
	p.c.Move(29 * time.Minute)
	p.b.Get("/enroll/second").Want(200, "second step").Submit("#second-form", "how", "totp").Want(200, "authenticator")
	p.c.Move(29 * time.Minute)
	at := p.b.Get("/enroll/second/app").Want(200, "authenticator")
	img := p.b.Get("/enroll/second/app.png")
	if img.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(img.Body, "\x89PNG") {
		t.Error("no picture of the secret")
	}
	at.Submit("#app-form", "code", secret.TOTP(keyOn(at), p.c.Now())).Want(200, "Keep your recovery codes")
	p.c.Move(31 * time.Minute)
	if got := p.b.Get("/enroll/recovery").Want(200, "Create your account"); !got.Has(".note") {
		t.Error("nothing says that the time ran out")
	}
	// The code was not used up: the way begins again with it.
	at = enter(p.b, code, maria.Birth)
	accept(p.choose(at, "marias.garden")).Want(200, "Your account is active")
}
