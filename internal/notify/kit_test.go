package notify

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/mailbox"
	"portico/internal/testkit/phone"
)

var ctx = context.Background()

// desk is an outbox with a worker and fakes of both servers.
type desk struct {
	*Outbox
	t     *testing.T
	c     *clock.Fake
	run   *jobs.Runner
	mails *mailbox.Server
	calls *phone.Provider
	phone *Phone
	at    *access.Desk // see clerk
}

func newDesk(t *testing.T, db *store.DB, c *clock.Fake) *desk {
	t.Helper()
	d := &desk{t: t, c: c, mails: mailbox.Start(t), calls: phone.Start(t)}
	smtp, err := NewSMTP("smtp://"+d.mails.Addr(), "portal@riverside.example", func() string { return "Riverside Family Clinic" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	base := &url.URL{Scheme: "https", Host: "portal.riverside.example"}
	if d.phone, err = NewPhone(PhoneSettings{URL: d.calls.URL(), Account: phone.Account, Token: phone.Token, From: "+15550100199",
		Callback: base.String() + CallbackPath}); err != nil {
		t.Fatal(err)
	}
	keys := testkit.Keys(t)
	if d.Outbox, err = New(Parts{DB: db, Keys: keys, Limits: &limit.Limiter{DB: db, Keys: keys}, Base: base, Clinic: clinic(t),
		Mail: smtp, Phone: d.phone, Countries: []string{"US"}, DailyCap: 100}); err != nil {
		t.Fatal(err)
	}
	d.run = d.runner()
	return d
}

// runner is a worker of its own, as another process would have.
func (d *desk) runner() *jobs.Runner {
	r := jobs.NewRunner(d.DB, slog.New(slog.DiscardHandler))
	d.Work(r)
	return r
}

func eachDesk(t *testing.T, f func(*testing.T, *desk)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newDesk(t, db, c)) })
}

func (d *desk) queue(m Message) Outcome {
	d.t.Helper()
	var out Outcome
	if err := d.DB.Housekeep(ctx, "test", func(tx *store.Tx) (err error) { out, err = d.Send(ctx, tx, m); return err }); err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *desk) work() {
	d.t.Helper()
	if err := d.run.Drain(ctx); err != nil {
		d.t.Fatal(err)
	}
}

// workFor lets time pass in small steps, working at each.
func (d *desk) workFor(total, step time.Duration) {
	d.t.Helper()
	for end := d.c.Now().Add(total); d.c.Now().Before(end); d.c.Move(step) {
		d.work()
	}
	d.work()
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *desk) in(state string) int {
	d.t.Helper()
	return d.count(`SELECT COUNT(*) FROM outbox WHERE state = $1`, state)
}

const someone = "ana@example.org"

func mailTo(to string, n Notice) Message {
	return Message{To: to, Channel: Mail, Lang: lang.En, Notice: n, Patient: "pat_1"}
}

func textTo(to string, n Notice) Message {
	return Message{To: to, Channel: Text, Lang: lang.En, Notice: n, Patient: "pat_1"}
}

var code = OneTimeCode{Digits: "493027", Minutes: 10, For: ForSignIn}

var every = []Notice{
	ActivationCode{Code: "7KQ4M-W0D3B-XR1VZ", Link: "/activate/4mzq7w2k9c5t8r3v6x1y0abdef", Expires: testkit.Noon.Add(24 * time.Hour)},
	ConfirmationCode{Digits: "493027", Minutes: 10},
	OneTimeCode{Digits: "493027", Minutes: 10, For: ForSignIn},
	OneTimeCode{Digits: "493027", Minutes: 10, For: ForSetUp},
	OneTimeCode{Digits: "493027", Minutes: 1, For: ForChange},
	OneTimeCode{Digits: "493027", Minutes: 10, For: ForCheck},
	AccountOpened{At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	NewBrowser{At: testkit.Noon, Browser: "Firefox on Android", NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	SignInUnfinished{At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	SomeoneTried{}, CodeReused{NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	RecordsJoined{Moved}, RecordsJoined{Parted}, RecordsJoined{Kept}, RecordsJoined{Held}, RecordsJoined{GivenBack}, RecordsJoined{Gone},
	RequestReceived{}, RequestRejected{}, RequestNeedsMore{}, RequestNeedsMore{Words: "Which doctor did you see in March?"}, PasswordLocked{}, AccountLocked{}, LetterSent{},
	LinkMade{At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"}, LinkOpened{At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	CopyMade{At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: PasswordChanged, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: StepAdded, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: StepRemoved, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: StepFirst, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: RecoveryMade, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: ContactAsked, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: ContactChanged, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: BrowserKept, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: BrowserCopied, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: AccountEnded, At: testkit.Noon},
	ContactReviewed{Taken: true}, ContactReviewed{},
	AccountChanged{What: PasswordReset, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: StepReplaced, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: LoginRenewed, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: RecoveryBegun, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	AccountChanged{What: RecoveryStopped, At: testkit.Noon, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	UserNames{Name: "sunny.harbor", SignIn: "/signin", NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	PasswordLink{Link: "/recover/link/4mzq7w2k9c5t8r3v6x1y0abdef", Minutes: 30, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	PasswordLink{NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	PasswordLink{Link: "/recover/link/4mzq7w2k9c5t8r3v6x1y0abdef", Minutes: 30, NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef", Back: true},
	RecoveryStarted{At: testkit.Noon, Stop: "/recover/stop/4mzq7w2k9c5t8r3v6x1y0abdef", NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	RecoveryWaiting{Until: testkit.Noon, Stop: "/recover/stop/4mzq7w2k9c5t8r3v6x1y0abdef", NotMe: "/not-me/4mzq7w2k9c5t8r3v6x1y0abdef"},
	OneTimeCode{Digits: "493027", Minutes: 10, For: ForRecovery},
	SpokenCode{Code: "7KQ4-MW0D", Reference: "3B1V-ZXR2", Minutes: 10}, BreakerTripped{At: testkit.Noon}, LogBroken{At: testkit.Noon}, AccountExists{SignIn: "/signin"},
	EmergencyAlarm{At: testkit.Noon, Link: "/staff/emergencies"}, CheckInAlarm{At: testkit.Noon, Link: "/staff/checkins/apt_x"}, EmergencyOpened{At: testkit.Noon},
}

// deskProof signs a front-desk user in and opens the console for task.
func deskProof(t *testing.T, db *store.DB, task access.Task) access.Desk {
	t.Helper()
	g := &access.Gate{DB: db}
	v := access.NewVisitor("192.0.2.1", "test")
	var token string
	if err := db.Housekeep(ctx, "test", func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ('stf_1', 'Dana', 'd@example.org', 'front_desk', 'active', $1)`,
			store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = g.StartStaffSession(ctx, tx, "stf_1", v)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d, _, err := g.Desk(ctx, token, task, "GET /staff/undelivered", v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
