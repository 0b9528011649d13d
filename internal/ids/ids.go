// Package ids makes and names the identifiers of everything Portico stores.
//
// An identifier is a short prefix that says what it names, an underscore and
// 26 symbols of lower-case base 32 (128 random bits), e.g. "pat_4f…". It tells
// nothing about the person and cannot be guessed; being hard to guess is still
// never what protects a record (see package access).
package ids

import (
	"crypto/rand"
	"strings"
)

type (
	// Patient names a person in the clinic's patient index.
	Patient string
	// Account names a login.
	Account string
	// Staff names someone who works at the clinic.
	Staff string
	// Session names a signed-in browser of a patient or proxy.
	Session string
	// StaffSession names a signed-in browser of a staff user.
	StaffSession string
	// Verification names the session of someone who is still opening an account.
	Verification string
	// Code names an activation code (never the code itself).
	Code string
	// Request names an identity request.
	Request string
	// Factor names a second step of an account.
	Factor string
	// OneTime names one sent one-time code (never its digits).
	OneTime string
	// Message names a message in the outbox.
	Message string
	// Job names one piece of background work.
	Job string
	// Device names a browser that has signed in before.
	Device string
	// Document names one published version of terms or privacy practices.
	Document string
	// Draft names a text that is still being written.
	Draft string
	// Entry names one line of the audit log.
	Entry string
	// Resource names one FHIR resource, whatever its version. It is also the
	// resource's logical id, in which FHIR allows no underscore.
	Resource string
	// Comment names a clinician's comment on a result.
	Comment string
	// Decision names what staff decided about one result.
	Decision string
	// Export names a download that was asked for.
	Export string
	// Share names a link by which records are shared.
	Share string
	// Opening names one time that a link of records was opened.
	Opening string
	// Emergency names a chart that staff opened without a task.
	Emergency string
	// Correction names a patient's request to correct something.
	Correction string
	// Feed names a sender of records with credentials of its own.
	Feed string
	// Place names where the clinic sees people.
	Place string
	// Room names a room that holds one visit at a time.
	Room string
	// Clinician names someone whom patients visit.
	Clinician string
	// VisitType names a kind of visit.
	VisitType string
	// Block names one stretch of a clinician's week.
	Block string
	// Closure names a time when nobody is seen.
	Closure string
	// Appointment names one visit, booked or not.
	Appointment string
	// Calendar names an address from which a program reads a patient's visits.
	Calendar string
	// Wish names a request for a visit or a place on the waiting list.
	Wish string
	// Offer names one time offered to a wish.
	Offer string
	// Review names one thing a patient said is different, for the desk to look at.
	Review string
	// Form names a questionnaire that patients fill in before a visit.
	Form string
	// Consent names one version of a text that patients sign before a visit.
	Consent string
	// Passkey names a passkey of an account or a staff user.
	Passkey string
)

// New makes an identifier with the given prefix, e.g. New[ids.Patient]("pat").
func New[T ~string](prefix string) T {
	return T(prefix + "_" + strings.ToLower(rand.Text()))
}

func NewPatient() Patient           { return New[Patient]("pat") }
func NewAccount() Account           { return New[Account]("acc") }
func NewStaff() Staff               { return New[Staff]("stf") }
func NewPasskey() Passkey           { return New[Passkey]("psk") }
func NewSession() Session           { return New[Session]("ses") }
func NewStaffSession() StaffSession { return New[StaffSession]("sts") }
func NewVerification() Verification { return New[Verification]("ver") }
func NewCode() Code                 { return New[Code]("cod") }
func NewRequest() Request           { return New[Request]("req") }
func NewFactor() Factor             { return New[Factor]("fac") }
func NewOneTime() OneTime           { return New[OneTime]("otc") }
func NewMessage() Message           { return New[Message]("msg") }
func NewJob() Job                   { return New[Job]("job") }
func NewDevice() Device             { return New[Device]("dev") }
func NewDocument() Document         { return New[Document]("doc") }
func NewDraft() Draft               { return New[Draft]("dft") }
func NewEntry() Entry               { return New[Entry]("aud") }
func NewResource() Resource         { return Resource("fhr-" + strings.ToLower(rand.Text())) }
func NewComment() Comment           { return New[Comment]("com") }
func NewDecision() Decision         { return New[Decision]("dec") }
func NewExport() Export             { return New[Export]("exp") }
func NewShare() Share               { return New[Share]("shr") }
func NewOpening() Opening           { return New[Opening]("opn") }
func NewEmergency() Emergency       { return New[Emergency]("emg") }
func NewCorrection() Correction     { return New[Correction]("cor") }
func NewPlace() Place               { return New[Place]("plc") }
func NewRoom() Room                 { return New[Room]("rom") }
func NewClinician() Clinician       { return New[Clinician]("cln") }
func NewVisitType() VisitType       { return New[VisitType]("vty") }
func NewBlock() Block               { return New[Block]("blk") }
func NewClosure() Closure           { return New[Closure]("cls") }
func NewAppointment() Appointment   { return New[Appointment]("apt") }
func NewCalendar() Calendar         { return New[Calendar]("cal") }
func NewWish() Wish                 { return New[Wish]("wsh") }
func NewOffer() Offer               { return New[Offer]("wof") }
func NewReview() Review             { return New[Review]("rvw") }
func NewForm() Form                 { return New[Form]("frm") }
func NewConsent() Consent           { return New[Consent]("cns") }
func NewFeed() Feed                 { return New[Feed]("fed") }

// Logical is the patient's id as it stands in FHIR resources.
func (p Patient) Logical() string { return strings.Replace(string(p), "_", "-", 1) }
