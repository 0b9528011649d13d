// Package audit is the closed list of what can happen in Portico, one sentence
// each, and the shape of a line in the audit log. It does no I/O: package store
// writes entries, package trail seals and reads them.
//
// An entry holds identifiers and codes, never values: no names, no contacts, no
// results. What it must hold follows ASTM E2147-18 section 7 as named by 45 CFR
// 170.315(d)(2): who, what, whose, when, from where, and how it ended.
package audit

import "slices"

// Action is one thing that can happen. The list is closed: see actions.go.
type Action string

// Outcome is how it ended.
type Outcome string

const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Actor is who did it.
type Actor string

const (
	ByVisitor   Actor = "visitor"   // nobody signed in; ActorID is empty
	ByApplicant Actor = "applicant" // ActorID is the verification session
	ByAccount   Actor = "account"   // ActorID is the account
	ByStaff     Actor = "staff"     // ActorID is the staff user
	ByDuty      Actor = "duty"      // ActorID is the name of the job, feed or command
)

// Entry is one line. Store fills in id and time. Make entries with the Did
// methods of the proofs in package access, so that who and from where are right.
type Entry struct {
	Action  Action
	Outcome Outcome
	Actor   Actor
	ActorID string
	Patient string // whose data, "" if nobody's
	Object  string // identifier of the thing touched
	Source  string // client address
	Session string // identifier of the session, never its token
	Detail  string // a code from a closed set, e.g. "by_letter"; never free text
}

// Valid tells whether the entry says what, who and how it ended.
func (e Entry) Valid() bool {
	_, known := Sentences[e.Action]
	return known && e.Outcome != "" && e.Actor != "" && (e.ActorID != "" || e.Actor == ByVisitor)
}

// As gives a copy with the given outcome.
func (e Entry) As(o Outcome) Entry { e.Outcome = o; return e }

// With gives a copy with a detail code.
func (e Entry) With(detail string) Entry { e.Detail = detail; return e }

// On gives a copy about a patient.
func (e Entry) On(patient string) Entry { e.Patient = patient; return e }

// Actions lists the closed list in order.
func Actions() []Action {
	out := make([]Action, 0, len(Sentences))
	for a := range Sentences {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}
