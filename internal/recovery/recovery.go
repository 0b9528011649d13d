package recovery

import (
	"context"
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
	Keys   *secret.Keyring
	Limits *limit.Limiter
	Outbox Outbox
	Finder Finder
	Steps  Steps
	Change Changer
	Words  Passwords
	Codes  Codes
	People People
	Clinic page.Profile
}

// Recovery is the room.
type Recovery struct {
	Parts
}

// New makes the room.
func New(p Parts) *Recovery { return &Recovery{Parts: p} }

// Outbox queues messages; *notify.Outbox does.
type Outbox interface {
	Send(ctx context.Context, tx *store.Tx, m notify.Message) (notify.Outcome, error)
	Withdraw(ctx context.Context, tx *store.Tx, key string) (int, error)
	Offers(c notify.Channel) bool
}

// Login is an account.
type Login struct {
	ID     ids.Account
	Person ids.Patient
	Name   string // user name
	Lang   lang.Lang
	Active bool
}

// Finder finds accounts.
type Finder interface {
	Login(ctx context.Context, tx *store.Tx, id ids.Account) (Login, error)
	// Named gives the account of a user name, a zero Login if there is none.
	Named(ctx context.Context, tx *store.Tx, typed string) (Login, error)
	// Reached gives the accounts of people born on a day that a contact belongs to,
	// each with that contact.
	Reached(ctx context.Context, tx *store.Tx, birth, contact string) ([]Reached, error)
	// HalfIn gives the account of a half-way sign-in, and ends that if asked to.
	HalfIn(ctx context.Context, tx *store.Tx, token string, end bool) (Login, error)
	// Of gives a person's account; fault.Missing for none.
	Of(ctx context.Context, tx *store.Tx, p ids.Patient) (Login, error)
}

// Reached is an account with a contact of it.
type Reached struct {
	Login
	By Contact
}

// Contact is a contact of an account.
type Contact struct {
	Channel notify.Channel // Mail or Text
	To      string
	Since   time.Time    // zero: long enough
	Steps   []ids.Factor // second steps whose codes go there
}

// Way is one way to prove oneself.
type Way struct {
	ID   string
	Kind string // "email", "sms", "voice", "totp", "recovery"
	Hint string // a masked contact
}

// Steps are an account's contacts and second steps.
type Steps interface {
	Contacts(ctx context.Context, tx *store.Tx, a ids.Account) ([]Contact, error)
	// Ways lists the second steps and tells how many recovery codes are left.
	Ways(ctx context.Context, tx *store.Tx, a ids.Account) ([]Way, int, error)
	// SendStep sends the code of a second step; SendTo one to a contact.
	SendStep(ctx context.Context, tx *store.Tx, flow string, a ids.Account, f ids.Factor) error
	SendTo(ctx context.Context, tx *store.Tx, c Sending) error
	// Unsent tells whether the newest code of a flow could not be sent.
	Unsent(ctx context.Context, tx *store.Tx, flow string) (bool, error)
}

// Sending is a code for a contact.
type Sending struct {
	Flow  string
	To    string
	By    notify.Channel
	Login Login
	New   bool // it proves a new second step
}

// Try is a code or second step as it was given.
type Try struct {
	Account ids.Account
	Flow    string
	Method  string // a second step, "recovery", or "" for a code sent to a contact
	Code    string
}

// Use takes what was proven out of use, in the transaction it pays for.
type Use = func(ctx context.Context, tx *store.Tx) (bool, error)

// Changer changes accounts.
type Changer interface {
	// Try compares a second step, under the counters of signing in.
	Try(ctx context.Context, v access.Visitor, t Try) (Use, error)
	// Regain puts new things in place of lost ones and tells everybody.
	Regain(ctx context.Context, tx *store.Tx, r Regained) error
	// Happened writes into the account's history, and tells every contact if loud.
	Happened(ctx context.Context, tx *store.Tx, a ids.Account, what notify.Change, loud bool) error
	// NotMe makes a link that says "this was not me".
	NotMe(ctx context.Context, tx *store.Tx, a ids.Account) (notify.Path, error)
	// Changed tells whether a contact of the account was changed since.
	Changed(ctx context.Context, tx *store.Tx, a ids.Account, since time.Time) (bool, error)
}

// Second is a new second step, proven.
type Second struct {
	Kind    string
	Contact string
	Secret  []byte
	Step    int64
}

// Regained is what somebody who got back in puts in place of what they lost.
type Regained struct {
	Account  ids.Account
	Hash     string
	Lost     ids.Factor
	All      bool
	Second   *Second
	Recovery []string
	What     notify.Change
	Agent    string
}

// Passwords are the rules for what people choose.
type Passwords interface {
	Hash(ctx context.Context, v access.Visitor, a ids.Account, password, again string) (string, error)
	Strength(ctx context.Context, v access.Visitor, a ids.Account, password string) (int, error)
	// Contact reads a typed address or number for a second step of a kind.
	Contact(kind, typed string) (string, error)
	RecoveryCodes() []string
	// Mask shows a contact to its owner alone.
	Mask(c Contact) string
}

// Codes are activation codes.
type Codes interface {
	// Take gives the code that an applicant came with and ends their session.
	Take(ctx context.Context, tx *store.Tx, a access.Applicant) (ids.Code, ids.Patient, error)
	// Spend uses a code up; a Conflict if it is gone.
	Spend(ctx context.Context, tx *store.Tx, c ids.Code) error
}

// People is the patient index.
type People interface {
	Person(ctx context.Context, tx *store.Tx, p ids.Patient) (Person, error)
}

// Person is a patient as the desk sees one.
type Person struct {
	ID     ids.Patient
	Name   string
	Birth  string
	Number string
	OnFile []OnFile
	Dead   bool
	Gone   bool // merged or no patient any more
	Two    bool // their record asks for two people
}

// OnFile is a contact in the patient index.
type OnFile struct {
	ID    string
	Kind  string // "email", "mobile", "phone"
	Value string
	Since time.Time
}

// Kind is what was lost.
type Kind string

const (
	ForPassword Kind = "password"
	ForStep     Kind = "step"
	ForAll      Kind = "all"
)

// State is how far a way back in is.
type State string

const (
	Sent    State = "sent"
	First   State = "first"
	Granted State = "granted"
	Open    State = "open"
	Waiting State = "waiting"
	Done    State = "done"
	Stopped State = "stopped"
	Void    State = "void"
)

// ID names a way back in.
type ID string

// The times of getting back in: login.gov's 30 minutes and one day, product.md
// "Signing in", security rule A11. A grant lasts as long as a code by letter.
const (
	LinkLife  = 30 * time.Minute
	Wait      = 24 * time.Hour
	GrantLife = 21 * 24 * time.Hour
	// contactAge is how long a contact must stand before a link or code of getting
	// back in goes to it.
	contactAge = 72 * time.Hour
)

// Limits of security rule A11. A neighbourhood gets twenty times one client's.
var (
	perSource  = limit.Rule{Name: "recovery.source", Max: 5, Per: 10 * time.Minute}
	perRange   = limit.Rule{Name: "recovery.range", Max: 100, Per: 10 * time.Minute}
	perTyped   = limit.Rule{Name: "recovery.typed", Max: 5, Per: 10 * time.Minute}
	perAccount = limit.Rule{Name: "recovery.account", Max: 5, Per: 10 * time.Minute}
	namesDaily = limit.Rule{Name: "recovery.names", Max: 3, Per: 24 * time.Hour}
)

// class is what counts as one way for messages: who holds a phone gets its texts
// and its calls.
func class(c notify.Channel) string {
	if c == notify.Mail {
		return "email"
	}
	return "phone"
}

// classOf is class for a kind of second step; "" for one that is not sent.
func classOf(kind string) string {
	switch kind {
	case "email":
		return "email"
	case "sms", "voice":
		return "phone"
	}
	return ""
}

// channelOf is how the code of a kind travels.
func channelOf(kind string) notify.Channel {
	switch kind {
	case "email":
		return notify.Mail
	case "sms":
		return notify.Text
	case "voice":
		return notify.Voice
	}
	return ""
}
