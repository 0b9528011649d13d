package enroll_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// T4: codes are guessed from everywhere while honest people use theirs.
func TestGuessingCodes(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		n := size(20, 10000)
		codes := make([]string, n)
		for i := range codes {
			codes[i] = p.give(p.add(patient{Number: fmt.Sprint("G-", i), Given: "Gil", Family: "Guess", Birth: "1970-01-01"}), enroll.ByHand).Text
		}
		var wg sync.WaitGroup
		guesses := size(160, 1_000_000)
		for w := range 8 {
			wg.Go(func() {
				for i := w; i < guesses; i += 8 {
					v := visitor(fmt.Sprintf("10.%d.%d.%d", i>>16%256, i>>8&255, i&255))
					o, err := p.OpenCode(ctx, v, enroll.CodeTry{Code: secret.Symbols(15), Birth: "1970-01-01"})
					if err == nil {
						t.Errorf("guessed: %+v", o)
					}
				}
			})
		}
		good := 0
		for i, c := range codes {
			if _, err := p.OpenCode(ctx, visitor(fmt.Sprintf("172.16.%d.%d", i>>8, i&255)), enroll.CodeTry{Code: c, Birth: "1970-01-01"}); err == nil {
				good++
			}
		}
		wg.Wait()
		if float64(good) < 0.995*float64(n) {
			t.Errorf("%d of %d honest people got on", good, n)
		}
	})
}

// T10: a mail scanner opens links long before their reader does.
func TestOpeningALinkUsesNothingUp(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	r := p.give(id, enroll.ByHand)
	path := strings.TrimPrefix(r.Link, p.b.Base)
	before := p.one(`SELECT state || tries FROM activation_code`)
	lines := p.count("audit_entry")
	for i := range 100 {
		b := p.b.Other()
		b.Header = http.Header{"User-Agent": {[]string{"Mozilla/5.0 (compatible; bingbot/2.0)", "GoogleImageProxy", "Barracuda Sentinel", "curl/8.5.0"}[i%4]}}
		if got := b.Do([]string{"GET", "HEAD"}[i%2], path, nil); got.Status != 200 {
			t.Fatalf("answered %d", got.Status)
		}
	}
	if after := p.one(`SELECT state || tries FROM activation_code`); after != before {
		t.Errorf("the code went from %s to %s", before, after)
	}
	if n := p.count("audit_entry"); n != lines {
		t.Error("opening a link wrote to the database")
	}
	p.b.Get(path).Submit("#code-form", born(maria.Birth)...).Want(200, "Choose a user name")
}

// applicantForms are the forms of the way after verification with what they
// need at least.
var applicantForms = []struct {
	path string
	v    url.Values
}{
	{"/enroll/confirm", url.Values{"code": {"123456"}}},
	{"/enroll/expired", nil},
	{"/enroll/user", url.Values{"username": {"walker.on.water"}, "password": {password}, "again": {password}}},
	{"/enroll/second", url.Values{"how": {"totp"}}},
	{"/enroll/second/app", url.Values{"code": {"123456"}}},
	{"/enroll/second/contact", url.Values{"contact": {"a@example.com"}}},
	{"/enroll/second/code", url.Values{"code": {"123456"}}},
	{"/enroll/recovery", url.Values{"saved": {"yes"}}},
	{"/enroll/terms", url.Values{"terms": {"yes"}, "privacy": {"yes"}}},
}

// T11: from every state, every request; only the next step, and steps behind,
// may change anything, and none but the last makes an account.
func TestStepsCannotBeSkipped(t *testing.T) {
	p := lite(t)
	i := 0
	// state leads a new browser to a state.
	state := map[string]func(b *testkit.Browser, x patient, code string){
		"nothing": func(b *testkit.Browser, x patient, _ string) { b.Get("/enroll") },
		"asked":   func(b *testkit.Browser, x patient, _ string) { tryNumber(b, x.Number, "1980-01-01") },
		"matched": func(b *testkit.Browser, x patient, _ string) { tryNumber(b, x.Number, x.Birth) },
		"requested": func(b *testkit.Browser, x patient, _ string) {
			b.Get("/enroll/request").Submit("#request-form", append(born(x.Birth), "given", x.Given, "family", x.Family, "email", "w@example.com", "reach", "email")...)
		},
		"late": func(b *testkit.Browser, x patient, code string) {
			p.c.Move(8 * 24 * time.Hour)
			enter(b, code, x.Birth)
		},
		"proven": func(b *testkit.Browser, x patient, code string) { enter(b, code, x.Birth) },
		"named": func(b *testkit.Browser, x patient, code string) {
			enter(b, code, x.Birth).Submit("#user-form", "username", "first.name."+x.Number, "password", password, "again", password)
		},
		"chosen": func(b *testkit.Browser, x patient, code string) {
			enter(b, code, x.Birth).Submit("#user-form", "username", "second.name."+x.Number, "password", password, "again", password).Submit("#second-form", "how", "email")
		},
	}
	// may lists the forms that do something in each state.
	may := map[string][]string{
		"asked": {"/enroll/confirm"}, "matched": {"/enroll/confirm"}, "late": {"/enroll/expired"}, "proven": {"/enroll/user"},
		"named": {"/enroll/user", "/enroll/second"}, "chosen": {"/enroll/user", "/enroll/second", "/enroll/second/contact"},
	}
	later := []string{"/enroll/second", "/enroll/second/contact", "/enroll/second/app", "/enroll/recovery", "/enroll/terms"}
	for name, lead := range state {
		for _, f := range applicantForms {
			i++
			x := patient{Number: fmt.Sprint("w", i), Given: "Wanda", Family: fmt.Sprint("Walk", i), Birth: "1970-01-01", Email: fmt.Sprintf("w%d@example.com", i)}
			code := p.give(p.add(x), enroll.ByHand).Text
			b := p.from(fmt.Sprintf("10.1.%d.%d", i>>8, i&255))
			lead(b, x, code)
			v := url.Values{"_form": {formKey(b)}}
			for k, s := range f.v {
				v[k] = s
			}
			got := b.Post(f.path, v)
			if slices.Contains(may[name], f.path) {
				continue
			}
			if got.Path == "/enroll/done" || b.Cookie(web.SessionCookie) != "" {
				t.Fatalf("%s + %s opened an account", name, f.path)
			}
			if got.Status == 200 && got.Path == f.path && name != "nothing" && f.path != "/enroll/second/code" {
				t.Errorf("%s + POST %s was taken", name, f.path)
			}
			// Who has not chosen a name yet is led back to that, not on to what was skipped to.
			if name == "proven" && slices.Contains(later, f.path) && got.Path != "/enroll/user" {
				t.Errorf("%s + POST %s led to %s", name, f.path, got.Path)
			}
			if at := b.Get(f.path); at.Status != 200 || at.Path == "/enroll/done" {
				t.Errorf("%s + GET %s: %d %s", name, f.path, at.Status, at.Path)
			}
		}
	}
	if n := p.count("account"); n != 0 {
		t.Errorf("%d accounts", n)
	}
}

// formKey takes a form key off any page of this browser's present audience.
func formKey(b *testkit.Browser) string {
	for _, path := range []string{"/enroll/confirm", "/enroll/expired", "/enroll/user"} {
		if at := b.Get(path); at.Path == path && at.Has("main form") {
			_, v := at.Fields("main form")
			return v.Get("_form")
		}
	}
	at := b.Get("/enroll/number")
	_, v := at.Fields("#number-form")
	return v.Get("_form")
}

// T12: the verification session opens no page of the portal, nor of the desk.
func TestVerificationSessionOpensNoOtherPage(t *testing.T) {
	p := lite(t)
	code := p.give(p.add(maria), enroll.ByHand).Text
	enter(p.b, code, maria.Birth).Want(200, "Choose a user name")
	half := p.b.Cookie(web.EnrolCookie)
	tried := 0
	for _, r := range p.app.Router.Routes() {
		if r.Audience != "patient" && r.Audience != "staff" {
			continue
		}
		path := strings.NewReplacer("{id}", "x", "{code}", "x", "{token}", "x").Replace(r.Path)
		for _, cookie := range []string{web.EnrolCookie, web.SessionCookie, web.StaffCookie} {
			tried++
			b := p.b.Other()
			b.SetCookie(cookie, half)
			stop := *b.Client
			stop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			b.Client = &stop
			got := b.Do(r.Method, path, nil)
			if got.Status != 303 || !strings.Contains(got.Header.Get("Location"), "signin") {
				t.Errorf("%s %s with %s: %d %s", r.Method, path, cookie, got.Status, got.Header.Get("Location"))
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d tries", tried)
	}
}

// T36: fields that a form does not have change nothing.
func TestExtraFieldsChangeNothing(t *testing.T) {
	p := lite(t)
	x := maria
	other := p.add(patient{Number: "O", Given: "Otto", Family: "Other", Birth: "1970-01-01"})
	id := p.add(x)
	code := p.give(id, enroll.ByHand).Text
	extra := []string{"patient_id", string(other), "patient", string(other), "level", "2", "Level", "2", "state", "used", "verification_id", "ver_x", "way", "code",
		"draft", "{}", "saved", "yes", "SecondOK", "true", "secondOk", "true", "user", "intruder", "code_id", "cod_x", "role", "admin", "ROLE", "admin", "account_id", "acc_x",
		"expires_at", "2099-01-01", "tries", "-100", "asked", "-100", "wrong", "-100", "Lang", "xx", "proven", "maria"}
	at := p.b.Get("/enroll/code").Submit("#code-form", append(extra, append(born(x.Birth), "code", code)...)...).Want(200, "Choose a user name")
	at = at.Submit("#user-form", append(extra, "username", "marias.garden", "password", password, "again", password)...).Want(200, "second step")
	at = at.Submit("#second-form", append(extra, "how", "totp")...).Want(200, "authenticator")
	at = at.Submit("#app-form", append(extra, "code", secret.TOTP(keyOn(at), p.c.Now()))...).Want(200, "recovery codes")
	at = at.Submit("#recovery-form", append(extra, "saved", "yes")...).Want(200, "Terms")
	at.Submit("#terms-form", append(extra, "terms", "yes", "privacy", "yes")...).Want(200, "Your account is active")
	if who := p.one(`SELECT person_id FROM account`); who != string(id) {
		t.Errorf("the account belongs to %s", who)
	}
	if name := p.one(`SELECT user_name FROM account`); name != "marias.garden" {
		t.Errorf("user name %s", name)
	}
	// A name sent twice counts once, the first.
	b := p.b.Other()
	y := patient{Number: "P", Given: "Pia", Family: "Poll", Birth: "1970-01-01"}
	c := p.give(p.add(y), enroll.ByHand).Text
	_, v := b.Get("/enroll/code").Fields("#code-form")
	v["code"] = []string{c, "00000-00000-00000"}
	v["birth_year"], v["birth_month"], v["birth_day"] = []string{"1970", "1971"}, []string{"1", "2"}, []string{"1"}
	b.Post("/enroll/code", v).Want(200, "Choose a user name")
}

// T44: a poisoned host never reaches a link.
func TestLinksBeginWithTheConfiguredAddress(t *testing.T) {
	p := lite(t)
	x := maria
	p.add(x)
	b := p.from("192.0.2.1")
	b.Header["X-Forwarded-Host"] = []string{"evil.example"}
	b.Header["X-Forwarded-Proto"] = []string{"http"}
	b.Header["Forwarded"] = []string{"host=evil.example"}
	b.Get("/enroll/request").Submit("#request-form", append(born(x.Birth), "given", x.Given, "family", x.Family, "email", x.Email, "reach", "email")...).Want(200, "Your request is with us")
	p.work()
	m := p.inbox(x.Email)
	if len(m) != 1 || len(m[0].Links) == 0 {
		t.Fatalf("%v", m)
	}
	for _, l := range m[0].Links {
		if !strings.HasPrefix(l, p.b.Base+"/") {
			t.Errorf("link %q", l)
		}
	}
	if strings.Contains(m[0].Text+m[0].HTML, "evil") {
		t.Error("the poisoned host is in the message")
	}
	req := httptest.NewRequest("GET", "http://evil.example/enroll", nil)
	rec := httptest.NewRecorder()
	p.app.Router.Handler().ServeHTTP(rec, req)
	if rec.Code != 404 {
		t.Errorf("another host is answered with %d", rec.Code)
	}
}

// T6: whoever steals a letter and knows the birth date is found out elsewhere.
func TestStolenLetterIsNoticed(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	p.give(id, enroll.ByLetter)
	p.work()
	if len(p.inbox(maria.Email)) != 1 {
		t.Error("the owner does not hear that a letter is on its way")
	}
	code := p.give(id, enroll.ByHand).Text
	accept(p.choose(enter(p.b, code, maria.Birth), "a.thief.in.the.night")).Want(200, "Your account is active")
	p.b.Get("/home").Want(200, "Maria")
	p.work()
	for _, to := range []string{maria.Email, maria.Mobile} {
		var link string
		for _, m := range p.inbox(to) {
			for _, l := range m.Links {
				if strings.Contains(l, "/not-me/") {
					link = l
				}
			}
		}
		if link == "" {
			t.Fatalf("%s was not told", to)
		}
		if to == maria.Email {
			o := p.b.Other()
			at := o.Get(strings.TrimPrefix(link, p.b.Base))
			at.Submit("main form")
		}
	}
	if got := p.b.Get("/home"); got.Path == "/home" {
		t.Error("the thief is still signed in")
	}
}

// T9: an account that opened meanwhile ends every other way to it.
func TestEverythingElseDiesWithSuccess(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		token, err := p.TryNumber(ctx, visitor("192.0.2.1"), enroll.NumberTry{Number: maria.Number, Birth: maria.Birth, Lang: lang.En})
		if err != nil {
			t.Fatal(err)
		}
		half := p.proof(token, "192.0.2.1")
		digits := p.digits(maria.Email)
		code := p.give(id, enroll.ByHand).Text
		a := p.applicant(code, maria.Birth, "192.0.2.2")
		b := p.applicant(code, maria.Birth, "192.0.2.3")
		c := p.ready(b, "the.other.one")
		if _, err := p.finishAll(a, "marias.garden"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Finish(ctx, b, c); err == nil {
			t.Error("a second account")
		}
		if _, err := p.Confirm(ctx, half, digits); err == nil {
			t.Error("a session from before the account was proven")
		}
		if n := p.count(`verification_session WHERE ended_at IS NULL AND patient_id = $1`, id); n != 0 {
			t.Errorf("%d half-way sessions live on", n)
		}
	})
}

// An account that exists already is refused kindly to whoever is proven.
func TestSecondAccountIsRefusedKindly(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	tryNumber(p.b, maria.Number, maria.Birth)
	at := p.b.Get("/enroll/confirm").Submit("#confirm-form", "code", p.digits(maria.Email))
	at = p.choose(at, "the.other.one")
	// Meanwhile the account opens with a code; its end of all other sessions is
	// undone here to reach the last page.
	code := p.give(id, enroll.ByHand).Text
	if _, err := p.finishAll(p.applicant(code, maria.Birth, "192.0.2.2"), "marias.garden"); err != nil {
		t.Fatal(err)
	}
	if err := p.DB.Housekeep(ctx, "access", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE verification_session SET ended_at = NULL`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	got := accept(at)
	if got.Status != 409 || !strings.Contains(got.Text("h1"), "already have an account") || !got.Has(`a[href="/signin"]`) {
		t.Errorf("answered %d %q", got.Status, got.Text("h1"))
	}
}

func TestPagesCostFewQueries(t *testing.T) {
	p := lite(t)
	code := p.give(p.add(maria), enroll.ByHand).Text
	h := p.app.Router.Handler()
	cost := func(path string) (n int) {
		req := httptest.NewRequest("GET", p.b.Base+path, nil)
		u, _ := url.Parse(p.b.Base)
		for _, c := range p.b.Client.Jar.Cookies(u) {
			req.AddCookie(c)
		}
		req = req.WithContext(store.Counting(ctx, &n))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != 200 {
			t.Errorf("%s answers %d", path, rec.Code)
		}
		return n
	}
	want := func(path string, most int) {
		t.Helper()
		if n := cost(path); n > most {
			t.Errorf("%s costs %d queries, at most %d are allowed", path, n, most)
		}
	}
	for _, path := range []string{"/enroll", "/enroll/code", "/enroll/phone", "/enroll/request", "/a/" + strings.Repeat("x", 43)} {
		want(path, 0)
	}
	want("/enroll/number", 1)
	tryNumber(p.b, maria.Number, maria.Birth)
	want("/enroll/confirm", 2)
	at := enter(p.b, code, maria.Birth)
	want("/enroll/user", 7)
	at = at.Submit("#user-form", "username", "marias.garden", "password", password, "again", password).Submit("#second-form", "how", "totp")
	want("/enroll/second/app", 7)
	at.Submit("#app-form", "code", secret.TOTP(keyOn(at), p.c.Now())).Submit("#recovery-form", "saved", "yes")
	want("/enroll/terms", 9)
}
