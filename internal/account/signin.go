package account

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// The limits of signing in; see the package comment. Numbers: login.gov for the
// first two, NIST SP 800-63B section 3.2.2 for the third, the OWASP cheat sheet
// on device cookies for the fourth.
var (
	sourceRule  = limit.Rule{Name: "signin.source", Max: 20, Per: time.Minute}
	pairWaits   = limit.Waits{Name: "signin.pair", Free: 4, First: time.Minute, Most: 12 * time.Hour}
	othersWaits = limit.Waits{Name: "signin.others", First: time.Second, Most: time.Hour, Stop: 100}
	knownWaits  = limit.Waits{Name: "signin.known", Free: 9, First: 15 * time.Minute, Most: 15 * time.Minute}
)

// tellAfter is how many failures in a row the owner is told of.
const tellAfter = 10

// attemptLife is how long one may take from the password to the second step.
const attemptLife = 10 * time.Minute

// attempt names a half-way sign-in or confirmation.
type attempt string

// Entry is what somebody typed on the sign-in page.
type Entry struct {
	UserName string
	Password string
	Device   string // device cookie, "" for none
	Next     string // local path to go to afterwards, "" for home
	Half     string // token of a half-way sign-in this browser still has, "" for none
	Mark     string // remember cookie, "" for none
	Shared   bool   // others use the browser too
}

// errSignIn is every way in which signing in can fail.
func errSignIn() error { return fault.Bad("", "account.signin.wrong") }

// Enter checks user name and password and begins the second step, sending its
// code if the person's first choice is one that is sent. It gives the half-way
// token. Whatever was wrong, it is Invalid with one sentence; TooMany is about
// the client's address alone and Unavailable about the server alone.
func (s *Accounts) Enter(ctx context.Context, v access.Visitor, e Entry) (token string, err error) {
	name, device := FoldUserName(store.Clean(e.UserName)), s.deviceOf(e.Device)
	a, known, leave, err := s.lookUp(ctx, name, device)
	if err != nil {
		return "", err
	}
	defer leave()
	g := guard{accounts: s, subject: "acc:" + string(a.id), source: v.Source(), device: device, known: known}
	if a.id == "" {
		g.subject = "name:" + name
	}
	open, err := g.begin(ctx)
	if err != nil {
		return "", err
	}
	right, rehash, err := s.verify(ctx, a, open, known, e.Password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", s.refuse(ctx, v, a, g)
	}
	if rehash {
		rehashed, err := Hash(ctx, s.pool(known), e.Password)
		if err == nil {
			a, err = s.keepHash(ctx, v, a, rehashed)
		}
		if err != nil {
			return "", err
		}
	}
	return s.begin(ctx, v, a, g, e)
}

// lookUp finds whose a user name is and whether the browser is known to them, and lets
// the person in to where their password will be hashed, until they leave. A browser
// with a mark of ours waits at the door of those that are known until it is looked at.
func (s *Accounts) lookUp(ctx context.Context, name string, device ids.Device) (a record, known bool, leave func(), err error) {
	if leave, err = s.pool(device != "").Admit(); err != nil {
		return a, false, nil, busy(err)
	}
	if err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = byName(ctx, tx, name); err != nil {
			return err
		}
		known, err = knownDevice(ctx, tx, a.id, device, tx.Now.Add(-DeviceLife))
		return err
	}); err != nil {
		leave()
		return a, false, nil, fault.Down("error.busy", 5*time.Second, err)
	}
	if device != "" && !known {
		leave()
		if leave, err = s.Hasher.Admit(); err != nil {
			return a, false, nil, busy(err)
		}
	}
	return a, known, leave, nil
}

// verify hashes exactly once, whatever happens with the result.
func (s *Accounts) verify(ctx context.Context, a record, open, known bool, password string) (right, rehash bool, err error) {
	h := s.pool(known)
	if len(password) > 4*MaxPassword || a.state != Active || a.hash == noPassword || !open {
		return false, false, busy(h.VerifyNobody(ctx, password[:min(len(password), 4*MaxPassword)]))
	}
	right, rehash, err = h.Verify(ctx, password, a.hash)
	return right, rehash, busy(err)
}

// pool is where a browser's passwords are hashed.
func (s *Accounts) pool(known bool) *secret.Hasher {
	if known {
		return s.Known
	}
	return s.Hasher
}

// guard is the counters of one try.
type guard struct {
	accounts *Accounts
	subject  string // account, or the name typed where there is none
	source   access.Source
	device   ids.Device
	known    bool
}

func (g guard) pair() string { return g.subject + "\x1f" + g.source.Narrow() }

func (g guard) browser() string { return g.subject + "\x1f" + string(g.device) }

// begin counts the try everywhere it counts and tells whether the password may
// be looked at. Only the limit of the address shows: it says nothing about any
// account. Every counter is raised even when one is over already, so that all
// tries cost the same.
func (g guard) begin(ctx context.Context) (open bool, err error) {
	l := g.accounts.Limits
	if g.known {
		return passed(l.Begin(ctx, knownWaits, "account.signin.wait", g.browser()))
	}
	if err := l.Check(ctx, sourceRule, "account.signin.source", g.source.Narrow()); err != nil {
		return false, err
	}
	pair, err := passed(l.Begin(ctx, pairWaits, "account.signin.wait", g.pair()))
	if err != nil {
		return false, err
	}
	others, err := passed(l.Begin(ctx, othersWaits, "account.signin.wait", g.subject))
	return pair && others, err
}

// passed tells a running wait from a counter that could not be written.
func passed(err error) (bool, error) {
	if fault.Is(err, fault.TooMany) {
		return false, nil
	}
	return err == nil, err
}

// clear forgets the failures: the password was right.
func (g guard) clear(ctx context.Context, tx *store.Tx) error {
	l := g.accounts.Limits
	if g.known {
		return l.Clear(ctx, tx, knownWaits, g.browser())
	}
	if err := l.Clear(ctx, tx, pairWaits, g.pair()); err != nil {
		return err
	}
	return l.Clear(ctx, tx, othersWaits, g.subject)
}

// refuse writes the failure down and gives the one answer. The owner is told of
// many failures by a job; it is queued for names that do not exist as well, so
// that this costs the same.
func (s *Accounts) refuse(ctx context.Context, v access.Visitor, a record, g guard) error {
	if err := s.count(ctx, v.Did(audit.SignInTried, string(a.id)).As(audit.Refused).On(string(a.person)), a, g); err != nil {
		return err
	}
	return errSignIn()
}

// count writes a failure down and queues the notice of many.
func (s *Accounts) count(ctx context.Context, e audit.Entry, a record, g guard) error {
	err := s.DB.Change(ctx, e, func(tx *store.Tx) error {
		n, err := s.Limits.Fails(ctx, tx, othersWaits, g.subject)
		if err != nil || n != tellAfter || g.known {
			return err
		}
		return Locked.Enqueue(ctx, tx, LockedArgs{a.id})
	})
	if err != nil {
		return fault.Down("error.busy", 5*time.Second, err)
	}
	return nil
}

// keepHash replaces a password's hash by one under the present secret and cost,
// unless the password was changed meanwhile.
func (s *Accounts) keepHash(ctx context.Context, v access.Visitor, a record, hash string) (record, error) {
	err := s.DB.Change(ctx, v.Did(audit.SignInTried, string(a.id)).On(string(a.person)).With("rehashed"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET password_hash = $2 WHERE id = $1 AND password_hash = $3`, a.id, hash, a.hash)
		return err
	})
	a.hash = hash
	return a, err
}

// begin opens the half-way state after the right password.
func (s *Accounts) begin(ctx context.Context, v access.Visitor, a record, g guard, in Entry) (token string, err error) {
	token = secret.Token()
	id := ids.New[attempt]("sia")
	err = s.DB.Change(ctx, v.Did(audit.PasswordPassed, string(a.id)).On(string(a.person)), func(tx *store.Tx) error {
		if err := samePassword(ctx, tx, a); err != nil {
			return err
		}
		if err := g.clear(ctx, tx); err != nil {
			return err
		}
		factors, err := factorsOf(ctx, tx, a.id)
		if err != nil {
			return err
		}
		factors = s.sendable(factors)
		skips, err := s.skips(ctx, tx, a, v.Did, g, in.Mark)
		if err != nil {
			return err
		}
		first := pending{factors: factors}.first()
		if skips {
			first = byRemembered
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO signin_attempt (id, token_hash, account_id, factor_id, next_path, shared, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, secret.TokenHash(token), a.id, first, in.Next, in.Shared, store.Time(tx.Now), store.Time(tx.Now.Add(attemptLife))); err != nil {
			return err
		}
		if err := s.watch(ctx, tx, a.id, id, g.known, in.Half); err != nil {
			return err
		}
		if skips || len(factors) == 0 {
			return nil
		}
		return s.sendFactor(ctx, tx, v.Did, pending{id: id, account: a, purpose: notify.ForSignIn}, factors[0])
	})
	return token, err
}

// samePassword refuses a password that was changed while it was checked. It locks
// the account's row, so that a change waits and then ends what is begun here.
func samePassword(ctx context.Context, tx *store.Tx, a record) error {
	n, err := tx.Exec(ctx, `UPDATE account SET state = 'active' WHERE id = $1 AND state = 'active' AND password_hash = $2`, a.id, a.hash)
	if err == nil && n != 1 {
		err = errSignIn()
	}
	return err
}

// watch queues the word to the owner should the half-way sign-in of an unknown
// browser run out. One begun before in the same browser ends: this one is
// watched in its place, so that a person who types the password twice and then
// gets in is not told of themselves.
func (s *Accounts) watch(ctx context.Context, tx *store.Tx, a ids.Account, id attempt, known bool, before string) error {
	if known {
		return nil
	}
	if before != "" {
		if _, err := tx.Exec(ctx, `UPDATE signin_attempt SET ended_at = $3 WHERE token_hash = $1 AND account_id = $2 AND ended_at IS NULL`,
			secret.TokenHash(before), a, store.Time(tx.Now)); err != nil {
			return err
		}
	}
	return Unfinished.Enqueue(ctx, tx, UnfinishedArgs{id}, jobs.Options{At: tx.Now.Add(attemptLife)})
}

// did makes an audit entry of whoever asked.
type did func(a audit.Action, object string) audit.Entry

// sendFactor sends the code of a second step, if it is one that is sent.
func (s *Accounts) sendFactor(ctx context.Context, tx *store.Tx, by did, p pending, f factor) error {
	if f.kind == TOTP {
		return nil
	}
	to, err := s.reveal(f)
	if err != nil {
		return err
	}
	a := p.account
	tx.Log(by(audit.OneTimeSent, string(f.id)).On(string(a.person)).With(string(f.kind)))
	return s.NewOneTime(ctx, tx, OneTime{Flow: string(p.id), Channel: f.kind.channel(), To: to, Lang: a.lang, Patient: a.person, Account: a.id, For: p.purpose})
}
