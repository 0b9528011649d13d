// Package access decides who may see whom, and is the only place where proofs
// of that are made.
//
// A proof is a value with hidden fields that every operation of a room takes
// right after its context: Visitor (nobody is signed in), Applicant (someone is
// opening an account), Chart (one viewer, one patient, one permission), Desk (a
// staff user with one permission), Duty (a named job, feed or command). A zero
// proof is worthless: the audit entry it makes is refused by package store.
//
// Sessions live here too, one table for each kind, because a proof is minted
// from a session token: 256 random bits of which only the SHA-256 is stored. A
// verification session (half-way through opening an account) is another table,
// another cookie and another type than a signed-in session, so that it can
// never satisfy a portal route.
//
// A patient's session can be raised for ten minutes by proving password and
// second step again. Sensitive work wants that: its routes are registered with
// PatientRaised and PatientRaisedForm, its operations begin with NeedRaised in
// place of Need. Work that wants it in some cases only asks Chart.Raised, or
// returns ErrNotRaised from an ordinary route; package web sends the person to
// ConfirmPath and back either way. Raise gives the session a new token and ends
// the old one. A staff session is raised by a code of the person's authenticator
// (RaiseDesk) or, for those who sign in elsewhere and have none here, by proving anew
// there (RaiseStaff); StaffRaised routes and Desk.NeedRaised want it. In an emergency
// staff give the code with the work itself.
//
// Something may come into force that everybody signed in must agree to (Demand).
// A session that has not been looked at since is Behind; package web asks the room
// that knows, before any page but those that must stay open, and keeps the answer
// with the session.
//
// In an emergency a staff user whose role allows it opens one chart without a
// task: for an hour, read only, with a reason, an alarm, and a review by somebody
// else. Each page of it is proven by Unasked, which writes its line first.
//
// Opening a chart or a desk page moves the idle clock and writes its audit line
// in one transaction, before the page is made.
package access
