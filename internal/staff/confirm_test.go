package staff_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// T26, T62: a code raises the session for ten minutes, once, and gives it a new token; the old
// one opens nothing.
func TestACodeRaisesTheSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		k := open(t, db, c)
		ana, eve := k.hire("ana@example.org", access.Auditor), k.hire("eve@example.org", access.Auditor)
		token, err := k.enter(ana, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		desk := func(token string) (access.Desk, error) {
			d, _, err := k.Gate.Desk(ctx, token, access.ReadAudit, "GET /x", visitor("192.0.2.1"))
			return d, err
		}
		d, err := desk(token)
		if err != nil || !errors.Is(d.NeedRaised(access.ReadAudit), access.ErrNotRaised) {
			t.Fatalf("signing in alone: %v %v", err, d.NeedRaised(access.ReadAudit))
		}
		if _, live, err := k.Gate.RaisedDesk(ctx, token, access.ReadAudit, "GET /x", visitor("192.0.2.1")); !errors.Is(err, access.ErrNotRaised) || live.Expires.IsZero() {
			t.Errorf("asked: %v", err)
		}
		if _, err := k.Raise(ctx, d, token, k.code(eve)+"1"); !fault.Fixable(err) {
			t.Errorf("a wrong code: %v", err)
		}
		if _, err := k.Raise(ctx, k.at(eve, access.ReadAudit), token, k.code(eve)); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("another's session: %v", err)
		}
		code := k.code(ana)
		fresh, err := k.Raise(ctx, d, token, code)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk(token); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("the old token: %v", err)
		}
		raised, err := desk(fresh)
		if err != nil || raised.NeedRaised(access.ReadAudit) != nil || raised.NeedRaised(access.ManageStaff) == nil {
			t.Errorf("raised: %v", err)
		}
		if _, err := k.Raise(ctx, raised, fresh, code); !fault.Fixable(err) {
			t.Errorf("the same code again: %v", err)
		}
		c.Move(access.RaisedFor - time.Second)
		if d, _ := desk(fresh); !d.Raised() {
			t.Error("not raised for ten minutes")
		}
		c.Move(time.Second)
		if d, err := desk(fresh); d.Raised() || err != nil {
			t.Errorf("raised after ten minutes, %v", err)
		}
		var n int
		if err := db.View(ctx, func(tx *store.Tx) (err error) {
			n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action IN ('session.raised', 'confirm.asked') AND actor_id = $1`, ana.id)
			return err
		}); err != nil || n != 2 {
			t.Errorf("%d lines, %v", n, err)
		}
	})
}

// The page leads back to where somebody came from, with what they looked for, and
// nowhere else.
func TestConfirmingLeadsBack(t *testing.T) {
	db, c := testkit.SQLite(t)
	k := open(t, db, c)
	ana := k.hire("ana@example.org", access.Auditor)
	for next, want := range map[string]string{"/staff/audit-read?s=k1.ab_-3&x=1": "/staff/audit-read?s=k1.ab_-3&x=1", "/staff/confirm": "/staff", "//evil.example": "/staff",
		"/staff/../signin": "/staff", "/home": "/staff", "/staff/audit-read?x=\r\nSet-Cookie: a": "/staff", "/staff?" + strings.Repeat("a", 600): "/staff"} {
		token, err := k.enter(ana, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		b := k.serve()
		b.SetCookie(web.StaffCookie, token)
		p := b.Get("/staff/confirm?"+url.Values{"next": {next}}.Encode()).Want(200, "Confirm that it is you")
		p = p.Submit("main form", "code", "").Want(422, "Confirm that it is you")
		p = p.Submit("main form", "code", "000000").Want(422, "Confirm that it is you")
		p = p.Submit("main form", "code", k.code(ana))
		c.Move(30 * time.Second)
		if path, _, _ := strings.Cut(want, "?"); p.Path != want && p.Path != path {
			t.Errorf("%q led to %s, %d", next, p.Path, p.Status)
		}
		if b.Cookie(web.StaffCookie) == token {
			t.Error("the token is the old one")
		}
		if p := b.Get("/staff/confirm?next=/staff"); p.Path != "/staff" {
			t.Errorf("asked again at once: %s", p.Path)
		}
	}
}
