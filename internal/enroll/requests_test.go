package enroll_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// ask sends a request and runs the job; it gives the request's identifier.
func (p *portal) ask(c enroll.Claim, address string) ids.Request {
	p.t.Helper()
	before := p.requests()
	if _, err := p.Ask(ctx, visitor(address), c, lang.En); err != nil {
		p.t.Fatal(err)
	}
	p.work()
	for _, id := range p.requests() {
		if !contains(before, id) {
			return id
		}
	}
	p.t.Fatal("the request was not kept")
	return ""
}

func contains(all []ids.Request, id ids.Request) bool {
	for _, x := range all {
		if x == id {
			return true
		}
	}
	return false
}

func (p *portal) requests() (out []ids.Request) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, store.One[ids.Request], `SELECT id FROM identity_request`)
		return err
	})
	return out
}

// stranger is a claim that matches maria but for the contact, so that staff decide.
func stranger() enroll.Claim {
	c := claimOf(maria)
	c.Email, c.Phone = "elsewhere@example.com", "555-999-0000"
	return c
}

func TestStrictMatchIsAnsweredAtTheContactOnFileOnly(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		id := p.ask(claimOf(maria), "192.0.2.1")
		if s := p.one(`SELECT state FROM identity_request WHERE id = $1`, id); s != "matched" {
			t.Errorf("state %s", s)
		}
		if m := p.inbox(maria.Email); len(m) != 1 || !strings.Contains(m[0].Text, "/a/") {
			t.Errorf("%d mails", len(m))
		}
		for name, change := range map[string]func(*patient, *enroll.Claim){
			"another e-mail":   func(_ *patient, c *enroll.Claim) { c.Email = "else@example.com" },
			"another date":     func(_ *patient, c *enroll.Claim) { c.Birth = "1955-05-06" },
			"another name":     func(_ *patient, c *enroll.Claim) { c.Given = "Gertrude" },
			"a new contact":    func(x *patient, _ *enroll.Claim) { x.New = true },
			"dead":             func(x *patient, _ *enroll.Claim) { x.Dead = true },
			"restricted":       func(x *patient, _ *enroll.Claim) { x.Restricted = true },
			"a child's record": func(x *patient, c *enroll.Claim) { x.Birth = "2018-01-01"; c.Birth = "2018-01-01" },
		} {
			x := patient{Number: name, Given: "Paula", Family: "P" + strings.ReplaceAll(strings.ReplaceAll(name, " ", ""), "'", ""), Birth: "1955-05-05", Email: strings.NewReplacer(" ", "", "'", "").Replace(name) + "@example.com"}
			c := claimOf(x)
			change(&x, &c)
			p.add(x)
			p.c.Move(9 * time.Hour) // three requests from one address a day
			id := p.ask(c, "192.0.2.1")
			if s := p.one(`SELECT state FROM identity_request WHERE id = $1`, id); s != "open" {
				t.Errorf("%s: %s", name, s)
			}
			if n := p.count(`activation_code WHERE patient_id = $1`, p.find(x)); n != 0 {
				t.Errorf("%s: a code was made", name)
			}
		}
	})
}

func TestStrictMatchByPhoneIsTextedAndBoundToTheRequest(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		x := maria
		x.Email = ""
		p.add(x)
		c := claimOf(x)
		c.Email, c.Phone, c.Reach = "", "(555) 186-2275", "phone"
		id := p.ask(c, "192.0.2.1")
		m := p.inbox(x.Mobile)
		if len(m) != 1 {
			t.Fatalf("%d texts", len(m))
		}
		ref := p.one(`SELECT reference FROM identity_request WHERE id = $1`, id)
		var code string
		for _, w := range strings.Fields(m[0].Text) {
			if w = strings.Trim(w, ".,"); len(w) == 9 && w[4] == '-' && strings.ReplaceAll(w, "-", "") != ref {
				code = w
			}
		}
		if _, err := p.OpenCode(ctx, visitor("192.0.2.2"), enroll.CodeTry{Reference: "00000000", Code: code, Birth: x.Birth}); err == nil {
			t.Error("the code is good without its request")
		}
		at := p.b.Get("/enroll/phone").Submit("#phone-form", append(born(x.Birth), "reference", strings.ToLower(ref), "code", code)...)
		accept(p.choose(at, "marias.garden")).Want(200, "Your account is active")
		if s := p.one(`SELECT state FROM identity_request WHERE id = $1`, id); s != "matched" {
			t.Errorf("state %s", s)
		}
	})
}

func TestOneOpenRequestPerPerson(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		first := p.ask(stranger(), "192.0.2.1")
		c := stranger()
		c.Given, c.Family = "MARÍA", " alvarez"
		p.ask(c, "192.0.2.2")
		l, err := p.Requests(ctx, p.desk("Ana", access.ReviewRequests), enroll.RequestFilter{})
		if err != nil || len(l.Rows) != 1 || l.Rows[0].ID != first || l.Rows[0].Again != 1 || l.Counts[enroll.TabOpen] != 1 {
			t.Errorf("%+v %v", l, err)
		}
		d := p.desk("Bea", access.ReviewRequests)
		k, err := p.Request(ctx, d, first)
		if err != nil || len(k.Doubles) != 1 {
			t.Fatalf("%+v %v", k.Doubles, err)
		}
		if len(k.Candidates) != 1 || k.Candidates[0].Person.Number != maria.Number || len(k.Candidates[0].Reasons) == 0 || k.Candidates[0].Strict {
			t.Errorf("candidates: %+v", k.Candidates)
		}
	})
}

func TestThreeRequestsADay(t *testing.T) {
	p := lite(t)
	for i, name := range []string{"Ana", "Bea", "Cleo", "Dana"} {
		_, err := p.Ask(ctx, visitor("192.0.2.1"), enroll.Claim{Given: name, Family: "Doe", Birth: "1970-01-01", Email: "a@example.com", Reach: "email"}, lang.En)
		if (i == 3) != fault.Is(err, fault.TooMany) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	p.work()
	if m := p.inbox("a@example.com"); len(m) != 1 {
		t.Errorf("a stranger's mailbox got %d messages", len(m))
	}
}

func TestApprovalMakesACodeAndNeverASession(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		who := p.add(maria)
		id := p.ask(stranger(), "192.0.2.1")
		d := p.desk("Ana", access.ReviewRequests)
		before := p.count("verification_session WHERE level > 0") + p.count("session")
		code, err := p.Approve(ctx, d, id, enroll.Approval{Patient: who, By: enroll.ByLetter})
		if err != nil || code == "" {
			t.Fatal(err)
		}
		if after := p.count("verification_session WHERE level > 0") + p.count("session"); after != before {
			t.Error("the approval opened a session")
		}
		r, err := p.Reveal(ctx, d, code)
		if err != nil || r.Text == "" || len(r.Letter) == 0 {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := p.Approve(ctx, d, id, enroll.Approval{Patient: who, By: enroll.ByHand}); !fault.Is(err, fault.Conflict) {
			t.Errorf("approved twice: %v", err)
		}
		if err := p.Reject(ctx, d, id, "other"); !fault.Is(err, fault.Conflict) {
			t.Errorf("rejected after approval: %v", err)
		}
	})
}

func TestOnlyTheNumberOnFileIsCalled(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		who := p.add(maria)
		fresh := p.add(patient{Number: "F", Given: "Fay", Family: "Fresh", Birth: "1970-01-01", Mobile: "+15551862244", New: true})
		id := p.ask(stranger(), "192.0.2.1")
		token := p.staff("Ana")
		d := p.atDesk(token, access.ReviewRequests)
		contact := func(p enroll.Person, k enroll.ContactKind) string {
			for _, c := range p.Contacts {
				if c.Kind == k {
					return c.ID
				}
			}
			return ""
		}
		var on, young enroll.Person
		p.view(func(tx *store.Tx) (err error) {
			if on, err = p.People.Person(ctx, tx, who); err == nil {
				young, err = p.People.Person(ctx, tx, fresh)
			}
			return err
		})
		if _, err := p.Approve(ctx, d, id, enroll.Approval{Patient: who, By: enroll.ByPhone}); !fault.Fixable(err) {
			t.Errorf("a code read out without a call: %v", err)
		}
		for name, c := range map[string]enroll.Call{
			"no such contact": {Patient: who, Contact: "con_x", Outcome: "reached", Evidence: "visit"},
			"an e-mail":       {Patient: who, Contact: contact(on, enroll.Email), Outcome: "reached", Evidence: "visit"},
			"another's":       {Patient: who, Contact: contact(young, enroll.Mobile), Outcome: "reached", Evidence: "visit"},
			"a new number":    {Patient: fresh, Contact: contact(young, enroll.Mobile), Outcome: "reached", Evidence: "visit"},
			"no evidence":     {Patient: who, Contact: contact(on, enroll.Mobile), Outcome: "reached"},
			"no outcome":      {Patient: who, Contact: contact(on, enroll.Mobile)},
		} {
			if err := p.LogCall(ctx, d, id, c); !fault.Fixable(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := p.LogCall(ctx, d, id, enroll.Call{Patient: who, Contact: contact(on, enroll.Mobile), Outcome: "reached", Evidence: "visit", Note: "Knows her last visit."}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Approve(ctx, p.desk("Bea", access.ReviewRequests), id, enroll.Approval{Patient: who, By: enroll.ByPhone}); !fault.Fixable(err) {
			t.Errorf("somebody else's call: %v", err)
		}
		code, err := p.Approve(ctx, d, id, enroll.Approval{Patient: who, By: enroll.ByPhone})
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Reveal(ctx, d, code)
		if err != nil || len(r.Text) != 9 || len(r.Reference) != 9 {
			t.Fatalf("%+v %v", r, err)
		}
		k, err := p.Request(ctx, d, id)
		if err != nil || k.State != enroll.Calling || len(k.Log) != 2 || k.Log[0].Note+k.Log[1].Note != "Knows her last visit." {
			t.Errorf("%+v %v", k, err)
		}
		p.c.Move(10 * time.Minute)
		if _, err := p.OpenCode(ctx, visitor("192.0.2.9"), enroll.CodeTry{Reference: r.Reference, Code: r.Text, Birth: maria.Birth}); !fault.Fixable(err) {
			t.Errorf("after ten minutes: %v", err)
		}
		p.work() // the request waits for a decision again, and another code can be read out
		d = p.atDesk(token, access.ReviewRequests)
		if code, err = p.Approve(ctx, d, id, enroll.Approval{Patient: who, By: enroll.ByPhone}); err != nil {
			t.Fatal(err)
		}
		if r, err = p.Reveal(ctx, d, code); err != nil {
			t.Fatal(err)
		}
		o, err := p.OpenCode(ctx, visitor("192.0.2.9"), enroll.CodeTry{Reference: r.Reference, Code: r.Text, Birth: maria.Birth})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.finishAll(p.proof(o.Token, "192.0.2.9"), "marias.garden"); err != nil {
			t.Fatal(err)
		}
		if s := p.one(`SELECT state FROM identity_request WHERE id = $1`, id); s != "approved" {
			t.Errorf("state %s", s)
		}
	})
}

func TestTwoPeopleForFlaggedAndRestricted(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		who := p.add(maria)
		vip := p.add(patient{Number: "V", Given: "Vera", Family: "Vip", Birth: "1970-01-01", Restricted: true})
		ana, bea := p.desk("Ana", access.ReviewRequests), p.desk("Bea", access.ReviewRequests)
		flagged := p.ask(stranger(), "192.0.2.1")
		if err := p.Flag(ctx, ana, flagged, "The voice did not fit."); err != nil {
			t.Fatal(err)
		}
		restricted := p.ask(enroll.Claim{Given: "Vera", Family: "Vip", Birth: "1970-01-01", Email: "v@example.com", Reach: "email"}, "192.0.2.2")
		for id, of := range map[ids.Request]ids.Patient{flagged: who, restricted: vip} {
			a := enroll.Approval{Patient: of, By: enroll.ByHand}
			if code, err := p.Approve(ctx, ana, id, a); err != nil || code != "" {
				t.Fatalf("the first approval made a code: %q %v", code, err)
			}
			if _, err := p.Approve(ctx, ana, id, a); !fault.Is(err, fault.Conflict) {
				t.Errorf("the same person twice: %v", err)
			}
			k, err := p.Request(ctx, bea, id)
			if err != nil || k.FirstBy != ana.Staff() || !k.Second {
				t.Errorf("%+v %v", k.RequestRow, err)
			}
			l, err := p.Requests(ctx, bea, enroll.RequestFilter{Tab: enroll.TabFlagged})
			if err != nil || len(l.Rows) == 0 {
				t.Errorf("flagged: %+v %v", l, err)
			}
			if code, err := p.Approve(ctx, bea, id, a); err != nil || code == "" {
				t.Errorf("the second approval: %q %v", code, err)
			}
		}
	})
}

func TestRejectAndAsk(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		d := p.desk("Ana", access.ReviewRequests)
		id := p.ask(stranger(), "192.0.2.1")
		if err := p.AskMore(ctx, d, id, strings.Repeat("é", 301)); !fault.Fixable(err) {
			t.Errorf("a letter in place of a question: %v", err)
		}
		if err := p.AskMore(ctx, d, id, " Which <b>doctor</b>\r\n was it? "); err != nil {
			t.Fatal(err)
		}
		l, err := p.Requests(ctx, d, enroll.RequestFilter{Tab: enroll.TabAsked})
		if err != nil || len(l.Rows) != 1 {
			t.Errorf("%+v %v", l, err)
		}
		if err := p.Reject(ctx, d, id, "because"); !fault.Fixable(err) {
			t.Errorf("a reason that is not on the list: %v", err)
		}
		if err := p.Reject(ctx, d, id, "not_proven"); err != nil {
			t.Fatal(err)
		}
		p.work()
		if m := p.inbox("elsewhere@example.com"); len(m) != 3 { // received, a question, could not be met
			t.Errorf("%d messages", len(m))
		} else if !slices.ContainsFunc(m, func(m notify.Seen) bool {
			return strings.Contains(m.Text, "Which <b>doctor</b> was it?") && strings.Contains(m.HTML, "Which &lt;b&gt;doctor&lt;/b&gt; was it?")
		}) {
			t.Error("the question did not reach the asker as it was written")
		}
		if l, _ := p.Requests(ctx, d, enroll.RequestFilter{Tab: enroll.TabClosed}); len(l.Rows) != 1 {
			t.Errorf("closed: %+v", l)
		}
	})
}

func TestUntouchedRequestsExpireAndAreErased(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		id := p.ask(stranger(), "192.0.2.1")
		p.c.Move(30*24*time.Hour - time.Minute)
		p.work()
		if s := p.one(`SELECT state FROM identity_request`); s != "open" {
			t.Errorf("expired early: %s", s)
		}
		p.c.Move(6 * time.Minute)
		p.work()
		if s := p.one(`SELECT state FROM identity_request`); s != "expired" {
			t.Errorf("state %s", s)
		}
		if n := p.count(`identity_request WHERE claim IS NOT NULL`); n != 0 {
			t.Error("the details are still there")
		}
		d := p.desk("Ana", access.ReviewRequests)
		if k, err := p.Request(ctx, d, id); err != nil || !k.Erased || k.Name != "" || len(k.Candidates) != 0 {
			t.Errorf("%+v %v", k, err)
		}
		if n := p.count(`audit_entry WHERE action = 'request.expired'`); n != 1 {
			t.Errorf("%d lines", n)
		}
		p.ask(stranger(), "192.0.2.1") // and the person may ask again
	})
}

func TestWhatIsStoredShowsNobody(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	code := p.give(id, enroll.ByEmail)
	_ = code
	p.ask(stranger(), "192.0.2.1")
	if _, err := p.TryNumber(ctx, visitor("192.0.2.1"), enroll.NumberTry{Number: maria.Number, Birth: maria.Birth, Lang: lang.En}); err != nil {
		t.Fatal(err)
	}
	hand := p.give(id, enroll.ByHand)
	a := p.applicant(hand.Text, maria.Birth, "192.0.2.1")
	if err := p.ChooseUser(ctx, a, "marias.garden", password, password, lang.En); err != nil {
		t.Fatal(err)
	}
	for table, columns := range map[string]string{
		"activation_code": "selector || ' ' || secret_hash || ' ' || COALESCE(token_hash, '') || ' ' || sent_to || ' ' || COALESCE(shown, '')",
		"enrolment":       "draft || ' ' || digits_hash", "identity_request": "COALESCE(claim, '') || ' ' || person_key", "job": "args",
	} {
		var rows []string
		p.view(func(tx *store.Tx) (err error) {
			rows, err = store.List(ctx, tx, store.One[string], "SELECT "+columns+" FROM "+table)
			return err
		})
		all := strings.ToLower(strings.Join(rows, " "))
		secret := strings.ToLower(strings.ReplaceAll(hand.Text[6:], "-", ""))
		for _, s := range []string{"maria", "alvarez", "example.com", "1962-04-09", "marias.garden", "mr-1001", "argon2id", secret} {
			if strings.Contains(all, s) {
				t.Errorf("%s holds %q in clear", table, s)
			}
		}
	}
}
