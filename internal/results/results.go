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
	Clinic   *page.Clinic
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
