package account

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring
	Limits *limit.Limiter
	Hasher *secret.Hasher // for whoever comes
	Known  *secret.Hasher // for browsers that have signed in before
	Outbox Outbox
	People People
	Terms  Terms
	News   News // nil: the home page tells of no results
	Charts Charts
	Back   Back // nil: nobody gets back in by themselves
	Visits Visits
	Clinic page.Profile
	// Passkeys are nil where there are none.
	Passkeys Passkeys
	Region   string // where typed phone numbers are dialled, "US"
}

// Accounts is the room.
type Accounts struct{ Parts }

// New makes the room. Without Known, it makes a pool of one: a browser that has
// signed in before waits behind its like only.
func New(p Parts) *Accounts {
	if p.Known == nil {
		p.Known = secret.NewHasher(p.Keys, 1, 16)
	}
	return &Accounts{p}
}

// Outbox queues messages; *notify.Outbox does.
type Outbox interface {
	Send(ctx context.Context, tx *store.Tx, m notify.Message) (notify.Outcome, error)
	Withdraw(ctx context.Context, tx *store.Tx, key string) (int, error)
	// Offers tells whether anything can go out on a channel at all.
	Offers(c notify.Channel) bool
}

// People is what the patient index knows.
type People interface {
	// OnFile lists the person's contacts in the index, for security notices.
	OnFile(ctx context.Context, tx *store.Tx, p ids.Patient) ([]Contact, error)
	// OnRecord lists those of one record, also where it was joined to another.
	OnRecord(ctx context.Context, tx *store.Tx, record ids.Patient) ([]Contact, error)
	// About gives what a password must not be made of: names, birth, number.
	About(ctx context.Context, tx *store.Tx, p ids.Patient) (Person, error)
}

// Terms is what an account has to do with the clinic's terms. New ones stand
// before every page without this room's doing.
type Terms interface {
	// Accepted lists what it accepted, newest first.
	Accepted(ctx context.Context, tx *store.Tx, a ids.Account) ([]Accepted, error)
}

// Accepted is one text that was accepted.
type Accepted struct {
	Document ids.Document
	Title    string
	Version  string
	At       time.Time
}

// News tells which results have become visible lately.
type News interface {
	Newest(ctx context.Context, tx *store.Tx, who access.Reading, since time.Time) ([]NewResult, error)
}

// Back is getting back into an account.
type Back interface {
	// Stop ends what runs to get into an account: somebody said that it was not
	// them, or closed it.
	Stop(ctx context.Context, tx *store.Tx, a ids.Account, why string) error
	// Renew sends the owner of an account without a password the way to a new one.
	Renew(ctx context.Context, tx *store.Tx, a ids.Account) error
	// Running tells whether everything of an account is being replaced.
	Running(ctx context.Context, tx *store.Tx, a ids.Account) (bool, error)
}

// NewResult is a result on the home page. Title is "" where it says too much for
// a page that others may see over a shoulder.
type NewResult struct {
	Path  string
	Title func(lang.Lang) string // what it is called; "" for one that is not named here
	At    time.Time
}

// Visits tells of visits to come; nil: the home page tells of none.
type Visits interface {
	// Coming gives the patient's next visit, none or one.
	Coming(ctx context.Context, tx *store.Tx, c access.Chart) ([]NextVisit, error)
}

// NextVisit is a visit to come on the home page.
type NextVisit struct {
	CheckIn string // address where its patient can check in now, "" if they cannot
	Path    string
	Name    map[lang.Lang]string
	Start   time.Time
	Video   bool
}

// Contact is one way to write to a person.
type Contact struct {
	Channel notify.Channel // Mail or Text
	To      string
}

// Kind is a kind of second step.
type Kind string

const (
	Mail  Kind = "email"
	SMS   Kind = "sms"
	Voice Kind = "voice"
	TOTP  Kind = "totp"
)

// channel is how a kind's code travels; "" for an authenticator.
func (k Kind) channel() notify.Channel {
	switch k {
	case Mail:
		return notify.Mail
	case SMS:
		return notify.Text
	case Voice:
		return notify.Voice
	}
	return ""
}

// State is whether an account can be used.
type State string

const (
	Active State = "active"
	Frozen State = "frozen" // "this was not me": nobody gets in until the clinic has looked
	Closed State = "closed"
)

// record is an account as the room reads it.
type record struct {
	id     ids.Account
	person ids.Patient // whose chart it opens
	origin ids.Patient // the record it was opened for
	name   string
	hash   string // noPassword: nobody signs in with one
	state  State
	lang   lang.Lang
	theme  string
	zone   string // IANA name, "" for the clinic's
	text   string
}

// noPassword stands in place of the hash where the owner must choose a new
// password: the one there was may be a stranger's as well.
const noPassword = ""

// factor is one second step of an account.
type factor struct {
	id       ids.Factor
	kind     Kind
	sealed   string
	lastStep int64
	since    time.Time
}

// sendable leaves out second steps whose codes this clinic cannot send: a page must
// not offer what never comes.
func (s *Accounts) sendable(all []factor) []factor {
	return slices.DeleteFunc(slices.Clone(all), func(f factor) bool { return f.kind.channel() != "" && !s.Outbox.Offers(f.kind.channel()) })
}

// factorPlace names the sealed column for the keyring.
const factorPlace = "account_factor.sealed"

// reveal opens a factor's contact or secret.
func (s *Accounts) reveal(f factor) (string, error) {
	b, err := s.Keys.Open(factorPlace, string(f.id), f.sealed)
	return string(b), err
}

// event is a line of an account's own history.
type event string

const (
	opened     event = "opened"
	signedIn   event = "signed_in"
	newBrowser event = "new_browser"
	locked     event = "locked"
	halfWay    event = "half_way" // right password, no second step
	recovered  event = "recovery_code"
	disowned   event = "disowned"
	restored   event = "restored"
	heldBack   event = "held" // its person has another account

	sessionEnded event = "session_ended" // from another browser
	othersEnded  event = "others_ended"
	forgotten    event = "browser_forgotten"
)

// eventOf is the line in the history that a change at the account makes.
func eventOf(c notify.Change) event { return event(c) }

// note adds a line to an account's history.
func note(ctx context.Context, tx *store.Tx, a ids.Account, e event, agent string) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_event (id, account_id, kind, agent, at) VALUES ($1, $2, $3, $4, $5)`,
		ids.New[string]("evt"), a, string(e), agent, store.Time(tx.Now))
	return err
}

// notMeLife is how long a "this was not me" link works (login.gov: 240 hours).
const notMeLife = 10 * 24 * time.Hour
