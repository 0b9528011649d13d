package staff_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
)

func TestNewcomersAreChecked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		good := staff.Newcomer{Name: "  Ana   Clerk ", Email: " Ana.Clerk@Example.ORG ", Roles: []access.Role{access.Auditor, access.FrontDesk}}
		for name, n := range map[string]staff.Newcomer{
			"no name":        {Email: good.Email, Roles: good.Roles},
			"long name":      {Name: strings.Repeat("a", 101), Email: good.Email, Roles: good.Roles},
			"no address":     {Name: good.Name, Roles: good.Roles},
			"no domain":      {Name: good.Name, Email: "ana@localhost", Roles: good.Roles},
			"display name":   {Name: good.Name, Email: "Ana <ana@example.org>", Roles: good.Roles},
			"header":         {Name: good.Name, Email: "ana@example.org\r\nBcc: x@y.org", Roles: good.Roles},
			"no role":        {Name: good.Name, Email: good.Email},
			"unknown role":   {Name: good.Name, Email: good.Email, Roles: []access.Role{access.FrontDesk, "owner"}},
			"role in commas": {Name: good.Name, Email: good.Email, Roles: []access.Role{"front_desk,auditor"}},
		} {
			if _, _, err := k.Add(ctx, duty, n); !fault.Fixable(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, _, err := k.Add(ctx, duty, good); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Add(ctx, duty, good); !fault.Fixable(err) {
			t.Errorf("the same address twice: %v", err)
		}
		if n := k.number(`SELECT COUNT(*) FROM staff WHERE name = 'Ana Clerk' AND email = 'ana.clerk@example.org' AND roles = 'front_desk,auditor' AND state = 'invited'`); n != 1 {
			t.Errorf("%d rows as expected", n)
		}
	})
}

// An administrator never sees the link: it goes to the person's own address.
func TestInvitationGoesToThePerson(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		admin := k.hire("admin@example.org", access.Administrator)
		id, err := k.Invite(ctx, k.at(admin, access.ManageStaff), staff.Newcomer{Name: "Ben New", Email: "ben@example.org", Roles: []access.Role{access.FrontDesk}, Lang: lang.Es})
		if err != nil {
			t.Fatal(err)
		}
		to, link := k.newestLink()
		if to != "ben@example.org" || !strings.HasPrefix(link.Path, "/staff/setup/") {
			t.Fatalf("sent to %s: %s", to, link.Path)
		}
		ben := person{id: id, email: "ben@example.org", key: k.setUp(link)}
		if _, err := k.enter(ben, "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []access.Desk{{}, k.at(admin, access.SeeDesk)} {
			if _, err := k.Invite(ctx, wrong, staff.Newcomer{}); !fault.Is(err, fault.Denied) {
				t.Errorf("invite without the proof: %v", err)
			}
			if err := k.Renew(ctx, wrong, id, lang.En); !fault.Is(err, fault.Denied) {
				t.Errorf("renew without the proof: %v", err)
			}
			if err := k.ChangeRoles(ctx, wrong, id, []access.Role{access.Auditor}); !fault.Is(err, fault.Denied) {
				t.Errorf("roles without the proof: %v", err)
			}
			if err := k.Disable(ctx, wrong, id); !fault.Is(err, fault.Denied) {
				t.Errorf("disable without the proof: %v", err)
			}
			if err := k.EndSessions(ctx, wrong, id); !fault.Is(err, fault.Denied) {
				t.Errorf("end sessions without the proof: %v", err)
			}
			if err := k.Enable(ctx, wrong, id); !fault.Is(err, fault.Denied) {
				t.Errorf("enable without the proof: %v", err)
			}
			if _, err := k.People(ctx, wrong); !fault.Is(err, fault.Denied) {
				t.Errorf("list without the proof: %v", err)
			}
			if _, err := k.Person(ctx, wrong, id); !fault.Is(err, fault.Denied) {
				t.Errorf("person without the proof: %v", err)
			}
		}
	})
}

// T28: roles and state bite on the next request, whatever is open.
func TestChangesBiteOnTheNextRequest(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		admin, ana := k.hire("admin@example.org", access.Administrator), k.hire("ana@example.org", access.FrontDesk)
		d := k.at(admin, access.ManageStaff)
		may := func(token string, task access.Task) error {
			_, _, err := k.Gate.Desk(ctx, token, task, "GET /x", visitor("192.0.2.1"))
			return err
		}
		token, err := k.enter(ana, "192.0.2.1")
		if err != nil || may(token, access.IssueCodes) != nil {
			t.Fatal(err)
		}
		if err := k.ChangeRoles(ctx, d, ana.id, []access.Role{access.Auditor}); err != nil {
			t.Fatal(err)
		}
		if err := may(token, access.IssueCodes); !fault.Is(err, fault.Denied) {
			t.Errorf("the old role still works: %v", err)
		}
		if err := may(token, access.ReadAudit); err != nil {
			t.Errorf("the new role does not work: %v", err)
		}
		for i := range 100 {
			token, err := k.enter(ana, "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			half, err := k.Enter(ctx, visitor("192.0.2.1"), staff.Entry{Email: ana.email, Password: password})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Disable(ctx, d, ana.id); err != nil {
				t.Fatal(err)
			}
			if err := may(token, access.SeeDesk); err != access.ErrNoSession {
				t.Fatalf("round %d: a disabled person's session: %v", i, err)
			}
			if _, err := k.Finish(ctx, visitor("192.0.2.1"), half, k.code(ana)); err != staff.ErrGone {
				t.Fatalf("round %d: a disabled person's half-way sign-in: %v", i, err)
			}
			if _, err := k.enter(ana, "192.0.2.1"); !fault.Fixable(err) {
				t.Fatalf("round %d: a disabled person signs in: %v", i, err)
			}
			if err := k.Enable(ctx, d, ana.id); err != nil {
				t.Fatal(err)
			}
			if err := may(token, access.SeeDesk); err != access.ErrNoSession {
				t.Fatalf("round %d: an ended session came back: %v", i, err)
			}
			c.Move(16 * time.Second) // out of the wait that the refused try earned
			if d, _, err = k.Gate.Desk(ctx, adminToken(k, admin), access.ManageStaff, "GET /x", visitor("192.0.2.1")); err != nil {
				t.Fatal(err)
			}
			if i > 4 { // the sessions alone: a hundred rounds below
				break
			}
		}
	})
}

// T28, 100 of 100: whatever an administrator takes away is gone on the next
// request of the session that was open, and who was cut off can learn why.
func TestTakenAwayOnTheNextRequestEachTime(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		admin, ana := k.hire("admin@example.org", access.Administrator), k.hire("ana@example.org", access.FrontDesk)
		d := k.at(admin, access.ManageStaff)
		clerk, office := []access.Role{access.FrontDesk}, []access.Role{access.Auditor}
		for i := range 100 {
			session := k.session(ana)
			may := func() error {
				_, _, err := k.Gate.Desk(ctx, session, access.IssueCodes, "POST /x", visitor("192.0.2.1"))
				return err
			}
			k.must(may())
			var want access.StaffEnd
			switch i % 4 {
			case 0:
				k.must(k.Disable(ctx, d, ana.id))
				want = access.EndDisabled
			case 1:
				k.must(k.EndSessions(ctx, d, ana.id))
				want = access.EndSignedOut
			case 2:
				k.must(k.ChangeRoles(ctx, d, ana.id, office))
			case 3:
				link, err := k.Relink(ctx, duty, ana.email)
				k.must(err)
				ana.key = k.setUp(link)
				want = access.EndSignedOut
			}
			if err := may(); want == "" && !fault.Is(err, fault.Denied) || want != "" && !errors.Is(err, access.ErrNoSession) {
				t.Fatalf("round %d: %v", i, err)
			}
			if why, err := k.Gate.StaffEnded(ctx, session); want != "" && (err != nil || why != want) {
				t.Fatalf("round %d: the session ended because %q, not %q: %v", i, why, want, err)
			}
			k.must(k.Enable(ctx, d, ana.id))
			k.must(k.ChangeRoles(ctx, d, ana.id, clerk))
		}
		if n := k.number(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.changed' AND detail = 'sessions' AND object = $1`, ana.id); n != 25 {
			t.Errorf("%d lines about sessions that were ended", n)
		}
	})
}

// Two administrators take each other's access or role away at the same moment:
// one of them stays one, each time.
func TestAnAdministratorIsLeft(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		one, two := k.hire("one@example.org", access.Administrator), k.hire("two@example.org", access.Administrator)
		for i := range 50 {
			d1, d2 := k.at(one, access.ManageStaff), k.at(two, access.ManageStaff)
			take := func(d access.Desk, of person) error {
				if i%2 == 0 {
					return k.Disable(ctx, d, of.id)
				}
				return k.ChangeRoles(ctx, d, of.id, []access.Role{access.Auditor})
			}
			errs := make(chan error, 2)
			go func() { errs <- take(d1, two) }()
			go func() { errs <- take(d2, one) }()
			lost := 0
			for range 2 {
				if err := <-errs; fault.Is(err, fault.Denied) {
					lost++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if left := k.number(`SELECT COUNT(*) FROM staff WHERE state = 'active' AND roles = 'administrator'`); left != 1 || lost != 1 {
				t.Fatalf("round %d: %d administrators left, %d refused", i, left, lost)
			}
			k.must(db.Change(ctx, duty.Did(audit.StaffChanged, ""), func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE staff SET state = 'active', roles = 'administrator'`)
				return err
			}))
		}
	})
}

func adminToken(k *clinic, p person) string {
	k.t.Helper()
	token, err := k.enter(p, "192.0.2.1")
	if err != nil {
		k.t.Fatal(err)
	}
	return token
}

func TestNobodyChangesThemselves(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		one, two := k.hire("one@example.org", access.Administrator), k.hire("two@example.org", access.Administrator)
		d1, d2 := k.at(one, access.ManageStaff), k.at(two, access.ManageStaff)
		for what, err := range map[string]error{
			"roles":   k.ChangeRoles(ctx, d1, one.id, []access.Role{access.Administrator, access.FrontDesk}),
			"disable": k.Disable(ctx, d1, one.id),
			"enable":  k.Enable(ctx, d1, one.id),
			"link":    k.Renew(ctx, d1, one.id, lang.En),
			"out":     k.EndSessions(ctx, d1, one.id),
		} {
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s of oneself: %v", what, err)
			}
		}
		if err := k.Disable(ctx, d1, two.id); err != nil {
			t.Fatal(err)
		}
		// The proof of the second was minted before; it must not reach back.
		if err := k.Disable(ctx, d2, one.id); !fault.Is(err, fault.Denied) {
			t.Errorf("a disabled administrator disables: %v", err)
		}
		if err := k.Disable(ctx, d1, "stf_absent"); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody absent: %v", err)
		}
	})
}

// A lost phone: the new link replaces older ones, and using it ends the old
// sign-in with all its sessions.
func TestNewLinkReplacesTheOldSignIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		admin, ana := k.hire("admin@example.org", access.Administrator), k.hire("ana@example.org", access.FrontDesk)
		d := k.at(admin, access.ManageStaff)
		if err := k.Renew(ctx, d, ana.id, lang.En); err != nil {
			t.Fatal(err)
		}
		_, first := k.newestLink()
		c.Move(time.Second)
		if err := k.Renew(ctx, d, ana.id, lang.En); err != nil {
			t.Fatal(err)
		}
		_, second := k.newestLink()
		open := func(l staff.Link) error {
			_, err := k.Opened(ctx, visitor("192.0.2.1"), strings.TrimPrefix(l.Path, "/staff/setup/"))
			return err
		}
		if err := open(first); !fault.Is(err, fault.NotFound) {
			t.Errorf("the replaced link: %v", err)
		}
		token, err := k.enter(ana, "192.0.2.1")
		if err != nil {
			t.Fatalf("the old sign-in before the link was used: %v", err)
		}
		fresh := ana
		fresh.key = k.setUp(second)
		if _, _, err := k.Gate.Desk(ctx, token, access.SeeDesk, "GET /x", visitor("192.0.2.1")); err != access.ErrNoSession {
			t.Errorf("the old session: %v", err)
		}
		if err := open(second); !fault.Is(err, fault.NotFound) {
			t.Errorf("the used link: %v", err)
		}
		if _, err := k.enter(ana, "192.0.2.1"); !fault.Fixable(err) {
			t.Errorf("the old phone: %v", err)
		}
		if _, err := k.enter(fresh, "192.0.2.1"); err != nil {
			t.Errorf("the new phone: %v", err)
		}
	})
}

func TestLinksAgeAndDieWithTheirPerson(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		admin := k.hire("admin@example.org", access.Administrator)
		id, link, err := k.Add(ctx, duty, staff.Newcomer{Name: "Ben New", Email: "ben@example.org", Roles: []access.Role{access.FrontDesk}})
		if err != nil {
			t.Fatal(err)
		}
		open := func() error {
			_, err := k.Opened(ctx, visitor("192.0.2.1"), strings.TrimPrefix(link.Path, "/staff/setup/"))
			return err
		}
		c.Move(24*time.Hour - time.Second)
		if err := open(); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		c.Move(time.Second)
		if err := open(); !fault.Is(err, fault.NotFound) {
			t.Errorf("at its end: %v", err)
		}
		if link, err = k.Relink(ctx, duty, "BEN@example.org"); err != nil || open() != nil {
			t.Fatalf("a new link from the command line: %v", err)
		}
		if err := k.Disable(ctx, k.at(admin, access.ManageStaff), id); err != nil {
			t.Fatal(err)
		}
		if err := open(); !fault.Is(err, fault.NotFound) {
			t.Errorf("of a disabled person: %v", err)
		}
		if _, err := k.Relink(ctx, duty, "ben@example.org"); !fault.Fixable(err) {
			t.Errorf("for a disabled person: %v", err)
		}
		d := k.at(admin, access.ManageStaff)
		if err := k.Renew(ctx, d, id, lang.En); !fault.Is(err, fault.Conflict) {
			t.Errorf("renewed for a disabled person: %v", err)
		}
		if err := k.Enable(ctx, d, id); err != nil {
			t.Fatal(err)
		}
		if p, err := k.Person(ctx, d, id); err != nil || p.State != staff.Invited || !p.Link.IsZero() {
			t.Errorf("enabled: %+v %v", p, err)
		}
		if all, err := k.People(ctx, d); err != nil || len(all) != 2 {
			t.Errorf("list: %+v %v", all, err)
		}
		c.Move(40 * 24 * time.Hour)
		if err := k.run.Schedule(ctx); err != nil {
			t.Fatal(err)
		}
		if err := k.run.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if n := k.number(`SELECT (SELECT COUNT(*) FROM staff_setup) + (SELECT COUNT(*) FROM staff_attempt) + (SELECT COUNT(*) FROM staff_place)`); n != 0 {
			t.Errorf("%d old rows are kept", n)
		}
	})
}
