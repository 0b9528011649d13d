package notify

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/jobs"
	"portico/internal/store"
	"portico/internal/testkit/mailbox"
	"portico/internal/testkit/phone"
)

func TestMessageArrivesAndItsContentIsErased(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		if got := d.queue(mailTo(someone, code)); got != Queued {
			t.Fatal(got)
		}
		if n := d.count(`SELECT COUNT(*) FROM outbox WHERE sealed LIKE '%' || $1 || '%' OR sealed LIKE '%' || $2 || '%'`, "493027", "ana"); n != 0 {
			t.Error("the content lies open in the database")
		}
		d.work()
		got := d.mails.Taken()
		if len(got) != 1 || !slices.Equal(got[0].To, []string{someone}) || !strings.Contains(got[0].Text, "493027") {
			t.Fatalf("taken: %+v", got)
		}
		if d.in("sent") != 1 || d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NULL AND settled_at IS NOT NULL`) != 1 {
			t.Error("not settled and erased")
		}
		if d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.sent' AND patient_id = 'pat_1' AND detail = 'one_time_code.email'`) != 1 {
			t.Error("no line in the audit log")
		}
	})
}

func TestUndoneCauseSendsNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		undone := errors.New("undone")
		err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error {
			if _, err := d.Send(ctx, tx, mailTo(someone, code)); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		d.work()
		if len(d.mails.Taken()) != 0 || d.count(`SELECT COUNT(*) FROM outbox`) != 0 || d.count(`SELECT COUNT(*) FROM limit_count`) != 0 {
			t.Error("something was left behind")
		}
	})
}

// A mail server that is down for ten minutes, in every way a server can be.
func TestMailServerDownForTenMinutesLosesAndDoublesNothing(t *testing.T) {
	moods := map[string]func(*mailbox.Server){
		"refuses connections": func(s *mailbox.Server) { s.Down() },
		"refuses for now":     func(s *mailbox.Server) { s.Be(mailbox.RefuseForNow) },
		"is full":             func(s *mailbox.Server) { s.Be(mailbox.FullForNow) },
		"hangs up early":      func(s *mailbox.Server) { s.Be(mailbox.DropBeforeData) },
		"refuses our address": func(s *mailbox.Server) { s.Be(mailbox.RefuseSender) },
	}
	for name, break_ := range moods {
		t.Run(name, func(t *testing.T) {
			eachDesk(t, func(t *testing.T, d *desk) {
				break_(d.mails)
				const n = 12
				for i := range n {
					d.queue(mailTo(fmt.Sprintf("p%d@example.org", i), LetterSent{}))
				}
				d.workFor(10*time.Minute, 30*time.Second)
				if len(d.mails.Taken()) != 0 || d.in("queued") != n {
					t.Fatalf("while down: %d taken, %d queued", len(d.mails.Taken()), d.in("queued"))
				}
				d.mails.Be(mailbox.Well)
				if name == "refuses connections" {
					d.mails.Up()
				}
				d.workFor(20*time.Minute, time.Minute)
				if got := d.mails.Taken(); len(got) != n || d.mails.Distinct() != n || d.in("sent") != n {
					t.Errorf("afterwards: %d taken, %d distinct, %d sent", len(got), d.mails.Distinct(), d.in("sent"))
				}
			})
		})
	}
}

// Hanging up after the last byte is the one case in which a copy may go out: it
// carries the same identifier and the same bytes.
func TestCopyAfterHangUpHasTheSameIdentifier(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Be(mailbox.DropAfterData)
		d.queue(mailTo(someone, code))
		d.work()
		d.mails.Be(mailbox.Well)
		d.workFor(time.Minute, 10*time.Second)
		got := d.mails.Taken()
		if len(got) != 2 || d.mails.Distinct() != 1 || d.in("sent") != 1 {
			t.Fatalf("%d taken, %d distinct", len(got), d.mails.Distinct())
		}
		if string(got[0].Raw) != string(got[1].Raw) {
			t.Error("the copy differs")
		}
	})
}

func TestServerThatHangsUpAfterItsReplyHasTheMail(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Be(mailbox.DropAfterReply)
		d.queue(mailTo(someone, code))
		d.workFor(time.Minute, 10*time.Second)
		if n := len(d.mails.Taken()); n != 1 || d.in("sent") != 1 {
			t.Errorf("%d taken, %d sent", n, d.in("sent"))
		}
	})
}

func TestSameKeyIsSentOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		m := mailTo(someone, LetterSent{})
		m.Key = "letter_sent:cod_1"
		var wg sync.WaitGroup
		outcomes := make([]Outcome, 20)
		for i := range outcomes {
			wg.Go(func() { outcomes[i] = d.queue(m) })
		}
		wg.Wait()
		d.work()
		if got := d.queue(m); got != Duplicate {
			t.Error("after it was sent:", got)
		}
		d.work()
		n := 0
		for _, o := range outcomes {
			if o == Queued {
				n++
			}
		}
		if n != 1 || len(d.mails.Taken()) != 1 {
			t.Errorf("%d queued, %d taken", n, len(d.mails.Taken()))
		}
	})
}

func TestWithdrawnMessageIsNotSent(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		m := mailTo(someone, code)
		m.Withdraw = "otc_1"
		d.queue(m)
		other := mailTo("other@example.org", code)
		other.Withdraw = "otc_2"
		d.queue(other)
		if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error {
			n, err := d.Withdraw(ctx, tx, "otc_1")
			if n != 1 {
				t.Errorf("%d withdrawn", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		d.work()
		if got := d.mails.Taken(); len(got) != 1 || got[0].To[0] != "other@example.org" || d.in("withdrawn") != 1 {
			t.Errorf("taken %+v", got)
		}
		if d.count(`SELECT COUNT(*) FROM outbox WHERE state = 'withdrawn' AND sealed IS NULL`) != 1 ||
			d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.withdrawn'`) != 1 {
			t.Error("content kept or no audit line")
		}
	})
}

func TestLateMessageIsNotSent(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Down()
		m := mailTo(someone, code)
		m.Expires = d.c.Now().Add(10 * time.Minute)
		d.queue(m)
		d.workFor(15*time.Minute, time.Minute)
		d.mails.Up()
		d.workFor(time.Hour, time.Minute)
		if len(d.mails.Taken()) != 0 || d.in("withdrawn") != 1 || d.count(`SELECT COUNT(*) FROM job WHERE kind = 'notify.send'`) != 0 {
			t.Error("a code was sent after its end")
		}
	})
}

func TestRefusedForGoodReachesStaff(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Be(mailbox.RefuseForGood)
		d.queue(mailTo(someone, code))
		d.workFor(time.Hour, 5*time.Minute)
		staff := deskProof(t, d.DB, access.SeeUndelivered)
		list, err := d.Undelivered(ctx, staff)
		if err != nil || len(list) != 1 || list[0].Why != "mail_550_5.1.1" || list[0].Patient != "pat_1" || list[0].Channel != Mail {
			t.Fatalf("%+v %v", list, err)
		}
		if d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL`) != 0 || d.count(`SELECT COUNT(*) FROM job WHERE kind = 'notify.send'`) != 0 {
			t.Error("content or job left")
		}
		if err := d.Settle(ctx, staff, list[0].ID, "somehow"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a way that is none: %v", err)
		}
		if err := d.Settle(ctx, staff, list[0].ID, "told"); err != nil {
			t.Fatal(err)
		}
		if list, _ = d.Undelivered(ctx, staff); len(list) != 0 {
			t.Error("still listed")
		}
		if err := d.Settle(ctx, staff, "msg_none", "told"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if _, err := d.Undelivered(ctx, access.Desk{}); !fault.Is(err, fault.Denied) {
			t.Error("without the task:", err)
		}
	})
}

func TestServerDownForDaysEndsWithStaff(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Down()
		m := mailTo(someone, LetterSent{})
		m.Expires = d.c.Now().Add(30 * 24 * time.Hour)
		d.queue(m)
		d.workFor(5*24*time.Hour, 3*time.Hour)
		if d.in("failed") != 1 || d.count(`SELECT COUNT(*) FROM job WHERE kind = 'notify.send'`) != 0 {
			t.Errorf("%d failed, %d sent, %d queued, %d withdrawn", d.in("failed"), d.in("sent"), d.in("queued"), d.in("withdrawn"))
		}
	})
}

func TestPhoneReportsFailureOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.queue(textTo("+15550100003", code))
		d.work()
		sent := d.calls.Taken()[0]
		if sent.Callback != "https://portal.riverside.example/callbacks/phone" {
			t.Fatal(sent.Callback)
		}
		post := func(status, code, signature string) int {
			r := phone.Report(sent, status, code)
			if signature != "" {
				r.Header.Set("X-Twilio-Signature", signature)
			}
			w := httptest.NewRecorder()
			d.Callback(d.phone).ServeHTTP(w, r)
			return w.Code
		}
		if c := post("undelivered", "30003", "forged"); c != 403 || d.in("failed") != 0 {
			t.Errorf("forged: %d", c)
		}
		for range 3 {
			if c := post("undelivered", "30003", ""); c != 204 {
				t.Error(c)
			}
		}
		d.work()
		for range 3 {
			post("undelivered", "30003", "")
		}
		d.work()
		post("delivered", "", "") // out of order: changes nothing
		if d.in("failed") != 1 || d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.failed'`) != 1 {
			t.Error("not exactly one failure")
		}
		// A report on a message that is not settled yet waits; one on a message
		// that nobody knows is forgotten.
		sent.SID = "SM00000000000000000000000000000099"
		post("failed", "30003", "")
		d.work()
		if d.count(`SELECT COUNT(*) FROM job WHERE kind = 'notify.report'`) != 1 {
			t.Error("an early report was forgotten")
		}
		d.workFor(30*time.Minute, time.Minute)
		if d.count(`SELECT COUNT(*) FROM job WHERE kind = 'notify.report'`) != 0 {
			t.Error("a report on nothing is still there")
		}
	})
}

func TestUnreachableContactsAreNotQueued(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for _, m := range []Message{
			mailTo("not an address", code), mailTo("a@b", code), mailTo("a@example.org\r\nBcc: b@example.org", code),
			mailTo(`"a b"@example.org`, code), mailTo("Ana <a@example.org>", code), mailTo("a@example.org,b@example.org", code),
			textTo("555-010-0123", code), textTo("+18765551234", code), textTo("+442071838750", code), textTo("+1555", code),
			textTo("+15550100123;ext=1", code), textTo("", code),
		} {
			if got := d.queue(m); got != Unreachable {
				t.Errorf("%q: %s", m.To, got)
			}
		}
		if d.count(`SELECT COUNT(*) FROM outbox`) != 0 {
			t.Error("rows were written")
		}
	})
}

func TestProgramMistakesAreErrors(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for _, m := range []Message{
			{To: someone, Channel: Mail},
			{To: "+15550100123", Channel: Text, Notice: ActivationCode{Code: "x", Link: "/a"}},
			mailTo(someone, AccountOpened{NotMe: "https://evil.example/"}), mailTo(someone, AccountOpened{NotMe: "//evil.example/"}),
			mailTo(someone, AccountOpened{NotMe: `/\evil.example`}), mailTo(someone, AccountOpened{}),
		} {
			err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error { _, err := d.Send(ctx, tx, m); return err })
			if err == nil {
				t.Errorf("%+v was taken", m)
			}
		}
	})
}

func TestNoticeThatCameTooLateReachesStaff(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.Down()
		d.queue(mailTo(someone, AccountLocked{}))
		d.queue(mailTo(someone, code))
		// Their jobs are gone, as after being parked.
		if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error { _, err := tx.Exec(ctx, `DELETE FROM job`); return err }); err != nil {
			t.Fatal(err)
		}
		if err := d.run.Schedule(ctx); err != nil {
			t.Fatal(err)
		}
		d.workFor(longest+3*time.Hour, time.Hour)
		if d.in("failed") != 1 || d.in("withdrawn") != 1 || d.count(`SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL AND (state <> 'failed' OR again_until IS NULL)`) != 0 {
			t.Errorf("%d failed, %d withdrawn", d.in("failed"), d.in("withdrawn"))
		}
	})
}

func TestOldRowsAreSwept(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.queue(mailTo(someone, LetterSent{}))
		d.work()
		d.mails.Down()
		m := mailTo(someone, SomeoneTried{})
		m.Expires = d.c.Now().Add(1000 * 24 * time.Hour)
		d.queue(m)
		d.c.Move(keep + time.Hour)
		sweep := jobs.Kind[struct{}]{Name: "notify.sweep"}
		if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) error { return sweep.Enqueue(ctx, tx, struct{}{}) }); err != nil {
			t.Fatal(err)
		}
		d.work()
		if d.in("sent") != 0 || d.in("queued") != 1 {
			t.Errorf("%d sent, %d queued left", d.in("sent"), d.in("queued"))
		}
	})
}
