package staff

import (
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/secret"
	"portico/internal/store"
)

// The limits of signing in; see the package comment. They are those of patients:
// login.gov for the first two, NIST SP 800-63B section 3.2.2 for the third and
// the last, the OWASP cheat sheet on device cookies for the fourth.
var (
	sourceRule  = limit.Rule{Name: "staff.source", Max: 20, Per: time.Minute}
	pairWaits   = limit.Waits{Name: "staff.pair", Free: 4, First: time.Minute, Most: 12 * time.Hour}
	othersWaits = limit.Waits{Name: "staff.others", First: time.Second, Most: time.Hour, Stop: 100}
	knownWaits  = limit.Waits{Name: "staff.known", Free: 9, First: 15 * time.Minute, Most: 15 * time.Minute}
	codeWaits   = limit.Waits{Name: "staff.code", Free: 5, First: 30 * time.Second, Most: time.Hour, Stop: 100}
)

const (
	// attemptLife is how long one may take from the password to the code.
	attemptLife = 10 * time.Minute
	// attemptTries is how many codes one half-way sign-in takes.
	attemptTries = 5
	// placeLife is how long an address stays known.
	placeLife = 30 * 24 * time.Hour
	// maxPassword bounds what is hashed, in bytes.
	maxPassword = 512
)

// Entry is what somebody typed on the staff sign-in page.
type Entry struct {
	Email    string
	Password string
	Next     string // local path to go to afterwards, "" for the desk
}

// errSignIn is every way in which the first step can fail.
func errSignIn() error { return fault.Bad("", "staff.signin.wrong") }

// guard is the counters of one try.
type guard struct {
	limits  *limit.Limiter
	subject string // the person, or the address typed where there is nobody
	source  access.Source
	known   bool
}

func (g guard) pair() string { return g.subject + "\x1f" + g.source.Narrow() }

// begin counts the try everywhere it counts and tells whether the password may
// be looked at. Only the limit of the client's address shows.
func (g guard) begin(ctx context.Context) (open bool, err error) {
	if g.known {
		return passed(g.limits.Begin(ctx, knownWaits, "staff.signin.source", g.pair()))
	}
	if err := g.limits.Check(ctx, sourceRule, "staff.signin.source", g.source.Narrow()); err != nil {
		return false, err
	}
	pair, err := passed(g.limits.Begin(ctx, pairWaits, "staff.signin.source", g.pair()))
	if err != nil {
		return false, err
	}
	others, err := passed(g.limits.Begin(ctx, othersWaits, "staff.signin.source", g.subject))
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
	if g.known {
		return g.limits.Clear(ctx, tx, knownWaits, g.pair())
	}
	if err := g.limits.Clear(ctx, tx, pairWaits, g.pair()); err != nil {
		return err
	}
	return g.limits.Clear(ctx, tx, othersWaits, g.subject)
}

// placeHash lasts over a change of key: nobody's usual address becomes strange by it.
func (s *Staff) placeHash(source access.Source) string {
	return s.Keys.Lasting("staff.place", source.Narrow())
}

// Enter checks e-mail address and password and begins the second step, giving
// its token. Whatever was wrong, it is Invalid with one sentence; TooMany is
// about the client's address alone and Unavailable about the server alone.
func (s *Staff) Enter(ctx context.Context, v access.Visitor, e Entry) (token string, err error) {
	email := foldEmail(e.Email)
	g := guard{limits: s.Limits, subject: "mail:" + email, source: v.Source()}
	c, known, err := s.lookUp(ctx, email, v.Source())
	if err != nil {
		return "", fault.Down("error.busy", 5*time.Second, err)
	}
	g.known = known
	leave, err := s.pool(known).Admit()
	if err != nil {
		return "", busy(err)
	}
	defer leave()
	if c.id != "" {
		g.subject = string(c.id)
	}
	open, err := g.begin(ctx)
	if err != nil {
		return "", err
	}
	right, rehash, err := s.verify(ctx, c, open, known, e.Password)
	if err != nil {
		return "", err
	}
	if !right {
		if err := s.refuse(ctx, v, c.id, "password"); err != nil {
			return "", err
		}
		return "", errSignIn()
	}
	if rehash {
		s.keepHash(ctx, v, c, e.Password)
	}
	return s.begin(ctx, v, c, g, e.Next)
}

// lookUp finds whose an e-mail address is and whether they come from where they have
// been before. A flood of people who wait to be looked up keeps few of the database's
// connections busy.
func (s *Staff) lookUp(ctx context.Context, email string, from access.Source) (c credential, known bool, err error) {
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-ctx.Done():
		return c, false, ctx.Err()
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = byEmail(ctx, tx, email); err != nil {
			return err
		}
		_, err = store.Get(ctx, tx, store.One[string], `SELECT staff_id FROM staff_place WHERE staff_id = $1 AND place_hash = $2 AND seen_at > $3`,
			c.id, s.placeHash(from), store.Time(tx.Now.Add(-placeLife)))
		known = err == nil
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		return err
	})
	return c, known, err
}

// pool is where passwords are hashed of whoever comes from a known place, and of others.
func (s *Staff) pool(known bool) *secret.Hasher {
	if known {
		return s.Known
	}
	return s.Hasher
}

// verify hashes exactly once, whatever happens with the result.
func (s *Staff) verify(ctx context.Context, c credential, open, known bool, password string) (right, rehash bool, err error) {
	h := s.pool(known)
	if len(password) > maxPassword || !open || !s.ready(c) {
		return false, false, busy(h.VerifyNobody(ctx, password[:min(len(password), maxPassword)]))
	}
	right, rehash, err = h.Verify(ctx, password, c.hash)
	return right, rehash, busy(err)
}

// busy turns a request that gave up while it waited into what it is: a full server.
func busy(err error) error {
	if err == nil || fault.Is(err, fault.Unavailable) {
		return err
	}
	return fault.Down("error.busy", 5*time.Second, err)
}

// refuse writes a failed try down.
func (s *Staff) refuse(ctx context.Context, v access.Visitor, id ids.Staff, step string) error {
	err := s.DB.Change(ctx, v.Did(audit.StaffTried, string(id)).As(audit.Refused).With(step), func(*store.Tx) error { return nil })
	if err != nil {
		return fault.Down("error.busy", 5*time.Second, err)
	}
	return nil
}

// keepHash replaces the hash by one under the present secret and cost. If that
// fails, the next sign-in tries again.
func (s *Staff) keepHash(ctx context.Context, v access.Visitor, c credential, password string) {
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return
	}
	s.DB.Change(ctx, v.Did(audit.StaffTried, string(c.id)).With("rehashed"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff_credential SET password_hash = $2 WHERE staff_id = $1 AND password_hash = $3`, c.id, hash, c.hash)
		return err
	})
}

// begin opens the half-way state after the right password.
func (s *Staff) begin(ctx context.Context, v access.Visitor, c credential, g guard, next string) (token string, err error) {
	err = s.DB.Change(ctx, v.Did(audit.StaffTried, string(c.id)).With("password"), func(tx *store.Tx) error {
		if err := g.clear(ctx, tx); err != nil {
			return err
		}
		token, err = insertAttempt(ctx, tx, c.id, next, "")
		return err
	})
	return token, err
}

func insertAttempt(ctx context.Context, tx *store.Tx, id ids.Staff, next, sid string) (token string, err error) {
	token = secret.Token()
	_, err = tx.Exec(ctx, `
		INSERT INTO staff_attempt (id, token_hash, staff_id, next_path, tries, created_at, expires_at, signon_sid) VALUES ($1, $2, $3, $4, 0, $5, $6, $7)`,
		ids.New[string]("sta"), secret.TokenHash(token), id, next, store.Time(tx.Now), store.Time(tx.Now.Add(attemptLife)), sid)
	return token, err
}

// ErrGone means that a half-way sign-in is over, used or was never there.
var ErrGone = errors.New("no such half-way staff sign-in")

// attempt is a half-way sign-in with whom it is for.
type attempt struct {
	id   string
	who  credential
	next string
	sid  string // of the session at the clinic's sign-on
}

func (s *Staff) attemptBy(ctx context.Context, tx *store.Tx, token string) (a attempt, err error) {
	var who ids.Staff
	a, err = store.Get(ctx, tx, func(r store.Row) (a attempt, err error) { return a, r.Scan(&a.id, &who, &a.next, &a.sid) }, `
		SELECT id, staff_id, next_path, signon_sid FROM staff_attempt WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2`,
		secret.TokenHash(token), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		return a, ErrGone
	}
	if err != nil {
		return a, err
	}
	if a.who, err = byID(ctx, tx, who); err == nil && !a.who.steps() || !a.who.linked && !s.here(a.who) { // disabled or told to sign in elsewhere since
		err = ErrGone
	}
	return a, err
}

// Waiting tells whether token belongs to a live half-way sign-in; ErrGone if not.
func (s *Staff) Waiting(ctx context.Context, _ access.Visitor, token string) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		_, err := s.attemptBy(ctx, tx, token)
		return err
	})
}

// SignedIn is what a completed sign-in gives the browser.
type SignedIn struct {
	Session string // token
	Next    string // local path, "" for the desk
}

// errCode is every way in which a code can be wrong.
func errCode() error { return fault.Bad("code", "staff.step.wrong") }

// Finish checks the authenticator's code and opens the session. ErrGone sends
// the person to the beginning.
func (s *Staff) Finish(ctx context.Context, v access.Visitor, token, code string) (SignedIn, error) {
	a, err := s.tryOnce(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.Limits.Begin(ctx, codeWaits, "staff.step.wait", string(a.who.id)); err != nil {
		return SignedIn{}, err
	}
	key, err := s.Keys.Open(sealedPlace, string(a.who.id), a.who.sealed)
	if err != nil {
		return SignedIn{}, err
	}
	step, right := secret.CheckTOTP(key, digits(code), s.DB.Now(), a.who.step)
	var out SignedIn
	err = errCode()
	if right {
		out, err = s.open(ctx, v, a, step)
	}
	if fault.Is(err, fault.Invalid) {
		if lerr := s.refuse(ctx, v, a.who.id, "code"); lerr != nil {
			return SignedIn{}, lerr
		}
	}
	return out, err
}

// tryOnce counts a code against the half-way sign-in before it is looked at; the
// sixth finds it ended.
func (s *Staff) tryOnce(ctx context.Context, token string) (a attempt, err error) {
	err = s.DB.Housekeep(ctx, "staff", func(tx *store.Tx) error {
		if a, err = s.attemptBy(ctx, tx, token); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE staff_attempt SET tries = tries + 1 WHERE id = $1 AND tries < $2 AND ended_at IS NULL`, a.id, attemptTries)
		if err == nil && n == 0 {
			err = ErrGone
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrGone) {
		err = fault.Down("error.busy", 5*time.Second, err)
	}
	return a, err
}

// open uses up the code and the half-way state and opens the session, all in
// one transaction. Of two browsers with one code, one comes in.
func (s *Staff) open(ctx context.Context, v access.Visitor, a attempt, step int64) (out SignedIn, err error) {
	e := v.Did(audit.StaffSignedIn, string(a.who.id))
	e.Actor, e.ActorID = audit.ByStaff, string(a.who.id)
	err = s.DB.Change(ctx, e, func(tx *store.Tx) error {
		out = SignedIn{Next: a.next}
		n, err := tx.Exec(ctx, `UPDATE staff_credential SET last_step = $2, signed_in_at = $3 WHERE staff_id = $1 AND last_step < $2`,
			a.who.id, step, store.Time(tx.Now))
		if err != nil {
			return err
		}
		if n == 0 {
			return errCode()
		}
		if n, err = tx.Exec(ctx, `UPDATE staff_attempt SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, a.id, store.Time(tx.Now)); err != nil {
			return err
		}
		if n == 0 {
			return ErrGone
		}
		if err := s.Limits.Clear(ctx, tx, codeWaits, string(a.who.id)); err != nil {
			return err
		}
		if err := s.remember(ctx, tx, v, a.who.id); err != nil {
			return err
		}
		out.Session, err = s.Gate.StartSignedOn(ctx, tx, a.who.id, v, a.sid)
		return err
	})
	return out, err
}

// remember makes the client's address a known one of the person.
func (s *Staff) remember(ctx context.Context, tx *store.Tx, v access.Visitor, id ids.Staff) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO staff_place (staff_id, place_hash, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (staff_id, place_hash) DO UPDATE SET seen_at = excluded.seen_at`, id, s.placeHash(v.Source()), store.Time(tx.Now))
	return err
}

// Cancel ends a half-way sign-in; one that is over already is no error.
func (s *Staff) Cancel(ctx context.Context, v access.Visitor, token string) error {
	return s.DB.Housekeep(ctx, "staff", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff_attempt SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
}

// SignOut ends the desk's own session.
func (s *Staff) SignOut(ctx context.Context, d access.Desk) error {
	return s.DB.Change(ctx, d.Did(audit.StaffSignedOut, string(d.Session())), func(tx *store.Tx) error {
		return s.Gate.EndStaffSession(ctx, tx, d)
	})
}

// digits takes what people put between the digits of a code away.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}
