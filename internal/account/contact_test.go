package account

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// reaching opens a session's chart for changing contacts.
func (r *rig) reaching(token string, raised bool) access.Chart {
	r.t.Helper()
	if raised {
		r.raiseSession(token)
	}
	return r.asFor(token, access.ChangeContacts)
}

// clerk opens the desk for a task.
func (r *rig) clerk(task access.Task) access.Desk {
	r.t.Helper()
	id := ids.NewStaff()
	var token string
	if err := r.change(func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, 'front_desk', 'active', $3)`,
			id, string(id)+"@example.org", store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = r.Gate.StartStaffSession(ctx, tx, id, sofa)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	d, _, err := r.Gate.Desk(ctx, token, task, "test", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

const newMail = "ana.new@example.org"

func TestChangeAContact(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		in := r.signIn(m, "")
		if err := r.AskContact(ctx, r.reaching(in.Session, false), ByEmail, newMail); !errors.Is(err, access.ErrNotRaised) {
			t.Errorf("unraised: %v", err)
		}
		c := r.reaching(in.Session, true)
		for typed, want := range map[string]string{m.mail: "account.contact.same", "": "enroll.email.missing", "x@": "enroll.email.form"} {
			if err := r.AskContact(ctx, c, ByEmail, typed); kindOf(err) != want {
				t.Errorf("%q: %v", typed, err)
			}
		}
		if err := r.AskContact(ctx, c, ByEmail, newMail); err != nil {
			t.Fatal(err)
		}
		if !r.told(m, "account_changed") {
			t.Error("the old contact was not told at once")
		}
		code := r.sent.digits(newMail)
		stranger := r.signIn(o, "")
		if err := r.ProveContact(ctx, r.reaching(stranger.Session, true), ByEmail, code); !errors.Is(err, errNoDraft) {
			t.Errorf("somebody else confirms it: %v", err)
		}
		if err := r.ProveContact(ctx, c, ByPhone, code); !errors.Is(err, errNoDraft) {
			t.Errorf("as the other kind: %v", err)
		}
		if err := r.ProveContact(ctx, c, ByEmail, wrong(code)); kindOf(err) != wrongCode {
			t.Errorf("a wrong code: %v", err)
		}
		tokens, _ := r.elsewhere(m, 1)
		// The raise is over by now: the code alone is enough.
		r.clock.Move(5 * time.Minute)
		if err := r.ProveContact(ctx, r.reaching(in.Session, false), ByEmail, code); err != nil {
			t.Fatal(err)
		}
		if r.opens(tokens[0]) || !r.opens(in.Session) {
			t.Error("other sessions go on, or this one does not")
		}
		// Codes for signing in go to the new one, and the old one hears of it last.
		r.clock.Move(2 * time.Minute)
		r.mustEnter(m, in.Device)
		if newest := r.sent.sent[len(r.sent.sent)-1]; newest.To != newMail {
			t.Error("codes for signing in do not go to the new address")
		}
		asked, changed := 0, 0
		for _, n := range r.sent.sent {
			if n.Notice.Kind() == "account_changed" && n.To == m.mail {
				asked++
			}
			if n.Notice.Kind() == "account_changed" && n.To == newMail {
				changed++
			}
		}
		if asked != 2 || changed != 1 {
			t.Errorf("the old contact was told %d times, the new one %d times", asked, changed)
		}
		if r.audited(audit.ContactAsked, audit.Done) != 1 || r.audited(audit.ContactChanged, audit.Done) != 1 {
			t.Error("the audit log misses a line")
		}
	})
}

func TestAChangeOfContactEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		begin := func(to string) string {
			t.Helper()
			if err := r.AskContact(ctx, r.reaching(in.Session, true), ByEmail, to); err != nil {
				t.Fatal(err)
			}
			return r.sent.digits(to)
		}
		prove := func(code string) error { return r.ProveContact(ctx, r.reaching(in.Session, false), ByEmail, code) }
		first := begin(newMail)
		second := begin("ana.newer@example.org")
		if first != second {
			if err := prove(first); kindOf(err) != wrongCode {
				t.Errorf("the code of a change that was begun anew: %v", err)
			}
		}
		if err := r.DropContact(ctx, r.reaching(in.Session, false), ByEmail); err != nil {
			t.Fatal(err)
		}
		if err := prove(second); !errors.Is(err, errNoDraft) {
			t.Errorf("given up: %v", err)
		}
		begin(newMail)
		if err := r.change(func(tx *store.Tx) error { // not to let the session run out meanwhile
			_, err := tx.Exec(ctx, `UPDATE account_contact SET expires_at = $1`, store.Time(tx.Now))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := prove(r.sent.digits(newMail)); !errors.Is(err, errNoDraft) {
			t.Errorf("after a day: %v", err)
		}
		// "This was not me" freezes contacts.
		begin(newMail)
		link := ""
		if err := r.change(func(tx *store.Tx) error {
			p, err := r.NotMe(ctx, tx, m.id, "changed")
			link = string(p)[len("/not-me/"):]
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := r.Disown(ctx, sofa, link); err != nil {
			t.Fatal(err)
		}
		if n := r.count(`SELECT COUNT(*) FROM account_contact WHERE ended_at IS NULL`); n != 0 {
			t.Error("a change of contact outlives “this was not me”")
		}
	})
}

func TestContactRace(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		c := r.reaching(in.Session, true)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := r.AskContact(ctx, c, ByEmail, newMail); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := r.count(`SELECT COUNT(*) FROM account_contact WHERE ended_at IS NULL`); n != 1 {
			t.Fatalf("%d changes wait after six were begun at once", n)
		}
		r.clock.Move(time.Minute)
		if err := r.AskContact(ctx, c, ByEmail, "ana.newer@example.org"); err != nil {
			t.Fatal(err)
		}
		code := r.sent.digits("ana.newer@example.org")
		var won atomic.Int32
		for range 6 {
			wg.Go(func() {
				switch err := r.ProveContact(ctx, c, ByEmail, code); {
				case err == nil:
					won.Add(1)
				case kindOf(err) != wrongCode && !errors.Is(err, errNoDraft) && !fault.Is(err, fault.TooMany):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := r.count(`SELECT COUNT(*) FROM account_contact WHERE proven_at IS NOT NULL AND ended_at IS NULL`); won.Load() != 1 || n != 1 {
			t.Errorf("confirmed %d times, %d in force", won.Load(), n)
		}
	})
}

func TestTheDeskReviewsContacts(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "")
		if err := r.AskContact(ctx, r.reaching(in.Session, true), ByPhone, "555-186-7777"); err != nil {
			t.Fatal(err)
		}
		d := r.clerk(access.ReviewContacts)
		take := Verdict{Take: true}
		if waiting, err := r.ProposedContacts(ctx, d); err != nil || len(waiting) != 0 {
			t.Errorf("proposed before it is proven: %v, %v", waiting, err)
		}
		if err := r.ProveContact(ctx, r.reaching(in.Session, false), ByPhone, r.sent.digits("+15551867777")); err != nil {
			t.Fatal(err)
		}
		waiting, err := r.ProposedContacts(ctx, d)
		if err != nil || len(waiting) != 1 || waiting[0].Value != "+15551867777" || waiting[0].Patient != m.patient || waiting[0].Kind != ByPhone {
			t.Fatalf("%+v, %v", waiting, err)
		}
		if _, err := r.ProposedContacts(ctx, r.clerk(access.IssueCodes)); !fault.Is(err, fault.Denied) {
			t.Errorf("another task: %v", err)
		}
		if err := r.SettleContact(ctx, r.clerk(access.IssueCodes), waiting[0].ID, take); !fault.Is(err, fault.Denied) {
			t.Errorf("another task: %v", err)
		}
		if err := r.SettleContact(ctx, d, waiting[0].ID, Verdict{Why: "because"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a reason that is none: %v", err)
		}
		if _, err := r.ProposedContact(ctx, r.clerk(access.IssueCodes), waiting[0].ID); !fault.Is(err, fault.Denied) {
			t.Errorf("another task: %v", err)
		}
		if err := r.SettleContact(ctx, d, "con_none", take); !fault.Is(err, fault.NotFound) {
			t.Errorf("none: %v", err)
		}
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				switch err := r.SettleContact(ctx, d, waiting[0].ID, Verdict{Why: "shared"}); {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, fault.Conflict):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("settled %d times", won.Load())
		}
		if n := r.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'contact_reviewed'`); n == 0 {
			t.Error("the patient was not told")
		}
		if _, err := r.ProposedContact(ctx, d, waiting[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a settled one: %v", err)
		}
		// Rejecting undoes nothing at the account.
		all, err := r.Reach(ctx, r.asFor(in.Session, access.SeeAccount))
		if err != nil || all[1].Hint != "••• 77" {
			t.Errorf("%+v, %v", all, err)
		}
		if r.audited(audit.ContactReviewed, audit.Done) != 1 {
			t.Error("no line in the audit log")
		}
	})
}

func TestContactPages(t *testing.T) {
	r, b := pageRig(t)
	m := r.join("sunny.harbor")
	r.through(b, m).Want(200, "Hello, Ana")
	b.Get("/account/contacts").Want(200, "E-mail and phone")
	b.Get("/account/contacts/email").Want(200, "Confirm it is you")
	r.raiseSession(b.Cookie("__Host-session"))
	p := b.Get("/account/contacts/email").Want(200, "Change your e-mail")
	if !p.Has("#ask-contact[data-keep]") {
		t.Error("what is typed does not survive confirming")
	}
	p = p.Submit("#ask-contact", "contact", "x@").Want(422, "Change your e-mail")
	p = p.Submit("#ask-contact", "contact", newMail).Want(200, "Type the code we sent you")
	if again := b.Get("/account/contacts").Want(200, "E-mail and phone"); !again.Has("a[href='/account/contacts/email/confirm']") {
		t.Error("the waiting change is not shown")
	}
	p.Submit("form[action$='/send']").Want(429, "Type the code we sent you")
	p = b.Get("/account/contacts/email/confirm").Submit("#prove-contact", "code", r.sent.digits(newMail)).Want(200, "E-mail and phone")
	if p.Attr("[role=status]", "class") == "" || !p.Has("a[href='/account/contacts/phone']") {
		t.Error("the change is not said")
	}
	r.raiseSession(b.Cookie("__Host-session"))
	p = b.Get("/account/contacts/phone").Want(200, "Change your phone").Submit("#ask-contact", "contact", "555-186-7777").Want(200, "Type the code we sent you")
	p.Submit("form[action$='/drop']").Want(200, "E-mail and phone")
	if p := b.Get("/account/contacts/phone/confirm"); p.Path != "/account/contacts" {
		t.Errorf("a change given up is asked for at %s", p.Path)
	}
}
