package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// What getting back in asks of an account. Room recovery decides when any of it
// happens; nothing here is reached from a page of this room.

// Login is an account as getting back in sees it.
type Login struct {
	ID     ids.Account
	Person ids.Patient
	Name   string // user name
	Lang   lang.Lang
	Active bool // neither frozen nor closed
}

func (a record) login() Login { return Login{a.id, a.person, a.name, a.lang, a.state == Active} }

// Login gives an account; fault.Missing if there is none.
func (s *Accounts) Login(ctx context.Context, tx *store.Tx, id ids.Account) (Login, error) {
	a, err := byID(ctx, tx, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return a.login(), err
}

// Named gives the account with a typed user name; a zero Login if there is none,
// so that the caller goes the same way for both.
func (s *Accounts) Named(ctx context.Context, tx *store.Tx, typed string) (Login, error) {
	a, err := byName(ctx, tx, FoldUserName(store.Clean(typed)))
	return a.login(), err
}

// Standing is a contact of an account with since when it is one.
type Standing struct {
	Contact
	Since time.Time    // zero for one on file: that is there for a week at least
	Steps []ids.Factor // second steps whose codes go there
}

// Standings lists the contacts of an account: proven ones, and those on file.
func (s *Accounts) Standings(ctx context.Context, tx *store.Tx, id ids.Account) (out []Standing, err error) {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	r, err := s.reachOf(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	add := func(c Contact, since time.Time, steps ...ids.Factor) {
		i := slices.IndexFunc(out, func(o Standing) bool { return o.Channel == c.Channel && fold(o.To) == fold(c.To) })
		if i < 0 {
			out = append(out, Standing{c, since, steps})
			return
		}
		if since.Before(out[i].Since) {
			out[i].Since = since
		}
		out[i].Steps = append(out[i].Steps, steps...)
	}
	for _, f := range r.factors {
		contacts, err := s.contactOf(f)
		if err != nil {
			return nil, err
		}
		for _, c := range contacts {
			add(c, f.since, f.id)
		}
	}
	for _, g := range r.proven {
		add(g.kind.contact(g.to), g.since)
	}
	for _, c := range r.onFile {
		add(c, time.Time{})
	}
	return out, nil
}

// Reached lists the accounts of people born on a day that a typed contact belongs
// to. It opens every account of that day's people, in a job: few, whatever the
// size of the clinic.
func (s *Accounts) Reached(ctx context.Context, tx *store.Tx, birth, typed string) (out []Login, at []Standing, err error) {
	all, err := store.List(ctx, tx, store.One[ids.Account], `
		SELECT a.id FROM account a JOIN patient p ON p.id = a.person_id WHERE p.birth_date = $1 AND a.state = 'active' ORDER BY a.id LIMIT 1000`, birth)
	if err != nil {
		return nil, nil, err
	}
	want := fold(typed)
	if phone, err := s.readContact(SMS, typed); err == nil {
		want = phone
	}
	for _, id := range all {
		standing, err := s.Standings(ctx, tx, id)
		if err != nil {
			return nil, nil, err
		}
		i := slices.IndexFunc(standing, func(c Standing) bool { return fold(c.To) == want })
		if i < 0 {
			continue
		}
		a, err := byID(ctx, tx, id)
		if err != nil {
			return nil, nil, err
		}
		out, at = append(out, a.login()), append(at, standing[i])
	}
	return out, at, nil
}

// HalfIn gives whose half-way sign-in a token is: somebody who has given the
// password. fault.Missing if there is none. With end set it is over from then on.
func (s *Accounts) HalfIn(ctx context.Context, tx *store.Tx, token string, end bool) (Login, error) {
	p, err := pendingBy(ctx, tx, token)
	if err == nil && end {
		err = s.endAttempt(ctx, tx, p.id)
	}
	if errors.Is(err, errGone) {
		err = fault.Missing()
	}
	return p.account.login(), err
}

// Ways lists the second steps of an account and how many recovery codes are left.
func (s *Accounts) Ways(ctx context.Context, tx *store.Tx, id ids.Account) ([]Method, int, error) {
	factors, err := factorsOf(ctx, tx, id)
	if err != nil {
		return nil, 0, err
	}
	out, err := s.methods(factors)
	if err != nil {
		return nil, 0, err
	}
	codes, err := codesLeft(ctx, tx, id)
	return out, codes, err
}

// SendWay sends the code of a second step for flow. Without any that is sent it
// does nothing; an absent one is fault.Missing.
func (s *Accounts) SendWay(ctx context.Context, tx *store.Tx, flow string, id ids.Account, f ids.Factor) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	factors, err := factorsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	want, ok := pending{factors: factors}.find(f)
	if !ok {
		return fault.Missing()
	}
	if want.kind == TOTP {
		return nil
	}
	to, err := s.reveal(want)
	if err != nil {
		return err
	}
	return s.NewOneTime(ctx, tx, OneTime{Flow: flow, Channel: want.kind.channel(), To: to, Lang: a.lang, Patient: a.person, Account: a.id, For: notify.ForRecovery})
}

// WayTry is a second step that somebody gives to get back in.
type WayTry struct {
	Account ids.Account
	Flow    string // what its code was asked for in; one of another flow is worth nothing
	Method  string // a second step, "recovery", or "" for a code sent to a contact
	Code    string
}

// TryWay compares a second step under the counters of signing in, and gives what
// uses it up in the transaction that it pays for: false there means that somebody
// else was first. Wrong is Invalid at "code"; too many are TooMany.
func (s *Accounts) TryWay(ctx context.Context, _ access.Visitor, t WayTry) (func(context.Context, *store.Tx) (bool, error), error) {
	if err := s.Limits.Begin(ctx, codeWaits, "account.code.wait", string(t.Account)); err != nil {
		return nil, err
	}
	used, err := s.tryWay(ctx, t)
	if err == nil && used == nil {
		err = errCode()
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx) (bool, error) {
		ok, err := used(ctx, tx)
		if !ok || err != nil {
			return false, err
		}
		return true, s.Limits.Clear(ctx, tx, codeWaits, string(t.Account))
	}, nil
}

func (s *Accounts) tryWay(ctx context.Context, t WayTry) (use, error) {
	p := pending{id: attempt(t.Flow), account: record{id: t.Account}}
	if t.Method == "" {
		id, ok, err := s.tryCode(ctx, t.Flow, t.Code)
		if !ok || err != nil {
			return nil, err
		}
		return func(ctx context.Context, tx *store.Tx) (bool, error) { return useCode(ctx, tx, id) }, nil
	}
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p.factors, err = factorsOf(ctx, tx, t.Account)
		return err
	}); err != nil {
		return nil, err
	}
	return s.check(ctx, p, Step{Method: t.Method, Code: t.Code})
}

// NewPassword checks a password for an account by the rules of opening one and
// hashes it. What is wrong stands at "password" or "again".
func (s *Accounts) NewPassword(ctx context.Context, _ access.Visitor, id ids.Account, password, again string) (hash string, err error) {
	a, p, err := s.makerOf(ctx, id)
	if err != nil {
		return "", err
	}
	if err := CheckPassword(password, p); err != nil {
		return "", err
	}
	if password != again {
		return "", fault.Bad("again", "account.password.differ")
	}
	if a.hash != noPassword {
		same, _, err := s.Hasher.Verify(ctx, password, a.hash)
		if err != nil {
			return "", busy(err)
		}
		if same {
			return "", fault.Bad("password", "account.password.same")
		}
	}
	return Hash(ctx, s.Hasher, password)
}

// StrengthFor says how hard a password is to guess for who knows an account's
// person: 0 to 4.
func (s *Accounts) StrengthFor(ctx context.Context, _ access.Visitor, id ids.Account, password string) (int, error) {
	_, p, err := s.makerOf(ctx, id)
	return Strength(password, p), err
}

// ReadContact reads a typed e-mail address, or phone number, for a second step.
// What is wrong with it stands at "contact".
func (s *Accounts) ReadContact(k Kind, typed string) (string, error) { return s.readContact(k, typed) }

// Regained is what somebody who got back in puts in place of what they lost.
type Regained struct {
	Account  ids.Account
	Hash     string     // of the new password, "" to leave it
	Lost     ids.Factor // a second step that ends, "" for none
	All      bool       // every second step and recovery code ends
	Step     *NewFactor // takes their place
	Recovery []string   // new recovery codes
	What     notify.Change
	Agent    string // browser in words
}

// Regain changes what lets somebody in, in the caller's transaction, and ends
// everything that was open: sessions, half-way sign-ins, marks of browsers. Every
// contact from before and after is told. An account that is frozen or closed by
// now is fault.Missing. It signs nobody in.
func (s *Accounts) Regain(ctx context.Context, tx *store.Tx, r Regained) error {
	n, err := tx.Exec(ctx, `UPDATE account SET state = 'active' WHERE id = $1 AND state = 'active'`, r.Account)
	if err == nil && n != 1 {
		err = fault.Missing()
	}
	if err != nil {
		return err
	}
	before, err := s.Contacts(ctx, tx, r.Account)
	if err != nil {
		return err
	}
	if r.Hash != "" {
		if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = $2, password_at = $3 WHERE id = $1`, r.Account, r.Hash, store.Time(tx.Now)); err != nil {
			return err
		}
	}
	if err := s.replaceSteps(ctx, tx, r); err != nil {
		return err
	}
	if err := s.shut(ctx, tx, r.Account, "recovered"); err != nil {
		return err
	}
	if err := s.Limits.Clear(ctx, tx, othersWaits, "acc:"+string(r.Account)); err != nil {
		return err
	}
	a, err := byID(ctx, tx, r.Account)
	if err != nil {
		return err
	}
	return s.happened(ctx, tx, a, happening{r.What, r.Agent, before})
}

func (s *Accounts) replaceSteps(ctx context.Context, tx *store.Tx, r Regained) error {
	if r.All {
		if _, err := tx.Exec(ctx, `UPDATE account_factor SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL`, r.Account, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, r.Account); err != nil {
			return err
		}
		if err := s.endPasskeys(ctx, tx, r.Account, time.Unix(0, 0), "regained"); err != nil {
			return err
		}
	}
	if r.Lost != "" {
		if _, err := tx.Exec(ctx, `UPDATE account_factor SET ended_at = $3 WHERE id = $1 AND account_id = $2 AND ended_at IS NULL`, r.Lost, r.Account, store.Time(tx.Now)); err != nil {
			return err
		}
	}
	if r.Step != nil {
		have, err := s.hasFactor(ctx, tx, r.Account, r.Step.Kind, r.Step.Contact)
		if err != nil {
			return err
		}
		if !have || r.Step.Kind == TOTP {
			last, err := store.Get(ctx, tx, store.One[int], `SELECT COALESCE(MAX(place), 0) + 1 FROM account_factor WHERE account_id = $1`, r.Account)
			if err != nil {
				return err
			}
			if err := s.addFactor(ctx, tx, r.Account, last, *r.Step); err != nil {
				return err
			}
		}
	}
	return s.addRecovery(ctx, tx, r.Account, r.Recovery)
}

// happening is something that befell an account.
type happening struct {
	what  notify.Change
	agent string
	also  []Contact // told as well, though no contacts any more
}

// happened writes it into the account's history and tells every contact.
func (s *Accounts) happened(ctx context.Context, tx *store.Tx, a record, h happening) error {
	if err := note(ctx, tx, a.id, eventOf(h.what), h.agent); err != nil {
		return err
	}
	contacts, err := s.Contacts(ctx, tx, a.id)
	if err != nil {
		return err
	}
	for _, c := range h.also {
		if !slices.Contains(contacts, c) {
			contacts = append(contacts, c)
		}
	}
	n := notify.AccountChanged{What: h.what, At: tx.Now}
	if n.NotMe, err = s.NotMe(ctx, tx, a.id, "changed"); err != nil {
		return err
	}
	return s.tellAt(ctx, tx, a, contacts, told{n, string(h.what) + ":" + string(n.NotMe)})
}

// Happened writes into an account's history what getting back in has come to,
// and tells every contact.
func (s *Accounts) Happened(ctx context.Context, tx *store.Tx, id ids.Account, what notify.Change, agent string) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.happened(ctx, tx, a, happening{what, agent, nil})
}

// Noted writes a line into an account's history without telling anybody.
func (s *Accounts) Noted(ctx context.Context, tx *store.Tx, id ids.Account, what notify.Change, agent string) error {
	return note(ctx, tx, id, eventOf(what), agent)
}

// NewSecond tells whether something of an account's second steps or contacts was
// changed after a moment: security rule A11 locks help by staff for a week then.
func (s *Accounts) ChangedSince(ctx context.Context, tx *store.Tx, id ids.Account, since time.Time) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account_contact WHERE account_id = $1 AND (proven_at > $2 OR (asked_at > $2 AND proven_at IS NULL AND ended_at IS NULL))`, id, store.Time(since))
	return n > 0, err
}

// Unsent tells whether the newest code of a flow could not be sent: the contact or
// the account was written to too often, or no more texts go out today. Only
// somebody who has proven something may be told.
func (s *Accounts) Unsent(ctx context.Context, tx *store.Tx, flow string) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM one_time_code WHERE flow = $1 AND used_at IS NULL AND ended_at IS NULL AND NOT sent`, flow)
	return n > 0, err
}
