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
// Opening a chart or a desk page moves the idle clock and writes its audit line
// in one transaction, before the page is made.
package access
