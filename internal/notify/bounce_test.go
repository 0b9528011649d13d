package notify

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/testkit/mailbox"
)

const bounces = "bounces@riverside.example"

// cameBack is what a mail server says of an e-mail with an identifier.
func cameBack(id, action, status string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@example.org
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; %s
Action: %s
Status: %s

--b
Content-Type: text/rfc822-headers

Message-ID: %s
--b--
`, someone, action, status, id), "\n", "\r\n")
}

var postmaster = access.NewVisitor("192.0.2.25", "curl")

func (d *desk) bounce(report string) {
	d.t.Helper()
	if err := d.Bounced(ctx, postmaster, strings.NewReader(report)); err != nil {
		d.t.Fatal(err)
	}
	d.work()
}

// bouncing is a desk whose mail server sends back what it cannot deliver.
func bouncing(t *testing.T, f func(*testing.T, *desk)) {
	t.Helper()
	eachDesk(t, func(t *testing.T, d *desk) {
		if err := d.Mail.(*SMTP).Returning(bounces); err != nil {
			t.Fatal(err)
		}
		f(t, d)
	})
}

func TestAMailThatComesBackIsPutBeforeStaff(t *testing.T) {
	bouncing(t, func(t *testing.T, d *desk) {
		d.People = &people{at: []Contact{{Mail, moved}}}
		d.queue(mailTo(someone, NewResult{}))
		d.work()
		first := d.mails.Taken()[0]
		if first.From != bounces || d.in("sent") != 1 {
			t.Fatalf("sent as %s", first.From)
		}
		for _, none := range []string{"", "x", cameBack(first.ID(), "delayed", "4.4.1"), cameBack("<msg_aaaaaaaaaaaaaaaaaaaaaaaaaa@riverside.example>", "failed", "5.1.1"),
			cameBack("<' OR 1=1 --@riverside.example>", "failed", "5.1.1"), cameBack(strings.Replace(first.ID(), "@", "-1@", 1), "failed", "5.1.1")} {
			d.bounce(none)
		}
		if d.c.Move(overtake); d.in("sent") != 1 {
			t.Fatal("a report about something else was believed")
		}
		d.work() // what spoke of a copy that was never sent is given up
		d.bounce(cameBack(first.ID(), "failed", "5.1.1"))
		f := d.failed("new_result")
		if f.Why != "mail_bounced_5.1.1" || f.Outage || len(f.Ways) != 1 || d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'notice.failed' AND detail = 'mail_bounced_5.1.1'`) != 1 {
			t.Fatalf("%+v", f)
		}
		// Sent again it is another e-mail: what is said of the first, once more or late, does not count.
		if err := d.Again(ctx, d.clerk(), f.ID, f.Ways[0].Key); err != nil {
			t.Fatal(err)
		}
		d.work()
		second := d.mails.Taken()[1]
		if second.ID() == first.ID() || second.To[0] != moved {
			t.Errorf("sent again as %s", second.ID())
		}
		d.bounce(cameBack(first.ID(), "failed", "5.1.1"))
		d.workFor(2*overtake, overtake)
		if d.in("sent") != 1 {
			t.Error("an old report was believed again")
		}
		d.bounce(cameBack(second.ID(), "Failed", "odd"))
		d.bounce(cameBack(second.ID(), "failed", "5.1.1"))
		if f = d.failed("new_result"); f.Why != "mail_bounced" || f.Resent != 1 {
			t.Errorf("%+v", f)
		}
	})
}

func TestAReportMayBeEarlyOrLate(t *testing.T) {
	bouncing(t, func(t *testing.T, d *desk) {
		// The server took it, and this process died before it wrote that down.
		d.mails.Be(mailbox.DropAfterData)
		d.queue(mailTo(someone, NewResult{}))
		d.work()
		d.mails.Be(mailbox.Well)
		first := d.mails.Taken()[0]
		d.bounce(cameBack(first.ID(), "failed", "5.1.1"))
		if d.in("failed") != 0 {
			t.Fatal("marked before it was settled")
		}
		d.workFor(5*time.Minute, 30*time.Second)
		if d.in("failed") != 1 {
			t.Errorf("%d on the list, %d sent", d.in("failed"), d.in("sent"))
		}
		// What comes back after days is told; what it said is erased by then.
		d.queue(mailTo(moved, AccountOpened{At: d.c.Now(), NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"}))
		d.work()
		later := d.mails.Taken()[len(d.mails.Taken())-1]
		d.c.Move(5 * 24 * time.Hour)
		if err := d.sweep(ctx); err != nil {
			t.Fatal(err)
		}
		d.bounce(cameBack(later.ID(), "failed", "4.4.7"))
		if f := d.failed("account_opened"); f.Why != "mail_bounced_4.4.7" || f.Not != Emptied {
			t.Errorf("%+v", f)
		}
		d.queue(mailTo("third@example.org", NewResult{}))
		d.work()
		old := d.mails.Taken()[len(d.mails.Taken())-1]
		d.c.Move(bouncesFor + time.Hour)
		d.bounce(cameBack(old.ID(), "failed", "5.1.1"))
		if d.in("failed") != 2 {
			t.Error("a report of weeks ago was believed")
		}
		for range bounceRule.Max {
			_ = d.Bounced(ctx, postmaster, strings.NewReader(""))
		}
		if err := d.Bounced(ctx, postmaster, strings.NewReader("")); !fault.Is(err, fault.TooMany) || errors.Is(err, nil) {
			t.Errorf("reports without end: %v", err)
		}
	})
}
