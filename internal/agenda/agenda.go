package agenda

import (
	"context"
	"net/url"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/store"
)

// Visits is the clinic's calendar as a file of it must know it.
type Visits interface {
	// Ahead gives one of the patient's visits that is still to be, NotFound for any
	// other.
	Ahead(ctx context.Context, tx *store.Tx, p ids.Patient, id ids.Appointment) (Visit, error)
	// Since lists those of the patient's visits that stand or were kept and begin after
	// a moment, the latest first and at most so many.
	Since(ctx context.Context, tx *store.Tx, p ids.Patient, after time.Time, most int) ([]Visit, error)
}

// Visit is what a calendar may know of one: not who, with whom or why.
type Visit struct {
	ID         ids.Appointment
	Start, End time.Time
	Video      bool
	Place      string // name
	Address    string // of the place, "" if it has none
	Version    int    // counts changes
	Changed    time.Time
}

// Accounts say of an account what a calendar must know. Nobody is signed in where one
// is read.
type Accounts interface {
	// Person is whose chart an account opens.
	Person(ctx context.Context, tx *store.Tx, id ids.Account) (ids.Patient, error)
	// Reads tells whether an account is in use and leads to this person's record.
	Reads(ctx context.Context, tx *store.Tx, id ids.Account, p ids.Patient) (bool, error)
	// Tongue is the language of an account.
	Tongue(ctx context.Context, tx *store.Tx, id ids.Account) (lang.Lang, error)
	// CalendarMade tells the account's owner that there is a new address.
	CalendarMade(ctx context.Context, tx *store.Tx, id ids.Account, agent string) error
}

// Parts are what the room is made of.
type Parts struct {
	DB       *store.DB
	Limits   *limit.Limiter
	Clinic   page.Profile
	Base     *url.URL // the portal's address
	Visits   Visits
	Accounts Accounts
}

// Agenda is the room.
type Agenda struct{ Parts }

// New makes the room.
func New(p Parts) *Agenda { return &Agenda{p} }
