package scheduling

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// People says of a patient what booking must know.
type People interface {
	// Bookable tells whether visits may be booked for p: alive, active and not
	// joined with another record.
	Bookable(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error)
	// Called gives the name by which staff know p.
	Called(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error)
	// Names is Called for several: NotFound if one of them is not there.
	Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error)
}

// Teller tells a patient of a change of a visit.
type Teller interface {
	// VisitNews queues a message to p, in the caller's transaction. It takes the
	// place of an earlier one about the same visit that was not sent yet.
	VisitNews(ctx context.Context, tx *store.Tx, p ids.Patient, visit ids.Appointment, n News) error
	// VisitReminder queues a reminder, in the caller's transaction; VisitNews of
	// the same visit takes it back while it waits.
	VisitReminder(ctx context.Context, tx *store.Tx, p ids.Patient, visit ids.Appointment, r Reminder) error
}

// Charts knows what a patient's record says of a visit that is over.
type Charts interface {
	// Done gives the path of the record's entry about what was done at a visit on a
	// day, "" if there is none. It is sure if its sender said so; else it is the one
	// of that day with that clinician.
	Done(ctx context.Context, tx *store.Tx, c access.Chart, visit ids.Appointment, day Day) (path string, sure bool, err error)
}

// News is what a message says of a visit.
type News struct {
	What    State // Booked, Cancelled
	Moved   bool
	Start   time.Time
	End     time.Time
	Version int
	Changed time.Time
	Link    string // where the patient answers without signing in, "" for a cancelled visit
}

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring // seals what people write
	Limits *limit.Limiter
	Clinic page.Profile
	People People
	Teller Teller
	// Watcher hears of times that became free, nil for nobody.
	Watcher Watcher
	// Waits knows what patients wait for, nil for nothing.
	Waits  Waits
	Charts Charts // nil: visits lead to no record
}

// Scheduling is the room.
type Scheduling struct{ Parts }

// New makes the room.
func New(p Parts) *Scheduling { return &Scheduling{p} }

// news tells of a visit as it is now, with a link to answer by if it stands.
func (s *Scheduling) news(ctx context.Context, tx *store.Tx, v Visit, n News) (err error) {
	n.Start, n.End, n.Version, n.Changed = v.Start, v.End, v.Version, tx.Now
	if n.What == Booked {
		if n.Link, err = s.Invite(ctx, tx, v.ID, v.Start); err != nil {
			return err
		}
	}
	return s.Teller.VisitNews(ctx, tx, v.Patient, v.ID, n)
}

func (s *Scheduling) zone() *time.Location { return page.ZoneOf(s.Clinic) }

// Day is the day of the clinic's calendar on which t falls.
func (s *Scheduling) Day(t time.Time) Day { return dayOf(t, s.zone()) }
