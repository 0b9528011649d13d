package account

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/web"
)

// Passkeys are the passkeys of accounts.
type Passkeys interface {
	// Standing tells how an account with that many recovery codes left stands.
	Standing(ctx context.Context, tx *store.Tx, a ids.Account, codes int) (PasskeyState, error)
	// EndSince ends those that were added at a moment or after it.
	EndSince(ctx context.Context, tx *store.Tx, a ids.Account, since time.Time, why string) error
}

// PasskeyState is how an account stands with passkeys.
type PasskeyState struct {
	Has    int
	Offer  bool // the home page may offer one
	Enough bool // they may be the only second step
}

// passkeyKind stands for the passkeys among the second steps, byPasskey for them
// where one is named.
const (
	passkeyKind Kind       = "passkey"
	byPasskey   ids.Factor = "passkey"
)

// passkeysOf asks about the passkeys of an account; without any room for them there
// are none.
func (s *Accounts) passkeysOf(ctx context.Context, tx *store.Tx, a ids.Account, codes int) (PasskeyState, error) {
	if s.Passkeys == nil {
		return PasskeyState{}, nil
	}
	return s.Passkeys.Standing(ctx, tx, a, codes)
}

// held is passkeysOf for the chart's own account.
func (s *Accounts) held(ctx context.Context, c access.Chart, codes int) (st PasskeyState, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		st, err = s.passkeysOf(ctx, tx, c.Account(), codes)
		return err
	})
	return st, err
}

// endPasskeys ends the passkeys of an account that were added since a moment.
func (s *Accounts) endPasskeys(ctx context.Context, tx *store.Tx, a ids.Account, since time.Time, why string) error {
	if s.Passkeys == nil {
		return nil
	}
	return s.Passkeys.EndSince(ctx, tx, a, since, why)
}

// HalfWay finds the account of a live half-way sign-in, "" if the token has none.
func (s *Accounts) HalfWay(ctx context.Context, tx *store.Tx, token string) (ids.Account, error) {
	p, err := pendingBy(ctx, tx, token)
	if errors.Is(err, errGone) {
		return "", nil
	}
	return p.account.id, err
}

// ByPasskey is a sign-in by a passkey: what the browser brought along.
type ByPasskey struct {
	Device string // device cookie
	Old    string // token of a session it still has
	Half   string // token of a half-way sign-in
	Next   string // local path to go to afterwards, "" for home
	Shared bool   // others use the browser too
}

// EnterBy gets ready to let in, in the transaction that uses the passkey up, whoever
// proves to have come: it gives the function that opens the session. An account that
// is frozen or closed is Invalid. A half-way sign-in of the same account is done
// with it, and so leads on to where it was to lead.
func (s *Accounts) EnterBy(ctx context.Context, v access.Visitor, in ByPasskey) (func(context.Context, *store.Tx, ids.Account) (SignedIn, audit.Entry, error), error) {
	old, err := s.oldSession(ctx, v, in.Old)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, id ids.Account) (SignedIn, audit.Entry, error) {
		a, err := byID(ctx, tx, id)
		if err != nil {
			return SignedIn{}, audit.Entry{}, err
		}
		p := pending{account: a, next: in.Next}
		half, err := store.List(ctx, tx, store.One[string], `UPDATE signin_attempt SET ended_at = $3 WHERE token_hash = $1 AND account_id = $2 AND ended_at IS NULL RETURNING next_path`,
			secret.TokenHash(in.Half), id, store.Time(tx.Now))
		if err != nil {
			return SignedIn{}, audit.Entry{}, err
		}
		if len(half) == 1 && p.next == "" {
			p.next = half[0]
		}
		out, e, err := s.letIn(ctx, tx, v, p, Step{Device: in.Device, Shared: in.Shared}, old)
		if errors.Is(err, errGone) {
			err = errSignIn()
		}
		return out, e, err
	}, nil
}

// Arrive answers the browser of a completed sign-in.
func Arrive(r *web.Request, in SignedIn) web.Reply { return enter(r, in) }

// RaiseBy raises the chart's session, whose person proved a passkey in the caller's
// transaction, and gives its new token.
func (s *Accounts) RaiseBy(ctx context.Context, tx *store.Tx, c access.Chart) (token string, err error) {
	if err := c.Need(access.ConfirmSelf); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `UPDATE confirmation SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL`, c.Session(), store.Time(tx.Now)); err != nil {
		return "", err
	}
	if err := s.stillActive(ctx, tx, c.Account()); err != nil {
		return "", access.ErrNoSession
	}
	return s.Gate.Raise(ctx, tx, c)
}

// OwnName locks the chart's account and gives its user name.
func (s *Accounts) OwnName(ctx context.Context, tx *store.Tx, c access.Chart) (string, error) {
	a, err := s.own(ctx, tx, c)
	return a.name, err
}

// PasskeysChanged writes a change of passkeys into the account's history, tells every
// contact, and ends what else is open, as with every second step.
func (s *Accounts) PasskeysChanged(ctx context.Context, tx *store.Tx, c access.Chart, what notify.Change) error {
	a, err := byID(ctx, tx, c.Account())
	if err != nil {
		return err
	}
	if err := s.cutOff(ctx, tx, c, "factor"); err != nil {
		return err
	}
	return s.changed(ctx, tx, c, a, what)
}

// PasskeyCopied writes down that a passkey had been copied, and tells its owner.
func (s *Accounts) PasskeyCopied(ctx context.Context, tx *store.Tx, id ids.Account, agent string) error {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.tellChange(ctx, tx, a, notify.PasskeyCopied, agent)
}

// Left counts an account's second steps and recovery codes.
func (s *Accounts) Left(ctx context.Context, tx *store.Tx, id ids.Account) (steps, codes int, err error) {
	factors, err := factorsOf(ctx, tx, id)
	if err != nil {
		return 0, 0, err
	}
	codes, err = codesLeft(ctx, tx, id)
	return len(factors), codes, err
}

// Tongue is the language of an account.
func (s *Accounts) Tongue(ctx context.Context, tx *store.Tx, id ids.Account) (lang.Lang, error) {
	a, err := byID(ctx, tx, id)
	return a.lang, err
}

// Person is whose chart an account opens.
func (s *Accounts) Person(ctx context.Context, tx *store.Tx, id ids.Account) (ids.Patient, error) {
	a, err := byID(ctx, tx, id)
	return a.person, err
}
