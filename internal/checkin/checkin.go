package checkin

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// Not is why a patient may not check in for a visit; its sentence is the text
// "checkin.not." with it.
type Not string

// Reasons.
const (
	NotEarly    Not = "early"      // it opens later
	NotStarted  Not = "started"    // the visit has begun
	NotFinished Not = "finished"   // it was cancelled or is over
	NotAgain    Not = "checked_in" // they have
)

// Visit is what checking in must know of a visit.
type Visit struct {
	ID      ids.Appointment
	Patient ids.Patient
	Name    string // of the patient, as staff know them
	Kind    ids.VisitType
	Title   map[lang.Lang]string
	Start   time.Time
	Opens   time.Time // from when its patient may check in
	Who     string
	Where   string // "" by video
	Not     Not    // why they may not, "" if they may
}

// Kind is a kind of visit.
type Kind struct {
	ID    ids.VisitType
	Title map[lang.Lang]string
}

// Visits is the calendar as this room sees it.
type Visits interface {
	// Some gives visits by their identifiers; what is not there stays out.
	Some(ctx context.Context, tx *store.Tx, of ...ids.Appointment) (map[ids.Appointment]Visit, error)
	// CheckIn notes that a patient checked in for a visit of theirs. If they may
	// not (any more), it is a fault that says why.
	CheckIn(ctx context.Context, tx *store.Tx, of ids.Patient, id ids.Appointment, by ids.Account) error
	Kinds(ctx context.Context, tx *store.Tx) ([]Kind, error)
}

// OnFile is what the clinic has of a patient.
type OnFile struct {
	Emails, Phones []string
	Address        []string // lines
}

// People is the patient index as this room sees it: for reading only.
type People interface {
	OnFile(ctx context.Context, tx *store.Tx, p ids.Patient) (OnFile, error)
}

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring // seals what people write and their pictures
	Clinic page.Profile
	Visits Visits
	People People
	Record *record.Records // takes the answers to questionnaires in
	Outbox *notify.Outbox
}

// CheckIns is the room.
type CheckIns struct{ Parts }

// New makes the room.
func New(p Parts) *CheckIns { return &CheckIns{p} }
