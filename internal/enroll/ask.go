package enroll

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// What this room asks of others. The types are its own, so that rooms need not
// know each other; package app joins them.

// ContactKind is what sort of contact a contact is.
type ContactKind string

const (
	Email  ContactKind = "email"
	Mobile ContactKind = "mobile" // takes texts and calls
	Phone  ContactKind = "phone"  // takes calls
)

// Contact is a way to reach somebody that the clinic has on file.
type Contact struct {
	ID    string
	Kind  ContactKind
	Value string
	Since time.Time // on file since
}

// Person is someone of the patient index.
type Person struct {
	ID            ids.Patient
	Given, Family string
	Names         []string // every name, in full, the one in use first
	Birth         string   // YYYY-MM-DD
	Sex           string
	Number        string
	Lang          lang.Lang // in which to write to them; "" if not known
	Dead          bool
	Restricted    bool // every decision about them needs two people
	Active        bool
	Address       []string // lines of the postal address in use
	Contacts      []Contact
}

// Name is the name in use.
func (p Person) Name() string { return p.Given + " " + p.Family }

// Claim is what somebody says about themselves when they ask for a code.
type Claim struct {
	Given, Family, Former          string
	Birth, Sex                     string
	Street, Unit, City, State, Zip string
	Email, Phone, Number, Reach    string // Reach: email, phone or post
}

// Reason is one line of why a candidate fits or not. Text is a key of the
// catalogue, Args fill its blanks.
type Reason struct {
	About   string
	Verdict string // agrees, close, differs, unsaid, warns
	Text    string
	Args    []any
}

// Candidate is a patient who may be behind a claim.
type Candidate struct {
	Person  Person
	Score   int    // 0 to 100; from 70 a likely match
	Strict  bool   // name, birth date and a contact on file agree outright
	Contact string // Contact.ID of the contact on file that agrees, "" if none does
	Reasons []Reason
	Account bool // has an account already
}

// People is the patient index.
type People interface {
	// ByNumber finds who has both this number and this birth date, else
	// store.ErrNone, at the same cost.
	ByNumber(ctx context.Context, tx *store.Tx, number, birth string) (ids.Patient, error)
	// Birth gives p's birth date, YYYY-MM-DD, else store.ErrNone, at the same cost.
	Birth(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error)
	// Person gives a patient; for a record that was joined to another, that one.
	// store.ErrNone if there is none.
	Person(ctx context.Context, tx *store.Tx, p ids.Patient) (Person, error)
	// Candidates lists who may be behind a claim, best first, at most ten.
	Candidates(ctx context.Context, tx *store.Tx, c Claim) ([]Candidate, error)
	// OnlyStrict gives the one candidate who may be answered without a human.
	OnlyStrict(cs []Candidate) (Candidate, bool)
}

// Maker is what a password and a user name must not be made of.
type Maker struct {
	Names    []string
	Birth    string
	Number   string
	UserName string
	Clinic   string
}

// Accounts are the logins.
type Accounts interface {
	// Exists tells whether p has an account of their own.
	Exists(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error)
	// NotMe makes a link by which p's owner disowns what happened, as a path of
	// the portal; "" if p has no account.
	NotMe(ctx context.Context, tx *store.Tx, p ids.Patient) (notify.Path, error)
	// Open makes the account with all that belongs to it in the transaction. A
	// user name taken meanwhile is fault.Invalid at field "username"; a patient
	// who has an account is fault.Conflict.
	Open(ctx context.Context, tx *store.Tx, a access.Applicant, n NewAccount) (Account, error)
}

// Credentials are the rules for what people choose.
type Credentials interface {
	// UserName says whether a name may be used and is free; faults stand at
	// field "username". It gives the name as it is kept.
	UserName(ctx context.Context, tx *store.Tx, name string, m Maker) (string, error)
	// Password says whether a password may be used; faults stand at "password".
	Password(pw string, m Maker) error
	// Strength is 0 (guessed at once) to 4.
	Strength(pw string, m Maker) int
	// Hash makes what is kept of a password, in a pool of bounded size.
	Hash(ctx context.Context, a access.Applicant, pw string) (string, error)
	// Recovery makes ten recovery codes.
	Recovery() []string
}

// SecondKind is a second step.
type SecondKind string

const (
	BySecondApp   SecondKind = "totp"
	BySecondEmail SecondKind = "email"
	BySecondText  SecondKind = "sms"
	BySecondVoice SecondKind = "voice"
)

// Second is a second step that was proven to work.
type Second struct {
	Kind    SecondKind
	Contact string // e-mail address, or phone number with country code
	Secret  []byte // of an authenticator app
	Step    int64  // the time step its first code used up
}

// NewAccount is all that makes an account.
type NewAccount struct {
	Patient      ids.Patient
	UserName     string
	PasswordHash string
	Second       Second
	Recovery     []string
	Lang         lang.Lang
	Device       string // device cookie the browser brought, "" for none
}

// Account is an account just made.
type Account struct {
	ID     ids.Account
	Device ids.Device
	Cookie Cookie      // marks this browser as one that signed in before
	NotMe  notify.Path // opens the page "this was not me"
}

// Cookie is a cookie for the browser; Name is "" for none.
type Cookie struct {
	Name, Value string
	Life        time.Duration
}

// Document is a published text that has to be accepted.
type Document struct {
	ID      ids.Document
	Kind    string // terms or privacy
	Title   string
	Version string // in words
	Body    []Block
}

// Block is a paragraph of a document, or a heading in it.
type Block struct {
	Heading bool
	Items   []string // a list, if not empty
	Text    string
}

// Terms are the terms of use and the privacy practices.
type Terms interface {
	// Current gives both documents in force, terms first.
	Current(ctx context.Context, tx *store.Tx, l lang.Lang) ([]Document, error)
	// Accept keeps who accepted which documents, when, in which language, where.
	Accept(ctx context.Context, tx *store.Tx, a access.Applicant, acc ids.Account, docs []ids.Document, l lang.Lang) error
}
