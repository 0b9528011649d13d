package account

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/testkit"
	"portico/internal/web"
)

func pageRig(t *testing.T) (*rig, *testkit.Browser) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	return r, r.serve()
}

// through signs a browser in with the code that comes by e-mail.
func (r *rig) through(b *testkit.Browser, m member) *testkit.Page {
	r.t.Helper()
	p := b.Get("/signin").Want(200, "Sign in").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
	return p.Submit("#step", "code", r.sent.digits(m.mail))
}

func TestSignInPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	p := b.Get("/signin").Want(200, "Sign in")
	if p.Attr("#username", "autocomplete") != "username" || p.Attr("#password", "autocomplete") != "current-password" || p.Attr("#password", "value") != "" {
		t.Error("password managers are not told what is what")
	}
	for _, link := range []string{"/enroll", "/signin/help", "/display", "tel:+15550100123"} {
		if !p.Has(`a[href="` + link + `"]`) {
			t.Errorf("no link to %s", link)
		}
	}
	p = p.Submit("#signin").Want(422, "Sign in")
	if !p.Has("#username-error") || !p.Has("#password-error") {
		t.Error("empty fields are not named")
	}
	p = p.Submit("#signin", "username", m.name, "password", "wrong").Want(422, "Sign in")
	if p.Attr("#username", "value") != m.name || p.Attr("#password", "value") != "" {
		t.Error("what was typed is not kept, or the password is")
	}
	r.clock.Move(time.Minute)
	p = p.Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
	if !strings.Contains(p.Text(".lead"), "s•••@example.org") || strings.Contains(p.Body, m.mail) || strings.Contains(p.Body, m.phone) {
		t.Errorf("the contact is not masked: %s", p.Text(".lead"))
	}
	if p.Attr("#code", "autocomplete") != "one-time-code" || p.Attr("#code", "inputmode") != "numeric" {
		t.Error("the code's box is not marked")
	}
	code := r.sent.digits(m.mail)
	p = p.Submit("#step", "code", wrong(code)).Want(422, "One more step")
	if !p.Has("#code-error") || p.Attr("#code", "value") != "" {
		t.Error("a wrong code is not shown as one")
	}
	b.Get("/home").Want(200, "Sign in") // not signed in yet
	p = b.Get("/signin/step").Submit("#step", "code", code).Want(200, "Hello, Ana")
	if p.Path != "/home" || b.Cookie(SignInCookie) != "" || b.Cookie(web.VisitorCookie) != "" || b.Cookie(web.SessionCookie) == "" {
		t.Errorf("at %s with the wrong cookies", p.Path)
	}
	for _, say := range []string{"e-mail to s•••@example.org", "Authenticator app", "10 codes", "March 10, 2026"} {
		if !strings.Contains(p.Text("main"), say) {
			t.Errorf("home does not say %q: %s", say, p.Text("main"))
		}
	}
	for _, a := range p.All("main a, footer a, header a") {
		for _, at := range a.Attr {
			if at.Key == "href" && !strings.HasPrefix(at.Val, "tel:") && !strings.HasPrefix(at.Val, "#") && !known(at.Val) {
				t.Errorf("home links to %s", at.Val)
			}
		}
	}
	p = p.Submit("form[action='/signout']").Want(200, "Sign in")
	if b.Cookie(web.SessionCookie) != "" || !strings.Contains(p.Text("main"), "You are signed out") {
		t.Error("not signed out")
	}
	b.Get("/home").Want(200, "Sign in")
}

// known are addresses that this room or another is sure to answer.
func known(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	switch path {
	case "/", "/home", "/account", "/account/display", "/terms", "/privacy", "/help", "/accessibility":
		return true
	}
	return false
}

func TestSignOutClearsTheCache(t *testing.T) {
	r, b := pageRig(t)
	r.through(b, r.join("sunny.harbor")).Want(200, "Hello")
	_, v := b.Get("/home").Fields("form[action='/signout']")
	still := *b.Client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o := *b
	o.Client = &still
	p := o.Post("/signout", v)
	if p.Status != 303 || p.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("%d %q", p.Status, p.Header.Get("Clear-Site-Data"))
	}
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if c.Name == web.SessionCookie && c.MaxAge >= 0 {
			t.Error("the cookie stays")
		}
	}
}

func TestCookiesAreBoundToTheHost(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	still := *b.Client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o := *b
	o.Client = &still
	_, v := o.Get("/signin").Fields("#signin")
	v.Set("username", m.name)
	v.Set("password", m.pw)
	first := o.Post("/signin", v)
	_, v = o.Get("/signin/step").Fields("#step")
	v.Set("code", r.sent.digits(m.mail))
	second := o.Post("/signin/step", v)
	seen := map[string]bool{}
	for _, p := range []*testkit.Page{first, second} {
		for _, c := range (&http.Response{Header: p.Header}).Cookies() {
			seen[c.Name] = true
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s is set as %s", c.Name, c.Raw)
			}
			if (c.Name == web.SessionCookie) && c.MaxAge != 0 {
				t.Error("the session outlives the browser")
			}
		}
	}
	for _, n := range []string{SignInCookie, web.SessionCookie, DeviceCookie, web.VisitorCookie} {
		if !seen[n] {
			t.Errorf("%s is not set", n)
		}
	}
}

func TestOtherWaysAreOffered(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	p := b.Get("/signin?next=/account/display").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
	if n := len(p.All("ul form[action='/signin/step/send']")); n < 4 {
		t.Errorf("%d other ways", n)
	}
	post := func(p *testkit.Page, method string) *testkit.Page {
		_, v := p.Fields("form[action='/signin/step/send']")
		v.Set("method", method)
		return b.Post("/signin/step/send", v)
	}
	p = post(p, r.factorOf(m, Mail)) // the code that has just been sent, again
	if p.Status != 429 || !strings.Contains(p.Text("main"), "60 seconds") || p.Header.Get("Retry-After") == "" {
		t.Errorf("asked again at once: %d %s", p.Status, p.Text(".errsum"))
	}
	p = post(b.Get("/signin/step"), r.factorOf(m, Voice)).Want(200, "One more step")
	if !strings.Contains(p.Text(".lead"), "calling") {
		t.Errorf("a call: %s", p.Text(".lead"))
	}
	p = post(p, byRecovery).Want(200, "One more step")
	p = p.Submit("#step", "code", strings.ToLower(m.recovery[0]))
	if p.Path != "/account/display" {
		t.Errorf("led to %s (%d)", p.Path, p.Status)
	}
	if p = b.Get("/home"); !strings.Contains(p.Text("main"), "9 codes") {
		t.Error("home does not count the codes left")
	}
	if p = b.Get("/signin/step"); p.Path != "/signin" || !strings.Contains(p.Text("main"), "sign in again") {
		t.Error("a second step without a first")
	}
}

func TestNextStaysHere(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	for i, next := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "/%2f/evil.example", "javascript:alert(1)"} {
		o := b.Other()
		_, v := o.Get("/signin").Fields("#signin")
		v.Set("username", m.name)
		v.Set("password", m.pw)
		v.Set("next", next)
		p := o.Post("/signin", v).Want(200, "One more step")
		if p = p.Submit("#step", "code", r.sent.digits(m.mail)); p.Path != "/home" {
			t.Errorf("%s led to %s", next, p.Path)
		}
		r.clock.Move(time.Duration(i+1) * 25 * time.Hour)
	}
}

// Who must sign in on the way to a list comes to the list as it was asked for; what
// was said only once and what would lead elsewhere is left out.
func TestSigningInLeadsBackToWhatWasAskedFor(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	for asked, want := range map[string]string{
		"/account/history?from=2026-01-01&lang=en&done=1":   "/account/history?from=2026-01-01",
		"/account/history?from=//evil.example":              "/account/history?from=%2F%2Fevil.example",
		"/account/history?from=" + strings.Repeat("x", 600): "/account/history",
	} {
		o := b.Other()
		p := o.Get(asked).Want(200, "Sign in").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
		p = p.Submit("#step", "code", r.sent.digits(m.mail))
		if p.Status != 200 || strings.TrimSuffix(p.Path+"?"+p.Query, "?") != want {
			t.Errorf("%s led to %d %s?%s", asked, p.Status, p.Path, p.Query)
		}
		r.clock.Move(25 * time.Hour)
	}
}

// Whoever says that others use the browser leaves nothing in it that outlasts it.
func TestASharedBrowserKeepsNothing(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	p := b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
	if p = p.Submit("#step", "shared", "on", "remember", "on"); p.Status != 422 || !p.Has("input[name=shared][checked]") || !p.Has("input[name=remember][checked]") {
		t.Fatalf("%d: what was ticked is lost", p.Status)
	}
	_, v := p.Fields("#step")
	v.Set("code", r.sent.digits(m.mail))
	v.Set("shared", "on")
	v.Set("remember", "on")
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p = b.Post("/signin/step", v)
	b.Client.CheckRedirect = nil
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if c.MaxAge > 0 || c.Name == RememberCookie {
			t.Errorf("%s stays for %d s", c.Name, c.MaxAge)
		}
	}
	p = b.Get("/home").Want(200, "Hello, Ana")
	if p.Attr("[data-idle]", "data-idle") != "300" || !strings.Contains(p.Text("footer"), "5 minutes") {
		t.Errorf("the page says %s: %s", p.Attr("[data-idle]", "data-idle"), p.Text("footer"))
	}
	r.clock.Move(access.IdleShared)
	if p = b.Get("/home"); p.Path != "/signin" {
		t.Errorf("after five minutes: %s", p.Path)
	}
}

// It can be said with the password already: the second step starts from it, whichever
// it is, and a browser that skips that keeps nothing longer either.
func TestSharedIsSaidWithThePassword(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, b := r.join("sunny.harbor"), r.serve()
		p := b.Get("/signin").Submit("#signin", "username", m.name, "password", "wrong", "shared", "yes")
		if p.Status != 422 || !p.Has("input[name=shared][checked]") {
			t.Errorf("%d: the tick is lost with a wrong password", p.Status)
		}
		r.clock.Move(time.Hour)
		p = p.Submit("#signin", "password", m.pw).Want(200, "One more step")
		if !p.Has("#step input[name=shared][checked]") || p.Has("input[name=remember][checked]") {
			t.Error("the second step does not start from it")
		}
		r.clock.Move(2 * time.Minute)
		if p = p.Submit("#step ~ form[action='/signin/step/send']").Want(200, "One more step"); !p.Has("#step input[name=shared][checked]") {
			t.Error("another code forgets it")
		}
		p.Submit("#step", "code", r.sent.digits(m.mail)).Want(200, "Hello, Ana")
		if n := r.count(`SELECT COUNT(*) FROM session WHERE shared`); n != 1 {
			t.Errorf("%d sessions end sooner", n)
		}
		other := r.serve()
		r.clock.Move(25 * time.Hour)
		p = other.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw, "shared", "yes").Want(200, "One more step")
		_, v := p.Fields("#step")
		v.Del("shared")
		v.Set("code", r.sent.digits(m.mail))
		other.Post("/signin/step", v).Want(200, "Hello, Ana")
		if n := r.count(`SELECT COUNT(*) FROM session WHERE shared`); n != 1 {
			t.Error("the tick cannot be taken back at the second step")
		}
	})
}

// A remembered browser that others use too, this once: its mark ends with the browser.
func TestARememberedBrowserIsSharedThisOnce(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Submit("#step", "code", r.sent.digits(m.mail), "remember", "yes").Want(200, "Hello, Ana")
	b.Get("/home").Submit("form[action='/signout']")
	_, v := b.Get("/signin").Fields("#signin")
	v.Set("username", m.name)
	v.Set("password", m.pw)
	v.Set("shared", "yes")
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := b.Post("/signin", v)
	if p.Header.Get("Location") != "/home" {
		t.Fatalf("the second step was asked for: %d %s", p.Status, p.Header.Get("Location"))
	}
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if c.MaxAge > 0 {
			t.Errorf("%s stays for %d s", c.Name, c.MaxAge)
		}
	}
	if n := r.count(`SELECT COUNT(*) FROM session WHERE shared AND ended_at IS NULL`); n != 1 {
		t.Errorf("%d sessions end sooner", n)
	}
}

func TestDisplayPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	p := b.Get("/display").Want(200, "Language and display").Submit("#display", "lang", "es", "theme", "dark", "text", "large").Want(200, "Iniciar sesión")
	if p.Attr("html", "lang") != "es" || p.Attr("html", "data-theme") != "dark" || p.Attr("html", "data-text") != "large" {
		t.Error("a visitor's choice does not last")
	}
	if p = b.Get("/display").Submit("#display", "theme", "purple"); p.Status != 422 || !p.Has("#theme-error") {
		t.Errorf("an unknown colour: %d", p.Status)
	}
	p = b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "Un paso más")
	p = p.Submit("#step", "code", r.sent.digits(m.mail)).Want(200, "Hola") // as chosen in this browser
	if p = b.Get("/display"); p.Path != "/account/display" {
		t.Errorf("a signed-in person chooses at %s", p.Path)
	}
	if p := p.Submit("#display", "zone", "Mars/Olympus"); p.Status != 422 || !p.Has("#zone-error") {
		t.Errorf("an unknown zone: %d", p.Status)
	}
	p = b.Get("/account/display")
	p.Submit("#display", "lang", "es", "theme", "auto", "text", "large", "zone", "Asia/Tokyo").Want(200, "Hola, Ana")
	if !b.Get("/account/display").Has(`#zone option[value="Asia/Tokyo"][selected]`) {
		t.Error("the zone is not kept")
	}
	o := b.Other()
	if p = r.again(o, m); p.Attr("html", "lang") != "es" || p.Attr("html", "data-text") != "large" {
		t.Error("another browser does not know the choice")
	}
}

// again signs a second browser in, a day later.
func (r *rig) again(o *testkit.Browser, m member) *testkit.Page {
	r.clock.Move(24 * time.Hour)
	p := o.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw)
	return p.Submit("#step", "code", r.sent.digits(m.mail))
}

func TestNotMePages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello")
	link := r.sent.notMe()
	o := b.Other()
	for range 3 { // a mail scanner looks at links
		o.Get(link).Want(200, "not you")
		o.Do("HEAD", link, nil)
	}
	b.Get("/home").Want(200, "Hello")
	p := o.Get(link).Submit("#notme").Want(200, "We locked the account")
	if !strings.Contains(p.Text("main"), "555-010-0123") {
		t.Error("no phone number")
	}
	b.Get("/home").Want(200, "Sign in")
	o.Get(link).Want(200, "We locked the account")
	o.Get("/not-me/nonsense").Want(404, "not you")
	if p := o.Post("/not-me/nonsense", url.Values{}); p.Status != 403 {
		t.Errorf("a post without a form key: %d", p.Status)
	}
}

func TestSpanishPages(t *testing.T) {
	_, b := pageRig(t)
	for path, heading := range map[string]string{"/signin?lang=es": "Iniciar sesión", "/signin/help?lang=es": "Ayuda para iniciar sesión", "/display?lang=es": "Idioma y pantalla", "/not-me/x?lang=es": "¿No fue usted?"} {
		p := b.Get(path)
		if !strings.Contains(p.Text("h1"), heading) || strings.Contains(p.Text("main"), "account.") {
			t.Errorf("%s: %s", path, p.Text("main"))
		}
	}
}

// T26: no cookie from before signing in is worth anything afterwards.
func TestT26OldCookiesDie(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	planted := map[string]string{web.SessionCookie: strings.Repeat("A", 43), SignInCookie: strings.Repeat("B", 43), web.VisitorCookie: strings.Repeat("C", 43), DeviceCookie: "dev_x.AAAA", web.EnrolCookie: strings.Repeat("D", 43)}
	for n, v := range planted {
		b.SetCookie(n, v)
	}
	r.through(b, m).Want(200, "Hello")
	now := map[string]string{}
	for n, v := range planted {
		if now[n] = b.Cookie(n); now[n] == v {
			t.Errorf("%s survived the sign-in", n)
		}
	}
	thief := b.Other()
	for n, v := range planted {
		thief.SetCookie(n, v)
	}
	if p := thief.Get("/home"); p.Path == "/home" {
		t.Error("the planted cookies are signed in")
	}
	// Signing in again, over a living session: the first one dies.
	first := b.Cookie(web.SessionCookie)
	r.clock.Move(2 * time.Minute)
	r.through(b, m).Want(200, "Hello")
	thief = b.Other()
	thief.SetCookie(web.SessionCookie, first)
	if p := thief.Get("/home"); p.Path == "/home" {
		t.Error("the session from before is still open")
	}
}

// T29: idle and absolute ends are exact, and asking in the background moves neither.
func TestT29BackgroundAskingExtendsNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		dev := r.deviceFor(m)
		in := r.signIn(m, dev)
		for range 14 {
			r.clock.Move(time.Minute)
			if _, err := r.Gate.Peek(ctx, in.Session); err != nil {
				t.Fatal(err)
			}
		}
		r.clock.Move(59 * time.Second)
		if _, err := r.Gate.Peek(ctx, in.Session); err != nil {
			t.Errorf("a second early: %v", err)
		}
		r.clock.Move(time.Second)
		if _, err := r.Gate.Peek(ctx, in.Session); err == nil || r.opens(in.Session) {
			t.Error("asking in the background kept the session alive")
		}
		in = r.signIn(m, dev)
		began := r.clock.Now()
		for r.clock.Now().Sub(began) < 12*time.Hour-10*time.Minute {
			r.clock.Move(10 * time.Minute)
			if !r.opens(in.Session) {
				t.Fatalf("in use, but over after %v", r.clock.Now().Sub(began))
			}
		}
		r.clock.Move(10*time.Minute - time.Second)
		if !r.opens(in.Session) {
			t.Error("a second before the absolute end")
		}
		r.clock.Move(time.Second)
		if r.opens(in.Session) {
			t.Error("after the absolute end")
		}
	})
}

func TestPersonIsToldThatNoCodeCame(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	var p *testkit.Page
	for i := range 11 { // ten codes in 24 hours is the budget
		r.clock.Move(11 * time.Minute)
		p = b.Get("/signin").Submit("#signin", "username", m.name, "password", m.pw).Want(200, "One more step")
		if told := strings.Contains(p.Text("main"), "No code was sent"); told != (i == 10) {
			t.Fatalf("sign-in %d: told %v", i+1, told)
		}
	}
	_, v := p.Fields("form[action='/signin/step/send']")
	v.Set("method", r.factorOf(m, TOTP))
	if p = b.Post("/signin/step/send", v); strings.Contains(p.Text("main"), "No code was sent") {
		t.Error("an authenticator needs no sending")
	}
}
