package app

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/passkey"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/web"
)

// entrance is the logins as passkeys see them.
type entrance struct{ *account.Accounts }

func (e entrance) Named(ctx context.Context, tx *store.Tx, typed string) (string, ids.Account, error) {
	l, err := e.Accounts.Named(ctx, tx, typed)
	return account.FoldUserName(store.Clean(typed)), l.ID, err
}

func (e entrance) Enter(ctx context.Context, v access.Visitor, in passkey.Entry) (passkey.Enter, error) {
	open, err := e.EnterBy(ctx, v, account.ByPasskey(in))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, a ids.Account) (passkey.Arrival, audit.Entry, error) {
		signed, entry, err := open(ctx, tx, a)
		return func(r *web.Request) web.Reply { return account.Arrive(r, signed) }, entry, err
	}, nil
}

func (e entrance) Raise(ctx context.Context, tx *store.Tx, c access.Chart) (string, error) {
	return e.RaiseBy(ctx, tx, c)
}

// keeper is what becomes of a login whose passkeys change.
type keeper struct{ a *account.Accounts }

func (k keeper) Own(ctx context.Context, tx *store.Tx, c access.Chart) (string, error) {
	return k.a.OwnName(ctx, tx, c)
}

func (k keeper) Changed(ctx context.Context, tx *store.Tx, c access.Chart, what notify.Change) error {
	return k.a.PasskeysChanged(ctx, tx, c, what)
}

func (k keeper) Copied(ctx context.Context, tx *store.Tx, a ids.Account, agent string) error {
	return k.a.PasskeyCopied(ctx, tx, a, agent)
}

func (k keeper) Person(ctx context.Context, tx *store.Tx, a ids.Account) (ids.Patient, error) {
	return k.a.Person(ctx, tx, a)
}

func (k keeper) Left(ctx context.Context, tx *store.Tx, a ids.Account) (steps, codes int, err error) {
	return k.a.Left(ctx, tx, a)
}

// colleagues is the staff as passkeys see them.
type colleagues struct{ *staff.Staff }

func (c colleagues) Enter(ctx context.Context, tx *store.Tx, v access.Visitor, id ids.Staff) (string, error) {
	return c.EnterBy(ctx, tx, v, id)
}

func (c colleagues) Prove(ctx context.Context, d access.Desk, code string) error {
	return c.ProveApp(ctx, d, code)
}

// held is the passkeys as the logins see them.
type held struct{ *passkey.Passkeys }

func (h held) Standing(ctx context.Context, tx *store.Tx, a ids.Account, codes int) (account.PasskeyState, error) {
	st, err := h.Passkeys.Standing(ctx, tx, a, codes)
	return account.PasskeyState(st), err
}

// joinPasskeys makes the room and gives it to those that ask about passkeys. Where the
// portal's address is a number there are none. The demo has such a one, and is asked
// for by name as well.
func (a *App) joinPasskeys() (err error) {
	sites := []*url.URL{a.base}
	if a.demo && net.ParseIP(a.base.Hostname()).IsLoopback() {
		sites = append(sites, &url.URL{Scheme: a.base.Scheme, Host: net.JoinHostPort("localhost", a.base.Port())})
	}
	a.Passkeys, err = passkey.New(passkey.Parts{DB: a.DB, Keys: a.Keys, Limits: a.Limit, Clinic: a.clinic, Sites: sites,
		Door: entrance{a.Accounts}, Keeper: keeper{a.Accounts}, Desk: colleagues{a.Staff}})
	if err != nil {
		return fmt.Errorf("%w: base_url: %w", ErrUse, err)
	}
	if a.Passkeys.On() {
		a.Accounts.Passkeys, a.Staff.Passkeys = held{a.Passkeys}, a.Passkeys
	}
	return nil
}
