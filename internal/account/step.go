package account

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// errGone means that the half-way state is over, used or was never there.
var errGone = errors.New("no such half-way sign-in")

// byRecovery stands for the recovery codes where a second step is named.
const byRecovery = "recovery"

// pending is a half-way sign-in or confirmation with whom it is for.
type pending struct {
	id      attempt
	account record
	factor  ids.Factor
	next    string
	unsent  bool // the newest code could not be sent
	shared  bool // others use the browser too, as was said with the password
	factors []factor
	purpose notify.Purpose
}

func (p pending) find(id ids.Factor) (factor, bool) {
	for _, f := range p.factors {
		if f.id == id {
			return f, true
		}
	}
	return factor{}, false
}

// first is what is asked for first. Where no second step is left, because those there
// were may be a stranger's (see freeze), it is a passkey, and for whoever has none a
// recovery code (see choices).
func (p pending) first() ids.Factor {
	if len(p.factors) == 0 {
		return byPasskey
	}
	return p.factors[0].id
}

// pendingBy reads the live half-way sign-in of a token.
func pendingBy(ctx context.Context, tx *store.Tx, token string) (pending, error) {
	p, err := store.Get(ctx, tx, func(r store.Row) (p pending, err error) {
		err = r.Scan(&p.id, &p.account.id, &p.factor, &p.next, &p.shared, &p.unsent)
		return p, err
	}, `
		SELECT id, account_id, factor_id, next_path, shared,
			EXISTS (SELECT 1 FROM one_time_code c WHERE c.flow = signin_attempt.id AND c.used_at IS NULL AND c.ended_at IS NULL AND NOT c.sent)
		FROM signin_attempt WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2`,
		secret.TokenHash(token), store.Time(tx.Now))
	p.purpose = notify.ForSignIn
	return whole(ctx, tx, p, err)
}

// whole reads what else is to be known of a half-way state that was found.
func whole(ctx context.Context, tx *store.Tx, p pending, err error) (pending, error) {
	if errors.Is(err, store.ErrNone) {
		return p, errGone
	}
	if err != nil {
		return p, err
	}
	if p.account, err = byID(ctx, tx, p.account.id); err != nil {
		return p, err
	}
	if p.account.state != Active { // frozen since the password was given
		return p, errGone
	}
	p.factors, err = factorsOf(ctx, tx, p.account.id)
	return p, err
}

func (s *Accounts) pending(ctx context.Context, token string) (p pending, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = pendingBy(ctx, tx, token)
		return err
	})
	return p, err
}

// Choose makes f the second step of the half-way sign-in of token and sends its
// code if it is one that is sent: also how one asks for another code. Too soon
// after the last one it is TooMany, and the choice stands.
func (s *Accounts) Choose(ctx context.Context, v access.Visitor, token string, f ids.Factor) error {
	var soon error
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		soon = nil
		p, err := pendingBy(ctx, tx, token)
		if err != nil {
			return audit.Entry{}, err
		}
		e := v.Did(audit.SecondStep, string(f)).On(string(p.account.person)).With("chosen")
		if f == byRecovery || f == byPasskey {
			return e, choose(ctx, tx, p.id, f)
		}
		want, ok := p.find(f)
		if !ok {
			return e, fault.Missing()
		}
		if err := choose(ctx, tx, p.id, f); err != nil {
			return e, err
		}
		err = s.sendFactor(ctx, tx, v.Did, p, want)
		if fault.Is(err, fault.TooMany) {
			soon = err
			return e, nil
		}
		return e, err
	})
	if err != nil {
		return err
	}
	return soon
}

func choose(ctx context.Context, tx *store.Tx, id attempt, f ids.Factor) error {
	_, err := tx.Exec(ctx, `UPDATE signin_attempt SET factor_id = $2 WHERE id = $1 AND ended_at IS NULL`, id, f)
	return err
}

// Step is the second step as it was sent.
type Step struct {
	Token  string // of the half-way state
	Method string // a factor, or "recovery"
	Code   string
	Device string // device cookie
	Old    string // token of a session this browser still has, "" for none
	Mark   string // remember cookie, "" for none
	Keep   bool   // the browser wants to skip the second step from now on
	Shared bool   // others use the browser too: nothing is kept in it
}

// SignedIn is what a completed sign-in gives the browser.
type SignedIn struct {
	Session string // token
	Device  string // device cookie, for DeviceLife
	Next    string // path to go to
	Lang    string
	Theme   string
	Zone    string
	Text    string
	Mark    string // remember cookie, for RememberLife; "" to leave it as it is
	Shared  bool   // nothing outlasts the browser's own session
}

// Finish checks the second step and opens the session. Every wrong code is
// Invalid at "code" with one sentence; too many are TooMany.
func (s *Accounts) Finish(ctx context.Context, v access.Visitor, st Step) (SignedIn, error) {
	p, err := s.pending(ctx, st.Token)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.Limits.Begin(ctx, codeWaits, "account.code.wait", string(p.account.id)); err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	var fresh string
	use := s.rotate(p, st, &fresh)
	if st.Method != byRemembered {
		if use, err = s.check(ctx, p, st); err != nil {
			return SignedIn{}, err
		}
	}
	err = errCode()
	if use != nil {
		out, err = s.open(ctx, v, p, st, use)
	}
	if fresh != "" {
		out.Mark = fresh
	}
	if fault.Is(err, fault.Invalid) {
		e := v.Did(audit.SecondStep, st.Method).On(string(p.account.person)).As(audit.Refused)
		if lerr := s.DB.Change(ctx, e, func(*store.Tx) error { return nil }); lerr != nil {
			return SignedIn{}, fault.Down("error.busy", 5*time.Second, lerr)
		}
	}
	return out, err
}

// use takes what was proven out of use, in the transaction of the session it
// pays for; false if somebody else was first.
type use func(ctx context.Context, tx *store.Tx) (bool, error)

// check compares the code and gives what is to be used up, nil if it is wrong.
func (s *Accounts) check(ctx context.Context, p pending, st Step) (use, error) {
	if st.Method == byRecovery {
		// The code is found by its hash; using it up is the comparison.
		return func(ctx context.Context, tx *store.Tx) (bool, error) {
			ok, err := s.useRecovery(ctx, tx, p.account.id, st.Code)
			if !ok || err != nil {
				return false, err
			}
			return true, note(ctx, tx, p.account.id, recovered, "")
		}, nil
	}
	f, ok := p.find(ids.Factor(st.Method))
	if !ok {
		return nil, nil
	}
	if f.kind == TOTP {
		key, err := s.reveal(f)
		if err != nil {
			return nil, err
		}
		step, ok := secret.CheckTOTP([]byte(key), codeForm(st.Code), s.DB.Now(), f.lastStep)
		if !ok {
			return nil, nil
		}
		return func(ctx context.Context, tx *store.Tx) (bool, error) { return advance(ctx, tx, f.id, step) }, nil
	}
	id, ok, err := s.tryCode(ctx, string(p.id), st.Code)
	if !ok || err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx) (bool, error) { return useCode(ctx, tx, id) }, nil
}

// open uses up the proof and opens the session, all in one transaction.
func (s *Accounts) open(ctx context.Context, v access.Visitor, p pending, st Step, use use) (out SignedIn, err error) {
	old, err := s.oldSession(ctx, v, st.Old)
	if err != nil {
		return SignedIn{}, err
	}
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		won, err := use(ctx, tx)
		if err != nil {
			return audit.Entry{}, err
		}
		if !won {
			return audit.Entry{}, errCode()
		}
		if err := s.endAttempt(ctx, tx, p.id); err != nil {
			return audit.Entry{}, err
		}
		var e audit.Entry
		out, e, err = s.letIn(ctx, tx, v, p, st, old)
		return e, err
	})
	return out, err
}

// letIn opens the session of an account whose owner has proven who they are.
func (s *Accounts) letIn(ctx context.Context, tx *store.Tx, v access.Visitor, p pending, st Step, old *access.Chart) (out SignedIn, e audit.Entry, err error) {
	a := p.account
	out = SignedIn{Lang: string(a.lang), Theme: a.theme, Text: a.text, Zone: a.zone, Shared: st.Shared}
	e = v.Did(audit.SignedIn, string(a.id)).On(string(a.person))
	e.Actor, e.ActorID = audit.ByAccount, string(a.id)
	if err := s.stillActive(ctx, tx, a.id); err != nil {
		return out, e, err
	}
	device, cookie, fresh, err := s.Remember(ctx, tx, a.id, st.Device, v.Agent())
	if err != nil {
		return out, e, err
	}
	out.Device = cookie
	if st.Keep && !st.Shared && st.Method != byRemembered {
		if out.Mark, err = s.keepBrowser(ctx, tx, a, device, v.Agent()); err != nil {
			return out, e, err
		}
		kept := e
		kept.Action = audit.BrowserKept
		tx.Log(kept)
	}
	if old != nil {
		if err := s.Gate.EndSession(ctx, tx, *old, "replaced"); err != nil {
			return out, e, err
		}
	}
	var session ids.Session
	out.Session, session, err = s.Gate.StartSession(ctx, tx, access.SignedIn{Account: a.id, Patient: a.person, Device: device, Agent: v.Agent(), Source: v.Source(), Shared: st.Shared})
	if err != nil {
		return out, e, err
	}
	e.Session = string(session)
	if err := s.Limits.Clear(ctx, tx, codeWaits, string(a.id)); err != nil {
		return out, e, err
	}
	out.Next = cmp.Or(p.next, "/home")
	if st.Method == byRecovery && p.next == "" {
		out.Next = "/account/steps?done=recovered" // the second step may be lost for good
	}
	return out, e, s.welcome(ctx, tx, a, v, fresh)
}

// oldSession proves the session that this browser brought along, to end it with
// the beginning of the new one; nil if it has none.
func (s *Accounts) oldSession(ctx context.Context, v access.Visitor, token string) (*access.Chart, error) {
	if token == "" {
		return nil, nil
	}
	c, _, err := s.Gate.Chart(ctx, token, access.EndSession, "POST /signin/step", v)
	if errors.Is(err, access.ErrNoSession) {
		return nil, nil
	}
	return &c, err
}

// endAttempt ends the half-way state: of two second steps at once, one goes on.
func (s *Accounts) endAttempt(ctx context.Context, tx *store.Tx, id attempt) error {
	n, err := tx.Exec(ctx, `UPDATE signin_attempt SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2`, id, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = errGone
	}
	return err
}

// stillActive refuses an account that was frozen while the code was checked.
func (s *Accounts) stillActive(ctx context.Context, tx *store.Tx, a ids.Account) error {
	n, err := tx.Exec(ctx, `UPDATE account SET state = 'active' WHERE id = $1 AND state = 'active'`, a)
	if err == nil && n != 1 {
		err = errGone
	}
	return err
}

// welcome writes the sign-in into the account's history and tells the owner of
// a browser not seen before.
func (s *Accounts) welcome(ctx context.Context, tx *store.Tx, a record, v access.Visitor, fresh bool) error {
	if err := note(ctx, tx, a.id, signedIn, v.Agent()); err != nil || !fresh {
		return err
	}
	if err := note(ctx, tx, a.id, newBrowser, v.Agent()); err != nil {
		return err
	}
	link, err := s.NotMe(ctx, tx, a.id, "new_browser")
	if err != nil {
		return err
	}
	browser := strings.TrimSpace(strings.ReplaceAll(v.Agent(), "·", "/"))
	if browser == "" {
		browser = a.lang.T("account.browser.unknown")
	}
	return s.tell(ctx, tx, a, notify.NewBrowser{At: tx.Now, Browser: browser, NotMe: link}, "browser:"+string(link))
}

// Cancel lets a half-way sign-in run out at once. It does not end it: had a
// stranger given the password, the owner is still told.
func (s *Accounts) Cancel(ctx context.Context, v access.Visitor, token string) error {
	return s.DB.Change(ctx, v.Did(audit.SecondStep, "").With("cancelled"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE signin_attempt SET expires_at = $2 WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
}
