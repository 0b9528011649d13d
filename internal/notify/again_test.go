package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
	"portico/internal/testkit/mailbox"
)

// people is an address book of one person.
type people struct {
	at     []Contact
	closed bool
}

func (p *people) Reach(context.Context, *store.Tx, ids.Patient, ids.Account) ([]Contact, bool, error) {
	return p.at, p.closed, nil
}

const moved = "ana.new@example.org"

// lose lets a message fail for good and gives it as the desk sees it.
func (d *desk) lose(m Message) Failure {
	d.t.Helper()
	d.mails.Be(mailbox.RefuseForGood)
	d.queue(m)
	d.work()
	d.mails.Be(mailbox.Well)
	return d.failed(m.Notice.Kind())
}

func (d *desk) failed(kind string) (f Failure) {
	d.t.Helper()
	list, err := d.Undelivered(ctx, d.clerk())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, u := range list {
		if u.Kind == kind {
			if f, err = d.Failed(ctx, d.clerk(), u.ID); err != nil {
				d.t.Fatal(err)
			}
			return f
		}
	}
	d.t.Fatalf("no %s among %d", kind, len(list))
	return f
}

// clerk is the proof of somebody who may see the list; there is one of them.
func (d *desk) clerk() access.Desk {
	d.t.Helper()
	if d.at == nil {
		proof := deskProof(d.t, d.DB, access.SeeUndelivered)
		d.at = &proof
	}
	return *d.at
}

func TestAMessageIsSentAgain(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		book := &people{at: []Contact{{Mail, moved}, {Text, "+15550100123"}, {Mail, someone}}}
		d.People = book
		f := d.lose(mailTo(someone, AccountLocked{}))
		if f.Not != "" || len(f.Ways) != 3 || !f.Ways[0].Same || f.Ways[0].To != someone || f.Outage || f.Tries != 1 {
			t.Fatalf("what can be done: %+v", f)
		}
		if strings.Contains(fmt.Sprint(f.Ways[0].Key, f.Ways[1].Key), "ana") {
			t.Error("a key says whose contact it is")
		}
		if err := d.Again(ctx, d.clerk(), f.ID, "some other"); !fault.Is(err, fault.Invalid) {
			t.Errorf("to a contact that is none: %v", err)
		}
		if err := d.Again(ctx, d.clerk(), f.ID, f.Ways[1].Key); err != nil {
			t.Fatal(err)
		}
		d.work()
		got := d.mails.Taken()
		if len(got) != 1 || !slices.Equal(got[0].To, []string{moved}) || d.in("sent") != 1 || d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 {
			t.Fatalf("sent again: %+v", got)
		}
		if d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.again' AND patient_id = 'pat_1' AND detail = 'email.other'`) != 1 {
			t.Error("no line in the audit log")
		}
		if err := d.Again(ctx, d.clerk(), f.ID, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second time: %v", err)
		}
		if err := d.Settle(ctx, d.clerk(), f.ID, "told"); !fault.Is(err, fault.Conflict) {
			t.Errorf("closed after that: %v", err)
		}
		if err := d.Again(ctx, d.clerk(), "msg_none", ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("a message that is none: %v", err)
		}
		if err := d.Again(ctx, access.Desk{}, f.ID, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("without the task: %v", err)
		}
	})
}

// Two clerks press at the same moment, one to send and one to close.
func TestOneClerkDealsWithAMessage(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.People = &people{at: []Contact{{Mail, someone}}}
		f := d.lose(mailTo(someone, AccountLocked{}))
		clerk := d.clerk()
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				if i%2 == 0 {
					errs[i] = d.Again(ctx, clerk, f.ID, "")
				} else {
					errs[i] = d.Settle(ctx, clerk, f.ID, "told")
				}
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) {
				t.Errorf("a loser is told %v", err)
			}
		}
		d.work()
		if won != 1 || len(d.mails.Taken()) != d.in("sent") {
			t.Errorf("%d dealt with it, %d mails, %d sent", won, len(d.mails.Taken()), d.in("sent"))
		}
	})
}

func TestWhatIsNotSentAgain(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		book := &people{at: []Contact{{Mail, someone}}}
		d.People = book
		refused := func(kind string, why Barrier) {
			t.Helper()
			f := d.failed(kind)
			if f.Not != why || len(f.Ways) > 0 {
				t.Errorf("%s: %q, wanted %q", kind, f.Not, why)
			}
			if err := d.Again(ctx, d.clerk(), f.ID, ""); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s was sent again: %v", kind, err)
			}
		}
		d.lose(mailTo(someone, code))
		refused("one_time_code", Spent)
		if d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 {
			t.Error("a code is kept")
		}
		d.lose(mailTo(someone, PasswordLink{Link: "/recover/link/x", Minutes: 30, NotMe: "/not-me/x"}))
		refused("password_link", Spent)
		d.lose(mailTo(someone, RequestReceived{}))
		refused("request_received", Unproven)

		pointless := mailTo(someone, NewResult{})
		pointless.Withdraw = "result:1"
		d.lose(pointless)
		if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error { _, err := d.Withdraw(ctx, tx, "result:1"); return err }); err != nil {
			t.Fatal(err)
		}
		refused("new_result", Emptied)

		f := d.lose(mailTo(someone, AccountLocked{}))
		book.at = []Contact{{Mail, moved}} // changed while the clerk looked at the page
		if err := d.Again(ctx, d.clerk(), f.ID, f.Ways[0].Key); !fault.Is(err, fault.Invalid) {
			t.Errorf("to a contact that was changed meanwhile: %v", err)
		}
		book.at = nil
		refused("account_locked", Nobody)
		book.closed = true
		refused("account_locked", Ended)
		d.lose(mailTo(someone, AccountChanged{What: AccountEnded}))
		if f := d.failed("account_changed"); f.Not == Ended {
			t.Error("that the account was closed is kept from its owner")
		}
		d.c.Move(meanwhile)
		refused("account_locked", Past)
		if err := d.sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 {
			t.Error("what is past is kept")
		}
	})
}

// A colleague is written to again only while they work here.
func TestANoticeToStaffIsSentAgain(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		m := Message{To: "kim@clinic.example", Channel: Mail, Lang: lang.En, Notice: LogBroken{At: d.c.Now()}}
		if f := d.lose(m); f.Not != Nobody {
			t.Errorf("to somebody who never worked here: %+v", f)
		}
		if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ('stf_kim', 'Kim', 'kim@clinic.example', 'auditor', 'active', $1)`, store.Time(tx.Now))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		f := d.failed("log_broken")
		if err := d.Again(ctx, d.clerk(), f.ID, ""); err != nil || len(f.Ways) != 1 {
			t.Errorf("%+v %v", f, err)
		}
	})
}

// After an outage everything goes out with one press, and what failed for its
// address stays where it is.
func TestAnOutageIsMadeGood(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		book := &people{at: []Contact{{Mail, someone}, {Mail, "p1@example.org"}}}
		d.People = book
		d.lose(mailTo(moved, AccountLocked{}))
		d.mails.Down()
		for _, to := range []string{someone, "p1@example.org", "gone@example.org"} {
			d.queue(mailTo(to, LetterSent{}))
		}
		d.workFor(longest+2*time.Hour, 3*time.Hour)
		d.mails.Up()
		d.mails.Be(mailbox.Well)
		all, err := d.Outages(ctx, d.clerk())
		if err != nil || len(all) != 1 || !all[0].Mail || all[0].N != 3 {
			t.Fatalf("the outage: %+v %v", all, err)
		}
		sent, err := d.AllAgain(ctx, d.clerk(), true)
		if err != nil || sent != 2 {
			t.Fatalf("%d are on their way, %v", sent, err)
		}
		if again, err := d.AllAgain(ctx, d.clerk(), true); again != 0 || err != nil {
			t.Errorf("pressed twice: %d %v", again, err)
		}
		d.work()
		if n := len(d.mails.Taken()); n != 2 || d.in("failed") != 2 {
			t.Errorf("%d arrived, %d are left", n, d.in("failed"))
		}
		if _, err := d.AllAgain(ctx, access.Desk{}, true); !fault.Is(err, fault.Denied) {
			t.Errorf("without the task: %v", err)
		}
		if _, err := d.Outages(ctx, access.Desk{}); !fault.Is(err, fault.Denied) {
			t.Errorf("without the task: %v", err)
		}
	})
}

// A text is reported lost only after it was handed over; what it said is kept for
// a day, and no longer.
func TestATextReportedLostIsSentAgain(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		const phone = "+15550100123"
		d.People = &people{at: []Contact{{Text, phone}, {Mail, someone}}}
		for _, to := range []string{phone, "+15550100124"} {
			d.queue(textTo(to, AccountLocked{}))
		}
		d.queue(textTo(phone, code))
		d.work()
		if d.in("sent") != 3 || d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 2 {
			t.Fatalf("%d sent", d.in("sent"))
		}
		ref := d.word(`SELECT MIN(provider_ref) FROM outbox WHERE kind = 'account_locked'`)
		if err := d.report(ctx, ref, "undelivered", "30003"); err != nil {
			t.Fatal(err)
		}
		d.work()
		f := d.failed("account_locked")
		if f.Not != "" || f.Why != "phone_undelivered_30003" || len(f.Ways) != 2 {
			t.Fatalf("%+v", f)
		}
		if err := d.Again(ctx, d.clerk(), f.ID, f.Ways[1].Key); err != nil {
			t.Fatal(err)
		}
		d.work()
		if n := len(d.mails.Taken()); n > 1 || d.in("failed") != 0 {
			t.Errorf("%d mails", n)
		}
		d.c.Move(doubtful)
		if err := d.sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 {
			t.Error("the content of a text is kept")
		}
	})
}

// Every kind has its words on the staff's list.
func TestEveryKindHasAName(t *testing.T) {
	for kind := range readers {
		if !lang.Has("desk.kind." + kind) {
			t.Errorf("there is no text desk.kind.%s", kind)
		}
	}
}

func (d *desk) word(query string, args ...any) (s string) {
	d.t.Helper()
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return s
}
