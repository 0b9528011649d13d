package staff_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/secret"
	"portico/internal/staff"
	"portico/internal/testkit"
	"portico/internal/web"
)

func TestSetUpAndSignInPages(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	b := k.serve()
	_, link, err := k.Add(ctx, duty, staff.Newcomer{Name: "Ana Clerk", Email: "ana@example.org", Roles: []access.Role{access.FrontDesk}})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // mail scanners
		if p := b.Other().Get(link.Path); p.Status != 200 {
			t.Fatalf("opened: %d", p.Status)
		}
	}
	if p := b.Get(link.Path + "/app"); p.Path != link.Path {
		t.Errorf("the second page before the first led to %s", p.Path)
	}
	p := b.Get(link.Path).Want(200, "Welcome, Ana Clerk")
	p = p.Submit("main form", "password", "short").Want(422, "Welcome")
	if p.Text("#password-error") == "" || strings.Contains(p.Body, `value="short"`) {
		t.Errorf("a short password: %q", p.Text(".errsum"))
	}
	p = p.Submit("main form", "password", password).Want(200, "Connect your authenticator app")
	pic := b.Get(p.Attr(".qr img", "src"))
	if img, err := png.Decode(bytes.NewReader([]byte(pic.Body))); err != nil || img.Bounds().Dx() < 150 {
		t.Errorf("the QR code is no picture: %v", err)
	}
	key := keyOf(t, p.Text(".bigcode-text"))
	p = p.Submit("main form", "code", "000000").Want(422, "Connect")
	if p.Text("#code-error") == "" {
		t.Error("a wrong code is not named")
	}
	if again := keyOf(t, p.Text(".bigcode-text")); !bytes.Equal(again, key) {
		t.Error("the secret changed under the person's hands")
	}
	p = p.Submit("main form", "code", secret.TOTP(key, c.Now())).Want(200, "Staff sign-in")
	if !strings.Contains(p.Text(".note-ok"), "ready") {
		t.Errorf("said %q", p.Text(".note-ok"))
	}
	for _, path := range []string{link.Path, link.Path + "/app", link.Path + "/qr", "/staff/setup/" + strings.Repeat("A", 43)} {
		if got := b.Get(path); got.Status != 404 || got.Text("h1") != "This link does not work" {
			t.Errorf("%s after use: %d %q", path, got.Status, got.Text("h1"))
		}
	}
	c.Move(30 * time.Second)

	p = b.Get("/staff").Want(200, "Staff sign-in")
	anonymous := b.Cookie(web.VisitorCookie)
	p = p.Submit("main form", "email", "ana@example.org", "password", "wrong").Want(422, "Staff sign-in")
	if p.Attr("#email", "value") != "ana@example.org" || strings.Contains(p.Body, `value="wrong"`) {
		t.Error("what was typed is not kept, or too much of it")
	}
	c.Move(time.Second)
	p = p.Submit("main form", "email", "ana@example.org", "password", password).Want(200, "Enter the code")
	if got := b.Get("/staff"); got.Path != "/staff/signin" {
		t.Errorf("half-way signed in, the desk opens at %s", got.Path)
	}
	p.Submit("main form", "code", secret.TOTP(key, c.Now()))
	if got := b.Get("/staff"); got.Status != 200 || got.Path != "/staff" || b.Cookie(web.VisitorCookie) == anonymous || b.Cookie(staff.StepCookie) != "" {
		t.Errorf("signed in: %d at %s", got.Status, got.Path)
	}
	if got := b.Get("/staff/signin"); got.Path != "/staff" {
		t.Errorf("the sign-in page while signed in leads to %s", got.Path)
	}
	token := b.Cookie(web.StaffCookie)
	p = b.Get("/staff").Submit("form[data-signout]").Want(200, "Staff sign-in")
	if p.Header.Get("Cache-Control") != "no-store" {
		t.Error("pages may be kept")
	}
	b.SetCookie(web.StaffCookie, token)
	if got := b.Get("/staff"); got.Path != web.StaffEndedPath {
		t.Errorf("the token lives after signing out: %s", got.Path)
	}
}

// desk opens the desk, which names who is signed in.
func desk(t *testing.T, b *testkit.Browser) {
	t.Helper()
	if p := b.Get("/staff"); p.Path != "/staff" || !strings.Contains(p.Text("main"), "Ana Clerk") {
		t.Fatalf("the desk opens at %s: %q", p.Path, p.Text("main"))
	}
}

// A wanted page is opened after signing in; another site never is.
func TestNextStaysHere(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	ana := k.hire("ana@example.org", access.FrontDesk)
	for next, want := range map[string]string{"/staff/patients-find": "/staff/patients-find", "//evil.example": "/staff", "https://evil.example/": "/staff", "/\\evil": "/staff", "": "/staff"} {
		b := k.serve()
		p := b.Get("/staff/signin").Submit("main form", "email", ana.email, "password", password, "next", next).Want(200, "Enter the code")
		if got := p.Submit("main form", "code", k.code(ana)); got.Path != want {
			t.Errorf("%q led to %s", next, got.Path)
		}
		c.Move(30 * time.Second)
	}
}

// T29: the ends are exact, and asking how long is left does not move them.
func TestSessionEndsExactly(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	ana := k.hire("ana@example.org", access.FrontDesk)
	b := k.serve()
	in := func() {
		t.Helper()
		token, err := k.enter(ana, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		b.SetCookie(web.StaffCookie, token)
		desk(t, b)
	}
	in()
	for range 14 { // polled each minute, touched by nobody
		c.Move(time.Minute)
		if p := b.Get("/session/left"); p.Status != 200 {
			t.Fatalf("left: %d", p.Status)
		}
	}
	c.Move(time.Minute - time.Second)
	if p := b.Get("/session/left"); p.Status != 200 || !strings.Contains(p.Body, `"seconds":1`) {
		t.Errorf("a second before the end: %d %s", p.Status, p.Body)
	}
	c.Move(time.Second)
	if p := b.Get("/session/left"); p.Status != 401 {
		t.Errorf("left after the end: %d", p.Status)
	}
	if p := b.Get("/staff"); p.Path != "/staff/signin" {
		t.Errorf("polling kept the session alive: %s", p.Path)
	}
	in()
	c.Move(15*time.Minute - time.Second)
	desk(t, b)
	in()
	for left := 12 * time.Hour; left > 10*time.Minute; left -= 10 * time.Minute {
		c.Move(10 * time.Minute)
		desk(t, b)
	}
	c.Move(10*time.Minute - 31*time.Second) // enter moved the clock by 30 s
	desk(t, b)
	c.Move(time.Second)
	if p := b.Get("/staff"); p.Path != "/staff/signin" {
		t.Errorf("a session outlived twelve hours: %s", p.Path)
	}
}

// T35: a role opens what it may; the rest answers like an address that does not
// exist.
func TestDeniedLooksLikeAbsent(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	ana := k.hire("ana@example.org", access.Auditor)
	b := k.serve()
	token, err := k.enter(ana, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	b.SetCookie(web.StaffCookie, token)
	if p := b.Get("/staff/audit-read"); p.Status != 200 {
		t.Errorf("what the role may: %d", p.Status)
	}
	denied := b.Get("/staff/patients-find")
	if denied.Status != 404 {
		t.Errorf("what the role may not: %d", denied.Status)
	}
	if absent := b.Get("/staff/nowhere"); absent.Status != 404 || absent.Text("main") != denied.Text("main") {
		t.Errorf("absent says %q, denied %q", absent.Text("main"), denied.Text("main"))
	}
}
