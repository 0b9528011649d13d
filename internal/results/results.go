package results

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Parts are what the room is made of.
type Parts struct {
	DB       *store.DB
	Keys     *secret.Keyring // seals searches
	Comments Comments        // nil: nobody comments
	Clinic   page.Profile
	Gate     *access.Gate // opens records for the desk
	Teller   Teller       // nil: nobody is told of new results
	// CriticalDays is after how many days a critical result that nobody has opened
	// is on the desk's list.
	CriticalDays int
	// NoticeHours is how long a patient is left in peace after being told that
	// something is new.
	NoticeHours int
}

// Results is the room.
type Results struct{ Parts }

// New makes the room.
func New(p Parts) *Results { return &Results{p} }

// Comments gives what clinicians wrote about results that a reader may see.
type Comments interface {
	About(ctx context.Context, tx *store.Tx, who access.Reading, of ...ids.Resource) ([]Comment, error)
}

// Comment is what a clinician wrote about a result.
type Comment struct {
	By   string // name for patients
	Text string
	At   time.Time
}
