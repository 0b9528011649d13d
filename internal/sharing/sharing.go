package sharing

import (
	"context"
	"time"

	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Sharing is the room.
type Sharing struct {
	DB       *store.DB
	Keys     *secret.Keyring
	People   People
	Accounts Accounts
	Clinic   page.Profile
	Base     string // the portal's address without a slash at its end: "https://portal.example"
}

// People is the patient index.
type People interface {
	// Person gives who a record is of; store.ErrNone if there is none.
	Person(ctx context.Context, tx *store.Tx, p ids.Patient) (Person, error)
}

// Accounts are the logins.
type Accounts interface {
	// Reads tells whether an account is in use and opens this patient's record.
	Reads(ctx context.Context, tx *store.Tx, a ids.Account, p ids.Patient) (bool, error)
	// CopyMade tells the owner that a copy of the record was made. The same key
	// tells once.
	CopyMade(ctx context.Context, tx *store.Tx, a ids.Account, key string) error
}

// Person is whom a record is of, as the clinic knows them.
type Person struct {
	Given, Family, Suffix string // of the name in use
	Birth                 string // YYYY-MM-DD
	Sex                   string // female, male, other, unknown or ""
	Language              string // BCP 47 tag, "" if unknown
	Died                  time.Time
	Numbers               []Number
	Contacts              []Contact
	Addresses             []Address
}

// Number is a patient number. System is a URI, "" for the clinic's own.
type Number struct{ System, Value string }

// Contact is a way to reach the person. System is "email" or "phone".
type Contact struct{ System, Value, Use string }

// Address is a postal address.
type Address struct {
	Lines                            []string
	City, State, PostalCode, Country string
}

// name writes the name in the order given, family.
func (p Person) name() string { return joined(" ", p.Given, p.Family, p.Suffix) }

// number is the clinic's number, or the first there is.
func (p Person) number() string {
	for _, n := range p.Numbers {
		if n.System == "" {
			return n.Value
		}
	}
	if len(p.Numbers) > 0 {
		return p.Numbers[0].Value
	}
	return ""
}

func (s *Sharing) zone() *time.Location { return page.ZoneOf(s.Clinic) }
