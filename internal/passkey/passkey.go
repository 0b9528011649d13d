package passkey

import (
	"context"
	"net/url"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/web"
)

// Kind says what an owner is.
type Kind string

const (
	Account Kind = "account"
	Staff   Kind = "staff"
)

// Owner is whose a passkey is; ID is "" for nobody in particular.
type Owner struct {
	Kind Kind
	ID   string
}

// Passkey is one passkey as its owner sees it.
type Passkey struct {
	ID      ids.Passkey
	Name    string
	Model   string // in a word or two what keeps it, "" if that is not known
	Synced  bool   // copied to the owner's other devices
	Created time.Time
	Used    time.Time // zero if never
}

// most is how many live passkeys one owner may have: one for each device is plenty,
// and a list must stay a list.
const most = 10

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Keys   *secret.Keyring
	Limits *limit.Limiter
	Clinic page.Profile
	Sites  []*url.URL // addresses of the portal; those without a name have no passkeys
	Door   Door
	Keeper Keeper
	Desk   Desk
}

// Passkeys is the room.
type Passkeys struct {
	Parts
	sites []site
}

// New makes the room.
func New(p Parts) (*Passkeys, error) {
	s := &Passkeys{Parts: p}
	for _, u := range p.Sites {
		x, ok, err := newSite(u)
		if err != nil {
			return nil, err
		}
		if ok {
			s.sites = append(s.sites, x)
		}
	}
	return s, nil
}

// On tells whether the portal has an address at which passkeys work.
func (s *Passkeys) On() bool { return len(s.sites) > 0 }

// Door lets an account in whose passkey was proven.
type Door interface {
	// Named finds the account with a typed user name, "" if there is none, and
	// gives the name as it is compared.
	Named(ctx context.Context, tx *store.Tx, typed string) (folded string, a ids.Account, err error)
	// HalfWay finds the account whose password was given in this browser, "" for none.
	HalfWay(ctx context.Context, tx *store.Tx, token string) (ids.Account, error)
	// Enter gets ready to open a session for whoever turns out to have come.
	Enter(ctx context.Context, v access.Visitor, e Entry) (Enter, error)
	// Raise raises the chart's session and gives its new token.
	Raise(ctx context.Context, tx *store.Tx, c access.Chart) (token string, err error)
}

// Entry is what the browser brought along to the sign-in.
type Entry struct {
	Device string // device cookie
	Old    string // token of a session it still has
	Half   string // token of a half-way sign-in
	Next   string // local path to go to afterwards, "" for home
	Shared bool   // others use the browser too: the session ends sooner, nothing is kept
}

// Enter opens a session in the caller's transaction. Whoever may not sign in is
// Invalid.
type Enter func(ctx context.Context, tx *store.Tx, a ids.Account) (Arrival, audit.Entry, error)

// Arrival answers the browser of a completed sign-in.
type Arrival func(*web.Request) web.Reply

// Keeper is what becomes of an account whose passkeys change.
type Keeper interface {
	// Own locks the chart's account and gives its user name.
	Own(ctx context.Context, tx *store.Tx, c access.Chart) (name string, err error)
	// Changed writes a change into the account's history, tells its owner, and ends
	// what else is open of it.
	Changed(ctx context.Context, tx *store.Tx, c access.Chart, what notify.Change) error
	// Copied writes down and tells that a passkey was copied.
	Copied(ctx context.Context, tx *store.Tx, a ids.Account, agent string) error
	// Person is whose chart the account opens, for the audit log.
	Person(ctx context.Context, tx *store.Tx, a ids.Account) (ids.Patient, error)
	// Left counts the second steps and recovery codes an account has beside passkeys.
	Left(ctx context.Context, tx *store.Tx, a ids.Account) (steps, codes int, err error)
}

// Desk is what the room asks about staff.
type Desk interface {
	// Named finds the staff user with a typed e-mail address, "" if there is none,
	// and gives the address as it is compared.
	Named(ctx context.Context, tx *store.Tx, typed string) (folded string, id ids.Staff, err error)
	// Enter opens a session for an active staff user; for others it is Invalid.
	Enter(ctx context.Context, tx *store.Tx, v access.Visitor, id ids.Staff) (token string, err error)
	// Prove uses up a code of the desk's own authenticator app; Invalid at "code" if
	// it is wrong.
	Prove(ctx context.Context, d access.Desk, code string) error
	// Called gives a staff user's name and e-mail address.
	Called(ctx context.Context, tx *store.Tx, id ids.Staff) (name, email string, err error)
	// Tell tells a staff user that a passkey was added or removed.
	Tell(ctx context.Context, tx *store.Tx, id ids.Staff, n notify.StaffPasskey) error
}
