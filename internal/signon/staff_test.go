package signon_test

import (
	"net/url"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/issuer"
)

// Roles are the provider's, and nobody is in without one.
func TestRolesFollowTheProvider(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		roles := func() (r string) {
			k.must(db.View(ctx, func(tx *store.Tx) (err error) {
				r, err = store.Get(ctx, tx, store.One[string], `SELECT roles FROM staff`)
				return err
			}))
			return r
		}
		as := func(groups ...string) *testkit.Page {
			k.p.With(func(b *issuer.Behavior) { b.Who.Groups = groups })
			return k.come()
		}
		if as("portal-audit", "portal-desk", "portal-desk"); roles() != "front_desk,auditor" {
			t.Errorf("roles: %q", roles())
		}
		inside := k.b
		for _, groups := range [][]string{{}, {"everybody"}, {"administrator"}, {"portal-desk "}, {"PORTAL-DESK"}} {
			if p := as(groups...); p.Status != 403 || p.Text("h1") != "You have no role here" || roles() != "" {
				t.Errorf("%v: %d %q, roles %q", groups, p.Status, p.Text("h1"), roles())
			}
		}
		if p := inside.Get("/staff"); p.Path == "/staff" {
			t.Error("a session outlived all roles")
		}
		if n := k.refused("no role"); n != 5 {
			t.Errorf("%d lines", n)
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.changed' AND detail = 'signon roles:front_desk,auditor'`); n != 1 {
			t.Errorf("%d lines about changed roles", n)
		}
	})
}

func TestDisabledStaffAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c, func(s *config.SignOn) { s.Newcomers = true })
		k.linked()
		boss := k.at(access.Administrator)
		k.come()
		all, err := k.People(ctx, boss)
		k.must(err)
		for _, p := range all {
			if p.Linked {
				k.must(k.Disable(ctx, boss, p.ID))
			}
		}
		if p := k.b.Get("/staff"); p.Path == "/staff" {
			t.Error("the session goes on")
		}
		if p := k.come(); p.Status != 403 || p.Text("h1") != "Your access to the staff pages has ended" {
			t.Errorf("%d %q", p.Status, p.Text("h1"))
		}
		if n := k.refused("disabled"); n != 1 {
			t.Errorf("%d lines", n)
		}
	})
}

// at makes an administrator with a password and gives their desk.
func (k *clinic) at(r access.Role) access.Desk {
	k.t.Helper()
	key := k.setUp(k.invite("boss@riverside.example", r))
	token, err := k.enter("boss@riverside.example", key)
	k.must(err)
	d, _, err := k.Gate.Desk(ctx, token, access.ManageStaff, "GET /x", access.NewVisitor(access.SourceOf(home), "test"))
	k.must(err)
	return d
}

// Whoever is linked signs in at the provider alone: what they knew before is over.
func TestLinkedStaffHaveNoOtherWayIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		key := k.setUp(k.invite(ana.Email, access.FrontDesk))
		if _, err := k.enter(ana.Email, key); err != nil {
			t.Fatal(err)
		}
		l, err := k.Relink(ctx, duty, ana.Email)
		k.must(err)
		if p := k.b.Get(l.Path + "/signon"); p.Path != "/staff" {
			t.Fatalf("linking led to %s", p.Path)
		}
		if _, err := k.enter(ana.Email, key); err == nil {
			t.Error("her old password works")
		}
		// A credential that came to be some other way does not help either.
		k.must(db.Change(ctx, duty.Did("staff.changed", "x"), func(tx *store.Tx) error {
			hash, err := k.Hasher.Hash(ctx, password)
			if err == nil {
				_, err = tx.Exec(ctx, `INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) SELECT staff_id, $1, 'x', 0, linked_at FROM staff_signon`, hash)
			}
			return err
		}))
		if _, err := k.Enter(ctx, access.NewVisitor(access.SourceOf(home), "test"), staff.Entry{Email: ana.Email, Password: password}); err == nil {
			t.Error("a password opens the account of a linked person")
		}
		if l, err = k.Relink(ctx, duty, ana.Email); err != nil {
			t.Fatal(err)
		}
		key = k.setUp(l.Path)
		if _, err := k.enter(ana.Email, key); err != nil {
			t.Errorf("after she chose a password again: %v", err)
		}
		if p := k.come(); p.Status != 403 {
			t.Errorf("and the provider still lets her in: %d", p.Status)
		}
	})
}

// Where sign-on is for all, administrators who are not linked still get in.
func TestOnlyAdministratorsHavePasswords(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		clerk, boss := k.setUp(k.invite("clerk@riverside.example", access.FrontDesk)), k.setUp(k.invite("boss@riverside.example", access.Administrator))
		k.SignOn.Only = true
		if _, err := k.enter("clerk@riverside.example", clerk); err == nil {
			t.Error("a clerk's password works")
		}
		if _, err := k.enter("boss@riverside.example", boss); err != nil {
			t.Errorf("an administrator's does not: %v", err)
		}
		if n, err := k.HereAlone(ctx, duty); n != 1 || err != nil {
			t.Errorf("%d administrators could get in alone, %v", n, err)
		}
		if p := k.b.Get("/staff/signin"); !strings.Contains(p.Body, "Administrators can use a password here") {
			t.Error("everybody is offered a password")
		}
		link := k.invite("new@riverside.example", access.FrontDesk)
		if p := k.b.Get(link); p.Status != 200 || p.Has(`input[type="password"]`) || !p.Has(`a[href="`+link+`/signon"]`) {
			t.Errorf("a clerk is offered a password: %d", p.Status)
		}
		if p := k.b.Post(link, url.Values{"password": {password}}); p.Status == 200 {
			t.Errorf("a clerk chose a password: %d", p.Status)
		}
	})
}

func TestNewcomers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c, func(s *config.SignOn) { s.Newcomers = true })
		set := func(f func(*issuer.Person)) { k.p.With(func(b *issuer.Behavior) { b.Who = ana; f(&b.Who) }) }
		refused := func(what, why string) {
			t.Helper()
			if p := k.come(); p.Status != 403 || k.refused(why) != 1 || k.number(`SELECT COUNT(*) FROM staff_signon`) != 0 {
				t.Errorf("%s: %d %q", what, p.Status, p.Text("h1"))
			}
		}
		set(func(o *issuer.Person) { o.Groups = []string{"everybody"} })
		refused("no role", "no role")
		set(func(o *issuer.Person) { o.Second = false })
		refused("no second step", "weak")
		set(func(o *issuer.Person) { o.Name = "" })
		refused("no name", "nameless")
		set(func(*issuer.Person) {})
		k.p.With(func(b *issuer.Behavior) { b.Lie = func(t *issuer.Token) { t.Claims["email_verified"] = false } })
		if p := k.come(); p.Status != 403 || k.refused("nameless") != 2 {
			t.Errorf("an e-mail address that nobody confirmed: %d", p.Status)
		}
		k.p.Good()
		k.invite("other@riverside.example", access.Administrator)
		set(func(o *issuer.Person) { o.Email = "OTHER@riverside.example" })
		refused("somebody's address", "taken")
		set(func(*issuer.Person) {})
		if p := k.come(); p.Path != "/staff" {
			t.Fatalf("a newcomer: %s, %d %q", p.Path, p.Status, p.Text("h1"))
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.added' AND detail = 'signon front_desk'`); n != 1 {
			t.Errorf("%d lines about the new person", n)
		}
		if k.come(); k.number(`SELECT COUNT(*) FROM staff WHERE email = $1`, ana.Email) != 1 {
			t.Error("added twice")
		}
	})
}

// Where the provider asks for a password alone, the authenticator here is asked for.
func TestASecondStepIsAlwaysAsked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.p.With(func(b *issuer.Behavior) { b.Who.Second = false })
		link := k.invite(ana.Email, access.FrontDesk)
		if p := k.b.Get(link + "/signon"); p.Status != 403 || k.refused("weak") != 1 {
			t.Errorf("without any second step: %d", p.Status)
		}
		key := k.setUp(link)
		l, err := k.Relink(ctx, duty, ana.Email)
		k.must(err)
		for _, path := range []string{l.Path + "/signon", "/staff/signon"} {
			k.leave()
			p := k.b.Get(path).Want(200, "Enter the code from your app")
			if k.b.Cookie("__Host-staff") != "" {
				t.Fatal("in before the second step")
			}
			p = p.Submit("main form", "code", code(k, key))
			if p.Path != "/staff" {
				t.Errorf("%s and the code led to %s, %d", path, p.Path, p.Status)
			}
		}
	})
}

// A person at the provider is one person here.
func TestOneLinkForEach(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		k.linked()
		link := k.invite("second@riverside.example", access.Administrator)
		if p := k.b.Get(link + "/signon"); p.Status != 403 || k.refused("linked") != 1 {
			t.Errorf("a second person: %d %q", p.Status, p.Text("h1"))
		}
		k.b.Header.Set("Sec-Fetch-Site", "cross-site")
		k.p.With(func(b *issuer.Behavior) { b.Who.Subject = "somebody-else" })
		if p := k.b.Get(link + "/signon"); p.Path != link {
			t.Errorf("a link from elsewhere led to %s", p.Path)
		}
		if n := k.number(`SELECT COUNT(*) FROM staff_signon`); n != 1 {
			t.Errorf("%d links", n)
		}
	})
}
