package waiting

import (
	"context"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Calendar is the clinic's calendar. Its refusals are errors at the field "time".
// Each operation joins the caller's transaction, and its locks come first: nothing
// of a wish is written before it.
type Calendar interface {
	// Describe reads what can be visited.
	Describe(ctx context.Context, tx *store.Tx) (Clinic, error)
	// Free gives free times, the earliest first, and the day from which there may
	// be more, "" for none.
	Free(ctx context.Context, tx *store.Tx, q Query) (times []Time, more string, err error)
	// Give books a time, or moves a visit to it in one step.
	Give(ctx context.Context, tx *store.Tx, g Giving) (ids.Appointment, error)
	// Keep holds times for a wish.
	Keep(ctx context.Context, tx *store.Tx, k Keeping, times []Time) ([]ids.Appointment, error)
	// Settle books one of the times kept, "" for none, and lets the others go.
	Settle(ctx context.Context, tx *store.Tx, k Keeping, take ids.Appointment, reason string) error
}

// Clinic is what can be visited.
type Clinic struct {
	Kinds      []Kind
	Clinicians []Named[ids.Clinician]
	Places     []Named[ids.Place]
}

// Named is a clinician or a place that is in use.
type Named[T ~string] struct {
	ID   T
	Name string
}

// Kind is a kind of visit.
type Kind struct {
	ID       ids.VisitType
	Name     map[lang.Lang]string
	Minutes  int
	Notice   time.Duration // shortest time between booking and visit
	InPerson bool
	Video    bool
	Direct   bool // patients book it themselves
	Active   bool
	AskMost  int // open requests of a patient, 0 for no limit
	Who      []ids.Clinician
}

// Query asks for free times.
type Query struct {
	Kind        ids.VisitType
	Clinician   ids.Clinician   // "" for anyone
	Place       ids.Place       // "" for any
	Of          ids.Patient     // who must be free, "" for nobody
	Moving      ids.Appointment // a visit whose time counts as free
	Video       bool
	Part        string // of the day, "" for any
	From, Until string // days, "" for today and for as far as can be booked
	Want        int
	AsStaff     bool // by the rules of staff
}

// Time is a time of somebody's.
type Time struct {
	Clinician ids.Clinician
	Place     ids.Place
	Video     bool
	Start     time.Time
	End       time.Time
	Day       string // of the clinic's calendar
	Part      string // of the day, by the calendar's hours; set on free times
}

// Giving is a time for a patient.
type Giving struct {
	Of     ids.Patient
	Kind   ids.VisitType
	Time   Time
	Moving ids.Appointment // the visit that gets this time, "" for a new one
	Reason string
	Actor  string
}

// Keeping is for whom times are held.
type Keeping struct {
	Of    ids.Patient
	Kind  ids.VisitType
	Wish  ids.Wish
	Until time.Time
	Actor string
}

// People says of a patient what must be known.
type People interface {
	// Bookable tells whether visits may be booked for p.
	Bookable(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error)
	// Called gives the name by which staff know p.
	Called(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error)
	// Names is Called for several: NotFound if one of them is not there.
	Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error)
}

// Teller writes to a patient about a wish.
type Teller interface {
	// WishNews queues a message in the caller's transaction. It takes the place of
	// an earlier one about the same wish that was not sent yet.
	WishNews(ctx context.Context, tx *store.Tx, p ids.Patient, w ids.Wish, n News) error
}

// News is what a message says.
type News struct {
	What  What
	Until time.Time // when the times run out
	Key   string    // names the occasion
}

// What happened to a wish.
type What string

// What patients are told.
const (
	NewsProposed What = "proposed" // choose one of the times
	NewsDeclined What = "declined"
	NewsLapsed   What = "lapsed"  // the proposed times ran out
	NewsOffered  What = "offered" // an earlier time is free
	NewsLost     What = "lost"    // somebody else has it
	NewsEnded    What = "ended"   // the place on the list
)

// Parts are what the room is made of.
type Parts struct {
	DB       *store.DB
	Keys     *secret.Keyring // seals what people write
	Clinic   page.Profile
	Calendar Calendar
	People   People
	Teller   Teller
}

// Waiting is the room.
type Waiting struct{ Parts }

// New makes the room.
func New(p Parts) *Waiting { return &Waiting{p} }

func (s *Waiting) today(now time.Time) string {
	return now.In(page.ZoneOf(s.Clinic)).Format(time.DateOnly)
}

// Kind finds a kind of visit, the zero Kind if there is none.
func (c Clinic) Kind(id ids.VisitType) Kind {
	for _, k := range c.Kinds {
		if k.ID == id {
			return k
		}
	}
	return Kind{}
}

func nameOf[T ~string](all []Named[T], id T) string {
	for _, n := range all {
		if n.ID == id {
			return n.Name
		}
	}
	return ""
}
