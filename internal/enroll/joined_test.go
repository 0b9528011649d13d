package enroll_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/registry"
	"portico/internal/store"
)

// The clinic joins two records of one person (HL7 A40, FHIR Patient.link), and
// parts them again: what accounts and codes do.

// old and young are two records of the same woman.
var (
	old   = patient{Number: "MR-2001", Given: "Rosa", Family: "Delgado", Birth: "1971-05-17", Email: "rosa.old@example.com"}
	young = patient{Number: "MR-2002", Given: "Rosa", Family: "Delgado Ruiz", Birth: "1971-05-17", Email: "rosa@example.com"}
)

// send takes a record in as a feed sends it, with a link if into is not "".
func (p *portal) send(x patient, into string) {
	p.t.Helper()
	in := registry.Incoming{Ref: "id-" + x.Number, Active: true, Birth: x.Birth, Sex: "female",
		Numbers:  []registry.Number{{System: "http://hospital.example", Value: x.Number, Usage: registry.Current}},
		Names:    []registry.Name{{Usage: registry.Current, Given: x.Given, Family: x.Family}},
		Contacts: []registry.Contact{{Kind: registry.Email, Value: x.Email, Since: p.c.Now().Add(-90 * 24 * time.Hour)}}}
	if into != "" {
		in.Links = []registry.Link{{Kind: registry.ReplacedBy, Ref: "Patient/id-" + into}}
	}
	rep, err := p.app.Registry.Import(ctx, duty, []registry.Incoming{in}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		p.t.Fatalf("import: %v %+v", err, rep)
	}
}

// both takes the two records in, apart, and gives them.
func (p *portal) both() (a, b ids.Patient) {
	p.send(old, "")
	p.send(young, "")
	return p.find(old), p.find(young)
}

// login opens an account for a record by a code in the hand.
func (p *portal) login(who ids.Patient, x patient, name string) enroll.Finished {
	p.t.Helper()
	f, err := p.finishAll(p.applicant(p.give(who, enroll.ByHand).Text, x.Birth, "192.0.2.9"), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// sees gives whose chart a session opens, "" if none.
func (p *portal) sees(token string) ids.Patient {
	p.t.Helper()
	c, _, err := p.Gate.Chart(ctx, token, access.SeeHome, "GET /home", visitor("192.0.2.9"))
	if err != nil && !errors.Is(err, access.ErrNoSession) {
		p.t.Fatal(err)
	}
	return c.Patient()
}

func (p *portal) state(a ids.Account) string {
	return p.one(`SELECT state FROM account WHERE id = $1`, a)
}

// heard counts the messages about joined records that went to a contact.
func (p *portal) heard(to string) (n int) {
	p.t.Helper()
	p.work()
	for _, m := range p.inbox(to) {
		if strings.Contains(m.Subject, "A change to your account") {
			n++
		}
	}
	return n
}

func (p *portal) logged(a audit.Action) int {
	return p.count(`audit_entry WHERE action = $1 AND outcome = 'done'`, string(a))
}

func TestAccountFollowsItsRecord(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		f := p.login(a, old, "rosa.kettle.7")
		if p.sees(f.Token) != a {
			t.Fatal("the account does not open its own record")
		}
		p.send(old, young.Number)
		if got := p.sees(f.Token); got != b {
			t.Errorf("an open session sees %s, the record that is in use is %s", got, b)
		}
		if p.one(`SELECT person_id FROM account WHERE id = $1`, f.Account) != string(b) || p.state(f.Account) != "active" {
			t.Error("the account stayed behind")
		}
		// Its owner is told at the contacts of both records.
		if p.heard(old.Email) != 1 || p.heard(young.Email) != 1 {
			t.Errorf("messages: %d to the old record's contact, %d to the other's", p.heard(old.Email), p.heard(young.Email))
		}
		// Nobody opens a second account by either number.
		for _, x := range []patient{old, young} {
			if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: p.find(x), By: enroll.ByHand}); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
				t.Errorf("a code by %s: %v", x.Number, err)
			}
		}
		p.send(old, young.Number) // the same again changes nothing
		if p.heard(young.Email) != 1 {
			t.Error("told twice of one thing")
		}
		p.send(old, "") // parted again
		if p.sees(f.Token) != a || p.one(`SELECT person_id FROM account WHERE id = $1`, f.Account) != string(a) {
			t.Error("parted, the account does not go back with its record")
		}
		if p.heard(old.Email) != 2 || p.logged(audit.AccountMoved) != 2 {
			t.Errorf("parted: %d messages, %d lines", p.heard(old.Email), p.logged(audit.AccountMoved))
		}
		p.give(b, enroll.ByHand) // whose person has no account now
	})
}

func TestChainOfRecords(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		third := young
		third.Number, third.Family = "MR-2003", "Delgado Soto"
		p.send(third, "")
		c := p.find(third)
		f := p.login(a, old, "rosa.kettle.7")
		p.send(old, young.Number)
		p.send(young, third.Number)
		if got := p.sees(f.Token); got != c {
			t.Errorf("along two links it sees %s, not %s", got, c)
		}
		p.send(young, "")
		if got := p.sees(f.Token); got != b {
			t.Errorf("the second link gone it sees %s, not %s", got, b)
		}
	})
}

// Of two accounts the same one stays, whichever record is moved on first.
func TestChainKeepsWhoIsHeld(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		for i := range 4 { // identifiers are random, and so is the order
			n := string(rune('0' + i))
			x, y, z := old, young, young
			x.Number, y.Number, z.Number = "A-"+n, "B-"+n, "C-"+n
			for _, r := range []patient{x, y, z} {
				p.send(r, "")
			}
			held, kept := p.login(p.find(x), x, "rosa.kettle.7"+n), p.login(p.find(y), y, "rosa.lantern.8"+n)
			p.send(x, y.Number)
			p.send(y, z.Number)
			if p.state(held.Account) != "frozen" || p.state(kept.Account) != "active" || p.sees(kept.Token) != p.find(z) {
				t.Errorf("moved on: held %s, kept %s", p.state(held.Account), p.state(kept.Account))
			}
			p.c.Move(25 * time.Hour)
		}
	})
}

// twins opens an account for each record and joins them.
func (p *portal) twins() (a, b ids.Patient, held, kept enroll.Finished) {
	a, b = p.both()
	held = p.login(a, old, "rosa.kettle.7")
	kept = p.login(b, young, "rosa.lantern.8")
	p.send(old, young.Number)
	return a, b, held, kept
}

func TestTwoAccountsOfOnePerson(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		_, b, held, kept := p.twins()
		if p.sees(held.Token) != "" || p.state(held.Account) != "frozen" {
			t.Error("the account of the record that was replaced is open")
		}
		if p.sees(kept.Token) != b || p.state(kept.Account) != "active" {
			t.Error("the other account suffers")
		}
		// Held back, it cannot be signed in to; what belongs to it is all there.
		if _, err := p.app.Accounts.Enter(ctx, visitor("192.0.2.9"), account.Entry{UserName: "rosa.kettle.7", Password: password}); !fault.Is(err, fault.Invalid) {
			t.Errorf("signing in to it: %v", err)
		}
		if p.count("account_factor WHERE account_id = $1 AND ended_at IS NULL", held.Account) != 1 {
			t.Error("its second step is lost")
		}
		if p.heard(old.Email) != 1 || p.heard(young.Email) != 2 { // the young contacts are on file for both now
			t.Errorf("messages: %d and %d", p.heard(old.Email), p.heard(young.Email))
		}
		d := p.desk("Kim", access.ReviewRequests)
		list, err := p.app.Accounts.Twins(ctx, d)
		if err != nil || len(list) != 1 {
			t.Fatalf("the desk's list: %+v %v", list, err)
		}
		w := list[0]
		if w.Patient != b || w.Held.ID != held.Account || w.Kept.ID != kept.Account || w.Held.Name != "r•••7" || w.Kept.Name != "r•••8" || w.Held.Opened.IsZero() || w.Kept.Last.IsZero() {
			t.Errorf("the desk sees %+v", w)
		}
		if _, err := p.app.Accounts.Twins(ctx, p.desk("Lee", access.SeeDesk)); !fault.Is(err, fault.Denied) {
			t.Errorf("seen without the task: %v", err)
		}
		p.send(old, young.Number)
		if list, _ := p.app.Accounts.Twins(ctx, d); len(list) != 1 {
			t.Error("the same link again makes a second entry")
		}
		p.send(old, "") // it was a mistake: each goes its own way again
		if p.state(held.Account) != "active" || p.sees(kept.Token) != b {
			t.Error("parted, the account is still held back")
		}
		if list, _ := p.app.Accounts.Twins(ctx, d); len(list) != 0 || p.heard(old.Email) != 2 {
			t.Errorf("parted: %d still wait, %d messages", len(list), p.heard(old.Email))
		}
		if p.one(`SELECT how FROM account_twin`) != "parted" || p.logged(audit.AccountHeld) != 1 {
			t.Error("the log does not say what happened")
		}
	})
}

func TestDeskSaysWhichAccountStays(t *testing.T) {
	for _, stays := range []string{"kept", "held"} {
		t.Run(stays, func(t *testing.T) {
			each(t, func(t *testing.T, p *portal) {
				a, b, held, kept := p.twins()
				d := p.desk("Kim", access.ReviewRequests)
				settle := p.app.Accounts.SettleTwin
				stay, gone := kept, held
				if stays == "held" {
					stay, gone = held, kept
				}
				for name, try := range map[string]error{
					"without the task":    settle(ctx, p.desk("Lee", access.SeeDesk), held.Account, stay.Account),
					"an account of none":  settle(ctx, d, "acc_nobody", stay.Account),
					"in favour of nobody": settle(ctx, d, held.Account, "acc_nobody"),
					"in favour of no one": settle(ctx, d, held.Account, ""),
					"the wrong way round": settle(ctx, d, kept.Account, held.Account),
				} {
					if !fault.Is(try, fault.Denied) && !fault.Is(try, fault.NotFound) {
						t.Errorf("%s: %v", name, try)
					}
				}
				if err := p.app.Accounts.Settle(ctx, d, held.Account, account.Active); !fault.Is(err, fault.Conflict) {
					t.Errorf("given back beside the other: %v", err)
				}
				var wg sync.WaitGroup
				results := make([]error, 4)
				for i := range results {
					wg.Go(func() { results[i] = settle(ctx, d, held.Account, stay.Account) })
				}
				wg.Wait()
				done := 0
				for _, err := range results {
					if err == nil {
						done++
					} else if !fault.Is(err, fault.Conflict) {
						t.Error(err)
					}
				}
				if done != 1 {
					t.Errorf("settled %d times", done)
				}
				if p.state(stay.Account) != "active" || p.state(gone.Account) != "closed" || p.sees(gone.Token) != "" {
					t.Errorf("%s: stays %s, gone %s", stays, p.state(stay.Account), p.state(gone.Account))
				}
				if p.one(`SELECT person_id FROM account WHERE id = $1`, stay.Account) != string(b) {
					t.Error("the account that stays does not open the record in use")
				}
				if _, err := p.app.Accounts.Enter(ctx, visitor("192.0.2.9"), account.Entry{UserName: "rosa.kettle.7", Password: password}); (err == nil) != (stays == "held") {
					t.Errorf("signing in to the one that was held back: %v", err)
				}
				if p.logged(audit.AccountClosed) != 1 || p.logged(audit.AccountRestored) != 1 {
					t.Error("the log does not say what was done")
				}
				p.send(old, "") // parted later: who stayed goes back with its own record
				want := map[string]ids.Patient{"kept": b, "held": a}[stays]
				if got := p.one(`SELECT person_id FROM account WHERE id = $1`, stay.Account); got != string(want) {
					t.Errorf("parted: the account opens %s, not %s", got, want)
				}
			})
		})
	}
}

// An account that its owner has disowned as well stays locked for that.
func TestHeldAndDisowned(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, _ := p.both()
		f := p.login(a, old, "rosa.kettle.7")
		p.login(p.find(young), young, "rosa.lantern.8")
		var link notify.Path
		if err := p.DB.Change(ctx, duty.Did(audit.NoticeQueued, ""), func(tx *store.Tx) (err error) {
			link, err = p.app.Accounts.NotMe(ctx, tx, f.Account, "opened")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		p.send(old, young.Number)
		if err := p.app.Accounts.Disown(ctx, visitor("192.0.2.9"), strings.TrimPrefix(string(link), "/not-me/")); err != nil {
			t.Fatal(err)
		}
		p.send(old, "")
		if p.state(f.Account) != "frozen" || p.count("account_twin WHERE settled_at IS NULL") != 0 {
			t.Error("parting records gave a disowned account back")
		}
		if err := p.app.Accounts.Settle(ctx, p.desk("Kim", access.ReviewRequests), f.Account, account.Active); err != nil {
			t.Error(err)
		}
	})
}

func TestCodeFollowsItsRecord(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		letter := p.give(a, enroll.ByHand)
		p.send(old, young.Number)
		f, err := p.finishAll(p.applicant(letter.Text, old.Birth, "192.0.2.9"), "rosa.kettle.7")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.sees(f.Token); got != b {
			t.Errorf("the code of the old record opened an account for %s, not %s", got, b)
		}
	})
}

// Half-way through when the records are joined: the account is the survivor's.
func TestJoinedHalfWayThrough(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		who := p.applicant(p.give(a, enroll.ByHand).Text, old.Birth, "192.0.2.9")
		consent := p.ready(who, "rosa.kettle.7")
		p.send(old, young.Number)
		f, err := p.Finish(ctx, who, consent)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.sees(f.Token); got != b {
			t.Errorf("it opens %s, not %s", got, b)
		}
	})
}

// A code of no use any more ends: the person it leads to has an account.
func TestCodeEndsWhereAnAccountIs(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		letter := p.give(a, enroll.ByHand)
		p.login(b, young, "rosa.lantern.8")
		p.send(old, young.Number)
		if got := p.one(`SELECT state FROM activation_code WHERE id = $1`, letter.ID); got != "revoked" {
			t.Errorf("the code is %s", got)
		}
		if p.logged(audit.CodeRevoked) != 1 {
			t.Error("it is not in the audit log")
		}
	})
}

// Joined before accounts followed, or at the same moment as it was opened: the
// background work finds it.
func TestAccountLeftBehindIsFound(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		a, b := p.both()
		f := p.login(a, old, "rosa.kettle.7")
		follower := p.app.Registry.Follower
		p.app.Registry.Follower = nil
		p.send(old, young.Number)
		p.app.Registry.Follower = follower
		if p.sees(f.Token) != a {
			t.Fatal("it followed by itself")
		}
		p.c.Move(61 * time.Minute)
		p.work()
		if got := p.one(`SELECT person_id FROM account WHERE id = $1`, f.Account); got != string(b) {
			t.Errorf("an hour later it opens %s", got)
		}
	})
}

func TestDeskSettlesTwinsOnItsPages(t *testing.T) {
	p := lite(t)
	_, _, held, kept := p.twins()
	b := p.b.Other()
	b.SetCookie("__Host-staff", p.staff("Kim"))
	at := b.Get("/staff/frozen").Want(200, "Locked accounts")
	if text := at.Text("#twinlist"); !strings.Contains(text, "r•••7") || !strings.Contains(text, "r•••8") || strings.Contains(at.Body, "rosa.kettle") {
		t.Errorf("the list says %s", text)
	}
	at = b.Get("/staff/twins/"+string(held.Account)).Want(200, "Two accounts of one person")
	form := `form[action="/staff/twins/` + string(held.Account) + `"]`
	if at = at.Submit(form).Want(422, "Two accounts of one person"); !strings.Contains(at.Text(".errsum"), "Choose the account") {
		t.Error("nothing chosen, nothing said")
	}
	at = at.Submit(form, "stays", string(held.Account)).Want(200, "Locked accounts")
	if !strings.Contains(at.Text("main"), "One account stays") || p.state(held.Account) != "active" || p.state(kept.Account) != "closed" {
		t.Errorf("held %s, kept %s", p.state(held.Account), p.state(kept.Account))
	}
	b.Get("/staff/twins/"+string(held.Account)).Want(404, "")
}
