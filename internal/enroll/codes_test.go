package enroll_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
)

func TestCodeLivesAsLongAsItsChannelAllows(t *testing.T) {
	life := map[enroll.Channel]time.Duration{enroll.ByEmail: 24 * time.Hour, enroll.ByHand: 7 * 24 * time.Hour, enroll.ByLetter: 21 * 24 * time.Hour}
	each(t, func(t *testing.T, p *portal) {
		for by, d := range life {
			if by == enroll.ByEmail {
				continue // its code is never shown; see TestExpiredCodeIsSaidToWhomBothAreKnown for the link
			}
			x := maria
			x.Number, x.Email, x.Mobile = "MR-"+string(by), string(by)+"@example.com", ""
			id := p.add(x)
			r := p.give(id, by)
			if got := r.Expires.Sub(p.c.Now()); got != d {
				t.Errorf("%s lives %s", by, got)
			}
			try := func() (enroll.Opening, error) {
				return p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: x.Birth})
			}
			p.c.Move(d - time.Second)
			if o, err := try(); err != nil || o.Late {
				t.Errorf("%s: a second before its end: %+v %v", by, o, err)
			}
			p.c.Move(time.Second)
			if o, err := try(); err != nil || !o.Late {
				t.Errorf("%s: at its end: %+v %v", by, o, err)
			}
			p.c.Move(time.Second)
			if o, err := try(); err != nil || !o.Late {
				t.Errorf("%s: a second after its end: %+v %v", by, o, err)
			}
		}
	})
}

func TestNewCodeKillsTheOlder(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		first := p.give(id, enroll.ByHand)
		second := p.give(id, enroll.ByHand)
		if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: first.Text, Birth: maria.Birth}); !fault.Fixable(err) {
			t.Errorf("the older code: %v", err)
		}
		a := p.applicant(second.Text, maria.Birth, "192.0.2.1")
		c := p.ready(a, "marias.garden")
		p.give(id, enroll.ByHand) // while she is choosing a password
		if _, err := p.Finish(ctx, a, c); !fault.Is(err, fault.Conflict) {
			t.Errorf("a replaced code opened an account: %v", err)
		}
		if n := p.count("account"); n != 0 {
			t.Errorf("%d accounts", n)
		}
		p.work()
		p.give(id, enroll.ByEmail)
		p.give(id, enroll.ByEmail) // before the first was sent
		p.work()
		if m := p.inbox(maria.Email); len(m) != 1 {
			t.Errorf("%d mails: a superseded code was sent", len(m))
		}
	})
}

// T5: whoever knows the half that selects cannot guess the other half.
func TestFifthWrongTrySuspends(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		r := p.give(id, enroll.ByHand)
		for i := range 5 {
			code, birth := r.Text[:6]+"00000-00000", maria.Birth
			if i == 2 {
				code, birth = r.Text, "1962-04-08" // a wrong birth date counts as well
			}
			if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: code, Birth: birth}); !fault.Fixable(err) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if _, err := p.OpenCode(ctx, visitor("192.0.2.2"), enroll.CodeTry{Code: r.Text, Birth: maria.Birth}); !fault.Fixable(err) {
			t.Errorf("the sixth, right try: %v", err)
		}
		l, err := p.Codes(ctx, p.desk("Desk", access.IssueCodes), enroll.CodeFilter{State: enroll.Suspended})
		if err != nil || len(l.Rows) != 1 || l.Counts[enroll.Suspended] != 1 {
			t.Errorf("the desk sees %+v, %v", l, err)
		}
		if n := p.count(`audit_entry WHERE action = 'code.suspended' AND patient_id = $1`, id); n != 1 {
			t.Errorf("%d lines in the log", n)
		}
		// The desk helps with a new one.
		p.give(id, enroll.ByHand)
	})
}

func TestFourWrongTriesAndARightOne(t *testing.T) {
	p := lite(t)
	r := p.give(p.add(maria), enroll.ByHand)
	for range 4 {
		p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: "1962-04-08"})
	}
	for range 3 { // opening again and again costs no tries
		p.applicant(r.Text, maria.Birth, "192.0.2.1")
	}
	if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: "1962-04-08"}); !fault.Fixable(err) {
		t.Fatal(err)
	}
	if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: maria.Birth}); err == nil {
		t.Error("the fifth wrong try did not count")
	}
}

// T7: two clients redeem one code at once.
func TestOneCodeOneAccount(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		for range size(2, 200) {
			x := maria
			x.Number = string(ids.NewPatient())
			id := p.add(x)
			code := p.give(id, enroll.ByHand).Text
			racers := size(4, 50)
			as := make([]access.Applicant, racers)
			cs := make([]enroll.Consent, racers)
			for i := range as {
				as[i] = p.applicant(code, x.Birth, "192.0.2.1")
				cs[i] = p.ready(as[i], "racer."+strings.ToLower(string(id[4:12]))+"."+string(rune('a'+i%26))+string(rune('a'+i/26)))
				p.c.Move(time.Minute) // the limits on tries from one place are not what is tested
			}
			var wg sync.WaitGroup
			won := make([]error, racers)
			for i := range as {
				wg.Go(func() { _, won[i] = p.Finish(ctx, as[i], cs[i]) })
			}
			wg.Wait()
			n := 0
			for _, err := range won {
				if err == nil {
					n++
				} else if !fault.Is(err, fault.Conflict) && !errors.Is(err, access.ErrNoSession) {
					t.Errorf("a loser got %v", err)
				}
			}
			if got := p.count(`account WHERE person_id = $1`, id); n != 1 || got != 1 {
				t.Fatalf("%d of %d won, %d accounts", n, racers, got)
			}
			if used := p.count(`activation_code WHERE patient_id = $1 AND state = 'used'`, id); used != 1 {
				t.Fatalf("%d codes used", used)
			}
			p.c.Move(time.Hour)
		}
	})
}

func TestOneLiveCodePerPatientHoweverManyIssueAtOnce(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: enroll.ByHand}); err != nil && !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := p.count(`activation_code WHERE state IN ('issued', 'opened')`); n != 1 {
			t.Errorf("%d live codes", n)
		}
	})
}

func TestCodeUsedAgainTellsItsOwner(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	code := p.give(id, enroll.ByHand).Text
	if _, err := p.finishAll(p.applicant(code, maria.Birth, "192.0.2.1"), "marias.garden"); err != nil {
		t.Fatal(err)
	}
	p.work()
	before := len(p.inbox(maria.Email))
	again := enter(p.b, code, maria.Birth).Want(422, "activation code")
	wrong := enter(p.b, misread(code), maria.Birth)
	if again.Text("#code-error") != wrong.Text("#code-error") {
		t.Error("a used code can be told from a wrong one")
	}
	enter(p.b, code, maria.Birth)
	p.work()
	m := p.inbox(maria.Email)
	if len(m) != before+1 || !strings.Contains(m[0].Text, "/not-me/") {
		t.Errorf("the owner got %d messages", len(m)-before)
	}
}

func TestCodeIsShownToItsIssuerOnce(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		mine, other := p.staff("Ana"), p.staff("Bea")
		code, err := p.Issue(ctx, p.atDesk(mine, access.IssueCodes), enroll.Order{Patient: id, By: enroll.ByLetter, Large: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Reveal(ctx, p.atDesk(other, access.IssueCodes), code); !fault.Is(err, fault.Conflict) {
			t.Errorf("somebody else saw it: %v", err)
		}
		r, err := p.Reveal(ctx, p.atDesk(mine, access.IssueCodes), code)
		if err != nil || len(r.Text) != 17 || !bytes.HasPrefix(r.Letter, []byte("%PDF-")) || !strings.HasPrefix(r.Link, p.Base+"/a/") {
			t.Fatalf("%+v %v", r, err)
		}
		if again, err := p.Reveal(ctx, p.atDesk(mine, access.IssueCodes), code); err != nil || again.Text != r.Text {
			t.Errorf("a double click lost the code: %v", err)
		}
		p.c.Move(61 * time.Second)
		if _, err := p.Reveal(ctx, p.atDesk(mine, access.IssueCodes), code); !fault.Is(err, fault.Conflict) {
			t.Errorf("it was shown twice: %v", err)
		}
		p.c.Move(5 * time.Minute)
		p.work()
		if n := p.count(`activation_code WHERE shown IS NOT NULL`); n != 0 {
			t.Error("the sealed code was not erased")
		}
		if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: maria.Birth}); err != nil {
			t.Errorf("the printed code: %v", err)
		}
		row, err := p.Code(ctx, p.atDesk(mine, access.IssueCodes), code)
		if err != nil || row.Hint != r.Text[:5] || row.State != enroll.Opened || !row.Shown {
			t.Errorf("%+v %v", row, err)
		}
	})
}

func TestReissueLimits(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		issue := func(by enroll.Channel) error {
			_, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: by})
			return err
		}
		for i := range 5 {
			err := issue(enroll.ByLetter)
			if i < 4 && err != nil {
				t.Fatalf("letter %d: %v", i, err)
			}
			if i == 4 && !fault.Is(err, fault.TooMany) {
				t.Errorf("a fifth letter in a month: %v", err)
			}
			if err := issue(enroll.ByLetter); !fault.Is(err, fault.TooMany) {
				t.Errorf("a second letter in a day: %v", err)
			}
			p.c.Move(25 * time.Hour)
		}
		for i := range 4 {
			if err := issue(enroll.ByEmail); (i == 3) != fault.Is(err, fault.TooMany) {
				t.Errorf("mail %d in an hour: %v", i, err)
			}
			p.c.Move(11 * time.Second)
		}
	})
}

func TestWhoGetsNoCode(t *testing.T) {
	p := lite(t)
	for key, x := range map[string]patient{
		"enroll.issue.dead":       {Number: "D", Given: "Dora", Family: "Dead", Birth: "1940-01-01", Dead: true},
		"enroll.issue.young":      {Number: "Y", Given: "Yan", Family: "Young", Birth: "2013-03-11"},
		"enroll.issue.contact":    {Number: "N", Given: "Nora", Family: "None", Birth: "1980-01-01"},
		"enroll.issue.newcontact": {Number: "W", Given: "Wim", Family: "New", Birth: "1980-01-01", Email: "wim@example.com", New: true},
	} {
		_, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: p.add(x), By: enroll.ByEmail})
		if f, ok := fault.As(err); !ok || f.Kind != fault.Conflict || f.Text != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: "pat_nobody", By: enroll.ByHand}); !fault.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	x := maria
	x.NoAddress = true
	id := p.add(x)
	if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: enroll.ByLetter}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a letter without address: %v", err)
	}
	if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: enroll.ByPhone}); !fault.Fixable(err) {
		t.Errorf("a spoken code without a request: %v", err)
	}
	code := p.give(id, enroll.ByHand).Text
	if _, err := p.finishAll(p.applicant(code, x.Birth, "192.0.2.1"), "marias.garden"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.IssueByDuty(ctx, duty, enroll.Order{Patient: id, By: enroll.ByHand}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a code for somebody with an account: %v", err)
	}
}

func TestDeskNeedsTheTask(t *testing.T) {
	p := lite(t)
	id := p.add(maria)
	code := p.give(id, enroll.ByHand)
	d := p.desk("Ana", access.SeeDesk)
	for name, do := range map[string]func() error{
		"Issue":    func() error { _, err := p.Issue(ctx, d, enroll.Order{Patient: id, By: enroll.ByHand}); return err },
		"Reveal":   func() error { _, err := p.Reveal(ctx, d, code.ID); return err },
		"Revoke":   func() error { return p.Revoke(ctx, d, code.ID) },
		"Codes":    func() error { _, err := p.Codes(ctx, d, enroll.CodeFilter{}); return err },
		"Code":     func() error { _, err := p.Code(ctx, d, code.ID); return err },
		"Requests": func() error { _, err := p.Requests(ctx, d, enroll.RequestFilter{}); return err },
		"Request":  func() error { _, err := p.Request(ctx, d, "req_x"); return err },
		"LogCall":  func() error { return p.LogCall(ctx, d, "req_x", enroll.Call{Outcome: "no_answer"}) },
		"Approve": func() error {
			_, err := p.Approve(ctx, d, "req_x", enroll.Approval{Patient: id, By: enroll.ByHand})
			return err
		},
		"Reject":  func() error { return p.Reject(ctx, d, "req_x", "other") },
		"AskMore": func() error { return p.AskMore(ctx, d, "req_x", "") },
		"Flag":    func() error { return p.Flag(ctx, d, "req_x", "") },
		"zero": func() error {
			_, err := p.Issue(ctx, access.Desk{}, enroll.Order{Patient: id, By: enroll.ByHand})
			return err
		},
	} {
		if err := do(); !fault.Is(err, fault.Denied) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s with another task: %v", name, err)
		}
	}
}

func TestRevokedCodeOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		r := p.give(p.add(maria), enroll.ByHand)
		d := p.desk("Ana", access.IssueCodes)
		if err := p.Revoke(ctx, d, r.ID); err != nil {
			t.Fatal(err)
		}
		if err := p.Revoke(ctx, d, r.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("revoked twice: %v", err)
		}
		if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: r.Text, Birth: maria.Birth}); !fault.Fixable(err) {
			t.Errorf("a revoked code: %v", err)
		}
	})
}

func TestListOfCodesGoesOn(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		d := p.desk("Ana", access.IssueCodes)
		want := map[ids.Code]bool{}
		for i := range 30 {
			x := patient{Number: fmt.Sprint("L", i), Given: "Lea", Family: "List", Birth: "1970-01-01"}
			want[p.give(p.add(x), enroll.ByHand).ID] = true
			if i%3 == 0 {
				p.c.Move(time.Second)
			}
		}
		f := enroll.CodeFilter{State: enroll.Issued}
		parts := 0
		for {
			l, err := p.Codes(ctx, d, f)
			if err != nil || l.Counts[enroll.Issued] != 30 {
				t.Fatal(err, l.Counts)
			}
			parts++
			for _, c := range l.Rows {
				if !want[c.ID] {
					t.Errorf("%s twice, or not ours", c.ID)
				}
				delete(want, c.ID)
			}
			if f.After = l.Next; f.After == "" {
				break
			}
		}
		if parts != 2 || len(want) != 0 {
			t.Errorf("%d parts, %d codes missing", parts, len(want))
		}
		p.c.Move(8 * 24 * time.Hour)
		for _, work := range []bool{false, true} {
			if work {
				p.work()
			}
			l, err := p.Codes(ctx, p.desk("Bea"+string(rune('0'+parts)), access.IssueCodes), enroll.CodeFilter{State: enroll.Expired})
			if err != nil || len(l.Rows) != 25 || l.Rows[0].State != enroll.Expired {
				t.Errorf("expired: %d %v", len(l.Rows), err)
			}
			parts++
		}
	})
}
