package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	// Idle is how long a session stays open without a request (automatic
	// logoff, 45 CFR 164.312(a)(2)(iii); the number from NIST 800-63B AAL3).
	Idle = 15 * time.Minute
	// IdleShared is that in a browser which others use too (OWASP: two to five
	// minutes where much is at stake).
	IdleShared = 5 * time.Minute
	// Absolute is how long a session lives at most (NIST 800-63B AAL3).
	Absolute = 12 * time.Hour
	// Resume is how long someone half-way through opening an account may pause.
	Resume = 30 * time.Minute
	// longest is how long opening an account may take in all.
	longest = 4 * time.Hour
)

// ErrNoSession means that a token is unknown, ended, idle too long or too old.
// The person is asked to sign in; which of these it was is not said.
var ErrNoSession = errors.New("no such session")

// Gate opens sessions and mints proofs.
type Gate struct{ DB *store.DB }

// SignedIn is a session that is about to begin.
type SignedIn struct {
	Account ids.Account
	Patient ids.Patient
	Device  ids.Device
	Agent   string // browser in words
	Source  Source
	Shared  bool // others use this browser too
}

// StartSession opens a session in the caller's transaction and gives its token,
// which is stored nowhere.
func (g *Gate) StartSession(ctx context.Context, tx *store.Tx, s SignedIn) (token string, id ids.Session, err error) {
	token, id = secret.Token(), ids.NewSession()
	_, err = tx.Exec(ctx, `
		INSERT INTO session (id, token_hash, account_id, patient_id, device_id, agent, source, created_at, seen_at, expires_at, shared)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`,
		id, secret.TokenHash(token), s.Account, s.Patient, s.Device, s.Agent, string(s.Source), store.Time(tx.Now), store.Time(tx.Now.Add(Absolute)), s.Shared)
	return token, id, err
}

// Live is what the page frame needs to know of the session.
type Live struct {
	Expires time.Time     // absolute end
	Idle    time.Time     // end if nothing happens
	Spell   time.Duration // from a request to that end
	Stamp   int64         // of what servers keep in memory; 0 where it was not read
	Name    string        // of the chart's patient, for what is printed; "" where it was not read
	Birth   string        // theirs, as the index has it
}

// idle is how long a session stays open without a request.
func idle(shared bool) time.Duration {
	if shared {
		return IdleShared
	}
	return Idle
}

// used is the condition for a session that was used lately enough; $3 and $4 are
// the moments before which it was not: in a browser of one's own, and in any.
const used = `(seen_at > $4 OR seen_at > $3 AND NOT shared)`

// Chart proves that token's session may do perm with its patient's chart, moves
// the idle clock and writes the audit line. route says which page, for the line.
func (g *Gate) Chart(ctx context.Context, token string, perm Permission, route string, v Visitor) (Chart, Live, error) {
	var c Chart
	var live Live
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var err error
		c, live, err = touch(ctx, tx, token)
		if err != nil {
			return audit.Entry{}, err
		}
		c.perm, c.source, c.agent = perm, v.source, v.agent
		return c.Did(audit.ChartOpened, route).With(string(perm)), nil
	})
	return c, live, g.retire(ctx, token, err, endLate, Idle, IdleShared)
}

func touch(ctx context.Context, tx *store.Tx, token string) (Chart, Live, error) {
	var live Live
	c, err := store.Get(ctx, tx, func(r store.Row) (c Chart, err error) {
		var ends, raised store.Time
		var agreed, demanded, stamp int64
		var shared bool
		var who string
		err = r.Scan(&c.session, &c.account, &c.patient, &ends, &raised, &shared, &agreed, &demanded, &stamp, &who)
		c.behind = agreed < demanded
		c.token, c.raised = secret.TokenHash(token), stillRaised(raised, tx.Now)
		live = Live{Expires: ends.Std(), Idle: tx.Now.Add(idle(shared)), Spell: idle(shared), Stamp: stamp}
		live.Birth, live.Name, _ = strings.Cut(who, " ")
		return c, err
	}, `
		UPDATE session SET seen_at = $2
		WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND `+used+`
		RETURNING id, account_id, patient_id, expires_at, raised_at, shared, agreed, (SELECT COUNT(*) FROM access_demand WHERE since_at <= $2), `+stampNow+`,
			COALESCE((SELECT p.birth_date || ' ' || p.given || ' ' || p.family FROM patient p WHERE p.id = session.patient_id), '')`,
		secret.TokenHash(token), store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)), store.Time(tx.Now.Add(-IdleShared)))
	if errors.Is(err, store.ErrNone) {
		return Chart{}, Live{}, ErrNoSession
	}
	return c, live, err
}

// Peek tells when token's session ends, without moving its idle clock: what a
// page may ask in the background.
func (g *Gate) Peek(ctx context.Context, token string) (Live, error) {
	var live Live
	err := g.DB.View(ctx, func(tx *store.Tx) (err error) {
		live, err = store.Get(ctx, tx, func(r store.Row) (Live, error) {
			var seen, ends store.Time
			var shared bool
			err := r.Scan(&seen, &ends, &shared)
			return Live{Expires: ends.Std(), Idle: seen.Std().Add(idle(shared)), Spell: idle(shared)}, err
		}, `SELECT seen_at, expires_at, shared FROM session WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND `+used,
			secret.TokenHash(token), store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)), store.Time(tx.Now.Add(-IdleShared)))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Live{}, ErrNoSession
	}
	return live, err
}

// EndSession ends one session of the chart's account.
func (g *Gate) EndSession(ctx context.Context, tx *store.Tx, c Chart, why string) error {
	_, err := tx.Exec(ctx, `UPDATE session SET ended_at = $2, ended_why = $3 WHERE id = $1 AND ended_at IS NULL`, c.session, store.Time(tx.Now), why)
	return err
}

// EndSessions ends every session of an account: from the next request on, none
// of them opens anything.
func (g *Gate) EndSessions(ctx context.Context, tx *store.Tx, a ids.Account, why string) (int64, error) {
	return tx.Exec(ctx, `UPDATE session SET ended_at = $2, ended_why = $3 WHERE account_id = $1 AND ended_at IS NULL`, a, store.Time(tx.Now), why)
}

// MoveSessions makes the open sessions of an account that look at one patient's
// chart look at another's: two records turned out to be one person, or not to be.
func (g *Gate) MoveSessions(ctx context.Context, tx *store.Tx, a ids.Account, from, to ids.Patient) error {
	_, err := tx.Exec(ctx, `UPDATE session SET patient_id = $3 WHERE account_id = $1 AND patient_id = $2 AND ended_at IS NULL`, a, from, to)
	return err
}

// Refuse writes that a signed-in person asked for something not theirs.
func (g *Gate) Refuse(ctx context.Context, e audit.Entry) error {
	e.Action, e.Outcome = audit.PageRefused, audit.Refused
	return g.DB.Change(ctx, e, func(*store.Tx) error { return nil })
}

// denied is what a proof for the wrong thing answers.
var denied = fault.Refused()

// Need checks that a chart was opened for p. Operations call it first, so that a
// chart opened for looking cannot change anything.
func (c Chart) Need(p Permission) error {
	if c.perm != p || c.account == "" {
		return denied
	}
	return nil
}

// Need checks that a desk proof is for t.
func (d Desk) Need(t Task) error {
	if !d.Can(t) {
		return denied
	}
	return nil
}

// Extend moves the idle clock of token's session at the person's own wish.
func (g *Gate) Extend(ctx context.Context, token string, v Visitor) (Live, error) {
	var live Live
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var c Chart
		var err error
		if c, live, err = touch(ctx, tx, token); err != nil {
			return audit.Entry{}, err
		}
		c.source = v.source
		return c.Did(audit.SessionKept, ""), nil
	})
	return live, err
}
